"""A year beside the one before, on the days that both have.

An author was there from the first post to the last: what is before or after that is not known.
"""

from collections.abc import Mapping
from datetime import MAXYEAR, MINYEAR, date, datetime, timedelta
from typing import Annotated, Final, NamedTuple, Protocol
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta

from app.clock import first_instant, span_of_year
from app.compute.significance import is_ahead
from app.services.archive.calendar import CalendarYear
from app.services.posts.users import Author

FEWEST_DAYS: Final = 14
"""Days that two years need in common: two weeks have each day of the week as often."""
WEEK_DAYS: Final = 7
LACK: Final = timedelta(7)
"""What a whole year may lack at either end: not everybody writes each day."""


class SameDays(msgspec.Struct, frozen=True):
    """The days of a year that the year before has too, and the posts of both on them."""

    first: Annotated[date, Meta(description="First of these days, in the year before.")]
    last: Annotated[date, Meta(description="Last of these days, in the year before.")]
    tweets: Annotated[int, Meta(description="Number of posts of the year on these days.")]
    tweets_before: Annotated[
        int, Meta(description="Number of posts of the year before on these days.")
    ]
    is_clear: Annotated[
        bool,
        Meta(description="Whether the two years differ by more than chance, compared by week."),
    ]


Span = tuple[datetime, datetime]
"""The instants at which a time begins and ends."""


class Stretch(NamedTuple):
    """Days of a year, and the same of the year before."""

    since: date
    until: date
    """The day after the last, as below."""
    since_before: date
    until_before: date

    def spans(self, zone: ZoneInfo) -> tuple[Span, Span]:
        """Return the days as spans of time: of the year, and of the year before."""
        since, until, since_before, until_before = (first_instant(day, zone) for day in self)
        return (since, until), (since_before, until_before)


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
    # Until February 28 there is no leap day in the year before, either.
    end_before = min(_moved(end, -1), _moved(end - timedelta(1), -1) + timedelta(1))
    return Stretch(since, end, _moved(since, -1), end_before)


class YearsAuthor(Protocol):
    """An author, or the people of a chat."""

    @property
    def first_tweet_at(self) -> datetime | None: ...
    @property
    def newest_tweet_at(self) -> datetime | None: ...


def same_stretch(author: YearsAuthor, year: int, zone: ZoneInfo, at: datetime) -> Stretch | None:
    """Return the days that a year of an author and the year before have; None for too few.

    at: the time of which it is so.
    """
    if author.first_tweet_at is None or author.newest_tweet_at is None:
        return None
    if not MINYEAR < year < MAXYEAR:
        return None
    is_over = span_of_year(year, zone)[1] <= at
    times = author.first_tweet_at, author.newest_tweet_at
    first, last = (time.astimezone(zone).date() for time in times)
    return stretch_of(year, first, last, is_over=is_over)


def same_days_of(
    author: Author, calendar: CalendarYear, before: Mapping[date, int], zone: ZoneInfo, at: datetime
) -> SameDays | None:
    """Return a year beside the one before; None where too few days are in both.

    before: the posts of each day of the year before that has any. at: as in `same_stretch`.
    """
    stretch = same_stretch(author, calendar.year, zone, at)
    if stretch is None:
        return None
    days = {day.date: day.tweets for month in calendar.months for day in month.days}
    weeks = _weeks(days, stretch.since, stretch.until)
    weeks_before = _weeks(before, stretch.since_before, stretch.until_before)
    return SameDays(
        first=stretch.since_before,
        last=stretch.until_before - timedelta(1),
        tweets=sum(weeks),
        tweets_before=sum(weeks_before),
        is_clear=is_ahead(weeks, weeks_before) or is_ahead(weeks_before, weeks),
    )


def _weeks(days: Mapping[date, int], since: date, until: date) -> list[int]:
    """Return the posts of each seven days of a stretch, from its first day on."""
    weeks = [0] * -(-(until - since).days // WEEK_DAYS)
    for day, posts in days.items():
        if since <= day < until:
            weeks[(day - since).days // WEEK_DAYS] += posts
    return weeks


def _moved(day: date, years: int) -> date:
    """Return the same day of another year; March 1 for February 29 where there is none."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)
