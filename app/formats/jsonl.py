"""JSON lines: one object per line, with columns that are recognised by name."""

import json
import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

from app.formats.columns import Columns
from app.formats.formats import Format
from app.formats.records import Archive, BadRecord, Item
from app.formats.source.file import Source
from app.formats.source.lines import HEAD_BYTES, Line, head_lines, source_lines

_CHECKED_LINES: Final = 100
_KNOWN_KEYS: Final = 32
_LONG_FIRST_LINE = re.compile(rb'\s*\{.*?"(?:text|full_text|content|tweet)"\s*:\s*"', re.DOTALL)


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
    return Archive(FORMAT.name, "line", None, _items(source))


def _items(source: Source) -> Iterator[Item]:
    known: dict[tuple[str, ...], Columns] = {}
    for line in source_lines(source):
        row = _load(line.text)
        if line.fault or not isinstance(row, dict):
            if line.fault or line.text.strip():
                yield BadRecord(line.number, _fault(line, row))
            continue
        keys = tuple(row)
        if keys not in known:
            if len(known) >= _KNOWN_KEYS:
                known.clear()
            known[keys] = Columns.find(keys)
        yield known[keys].read(row, line.number)


def _load(text: str) -> object:
    """Return the parsed line, or the error; not a number (NaN) is taken as Python writes it."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        return error


def _fault(line: Line, row: object) -> str:
    if line.fault:
        return f"the line is {line.fault}"
    if isinstance(row, RecursionError):
        return "nested too deeply"
    return "not valid JSON" if isinstance(row, ValueError) else "not a JSON object"


FORMAT: Final = Format("jsonl", recognises, parse)
