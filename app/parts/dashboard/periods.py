"""Posts by day in periods: the fitting period, the busiest period, the leading author."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise
from operator import itemgetter
from typing import Final, Literal

from app.compute.significance import CLEAR_OF_MANY, fullest, fullest_day
from app.services.posts.statistics import BusyAuthors, DayCell

Period = Literal["day", "week", "month", "quarter", "year"]
REST: Final = ""
MOST_COLUMNS: Final = 60
"""Periods that can be told apart on a phone: five years of months."""
_DAYS: Final[dict[Period, int]] = {"day": 1, "week": 7, "month": 31, "quarter": 92, "year": 366}


def fitting(first: date, last: date) -> Period:
    days = (last - first).days + 1
    for period in _DAYS:
        is_near = days <= MOST_COLUMNS * _DAYS[period]
        if is_near and len(starts(first, last, period)) - 1 <= MOST_COLUMNS:
            return period
    return "year"


def start_of(day: date, period: Period) -> date:
    """Return the first day of a day's period; weeks begin on Monday."""
    match period:
        case "day":
            return day
        case "week":
            return day - timedelta(days=day.weekday())
        case "month":
            return day.replace(day=1)
        case "quarter":
            return day.replace(day=1, month=1 + (day.month - 1) // 3 * 3)
        case "year":
            return day.replace(day=1, month=1)


def starts(first: date, last: date, period: Period) -> Sequence[date]:
    """Return the first day of each period from `first` to `last`, then the last end."""
    times = [start_of(first, period)]
    while times[-1] <= last:
        times.append(start_of(times[-1] + timedelta(days=_DAYS[period]), period))
    return times


@dataclass(frozen=True, slots=True)
class PostsByDay:
    authors: BusyAuthors
    cells: Sequence[DayCell] = ()
    undated: int = 0
    hours: Mapping[int, int] = field(default_factory=dict)
    """Posts of all authors by hour since the year 1; empty if `cells` has all."""

    @property
    def all_cells(self) -> list[DayCell]:
        """The cells of the authors, and a `REST` cell for other posts, by day."""
        days: Counter[date] = Counter()
        for hour, posts in self.hours.items():
            days[date.fromordinal(hour // 24 + 1)] += posts
        for day, _, posts in self.cells:
            days[day] -= posts
        cells = [(day, REST, posts) for day, posts in days.items() if posts > 0]
        return sorted([*self.cells, *cells], key=itemgetter(0))


def busiest_period(cells: Sequence[DayCell], begins: Sequence[date]) -> int | None:
    """Return the index of the period that is clearly ahead, if any; begins: first day of each, then
    the last end.
    """
    totals = [0] * (len(begins) - 1)
    for day, _, posts in cells:
        totals[bisect_right(begins, day) - 1] += posts
    if all(end - start == timedelta(1) for start, end in pairwise(begins)):
        return fullest_day(totals)
    # Only the days of the two leading periods are compared: all periods may have millions.
    places = sorted(range(len(totals)), key=totals.__getitem__)[-2:]
    posts_on = Counter[date]()
    for day, _, posts in cells:
        if bisect_right(begins, day) - 1 in places:
            posts_on[day] += posts
    begin, end = (of((day for day, *_ in cells), default=begins[0]) for of in (min, max))

    def days_of(place: int) -> list[int | None]:
        length = (begins[place + 1] - begins[place]).days
        days = (begins[place] + timedelta(number) for number in range(length))
        return [posts_on[day] if begin <= day <= end else None for day in days]

    first = fullest([days_of(place) for place in places])
    return None if first is None else places[first]


def leader_of(cells: Sequence[DayCell], rows: Mapping[str, Sequence[int]]) -> str | None:
    """Return the author who wrote clearly more than anyone else, if any, at the level of a chat's
    page, so that the two never disagree.
    """
    names = sorted(rows, key=lambda name: -sum(rows[name]))[:2]
    days = sorted({day for day, name, _ in cells if name in names})
    posts_on = {(day, name): posts for day, name, posts in cells}
    counts = [[posts_on.get((day, name), 0) for day in days] for name in names]
    leader = fullest(counts, CLEAR_OF_MANY)
    return None if leader is None else names[leader]
