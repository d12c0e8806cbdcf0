"""Changing the times of a chat whose file was read in another time zone.

The messages keep their ids, links and reactions; all of them get their new times at once.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from functools import partial
from typing import Final

import numpy as np
from sqlalchemy import case, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import UNTRACKED, backend_of
from app.db.feed import STREAM_RESET
from app.db.result_cache import DERIVED
from app.errors import ConflictError
from app.models import RoomMove, Tweet
from app.services.event_log import NewEvent, append_events
from app.services.posts.local_time import unix_seconds
from app.services.posts.post_counts import add_counts, counts_of
from app.services.rooms.identity import announce_change, kept_room
from saywho.formats.chats.people import zone_of
from saywho.people.same_chat import UNKNOWN, Numbers

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


def read_in(times: Numbers, before: tzinfo | None, after: tzinfo | None) -> Numbers:
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
    room = await kept_room(session, room_id)
    room.tz = zone or room.tz
    await announce_change(session, room_id)
    await append_events(session, [NewEvent(STREAM_RESET, DERIVED, posts=0)])


async def change_zone(session: AsyncSession, room_id: int, zone: str) -> int:
    """Read the times of a chat in another zone; return its ID.

    Raises NotFoundError, ValueError for an unknown zone, and ConflictError if it is not known in
    which zone the times were read.
    """
    room, after = await kept_room(session, room_id), zone_of(zone)
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
