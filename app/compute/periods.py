"""Days, weeks, months, quarters and years in sequence, and the offsets of time zones."""

import functools
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

Period = Literal["day", "week", "month", "quarter", "year"]
MOST_COLUMNS: Final = 60
"""Periods side by side that can be told apart on a phone too, such as five years of months."""
_DAYS: Final[dict[Period, int]] = {"day": 1, "week": 7, "month": 30, "quarter": 91, "year": 365}
_FIRST: Final = datetime(1900, 1, 1, tzinfo=UTC)
_LAST: Final = datetime(2100, 1, 1, tzinfo=UTC)
_STEP: Final = timedelta(days=14)


def fitting(first: date, last: date) -> Period:
    """Return the finest period of which there are at most so many, else years."""
    days = (last - first).days + 1
    return next((period for period in _DAYS if days <= MOST_COLUMNS * _DAYS[period]), "year")


def start_of(day: date, period: Period) -> date:
    """Return the first day of the period that a day is in; weeks begin on Monday."""
    match period:
        case "day":
            return day
        case "week":
            return date.fromordinal(max(1, day.toordinal() - day.weekday()))
        case "month":
            return day.replace(day=1)
        case "quarter":
            return day.replace(day=1, month=1 + (day.month - 1) // 3 * 3)
        case "year":
            return day.replace(day=1, month=1)


def after(start: date, period: Period) -> date:
    """Return the first day of the next period; the last day there is has none."""
    longest = {"day": 1, "week": 7, "month": 31, "quarter": 92, "year": 366}[period]
    try:
        return start_of(start + timedelta(days=longest), period)
    except OverflowError:
        return date.max


def starts(first: date, last: date, period: Period) -> Sequence[date]:
    """Return when each period from the first day's to the last day's begins, then its end."""
    found = [start_of(first, period)]
    while found[-1] <= last and found[-1] != date.max:
        found.append(after(found[-1], period))
    return found


@functools.lru_cache(maxsize=100)
def offsets(zone: ZoneInfo) -> tuple[tuple[datetime, int], ...]:
    """Return the offsets from UTC in seconds, each with its beginning, the newest first.

    The oldest holds for all time before, as the newest, of the year 2100, does after.
    """
    found = [(_FIRST, _offset(zone, _FIRST))]
    before = _FIRST
    while before < _LAST:
        after = before + _STEP
        offset = _offset(zone, after)
        if offset != found[-1][1]:
            found.append((_change(zone, before, after), offset))
        before = after
    return tuple(reversed(found))


def _offset(zone: ZoneInfo, time: datetime) -> int:
    offset = time.astimezone(zone).utcoffset() or timedelta()
    return int(offset.total_seconds())


def _change(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """Return the minute from which the later one's offset holds."""
    offset = _offset(zone, after)
    while after - before > timedelta(minutes=1):
        middle = before + (after - before) // 2
        if _offset(zone, middle) == offset:
            after = middle
        else:
            before = middle
    return after.replace(second=0, microsecond=0)
