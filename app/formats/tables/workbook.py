"""Workbooks of Excel (.xlsx): a process of its own writes the rows of their sheets as CSV.

The library that reads them is compiled, and ends the process if it lacks memory. So it runs in a
child process with limits, which a damaged or malicious file may end.
"""

import csv
import io
import json
import os
import re
import sys
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import IO, Any, Final, NamedTuple

from app.config import MIB
from app.errors import Message, UnrecognisedFileError
from app.formats.assumptions import ReadNotes
from app.formats.source.file import Source
from app.formats.tables.cells import plain_column
from app.formats.tables.column_names import names_by_field
from app.runtime.processes import be_nice, begin_child, limited_memory, run_child_here

WORKBOOK: Final = "xl/workbook.xml"
"""The member of a zip by which a workbook is recognised."""
MOST_UNPACKED: Final = 100 * MIB
"""Maximum size of a workbook's parts without pictures, unpacked."""
_MOST_MEMORY: Final = 1024 * MIB
_LIMIT_S: Final = 300
_REFUSED: Final = 3
"""Exit status if a reason stands in place of the facts."""
_ROUNDED: Final = 2**53
"""Whole numbers from here on have lost digits: a workbook keeps numbers as floating point."""
_DAYS: Final = range(20_000, 80_000)
"""Numbers of the days from 1954 to 2119 in Excel."""
_FROM_1904: Final = re.compile(rb"<(?:\w+:)?workbookPr\b[^>]*\bdate1904=[\"'](?:1|true)[\"']")
_REASONS: Final = {
    "large": Message("the workbook unpacks to more than {size} MB", size=MOST_UNPACKED // MIB),
    "damaged": Message("the workbook is damaged"),
    "empty": Message("the workbook has no visible sheet with words"),
    "memory": Message("it takes more than {size} MB of memory", size=_MOST_MEMORY // MIB),
    "time": Message("it takes more than {seconds} seconds", seconds=_LIMIT_S),
}
_NUMBERED: Final = Message("Numbers in a column of times that are read as days of Excel")


class Workbook(NamedTuple):
    """What the rows do not say about the workbook that they come from."""

    name: str
    unread: tuple[str, ...]
    """Names of sheets."""
    days: tuple[str, ...]
    """Numbers that were read as times."""

    def note(self, notes: ReadNotes) -> None:
        for sheet in self.unread:
            notes.leave("file", f"{self.name}/{sheet}")
        if self.days:
            notes.look_odd("times", _NUMBERED, self.days)


def put_rows_in_place(source: Source) -> None:
    """Let a workbook be read as the table in its sheets. Raises UnrecognisedFileError."""
    if WORKBOOK not in source.members:
        return

    def write(packed: IO[bytes], rows: IO[bytes]) -> Workbook:
        status, said = run_child_here(
            "app.formats.tables.workbook", (packed.fileno(), rows.fileno()), limit_s=_LIMIT_S
        )
        answer = said.strip().rpartition("\n")[2]
        if status == 0:
            unread, days = json.loads(answer)
            return Workbook(source.name, tuple(unread), tuple(days))
        raise UnrecognisedFileError(
            "{name} cannot be read: {why}. Save the sheet as “CSV UTF-8” and import that file",
            name=source.name,
            why=_REASONS[_reason(status, answer)],
        )

    source.put_in_place(write)


def _reason(status: int | None, answer: str) -> str:
    if status == _REFUSED:
        return str(json.loads(answer))
    if status is None:
        return "time"
    return "memory" if status < 0 or "MemoryError" in answer else "damaged"


def main() -> None:
    begin_child()
    be_nice()
    answer: object
    status = 0
    with limited_memory(_MOST_MEMORY):
        try:
            sys.stdin.buffer.seek(0)
            answer = _written(io.BytesIO(sys.stdin.buffer.read()), sys.stdout.buffer)
        except _RefusedError as error:
            answer, status = str(error), _REFUSED
    sys.stderr.write(f"\n{json.dumps(answer)}\n")
    sys.stderr.flush()
    os._exit(status)  # Without freeing millions of cells.


class _RefusedError(Exception):
    pass


class _Sheet:
    def __init__(self, name: str, sheet: Any) -> None:
        self.name = name
        self._sheet = sheet

    @property
    def rows(self) -> Iterator[list[Any]]:
        return (row for row in self._sheet.iter_rows() if any(cell != "" for cell in row))

    @cached_property
    def header(self) -> list[str]:
        return [str(cell).strip() for cell in next(self.rows, [])]

    @cached_property
    def size(self) -> int:
        return sum(cell != "" for row in self.rows for cell in row)


def _written(packed: IO[bytes], rows: IO[bytes]) -> tuple[list[str], list[str]]:
    """Write the fullest sheet and those with the same header; return unread sheets, and numbers
    that were read as days.
    """
    from_1904, sheets, hidden = _opened(packed)
    if not (sheets := [sheet for sheet in sheets if sheet.size]):
        raise _RefusedError("empty")
    fullest = max(sheets, key=lambda sheet: sheet.size)
    others = [sheet for sheet in sheets if sheet is not fullest]
    read = [fullest, *(sheet for sheet in others if sheet.header == fullest.header)]
    cells = _Cells(fullest.header, date(1904, 1, 1) if from_1904 else date(1899, 12, 30))
    text = io.TextIOWrapper(rows, "utf-8", errors="replace", newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
    for sheet in read:
        writer.writerows(map(cells.texts, sheet.rows))
    text.flush()
    return [*(sheet.name for sheet in others if sheet not in read), *hidden], cells.days


def _opened(packed: IO[bytes]) -> tuple[bool, list[_Sheet], list[str]]:
    """Return whether days count from 1904, the visible sheets, and names of hidden ones."""
    from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

    try:
        with zipfile.ZipFile(packed) as parts:
            read = (part for part in parts.infolist() if part.filename.endswith((".xml", ".rels")))
            if sum(part.file_size for part in read) > MOST_UNPACKED:
                raise _RefusedError("large")
            from_1904 = _FROM_1904.search(parts.read(WORKBOOK)) is not None
        packed.seek(0)
        workbook = CalamineWorkbook.from_filelike(packed)
        visible, hidden = list[_Sheet](), list[str]()
        for facts in workbook.sheets_metadata:
            if facts.visible != SheetVisibleEnum.Visible:
                hidden.append(facts.name)
            elif facts.typ == SheetTypeEnum.WorkSheet:
                visible.append(_Sheet(facts.name, workbook.get_sheet_by_name(facts.name)))
    except (CalamineError, zipfile.BadZipFile, KeyError, OSError, RuntimeError, ValueError):
        raise _RefusedError("damaged") from None
    return from_1904, visible, hidden


class _Cells:
    def __init__(self, header: Sequence[str], first_day: date) -> None:
        names: dict[str, str] = {}
        for name in header:
            names.setdefault(plain_column(name), name)
        of_times = names_by_field(names, {}).get("created_at", ())
        self._of_times = {place for place, name in enumerate(header) if name in of_times}
        self._first_day = datetime.combine(first_day, datetime.min.time())
        self.days: list[str] = []

    def texts(self, row: Sequence[Any]) -> list[str]:
        return [self._text(value, place) for place, value in enumerate(row)]

    def _text(self, value: Any, place: int) -> str:
        if isinstance(value, str):
            return value
        if isinstance(value, bool):
            return str(value).upper()
        if isinstance(value, int | float):
            if place in self._of_times and int(value) in _DAYS:
                self.days.append(f"{value:g}")
                return _to_seconds(self._first_day + timedelta(days=value))
            return _number(value)
        return _to_seconds(value) if isinstance(value, datetime) else str(value)


def _number(value: float) -> str:
    """Return a number; a rounded one as spreadsheets show it, so that it is no id."""
    if isinstance(value, float) and not value.is_integer():
        return repr(value)
    return f"{value:.14E}" if abs(value) >= _ROUNDED else str(int(value))


def _to_seconds(time: datetime) -> str:
    """Return a time without the fractions that days as floating point numbers bring."""
    return str((time + timedelta(milliseconds=500)).replace(microsecond=0))


if __name__ == "__main__":
    main()
