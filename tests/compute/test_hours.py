"""The hours that stand out: told of a rhythm, and hardly ever of chance."""

import random
from collections import Counter
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.compute.times import busiest_hours, counts_by_hour, hours_of_day

SEEDS: Final = range(150)


def talks(seed: int, number: int, days: int, length: float, hours: list[int]) -> Counter[int]:
    """Return the messages of each hour of so many conversations, which begin at chance hours."""
    chance = random.Random(seed)  # noqa: S311 - invented conversations
    counts = Counter[int]()
    for _ in range(number):
        time = 24 * chance.randrange(days) + chance.choice(hours) + chance.random()
        for _ in range(1 + int(chance.expovariate(1 / length))):
            counts[int(time)] += 1
            time += chance.expovariate(8)
    return counts


@pytest.mark.parametrize("hours", [range(24), range(7, 23)], ids=["day and night", "by day"])
@pytest.mark.parametrize(
    ("number", "days", "length"), [(12, 60, 1), (60, 9, 6), (100, 300, 12), (400, 300, 3)]
)
def test_hours_at_random_are_hardly_ever_told(
    number: int, days: int, length: float, hours: range
) -> None:
    told = [busiest_hours(talks(seed, number, days, length, [*hours])) for seed in SEEDS]
    assert sum(start is not None for start in told) <= len(SEEDS) / 50


@pytest.mark.parametrize(("start", "within"), [(9, 0.5), (23, 0.5), (19, 0.35)])
def test_a_rhythm_is_told(start: int, within: float) -> None:
    busy = [start, (start + 1) % 24, (start + 2) % 24] * round(100 * within / (1 - within))
    hours = [*busy, *(hour for hour in range(24) for _ in range(100 * 3 // 24))]
    told = [busiest_hours(talks(seed, 150, 200, 3, hours)) for seed in SEEDS]
    near = [(told_start or 0) - start for told_start in told if told_start is not None]
    assert len(near) > 0.9 * len(SEEDS)
    # Messages follow the beginning of a conversation, so the peak is the same hours or later ones.
    assert sum(step % 24 <= 1 for step in near) > 0.9 * len(near)


def test_one_long_night_is_no_habit() -> None:
    night = Counter({24 * 9 + 1: 400})
    evenings = Counter({24 * day + 3 * day % 24: 2 for day in range(40)})
    assert busiest_hours(night) is None
    assert busiest_hours(night + evenings) is None
    assert busiest_hours({}) is None


@pytest.mark.parametrize(
    "zone", ["Asia/Seoul", "Asia/Kathmandu", "Europe/Berlin", "Australia/Eucla"]
)
@given(data=st.data())
def test_each_time_counts_in_its_hour_of_the_zone(zone: str, data: st.DataObject) -> None:
    seconds = st.integers(-(10**9), 4 * 10**9)
    times = data.draw(st.lists(seconds, max_size=30))
    hours = hours_of_day(counts_by_hour(times, ZoneInfo(zone)))
    epoch = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
    local = [(epoch + timedelta(seconds=time)).astimezone(ZoneInfo(zone)) for time in times]
    assert hours == [sum(time.hour == hour for time in local) for hour in range(24)]
