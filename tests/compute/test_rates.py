"""How many strangers pass: the file holds for this program, and is read by the nearest cells."""

import numpy as np
import pytest

from app.compute.features import RECIPE
from app.compute.judgement import (
    BELIEFS,
    LONG_WORDS,
    NAMED,
    OTHERS,
    likely_from,
    measured_rates,
    rate,
)
from app.population import shipped_digest


def test_the_rates_hold_for_this_program() -> None:
    """If this fails, measure them again: `python -m benchmarks.open_question FILE --write`."""
    rates = measured_rates()
    assert (rates.recipe, rates.population) == (RECIPE, shipped_digest())
    for language, thresholds in rates.thresholds.items():
        assert thresholds == [likely_from(language, others) for others in OTHERS]


@pytest.mark.parametrize("language", ["en", "ko"])
def test_each_cell_is_a_share_that_grows_with_the_belief(language: str) -> None:
    shares = np.array(measured_rates().shares[language])
    assert shares.shape == (len(NAMED), len(OTHERS), len(BELIEFS), 2)
    assert np.all((shares >= 0) & (shares < 0.5))
    assert np.all(np.diff(shares, axis=2) >= 0)


def test_between_two_that_were_measured_it_is_the_higher_rate() -> None:
    shares = measured_rates().shares["en"]
    assert rate("en", 1, 0, 0.5, LONG_WORDS - 1) == shares[0][0][2][0]
    assert rate("en", 1, 0, 0.5, LONG_WORDS) == shares[0][0][2][1]
    assert rate("en", 4, 8, 0.5, 5) == max(shares[2][3][2][0], shares[3][3][2][0])
    assert rate("en", 1, 5, 0.5, 5) == max(shares[0][2][2][0], shares[0][3][2][0])
    assert rate("en", 1, 0, 0.6, 5) == max(shares[0][0][2][0], shares[0][0][3][0])
    assert rate("en", 300, 300, 0.99, 5) == shares[3][3][4][0]
    assert rate("en", 1, 0, 0.01, 5) == shares[0][0][0][0]
    assert rate("de", 2, 2, 0.5, 5) == rate(None, 2, 2, 0.5, 5) == shares[1][2][2][0]
    assert rate("ko", 1, 0, 0.5, 5) == measured_rates().shares["ko"][0][0][2][0]
