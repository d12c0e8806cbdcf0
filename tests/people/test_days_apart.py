"""What stands out among days and hours: told of a habit, and hardly ever of chance."""

import random
from collections import Counter
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from saywho.people.times import (
    DAY_H,
    DaysApart,
    DaySpan,
    busiest_hours,
    counts_by_hour,
    days_apart,
    fullest_days,
    fullest_part,
    hours_of_day,
)
from tests.selection import first_of

FIRST: Final = date(2023, 1, 1)
DAYS: Final = 365
LAST: Final = FIRST + timedelta(DAYS - 1)
SEEDS: Final = range(200)
NOTHING: Final = DaysApart(None, None, None)


def days_by_chance(seed: int, often: float, burst: float = 1) -> dict[date, int]:
    """Return the posts of days of a year, on which somebody writes so often, in bursts."""
    chance = random.Random(f"{seed} {often}")  # noqa: S311 - invented days
    return {
        FIRST + timedelta(day): 1 + int(chance.expovariate(1 / burst))
        for day in range(DAYS)
        if chance.random() < often
    }


def apart(days: dict[date, int]) -> DaysApart:
    return days_apart(days, FIRST, LAST)


@pytest.mark.parametrize("often", first_of([0.05, 0.3, 0.7, 0.97], 0.3))
@pytest.mark.parametrize("burst", [1, 8])
def test_of_days_at_random_hardly_any_are_apart(often: float, burst: float) -> None:
    told, seeds = Counter[str](), range(600)
    for seed in seeds:
        found = apart(days_by_chance(seed, often, burst))
        told.update(name for name in found.__struct_fields__ if getattr(found, name) is not None)
    assert told.total() <= 0.03 * len(seeds), told


@pytest.mark.parametrize(("often", "length"), [(0.1, 9), (0.5, 25), (0.8, 70)])
def test_a_streak_and_a_silence_are_told(often: float, length: int) -> None:
    for seed in SEEDS[:20]:
        days, start = days_by_chance(seed, often), FIRST + timedelta(100)
        span = [start + timedelta(step) for step in range(length)]
        streak = apart(days | dict.fromkeys(span, 1)).streak
        assert streak is not None
        assert streak.first <= span[0] < span[-1] <= streak.last
        without = {
            day: posts for day, posts in days_by_chance(seed, 1 - often).items() if day not in span
        }
        silence = apart(without).silence
        assert silence is not None
        assert silence.first <= span[0] < span[-1] <= silence.last


def test_every_day_of_a_year_is_no_streak_that_chance_would_not_have() -> None:
    assert apart({FIRST + timedelta(day): 2 for day in range(DAYS)}) == NOTHING


def test_a_day_far_ahead_is_told() -> None:
    for seed in SEEDS[:20]:
        days, middle = days_by_chance(seed, 0.6), date(FIRST.year, 7, 1)
        assert apart(days | {middle: 60}).fullest_day == middle


@given(st.sets(st.integers(0, DAYS - 1), min_size=1))
def test_what_is_told_of_days_is_so(places: set[int]) -> None:
    days = {FIRST + timedelta(place): 1 for place in places}
    found = apart(days)
    for span, is_written in ((found.streak, True), (found.silence, False)):
        if span is None:
            continue
        within = [span.first + timedelta(step) for step in range(span.days)]
        assert {day in days for day in within} == {is_written}
        edges = span.first - timedelta(1), span.last + timedelta(1)
        assert all((day in days) != is_written for day in edges if FIRST <= day <= LAST)
    assert found.fullest_day is None


def test_a_span_counts_both_of_its_ends() -> None:
    assert DaySpan(date(2024, 2, 28), date(2024, 3, 1)).days == 3


def test_a_part_of_the_day_is_told_where_it_leads_by_days() -> None:
    told = 0
    for seed in SEEDS:
        chance = random.Random(seed)  # noqa: S311 - invented days
        hours = [DAY_H * day + chance.randrange(DAY_H) for day in range(200) for _ in range(3)]
        told += fullest_part(Counter(hours)) is not None
        evenings = [DAY_H * day + chance.randrange(18, 24) for day in range(200)]
        assert fullest_part(Counter([*hours, *evenings])) == 3
    assert told <= 0.02 * len(SEEDS)
    assert fullest_part(Counter({19: 500, 40: 1, 70: 1})) is None


TALKS: Final = range(150)


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


@pytest.mark.parametrize(
    ("number", "days", "length", "hours"),
    [
        (12, 60, 1, range(24)),
        (60, 9, 6, range(24)),
        (12, 60, 1, range(7, 23)),
        (100, 300, 12, range(7, 23)),
        (400, 300, 3, range(7, 23)),
    ],
)
def test_hours_at_random_are_hardly_ever_told(
    number: int, days: int, length: float, hours: range
) -> None:
    told = [busiest_hours(talks(seed, number, days, length, [*hours])) for seed in TALKS]
    assert sum(start is not None for start in told) <= len(TALKS) / 50


@pytest.mark.parametrize(("start", "within"), [(9, 0.5), (23, 0.5), (19, 0.35)])
def test_a_rhythm_is_told(start: int, within: float) -> None:
    busy = [start, (start + 1) % 24, (start + 2) % 24] * round(100 * within / (1 - within))
    hours = [*busy, *(hour for hour in range(24) for _ in range(100 * 3 // 24))]
    told = [busiest_hours(talks(seed, 150, 200, 3, hours)) for seed in TALKS]
    near = [(told_start or 0) - start for told_start in told if told_start is not None]
    assert len(near) > 0.9 * len(TALKS)
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
    times = data.draw(st.lists(st.integers(-(10**9), 4 * 10**9), max_size=30))
    hours = hours_of_day(counts_by_hour(times, ZoneInfo(zone)))
    epoch = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
    local = [(epoch + timedelta(seconds=time)).astimezone(ZoneInfo(zone)) for time in times]
    assert hours == [sum(time.hour == hour for time in local) for hour in range(24)]


def test_no_day_stands_out_if_another_near_it_has_as_many() -> None:
    days = {date(2024, 3, day): 3 for day in range(1, 32)} | {date(2024, 3, 23): 35}
    fullest = fullest_days(days, date(2024, 3, 1))
    assert fullest is not None
    assert fullest.day == date(2024, 3, 23)
    assert fullest_days(days | {date(2024, 3, 25): 35}, date(2024, 3, 1)) is None
    trip = fullest_days(days | {date(2024, 3, 24): 35}, date(2024, 3, 1))
    assert trip is not None
    assert trip.posts_of_days == 70
