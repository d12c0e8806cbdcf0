"""The calendar of a year of posting: the months and days that have posts."""

from datetime import date, datetime
from itertools import groupby
from typing import Annotated, Final
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.result_cache import EVERYTHING, depends_on
from app.models import RoomPerson, Tweet
from app.runtime.clock import span_of_year
from app.services.posts.post_counts import DAY_S, MOST_YEARS, local_unit, seconds_of
from app.services.posts.selection import Selection
from app.services.posts.statistics import count_by_day, have_posts
from app.services.posts.users import Author

DAYS_OF_YEAR: Final = 366
_FIRST_DAY: Final = 1
"""The ordinal of the first day of the year 1."""


class DayPosts(msgspec.Struct, frozen=True):
    """A day with posts, and how many."""

    date: Annotated[date, Meta(description="A day in `tz`.")]
    tweets: int
    room: Annotated[
        int | None, Meta(description="ID of the chat, if all posts of the day are from one chat.")
    ]


class MonthPosts(msgspec.Struct, frozen=True):
    """A month with posts, and its days that have any."""

    month: Annotated[int, Meta(description="From 1 to 12.")]
    tweets: int
    days: list[DayPosts]


class CalendarYear(msgspec.Struct, frozen=True):
    """A year of posting."""

    year: int
    years: Annotated[
        list[int], Meta(description="Years with posts among the last 40, newest first, and `year`.")
    ]
    tweets: int
    days: Annotated[int, Meta(description="Number of days with posts.")]
    months: Annotated[list[MonthPosts], Meta(description="Months with posts, in order.")]


async def calendar_of(
    session: AsyncSession, author: Author, zone: ZoneInfo, year: int | None
) -> CalendarYear | None:
    """Return the calendar of a year, by default the newest with posts; None without dated posts.

    A year before the first or after the last is taken for that one.
    """
    if author.first_tweet_at is None or author.newest_tweet_at is None:
        return None
    times = (author.first_tweet_at, author.newest_tweet_at)
    first, last = (time.astimezone(zone).year for time in times)
    year = min(max(year or last, first), last)
    since, until = span_of_year(year, zone)
    selection = Selection(usernames=(author.username,), since=since, until=until)
    cells = await count_by_day(session, selection, zone, limit=DAYS_OF_YEAR)
    rooms = await rooms_by_day(session, author, zone, since, until)
    newest = range(last, max(first, last - MOST_YEARS + 1) - 1, -1)
    years = [*newest, *([] if year in newest else [year])]
    have = await have_posts(session, author.id, [span_of_year(y, zone) for y in years])
    return CalendarYear(
        year=year,
        years=[listed for listed, has in zip(years, have, strict=True) if has or listed == year],
        tweets=sum(posts for _, _, posts in cells),
        days=len(cells),
        months=[
            _month_of(
                month, [DayPosts(day, posts, room_of_day(rooms, day)) for day, _, posts in of_month]
            )
            for month, of_month in groupby(cells, key=lambda cell: cell[0].month)
        ],
    )


def _month_of(month: int, days: list[DayPosts]) -> MonthPosts:
    return MonthPosts(month, sum(day.tweets for day in days), days)


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
