"""The first records of a file, read before any is stored: whether times and authors are there."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Final

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


def checked_first(
    source: Source, form: str, records: RecordStream, options: ReadOptions
) -> RecordStream:
    """Return the records of a source, with the first of them read already.

    Raises UnsettledError where somebody has to choose before any is stored.
    """
    first, is_whole = read_first(records, options)
    if not is_whole:
        check_whole(source, form, options, records.notes.summary)
    return first


def check_order(records: RecordStream) -> None:
    """Raise UnsettledError if a date since does not fit the order that was assumed."""
    if records.notes.is_order_disproved:
        raise UnsettledError(ways_out("dates", is_table=bool(records.columns)))


def read_first(records: RecordStream, options: ReadOptions) -> tuple[RecordStream, bool]:
    """Return the records with the first of them read already, and whether these are all.

    Raises UnsettledError where most of their times or authors are there and cannot be read.
    """
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
    check_settled(records, options)
    return replace(records, items=_joined(first, fault, records.items)), is_whole


def check_settled(records: RecordStream, options: ReadOptions) -> None:
    """Raise UnsettledError if somebody has to choose before the records so far are stored."""
    if unsettled := unsettled_of(records, options):
        raise UnsettledError(ways_out(unsettled, is_table=bool(records.columns)))


def check_whole(source: Source, form: str, options: ReadOptions, noted: NotesSummary) -> None:
    """Read a file to its end if its later records may disprove what its first ones suggest.

    `noted` is what was assumed of the first records. Raises UnsettledError if it is disproved. A
    stream cannot be read twice, and its records are judged as they come.
    """
    may_change = (part.kind in DECIDING and part.alternatives for part in noted.assumptions)
    if source.path is None or source.is_copied or not any(may_change):
        return
    limit = source.meter.limit_bytes
    with Source(source.path, name=source.name, limit_bytes=limit) as again:
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
