"""CSV and TSV with a header whose columns are recognised by name.

Exports are CSV (RFC 4180) in UTF-8 without a byte order mark. They guard each text that a
spreadsheet would read as a formula with a `'`, which an import takes off.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final, NamedTuple

import msgspec

from app.errors import Message
from app.formats.columns import EARLIER_FIELDS, OWN_FIELDS, Columns, is_damaged_id
from app.formats.records import (
    Archive,
    BadRecord,
    BrokenFileError,
    Format,
    Item,
    PostRow,
    Writer,
    read_each,
)
from app.formats.source.file import Source
from app.formats.source.json import Json
from app.formats.source.lines import MAX_LINE_BYTES, TOO_LONG_LINE, Line, head_lines, source_lines

MAX_ROW_LENGTH: Final = MAX_LINE_BYTES


class Row(NamedTuple):
    """A row: the line in which it starts, from 1, its fields, and the fault in it."""

    number: int
    fields: list[str]
    fault: Message | None = None


def read_rows(lines: Iterable[Line], delimiter: str) -> Iterator[Row]:
    """Yield the rows that are not blank; quoted texts may go over many lines.

    Not the csv module: its limit of a field's size belongs to the whole process, and after an error
    it continues inside a quoted text, whose lines it then takes for rows.

    Raises BrokenFileError where a row is over 1 MB or its quotation never ends.
    """
    parser = _RowParser(delimiter)
    start, length = 0, 0
    fault: Message | None = None
    for line in lines:
        start, length = start or line.number, length + len(line.text)
        fault = fault or line.fault
        if length > MAX_ROW_LENGTH or line.fault is TOO_LONG_LINE:
            raise BrokenFileError(
                "line {line}: the row is longer than 1 MB; is a quote open?", line=start
            )
        fields = parser.feed(line.text)
        if fields is None:
            continue
        if fault or any(fields):
            yield Row(start, fields, Message("the row is {fault}", fault=fault) if fault else None)
        start, length, fault = 0, 0, None
    if start:
        raise BrokenFileError(
            "line {line}: the quote that opens in this row is never closed", line=start
        )


class _RowParser:
    """Splits rows at the delimiter; a field that begins with a quote ends at its closing one."""

    def __init__(self, delimiter: str) -> None:
        self._delimiter = delimiter
        self._fields: list[str] = []
        self._parts: list[str] = []
        self._is_quoted = False

    def feed(self, line: str) -> list[str] | None:
        """Read one line; return the row if it ends there, None inside a quotation."""
        if '"' not in line and not self._is_quoted:
            return _without_end(line).split(self._delimiter)
        at = 0 if self._is_quoted else self._open_quote(line, 0)
        while True:
            if self._is_quoted:
                at = self._read_quoted(line, at)
                if self._is_quoted:
                    return None
            end = line.find(self._delimiter, at)
            if end < 0:
                self._parts.append(_without_end(line[at:]))
                return self._end_row()
            self._parts.append(line[at:end])
            self._end_field()
            at = self._open_quote(line, end + 1)

    def _open_quote(self, line: str, at: int) -> int:
        self._is_quoted = line.startswith('"', at)
        return at + self._is_quoted

    def _read_quoted(self, line: str, at: int) -> int:
        """Keep the quoted part of this line; return where the quotation ends."""
        while (end := line.find('"', at)) >= 0:
            self._parts.append(line[at:end])
            if not line.startswith('"', end + 1):
                self._is_quoted = False
                return end + 1
            self._parts.append('"')
            at = end + 2
        self._parts.append(line[at:])
        return len(line)

    def _end_field(self) -> None:
        self._fields.append("".join(self._parts))
        self._parts = []

    def _end_row(self) -> list[str]:
        self._end_field()
        fields, self._fields = self._fields, []
        return fields


def _without_end(line: str) -> str:
    return line.removesuffix("\n").removesuffix("\r")


OWN_HEADER: Final = ",".join(OWN_FIELDS)
_OWN_HEADERS: Final = (OWN_HEADER, ",".join(EARLIER_FIELDS))
GUARDED: Final = ("=", "+", "-", "@", "'", "\t")
_DELIMITERS: Final = ",;\t|"


def recognises(source: Source) -> bool:
    """Return whether the first row names a column for the text."""
    return not source.has_members and _delimiter(source) is not None


def parse(source: Source, *, include_restricted: bool) -> Archive:
    """Return the posts of many authors; nothing in the format is restricted."""
    return Archive(FORMAT.name, "line", None, _items(source, _delimiter(source) or ","))


def encode(rows: Sequence[PostRow]) -> bytes:
    """Return the rows of a file below its header."""
    written = io.StringIO(newline="")
    csv.writer(written).writerows(_cells(row) for row in rows)
    return written.getvalue().encode()


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
    yield from read_each(_cells_by_name(rows, header, delimiter), Columns.find(header).read)


def _cells_by_name(
    rows: Iterator[Row], header: list[str], delimiter: str
) -> Iterator[tuple[int, Json] | BadRecord]:
    is_own = ",".join(header) in _OWN_HEADERS and delimiter == ","
    for row in rows:
        if fault := _fault(row, len(header)):
            yield BadRecord(row.number, fault)
            continue
        values: Json = dict(zip(header, row.fields, strict=True))
        if is_own:
            values |= _as_exported(dict(zip(header, row.fields, strict=True)))
        yield row.number, values


def _fault(row: Row, width: int) -> Message | None:
    if row.fault:
        return row.fault
    if len(row.fields) != width:
        found = len(row.fields)
        return Message("the row has {count} fields, the header {width}", count=found, width=width)
    return Message("the row holds a NUL") if any("\0" in field for field in row.fields) else None


def _cells(row: PostRow) -> tuple[str | None, ...]:
    return (
        guarded(row.username),
        row.platform,
        guarded(row.text),
        row.kind,
        row.created_at.isoformat().replace("+00:00", "Z") if row.created_at else None,
        row.lang,
        _guarded_id(row.source_id) if row.source_id else None,
        row.url,
        *(
            msgspec.json.encode(value).decode() if value else None
            for value in (row.reply_to, row.media, row.counts)
        ),
    )


def guarded(value: str) -> str:
    """Put a `'` before a text, so that spreadsheets do not read it as a formula."""
    return f"'{value}" if value.startswith(GUARDED) else value


def _guarded_id(value: str) -> str:
    """Guard an id also where it looks as if a spreadsheet had rounded it."""
    return f"'{value}" if is_damaged_id(value) else guarded(value)


def _as_exported(cells: dict[str, str]) -> dict[str, str]:
    """Return the cells that an export may have guarded, as they were before."""
    return {
        "username": _unguarded(cells["username"]),
        "text": _unguarded(cells["text"]),
        "source_id": _unguarded_id(cells["source_id"]),
    }


def _unguarded(value: str) -> str:
    return value[1:] if value.startswith("'") and value[1:].startswith(GUARDED) else value


def _unguarded_id(value: str) -> str:
    """Return the id before it was guarded; none of one that a spreadsheet has rounded."""
    if is_damaged_id(value):
        return ""
    return value[1:] if value.startswith("'") and is_damaged_id(value[1:]) else _unguarded(value)


FORMAT: Final = Format(
    "csv",
    recognises,
    parse,
    Writer("csv", "text/csv; charset=utf-8; header=present", f"{OWN_HEADER}\r\n".encode(), encode),
)
