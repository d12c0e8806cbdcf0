"""Bluesky: pages of posts from its API, and its export `repo.car` of DAG-CBOR records."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from saywho.errors import BrokenFileError, Message, RecordError, message_of
from saywho.formats import records
from saywho.formats.post import Kind, Medium, MediumKind, Reactions, ReplyTarget, as_count
from saywho.formats.posts.mastodon import medium_of
from saywho.formats.reading import BadRecord, Skipped, required_text
from saywho.formats.source.dag_cbor import Block, blocks, decode, is_car
from saywho.formats.source.file import Content, Source, head
from saywho.formats.source.html import written_out
from saywho.formats.source.json import Json, as_object, as_word, first_documents, listed, objects
from saywho.formats.source.times import Timed, time_or_field
from saywho.text import MAX_USERNAME_LENGTH

_LISTS: Final = ("feed", "records", "posts")
_POST: Final = "app.bsky.feed.post"
_LIKE: Final = "app.bsky.feed.like"
_REPOST: Final = "app.bsky.feed.repost"


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    record: Json
    uri: str
    did: str | None
    """Account of the item; for a repost, the reposting account."""
    username: str | None
    """Handle, or DID if no handle is known."""
    display_name: str | None
    answered_handle: str | None
    post: Json
    """Object around the record, with time of indexing, media and counts."""
    is_repost: bool
    names_author: bool


def read(source: Source, _options: records.ReadOptions) -> records.RecordStream | None:
    """Return the posts; the first posts tell whether the file has one account."""
    values = first_documents(source, lists=_LISTS)
    posts = (timeline_entry(as_object(value)) for page in values for value in _items_of(page))
    documents = list(filter(None, posts))
    lists = ((page, name) for page in values for name in _LISTS if page.get(name) == [])
    if not (documents or any(page.keys() <= {name, "cursor"} for page, name in lists)):
        return None
    accounts = {item.did for item in documents if item.did and not item.is_repost}
    owner = next((item for item in documents if item.did), None) if len(accounts) < 2 else None
    account = records.Account(owner.username, owner.display_name, "bluesky") if owner else None

    def read_one(value: Json, place: int) -> records.Item | None:
        return read_post(value, place, owner.did if owner else None)

    items = records.read_each(objects(source, lists=_LISTS, items_of=_items_of), read_one)
    return records.RecordStream(FORMAT.name, "record", account, items)


def with_links(text: str, facets: object) -> str:
    """Return the text with its links written out, except links that overlap or do not fit.

    Link positions count bytes of UTF-8.
    """
    data = text.encode(errors="surrogatepass")
    parts: list[str] = []
    at = 0
    for start, end, address in sorted(_parts(facets, "link", "uri")):
        edges = data[start : start + 1] + data[end : end + 1]
        # To see by decoding that no character is split would take long for many links.
        is_split = any(0x80 <= byte < 0xC0 for byte in edges)
        if at <= start < end <= len(data) and not is_split:
            label = data[start:end].decode(errors="surrogatepass")
            parts += data[at:start].decode(errors="surrogatepass"), written_out(label, address)
            at = end
    parts.append(data[at:].decode(errors="surrogatepass"))
    return "".join(parts)


def _items_of(page: Json) -> list[object]:
    if "thread" in page:
        return [*_of_thread(as_object(page["thread"]))]
    names = [name for name in _LISTS if isinstance(page.get(name), list)]
    return [item for name in names for item in listed(page, name)] if names else [page]


def _of_thread(node: Json) -> Iterator[Json]:
    yield node
    for answer in listed(node, "replies"):
        yield from _of_thread(as_object(answer))


def timeline_entry(value: Json) -> TimelineEntry | None:
    """Return an item of a feed or a record of a repository, else None."""
    post = as_object(value.get("post")) or value
    record = as_object(post.get("record")) or as_object(post.get("value"))
    uri = post.get("uri")
    if not record or not isinstance(uri, str) or not uri.startswith("at://"):
        return None
    reason = as_object(value.get("reason"))
    is_repost = str(reason.get("$type")).endswith("#reasonRepost")
    author = as_object(reason.get("by") if is_repost else post.get("author"))
    did = as_word(author.get("did") or (None if is_repost else uri.split("/")[2]))
    answered = as_object(as_object(value.get("reply")).get("parent"))
    return TimelineEntry(
        record=record,
        uri=uri,
        did=did,
        username=_handle(author) or did,
        display_name=as_word(author.get("displayName")),
        post=post,
        answered_handle=_handle(as_object(answered.get("author"))),
        names_author=bool(post.get("author")),
        is_repost=is_repost or record.get("$type") == _REPOST,
    )


def _handle(author: Json) -> str | None:
    handle = as_word(author.get("handle"))
    return None if handle == "handle.invalid" else handle


def read_post(value: Json, place: int, owner_did: str | None) -> records.Item | None:
    item = timeline_entry(value)
    if item is None:
        raise RecordError("not a post")
    if owner_did is not None and item.did not in {None, owner_did} and not item.names_author:
        raise RecordError(
            "written by {username}, but the file starts with posts by another author",
            username=item.username,
        )
    record = item.record
    kind = record.get("$type", _POST)
    if item.is_repost:
        return Skipped(place, "repost")
    if kind == _LIKE:
        return Skipped(place, "like")
    if kind != _POST:
        raise RecordError("not a post")
    text = "" if record.get("text") is None else required_text(record["text"])
    media = tuple(_media(as_object(item.post.get("embed")), as_object(record.get("embed"))))
    if not (text.strip() or media):
        return Skipped(place, "empty")
    key = item.uri.rpartition("/")[2] or None
    langs = record.get("langs")
    return records.Record(
        place=place,
        text=with_links(text, record.get("facets")),
        handles=" ".join(_mentioned(text, record.get("facets"))) or None,
        username=item.username,
        display_name=item.display_name,
        platform="bluesky",
        kind=_kind(record),
        **_time(record.get("createdAt"), item.post.get("indexedAt")),
        lang=as_word(langs[0]) if isinstance(langs, list) and langs else None,
        source_id=key,
        url=f"https://bsky.app/profile/{item.username}/post/{key}" if key else None,
        reply_to=_target(item),
        media=media,
        counts=Reactions.read(
            map(item.post.get, ("likeCount", "repostCount", "replyCount", "quoteCount"))
        ),
    )


def _mentioned(text: str, facets: object) -> Iterator[str]:
    data = text.encode(errors="surrogatepass")
    for start, end, _ in _parts(facets, "mention", "did"):
        yield data[start : min(end, start + MAX_USERNAME_LENGTH)].decode(errors="replace")


def _parts(facets: object, kind: str, key: str) -> Iterator[tuple[int, int, str]]:
    """Yield the start and end in bytes of each part of a kind, and a value of it."""
    for facet in map(as_object, facets if isinstance(facets, list) else []):
        index = as_object(facet.get("index"))
        start, end = index.get("byteStart"), index.get("byteEnd")
        for feature in map(as_object, listed(facet, "features")):
            is_kind, value = str(feature.get("$type")).endswith(f"#{kind}"), feature.get(key)
            if is_kind and isinstance(value, str) and type(start) is type(end) is int:
                yield start, end, value


def _time(stated: object, indexed: object) -> Timed:
    """Return the earlier of the stated time and the time of indexing, as Bluesky sorts.

    The stated time may be in the future or invalid. If both are unreadable, return the field's name
    too.
    """
    written_at, unread = time_or_field(stated, "createdAt")
    indexed_at, _ = time_or_field(indexed, "indexedAt")
    times = [time for time in (written_at, indexed_at) if time]
    return {"created_at": min(times, default=None), "unread_time": None if times else unread}


def _media(view: Json, record: Json) -> Iterator[Medium]:
    # Media of a post that quotes another one stand one level deeper.
    view, record = as_object(view.get("media")) or view, as_object(record.get("media")) or record
    images = [as_object(image) for image in listed(view, "images")]
    for place, image in enumerate(map(as_object, listed(record, "images") or images)):
        address = images[place].get("fullsize") if place < len(images) else None
        yield _medium("photo", address, image.get("alt"), image)
    if video := as_object(record.get("video")) or as_word(view.get("playlist")):
        film = record if video else view
        yield _medium("video", view.get("playlist"), film.get("alt") or view.get("alt"), film)
    if link := as_object(record.get("external")) or as_object(view.get("external")):
        yield _medium("link", link.get("uri"), link.get("title"), {})


def _medium(kind: MediumKind, address: object, alt: object, sized: Json) -> Medium:
    return medium_of(kind, address, alt, as_object(sized.get("aspectRatio")))


def _target(item: TimelineEntry) -> ReplyTarget | None:
    uri = as_object(as_object(item.record.get("reply")).get("parent")).get("uri")
    parts = uri.split("/") if isinstance(uri, str) else []
    if len(parts) != 5:
        return None
    did, key = parts[2], parts[4]
    username = item.username if did == item.did else item.answered_handle or did
    return ReplyTarget(key or None, username or None)


def _kind(record: Json) -> Kind:
    if record.get("reply"):
        return "reply"
    quoted = as_object(as_object(record.get("embed")).get("record"))
    # A quote with pictures is nested once more.
    uri = quoted.get("uri") or as_object(quoted.get("record")).get("uri")
    return "quote" if isinstance(uri, str) and f"/{_POST}/" in uri else "post"


FORMAT: Final = records.Format("bluesky", Message("Bluesky"), read, began=2022)


_PROFILE: Final = "app.bsky.actor.profile"
_NODE: Final = b"\xa2\x61e"
"""Beginning of a tree node: a map of two keys, `e` first."""
_IS_POST: Final = b"e$typer" + _POST.encode()
"""The type of a post as DAG-CBOR."""
_HEAD_BYTES: Final = 500
_LONGEST_KEY: Final = 1_024
"""In bytes; a key repeats the beginning of the key before, so few bytes could stand for many."""
MOST_POSTS: Final = 1_000_000
"""Maximum number of an account's posts; all keys are in memory."""


