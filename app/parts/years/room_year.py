"""A year of a chat: when its people wrote and how much each, which words came and went."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import date
from itertools import groupby
from typing import Annotated, NamedTuple
from zoneinfo import ZoneInfo

from msgspec import Meta
from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import now, span_of_year
from app.compute.chat_timing import Said
from app.compute.chat_traits import Trait, days_of_first, traits_of
from app.compute.hours import busiest_hours, fullest_part, hours_of_day
from app.compute.portrait import ChatPortrait, PersonPortrait, portray
from app.errors import NotFoundError
from app.models import Tweet, User
from app.parts.years.author_year import WrittenYear, days_apart_in, end_of_year
from app.parts.years.compared_years import Writers, compare_years
from app.result_cache import EVERYTHING, depends_on
from app.services.archive.calendar import CalendarYear, DayPosts, MonthPosts
from app.services.archive.numbers import posts_by_day
from app.services.posts.post_counts import HOUR_S, local_unit, seconds_of
from app.services.posts.scanning import scan
from app.services.rooms.messages import LovedMessage, most_loved
from app.services.rooms.periods import FEWEST_OF_YEAR, messages_by_year
from app.services.rooms.portrait import names_of, portrait_of, said_of, traits_named
from app.services.rooms.room_facts import RoomFacts, names_in


class RoomYear(WrittenYear, frozen=True, kw_only=True):
    """A year of a chat."""

    room: RoomFacts
    people_total: Annotated[int, Meta(description="How many people wrote in the year.")]
    people: Annotated[
        list[PersonPortrait],
        Meta(description="Six with the most messages of the year, then the others together."),
    ]
    traits: Annotated[
        list[Trait], Meta(description="What sets some apart by more than chance; at most three.")
    ]
    scanned: Annotated[
        int, Meta(description="Messages that were looked through: the newest 20,000 of the year.")
    ]
    loved: Annotated[
        list[LovedMessage],
        Meta(description="The message of the year with the most reactions, and those of signs."),
    ]


class _Counted(NamedTuple):
    portrait: ChatPortrait
    ids: list[int]
    """Of the people who stand for themselves."""
    traits: list[Trait]


async def read_room_year(
    session: AsyncSession, room: RoomFacts, year: int, zone: ZoneInfo
) -> RoomYear:
    """Return a year of a room. Raises NotFoundError where it has under 100 messages."""
    depends_on(EVERYTHING)
    at, span = now(), span_of_year(year, zone)
    by_year = await messages_by_year(session, room, zone)
    if by_year.get(year, 0) < FEWEST_OF_YEAR:
        raise NotFoundError(
            "There are fewer than {count} messages in {year}", count=FEWEST_OF_YEAR, year=year
        )
    is_alive = Tweet.user_id.in_(select(User.id).where(User.deleted_at.is_(None)))
    is_theirs = and_(Tweet.room_id == room.id, is_alive)
    is_of_year = and_(is_theirs, Tweet.created_at >= span[0], Tweet.created_at < span[1])
    hours = await _by_hour(session, is_of_year, zone)
    is_over, until = end_of_year(year, zone, at)
    writers = Writers(is_theirs, room.first_message_at, room.newest_message_at)
    compared = await compare_years(session, writers, year, zone, at)
    newest = await scan(session, is_of_year, columns=("author", "time", "text"), is_dated=True)
    said = (await asyncio.to_thread(said_of, newest))[::-1]
    counted = await asyncio.to_thread(_count, said, room, zone)
    ids, named = counted.ids, await names_of(session, counted.ids)
    traits = await traits_named(session, counted.traits, counted.portrait, len(ids))
    of_year = {listed: count for listed, count in by_year.items() if count >= FEWEST_OF_YEAR}
    return RoomYear(
        room=room,
        tz=zone.key,
        calendar=_calendar(room, year, [*of_year], posts_by_day(hours)),
        hours=hours_of_day(hours),
        busy_from=busiest_hours(hours),
        busy_part=fullest_part(hours),
        days_apart=days_apart_in(writers, hours, zone, year, until),
        is_over=is_over,
        until=until,
        came=compared.came,
        went=compared.went,
        only=compared.only,
        by_year=[*of_year.values()],
        people_total=len(counted.portrait.speakers),
        people=portrait_of(room, zone, len(said), counted.portrait, named).people,
        traits=traits,
        scanned=len(said),
        loved=await most_loved(session, room.id, span),
    )


def _count(said: Sequence[Said], room: RoomFacts, zone: ZoneInfo) -> _Counted:
    """Return what is counted of the messages of a year; it takes long."""
    portrait = portray(said, zone, names_in(room))
    ids = [group[0] for group in portrait.groups if len(group) == 1]
    traits = traits_of(
        [person.messages for person in portrait.people[: len(ids)]],
        len(said),
        portrait.speakers,
        [(0, 0)] * len(portrait.speakers),
        days_of_first(said, ids),
    )
    return _Counted(portrait, ids, traits)


async def _by_hour(
    session: AsyncSession, is_of_year: ColumnElement[bool], zone: ZoneInfo
) -> Counter[int]:
    """Return how many messages each hour has that has any, from the year 1 on."""
    hour = local_unit(seconds_of(Tweet.created_at), zone, HOUR_S, tick_s=1).label("hour")
    query = select(hour, func.count()).where(is_of_year).group_by("hour")
    return Counter({int(hour): count for hour, count in await session.execute(query)})


def _calendar(room: RoomFacts, year: int, years: list[int], by_day: Counter[date]) -> CalendarYear:
    days = [DayPosts(day, by_day[day], room.id) for day in sorted(by_day)]
    months = [
        MonthPosts(month, sum(day.tweets for day in of_month), of_month)
        for month, of_month in (
            (month, [*days_of_month])
            for month, days_of_month in groupby(days, key=lambda day: day.date.month)
        )
    ]
    return CalendarYear(year, years, by_day.total(), len(days), months)
