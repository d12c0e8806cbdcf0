"""MongoDB: files of `mongoexport`, and files for `mongoimport`.

Documents stand one on each line, in an array, or pretty-printed one after the other. Their values
are Extended JSON (version 2 and the older forms of version 1, relaxed and canonical): wrappers
such as `{"$oid": "…"}`. Source: https://github.com/mongodb/specifications, extended-json.md.

Exports are relaxed, a document on each line. `_id` is the post's id here, since `source_id` is
unique for each author only.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from app.formats.columns import as_id, columns_of
from app.formats.jsonl import CONTENT_TYPE
from app.formats.records import (
    Archive,
    ExportedPost,
    Format,
    Item,
    ReadOptions,
    Record,
    Writer,
    read_each,
)
from app.formats.source.file import Source
from app.formats.source.json import Json, first_documents, objects, unit_of
from app.formats.x.api import is_v1, is_v2, to_item

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_AUTHORS: Final = ("user", "author")
_WRAPPERS: Final = frozenset(
    {
        *("$oid", "$uuid", "$symbol", "$date", "$timestamp", "$binary", "$undefined"),
        *("$numberInt", "$numberLong", "$numberDouble", "$numberDecimal"),
    }
)
_encoder = msgspec.json.Encoder()


def read(source: Source, options: ReadOptions) -> Archive | None:
    """Return the posts of many authors; those of protected accounts of X only on request."""
    found = first_documents(source)
    has_text = any(columns_of(tuple(_row(document))).text for document in found)
    if not (has_text and any(map(_is_extended, found))):
        return None

    def read_one(document: Json, place: int) -> Item:
        row = _row(document)
        if not (is_v1(document) or is_v2(document)):
            return columns_of(tuple(row)).read(row, place)
        plain = {key: unwrapped(value) for key, value in document.items()}
        status = to_item(plain, place, include_restricted=options.include_restricted)
        if isinstance(status, Record) and not status.source_id:
            return replace(status, source_id=as_id(row.get("_id")))
        return status

    return Archive(FORMAT.name, unit_of(source), None, read_each(objects(source), read_one))


def encode(posts: Mapping[int, ExportedPost]) -> bytes:
    """Return the posts as documents, one on each line."""
    return _encoder.encode_lines([_document(key, post) for key, post in posts.items()])


def _row(document: Json) -> Json:
    """Return the fields without wrappers, those of an author as `user.name`.

    A document that has a `source_id`, though it may be null, is not known by its `_id`.
    """
    row: Json = {}
    for key, value in document.items():
        plain = unwrapped(value)
        if key in _AUTHORS and isinstance(plain, dict):
            row |= {f"{key}.{name}": inner for name, inner in plain.items()}
        elif key != "_id" or "source_id" not in document:
            row[key] = plain
    return row


def _is_extended(document: Json) -> bool:
    """Return whether a document comes from MongoDB: it has an `_id` or a wrapped value."""
    inner = (value for value in document.values() if isinstance(value, dict))
    return "_id" in document or any(map(_wrapper_of, inner))


def _wrapper_of(value: Json) -> str | None:
    """Return the name of the type that an object of Extended JSON wraps; None for a plain one."""
    name = next(iter(value), "")
    return name if name in _WRAPPERS and len(value) <= 2 else None


def unwrapped(value: object) -> object:
    """Return a value with all wrappers in it replaced; unknown ones stay as they are."""
    if isinstance(value, list):
        return [unwrapped(item) for item in value]
    if not isinstance(value, dict):
        return value
    if (name := _wrapper_of(value)) is None:
        return {key: unwrapped(item) for key, item in value.items()}
    try:
        return _plain(name, value[name])
    except (ValueError, OverflowError):
        return value


def _plain(name: str, value: object) -> object:
    """Return what a wrapper holds. Raises ValueError or OverflowError."""
    match name, value:
        case ("$oid" | "$uuid" | "$symbol" | "$date", str()):
            return value
        case ("$date", (int() as since) | {"$numberLong": (str() | int()) as since}):
            return (EPOCH + timedelta(milliseconds=int(since))).isoformat()
        case ("$timestamp", {"t": str() | int() as seconds}):
            return (EPOCH + timedelta(seconds=int(seconds))).isoformat()
        case ("$numberInt" | "$numberLong", str() | int()):
            return int(value)
        case ("$numberDecimal", str()) if value.lstrip("-").isdecimal():
            return int(value)  # A long id has more digits than a float keeps.
        case ("$numberDouble" | "$numberDecimal", str() | int() | float()):
            return float(value)
        case ("$binary", (str() as data) | {"base64": str() as data}):
            return data
        case ("$undefined", _):
            return None
    raise ValueError


def _document(key: int, post: ExportedPost) -> Json:
    time = post.created_at
    fields = msgspec.structs.asdict(post)
    return {"_id": key, **fields, "created_at": time and {"$date": _relaxed_date(time)}}


def _relaxed_date(time: datetime) -> datetime | dict[str, str]:
    """Return a date as relaxed Extended JSON has it: before 1970 in milliseconds."""
    if time >= EPOCH:
        return time
    return {"$numberLong": str(int((time - EPOCH).total_seconds()) * 1000)}


FORMAT: Final = Format("mongo", read, Writer("json", CONTENT_TYPE, b"", encode))
