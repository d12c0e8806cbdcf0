"""The first records of a file, read before any is stored: whether times and authors are there."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Final, NamedTuple

from app.errors import ImportFileError
from app.formats.assumptions import NotesSummary
from app.formats.note_sentences import ways_out
from app.formats.records import Item, ReadOptions, Record, RecordStream, unsettled_of
from app.formats.registry import open_records
from app.formats.source.file import Source

FIRST_RECORDS: Final = 1_000
MOST_CHARACTERS: Final = 8_000_000
"""Characters of these records, which are kept until they are stored."""
DECIDING: Final = frozenset({"dates"})
"""Kinds of assumptions that a later record may disprove."""


class UnsettledError(ImportFileError):
    """Authors or times of a file cannot be read, so somebody has to choose."""


class FirstReading(NamedTuple):
    """The first items of a source, and what is wrong with the file behind them."""

    records: RecordStream
    items: list[Item]
    fault: ImportFileError | None
    is_whole: bool
    """Whether there are no other items."""

    @classmethod
    def of(cls, records: RecordStream) -> "FirstReading":
        """Read the first items of a stream."""
        first: list[Item] = []
        fault: ImportFileError | None = None
        is_whole, characters = True, 0
        try:
            for item in records.items:
                first.append(item)
                characters += len(item.text) if isinstance(item, Record) else 0
                if len(first) >= FIRST_RECORDS or characters >= MOST_CHARACTERS:
                    is_whole = False
                    break
        except ImportFileError as error:
            fault = error
        return cls(records, first, fault, is_whole)

    def checked(self, source: Source, form: str, options: ReadOptions) -> RecordStream:
        """Return all records, the first as they were read.

        Raises UnsettledError where somebody has to choose before any is stored.
        """
        check_settled(self.records, options)
        if not self.is_whole:
            check_whole(source, form, options, self.records.notes.summary)
        return replace(self.records, items=_joined(self.items, self.fault, self.records.items))


def check_order(records: RecordStream) -> None:
    """Raise UnsettledError if a date since does not fit the order that was assumed."""
    if records.notes.is_order_disproved:
        raise UnsettledError(ways_out("dates", is_table=bool(records.columns)))


def check_settled(records: RecordStream, options: ReadOptions) -> None:
    """Raise UnsettledError if somebody has to choose before the records so far are stored."""
    if unsettled := unsettled_of(records, options):
        raise UnsettledError(ways_out(unsettled, is_table=bool(records.columns)))


def check_whole(source: Source, form: str, options: ReadOptions, noted: NotesSummary) -> None:
    """Read a file to its end if its later records may disprove what its first ones suggest.

    `noted` is what was assumed of the first records. Raises UnsettledError if it is disproved.
    """
    may_change = (part.kind in DECIDING and part.alternatives for part in noted.assumptions)
    if not any(may_change):
        return
    with source.again() as again:
        records = open_records(again, format=form, options=options)
        with suppress(ImportFileError):  # Storing reports it, behind the records before it.
            for _ in records.items:
                pass
        check_settled(records, options)


def _joined(
    first: list[Item], fault: ImportFileError | None, rest: Iterator[Item]
) -> Iterator[Item]:
    """Yield the items that were read, each once, and then the others."""
    first.reverse()
    while first:
        yield first.pop()
    if fault is not None:
        raise fault
    yield from rest
