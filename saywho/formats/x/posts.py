"""Posts as X has them in its archives and answers of its API, and their edits and notices.

`notices.json` lists X's sentences in place of posts that it does not show.

Answers of the API have version 1.1 or 2, as twarc and twarc2 write them: each line is a post or a
page, flattened or not.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import Final

from saywho.errors import Message, RecordError
from saywho.formats.assumptions import REPOST_BEGINNING, ReadNotes
from saywho.formats.post import (
    Kind,
    Medium,
    MediumKind,
    Reactions,
    ReplyTarget,
    as_count,
    audience,
    digits,
)
from saywho.formats.reading import BadRecord, Skipped, required_text
from saywho.formats.records import Format, Item, ReadOptions, Record, RecordStream, read_each
from saywho.formats.source.file import Source
from saywho.formats.source.json import (
    Json,
    as_object,
    as_word,
    first_documents,
    has_value,
    listed,
    objects,
)
from saywho.formats.source.times import Timed, time_or_field
from saywho.text import language_of, unescape_html, word_set

_EDITED: Final = frozenset({"edit_info", "edit_history_tweet_ids", "edit_history_post_ids"})


def versions_of(status: Json) -> list[str]:
    """Return a post's version ids, the newest last, if it was edited."""
    if _EDITED.isdisjoint(status):  # Most posts, and it is asked of each.
        return []
    info = as_object(status.get("edit_info"))
    edit, initial = as_object(info.get("edit")), as_object(info.get("initial"))
    control = as_object(edit.get("editControlInitial")) or initial
    stated = listed(control, "editTweetIds")
    for name in ("edit_history_tweet_ids", "edit_history_post_ids"):
        stated = stated or listed(status, name)
    values = [*stated, edit.get("initialTweetId"), status.get("id_str") or status.get("id")]
    ids = {*filter(None, map(digits, values))}
    return sorted(ids, key=int) if len(ids) > 1 else []


class Versions:
    """Removes posts' older versions, which may come before or after the newest."""

    def __init__(self) -> None:
        self._seen: dict[str, int] = {}
        """Newest version of each edited post, by id of the first version."""
        self._held: dict[str, tuple[int, Record]] = {}
        """Newest version of posts without their last version so far."""

    def sift(self, status: Json, item: Item) -> Sequence[Item]:
        """Return the versions that are certain after this: nothing, itself, or older versions."""
        ids = versions_of(status) if isinstance(item, Record) else []
        own = digits(status.get("id_str") or status.get("id"))
        if not ids or own is None or not isinstance(item, Record):
            return (item,)
        number, first = int(own), ids[0]
        held = self._held.get(first)
        if number < self._seen.get(first, 0) or (held is not None and number < held[0]):
            return (Skipped(item.place, "older"),)
        older = [Skipped(held[1].place, "older")] if held is not None else []
        self._held.pop(first, None)
        if own != ids[-1] and len(self._held) < 10_000:
            self._held[first] = (number, item)
            return older
        self._seen[first] = number
        return (*older, item)

    def sifted(
        self, statuses: Iterable[tuple[int, Json] | BadRecord], read: Callable[[Json, int], Item]
    ) -> Iterator[Item]:
        """Yield the results of `read` for each status, without older versions of a post."""
        status: Json = {}

        def read_one(value: Json, place: int) -> Item:
            nonlocal status
            status = value
            return read(value, place)

        for item in read_each(statuses, read_one):
            yield from self.sift(status, item)
        yield from self.held()

    def held(self) -> Iterable[Item]:
        return [record for _, record in self._held.values()]


_MARKS: Final = ("s account ", "This Tweet ", "This Post ", "This account ")
"""Words for a fast first search: each sentence has at least one word."""


def is_notice(text: str) -> bool:
    if len(text) > 400 or not ("account " in text or "This " in text):
        return False
    return any(mark in text for mark in _MARKS) and _pattern().fullmatch(text.strip()) is not None


