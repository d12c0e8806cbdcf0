"""One post of Bluesky, out of an author's feed or of the records of a repository."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from app.formats.records import BadRecord, Item, Record, Skipped
from app.formats.source.json import Json
from app.formats.source.links import written_out
from app.formats.source.times import read_time

_POST: Final = "app.bsky.feed.post"
_LIKE: Final = "app.bsky.feed.like"
_REPOST: Final = "app.bsky.feed.repost"
_UNKNOWN_HANDLE: Final = "handle.invalid"


@dataclass(frozen=True, slots=True)
class Entry:
    """What stands around a post: whose it is, where it is, what was indexed of it."""

    record: Json
    uri: str
    did: str | None
    """The account that the entry belongs to; of a repost the one that reposted."""
    handle: str | None
    display_name: str | None
    indexed_at: object
    is_repost: bool

    @property
    def username(self) -> str | None:
        """The handle, or the DID of an account whose handle is not known."""
        return self.handle or self.did


def read_entry(value: object) -> Entry | None:
    """Return an item of a feed or a record of a repository; None for anything else."""
    entry = _object(value)
    post = _object(entry.get("post")) or entry
    record = _object(post.get("record")) or _object(post.get("value"))
    uri = post.get("uri")
    if not record or not isinstance(uri, str) or not uri.startswith("at://"):
        return None
    reason = _object(entry.get("reason"))
    is_repost = str(reason.get("$type")).endswith("#reasonRepost")
    author = _object(reason.get("by") if is_repost else post.get("author"))
    did = author.get("did") or (None if is_repost else uri.split("/")[2])
    handle = _word(author.get("handle"))
    return Entry(
        record=record,
        uri=uri,
        did=_word(did),
        handle=None if handle == _UNKNOWN_HANDLE else handle,
        display_name=_word(author.get("displayName")),
        indexed_at=post.get("indexedAt"),
        is_repost=is_repost or record.get("$type") == _REPOST,
    )


def to_item(entry: Entry, place: int) -> Item | None:
    """Return the record of a post, or why it is none; None for likes and posts without text."""
    record = entry.record
    kind = record.get("$type", _POST)
    if entry.is_repost:
        return Skipped(place, "repost")
    if kind != _POST:
        return None if kind == _LIKE else BadRecord(place, "not a post")
    text = record.get("text")
    if text is not None and not isinstance(text, str):
        return BadRecord(place, "the text is not a string")
    if not text or not text.strip():
        return None
    try:
        created_at = _time(record.get("createdAt"), entry.indexed_at)
    except ValueError as error:
        return BadRecord(place, str(error))
    key = entry.uri.rpartition("/")[2] or None
    return Record(
        place=place,
        text=with_links(text, record.get("facets")),
        username=entry.username,
        display_name=entry.display_name,
        platform="bluesky",
        kind=_kind(record),
        created_at=created_at,
        lang=_language(record.get("langs")),
        source_id=key,
        url=f"https://bsky.app/profile/{entry.username}/post/{key}" if key else None,
    )


def with_links(text: str, facets: object) -> str:
    """Return the text with its links written out; their places count bytes of UTF-8.

    Those that do not fit the text or overlap are left as they stand.
    """
    data = text.encode(errors="surrogatepass")
    parts: list[str] = []
    at = 0
    for start, end, address in sorted(_links(facets)):
        try:
            shown = data[start:end].decode() if at <= start < end <= len(data) else ""
        except UnicodeDecodeError:
            continue
        if shown:
            parts += data[at:start].decode(errors="surrogatepass"), written_out(shown, address)
            at = end
    parts.append(data[at:].decode(errors="surrogatepass"))
    return "".join(parts)


def _links(facets: object) -> Iterator[tuple[int, int, str]]:
    for facet in map(_object, facets if isinstance(facets, list) else []):
        index, features = _object(facet.get("index")), facet.get("features")
        start, end = index.get("byteStart"), index.get("byteEnd")
        for feature in map(_object, features if isinstance(features, list) else []):
            is_link = str(feature.get("$type")).endswith("#link")
            address = feature.get("uri")
            if is_link and isinstance(address, str) and type(start) is type(end) is int:
                yield start, end, address


def _time(stated: object, indexed: object) -> datetime | None:
    """Return the earlier of the time that the author's program states and that of indexing.

    That is how Bluesky sorts: the stated one may lie in the future, or be no time at all.
    """
    known = read_time(indexed) if indexed else None
    try:
        time = read_time(stated) if stated else known
    except ValueError:
        if known is None:
            raise
        return known
    return min(time, known) if time and known else time


def _kind(record: Json) -> Literal["post", "reply", "quote"]:
    if record.get("reply"):
        return "reply"
    embed = _object(record.get("embed"))
    quoted = _object(embed.get("record"))
    # A quote with pictures is nested once more.
    uri = quoted.get("uri") or _object(quoted.get("record")).get("uri")
    return "quote" if isinstance(uri, str) and f"/{_POST}/" in uri else "post"


def _language(langs: object) -> str | None:
    return _word(langs[0]) if isinstance(langs, list) and langs else None


def _object(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def _word(value: object) -> str | None:
    return (value.strip() or None) if isinstance(value, str) else None
