"""Periods of a time axis, and what leads by more than chance."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Final, Literal

from app.language.i18n import show_month, show_month_day, show_year
from saywho.significance import CLEAR_OF_MANY, fullest, fullest_day, plain_peak

Period = Literal["day", "week", "month", "quarter", "year"]
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
    if period in {"day", "week"}:
        return day - timedelta(days=day.weekday() if period == "week" else 0)
    months = {"month": 1, "quarter": 3, "year": 12}[period]
    return day.replace(day=1, month=1 + (day.month - 1) // months * months)


def starts(first: date, last: date, period: Period) -> Sequence[date]:
    """Return the first day of each period from `first` to `last`, then the last end."""
    times = [start_of(first, period)]
    while times[-1] <= last:
        times.append(start_of(times[-1] + timedelta(days=_DAYS[period]), period))
    return times


def label_of(start: date, period: Period) -> str:
    """Return a short name of a period beside an axis, by its first day."""
    if period == "year":
        return show_year(start)
    return show_month_day(start) if period in {"day", "week"} else show_month(start)


def busiest_period(posts_on: Mapping[date, int], begins: Sequence[date]) -> int | None:
    """Return the index of the clearly leading period, if any; begins: first days, then the end."""
    totals = [0] * (len(begins) - 1)
    for day, posts in posts_on.items():
        totals[bisect_right(begins, day) - 1] += posts
    if all(end - start == timedelta(1) for start, end in pairwise(begins)):
        return fullest_day(totals)
    begin, end = (of(posts_on, default=begins[0]) for of in (min, max))
    known = [
        (min(until, end + timedelta(1)) - max(since, begin)) / (until - since)
        for since, until in pairwise(begins)
    ]
    if (place := plain_peak(totals, known)) is not None:
        return place
    # Only the days of the two leading periods are compared: all periods may have millions.
    places = sorted(range(len(totals)), key=totals.__getitem__)[-2:]

    def days_of(place: int) -> list[int | None]:
        length = (begins[place + 1] - begins[place]).days
        days = (begins[place] + timedelta(number) for number in range(length))
        return [posts_on.get(day, 0) if begin <= day <= end else None for day in days]

    first = fullest([days_of(place) for place in places])
    return None if first is None else places[first]


def leader_of(posts_of: Mapping[str, Mapping[date, int]]) -> str | None:
    """Return the author who wrote clearly more than anyone else, if any, at the level of a chat's
    page, so that the two never disagree; the most posts come first.
    """
    names = [*posts_of][:2]
    days = sorted({day for name in names for day in posts_of[name]})
    leader = fullest(
        [[posts_of[name].get(day, 0) for day in days] for name in names], CLEAR_OF_MANY
    )
    return None if leader is None else names[leader]
