"""The calendar of a year, as pages draw it: weeks are columns, days of the week are rows."""

from calendar import Calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from babel import Locale
from babel.dates import format_skeleton
from quart import g

from app.dates import show_month_day
from app.i18n import ngettext, show_number
from app.services.archive.calendar import CalendarYear, DayPosts, MonthPosts

ONE_DAY: Final = timedelta(days=1)
LEVELS: Final = 4
"""Shades; the darkest is the busiest day's, but stands for at least as many posts."""


@dataclass(frozen=True, slots=True)
class CalendarDay:
    day: date
    posts: int
    level: int
    """0 for no posts, to `LEVELS`."""
    room: int | None = None
    """The chat that all posts of the day are of."""

    @property
    def name(self) -> str:
        """Return the day and month as the language writes them."""
        return show_month_day(self.day)

    @property
    def end(self) -> date:
        """Return the day after it."""
        return self.day + ONE_DAY


@dataclass(frozen=True, slots=True)
class PostingMonth:
    """A month of the calendar, laid out."""

    name: str
    short_name: str
    posts: int
    rows: Sequence[tuple[str, str, Sequence[CalendarDay | None]]]
    """By weekday: its name, the same narrow, and its days; None fills the weeks at both ends."""


@dataclass(frozen=True, slots=True)
class PostingYear:
    """A calendar with its months laid out."""

    year: int
    years: Sequence[int]
    posts: int
    days: int
    months: Sequence[PostingMonth]

    @property
    def title(self) -> str:
        return posts_in_year(self.posts, self.year)


def posts_in_year(posts: int, year: int) -> str:
    """Return how many posts a year has, in words."""
    text = ngettext("{count} post in {year}", "{count} posts in {year}", posts)
    return text.format(count=show_number(posts), year=year)


def year_of_posting(calendar: CalendarYear | None) -> PostingYear | None:
    """Return the calendar with its months laid out; None where there is none."""
    if calendar is None:
        return None
    days = {day.date: day for month in calendar.months for day in month.days}
    return PostingYear(
        calendar.year,
        calendar.years,
        calendar.tweets,
        calendar.days,
        [_month(calendar.year, month, days) for month in calendar.months],
    )


def _month(year: int, month: MonthPosts, days: Mapping[date, DayPosts]) -> PostingMonth:
    top = max([LEVELS, *(day.tweets for day in days.values())])
    weeks = [
        [_day(day, days.get(day), top) if day.month == month.month else None for day in week]
        for week in Calendar().monthdatescalendar(year, month.month)
    ]
    locale = Locale.parse(g.locale)
    names = locale.days["stand-alone"]
    return PostingMonth(
        name=format_skeleton("yMMMM", date(year, month.month, 1), locale=locale),
        short_name=locale.months["stand-alone"]["abbreviated"][month.month],
        posts=month.tweets,
        rows=[
            (names["wide"][row], names["narrow"][row], days)
            for row, days in enumerate(zip(*weeks, strict=True))
        ],
    )


def _day(day: date, written: DayPosts | None, top: int) -> CalendarDay:
    """Return a day of the calendar, whose busiest day has `top` posts."""
    if written is None:
        return CalendarDay(day, 0, 0)
    return CalendarDay(day, written.tweets, -(-LEVELS * written.tweets // top), written.room)
