"""Rows of a CSV, put together from lines.

Not the csv module: its limit of a field's size belongs to the whole process, and after an error
it continues inside a quoted text, whose lines it then takes for rows.
"""

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from app.errors import Message
from app.formats.records import BrokenFileError
from app.formats.source.lines import MAX_LINE_BYTES, TOO_LONG_LINE, Line

MAX_ROW_LENGTH: Final = MAX_LINE_BYTES


class Row(NamedTuple):
    """A row: the line in which it starts, from 1, its fields, and the fault in it."""

    number: int
    fields: list[str]
    fault: Message | None = None


def read_rows(lines: Iterable[Line], delimiter: str) -> Iterator[Row]:
    """Yield the rows that are not blank; quoted texts may go over many lines.

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
