"""Days, weeks and months one after the other."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final, Literal

Period = Literal["day", "week", "month"]
MOST_DAYS: Final = 62
MOST_DAYS_IN_WEEKS: Final = 731
MOST_PERIODS: Final = 3_000
_COARSER: Final[dict[Period, Period]] = {"day": "week", "week": "month"}


def fitting(first: date, last: date, wish: Period | None = None) -> Period:
    """Return the wished-for period, or one that suits the span; coarser if there were too many."""
    days = (last - first).days + 1
    if wish is None:
        wish = "day" if days <= MOST_DAYS else "week" if days <= MOST_DAYS_IN_WEEKS else "month"
    while wish in _COARSER and days > MOST_PERIODS * (7 if wish == "week" else 1):
        wish = _COARSER[wish]
    return wish


def start_of(day: date, period: Period) -> date:
    """Return the first day of the period that a day is in; weeks begin on Monday."""
    if period == "week":
        return date.fromordinal(max(1, day.toordinal() - day.weekday()))
    return day.replace(day=1) if period == "month" else day


def after(start: date, period: Period) -> date:
    """Return the first day of the next period; the last day there is has none."""
    try:
        if period == "month":
            return (start.replace(day=28) + timedelta(days=4)).replace(day=1)
        return start + timedelta(days=7 if period == "week" else 1)
    except OverflowError:
        return date.max


def starts(first: date, last: date, period: Period) -> Sequence[date]:
    """Return when each period from the first day's to the last day's begins, then its end."""
    found = [start_of(first, period)]
    while found[-1] <= last and found[-1] != date.max:
        found.append(after(found[-1], period))
    return found
