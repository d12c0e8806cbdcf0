"""Tests of chance, and where a scale of bars ends."""

import random
from collections import Counter
from math import sqrt

import numpy as np
import pytest
from hypothesis import given, strategies as st

from app.views.tell import often
from saywho import significance

values = st.lists(st.integers(0, 9), max_size=30)
counts = st.lists(st.integers(0, 60), max_size=30)


@given(counts)
def test_a_peak_is_ahead_of_each_other_count_by_more_than_chance(numbers: list[int]) -> None:
    ahead = [
        place
        for place, count in enumerate(numbers)
        if len(numbers) > 1
        and all(
            count > second and (count - second) / (count + second) ** 0.5 >= 1.96
            for second in numbers[:place] + numbers[place + 1 :]
        )
    ]
    peak = significance.clear_peak(numbers)
    assert ([] if peak is None else [peak]) == ahead


def test_ties_small_leads_and_one_count_alone_are_no_peak() -> None:
    assert significance.clear_peak([3, 3, 0]) is None
    assert significance.clear_peak([4, 3]) is None
    assert significance.clear_peak([9]) is None
    assert significance.clear_peak([]) is None
    assert significance.clear_peak([1, 9, 1]) == 1


def test_days_that_come_in_bursts_prove_no_more_than_days() -> None:
    chance = random.Random(2)  # noqa: S311 - an example

    def of_year() -> list[int]:
        return [round(chance.expovariate(0.2)) * (chance.random() < 0.2) for _ in range(360)]

    pairs = [(of_year(), of_year()) for _ in range(300)]
    changes = sum(
        significance.is_ahead(one, two) or significance.is_ahead(two, one) for one, two in pairs
    )
    assert changes <= 300 * 0.08
    by_number = sum(significance.clear_peak([sum(one), sum(two)]) is not None for one, two in pairs)
    assert by_number > 4 * changes
    months = [[year[day : day + 30] for day in range(0, 360, 30)] for year, _ in pairs]
    assert sum(significance.fullest(of_months) is not None for of_months in months) <= 300 * 0.05


def test_of_days_that_vary_a_lot_hardly_any_is_the_fullest() -> None:
    chance = random.Random(3)  # noqa: S311 - an example
    chats = [[round(chance.lognormvariate(1.5, 1)) for _ in range(60)] for _ in range(300)]
    assert sum(significance.fullest_day(days) is not None for days in chats) <= 300 * 0.05
    assert sum(significance.clear_peak(days) is not None for days in chats) > 300 * 0.25


@pytest.mark.parametrize(("days", "place"), [([3, 2, 40, 3, 4], 2), ([9], None), ([0, 5], None)])
def test_a_day_far_beyond_the_others_is_the_fullest(days: list[int], place: int | None) -> None:
    assert significance.fullest_day(days) == place


def test_what_leads_day_by_day_is_ahead() -> None:
    assert significance.is_ahead([2] * 20, [1] * 20)
    assert not significance.is_ahead([1] * 20, [1] * 20)
    assert not significance.is_ahead([90] + [0] * 19, [1] * 20)
    assert not significance.is_ahead([], [])
    assert significance.fullest([[1] * 9, [3] * 9, [1] * 9]) == 1
    assert significance.fullest([[3] * 9]) is None


@given(values, values)
def test_each_pair_of_values_counts(own: list[int], beside: list[int]) -> None:
    higher = sum((value > other) - (value < other) for value in own for other in beside)
    pairs = len(own) * len(beside)
    spread = sqrt(pairs * (len(own) + len(beside) + 1) / 12) or 1
    errors, errors_beside = significance.rank_errors(
        [own, beside], [range(len(own)), range(len(beside))]
    )
    assert abs(errors) <= abs(higher) / 2 / spread + 1e-9
    assert errors * higher > 0 or errors == higher == 0
    assert abs(errors + errors_beside) < 1e-9


def test_of_two_days_the_errors_are_two_at_most() -> None:
    slow, fast = [*range(900, 1_000)], [*range(100)]
    by_message, _ = significance.rank_errors([slow, fast], [range(100), range(100)])
    by_day, _ = significance.rank_errors([slow, fast], [[0, 1] * 50, [0, 1] * 50])
    assert by_message > 9
    assert by_day < 2


