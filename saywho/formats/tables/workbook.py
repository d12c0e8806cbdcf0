"""Workbooks (.xlsx, .ods): a process of its own writes the rows of their sheets as CSV.

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
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from functools import cached_property, partial
from html import unescape
from itertools import islice
from typing import IO, Any, Final, NamedTuple

import msgspec
from msgspec import structs

from saywho.errors import BrokenFileError, Message, UnrecognisedFileError
from saywho.formats.assumptions import NO_AUTHOR, SHEET, ReadNotes, sheet_of
from saywho.formats.file_authors import authors_of
from saywho.formats.records import ReadOptions
from saywho.formats.source.file import WORDY_ENDS, Source, head, is_hidden
from saywho.formats.source.members import Member, PlainFile
from saywho.formats.tables.cells import is_error, plain_column
from saywho.formats.tables.column_names import names_by_field
from saywho.processes import begin_child_here, cut_at_the_limit, limited_memory, run_child_here
from saywho.sizes import MIB

WORKBOOK: Final = "xl/workbook.xml"
"""The member of a zip that identifies a workbook."""
_OPEN_DOCUMENT: Final = "content.xml"
_OPEN_SHEETS: Final = b"application/vnd.oasis.opendocument.spreadsheet"
_ENDINGS: Final = (".xlsx", ".ods")
_MOST_WORKBOOKS: Final = 100
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
_FROM_1904: Final = re.compile(rb"<(?:\w+:)?workbookPr\b[^<>]*\bdate1904=[\"'](?:1|true)[\"']")
_REASONS: Final = {
    "large": Message("the workbook unpacks to more than {size} MB", size=MOST_UNPACKED // MIB),
    "damaged": Message("the workbook is damaged"),
    "empty": Message("the workbook has no visible sheet with words"),
    "sheet": Message("the workbook has no visible sheet of that name with words"),
    "memory": Message("it takes more than {size} MB of memory", size=_MOST_MEMORY // MIB),
    "time": Message("it takes more than {seconds} seconds", seconds=_LIMIT_S),
}
_NUMBERED: Final = Message("Numbers in a column of times that are read as days of Excel")


class Workbook(NamedTuple):
    """Facts about a workbook that its rows do not tell."""

    read: tuple[str, ...]
    """Names of sheets, as all below."""
    others: tuple[str, ...]
    """Visible sheets with words that were not read."""
    hidden: tuple[str, ...]
    days: tuple[str, ...]
    """Numbers that were read as times."""
    has_people: bool
    """Whether the sheets that were read are named for people, which a column says."""

    def note(self, notes: ReadNotes, name: str, chosen: str | None) -> None:
        for sheet in (*self.others, *self.hidden):
            notes.leave("file", f"{name}/{sheet}")
        if self.days:
            notes.look_odd("times", _NUMBERED, self.days)
        if chosen is None and len(self.read) + len(self.others) > 1:
            visible = (*self.read, *self.others)
            notes.assume(
                "sheet",
                f"{SHEET}={', '.join(self.read)}",
                alternatives=tuple(f"{SHEET}={name}" for name in visible if (name,) != self.read),
                evidence=Message("visible sheets: {count}", count=len(visible)),
            )


def put_rows_in_place(source: Source, options: ReadOptions) -> ReadOptions:
    """Let a workbook, or the workbooks in an archive, be read as tables.

    Return the options with the author's column. Raises UnrecognisedFileError.
    """
    chosen = sheet_of(options.columns)
    if WORKBOOK not in source.members and not _is_open_document(source):
        _put_in_archive(source, chosen)
        return options

    def write(packed: IO[bytes], rows: IO[bytes]) -> Workbook:
        try:
            return _rows_of(packed, rows, chosen, source.most_rows)
        except _RefusedError as error:
            raise UnrecognisedFileError(
                "{name} cannot be read: {why}. Save the sheet as “CSV UTF-8” and import that file",
                name=source.name,
                why=_REASONS[str(error)],
            ) from None

    workbook = source.put_in_place(write)
    is_open = "username" not in options.columns.values() and SHEET not in options.columns
    has_people = workbook.has_people and is_open

    def note(notes: ReadNotes) -> None:
        workbook.note(notes, source.name, chosen)
        if has_people:
            evidence = Message("visible sheets: {count}", count=len(workbook.read))
            value = f"author={SHEET}"
            notes.assume("author", value, alternatives=(NO_AUTHOR,), evidence=evidence)

    source.about = note
    if has_people:
        return structs.replace(options, columns=options.columns | {SHEET: "username"})
    return options


def _is_open_document(source: Source) -> bool:
    has_kind = {_OPEN_DOCUMENT, "mimetype"} <= source.members.keys()
    return has_kind and head(source.member("mimetype"), 100).startswith(_OPEN_SHEETS)


def _put_in_archive(source: Source, chosen: str | None) -> None:
    names = [name for name in source.members if name.lower().endswith(WORDY_ENDS)]
    names = [name for name in names if not is_hidden(name)]
    found = [name for name in names if name.lower().endswith(_ENDINGS)]
    is_of_tables = all(name.lower().endswith((*_ENDINGS, ".csv", ".tsv")) for name in names)
    if not found or not is_of_tables or len(found) > _MOST_WORKBOOKS:
        return
    left = source.most_rows
    for name in found:
        packed, rows = source.temporary(), source.temporary()
        with suppress(_RefusedError, BrokenFileError):
            for chunk in source.member(name).uncounted.chunks():
                packed.write(chunk)
            packed.flush()
            _rows_of(packed, rows, chosen, left).note(source.notes, name, chosen)
            size = os.fstat(rows.fileno()).st_size
            source.members[name] = Member(
                size, partial(lambda of, name: PlainFile(os.dup(of.fileno()), name), rows, name)
            )
            left -= size
        packed.close()


def _rows_of(packed: IO[bytes], rows: IO[bytes], chosen: str | None, most_bytes: int) -> Workbook:
    """Let a child process write the rows of a workbook, cut at a size. Raises _RefusedError."""
    status, said = run_child_here(
        "saywho.formats.tables.workbook",
        (packed.fileno(), rows.fileno()),
        json.dumps(chosen),
        limit_s=_LIMIT_S,
        most_bytes=most_bytes,
    )
    answer = said.strip().rpartition("\n")[2]
    if status != 0:
        raise _RefusedError(_reason(status, answer))
    return msgspec.convert(json.loads(answer), Workbook)


def _reason(status: int | None, answer: str) -> str:
    if status == _REFUSED:
        return str(json.loads(answer))
    if status is None:
        return "time"
    return "memory" if status < 0 or "MemoryError" in answer else "damaged"


def main() -> None:
    (chosen,) = begin_child_here()
    answer: object
    status = 0
    with limited_memory(_MOST_MEMORY):
        try:
            sys.stdin.buffer.seek(0)
            packed = io.BytesIO(sys.stdin.buffer.read())
            answer = _written(packed, sys.stdout.buffer, json.loads(chosen))
        except _RefusedError as error:
            answer, status = str(error), _REFUSED
    sys.stderr.write(f"\n{json.dumps(answer)}\n")
    sys.stderr.flush()
    os._exit(status)  # Without freeing millions of cells.


class _RefusedError(Exception):
    pass


class _Sheet:
    def __init__(self, name: str, sheet: Any, formulas: Mapping[tuple[int, int], str]) -> None:
        self.name = name
        self._sheet = sheet
        self._formulas = formulas

    @property
    def rows(self) -> Iterator[list[Any]]:
        """Yield the rows that are not blank; a cell with `=` that is no formula is a text.

        A cell that is merged with those below it stands in each of their rows.
        """
        first, left = self._sheet.start or (0, 0)
        places = {row for row, _ in self._formulas}
        continued, above = self._continued, list[Any]()
        for number, row in enumerate(self._sheet.iter_rows(), start=first):
            for column in continued.get(number, ()):
                if left <= column < left + len(above) and not row[column - left]:
                    row[column - left] = above[column - left]
            above = row
            if number in places:
                row = [
                    cell
                    if isinstance(cell, str) and cell and not is_error(cell)
                    else self._formulas.get((number, column), cell)
                    for column, cell in enumerate(row, start=left)
                ]
            if any(cell != "" for cell in row):
                yield row

    @cached_property
    def _continued(self) -> Mapping[int, list[int]]:
        """The columns, by row, whose cells are merged with the ones above them."""
        continued: defaultdict[int, list[int]] = defaultdict(list)
        for (top, column), (bottom, _) in (self._sheet.merged_cell_ranges or ())[:_MOST_MERGED]:
            for row in range(top + 1, min(bottom, top + _MOST_MERGED) + 1):
                continued[row].append(column)
        return continued

    @cached_property
    def header(self) -> list[str]:
        return [str(cell).strip() for cell in next(self.rows, [])]

    @cached_property
    def size(self) -> int:
        return sum(cell != "" for row in self.rows for cell in row)


_MOST_MERGED: Final = 10_000
"""Merged cells of a sheet, and rows of each."""
_CELL: Final = re.compile(
    rb"<(?:\w+:)?c\b[^<>]*?\br=\"([A-Z]{1,3})(\d{1,7})\"[^<>]{0,300}>\s*+"
    rb"<(?:\w+:)?f\b[^<>]*+>([^<]++)<"
)
"""A cell with a formula."""
_FORMULA: Final = re.compile(
    r"[\s+({-]*(?:[\w.]+\(|'[^']+'!|\w+!|\$?[A-Za-z]{1,3}\$?\d|[\d\"]|TRUE|FALSE)"
)
"""Beginning of a possible formula: a function, a cell or a value."""
_QUOTED: Final = re.compile(r"\"[^\"]*\"|'[^']*'")
_SENTENCE: Final = re.compile(r"[^\W\d_]{2}\s++[^\W\d_]{2}")
"""Words with a blank between them, which no formula has outside of quotation marks."""


def _formulas_in(sheet: bytes) -> dict[tuple[int, int], str]:
    """Return the values of formulas, by row and column from 0: a text like =_=, or nothing."""
    found: dict[tuple[int, int], str] = {}
    for letters, row, formula in _CELL.findall(sheet):
        column = 0
        for letter in letters:
            column = 26 * column + letter - 64
        text = unescape(formula.decode("utf-8", "replace"))
        if _FORMULA.match(text) is None or _SENTENCE.search(_QUOTED.sub("", text)):
            found[int(row) - 1, column - 1] = f"={text}"
    return found


def _written(packed: IO[bytes], rows: IO[bytes], chosen: str | None) -> Workbook:
    from_1904, sheets, hidden = _opened(packed)
    if not (sheets := [sheet for sheet in sheets if sheet.size]):
        raise _RefusedError("empty")
    if chosen is None:
        fullest = max(sheets, key=lambda sheet: sheet.size)
        read = _without_repeated([sheet for sheet in sheets if sheet.header == fullest.header])
    elif not (read := [sheet for sheet in sheets if sheet.name == chosen][:1]):
        raise _RefusedError("sheet")
    header = read[0].header
    cells = _Cells(header, date(1904, 1, 1) if from_1904 else date(1899, 12, 30))
    people = _people(read, cells)
    text = io.TextIOWrapper(rows, "utf-8", errors="replace", newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
    with cut_at_the_limit():
        for sheet in read:
            texts: Iterable[list[str]] = map(cells.texts, sheet.rows)
            if people:
                person = people[sheet.name]
                texts = ([*row, person if n else SHEET] for n, row in enumerate(texts))
            writer.writerows(texts)
        text.flush()
    read_names = tuple(sheet.name for sheet in read)
    others = tuple(sheet.name for sheet in sheets if sheet.name not in read_names)
    return Workbook(read_names, others, tuple(hidden), tuple(cells.days), bool(people))


def _without_repeated(sheets: list[_Sheet]) -> list[_Sheet]:
    """Return the sheets, without sheets that nearly repeat a larger sheet."""
    if len(sheets) == 1:
        return sheets
    rows = {
        sheet.name: {hash(repr(row)) for row in islice(sheet.rows, 1, None)} for sheet in sheets
    }
    seen, repeated = set[int](), set[str]()
    for sheet in sorted(sheets, key=lambda sheet: -len(rows[sheet.name])):
        own = rows[sheet.name]
        if own and 20 * len(own & seen) >= 19 * len(own):
            repeated.add(sheet.name)
        seen |= own
    return [sheet for sheet in sheets if sheet.name not in repeated]


def _people(sheets: Sequence[_Sheet], cells: "_Cells") -> Mapping[str, str]:
    columns = {plain_column(name) for name in cells.header}
    if len(sheets) < 2 or cells.has_authors or SHEET in columns:
        return {}
    files = {f"{sheet.name.replace('/', ' ')}.csv": sheet.name for sheet in sheets}
    authors = authors_of([*files], is_table=True)
    if authors is None or len(authors.by_file) < len(sheets):
        return {}
    return {files[file]: author for file, author in authors.by_file.items()}


def _opened(packed: IO[bytes]) -> tuple[bool, list[_Sheet], list[str]]:
    """Return whether days count from 1904, the visible sheets, and names of hidden sheets."""
    from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

    try:
        with zipfile.ZipFile(packed) as parts:
            read = (part for part in parts.infolist() if part.filename.endswith((".xml", ".rels")))
            if sum(part.file_size for part in read) > MOST_UNPACKED:
                raise _RefusedError("large")
            is_open = _OPEN_DOCUMENT in parts.namelist()
            from_1904 = not is_open and _FROM_1904.search(parts.read(WORKBOOK)) is not None
            paths = {} if is_open else _paths_of_sheets(parts)
            formulas = {name: _formulas_in(parts.read(path)) for name, path in paths.items()}
        packed.seek(0)
        workbook = CalamineWorkbook.from_filelike(packed)
        visible, hidden = list[_Sheet](), list[str]()
        for facts in workbook.sheets_metadata:
            if facts.visible != SheetVisibleEnum.Visible:
                hidden.append(facts.name)
            elif facts.typ == SheetTypeEnum.WorkSheet:
                sheet = workbook.get_sheet_by_name(facts.name)
                visible.append(_Sheet(facts.name, sheet, formulas.get(facts.name, {})))
    except (CalamineError, zipfile.BadZipFile, KeyError, OSError, RuntimeError, ValueError):
        raise _RefusedError("damaged") from None
    return from_1904, visible, hidden


_SHEET: Final = re.compile(rb"<(?:\w+:)?sheet\b[^<>]*>")
_RELATION: Final = re.compile(rb"<Relationship\b[^<>]*>")
_ATTRIBUTE: Final = re.compile(rb"(?<!\w)(?:\w+:)?(\w+)=[\"']([^\"']*)[\"']")


def _paths_of_sheets(parts: zipfile.ZipFile) -> dict[str, str]:
    relations = parts.read("xl/_rels/workbook.xml.rels")
    targets = {
        found["Id"]: found["Target"]
        for found in map(_attributes, _RELATION.findall(relations))
        if {"Id", "Target"} <= found.keys()
    }
    sheets = map(_attributes, _SHEET.findall(parts.read(WORKBOOK)))
    paths = {sheet["name"]: targets[sheet["id"]] for sheet in sheets if sheet.get("id") in targets}
    names = {name: path.lstrip("/") for name, path in paths.items()}
    full = {name: path if path.startswith("xl/") else f"xl/{path}" for name, path in names.items()}
    return {name: path for name, path in full.items() if path in parts.namelist()}


def _attributes(tag: bytes) -> dict[str, str]:
    return {
        name.decode(): unescape(value.decode("utf-8", "replace"))
        for name, value in _ATTRIBUTE.findall(tag)
    }


class _Cells:
    def __init__(self, header: Sequence[str], first_day: date) -> None:
        names: dict[str, str] = {}
        for name in header:
            names.setdefault(plain_column(name), name)
        fields = names_by_field(names, {})
        of_times = fields.get("created_at", ())
        self.header = header
        self.has_authors = "username" in fields
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
    """Return a number; a rounded number as spreadsheets show it, so that it is no id."""
    if isinstance(value, float) and not value.is_integer():
        return repr(value)
    return f"{value:.14E}" if abs(value) >= _ROUNDED else str(int(value))


def _to_seconds(time: datetime) -> str:
    """Return a time without the fractions that days as floating point numbers bring."""
    return str((time + timedelta(milliseconds=500)).replace(microsecond=0))


if __name__ == "__main__":
    main()
