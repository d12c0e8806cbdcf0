"""One post of the API of X (Twitter), version 1.1 or 2, as a record."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from app.formats.records import Item, Kind, Record, ReplyTarget, Skipped, required_text
from app.formats.source.json import Json, as_object, as_word, listed
from app.formats.source.times import read_time
from app.formats.x.media import media_of, reactions_of
from app.formats.x.posts import (
    REPLY_FIELDS,
    digits,
    expanded,
    language_of,
    links_of,
    post_url,
    reply_target,
    time_of,
)

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
_V1_QUOTES: Final = ("is_quote_status", "quoted_status_id_str", "quoted_status_id", "quoted_status")
_V1_REPOSTS: Final = ("retweeted_status", "retweeted_status_id_str", "retweeted_status_id")


@dataclass(frozen=True, slots=True)
class StatusFacts:
    """The facts of a post that both versions state, under the same names."""

    text: object
    id: str | None
    kind: Kind | Literal["repost"]
    links: dict[str, str]
    author: Json
    username: str | None
    author_id: str | None
    reply_to: ReplyTarget | None


def is_v1(value: Json) -> bool:
    """Return whether this is a post of version 1.1, with its user inside."""
    user = value.get("user")
    if not isinstance(user, dict) or not ("screen_name" in user or "id_str" in value):
        return False
    return "full_text" in value or "text" in value


def is_v2(value: Json) -> bool:
    """Return whether this is a post of version 2 that shows it by itself."""
    is_named = "username" in as_object(value.get("author"))
    return "text" in value and "id" in value and (is_named or not _V2_MARKS.isdisjoint(value))


def to_item(status: Json, place: int, *, include_restricted: bool) -> Item:
    """Return the record of a post. Raises RecordError."""
    facts = _read_v1(status) if is_v1(status) else _read_v2(status)
    if facts.kind == "repost":
        return Skipped(place, "repost")
    if facts.author.get("protected") is True and not include_restricted:
        return Skipped(place, "restricted")
    text = expanded(required_text(facts.text), facts.links, is_escaped=True)
    text = "\n".join(filter(None, [text, *_options(status)]))
    media = media_of(status)
    if not (text.strip() or media):
        return Skipped(place, "empty")
    return Record(
        place=place,
        text=text,
        username=facts.username,
        author_id=facts.author_id,
        display_name=as_word(facts.author.get("name")),
        platform="x",
        kind=facts.kind,
        created_at=time_of(status.get("created_at"), facts.id),
        lang=language_of(status.get("lang")),
        source_id=facts.id,
        url=post_url(facts.username, facts.id),
        reply_to=facts.reply_to,
        media=media,
        counts=reactions_of(status, _seen_at(status)),
    )


def _options(status: Json) -> list[str]:
    """Return the options of the post's poll."""
    attachments = as_object(status.get("attachments"))
    polls = [as_object(attachments.get("poll")), *map(as_object, listed(attachments, "polls"))]
    options = (as_object(option) for poll in polls for option in listed(poll, "options"))
    return [label for option in options if (label := as_word(option.get("label")))]


def _seen_at(status: Json) -> datetime | None:
    """Return when twarc asked for the post."""
    time = as_object(status.get("__twarc")).get("retrieved_at")
    return read_time(time) if time else None


def _read_v1(status: Json) -> StatusFacts:
    """Return the facts; the range of text to be shown is ignored, as archives have none."""
    extended = as_object(status.get("extended_tweet"))
    text = next(filter(None, (extended.get("full_text"), status.get("full_text"))), None)
    status_id = digits(status.get("id_str")) or digits(status.get("id"))
    links = links_of(status, status_id) | links_of(extended, status_id)
    if status.get("truncated") and text is None:
        # The last link of a cut text leads to the post itself.
        links |= {short: "" for short, long in links.items() if long.endswith(f"/{status_id}")}
    user = as_object(status.get("user"))
    username = as_word(user.get("screen_name"))
    author_id = digits(user.get("id_str") or user.get("id"))
    return StatusFacts(
        text=text or status.get("text", status.get("full_text")),
        id=status_id,
        kind=_v1_kind(status),
        links=links,
        author=user,
        username=username,
        author_id=author_id,
        reply_to=reply_target(status, author_id=author_id, username=username),
    )


def _v1_kind(status: Json) -> Kind | Literal["repost"]:
    if any(status.get(field) for field in _V1_REPOSTS):
        return "repost"
    if any(status.get(field) for field in REPLY_FIELDS):
        return "reply"
    return "quote" if any(status.get(field) for field in _V1_QUOTES) else "post"


def _read_v2(status: Json) -> StatusFacts:
    note = as_object(status.get("note_tweet") or status.get("note_post"))
    status_id = digits(status.get("id"))
    author = as_object(status.get("author"))
    username = as_word(author.get("username"))
    author_id = digits(digits(status.get("author_id")) or author.get("id"))
    return StatusFacts(
        text=note.get("text") or status.get("text"),
        id=status_id,
        kind=_v2_kind(status),
        links=links_of(status, status_id) | links_of(note, status_id),
        author=author,
        username=username,
        author_id=author_id,
        reply_to=_v2_target(status, author_id, username),
    )


def _references(status: Json) -> list[Json]:
    found = status.get("referenced_tweets") or status.get("referenced_posts")
    return [as_object(reference) for reference in (found if isinstance(found, list) else [found])]


def _v2_target(status: Json, author_id: str | None, username: str | None) -> ReplyTarget | None:
    answered = next((each for each in _references(status) if each.get("type") == "replied_to"), {})
    fields = {
        "in_reply_to_status_id": answered.get("id"),
        "in_reply_to_user_id": status.get("in_reply_to_user_id"),
        "in_reply_to_screen_name": as_object(status.get("in_reply_to_user")).get("username")
        or as_object(answered.get("author")).get("username"),
    }
    return reply_target(fields, author_id=author_id, username=username)


def _v2_kind(status: Json) -> Kind | Literal["repost"]:
    kinds = {str(reference.get("type")) for reference in _references(status)}
    if not _REPOSTS.isdisjoint(kinds):
        return "repost"
    if "replied_to" in kinds or status.get("in_reply_to_user_id"):
        return "reply"
    return "quote" if "quoted" in kinds else "post"
