"""Beginning to read a file of which something may be here already, as it was read before."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable

from msgspec import structs
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.text import username_key
from app.db.backend import Sessions
from app.errors import Message
from app.formats.choices import order_of
from app.formats.post import RoomReference
from app.formats.records import Item, ReadOptions, Record, RecordStream
from app.formats.registry import open_records
from app.formats.source.file import Source
from app.models import Room
from app.services.imports.bulk_authors import find_by_keys
from app.services.imports.first_reading import FirstReading
from app.services.rooms.recognition import RoomFinder

AS_BEFORE: Message = Message("as this chat was read before")


async def begin_reading(
    db: Sessions, source: Source, form: str, records: RecordStream, options: ReadOptions
) -> RecordStream:
    """Return the records of a source, with the first of them read already.

    A chat that is here is read in the time zone and with the order of dates of before, if neither
    the file nor the options say them. Raises UnsettledError where somebody has to choose.
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
    """Return the options with what was assumed of the file's chats when they were read before."""
    assumed = {part.kind for part in records.notes.assumptions}
    is_zone_open = options.timezone is None and "timezone" in assumed
    is_order_open = options.dates is None and "dates" in assumed
    if not (records.is_chat and (is_zone_open or is_order_open)):
        return options
    rooms = await known_rooms(session, items)
    query = select(Room.tz, Room.date_order).where(Room.id.in_(rooms))
    rows = (await session.execute(query)).all()
    zones = {tz for tz, _ in rows if tz}
    orders = {order for _, name in rows if name and (order := order_of(name))}
    if is_zone_open and len(zones) == 1:
        options = structs.replace(options, timezone=zones.pop())
    if is_order_open and len(orders) == 1:
        options = structs.replace(options, dates=orders.pop())
    return options


async def known_rooms(session: AsyncSession, items: Iterable[Item]) -> set[int]:
    """Return the rooms here that an import would take for the chats of these items."""
    people: dict[RoomReference, set[str]] = defaultdict(set)
    for item in items:
        if isinstance(item, Record) and item.room is not None and item.username:
            people[item.room].add(username_key(item.username))
    authors = await find_by_keys(session, {key for keys in people.values() for key in keys})
    finder, rooms = RoomFinder(), set()
    for reference, keys in people.items():
        names = {authors[key].id: authors[key].username for key in keys if key in authors}
        rooms.add(await finder.known(session, reference, names))
    return {room_id for room_id in rooms if room_id is not None}
