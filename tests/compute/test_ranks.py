"""Values beside others by their ranks."""

import random
from math import sqrt

from hypothesis import given
from hypothesis import strategies as st

from app.compute.ranks import rank_errors

values = st.lists(st.integers(0, 9), max_size=30)


@given(values, values)
def test_each_pair_of_values_counts(own: list[int], beside: list[int]) -> None:
    higher = sum((value > other) - (value < other) for value in own for other in beside)
    pairs = len(own) * len(beside)
    spread = sqrt(pairs * (len(own) + len(beside) + 1) / 12) or 1
    assert abs(rank_errors(own, beside) - higher / 2 / spread) < 1e-9


def test_of_values_by_chance_hardly_any_are_apart() -> None:
    chance = random.Random(4)  # noqa: S311 - an example

    def waits() -> list[int]:
        return [round(chance.expovariate(1 / 3600)) for _ in range(40)]

    errors = [rank_errors(waits(), waits() + waits()) for _ in range(400)]
    assert sum(abs(error) > 2.9 for error in errors) <= 4
    assert sum(abs(error) > 1 for error in errors) > 80
    assert rank_errors([60] * 40, waits()) < -2.9
