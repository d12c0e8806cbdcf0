"""Tables in the download of an account, told by the names of their columns."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice
from typing import Final, NamedTuple

from app.errors import BrokenFileError, RecordError
from app.formats.csv import read_rows
from app.formats.records import BadRecord
from app.formats.source.file import Content, Source
from app.formats.source.text import first_lines

Row = dict[str, str]
_DELIMITER: Final = ","
MOST_TABLES: Final = 500
"""Tables of an archive that are looked at."""


class AccountTable(NamedTuple):
    """A table, and the names of its columns in lower case."""

    content: Content
    columns: tuple[str, ...]

    def rows(self) -> Iterator[tuple[int, list[str]] | BadRecord]:
        """Yield the rows below the header, with their lines."""
        return islice(read_rows(self.content, _DELIMITER), 1, None)

    def row(self, cells: list[str]) -> Row:
        """Return the cells of a row by their columns. Raises RecordError for another width."""
        if len(cells) != len(self.columns):
            template = "the row has {count} fields, the header {width}"
            raise RecordError(template, count=len(cells), width=len(self.columns))
        return dict(zip(self.columns, cells, strict=True))


def tables_in(source: Source, is_wanted: Callable[[frozenset[str]], bool]) -> list[AccountTable]:
    """Return the tables with such columns: the file itself, or those in it, sorted by name."""
    if not source.has_members:
        contents = [source.uncounted]
    else:
        names = sorted(name for name in source.members if name.lower().endswith(".csv"))
        contents = [source.member(name).uncounted for name in names[:MOST_TABLES]]
    found = [(content.name, columns_of(content)) for content in contents]
    wanted = {name: columns for name, columns in found if is_wanted(frozenset(columns))}
    if source.has_members and wanted:
        source.expect(wanted)
    return [
        AccountTable(source.member(name) if source.has_members else source, columns)
        for name, columns in wanted.items()
    ]


def columns_of(content: Content) -> tuple[str, ...]:
    """Return the names in the first row of a table, in lower case."""
    first = next(iter(first_lines(content)), "").strip("\ufeff\r\n")
    return tuple(name.strip().strip('"').casefold() for name in first.split(_DELIMITER))


def first_rows(content: Content, most: int) -> list[list[str]]:
    """Return the first rows of a small table, up to where it is damaged."""
    rows: list[list[str]] = []
    with suppress(BrokenFileError):
        read = islice(read_rows(content.uncounted, _DELIMITER), most)
        rows.extend(each[1] for each in read if not isinstance(each, BadRecord))
    return rows
