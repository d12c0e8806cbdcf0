"""Tables in an account's download, recognised by their column names."""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Final, NamedTuple

from app.errors import RecordError
from app.formats.csv import read_rows
from app.formats.records import BadRecord, readable
from app.formats.source.file import Content, Source
from app.formats.source.text import first_lines

Row = dict[str, str]
_DELIMITER: Final = ","


class AccountTable(NamedTuple):
    content: Content
    columns: tuple[str, ...]

    def rows(self) -> Iterator[tuple[int, list[str]] | BadRecord]:
        return islice(read_rows(self.content, _DELIMITER), 1, None)

    def row(self, cells: list[str]) -> Row:
        """Return a row's cells by column. Raises RecordError for another width."""
        if len(cells) != len(self.columns):
            template = "the row has {count} fields, the header {width}"
            raise RecordError(template, count=len(cells), width=len(self.columns))
        return dict(zip(self.columns, cells, strict=True))


def tables_in(source: Source, is_wanted: Callable[[frozenset[str]], bool]) -> list[AccountTable]:
    """Return the tables with such columns, members sorted by name."""
    if not source.has_members:
        contents = [source.uncounted]
    else:
        names = sorted(name for name in source.members if name.lower().endswith(".csv"))
        contents = [source.member(name).uncounted for name in names[:500]]
    found = {content.name: columns_of(content) for content in contents}
    wanted = {name: columns for name, columns in found.items() if is_wanted(frozenset(columns))}
    if source.has_members and wanted:
        source.expect(wanted)
    return [
        AccountTable(source.member(name) if source.has_members else source, columns)
        for name, columns in wanted.items()
    ]


def columns_of(content: Content) -> tuple[str, ...]:
    first = next(iter(first_lines(content)), "").strip("\ufeff\r\n")
    return tuple(name.strip().strip('"').casefold() for name in first.split(_DELIMITER))


def first_rows(content: Content, most: int) -> list[list[str]]:
    """Return a small table's first rows, up to any damage."""
    return list(readable(islice(read_rows(content.uncounted, _DELIMITER), most)))
