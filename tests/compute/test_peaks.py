"""What stands out among counts, and where a scale of bars ends."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.compute.peaks import clear_peak, fullest, fullest_day, is_ahead, scale_end

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
    peak = clear_peak(numbers)
    assert ([] if peak is None else [peak]) == ahead


def test_ties_small_leads_and_one_count_alone_are_no_peak() -> None:
    assert clear_peak([3, 3, 0]) is None
    assert clear_peak([4, 3]) is None
    assert clear_peak([9]) is None
    assert clear_peak([]) is None
    assert clear_peak([1, 9, 1]) == 1


@given(st.lists(st.integers(1, 60), min_size=1, max_size=60))
def test_few_bars_are_higher_than_the_scale(numbers: list[int]) -> None:
    end = scale_end(numbers)
    higher = [count for count in numbers if count > end]
    assert end in numbers
    assert len(higher) <= max(1, len(numbers) // 20)
    assert not higher or max(numbers) > 2 * end
    assert higher or end == max(numbers)


def test_a_burst_does_not_flatten_other_bars() -> None:
    assert scale_end([1, 2, 1, 30]) == 2
    assert scale_end([3, 4, 5, 6]) == 6
    assert scale_end([1, 30]) == 30


def test_days_that_come_in_bursts_prove_no_more_than_days() -> None:
    chance = random.Random(2)  # noqa: S311 - an example

    def of_year() -> list[int]:
        return [round(chance.expovariate(0.2)) * (chance.random() < 0.2) for _ in range(360)]

    pairs = [(of_year(), of_year()) for _ in range(300)]
    changes = sum(is_ahead(one, two) or is_ahead(two, one) for one, two in pairs)
    assert changes <= 300 * 0.08
    by_number = sum(clear_peak([sum(one), sum(two)]) is not None for one, two in pairs)
    assert by_number > 4 * changes
    months = [[year[day : day + 30] for day in range(0, 360, 30)] for year, _ in pairs]
    assert sum(fullest(of_months) is not None for of_months in months) <= 300 * 0.05


def test_of_days_that_vary_a_lot_hardly_any_is_the_fullest() -> None:
    chance = random.Random(3)  # noqa: S311 - an example
    chats = [[round(chance.lognormvariate(1.5, 1)) for _ in range(60)] for _ in range(300)]
    assert sum(fullest_day(days) is not None for days in chats) <= 300 * 0.05
    assert sum(clear_peak(days) is not None for days in chats) > 300 * 0.25


@pytest.mark.parametrize(("days", "place"), [([3, 2, 40, 3, 4], 2), ([9], None), ([0, 5], None)])
def test_a_day_far_beyond_the_others_is_the_fullest(days: list[int], place: int | None) -> None:
    assert fullest_day(days) == place


def test_what_leads_day_by_day_is_ahead() -> None:
    assert is_ahead([2] * 20, [1] * 20)
    assert not is_ahead([1] * 20, [1] * 20)
    assert not is_ahead([90] + [0] * 19, [1] * 20)
    assert not is_ahead([], [])
    assert fullest([[1] * 9, [3] * 9, [1] * 9]) == 1
    assert fullest([[3] * 9]) is None
