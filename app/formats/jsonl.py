"""JSON lines: one object on each line, with columns that are recognised by name."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import islice
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from app.errors import Message
from app.formats.columns import KNOWN_HEADERS, Columns
from app.formats.records import (
    Archive,
    BadRecord,
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
from app.formats.source.json import NOT_AN_OBJECT, Json, load_text
from app.formats.source.lines import HEAD_BYTES, head_lines, source_lines

CONTENT_TYPE: Final = "application/x-ndjson"
_CHECKED_LINES: Final = 100
_LONG_FIRST_LINE = re.compile(rb'\s*\{.*?"(?:text|full_text|content|tweet)"\s*:\s*"', re.DOTALL)
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
    filled = (line for line in head_lines(source) if line.text.strip() or line.fault)
    lines = list(islice(filled, _CHECKED_LINES))
    if all(line.fault for line in lines):
        return _LONG_FIRST_LINE.match(source.head(HEAD_BYTES), 0, 10_000) is not None
    rows = (_load(line.text) for line in lines)
    return any(isinstance(row, dict) and Columns.find(row).has_text for row in rows)


def parse(source: Source, *, include_restricted: bool) -> Archive:
    """Return the posts of many authors; nothing in the format is restricted."""
    columns = lru_cache(KNOWN_HEADERS)(Columns.find)

    def read(row: Json, place: int) -> Item:
        return columns(tuple(row)).read(row, place)

    return Archive(FORMAT.name, "line", None, read_each(_rows(source), read))


def encode(rows: Sequence[PostRow]) -> bytes:
    """Return the rows as lines, an object for each."""
    return _encoder.encode_lines([ExportedPost(*row[1:]) for row in rows])


def _rows(source: Source) -> Iterator[tuple[int, Json] | BadRecord]:
    for line in source_lines(source):
        if line.fault:
            yield BadRecord(line.number, Message("the line is {fault}", fault=line.fault))
        elif line.text.strip():
            row = _load(line.text)
            yield (line.number, row) if isinstance(row, dict) else BadRecord(line.number, row)


def _load(text: str) -> Json | Message:
    """Return the object of a line, or the fault in it."""
    row, fault = load_text(text)
    return row if isinstance(row, dict) else fault or NOT_AN_OBJECT


FORMAT: Final = Format("jsonl", recognises, parse, Writer("jsonl", CONTENT_TYPE, b"", encode))
