"""Days, weeks and months in sequence, and the offsets of time zones."""

import functools
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

Period = Literal["day", "week", "month"]
MOST_DAYS: Final = 62
MOST_DAYS_IN_WEEKS: Final = 731
MOST_PERIODS: Final = 3_000
_COARSER: Final[dict[Period, Period]] = {"day": "week", "week": "month"}
_FIRST: Final = datetime(1900, 1, 1, tzinfo=UTC)
_LAST: Final = datetime(2100, 1, 1, tzinfo=UTC)
_STEP: Final = timedelta(days=14)


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
