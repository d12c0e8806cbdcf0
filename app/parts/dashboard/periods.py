"""Periods side by side: days, weeks, months, quarters or years, as many as there is room for."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final, Literal

from app.i18n import gettext_noop

Period = Literal["day", "week", "month", "quarter", "year"]
CALM: Final[dict[Period, str]] = {
    "day": gettext_noop("no day stands out"),
    "week": gettext_noop("no week stands out"),
    "month": gettext_noop("no month stands out"),
    "quarter": gettext_noop("no quarter stands out"),
    "year": gettext_noop("no year stands out"),
}
MOST_COLUMNS: Final = 60
"""Periods side by side that can be told apart on a phone too, such as five years of months."""
_DAYS: Final[dict[Period, int]] = {"day": 1, "week": 7, "month": 31, "quarter": 92, "year": 366}
"""The most days of each."""


def fitting(first: date, last: date) -> Period:
    """Return the finest period of which there are at most so many, else years."""
    days = (last - first).days + 1
    for period in _DAYS:
        is_near = days <= MOST_COLUMNS * _DAYS[period]
        if is_near and len(starts(first, last, period)) - 1 <= MOST_COLUMNS:
            return period
    return "year"


def start_of(day: date, period: Period) -> date:
    """Return the first day of the period that a day is in; weeks begin on Monday."""
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
    """Return when each period from the first day's to the last day's begins, then its end."""
    times = [start_of(first, period)]
    while times[-1] <= last:
        times.append(start_of(times[-1] + timedelta(days=_DAYS[period]), period))
    return times