@cache
def _pattern() -> re.Pattern[str]:
    listed = json.loads(Path(__file__).with_name("notices.json").read_text(encoding="utf-8"))
    sentences = "|".join(map(re.escape, listed["sentences"]))
    sentences = sentences.replace(r"\{name\}", r"@?\w{1,50}")
    sentences = sentences.replace(r"\{places\}", r"[\w ,&-]{1,200}")
    return re.compile(rf"(?:{sentences})(?:\s+Learn more\.?)?(?:\s+https://t\.co/\w+)?")


# Only ASCII letters: in Korean a particle may follow the link without a space.
_SHORT_LINK = re.compile(r"https?://t\.co/[A-Za-z0-9]+")
_POST_LINK = re.compile(
    r"https?://(?:www\.|mobile\.)?(?:twitter|x)\.com/(?:\w+|i/web)/status/(\d+)(/(?:photo|video)/\d+)?",
    re.ASCII,
)
_SNOWFLAKE_EPOCH: Final = datetime(2010, 11, 4, 1, 42, 54, 657_000, tzinfo=UTC)
_REPOSTS: Final = ("retweeted_status", "retweeted_status_id_str", "retweeted_status_id")
_QUOTES: Final = ("is_quote_status", "quoted_status_id_str", "quoted_status_id", "quoted_status")
_ANSWERED: Final = ("in_reply_to_status_id_str", "in_reply_to_status_id")
_ANSWERED_USERS: Final = ("in_reply_to_user_id_str", "in_reply_to_user_id")
_ANSWERED_NAME: Final = "in_reply_to_screen_name"
_MEDIA: Final[dict[str, MediumKind]] = {"photo": "photo", "video": "video", "animated_gif": "gif"}
_COUNTS: Final = (
    ("favorite_count", "like_count"),
    ("retweet_count", "repost_count"),
    ("reply_count", "reply_count"),
    ("quote_count", "quote_count"),
)


def to_item(
    status: Json,
    place: int,
    *,
    whole_text: str | None = None,
    as_of: datetime | None = None,
    notes: ReadNotes | None = None,
) -> Item:
    """Return a post's record; `whole_text` replaces a shortened text. Raises RecordError.

    `notes` count reposts recognised only by their beginning.
    """
    user = as_object(status.get("user"))
    is_protected = user.get("protected")
    if any(has_value(status.get(field)) for field in _REPOSTS):
        return Skipped(place, "repost")
    raw, post_id = raw_text(status), _first_id(status, "id_str", "id")
    if is_notice(raw):
        return Skipped(place, "system")
    marks = (*_REPOSTS, "referenced_tweets", "referenced_posts")
    if status.keys().isdisjoint(marks) and REPOST_BEGINNING.match(raw):
        if notes is not None:
            notes.tell_repost()
        return Skipped(place, "repost")
    links = _links(status, post_id)
    text = expanded(raw, links, is_escaped=True) if whole_text is None else whole_text
    media = tuple(media_and_addresses(status))
    if not (text.strip() or media):
        return Skipped(place, "empty")
    username, author_id = as_word(user.get("screen_name")), _first_id(user, "id_str", "id")
    metrics = as_object(status.get("public_metrics")) or status
    return Record(
        place=place,
        text=text,
        username=username,
        author_id=author_id,
        display_name=as_word(user.get("name")),
        platform="x",
        kind=_kind(status, raw, links, post_id),
        **time_of(status),
        lang=lang if (lang := as_word(status.get("lang"))) and language_of(lang) else None,
        source_id=post_id,
        # X redirects an address without the author's name.
        url=post_id and f"https://x.com/{username or 'i'}/status/{post_id}",
        reply_to=_target(status, author_id=author_id, username=username),
        media=media,
        counts=Reactions.read((metrics.get(old, metrics.get(new)) for old, new in _COUNTS), as_of),
        visibility=audience(is_restricted=is_protected) if isinstance(is_protected, bool) else None,
    )


