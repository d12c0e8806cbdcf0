"""The first records of a file, which decide whether and how it is read."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Final, NamedTuple

from msgspec import structs
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.text import username_key
from app.db.backend import Sessions
from app.errors import ImportFileError, Message
from app.formats.assumptions import NotesSummary, order_of, ways_out
from app.formats.post import RoomReference
from app.formats.records import Item, ReadOptions, Record, RecordStream, unsettled_of
from app.formats.registry import open_records
from app.formats.source.file import Source
from app.models import Room
from app.services.imports.bulk import find_by_keys
from app.services.imports.people_here import known_rooms

FIRST_RECORDS: Final = 1_000


class UnsettledError(ImportFileError):
    """Authors or times of a file are ambiguous, so that someone must choose."""


class FirstReading(NamedTuple):
    """The first items of a source, and the fault behind them."""

    records: RecordStream
    items: list[Item]
    fault: ImportFileError | None
    is_whole: bool

    @classmethod
    def of(cls, records: RecordStream) -> "FirstReading":
        first: list[Item] = []
        fault: ImportFileError | None = None
        is_whole, characters = True, 0
        try:
            for item in records.items:
                first.append(item)
                characters += len(item.text) if isinstance(item, Record) else 0
                if len(first) >= FIRST_RECORDS or characters >= 8_000_000:
                    is_whole = False
                    break
        except ImportFileError as error:
            fault = error
        return cls(records, first, fault, is_whole)

    def checked(self, source: Source, form: str, options: ReadOptions) -> RecordStream:
        """Return all records, reading the first only once. Raises UnsettledError before any record
        is stored.
        """
        check_settled(self.records, options)
        if not self.is_whole:
            check_whole(source, form, options, self.records.notes.summary)
        return replace(self.records, items=_joined(self.items, self.fault, self.records.items))


def check_order(records: RecordStream) -> None:
    """Raise UnsettledError if a later date contradicts the assumed order."""
    if records.notes.is_order_disproved:
        raise UnsettledError(ways_out("dates", is_table=bool(records.columns)))


def check_settled(records: RecordStream, options: ReadOptions) -> None:
    """Raise UnsettledError if someone must choose before these records are stored."""
    if unsettled := unsettled_of(records, options):
        raise UnsettledError(ways_out(unsettled, is_table=bool(records.columns)))


def check_whole(source: Source, form: str, options: ReadOptions, noted: NotesSummary) -> None:
    """Read on if later records may disprove `noted`, the first assumptions; then raise
    UnsettledError.
    """
    # Of all assumptions, a later record may only disprove the order of dates.
    if not any(part.kind == "dates" and part.alternatives for part in noted.assumptions):
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
    first.reverse()
    while first:
        yield first.pop()
    if fault is not None:
        raise fault
    yield from rest


AS_BEFORE: Message = Message("as in the first import of this chat")


async def begin_reading(
    db: Sessions, source: Source, form: str, records: RecordStream, options: ReadOptions
) -> RecordStream:
    """Return the records of a source, a stored chat's by default in its earlier zone and order of
    dates.

    Raises UnsettledError.
    """
    first = await asyncio.to_thread(FirstReading.of, records)
    async with db.read() as session:
        known = await read_as_before(session, records, first.items, options)
    if known != options:
        source.restart()
        records = await asyncio.to_thread(open_records, source, format=form, options=known)
        if known.timezone and known.timezone != options.timezone:
            records.notes.assume("timezone", known.timezone, evidence=AS_BEFORE)
        if known.dates and known.dates != options.dates:
            records.notes.assume("dates", known.dates, evidence=AS_BEFORE)
        first = await asyncio.to_thread(FirstReading.of, records)
    return await asyncio.to_thread(first.checked, source, form, known)


async def read_as_before(
    session: AsyncSession, records: RecordStream, items: Iterable[Item], options: ReadOptions
) -> ReadOptions:
    """Return the options with the earlier assumptions about the file's chats."""
    assumed = {part.kind for part in records.notes.assumptions}
    is_zone_open = options.timezone is None and "timezone" in assumed
    is_order_open = options.dates is None and "dates" in assumed
    if not (records.is_chat and (is_zone_open or is_order_open)):
        return options
    rooms = await _rooms_of(session, items)
    query = select(Room.tz, Room.date_order).where(Room.id.in_(rooms))
    rows = (await session.execute(query)).all()
    zones = {tz for tz, _ in rows if tz}
    orders = {order for _, name in rows if name and (order := order_of(name))}
    if is_zone_open and len(zones) == 1:
        options = structs.replace(options, timezone=zones.pop())
    if is_order_open and len(orders) == 1:
        options = structs.replace(options, dates=orders.pop())
    return options


async def _rooms_of(session: AsyncSession, items: Iterable[Item]) -> set[int]:
    keys: dict[RoomReference, set[str]] = defaultdict(set)
    for item in items:
        if isinstance(item, Record) and item.room is not None and item.username:
            keys[item.room].add(username_key(item.username))
    authors = await find_by_keys(session, set().union(*keys.values()))
    people = {
        room: {authors[key].id: authors[key].username for key in of_room if key in authors}
        for room, of_room in keys.items()
    }
    return await known_rooms(session, people)
