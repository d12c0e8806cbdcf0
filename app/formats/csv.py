"""CSV and TSV with a header whose columns are recognised by name."""

from collections.abc import Iterator
from itertools import islice
from typing import Final

from app.formats.columns import Columns, is_damaged_id
from app.formats.formats import Format
from app.formats.records import Archive, BadRecord, BrokenFileError, Item
from app.formats.source.csv import Row, read_rows
from app.formats.source.file import Source
from app.formats.source.lines import head_lines, source_lines

OWN_HEADER: Final = "username,platform,text,kind,created_at,lang,source_id,url"
GUARDED: Final = ("=", "+", "-", "@", "'", "\t")
_DELIMITERS: Final = ",;\t|"


def recognises(source: Source) -> bool:
    """Return whether the first row names a column for the text."""
    return not source.has_members and _delimiter(source) is not None


def parse(source: Source, *, include_restricted: bool) -> Archive:
    """Return the posts of many authors; nothing in the format is restricted."""
    return Archive(FORMAT.name, "line", None, _items(source, _delimiter(source) or ","))


def _delimiter(source: Source) -> str | None:
    """Return the delimiter by which most columns of the header are recognised."""
    best, most = None, (0, 0)
    for delimiter in _DELIMITERS:
        header = _header(source, delimiter)
        columns = Columns.find(header)
        if columns.has_text and (len(columns), len(header)) > most:
            best, most = delimiter, (len(columns), len(header))
    return best


def _header(source: Source, delimiter: str) -> list[str]:
    try:
        rows = islice(read_rows(head_lines(source), delimiter), 1)
        return next((row.fields for row in rows if not row.fault), [])
    except BrokenFileError:
        return []


def _items(source: Source, delimiter: str) -> Iterator[Item]:
    rows = read_rows(source_lines(source), delimiter)
    header = next(rows, Row(0, [])).fields
    columns = Columns.find(header)
    is_own = ",".join(header) == OWN_HEADER and delimiter == ","
    for row in rows:
        if fault := _fault(row, len(header)):
            yield BadRecord(row.number, fault)
            continue
        values: dict[str, object] = dict(zip(header, row.fields, strict=True))
        if is_own:
            values |= _as_exported(dict(zip(header, row.fields, strict=True)))
        yield columns.read(values, row.number)


def _fault(row: Row, width: int) -> str:
    if row.fault:
        return row.fault
    if len(row.fields) != width:
        return f"the row has {len(row.fields)} fields, the header {width}"
    return "the row holds a NUL" if any("\0" in field for field in row.fields) else ""


def _as_exported(cells: dict[str, str]) -> dict[str, str]:
    """Return what the export put a guard before, without it."""
    return {
        "username": _unguarded(cells["username"]),
        "text": _unguarded(cells["text"]),
        "source_id": _unguarded_id(cells["source_id"]),
    }


def _unguarded(value: str) -> str:
    """Take off the `'` that keeps spreadsheets from reading a text as a formula."""
    return value[1:] if value.startswith("'") and value[1:].startswith(GUARDED) else value


def _unguarded_id(value: str) -> str:
    """Take off the `'`, also from an id that only looks as if a spreadsheet had cut it."""
    if is_damaged_id(value):
        return ""
    return value[1:] if value.startswith("'") and is_damaged_id(value[1:]) else _unguarded(value)


FORMAT: Final = Format("csv", recognises, parse)
