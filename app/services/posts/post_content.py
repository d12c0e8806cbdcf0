"""A post's content: checked by the contract's rules, as columns, and completed by repetitions."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import cache
from operator import attrgetter
from typing import Any, Final, Literal, NamedTuple, TypeVar
from urllib.parse import urlsplit

from msgspec import json, structs
from sqlalchemy.orm import InstrumentedAttribute

from app.errors import FieldError, InvalidInputError, message_of
from app.models import Tweet
from app.runtime.clock import EARLIEST
from saywho import text as writing
from saywho.formats import post
from saywho.formats.records import FileRoom

StoredContent = post.PostContent[post.ReplyTarget, post.StoredMedium, post.RoomReference]
_media: Final = json.Decoder(tuple[post.StoredMedium, ...])
_counts: Final = json.Decoder(post.Reactions)


class FieldStorage(NamedTuple):
    columns: tuple[str, ...] = ()
    """Its columns in `Tweet`; by default the field's name."""
    repetition: Literal["ignored", "fills", "renews", "narrows"] = "ignored"
    """Effect of sending a post again: no effect, fill a null or empty field, or renew it.

    Only `admin`, or the import that brought the post, fills and narrows: the first value stays, so
    a wrong one could not be corrected. A newer value renews (`is_newer`), whoever sends it. A flag
    that may change is null until a request or file states it, and renews. An audience becomes a
    limited one (`narrows`), and never everyone: the sender may not know better. A null that
    means something is `ignored`: a post without a chat is not a message whose chat is unknown.
    """


_STORED: Final = {
    **dict.fromkeys(("created_at", "lang", "url", "media"), FieldStorage(repetition="fills")),
    "reply_to": FieldStorage(("reply_to_source_id", "reply_to_username"), "fills"),
    "counts": FieldStorage(repetition="renews"),
    "room": FieldStorage(("room_id",)),
    "visibility": FieldStorage(repetition="narrows"),
}


@cache
def stored_fields() -> dict[str, FieldStorage]:
    """Return how each field of a post is stored."""
    fields = {name: _STORED.get(name, FieldStorage()) for name in post.FIELDS}
    return {
        name: field._replace(columns=field.columns or (name,)) for name, field in fields.items()
    }


@cache
def table_columns() -> tuple[str, ...]:
    return tuple(column for field in stored_fields().values() for column in field.columns)


@cache
def content_columns() -> tuple[InstrumentedAttribute[Any], ...]:
    names = sorted(table_columns(), key=lambda name: name not in plain_columns())
    return tuple(getattr(Tweet, name) for name in names)


@cache
def plain_columns() -> tuple[str, ...]:
    """Return names of columns that hold a field unchanged; `decode` makes the rest."""
    encoded_fields = {"media", "counts"}
    return tuple(
        name
        for name, field in stored_fields().items()
        if field.columns == (name,) and name not in encoded_fields
    )


@cache
def repeated_columns() -> tuple[str, ...]:
    fields = stored_fields().values()
    return tuple(
        name for field in fields if field.repetition != "ignored" for name in field.columns
    )


@cache
def _stored_values() -> Callable[[object], tuple[Any, ...]]:
    return attrgetter(*stored_fields())


def encode(contents: Iterable[post.PostContent[Any, Any, Any]]) -> dict[str, Sequence[Any]]:
    """Return the values of each column: for thousands of posts, a call for each would take long."""
    by_field = zip(*map(_stored_values(), contents), strict=True)
    columns: dict[str, Sequence[Any]] = dict(zip(stored_fields(), by_field, strict=True))
    targets, rooms = columns.pop("reply_to"), columns.pop("room")
    columns["reply_to_source_id"] = columns["reply_to_username"] = nothing = (None,) * len(rooms)
    if any(targets):
        columns["reply_to_source_id"] = [target and target.source_id for target in targets]
        columns["reply_to_username"] = [target and target.username for target in targets]
    for name in ("media", "counts"):
        values = columns[name]
        columns[name] = (
            [json.encode(each).decode() if each else None for each in values]
            if any(values)
            else nothing
        )
    columns["room_id"] = [room and room.id for room in rooms] if any(rooms) else nothing
    return columns


def decoded_media(media: str | None) -> tuple[post.StoredMedium, ...]:
    return _media.decode(media) if media else ()


def decoded_counts(counts: str | None) -> post.Reactions:
    return _counts.decode(counts) if counts else post.Reactions()


