"""One post of an X archive as a record."""

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from app.errors import Message, RecordError
from app.formats.records import Account, Kind, Record, ReplyTarget, Skipped, required_text
from app.formats.source.json import Json, as_word
from app.formats.source.times import read_time
from app.formats.x.media import media_of, reactions_of

# Only ASCII letters: in Korean a particle may follow the link without a space.
_SHORT_LINK = re.compile(r"https?://t\.co/[A-Za-z0-9]+")
_POST_LINK = re.compile(
    r"https?://(?:www\.|mobile\.)?(?:twitter|x)\.com/\w+/status/(\d+)(/(?:photo|video)/\d+)?",
    re.ASCII,
)
_CUT = re.compile(r"…(?:\s*https?://t\.co/[A-Za-z0-9]+)?\s*\Z")
_SHORTENED_FROM: Final = 100
_SNOWFLAKE_EPOCH: Final = datetime(2010, 11, 4, 1, 42, 54, 657_000, tzinfo=UTC)
_LAST_SEQUENTIAL_ID: Final = 29_700_859_247
_MAX_ID_DIGITS: Final = 19
_NO_LANGUAGE: Final = frozenset({"und", "zxx", "art", "qam", "qct", "qht", "qme", "qst"})
_TEXTS: Final = ("full_text", "text")
REPLY_FIELDS: Final = (
    "in_reply_to_status_id_str",
    "in_reply_to_status_id",
    "in_reply_to_user_id_str",
    "in_reply_to_user_id",
    "in_reply_to_screen_name",
)


@dataclass(frozen=True, slots=True)
class ArchivedTweet:
    """An item of an archive, with the facts by which it is sorted and gets its whole text."""

    data: Json
    id: str | None
    raw_text: str
    """The text as the archive has it: HTML-escaped, links shortened."""
    created_at: datetime | None

    @property
    def is_repost(self) -> bool:
        """Whether another author wrote it: an archive marks that only in the text."""
        return self.raw_text.startswith("RT @") or isinstance(
            self.data.get("retweeted_status"), dict
        )

    @property
    def seems_shortened(self) -> bool:
        """Whether it ends like the beginning of a long post."""
        return len(self.raw_text) >= _SHORTENED_FROM and _CUT.search(self.raw_text) is not None


@dataclass(frozen=True, slots=True)
class DamagedItem:
    """An item of an archive that could not be read, and the reason."""

    fault: Message


def read_tweet(item: object) -> ArchivedTweet:
    """Return an item of an archive as a tweet. Raises RecordError."""
    data = unwrapped(item)
    if data is None:
        raise RecordError("not a post")
    text = required_text(next((data[key] for key in _TEXTS if data.get(key)), data.get(_TEXTS[0])))
    tweet_id = digits(data.get("id_str")) or digits(data.get("id"))
    return ArchivedTweet(data, tweet_id, text, time_of(data.get("created_at"), tweet_id))


def to_record(
    tweet: ArchivedTweet,
    place: int,
    account: Account,
    *,
    note_text: str | None,
    as_of: datetime | None = None,
) -> Record | Skipped:
    """Return the record of a post; `note_text` replaces a shortened text."""
    links = links_of(tweet.data, tweet.id)
    text = expanded(tweet.raw_text, links, is_escaped=True) if note_text is None else note_text
    media = media_of(tweet.data)
    if not (text.strip() or media):
        return Skipped(place, "empty")
    return Record(
        place=place,
        text=text,
        username=account.username,
        display_name=account.display_name,
        platform="x",
        kind=_kind(tweet, links),
        created_at=tweet.created_at,
        lang=language_of(tweet.data.get("lang")),
        source_id=tweet.id,
        url=post_url(account.username, tweet.id),
        reply_to=reply_target(tweet.data, author_id=account.id, username=account.username),
        media=media,
        counts=reactions_of(tweet.data, as_of),
    )


def unwrapped(item: object) -> dict[str, object] | None:
    """Return the object in `{"tweet": {…}}`; early archives have no such wrapper.

    Raises RecordError for a damaged item.
    """
    if isinstance(item, DamagedItem):
        raise RecordError(item.fault)
    if not isinstance(item, dict):
        return None
    if len(item) == 1:
        inner = next(iter(item.values()))
        return inner if isinstance(inner, dict) else item
    return item