def test_of_values_by_chance_hardly_any_are_apart() -> None:
    chance = random.Random(4)  # noqa: S311 - an example

    def waits() -> list[int]:
        return [round(chance.expovariate(1 / 3600)) for _ in range(40)]

    def errors_of(own: list[int]) -> float:
        return significance.rank_errors([own, waits(), waits()], [range(40)] * 3)[0]

    errors = [errors_of(waits()) for _ in range(400)]
    assert sum(abs(error) > 2.9 for error in errors) <= 4
    assert sum(abs(error) > 1 for error in errors) > 80
    assert errors_of([60] * 40) < -2.9


@pytest.mark.parametrize("people", [3, 4, 9, 40])
@pytest.mark.parametrize("speed", [1 / 30, 30])
def test_that_one_answers_at_once_or_late_is_told_of_nobody_else(people: int, speed: float) -> None:
    told = Counter[bool]()
    for seed in range(20):
        chance = random.Random(f"{people} {speed} {seed}")  # noqa: S311 - an example
        waits = [
            [round(chance.expovariate(1 / 3600) * (speed if place == 0 else 1)) for _ in range(60)]
            for place in range(people)
        ]
        errors = significance.rank_errors(waits, [range(60)] * people, people)
        told.update(place == 0 for place, error in enumerate(errors) if abs(error) > 2.9)
    assert told[True] == 20
    assert told[False] <= 1 + 20 * (people - 1) / 100


LOPSIDED = [(151, 149), (12, 10), (9, 10), (20, 9), (8, 12), (15, 10), (10, 14), (5, 11), (20, 9)]
LOPSIDED += [(11, 8), (9, 12), (8, 10), (12, 5), (10, 10)]


def of_days(shares: list[tuple[float, float]]) -> float:
    own, beside = (np.array(counts, np.float64) for counts in zip(*LOPSIDED, strict=True))
    parts, parts_beside = (np.array(side) for side in zip(*shares, strict=True))
    return significance.errors_of_sums(own * parts, own, beside * parts_beside, beside)


def test_what_each_of_lopsided_days_shows_is_clear() -> None:
    """144 of 300 against 0 of 279: one day has half of all messages."""
    assert of_days([(0.48, 0)] * 14) > significance.CLEAR_OF_MANY
    assert of_days([(0, 0.48)] * 14) < -significance.CLEAR_OF_MANY
    # What one day alone shows is chance, and so is what days contradict.
    assert abs(of_days([(0.48, 0)] + [(0.1, 0.1)] * 13)) < significance.CLEAR
    assert abs(of_days([(0.48, 0.1)] * 8 + [(0.1, 0.48)] * 6)) < significance.CLEAR


def test_few_days_prove_nothing() -> None:
    own, beside = np.full(6, 9.0), np.full(6, 7.0)
    assert significance.errors_of_sums(own, own, np.zeros(6), beside) < significance.CLEAR_OF_MANY
    own, beside = np.full(7, 9.0), np.full(7, 7.0)
    assert significance.errors_of_sums(own, own, np.zeros(7), beside) > significance.CLEAR_OF_MANY


def test_the_clearest_of_many_people_is_rarely_clear_by_chance() -> None:
    assert significance.clear_of_people(1) == pytest.approx(significance.CLEAR_OF_MANY)
    chance = np.random.default_rng(7)
    for people in (2, 9, 60):
        leads = np.abs(chance.standard_normal((2_000, 12 * people))).max(axis=1)
        assert (leads >= significance.clear_of_people(people)).mean() < 0.06
        assert (leads >= significance.CLEAR_OF_MANY).mean() > 0.06


@given(st.lists(st.sampled_from("abc")))
def test_the_most_frequent_is_ahead_of_all_others(drawn: list[str]) -> None:
    counts, found = Counter(drawn), significance.most_frequent(Counter(drawn))
    if found is None:
        assert [*counts.values()].count(max(counts.values(), default=0)) != 1
    else:
        assert all(counts[found] > count for each, count in counts.items() if each != found)


def test_most_are_more_than_half() -> None:
    assert [significance.are_most(part, 4) for part in range(5)] == [
        False,
        False,
        False,
        True,
        True,
    ]


def test_almost_every_and_hardly_any_are_what_rounded_numbers_would_hide() -> None:
    assert round(10 * significance.ALMOST_EVERY, 6) >= 9.5
    assert round(100 * significance.HARDLY_ANY, 6) <= 0.5
    assert often(1) == "in every post"
    assert often(significance.ALMOST_EVERY) == "in almost every post"
    assert often(significance.ALMOST_EVERY - 0.01) != often(significance.ALMOST_EVERY)