def decode(values: dict[str, Any]) -> dict[str, Any]:
    """Return all values, columns decoded; plain columns may be missing, `room_name` for no name."""
    source_id, username = values.pop("reply_to_source_id"), values.pop("reply_to_username")
    counts = values["counts"]
    values["reply_to"] = post.ReplyTarget.of(source_id, username)
    values["media"] = decoded_media(values["media"])
    values["counts"] = _counts.decode(counts) if counts else None
    room_id, name = values.pop("room_id"), values.pop("room_name", None)
    values["room"] = post.RoomReference(id=room_id, name=name or "") if room_id else None
    return values


def merged_content(stored: StoredContent, sent: StoredContent, *, may_fill: bool) -> StoredContent:
    """Return the stored post with what a repetition renews and, if it `may_fill`, fills."""
    values = {name: _value(name, stored, sent, may_fill=may_fill) for name in stored_fields()}
    changed = {name: value for name, value in values.items() if value != getattr(stored, name)}
    if "lang" in changed and sent.lang == writing.guess_language(sent.text):
        # A language guessed from the new text says nothing about the stored one.
        del changed["lang"]
    return structs.replace(stored, **changed) if changed else stored


def _value(name: str, stored: StoredContent, sent: StoredContent, *, may_fill: bool) -> Any:
    value, again = getattr(stored, name), getattr(sent, name)
    match stored_fields()[name].repetition:
        case "renews" if is_newer(again, value):
            return again
        case _ if not may_fill:
            return value
        case "fills" if value in (None, ()):
            return again
        case "narrows" if again == "restricted":
            return again
    return with_files(stored.media, sent.media) if name == "media" else value


def with_files(
    stored: Sequence[post.StoredMedium], sent: Sequence[post.StoredMedium]
) -> tuple[post.StoredMedium, ...]:
    """Return the stored media with missing files from an archive's media, if the numbers are equal.

    If none are stored, all are taken.
    """
    if not stored:
        return tuple(sent)
    if len(stored) != len(sent):
        return tuple(stored)
    pairs = zip(stored, sent, strict=True)
    return tuple(structs.replace(medium, file=medium.file or again.file) for medium, again in pairs)


def is_newer(sent: object, stored: object) -> bool:
    """Return whether a sent value replaces the stored one: not null, and no older figures;
    otherwise the last counts.
    """
    if isinstance(sent, post.Reactions) and isinstance(stored, post.Reactions):
        is_later = stored.as_of is None or (sent.as_of is not None and sent.as_of >= stored.as_of)
        return is_later and sent.figures != stored.figures
    return sent is not None and sent != stored


T = TypeVar("T")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


class NewTweet(StoredContent, frozen=True, kw_only=True):
    dated_at: datetime | None = None
    """Sent time in the future, which the time of arrival replaced."""