def raw_text(status: Json) -> str:
    """Return the text as it is: escaped, links shortened. Raises RecordError."""
    text = _full_text(status)
    return required_text(text or status.get("text", status.get("full_text")))


def time_of(status: Json) -> Timed:
    """Return the stated time, else the id's; and the field of an unreadable time."""
    time, field = time_or_field(status.get("created_at"), "created_at")
    time = time or _snowflake_time(status)
    return {"created_at": time, "unread_time": None if time else field}


def expanded(text: str, links: Mapping[str, str], *, is_escaped: bool) -> str:
    """Return a text with links written out, links to own media dropped, entities decoded.

    Entities in addresses stay: `&copy=1` is no ©. Raises RecordError if links make the text too
    long.
    """
    parts: list[str] = []
    at, size = 0, len(text)
    for match in _SHORT_LINK.finditer(text):
        link = links.get(match[0], match[0])
        size += len(link)
        if size > 250_000:  # A text may repeat one address many times.
            raise RecordError("the content is too long")
        before = text[at : match.start()]
        parts += before if link else before.rstrip(), link
        at = match.end()
    parts.append(text[at:])
    if is_escaped:
        parts[::2] = map(unescape_html, parts[::2])
    starts_with_dropped = len(parts) > 1 and not parts[0] and not parts[1]
    return "".join(parts).lstrip() if starts_with_dropped else "".join(parts)


def _full_text(status: Json) -> object:
    return as_object(status.get("extended_tweet")).get("full_text") or status.get("full_text")


def _first_id(data: Json, *names: str) -> str | None:
    for name in names:
        if (value := data.get(name)) and (number := digits(value)):
            return number
    return None


def _links(status: Json, post_id: str | None) -> dict[str, str]:
    """Return each shortened link's address; empty for links to the post's own media."""
    links: dict[str, str] = {}
    versions = versions_of(status)
    for holder in filter(None, (status, as_object(status.get("extended_tweet")))):
        for entry in _entries(holder, "entities", "urls"):
            short, long = entry.get("url"), entry.get("expanded_url")
            if isinstance(short, str) and isinstance(long, str) and long:
                post = _POST_LINK.fullmatch(long)
                # An edited post may end with a link to itself.
                is_own_post = post is not None and (
                    (post[1] == post_id and post[2]) or post[1] in versions
                )
                links[short] = "" if is_own_post else long.replace("&amp;", "&")
        for parent in ("entities", "extended_entities"):
            media = (entry.get("url") for entry in _entries(holder, parent, "media"))
            links.update((short, "") for short in media if isinstance(short, str))
    if status.get("truncated") and not _full_text(status):
        # The last link of a cut text leads to the post itself.
        links |= {short: "" for short, long in links.items() if long.endswith(f"/{post_id}")}
    return links


def _entries(holder: Json, parent: str, name: str) -> Iterator[Json]:
    return map(as_object, listed(as_object(holder.get(parent)), name))


def _kind(status: Json, raw: str, links: Mapping[str, str], post_id: str | None) -> Kind:
    if any(status.get(field) for field in (*_ANSWERED, *_ANSWERED_USERS, _ANSWERED_NAME)):
        return "reply"
    if any(field in status for field in _QUOTES):
        return "quote" if any(has_value(status.get(field)) for field in _QUOTES) else "post"
    # An archive tells a quote by the link at its end alone.
    last = raw.rstrip().rpartition("https://t.co/")
    link = _POST_LINK.match(links.get("".join(last[1:]), ""))
    return "quote" if link and link[1] != post_id else "post"


