"""Rows of one file as records: what its first rows tell holds for all of them."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from app.errors import Message
from app.formats.assumptions import ReadNotes, Role
from app.formats.cells import are_rounded
from app.formats.column_guess import ROLES, ColumnGuess, guess, likely_reposts, values_by_name
from app.formats.column_names import plain_column
from app.formats.file_columns import KNOWN_HEADERS, FileColumns, RowRules
from app.formats.records import Item, ReadOptions
from app.formats.source.times import FileTimes, read_time
from app.formats.told_reposts import ToldReposts

_MOST_OPENED: Final = 3
"""Objects, one around the other, that are opened for the fields of a post."""
Row = Mapping[str, object]


class RowReader:
    """Reads the rows of one file, and notes which columns it assumed and did not use."""

    def __init__(
        self, sample: Sequence[Mapping[str, object]], options: ReadOptions, *, is_table: bool
    ) -> None:
        self._chosen = dict(options.columns)
        self._username = options.username
        self._known: dict[tuple[str, ...], FileColumns] = {}
        self._guesses: dict[str, ColumnGuess] = {}
        self._looks_like: dict[str, Role] = {}
        """Columns that look like a time, an author or a repost and are not used."""
        opened = [self._opened(row)[0] for row in sample]
        self._look_for(opened, sample, guesses_text=is_table)
        ids = (row.get(name) for row in opened for name in self._id_names(row))
        self._rules = RowRules(
            is_table=is_table,
            has_rounded_ids=are_rounded(ids),
            include_restricted=options.include_restricted,
            on_repost=self._count_repost,
            read_time=self._read_time,
        )
        self._dates, self._zone = options.dates, options.timezone
        self._times: FileTimes | None = None
        self._rows = 0
        self._notes = ReadNotes()
        self._told = ToldReposts(self._notes)

    def columns(self, names: tuple[str, ...]) -> FileColumns:
        """Return the columns among some names, which many rows share."""
        if (known := self._known.get(names)) is None:
            if len(self._known) >= KNOWN_HEADERS:
                self._known.clear()
            known = self._known[names] = FileColumns(names, self._chosen)
        return known

    def has_text(self, row: Mapping[str, object]) -> bool:
        """Return whether a column of the row, or of the objects in it, holds its text."""
        opened, columns = self._opened(row)
        return any(not isinstance(opened[name], list | dict) for name in columns.names_of("text"))

    def is_post(self, row: Mapping[str, object]) -> bool:
        """Return whether a row has a text and an author."""
        opened, columns = self._opened(row)
        text = any(isinstance(opened[name], str) for name in columns.names_of("text"))
        return text and any(opened[name] for name in columns.names_of("username"))

    def read(self, row: Mapping[str, object], place: int) -> Item:
        """Return the row as a record. Raises RecordError."""
        self._rows += 1
        columns = self.columns(tuple(row))
        if columns.may_open:
            row, columns = self._opened(row)
        return columns.read(row, place, self._rules)

    def noting(
        self, items: Iterator[Item], notes: ReadNotes, rows: Callable[[], Iterable[Row]]
    ) -> Iterator[Item]:
        """Yield the items, and note what was assumed and what was not used.

        `rows` yields the rows of the file once more, to look ahead for the order of its dates.
        """
        self._times = FileTimes(self._dates, notes, lambda: self._times_in(rows()), zone=self._zone)
        self._notes, self._told = notes, ToldReposts(notes)
        for field, guessed in self._guesses.items():
            role = ROLES[field]
            notes.assume(
                "column",
                f"{role}={guessed.name}",
                alternatives=tuple(f"{role}={name}" for name in guessed.others),
                evidence=Message("based on its name and first values"),
            )
        for name, role in self._looks_like.items():
            notes.leave("column", name, role=role)
        yield from items
        for name in self._looks_like:
            notes.leave("column", name, max(0, self._rows - 1))

    def _times_in(self, rows: Iterable[Row]) -> Iterator[object]:
        for row in rows:
            opened, columns = self._opened(row)
            yield from (opened.get(name) for name in columns.names_of("created_at")[:1])

    def _opened(self, row: Mapping[str, object]) -> tuple[Mapping[str, object], FileColumns]:
        columns = self.columns(tuple(row))
        for _ in range(_MOST_OPENED):
            if (opened := columns.opened(row)) is None:
                break
            row, columns = opened, self.columns(tuple(opened))
        return row, columns

    def _id_names(self, row: Mapping[str, object]) -> Sequence[str]:
        return self.columns(tuple(row)).names_of("source_id")

    def _look_for(
        self,
        opened: Sequence[Mapping[str, object]],
        sample: Sequence[Mapping[str, object]],
        *,
        guesses_text: bool,
    ) -> None:
        """Guess the fields that no known column holds, and keep what only looks like them."""
        known = [self.columns(tuple(row)) for row in opened]
        if any(columns.is_own for columns in known):
            return
        used = {plain_column(name) for name in self._chosen}
        used |= {plain_column(name) for columns in known for name, field in columns.fields if field}
        values = {
            name: column
            for name, column in values_by_name(sample).items()
            if plain_column(name) not in used
        }
        for field in ROLES:
            if any(columns.has(field) for columns in known) or (
                field == "text" and not guesses_text
            ):
                continue
            found = guess(field, values)
            if found and field == "username" and self._username is not None:
                self._looks_like |= dict.fromkeys((found.name, *found.others), "author")
            elif found:
                self._guesses[field] = found
                self._chosen[found.name] = field
                values.pop(found.name)
        if self._guesses:
            self._known.clear()
        self._looks_like |= dict.fromkeys(likely_reposts(values), "repost")

    def _read_time(self, value: object) -> datetime:
        return read_time(value) if self._times is None else self._times.read(value)

    def _count_repost(self) -> None:
        self._told.add()
