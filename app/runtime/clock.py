"""Days and years in a time zone, and waits that end."""

import asyncio
import contextlib
import functools
from datetime import MINYEAR, UTC, date, datetime, time as clock_time
from typing import Final
from zoneinfo import ZoneInfo

ZONE_COOKIE: Final = "saywho_zone"
"""The browser's time zone, which a script of the pages stores."""
EARLIEST: Final = datetime(1, 1, 2, tzinfo=UTC)
LATEST: Final = datetime(9999, 12, 30, tzinfo=UTC)
"""Bounds between which a time has a date in every time zone."""


def first_instant(day: date, zone: ZoneInfo) -> datetime:
    try:
        return datetime.combine(day, clock_time(), zone).astimezone(UTC)
    except OverflowError:
        return datetime.combine(day, clock_time(), UTC)


def span_of_year(year: int, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return the instants at which a year of a time zone begins and ends; year 0 is empty."""
    first, after = (date(max(start, MINYEAR), 1, 1) for start in (year, year + 1))
    return first_instant(first, zone), first_instant(after, zone)


def days_between(
    first: datetime | None, newest: datetime | None, zone: ZoneInfo
) -> tuple[date, date] | None:
    """Return the days of two times in a zone; None without them."""
    if first is None or newest is None:
        return None
    return first.astimezone(zone).date(), newest.astimezone(zone).date()


@functools.lru_cache(maxsize=200)
def remembered_zone(name: str | None) -> ZoneInfo:
    """Return the time zone that the cookie names; UTC for none or an unknown name."""
    try:
        return ZoneInfo(name or "UTC")
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")


async def wait_until_set(event: asyncio.Event, *, at_most_s: float) -> None:
    """Wait for the event, at most for this time.

    `asyncio.wait_for` of Python 3.11 would lose a cancellation that meets the event
    (https://github.com/python/cpython/issues/86296).
    """
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(at_most_s):
            await event.wait()
