"""Measures of likelihood ratios whose truth is known."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.compute.ratio_trials import RatioScore, score_ratios

TRIALS = st.lists(
    st.tuples(st.floats(-1.5, 2), st.booleans(), st.integers(0, 3)), min_size=2, max_size=60
).filter(lambda trials: {own for _, own, _ in trials} == {True, False})


def scored(trials: list[tuple[float, bool, int]]) -> RatioScore:
    log10, own, pairs = (np.array(column) for column in zip(*trials, strict=True))
    return score_ratios(log10, log10, own, pairs)


def weights(trials: list[tuple[float, bool, int]]) -> list[float]:
    """Each side a half, each pair of a side the same, each trial of a pair the same."""
    sides = {own: [pair for _, side, pair in trials if side == own] for own in (True, False)}
    return [0.5 / len(set(sides[own])) / sides[own].count(pair) for _, own, pair in trials]


@given(TRIALS)
def test_measures_agree_with_their_definitions(trials: list[tuple[float, bool, int]]) -> None:
    found, weighed = scored(trials), list(zip(trials, weights(trials), strict=True))
    cost = sum(
        weight * math.log2(1 + math.pow(10, -log10 if own else log10))
        for (log10, own, _), weight in weighed
    )
    assert found.cllr == pytest.approx(cost)

    def share(is_meant: Callable[[float], bool], own: bool) -> float:
        return sum(w for (x, y, _), w in weighed if y == own and is_meant(x))

    two = math.log10(2)
    right = share(lambda x: x >= two, True) + share(lambda x: x <= -two, False)
    silent = sum(w for (x, _, _), w in weighed if -two < x < two)
    assert found.silent == pytest.approx(silent)
    assert found.c_at_1 == pytest.approx(right * (1 + silent))
    assert found.wrong_for == pytest.approx(2 * share(lambda x: x >= 1 - 1e-9, False))
    assert found.wrong_against == pytest.approx(2 * share(lambda x: x <= -1 + 1e-9, True))
    # Of two trials of either kind, how often the own one has the higher ratio.
    pairs = [
        (a, b, 4 * v * w) for (a, y, _), v in weighed for (b, z, _), w in weighed if y and not z
    ]
    if len({x for x, _, _ in trials}) == len(trials):  # A tie is ordered by chance.
        assert found.auc == pytest.approx(sum(w for a, b, w in pairs if a > b))


@given(TRIALS)
def test_the_best_monotone_correction_never_costs_more(
    trials: list[tuple[float, bool, int]],
) -> None:
    found = scored(trials)
    assert -1e-6 <= found.cllr_min <= min(found.cllr, 1) + 1e-6
    assert 0 <= found.eer <= 1
    assert all(0 <= each <= 1 + 1e-9 for each in (found.c_at_1, found.f_05_u, found.auc))


def test_ratios_that_say_nothing_cost_a_bit_and_perfect_ones_hardly_any() -> None:
    nothing = scored([(0.0, True, 0), (0.0, False, 1)] * 5)
    assert (nothing.cllr, nothing.silent, nothing.c_at_1) == pytest.approx((1, 1, 0))
    perfect = scored([(2.0, True, 0), (-1.5, False, 1)] * 5)
    assert perfect.cllr < 0.05
    assert (perfect.eer, perfect.auc, perfect.c_at_1, perfect.f_05_u) == (0, 1, 1, 1)
    assert perfect.cllr_min == pytest.approx(0, abs=1e-6)
