"""Changes of a stored chat: its name, joining it to another, its time zone, who came and left.

Messages keep their ids, links and reactions.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from functools import partial
from typing import Final

import numpy as np
from sqlalchemy import ColumnElement, case, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import UNTRACKED, backend_of, insert_rows, is_among
from app.db.feed import STREAM_RESET
from app.db.result_cache import DERIVED
from app.errors import ConflictError, InvalidInputError, NotFoundError
from app.models import Room, RoomMove, RoomPerson, Tweet
from app.services.access.accounts import move_readers
from app.services.event_log import NewEvent, append_events
from app.services.posts.local_time import unix_seconds
from app.services.posts.post_counts import add_counts, counts_of
from app.services.posts.post_rooms import DELETED_APP, count_messages
from app.services.posts.users import find_by_keys
from saywho.formats.chats.people import zone_of
from saywho.formats.post import RoomReference
from saywho.formats.records import ChatMove
from saywho.people.same_chat import UNKNOWN, Numbers
from saywho.text import clean_title, username_key

MOVED_AT_ONCE = 5_000


async def rename_room(session: AsyncSession, room_id: int, name: str) -> None:
    """Set a chat's name, if empty the title. Raises NotFoundError and InvalidInputError."""
    room = await get_room_row(session, room_id)
    cleaned = clean_title(name)
    if cleaned is None and room.title is None:
        raise InvalidInputError("The chat needs a name", loc="name")
    room.name = None if cleaned == room.title else cleaned
    await announce_change(session, room.id)


async def join_in_part(session: AsyncSession, room_id: int, target_id: int) -> int | None:
    """Move some messages to another chat; return its ID at the end, so that an interrupted joining
    can be repeated.

    Raises NotFoundError, InvalidInputError.
    """
    room, target = await get_room_row(session, room_id), await get_room_row(session, target_id)
    if room.id == target.id:
        raise InvalidInputError("Choose two different chats", loc="into")
    if await _move(session, room.id, target.id) == MOVED_AT_ONCE:
        return None
    await _close(session, room, target)
    return target.id


async def get_room_row(session: AsyncSession, room_id: int) -> Room:
    """Return the chat of that ID, or its joined one. Raises NotFoundError."""
    room = await session.get(Room, room_id)
    if room is not None and room.joined_to_id is not None:
        room = await session.get(Room, room.joined_to_id)
    if room is None or room.platform == DELETED_APP:
        raise NotFoundError("There is no chat {room_id}", room_id=room_id)
    return room


async def _move(session: AsyncSession, room_id: int, target_id: int) -> int:
    query = select(Tweet.id, Tweet.user_id).where(Tweet.room_id == room_id)
    rows = (await session.execute(query.limit(MOVED_AT_ONCE))).all()
    moved = query.with_only_columns(Tweet.id).limit(MOVED_AT_ONCE).scalar_subquery()
    change = update(Tweet).where(Tweet.id.in_(moved)).values(room_id=target_id)
    await session.execute(change, execution_options=UNTRACKED)
    await count_messages(
        session,
        [(target_id, row.user_id) for row in rows],
        [(room_id, row.user_id) for row in rows],
    )
    await announce_change(session, target_id)
    return len(rows)


async def _close(session: AsyncSession, room: Room, target: Room) -> None:
    """Let the other chat answer for this one and its joined ones."""
    target.tz = target.tz or room.tz
    target.date_order = target.date_order or room.date_order
    await session.execute(delete(RoomPerson).where(RoomPerson.room_id == room.id))
    lines = update(RoomMove).where(RoomMove.room_id == room.id)
    await session.execute(lines.values(room_id=target.id))
    await move_readers(session, room.id, target.id)
    is_meant = or_(Room.id == room.id, Room.joined_to_id == room.id)
    joined = update(Room).where(is_meant).values(joined_to_id=target.id)
    await session.execute(joined, execution_options=UNTRACKED)


async def announce_change(session: AsyncSession, room_id: int) -> None:
    query = select(RoomPerson.user_id).where(RoomPerson.room_id == room_id)
    people = (await session.scalars(query.order_by(RoomPerson.user_id))).all()
    event = NewEvent("room.updated", people[0] if people else room_id)
    await append_events(session, [event], concerned=people)


# --- Times, of a chat whose file was read in another time zone ---

Steps = Sequence[tuple[int, int]]
"""Seconds to add to times, each from a time on, in seconds from 1970; the first for all before."""
_STEP_S: Final = 6 * 3_600
"""Changes of a zone's clock are further apart."""
_QUARTER_S: Final = 15 * 60
"""A zone's clock changes at a quarter of an hour."""


def moved(times: Numbers, steps: Steps) -> Numbers:
    since, seconds = np.array(steps, np.int64).T
    at = np.searchsorted(since, times, side="right") - 1
    later: Numbers = times + seconds[at.clip(0)]
    return later


