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
from app.formats.source.file import Source, head
from app.formats.source.json import (
    Json,
    first_documents,
    first_mark,
    is_extended,
    is_lines,
    load,
    objects,
    wrapper_of,
)
from app.formats.x.api import is_v1, is_v2, to_item

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_AUTHORS: Final = ("user", "author")
_encoder = msgspec.json.Encoder()


def read(source: Source, options: ReadOptions) -> Archive | None:
    """Return the posts of many authors; those of protected accounts of X only on request."""

    def read_one(document: Json, place: int) -> Item:
        row = _row(document)
        if not (is_v1(document) or is_v2(document)):
            return columns_of(tuple(row)).read(row, place)
        plain = {key: unwrapped(value) for key, value in document.items()}
        status = to_item(plain, place, include_restricted=options.include_restricted)
        if isinstance(status, Record) and not status.source_id:
            return replace(status, source_id=as_id(row.get("_id")))
        return status

    if not _is_known(source):
        return None
    items = read_each(objects(source), read_one)
    return Archive(FORMAT.name, "line" if is_lines(source) else "record", None, items)


def _is_known(source: Source) -> bool:
    """Return whether there are documents of MongoDB with a text.

    An array needs no mark of MongoDB: no other format reads one of plain objects.
    """
    found = first_documents(source)
    if not any(columns_of(tuple(_row(document))).text for document in found):
        return not (found or source.has_members) and load(head(source, 100)) == []
    return any(map(is_extended, found)) or first_mark(source) == "["


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


def unwrapped(value: object) -> object:
    """Return a value with all wrappers in it replaced; unknown ones stay as they are."""
    if isinstance(value, list):
        return [unwrapped(item) for item in value]
    if not isinstance(value, dict):
        return value
    if (name := wrapper_of(value)) is None:
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
