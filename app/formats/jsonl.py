"""JSON lines: one object on each line, with columns that are recognised by name."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from app.formats.columns import columns_of
from app.formats.records import (
    Archive,
    Format,
    Item,
    Medium,
    PostRow,
    Reactions,
    ReadOptions,
    ReplyTarget,
    Writer,
    read_each,
)
from app.formats.source.file import Source
from app.formats.source.json import Json, load, objects
from app.formats.source.text import first_lines

CONTENT_TYPE: Final = "application/x-ndjson"
_encoder = msgspec.json.Encoder()


class ExportedPost(msgspec.Struct, frozen=True):
    """A post as exports carry it."""

    username: str
    platform: str
    text: str
    kind: str
    created_at: Annotated[datetime | None, Meta(description="UTC; null where it is not known.")]
    lang: str | None
    source_id: str | None
    url: str | None
    reply_to: ReplyTarget | None
    media: tuple[Medium, ...]
    counts: Reactions | None


def read(source: Source, _options: ReadOptions) -> Archive | None:
    """Return the posts of many authors, if one of the first lines is an object with a text."""
    rows = [] if source.has_members else [load(line.text) for line in first_lines(source)]
    if not any(isinstance(row, dict) and columns_of(tuple(row)).text for row in rows):
        return None
    return Archive(FORMAT.name, "line", None, read_each(objects(source), _read_row))


def _read_row(row: Json, place: int) -> Item:
    return columns_of(tuple(row)).read(row, place)


def encode(rows: Sequence[PostRow]) -> bytes:
    """Return the rows as lines, an object for each."""
    return _encoder.encode_lines([ExportedPost(*row[1:]) for row in rows])


FORMAT: Final = Format("jsonl", read, Writer("jsonl", CONTENT_TYPE, b"", encode))
