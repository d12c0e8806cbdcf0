"""The measures of the field, on answers whose figures are known."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, strategies as st

from benchmarks.verification import Answers, c_at_1, cost, equal_error_rate, f_05_u, least_cost


def answers(own: Sequence[float], strange: Sequence[float]) -> Answers:
    """Return answers that are likely from 0.8 on, and unfamiliar below 0.4."""
    scores = np.array([*own, *strange])
    verdicts = [
        "likely" if score >= 0.8 else "close" if score >= 0.4 else "unfamiliar" for score in scores
    ]
    return Answers(scores, np.arange(scores.size) < len(own), verdicts)


def test_perfect_answers() -> None:
    perfect = answers([0.9, 1.0], [0.0, 0.1, 0.2])
    assert equal_error_rate(perfect) == 0
    assert least_cost(perfect) == pytest.approx(0)
    assert (c_at_1(perfect), f_05_u(perfect)) == pytest.approx((1, 1))


def test_answers_that_say_nothing() -> None:
    blind = answers([0.5] * 4, [0.5] * 9)
    assert equal_error_rate(blind) == pytest.approx(0.5)
    assert cost(blind.scores, blind) == least_cost(blind) == pytest.approx(1)
    assert (c_at_1(blind), f_05_u(blind)) == (0, 0)


def test_undecided_texts_are_better_than_wrong_ones() -> None:
    wrong, undecided = answers([0.9, 0.3], [0.1, 0.9]), answers([0.9, 0.5], [0.1, 0.5])
    # Half are right, half undecided: these count as half right.
    assert (c_at_1(wrong), c_at_1(undecided)) == pytest.approx((0.5, 0.75))
    assert f_05_u(undecided) == pytest.approx(1.25 * 0.25 / (1.25 * 0.25 + 0.25 * 0.5))
    assert f_05_u(wrong) == pytest.approx(1.25 * 0.25 / (1.25 * 0.25 + 0.25 * 0.25 + 0.25))


def test_one_of_four_is_wrong_on_each_side() -> None:
    assert equal_error_rate(answers([0.9, 0.8, 0.7, 0.2], [0.1, 0.3, 0.1, 0.75])) == 0.25


SCORES = st.lists(st.floats(0.01, 0.99), min_size=1, max_size=30)


@given(SCORES, SCORES)
def test_measures_keep_within_their_bounds(own: list[float], strange: list[float]) -> None:
    given = answers(own, strange)
    assert 0 <= equal_error_rate(given) <= 1
    assert least_cost(given) <= min(1, cost(given.scores, given)) + 1e-9
    assert 0 <= c_at_1(given) <= 1 + 1e-9
    assert 0 <= f_05_u(given) <= 1
    # What keeps the order keeps these.
    squeezed = given._replace(scores=given.scores / 2)
    assert least_cost(squeezed) == pytest.approx(least_cost(given))
    assert equal_error_rate(squeezed) == pytest.approx(equal_error_rate(given))