@dataclass(slots=True)
class Repository:
    did: str | None = None
    display_name: str | None = None
    keys: dict[bytes, str] = field(default_factory=dict)
    nodes: set[bytes] = field(default_factory=set)
    """Nodes of the tree that the commit and other nodes name."""
    present: set[bytes] = field(default_factory=set)
    """Posts and nodes in the file."""
    has_tree: bool = False
    is_whole: bool = True

    def note(self, block: Block) -> None:
        if block.data.startswith(_NODE) or _IS_POST in block.data:
            self.present.add(block.cid)
        if block.data.startswith(_NODE):
            self._note_keys(as_object(decode(block.data)))
        elif b"cdid" in block.data and b"ddata" in block.data:
            commit = as_object(decode(block.data))
            did = as_word(commit.get("did"))
            self.did = did if did and did.startswith("did:") else self.did
            self._note_node(commit.get("data"))
        elif _PROFILE.encode() in block.data:
            profile = as_object(decode(block.data))
            if profile.get("$type") == _PROFILE:
                self.display_name = as_word(profile.get("displayName"))

    @property
    def missing(self) -> int:
        """Number of posts and nodes that the repository lists and the file lacks."""
        return len((self.keys.keys() | self.nodes) - self.present)

    def _note_node(self, link: object) -> None:
        if isinstance(link, bytes):
            self.nodes.add(link)

    def _note_keys(self, node: Json) -> None:
        self.has_tree = True
        self._note_node(node.get("l"))
        key = b""
        for entry in map(as_object, listed(node, "e")):
            shared, rest, link = as_count(entry.get("p")), entry.get("k"), entry.get("v")
            if shared is None or not isinstance(rest, bytes) or not isinstance(link, bytes):
                raise RecordError("a key of the tree is damaged")
            if shared > len(key) or shared + len(rest) > _LONGEST_KEY:
                raise RecordError("a key of the tree is damaged")
            self._note_node(entry.get("t"))
            key = key[:shared] + rest
            collection, _, name = key.decode(errors="replace").partition("/")
            if collection == _POST:
                self.keys[link] = name
        if len(self.keys) > MOST_POSTS:
            raise BrokenFileError("more than {count} posts", count=f"{MOST_POSTS:,}")


