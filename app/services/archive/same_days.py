"""A year beside the one before, on the days that both have.

An author was there from the first post to the last: what is before or after that is not known.
"""

from datetime import date, timedelta
from typing import Annotated, Final, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import first_instant, now, span_of_year
from app.services.archive.calendar import CalendarYear
from app.services.posts.statistics import count_in_spans
from app.services.posts.users import Author

FEWEST_DAYS: Final = 14
"""Days that two years need in common: two weeks have each day of the week as often."""


LACK: Final = timedelta(7)
"""What a whole year may lack at either end: not everybody writes each day."""


class SameDays(msgspec.Struct, frozen=True):
    """The days of a year that the year before has too, and the posts of both on them."""

    first: Annotated[date, Meta(description="The first of these days in the year before.")]
    last: Annotated[date, Meta(description="The last of them there.")]
    tweets: Annotated[int, Meta(description="Posts of the year on these days.")]
    tweets_before: Annotated[int, Meta(description="Those of the year before.")]


class Stretch(NamedTuple):
    """Days of a year, and the same of the year before."""

    since: date
    until: date
    """The day after the last, as below."""
    since_before: date
    until_before: date


def stretch_of(year: int, first: date, last: date, *, is_over: bool) -> Stretch | None:
    """Return the days that a year and the year before have; None where they are too few.

    first, last: the days of an author's first and last post.
    """
    before, after = date(year - 1, 1, 1), date(year + 1, 1, 1)
    since = _moved(first if first - before >= LACK else before, 1)
    is_whole = last + timedelta(1) >= after - (LACK if is_over else timedelta())
    end = after if is_whole else last + timedelta(1)
    if end - since < timedelta(FEWEST_DAYS):
        return None
    return Stretch(since, end, _moved(since, -1), _moved(end, -1))


async def read_same_days(
    session: AsyncSession, author: Author, calendar: CalendarYear, zone: ZoneInfo
) -> SameDays | None:
    """Return a year beside the one before; None where too few days are in both."""
    is_over = span_of_year(calendar.year, zone)[1] <= now()
    if author.first_tweet_at is None or author.newest_tweet_at is None:
        return None
    times = author.first_tweet_at, author.newest_tweet_at
    first, last = (time.astimezone(zone).date() for time in times)
    stretch = stretch_of(calendar.year, first, last, is_over=is_over)
    if stretch is None:
        return None
    days = (day for month in calendar.months for day in month.days)
    before = first_instant(stretch.since_before, zone), first_instant(stretch.until_before, zone)
    return SameDays(
        first=stretch.since_before,
        last=stretch.until_before - timedelta(1),
        tweets=sum(day.tweets for day in days if stretch.since <= day.date < stretch.until),
        tweets_before=(await count_in_spans(session, author.id, [before]))[0],
    )


def _moved(day: date, years: int) -> date:
    """Return the same day of another year; March 1 for February 29 where there is none."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)
