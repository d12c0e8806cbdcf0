"""The hours of the day in which a person writes."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Annotated, Final
from zoneinfo import ZoneInfo

import numpy as np
from msgspec import Meta

from app.compute.significance import CLEAR, fullest, lead_errors

DAY_H: Final = 24
NIGHT_H: Final = 5
"""End of the night, in hours from midnight."""
PART_H: Final = 6
"""Number of hours in a quarter of the day: night, morning, afternoon, evening."""
BUSY_H: Final = 3
HOUR_S: Final = 3600
DAY_S: Final = DAY_H * HOUR_S

DayHours = Annotated[
    list[int], Meta(description="Number of posts in each hour of the day in `tz`, from hour 0.")
]
ChatHours = Annotated[
    list[int], Meta(description="Number of messages in each hour of the day in `tz`, from hour 0.")
]
BusyFrom = Annotated[
    int | None,
    Meta(
        description=(
            "First of the three hours in a row that clearly have the most; null if there are none."
        )
    ),
]
BusyPart = Annotated[
    int | None,
    Meta(
        description=(
            "Quarter of the day that clearly has the most, 0 for the night; null if there is none."
        )
    ),
]


def counts_by_hour(times: Iterable[int], zone: ZoneInfo) -> Counter[int]:
    """Return the number of times (seconds since 1970) in each hour of `hour_numbers`."""
    return Counter(hour_numbers(times, zone))


def hour_numbers(times: Iterable[int], zone: ZoneInfo) -> list[int]:
    """Return the hour of each time (seconds since 1970) in the zone, numbered through days and
    years.
    """
    seconds = np.fromiter(times, np.int64)
    days, places = np.unique(seconds // DAY_S, return_inverse=True)
    # Asking the zone for the shift of each time takes long, and the shift changes on few days.
    shifts = [_shift_of_day_s(day, zone) for day in days.tolist()]
    local = seconds + np.array([shift or 0 for shift in shifts], np.int64)[places]
    changes = np.array([shift is None for shift in shifts], np.bool_)[places]
    for place in changes.nonzero()[0].tolist():
        local[place] += _shift_s(int(seconds[place]), zone)
    hours: list[int] = (local // HOUR_S).tolist()
    return hours


def hours_of_day(counts: Mapping[int, int]) -> list[int]:
    hours = [0] * DAY_H
    for hour, posts in counts.items():
        hours[hour % DAY_H] += posts
    return hours


def days_of(counts: Mapping[int, int], until: int = DAY_H) -> int:
    return len({hour // DAY_H for hour in counts if hour % DAY_H < until})


def busiest_hours(counts: Mapping[int, int]) -> int | None:
    """Return the first of the three consecutive hours that clearly have the most posts, or None.

    They lead the best three others by 1.96 standard errors, clustered by day (Liang and Zeger
    1986), since a day's posts belong to few conversations.
    """
    # Comparing with the second best corrects for choosing the best: random hours pass in fewer than
    # one of fifty cases.
    hours = hours_of_day(counts)
    sums = [sum(_from(hours, start)) for start in range(DAY_H)]
    # Among equal sums, the hours with the fullest middle are first, as in a peak.
    first = max(range(DAY_H), key=lambda start: (sums[start], _from(hours, start)[BUSY_H // 2]))
    apart = [(first + step) % DAY_H for step in range(BUSY_H, DAY_H - BUSY_H + 1)]
    second = max(apart, key=sums.__getitem__)
    sides = [_is_within(hour, first) - _is_within(hour, second) for hour in range(DAY_H)]
    leads = Counter[int]()
    for hour, posts in counts.items():
        if side := sides[hour % DAY_H]:
            # Days are shifted so that these hours are in their middle: hardly any conversation then
            # belongs to two days.
            leads[(hour - first + DAY_H // 2) // DAY_H] += posts * side
    return first if lead_errors(leads.values()) >= CLEAR else None


def fullest_part(counts: Mapping[int, int]) -> int | None:
    """Return the quarter of the day (0 is the night) with clearly the most posts, or None, by 1.96
    standard errors between days.
    """
    days = sorted({hour // DAY_H for hour in counts})
    places = {day: place for place, day in enumerate(days)}
    parts = [[0] * len(days) for _ in range(DAY_H // PART_H)]
    for hour, posts in counts.items():
        parts[hour % DAY_H // PART_H][places[hour // DAY_H]] += posts
    return fullest(parts)


@lru_cache(maxsize=10_000)
def _shift_of_day_s(day: int, zone: ZoneInfo) -> int | None:
    # None if the shift changes on this day.
    first, last = (_shift_s(moment, zone) for moment in (day * DAY_S, (day + 1) * DAY_S))
    return first if first == last else None


def _shift_s(time: int, zone: ZoneInfo) -> int:
    shift = datetime.fromtimestamp(time, zone).utcoffset()
    return int(shift.total_seconds()) if shift else 0


def _from(hours: Sequence[int], start: int) -> list[int]:
    return [hours[(start + step) % DAY_H] for step in range(BUSY_H)]


def _is_within(hour: int, start: int) -> bool:
    return (hour - start) % DAY_H < BUSY_H