def read_repo(source: Source, _options: records.ReadOptions) -> records.RecordStream | None:
    content = source.only_content(
        lambda name: name.lower().endswith(".car") and is_car(source.start_of(name, _HEAD_BYTES))
    )
    if content is None or not is_car(head(content, _HEAD_BYTES)):
        return None
    source.expect([content.name])
    repository = _look_through(content)
    account = records.Account(repository.did, repository.display_name, "bluesky")
    read_one = partial(_read_block, repository=repository)
    items = records.read_each(enumerate(blocks(content), 1), read_one)
    return records.RecordStream(REPO_FORMAT.name, "record", account, _told(items, repository))


def _told(items: Iterator[records.Item], repository: Repository) -> Iterator[records.Item]:
    yield from items
    if missing := repository.missing:
        raise BrokenFileError(
            "records that the repository lists are not in the file: {count}", count=f"{missing:,}"
        )


def _look_through(content: Content) -> Repository:
    repository = Repository()
    try:
        for block in blocks(content.uncounted):
            try:
                repository.note(block)
            except RecordError:
                repository.is_whole = False
    except BrokenFileError:
        repository.is_whole = False
    repository.is_whole &= repository.nodes <= repository.present
    return repository


def _read_block(block: Block, place: int, *, repository: Repository) -> records.Item | None:
    if b"app.bsky.feed." not in block.data or block.data.startswith(_NODE):
        return None
    try:
        record = as_object(decode(block.data))
    except RecordError as error:
        return BadRecord(place, message_of(error))
    kind = record.get("$type")
    if kind not in {_POST, _REPOST, _LIKE}:
        return None
    key = repository.keys.get(block.cid, "")
    if kind == _POST and not key and repository.has_tree:
        # A block that the tree does not name is of a post that is deleted.
        fault = Message("its id is missing, because the file is truncated or damaged")
        return Skipped(place, "deleted") if repository.is_whole else BadRecord(place, fault)
    address = f"at://{repository.did or ''}/{kind}/{key}"
    return read_post({"uri": address, "value": record}, place, repository.did)


REPO_FORMAT: Final = records.Format("bluesky-repo", Message("Bluesky (repo.car)"), read_repo)