def post_url(username: str | None, post_id: str | None) -> str | None:
    """Return the address of a post; X redirects one without the author's name."""
    return post_id and f"https://x.com/{username or 'i'}/status/{post_id}"


def digits(value: object) -> str | None:
    """Return an id as a string of digits; None for anything else, floats above all."""
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return text if text.isascii() and text.isdigit() else None


def reply_target(
    data: Mapping[str, object], *, author_id: str | None, username: str | None
) -> ReplyTarget | None:
    """Return what a post answers. An author's own posts are told by the author's number.

    Names change, and are missing where the answered account is gone.
    """
    ids = ("in_reply_to_status_id_str", "in_reply_to_status_id")
    users = ("in_reply_to_user_id_str", "in_reply_to_user_id")
    source_id = next(filter(None, (digits(data.get(name)) for name in ids)), None)
    user_id = next(filter(None, (digits(data.get(name)) for name in users)), None)
    name = as_word(data.get("in_reply_to_screen_name"))
    if user_id is not None and user_id == author_id:
        name = username
    return ReplyTarget(source_id, name) if source_id or name else None


def links_of(data: Mapping[str, object], tweet_id: str | None) -> dict[str, str]:
    """Return the address of each shortened link; empty for those to the post's own media."""
    links: dict[str, str] = {}
    for entry in _entries(data, "entities", "urls"):
        short, long = entry.get("url"), entry.get("expanded_url")
        if isinstance(short, str) and isinstance(long, str) and long:
            post = _POST_LINK.fullmatch(long)
            own = post is not None and post[2] and post[1] == tweet_id
            links[short] = "" if own else long.replace("&amp;", "&")
    for parent in ("entities", "extended_entities"):
        media = (entry.get("url") for entry in _entries(data, parent, "media"))
        links.update((short, "") for short in media if isinstance(short, str))
    return links


def expanded(text: str, links: Mapping[str, str], *, is_escaped: bool) -> str:
    """Return a text with its links written out, those to own media dropped, entities decoded.

    Entities are decoded between the links only: `&copy=1` in an address is no ©.
    """
    parts: list[str] = []
    at = 0
    for match in _SHORT_LINK.finditer(text):
        link = links.get(match[0], match[0])
        before = text[at : match.start()]
        parts += before if link else before.rstrip(), link
        at = match.end()
    parts.append(text[at:])
    if is_escaped:
        parts[::2] = map(html.unescape, parts[::2])
    starts_with_dropped = len(parts) > 1 and not parts[0] and not parts[1]
    return "".join(parts).lstrip() if starts_with_dropped else "".join(parts)


def _kind(tweet: ArchivedTweet, links: Mapping[str, str]) -> Kind:
    if any(tweet.data.get(field) for field in REPLY_FIELDS):
        return "reply"
    last = tweet.raw_text.rstrip().rpartition("https://t.co/")
    link = _POST_LINK.match(links.get("".join(last[1:]), ""))
    return "quote" if link and link[1] != tweet.id else "post"


def time_of(value: object, tweet_id: str | None) -> datetime | None:
    """Return the stated time, else the one in the id. Raises RecordError if it is unreadable."""
    try:
        return read_time(value) if value else snowflake_time(tweet_id)
    except RecordError:
        if time := snowflake_time(tweet_id):
            return time
        raise


def snowflake_time(tweet_id: str | None) -> datetime | None:
    """Return the time that an id holds; None for those from before late 2010, which hold none."""
    if tweet_id is None or len(tweet_id) > _MAX_ID_DIGITS or int(tweet_id) <= _LAST_SEQUENTIAL_ID:
        return None
    time = _SNOWFLAKE_EPOCH + timedelta(milliseconds=int(tweet_id) >> 22)
    return time.replace(microsecond=0)


def language_of(value: object) -> str | None:
    """Return a language; None for the tags that X uses for no language."""
    return value if isinstance(value, str) and value not in {"", *_NO_LANGUAGE} else None


def _entries(data: Mapping[str, object], parent: str, name: str) -> Iterator[dict[str, object]]:
    group = data.get(parent)
    entries = group.get(name) if isinstance(group, dict) else None
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict):
            yield entry
