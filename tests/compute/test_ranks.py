"""Values beside others by their ranks."""

import random
from collections import Counter
from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.compute.ranks import rank_errors

values = st.lists(st.integers(0, 9), max_size=30)


@given(values, values)
def test_each_pair_of_values_counts(own: list[int], beside: list[int]) -> None:
    higher = sum((value > other) - (value < other) for value in own for other in beside)
    pairs = len(own) * len(beside)
    spread = sqrt(pairs * (len(own) + len(beside) + 1) / 12) or 1
    errors, errors_beside = rank_errors([own, beside], [range(len(own)), range(len(beside))])
    assert abs(errors) <= abs(higher) / 2 / spread + 1e-9
    assert errors * higher > 0 or errors == higher == 0
    assert abs(errors + errors_beside) < 1e-9


def test_of_two_days_the_errors_are_two_at_most() -> None:
    slow, fast = [*range(900, 1_000)], [*range(100)]
    by_message, _ = rank_errors([slow, fast], [range(100), range(100)])
    by_day, _ = rank_errors([slow, fast], [[0, 1] * 50, [0, 1] * 50])
    assert by_message > 9
    assert by_day <= sqrt(2) + 1e-9


def test_of_values_by_chance_hardly_any_are_apart() -> None:
    chance = random.Random(4)  # noqa: S311 - an example

    def waits() -> list[int]:
        return [round(chance.expovariate(1 / 3600)) for _ in range(40)]

    def errors_of(own: list[int]) -> float:
        return rank_errors([own, waits(), waits()], [range(40)] * 3)[0]

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
        errors = rank_errors(waits, [range(60)] * people, people)
        told.update(place == 0 for place, error in enumerate(errors) if abs(error) > 2.9)
    assert told[True] == 20
    assert told[False] <= 1 + 20 * (people - 1) / 100