def reread(times: Numbers, before: tzinfo | None, after: tzinfo | None) -> Numbers:
    """Return the moments at which clocks of one zone show what those of another show at times."""
    is_known = times != UNKNOWN
    quarters, at = np.unique(times[is_known] // _QUARTER_S, return_inverse=True)
    added = [_added(start, before, after) for start in (quarters * _QUARTER_S).tolist()]
    read = times.copy()
    read[is_known] += np.array(added, np.int64)[at]
    return read


def _added(time: int, before: tzinfo | None, after: tzinfo | None) -> int:
    """Return the seconds that reading a time in another zone adds to it."""
    local = datetime.fromtimestamp(time, UTC).astimezone(before)
    return int(local.replace(tzinfo=after).timestamp()) - time


def steps_between(before: tzinfo | None, after: tzinfo | None, first: int, last: int) -> Steps:
    """Return what reading times in another zone adds to them."""
    added = partial(_added, before=before, after=after)
    steps = [(first, added(first))]
    for start in range(first, last + _STEP_S, _STEP_S):
        low, high = start, start + _STEP_S
        if added(high) == steps[-1][1]:
            continue
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if added(middle) == steps[-1][1] else (low, middle)
        steps.append((high, added(high)))
    return steps


async def move_times(session: AsyncSession, room_id: int, steps: Steps, zone: str | None) -> None:
    """Add seconds to the times of a chat, whose zone is the given one then."""
    is_of_room = Tweet.room_id == room_id
    before = await counts_of(session, is_of_room)
    (_, first), *others = steps
    for table, column in ((Tweet, Tweet.created_at), (RoomMove, RoomMove.at)):
        later = partial(backend_of(session).seconds_after, column)
        cases = [
            (column >= datetime.fromtimestamp(since, UTC), later(seconds))
            for since, seconds in reversed(others)
        ]
        time = case(*cases, else_=later(first)) if cases else later(first)
        is_dated = update(table).where(table.room_id == room_id, column.is_not(None))
        await session.execute(is_dated.values({column: time}), execution_options=UNTRACKED)
    await add_counts(session, await counts_of(session, is_of_room), before)
    room = await get_room_row(session, room_id)
    room.tz = zone or room.tz
    await announce_change(session, room_id)
    await append_events(session, [NewEvent(STREAM_RESET, DERIVED, posts=0)])


async def change_zone(session: AsyncSession, room_id: int, zone: str) -> int:
    """Read the times of a chat in another zone; return its ID.

    Raises NotFoundError, ValueError for an unknown zone, and ConflictError if it is not known in
    which zone the times were read.
    """
    room, after = await get_room_row(session, room_id), zone_of(zone)
    if room.tz is None:
        raise ConflictError(
            "The time zone of this chat's import is not known. Import its file "
            "again in the right zone"
        )
    seconds = unix_seconds(Tweet.created_at)
    ends = select(func.min(seconds), func.max(seconds)).where(Tweet.room_id == room.id)
    first, last = (await session.execute(ends)).one()
    if first is not None and zone != room.tz:
        steps = steps_between(zone_of(room.tz), after, int(first), int(last))
        await move_times(session, room.id, steps, zone)
    return room.id


# --- The lines of imports that people came to a chat, left it, or changed their names ---

_COLUMNS: Final = ("room_id", "user_id", "at", "has_left", "became_id", "import_id")


async def store_moves(
    session: AsyncSession,
    moves: Iterable[ChatMove],
    rooms: Mapping[RoomReference, int],
    import_id: int,
) -> None:
    """Keep these lines of an import, in the place of what it brought before."""
    meant = [
        (move, username_key(move.username), username_key(move.became))
        for move in moves
        if move.room in rooms
    ]
    authors = await find_by_keys(session, {key for _, *keys in meant for key in keys if key})
    # A joined name keeps its lines, for when it is parted again.
    ids = {key: author.names.get(key, author.id) for key, author in authors.items()}
    found = [
        (rooms[move.room], authors[key].id, (ids[key], move.at, move.has_left, ids.get(new)))
        for move, key, new in meant
        if key in ids and (new in ids or not new)
    ]
    here = select(RoomPerson.room_id, RoomPerson.user_id).where(
        is_among(session, RoomPerson.room_id, {room_id for room_id, *_ in found}),
        RoomPerson.messages > 0,
    )
    people = {(room_id, user_id) for room_id, user_id in await session.execute(here)}
    found = [each for each in found if each[:2] in people]
    await remove_moves(session, RoomMove.import_id == import_id)
    rows = [
        dict(zip(_COLUMNS, (room_id, *line, import_id), strict=True)) for room_id, _, line in found
    ]
    await insert_rows(session, RoomMove, rows)
    for room_id in sorted({room_id for room_id, *_ in found}):
        await announce_change(session, room_id)


async def remove_moves(session: AsyncSession, is_meant: ColumnElement[bool]) -> None:
    """Forget who came and left, and tell those who read these chats."""
    removed = await session.scalars(delete(RoomMove).where(is_meant).returning(RoomMove.room_id))
    for room_id in sorted({*removed}):
        await announce_change(session, room_id)
