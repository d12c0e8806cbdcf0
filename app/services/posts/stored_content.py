"""A post's content as columns, and a repeated post's changes."""

from collections.abc import Sequence
from functools import cache
from typing import Any, Final

from msgspec import json, structs
from sqlalchemy.orm import InstrumentedAttribute

from app.compute.text import guess_language
from app.formats.post import (
    PostContent,
    Reactions,
    ReplyTarget,
    RoomReference,
    StoredMedium,
    stored_fields,
    table_columns,
)
from app.models import Tweet

StoredContent = PostContent[ReplyTarget, StoredMedium, RoomReference]
_media: Final = json.Decoder(tuple[StoredMedium, ...])
_counts: Final = json.Decoder(Reactions)


@cache
def content_columns() -> tuple[InstrumentedAttribute[Any], ...]:
    names = sorted(table_columns(), key=lambda name: name not in plain_columns())
    return tuple(getattr(Tweet, name) for name in names)


@cache
def plain_columns() -> tuple[str, ...]:
    """Return names of columns that hold a field unchanged; others are `decoded`."""
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


def encoded(content: PostContent[Any, Any, Any]) -> dict[str, Any]:
    values = {name: getattr(content, name) for name in stored_fields()}
    target = values.pop("reply_to")
    values["reply_to_source_id"] = target.source_id if target else None
    values["reply_to_username"] = target.username if target else None
    values["media"] = encoded_media(content.media)
    values["counts"] = encoded_counts(content.counts)
    room = values.pop("room")
    values["room_id"] = room.id if room else None
    return values


def encoded_media(media: Sequence[StoredMedium]) -> str | None:
    return json.encode(media).decode() if media else None


def encoded_counts(counts: Reactions | None) -> str | None:
    return json.encode(counts).decode() if counts else None


def decoded_media(media: str | None) -> tuple[StoredMedium, ...]:
    return _media.decode(media) if media else ()


def decoded_counts(counts: str | None) -> Reactions:
    return _counts.decode(counts) if counts else Reactions()


def decoded(values: dict[str, Any]) -> dict[str, Any]:
    """Return all values with encoded columns decoded; plain columns may be missing, and `room_name`
    for no name.
    """
    source_id, username = values.pop("reply_to_source_id"), values.pop("reply_to_username")
    counts = values["counts"]
    values["reply_to"] = ReplyTarget.of(source_id, username)
    values["media"] = decoded_media(values["media"])
    values["counts"] = _counts.decode(counts) if counts else None
    room_id, name = values.pop("room_id"), values.pop("room_name", None)
    values["room"] = RoomReference(id=room_id, name=name or "") if room_id else None
    return values


def completed(stored: StoredContent, sent: StoredContent) -> StoredContent:
    values = {name: _value(name, stored, sent) for name in stored_fields()}
    changed = {name: value for name, value in values.items() if value != getattr(stored, name)}
    if "lang" in changed and sent.lang == guess_language(sent.text):
        # A language guessed from the new text says nothing about the stored one.
        del changed["lang"]
    return structs.replace(stored, **changed) if changed else stored


def _value(name: str, stored: StoredContent, sent: StoredContent) -> Any:
    value, again = getattr(stored, name), getattr(sent, name)
    match stored_fields()[name].repetition:
        case "renews" if is_newer(again, value):
            return again
        case "fills" if value in (None, ()):
            return again
    return with_files(stored.media, sent.media) if name == "media" else value


def with_files(
    stored: Sequence[StoredMedium], sent: Sequence[StoredMedium]
) -> tuple[StoredMedium, ...]:
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
    if isinstance(sent, Reactions) and isinstance(stored, Reactions):
        is_later = stored.as_of is None or (sent.as_of is not None and sent.as_of >= stored.as_of)
        return is_later and sent.figures != stored.figures
    return sent is not None and sent != stored
