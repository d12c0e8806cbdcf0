"""A post to be stored, checked by every rule of the contract."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import urlsplit

from msgspec import structs

from app.compute.text import clean_sign, clean_text, clean_title, clean_username, guess_language
from app.errors import InvalidInputError, message_of
from app.formats.post import (
    Medium,
    PlainPost,
    PostContent,
    Reactions,
    ReplyTarget,
    RoomReference,
    StoredMedium,
    kept_signs,
    total_of,
)
from app.formats.records import FileRoom
from app.runtime.clock import EARLIEST
from app.services.posts.stored_content import StoredContent

T = TypeVar("T")
_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


class NewTweet(StoredContent, frozen=True, kw_only=True):
    dated_at: datetime | None = None
    """Sent time in the future, which the time of arrival replaced."""


class NewTweetForm(PlainPost, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new post of an author, as programs send it."""


def checked(
    content: PostContent[ReplyTarget, Any, RoomReference], *, arrived_at: datetime
) -> NewTweet:
    """Return the post to store; a future time becomes the arrival's, a missing one stays None.

    The default kind is "reply" for an answer, else "post". Raises InvalidInputError, which names
    the field.
    """
    fields = {name: getattr(content, name) for name in PostContent.__struct_fields__}
    text, media = content.text, content.media
    reply_to, created_at = checked_target(content.reply_to), _time(content.created_at)
    is_ahead = created_at is not None and created_at > arrived_at
    try:
        text = clean_text(text) if text.strip() or not media else ""
    except ValueError as error:
        raise InvalidInputError(str(error), loc="text") from None
    return NewTweet(
        **fields
        | {
            "text": text,
            "kind": content.kind or ("reply" if reply_to else "post"),
            "created_at": arrived_at if is_ahead else created_at,
            "lang": checked_language(content.lang) or guess_language(text),
            "source_id": _source_id(content.source_id),
            "url": checked_url(content.url),
            "reply_to": reply_to,
            "media": tuple(map(checked_medium, media)),
            "counts": _counted(content.counts, arrived_at),
            "room": checked_room(content.room),
        },
        dated_at=created_at if is_ahead else None,
    )


def lenient(check: Callable[[T | None], T | None], value: T | None) -> T | None:
    """Return the value, or None if the rule rejects it, to keep the post."""
    try:
        return check(value)
    except InvalidInputError:
        return None


def _time(created_at: datetime | None) -> datetime | None:
    if created_at is None:
        return None
    try:
        time = created_at.astimezone(UTC).replace(microsecond=0)
    except OverflowError:
        time = None
    # Some programs write the beginning of the year 1 for no time, in whatever time zone.
    if time is None or time < EARLIEST:
        raise InvalidInputError("`created_at` is out of range", loc="created_at")
    return time


def checked_language(lang: str | None) -> str | None:
    if lang is not None and (len(lang) > 35 or not _LANGUAGE.fullmatch(lang)):
        raise InvalidInputError("`lang` must be a language tag such as ko or en-GB", loc="lang")
    return lang


def _source_id(source_id: str | None) -> str | None:
    if source_id is None:
        return None
    if not 0 < len(source_id) <= 512 or _CONTROLS.search(source_id):
        raise InvalidInputError(
            "`source_id` must have 1 to 512 characters and no control characters", loc="source_id"
        )
    return source_id


def checked_target(reply_to: ReplyTarget | None) -> ReplyTarget | None:
    """Return the reply's target; None if it names nothing. Raises InvalidInputError."""
    if reply_to is None:
        return None
    try:
        source_id = _source_id(reply_to.source_id)
        username = clean_username(reply_to.username) if reply_to.username else None
    except (ValueError, InvalidInputError) as error:
        raise InvalidInputError(str(message_of(error)), loc="reply_to") from None
    return ReplyTarget.of(source_id, username)


def checked_medium(medium: Medium) -> StoredMedium:
    """Return the medium with a cleaned description. Raises InvalidInputError."""
    try:
        source_url = checked_url(medium.source_url)
        alt = clean_text(medium.alt) if medium.alt and medium.alt.strip() else None
    except (ValueError, InvalidInputError) as error:
        raise InvalidInputError(str(message_of(error)), loc="media") from None
    file = medium.file if isinstance(medium, StoredMedium) else None
    return StoredMedium(medium.kind, source_url, alt, medium.width, medium.height, file)


def checked_room(room: RoomReference | None) -> RoomReference | None:
    """Return the room with a cleaned name. Raises InvalidInputError without a name."""
    if room is None or isinstance(room, FileRoom):
        return room
    name = clean_title(room.name)
    if name is None:
        raise InvalidInputError("The chat needs a name", loc="room")
    return structs.replace(room, name=name)


def _counted(counts: Reactions | None, arrived_at: datetime) -> Reactions | None:
    """Return the counts with a time, at the latest the arrival's; missing likes are the sum of
    reactions.
    """
    if counts is None or not counts.is_known:
        return None
    if not all(clean_sign(one.sign) for one in counts.signs):
        raise InvalidInputError("a reaction must be an emoji or a visible word", loc="counts")
    as_of, likes = _time(counts.as_of), counts.likes
    if likes is None and counts.signs:
        likes = total_of(one.count for one in counts.signs)
    is_good = as_of is not None and as_of <= arrived_at
    return structs.replace(
        counts, likes=likes, signs=kept_signs(counts.signs), as_of=as_of if is_good else arrived_at
    )


def checked_url(url: str | None) -> str | None:
    if url is None:
        return None
    if len(url) > 2_048:
        raise InvalidInputError("`url` must have at most 2,048 characters", loc="url")
    try:
        parts = urlsplit(url)
        good = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        good = False
    if not good or _CONTROLS.search(url) or " " in url:
        raise InvalidInputError("`url` must start with http:// or https://", loc="url")
    return url
