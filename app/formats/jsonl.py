"""JSON objects, one on each line or in an array, with columns that are recognised by name."""

from collections.abc import Mapping
from typing import Final

import msgspec

from app.formats.columns import columns_of
from app.formats.records import Archive, ExportedPost, Format, Item, ReadOptions, Writer, read_each
from app.formats.source.file import Source
from app.formats.source.json import Json, first_documents, objects, unit_of

CONTENT_TYPE: Final = "application/x-ndjson"
_encoder = msgspec.json.Encoder()


def read(source: Source, _options: ReadOptions) -> Archive | None:
    """Return the posts of many authors, if one of the first objects has a text."""
    if not any(columns_of(tuple(row)).text for row in first_documents(source)):
        return None
    return Archive(FORMAT.name, unit_of(source), None, read_each(objects(source), _read_row))


def _read_row(row: Json, place: int) -> Item:
    return columns_of(tuple(row)).read(row, place)


def encode(posts: Mapping[int, ExportedPost]) -> bytes:
    """Return the posts as lines, an object for each."""
    return _encoder.encode_lines(posts.values())


FORMAT: Final = Format("jsonl", read, Writer("jsonl", CONTENT_TYPE, b"", encode))
