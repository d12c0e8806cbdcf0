"""How far a time zone is from UTC, and when that changes."""

import functools
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

_FIRST: Final = datetime(1900, 1, 1, tzinfo=UTC)
_LAST: Final = datetime(2100, 1, 1, tzinfo=UTC)
_STEP: Final = timedelta(days=14)


@functools.lru_cache(maxsize=100)
def offsets(zone: ZoneInfo) -> tuple[tuple[datetime, int], ...]:
    """Return since when which offset holds, in seconds, the newest first.

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