class NewTweetForm(post.PlainPost, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new post of an author, as programs send it."""


def valid_post(
    content: post.PostContent[post.ReplyTarget, Any, post.RoomReference],
    *,
    arrived_at: datetime,
    visibility: post.Visibility | None = "public",
    is_lenient: bool = False,
) -> NewTweet:
    """Return the post to store; a future time becomes the arrival's, a missing one stays None.

    visibility: of a post that states none. is_lenient: whether a language, address, target or chat
    that a rule rejects is left out, to keep the post. The default kind is "reply" for an answer,
    else "post". Raises InvalidInputError, which names all wrong fields.
    """
    try:
        return _checked(content, arrived_at, visibility, is_lenient=is_lenient)
    except InvalidInputError as error:
        faults = [] if is_lenient else [*_faults(content, arrived_at)]
        raise InvalidInputError(error.detail, errors=faults or error.errors) from None


def _faults(
    content: post.PostContent[post.ReplyTarget, Any, post.RoomReference], arrived_at: datetime
) -> Iterator[FieldError]:
    """Yield the faults of each field, in a post that has this field alone."""
    fields = structs.fields(content)
    plain = {"text": "a"} | {each.name: each.default for each in fields if not each.required}
    for name in plain:
        alone = structs.replace(content, **plain | {name: getattr(content, name)})
        try:
            _checked(alone, arrived_at, None, is_lenient=False)
        except InvalidInputError as error:
            yield from error.errors


def _checked(
    content: post.PostContent[post.ReplyTarget, Any, post.RoomReference],
    arrived_at: datetime,
    visibility: post.Visibility | None,
    *,
    is_lenient: bool,
) -> NewTweet:
    check = lenient if is_lenient else _strict
    text, media = content.text, content.media
    reply_to, created_at = check(checked_target, content.reply_to), _time(content.created_at)
    is_ahead = created_at is not None and created_at > arrived_at
    try:
        text = writing.clean_text(text) if text.strip() or not media else ""
    except ValueError as error:
        raise InvalidInputError(str(error), loc="text") from None
    return NewTweet(
        text=text,
        kind=content.kind or ("reply" if reply_to else "post"),
        created_at=arrived_at if is_ahead else created_at,
        lang=check(checked_language, content.lang) or writing.guess_language(text),
        source_id=_source_id(content.source_id),
        url=check(checked_url, content.url),
        reply_to=reply_to,
        media=tuple(map(checked_medium, media)),
        counts=_counted(content.counts, arrived_at),
        room=check(checked_room, content.room),
        visibility=content.visibility or visibility,
        handles=content.handles and writing.handles_in(text, content.handles),
        dated_at=created_at if is_ahead else None,
    )


def _strict(rule: Callable[[T | None], T | None], value: T | None) -> T | None:
    return None if value is None else rule(value)


def lenient(rule: Callable[[T | None], T | None], value: T | None) -> T | None:
    """Return the value, or None if the rule rejects it, to keep the post."""
    try:
        return None if value is None else rule(value)
    except InvalidInputError:
        return None


def _time(created_at: datetime | None) -> datetime | None:
    if created_at is None:
        return None
    if created_at.tzinfo is UTC and not created_at.microsecond and created_at >= EARLIEST:
        return created_at
    try:
        time = created_at.astimezone(UTC).replace(microsecond=0)
    except OverflowError:
        time = None
    # Some programs write the beginning of the year 1 for no time, in whatever time zone.
    if time is None or time < EARLIEST:
        raise InvalidInputError("`created_at` is out of range", loc="created_at")
    return time


def checked_language(lang: str | None) -> str | None:
    if lang is not None and not writing.is_language_tag(lang):
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


def checked_target(reply_to: post.ReplyTarget | None) -> post.ReplyTarget | None:
    """Return the reply's target; None if it names nothing. Raises InvalidInputError."""
    if reply_to is None:
        return None
    try:
        source_id = _source_id(reply_to.source_id)
        username = writing.clean_username(reply_to.username) if reply_to.username else None
    except (ValueError, InvalidInputError) as error:
        raise InvalidInputError(str(message_of(error)), loc="reply_to") from None
    return post.ReplyTarget.of(source_id, username)


def checked_medium(medium: post.Medium) -> post.StoredMedium:
    """Return the medium with a cleaned description. Raises InvalidInputError."""
    try:
        source_url = checked_url(medium.source_url)
        alt = writing.clean_text(medium.alt) if medium.alt and medium.alt.strip() else None
    except (ValueError, InvalidInputError) as error:
        raise InvalidInputError(str(message_of(error)), loc="media") from None
    file = medium.file if isinstance(medium, post.StoredMedium) else None
    return post.StoredMedium(medium.kind, source_url, alt, medium.width, medium.height, file)


def checked_room(room: post.RoomReference | None) -> post.RoomReference | None:
    """Return the room with a cleaned name. Raises InvalidInputError without a name."""
    if room is None or isinstance(room, FileRoom):
        return room
    name = writing.clean_title(room.name)
    if name is None:
        raise InvalidInputError("The chat needs a name", loc="room")
    return structs.replace(room, name=name)


def _counted(counts: post.Reactions | None, arrived_at: datetime) -> post.Reactions | None:
    """Return the counts with a time, at most the arrival's; missing likes: the sum of reactions."""
    if counts is None or not counts.is_known:
        return None
    if not all(writing.clean_sign(one.sign) for one in counts.signs):
        raise InvalidInputError("a reaction must be an emoji or a visible word", loc="counts")
    as_of, likes = _time(counts.as_of), counts.likes
    if likes is None and counts.signs:
        likes = post.total_of(one.count for one in counts.signs)
    is_good = as_of is not None and as_of <= arrived_at
    return structs.replace(
        counts,
        likes=likes,
        signs=post.kept_signs(counts.signs),
        as_of=as_of if is_good else arrived_at,
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
