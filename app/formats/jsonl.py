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


def recognises(source: Source) -> bool:
    """Return whether one of the first lines is an object with a text."""
    if source.has_members:
        return False
    rows = (load(line.text)[0] for line in first_lines(source))
    return any(isinstance(row, dict) and columns_of(tuple(row)).has_text for row in rows)


def parse(source: Source, *, include_restricted: bool) -> Archive:
    """Return the posts of many authors; nothing in the format is restricted."""

    def read(row: Json, place: int) -> Item:
        return columns_of(tuple(row)).read(row, place)

    return Archive(FORMAT.name, "line", None, read_each(objects(source), read))


def encode(rows: Sequence[PostRow]) -> bytes:
    """Return the rows as lines, an object for each."""
    return _encoder.encode_lines([ExportedPost(*row[1:]) for row in rows])


FORMAT: Final = Format("jsonl", recognises, parse, Writer("jsonl", CONTENT_TYPE, b"", encode))
