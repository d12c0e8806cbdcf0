"""A year of posting, month by month, as the author's page shows it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from babel import Locale
from babel.dates import format_skeleton
from quart import g

LEVELS: Final = 4
"""Shades; the darkest stands for the busiest day, but for no fewer posts than there are shades."""


@dataclass(frozen=True, slots=True)
class Day:
    date: date
    posts: int
    level: int
    """0 for no posts, to `LEVELS`."""

    @property
    def name(self) -> str:
        """Return the day and month as the language writes them."""
        return format_skeleton("MMMMd", self.date, locale=g.locale)


@dataclass(frozen=True, slots=True)
class Month:
    name: str
    short_name: str
    posts: int
    rows: list[tuple[str, list[Day | None]]]
    """For each day of the week, from Monday, its name and its days in the weeks of the month."""


def months_of(year: int, counts: Mapping[date, int]) -> list[Month]:
    """Return the months of a year; a day that is no part of one is None."""
    top = max(LEVELS, *counts.values(), 0)
    days = [_day(day, counts.get(day, 0), top) for day in _days(year)]
    return [_month([day for day in days if day.date.month == number]) for number in range(1, 13)]


def _day(day: date, posts: int, top: int) -> Day:
    return Day(day, posts, -(-LEVELS * posts // top))


def _days(year: int) -> Iterator[date]:
    day = date(year, 1, 1)
    while day.year == year:
        yield day
        day += timedelta(days=1)


def _month(days: list[Day]) -> Month:
    locale = Locale.parse(g.locale)
    weekdays = locale.days["stand-alone"]["abbreviated"]
    cells: list[Day | None] = [None] * days[0].date.weekday() + [*days]
    cells += [None] * (-len(cells) % 7)
    return Month(
        format_skeleton("yMMMM", days[0].date, locale=locale),
        locale.months["stand-alone"]["abbreviated"][days[0].date.month],
        sum(day.posts for day in days),
        [(weekdays[row], cells[row::7]) for row in range(7)],
    )
