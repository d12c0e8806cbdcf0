"""One post as the API of X (Twitter) gives it, versions 1.1 and 2, as a record."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from app.formats.records import BadRecord, Item, Record, Skipped
from app.formats.source.json import Json
from app.formats.x.posts import digits, expanded, language_of, links_of, time_of

# Fields that only a post of version 2 has, by their old and new names.
_V2_MARKS: Final = frozenset(
    {
        "__twarc",
        "author_id",
        "conversation_id",
        "edit_controls",
        "edit_history_post_ids",
        "edit_history_tweet_ids",
        "note_post",
        "note_tweet",
        "public_metrics",
        "referenced_posts",
        "referenced_tweets",
        "reply_settings",
    }
)
_REPOSTS: Final = frozenset({"retweeted", "reposted"})
_V1_REPLIES: Final = (
    "in_reply_to_status_id_str",
    "in_reply_to_status_id",
    "in_reply_to_user_id_str",
    "in_reply_to_user_id",
    "in_reply_to_screen_name",
)
_V1_QUOTES: Final = ("is_quote_status", "quoted_status_id_str", "quoted_status_id", "quoted_status")
_V1_REPOSTS: Final = ("retweeted_status", "retweeted_status_id_str", "retweeted_status_id")


@dataclass(frozen=True, slots=True)
class _Author:
    username: str | None
    display_name: str | None
    id: str | None
    is_protected: bool


@dataclass(frozen=True, slots=True)
class _Facts:
    """What both versions say, by the same names."""

    text: object
    id: str | None
    kind: Literal["post", "reply", "quote", "repost"]
    links: dict[str, str]
    author: _Author


def is_v1(value: Json) -> bool:
    """Return whether this is a post as version 1.1 has it, with its user inside."""
    user = value.get("user")
    if not isinstance(user, dict) or not ("screen_name" in user or "id_str" in value):
        return False
    return "full_text" in value or "text" in value


def is_v2(value: Json) -> bool:
    """Return whether this is a post of version 2 that shows it by itself."""
    author = value.get("author")
    is_named = isinstance(author, dict) and "username" in author
    return "text" in value and "id" in value and (is_named or not _V2_MARKS.isdisjoint(value))


def to_item(
    status: Json,
    place: int,
    *,
    users: Mapping[str, Json],
    include_restricted: bool,
    is_escaped: bool = True,
) -> Item:
    """Return the record of a post, or why it is none; `users` are those of its page, by id."""
    facts = _read_v1(status) if is_v1(status) else _read_v2(status, users)
    if facts.kind == "repost":
        return Skipped(place, "repost")
    if facts.author.is_protected and not include_restricted:
        return Skipped(place, "restricted")
    if not isinstance(facts.text, str):
        return BadRecord(place, "no text" if facts.text is None else "the text is not a string")
    text = expanded(facts.text, facts.links, is_escaped=is_escaped)
    if not text.strip():
        return BadRecord(place, "no text beside the post's own media")
    try:
        created_at = time_of(status.get("created_at"), facts.id)
    except ValueError as error:
        return BadRecord(place, str(error))
    return Record(
        place=place,
        text=text,
        username=facts.author.username,
        author_id=facts.author.id,
        display_name=facts.author.display_name,
        platform="x",
        kind=facts.kind,
        created_at=created_at,
        lang=language_of(status.get("lang")),
        source_id=facts.id,
        url=facts.id and f"https://x.com/{facts.author.username or 'i'}/status/{facts.id}",
    )


def _read_v1(status: Json) -> _Facts:
    """Return the facts; the range of text to be shown is left aside, as archives know none."""
    extended = _object(status.get("extended_tweet"))
    text = next(filter(None, (extended.get("full_text"), status.get("full_text"))), None)
    status_id = digits(status.get("id_str")) or digits(status.get("id"))
    links = links_of(status, status_id) | links_of(extended, status_id)
    if status.get("truncated") and text is None:
        # What was cut off is behind the last link, which leads to the post itself.
        links |= {short: "" for short, long in links.items() if long.endswith(f"/{status_id}")}
    user = _object(status.get("user"))
    return _Facts(
        text=text or status.get("text"),
        id=status_id,
        kind=_v1_kind(status),
        links=links,
        author=_author(user, user.get("screen_name"), user.get("id_str") or user.get("id")),
    )


def _v1_kind(status: Json) -> Literal["post", "reply", "quote", "repost"]:
    if any(status.get(field) for field in _V1_REPOSTS):
        return "repost"
    if any(status.get(field) for field in _V1_REPLIES):
        return "reply"
    return "quote" if any(status.get(field) for field in _V1_QUOTES) else "post"


def _read_v2(status: Json, users: Mapping[str, Json]) -> _Facts:
    note = _object(status.get("note_tweet") or status.get("note_post"))
    status_id = digits(status.get("id"))
    author_id = digits(status.get("author_id"))
    user = _object(status.get("author")) or users.get(author_id or "", {})
    return _Facts(
        text=note.get("text") or status.get("text"),
        id=status_id,
        kind=_v2_kind(status),
        links=links_of(status, status_id) | links_of(note, status_id),
        author=_author(user, user.get("username"), author_id or user.get("id")),
    )


def _v2_kind(status: Json) -> Literal["post", "reply", "quote", "repost"]:
    found = status.get("referenced_tweets") or status.get("referenced_posts")
    references = found if isinstance(found, list) else [found]
    kinds = {str(_object(reference).get("type")) for reference in references}
    if not _REPOSTS.isdisjoint(kinds):
        return "repost"
    if "replied_to" in kinds or status.get("in_reply_to_user_id"):
        return "reply"
    return "quote" if "quoted" in kinds else "post"


def _author(user: Json, username: object, user_id: object) -> _Author:
    return _Author(
        _word(username), _word(user.get("name")), digits(user_id), user.get("protected") is True
    )


def _object(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def _word(value: object) -> str | None:
    return (value.strip() or None) if isinstance(value, str) else None
