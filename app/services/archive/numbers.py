"""An author in numbers: when they write, whom they answer, their tags, emoji and links."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Final
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta
from sqlalchemy import ColumnElement
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.hours import DAY_H, BusyFrom, DayHours, busiest_hours, hours_of_day
from app.compute.mentions import Mentions, NameCount, ScannedPost, count_mentions
from app.compute.significance import fullest
from app.compute.text import username_key
from app.db.result_cache import depends_on
from app.models import Tweet
from app.services.posts.scanning import MOST_SCANNED, Scan, ScannedColumn, scan
from app.services.posts.selection import Selection
from app.services.posts.statistics import count_by_hour
from app.services.posts.users import Author

WEEK_DAYS: Final = 7
LONGEST_MONTH: Final = 31
MOST_NAMED: Final = 20
"""Entries of each list."""


class MonthOfPosts(msgspec.Struct, frozen=True):
    """A month, and how many posts it has."""

    first: Annotated[date, Meta(description="First day of the month.")]
    tweets: int


class Numbers(msgspec.Struct, frozen=True):
    """Figures over an author's posts. Lists have at most 20 entries, the most frequent first."""

    days: Annotated[int, Meta(description="Number of days in `tz` with posts.")]
    fullest_month: Annotated[
        MonthOfPosts | None,
        Meta(
            description="The month with clearly more posts than any other; null if there is none."
        ),
    ]
    hours: DayHours
    busy_from: BusyFrom
    weekdays: Annotated[
        list[int], Meta(description="Number of posts on each weekday, from Monday.")
    ]
    answered: Annotated[list[NameCount], Meta(description="Usernames that the replies answer.")]
    tags: Annotated[list[NameCount], Meta(description="Hashtags, without #.")]
    emoji: list[NameCount]
    sites: Annotated[list[NameCount], Meta(description="Hosts that posts link to.")]
    scanned: Annotated[
        int,
        Meta(description="Number of posts whose texts were analysed: at most the newest 20,000."),
    ]


async def numbers_of(session: AsyncSession, author: Author, zone: ZoneInfo) -> Numbers:
    """Return the figures of an author; hours and days are those of the time zone."""
    selection = Selection(usernames=(author.username,))
    by_hour = await count_by_hour(session, selection, zone)
    newest = await scan_author(session, author, columns=("text", "card", "answered"))
    # Whoever wrote for fifteen years did so in tens of thousands of hours.
    return await asyncio.to_thread(_counted, author, by_hour, newest)


def _counted(author: Author, by_hour: Mapping[int, int], newest: Scan) -> Numbers:
    by_day = posts_by_day(by_hour)
    mentions = _mentions_in(newest, author)
    return Numbers(
        days=len(by_day),
        fullest_month=fullest_month(by_day),
        hours=hours_of_day(by_hour),
        busy_from=busiest_hours(by_hour),
        weekdays=_weekdays_of(by_day),
        answered=mentions.answered,
        tags=mentions.tags,
        emoji=mentions.emoji,
        sites=mentions.sites,
        scanned=len(newest.text),
    )


def posts_by_day(by_hour: Mapping[int, int]) -> Counter[date]:
    """Return how many posts each day has that has any, of hours from the year 1."""
    days = Counter[int]()
    for hour, posts in by_hour.items():
        days[hour // DAY_H] += posts
    return Counter({date.fromordinal(day + 1): posts for day, posts in days.items()})


def fullest_month(by_day: Mapping[date, int]) -> MonthOfPosts | None:
    """Return the month that is clearly ahead of all others, day by day; None without one."""
    months: dict[date, list[int]] = {}
    for day, posts in by_day.items():
        months.setdefault(day.replace(day=1), [0] * LONGEST_MONTH)[day.day - 1] = posts
    place = fullest([*months.values()])
    if place is None:
        return None
    first, days = [*months.items()][place]
    return MonthOfPosts(first, sum(days))


def _weekdays_of(by_day: Mapping[date, int]) -> list[int]:
    """Return the sums of each weekday, from Monday."""
    weekdays = [0] * WEEK_DAYS
    for day, posts in by_day.items():
        weekdays[day.weekday()] += posts
    return weekdays


async def scan_author(
    session: AsyncSession,
    author: Author,
    *conditions: ColumnElement[bool],
    columns: tuple[ScannedColumn, ...],
    limit: int = MOST_SCANNED,
) -> Scan:
    """Return what is looked through of the author's newest posts that meet the conditions."""
    depends_on(author.id)
    return await scan(
        session, Tweet.user_id == author.id, *conditions, columns=columns, limit=limit
    )


def answered_in(newest: Scan, username: str) -> list[str | None]:
    """Return whom each post of an author answers, None for nobody and for the author."""
    own_key = username_key(username)
    return [name if name and username_key(name) != own_key else None for name in newest.answered]


def _mentions_in(newest: Scan, author: Author) -> Mentions:
    columns = newest.text, newest.card, answered_in(newest, author.username)
    return count_mentions(map(ScannedPost, *columns), most=MOST_NAMED)
