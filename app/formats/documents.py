"""JSON lines, and documents of MongoDB: objects whose fields are recognised by name.

They stand one on each line, in an array, or one after the other. The values of `mongoexport` are
Extended JSON (version 2, relaxed or canonical): some are wrapped, such as `{"$oid": "…"}`.
Source: https://github.com/mongodb/specifications, extended-json.md.

Exports are lines. For MongoDB `_id` is the post's id here, since `source_id` is unique for each
author only.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

import msgspec

from app.errors import Message
from app.formats.file_columns import as_id, file_columns_of
from app.formats.records import (
    ExportedPost,
    Format,
    Item,
    ReadOptions,
    Record,
    RecordStream,
    Writer,
    read_each,
)
from app.formats.source.file import Source
from app.formats.source.json import first_documents, objects, unit_of
from app.formats.source.times import EPOCH
from app.formats.source.window import Json
from app.formats.x.api import is_v1, is_v2, to_item

CONTENT_TYPE: Final = "application/x-ndjson"
_AUTHORS: Final = ("user", "author")
_WRAPPERS: Final = frozenset(
    (
        *("$oid", "$uuid", "$binary", "$date", "$timestamp"),
        *("$numberInt", "$numberLong", "$numberDouble", "$numberDecimal"),
    )
)
_encoder = msgspec.json.Encoder()


def _read_lines(source: Source, _options: ReadOptions) -> RecordStream | None:
    """Return the posts of many authors, if one of the first objects has a text."""
    if not any(file_columns_of(tuple(row)).text for row in first_documents(source)):
        return None
    items = read_each(
        objects(source), lambda row, place: file_columns_of(tuple(row)).read(row, place)
    )
    return RecordStream(JSONL.name, unit_of(source), None, items)


def _read_mongo(source: Source, options: ReadOptions) -> RecordStream | None:
    """Return the posts of many authors; those of protected accounts of X only on request."""
    documents = first_documents(source)
    has_text = any(file_columns_of(tuple(_row(document))).text for document in documents)
    if not (has_text and any(map(_is_extended, documents))):
        return None

    def read_one(document: Json, place: int) -> Item:
        row = _row(document)
        if not (is_v1(document) or is_v2(document)):
            return file_columns_of(tuple(row)).read(row, place)
        plain = {key: _unwrapped(value) for key, value in document.items()}
        status = to_item(plain, place, include_restricted=options.include_restricted)
        if isinstance(status, Record) and not status.source_id:
            return msgspec.structs.replace(status, source_id=as_id(row.get("_id")))
        return status

    return RecordStream(MONGO.name, unit_of(source), None, read_each(objects(source), read_one))


def _row(document: Json) -> Json:
    """Return the fields without wrappers, those of an author as `user.name`.

    A document that has a `source_id`, though it may be null, is not known by its `_id`.
    """
    row: Json = {}
    for key, value in document.items():
        plain = _unwrapped(value)
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
    return name if name in _WRAPPERS and len(value) == 1 else None


def _unwrapped(value: object) -> object:
    """Return a value with all wrappers in it replaced; unknown ones stay as they are."""
    if isinstance(value, list):
        return [_unwrapped(item) for item in value]
    if not isinstance(value, dict):
        return value
    if (name := _wrapper_of(value)) is None:
        return {key: _unwrapped(item) for key, item in value.items()}
    try:
        return _plain(name, value[name])
    except (ValueError, OverflowError):
        return value


def _plain(name: str, value: object) -> object:
    """Return what a wrapper holds. Raises ValueError or OverflowError."""
    match name, value:
        case ("$oid" | "$uuid" | "$date", str()):
            return value
        case ("$binary", {"base64": str() as data}):
            return data  # Of a UUID, which may be the id.
        case ("$timestamp", {"t": int() as seconds}):
            return (EPOCH + timedelta(seconds=seconds)).isoformat()
        case ("$date", (int() as since) | {"$numberLong": (str() | int()) as since}):
            return (EPOCH + timedelta(milliseconds=int(since))).isoformat()
        case ("$numberInt" | "$numberLong", str() | int()):
            return int(value)
        case ("$numberDecimal", str()) if value.lstrip("-").isdecimal():
            return int(value)  # A long id has more digits than a float keeps.
        case ("$numberDouble" | "$numberDecimal", str() | int() | float()):
            return float(value)
    raise ValueError


def _lines(posts: Mapping[int, ExportedPost]) -> bytes:
    return _encoder.encode_lines(posts.values())


def _mongo_lines(posts: Mapping[int, ExportedPost]) -> bytes:
    dates = {key: post.created_at and {"$date": post.created_at} for key, post in posts.items()}
    return _encoder.encode_lines(
        {"_id": key, **msgspec.structs.asdict(post), "created_at": dates[key]}
        for key, post in posts.items()
    )


JSONL: Final = Format(
    "jsonl",
    Message("JSON lines"),
    _read_lines,
    Writer("jsonl", CONTENT_TYPE, b"", _lines),
    mark=Message("JSON objects, of which one has a field for the text, such as text or content"),
)
MONGO: Final = Format(
    "mongo",
    Message("MongoDB, or an array of JSON objects"),
    _read_mongo,
    Writer("json", CONTENT_TYPE, b"", _mongo_lines),
    mark=Message("JSON objects with an _id or values such as $date, and a field for the text"),
)