def _target(status: Json, *, author_id: str | None, username: str | None) -> ReplyTarget | None:
    """Return the answered post; the author's number identifies own posts, as names change."""
    source_id, user_id = _first_id(status, *_ANSWERED), _first_id(status, *_ANSWERED_USERS)
    name = as_word(status.get(_ANSWERED_NAME))
    if user_id is not None and user_id == author_id:
        name = username
    return ReplyTarget.of(source_id, name)


def _snowflake_time(status: Json) -> datetime | None:
    """Return an id's time; ids from before late 2010 have no time."""
    post_id = _first_id(status, "id_str", "id")
    if post_id is None or len(post_id) > 19 or int(post_id) <= 29_700_859_247:
        return None
    time = _SNOWFLAKE_EPOCH + timedelta(milliseconds=int(post_id) >> 22)
    return time.replace(microsecond=0)


def media_and_addresses(status: Json) -> dict[Medium, list[str]]:
    """Return the post's own media, with the addresses of each picture and its variants."""
    attached = listed(as_object(status.get("attachments")), "media")
    for holder in (as_object(status.get("extended_tweet")), status):
        for name in ("extended_entities", "entities"):
            attached = attached or listed(as_object(holder.get(name)), "media")
    media: dict[Medium, list[str]] = {}
    for entry in map(as_object, attached):
        medium = _medium(entry)
        if medium is not None:
            media.setdefault(medium, list(filter(None, _addresses(entry, medium))))
    return media


def _addresses(entry: Json, medium: Medium) -> Iterator[str | None]:
    yield medium.source_url
    for variant in map(as_object, listed(as_object(entry.get("video_info")), "variants")):
        yield as_word(variant.get("url"))
    yield as_word(entry.get("media_url_https") or entry.get("media_url"))


def _medium(entry: Json) -> Medium | None:
    kind = _MEDIA.get(str(entry.get("type", "photo")))
    if kind is None or not entry:
        return None
    video = as_object(entry.get("video_info"))
    variants = listed(video, "variants") or listed(entry, "variants")
    rated = [
        (as_count(variant.get("bitrate") or variant.get("bit_rate")) or 0, address)
        for variant in map(as_object, variants)
        if (address := as_word(variant.get("url"))) and variant.get("content_type") == "video/mp4"
    ]
    address = max(rated)[1] if rated else None  # The video with the most bits a second.
    address = address or as_word(entry.get("media_url_https")) or as_word(entry.get("media_url"))
    address = address or as_word(entry.get("url") or entry.get("preview_image_url"))
    large = as_object(as_object(entry.get("sizes")).get("large"))
    size = as_object(entry.get("original_info")) or large
    return Medium(
        kind,
        address,
        as_word(entry.get("ext_alt_text") or entry.get("alt_text")),
        as_count(size.get("width") or size.get("w") or entry.get("width")),
        as_count(size.get("height") or size.get("h") or entry.get("height")),
    )


_SEARCH: Final = "statuses"
# Fields that only a post of version 2 has, by their old and new names.
_V2_MARKS: Final = word_set(
    "__twarc author_id conversation_id edit_controls public_metrics edit_history_post_ids"
    " edit_history_tweet_ids note_post note_tweet referenced_posts referenced_tweets reply_settings"
)
_OTHERS: Final = frozenset({"username", "timestamp", "from", "message", "user"})
"""Fields of other platforms' posts in such pages, which version 2 does not have."""


def read(source: Source, _options: ReadOptions) -> RecordStream | None:
    documents = first_documents(source, lists=(_SEARCH,))
    if not any(is_v1(item) or is_v2(item) or _is_page(item) for item in documents):
        return None
    statuses = objects(source, lists=(_SEARCH,), items_of=_statuses)
    items = Versions().sifted(statuses, partial(read_status, notes=source.notes))
    return RecordStream(FORMAT.name, "record", None, items)


