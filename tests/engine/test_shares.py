"""How many of many texts one author wrote."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from saywho.engine.shares import share_of

RATIOS = st.lists(st.floats(-8, 8), max_size=40)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 1.0])
def test_known_shares_are_found(share: float) -> None:
    # Texts with ratios of a known kind: own ones N(d^2/2, d), others N(-d^2/2, d).
    chance, own = np.random.default_rng(1), round(400 * share)
    ratios = np.concatenate((chance.normal(2, 2, own), chance.normal(-2, 2, 400 - own)))
    found = share_of(ratios)
    assert found.share == pytest.approx(share, abs=0.06)
    assert found.low - 0.01 <= share <= found.high + 0.01


@given(RATIOS)
def test_a_share_is_between_its_bounds(ratios: list[float]) -> None:
    share, low, high = share_of(np.array(ratios))
    assert 0 < low <= share <= high < 1
    assert share_of(np.array([*ratios, 2.0])).share > share - 1e-9
    # Texts that favour nobody change nothing.
    assert share_of(np.array([*ratios, 0.0])).share == pytest.approx(share)


def test_a_single_text_does_not_tell_the_share() -> None:
    assert share_of(np.array([20.0])).share < 0.7
    assert share_of(np.array([])).share == pytest.approx(0.5)
