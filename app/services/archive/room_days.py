"""The days on which all that an author wrote was said in one chat."""

from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.models import RoomPerson, Tweet
from app.result_cache import EVERYTHING, depends_on
from app.services.posts.post_counts import DAY_S, local_unit, seconds_of
from app.services.posts.users import Author

_FIRST_DAY: Final = 1
"""The ordinal of the first day of the year 1."""


async def rooms_by_day(
    session: AsyncSession, author: Author, zone: ZoneInfo, since: datetime, until: datetime
) -> dict[date, int] | int | None:
    """Return the ids of the rooms by day, in a period; one alone is that of every day.

    None where the author writes in no room.
    """
    speaks_in = select(RoomPerson.room_id, RoomPerson.messages).where(
        RoomPerson.user_id == author.id, RoomPerson.messages > 0
    )
    rooms = (await session.execute(speaks_in.limit(2))).all()
    if not rooms:
        return None
    depends_on(EVERYTHING)
    if len(rooms) == 1 and rooms[0].messages == author.tweets:
        room_id: int = rooms[0].room_id
        return room_id
    day = local_unit(seconds_of(Tweet.created_at), zone, DAY_S, tick_s=1).label("day")
    first, last = func.min(Tweet.room_id), func.max(Tweet.room_id)
    query = (
        select(day, first.label("room"))
        .where(Tweet.user_id == author.id, Tweet.created_at >= since, Tweet.created_at < until)
        .group_by("day")
        .having(first == last, func.count() == func.count(Tweet.room_id))
    )
    days: dict[date, int] = {}
    for number, room in await session.execute(query):
        days[date.fromordinal(number + _FIRST_DAY)] = int(room or 0)
    return days


def room_of_day(rooms: dict[date, int] | int | None, day: date) -> int | None:
    """Return the room of a day, of what `rooms_by_day` has returned."""
    return rooms.get(day) if isinstance(rooms, dict) else rooms