def _is_page(value: Json) -> bool:
    if isinstance(value.get(_SEARCH), list):
        return not value[_SEARCH] or any(isinstance(item, dict) for item in listed(value, _SEARCH))
    data = value.get("data")
    if data is None or data == []:
        return "result_count" in as_object(value.get("meta"))
    items = data if isinstance(data, list) else [data]
    return any(
        isinstance(item, dict) and {"id", "text"} <= item.keys() and _OTHERS.isdisjoint(item)
        for item in items
    )


def _statuses(value: Json) -> list[object]:
    if is_v1(value) or is_v2(value):
        return [value]
    for name in (_SEARCH, "data"):
        if name in value:
            statuses = value[name]
            return _with_authors(statuses if isinstance(statuses, list) else [statuses], value)
    return [] if {"errors", "meta"} & value.keys() else [value]


def _with_authors(statuses: list[object], page: Json) -> list[object]:
    includes, about = as_object(page.get("includes")), page.get("__twarc")

    def listed_by(name: str, key: str) -> dict[str, Json]:
        return {str(entry.get(key)): entry for entry in map(as_object, listed(includes, name))}

    users, attached = listed_by("users", "id"), listed_by("media", "media_key")

    def named(status: object) -> object:
        if not isinstance(status, dict) or is_v1(status):
            return status
        names = ("author", "in_reply_to_user")
        authors = {name: users.get(str(status.get(f"{name}_id"))) for name in names}
        attachments = as_object(status.get("attachments"))
        media = [attached.get(str(key)) for key in listed(attachments, "media_keys")]
        extra = {name: user for name, user in authors.items() if user} | {"__twarc": about}
        if any(media):
            status = status | {"attachments": {"media": list(filter(None, media))} | attachments}
        return extra | status

    return [named(status) for status in statuses]


def is_v1(value: Json) -> bool:
    user = value.get("user")
    if not isinstance(user, dict) or not ("screen_name" in user or "id_str" in value):
        return False
    return "full_text" in value or "text" in value


def is_v2(value: Json) -> bool:
    is_named = "username" in as_object(value.get("author"))
    return "text" in value and "id" in value and (is_named or not _V2_MARKS.isdisjoint(value))


def read_status(status: Json, place: int, *, notes: ReadNotes | None = None) -> Item:
    if len(status) == 1 and all(isinstance(value, dict) for value in status.values()):
        return Skipped(place, "system")  # A stream's notice: `{"delete": {…}}`.
    seen_at = as_object(status.get("__twarc")).get("retrieved_at")
    return to_item(
        status if is_v1(status) else _as_v1(status),
        place,
        as_of=time_or_field(seen_at, "retrieved_at")[0],
        notes=notes,
    )


def _as_v1(status: Json) -> Json:
    referenced = status.get("referenced_tweets") or status.get("referenced_posts")
    references = [
        as_object(reference)
        for reference in (referenced if isinstance(referenced, list) else [referenced])
    ]
    kinds = {str(reference.get("type")) for reference in references}
    answered = next(
        (reference for reference in references if reference.get("type") == "replied_to"), {}
    )
    author = as_object(status.get("author"))
    names = (
        as_object(status.get("in_reply_to_user")).get("username"),
        as_object(answered.get("author")).get("username"),
    )
    note = as_object(status.get("note_tweet") or status.get("note_post"))
    marks: Json = {}
    if referenced is not None:
        marks["retweeted_status"] = not kinds.isdisjoint({"retweeted", "reposted"})
    return (
        status
        | marks
        | {
            "user": {
                "screen_name": author.get("username"),
                "id_str": status.get("author_id"),
                "id": author.get("id"),
                "name": author.get("name"),
                "protected": author.get("protected"),
            },
            "extended_tweet": {"full_text": note.get("text"), "entities": note.get("entities")},
            "is_quote_status": "quoted" in kinds,
            "in_reply_to_status_id": answered.get("id") or "replied_to" in kinds,
            "in_reply_to_screen_name": names[0] or names[1],
        }
    )


FORMAT: Final = Format("x-api", Message("X API"), read, began=2006)
