"""Fit probabilities to known answers, and measure how far they can be trusted."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

FEWEST_ASKED: Final = 200
"""Least number of posts for fitting the temperature."""
COOLEST: Final = 0.5
HOTTEST: Final = 2.0
NO_CHANGE: Final = 1.0
"""Temperatures: above 1 if the probabilities are too high."""
_GOLDEN: Final = (5**0.5 - 1) / 2
_PRECISION: Final = 1e-3


def fit_temperature(scores: NDArray[np.float64]) -> float:
    """Return the temperature, from 0.5 to 2, under which the first column of (k, n) is likeliest.

    It is 1 for few rows. By golden-section search: the log-loss has one minimum in the
    temperature's inverse.
    """
    if len(scores) < FEWEST_ASKED:
        return NO_CHANGE
    low, high = 1 / HOTTEST, 1 / COOLEST
    while high - low > _PRECISION:
        left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
        if _log_loss(scores * left) < _log_loss(scores * right):
            high = right
        else:
            low = left
    return round(2 / (low + high), 3)


def _log_loss(scores: NDArray[np.float64]) -> float:
    highest = scores.max(axis=1, keepdims=True)
    sums = np.log(np.exp(scores - highest).sum(axis=1)) + highest[:, 0]
    return float(np.mean(sums - scores[:, 0]))


BINS: Final = 10
"""Bins of equal width into which claimed probabilities are sorted."""
Z_95: Final = 1.96


def tenths(probabilities: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the bin of each probability."""
    return np.minimum((probabilities * BINS).astype(np.int64), BINS - 1)


def calibration_error(claimed: NDArray[np.float64], hits: NDArray[np.bool_]) -> float:
    """Return the expected calibration error of claims (n,) and hits (n,), over the bins."""
    places = tenths(claimed)
    sums, right = (np.bincount(places, values, BINS) for values in (claimed, hits))
    return float(np.abs(sums - right).sum() / claimed.size)


def wilson(hits: int, asked: int) -> tuple[float, float]:
    """Return the 95% interval of a share. Source: Wilson 1927."""
    share, square = hits / asked, Z_95**2
    middle = (share + square / (2 * asked)) / (1 + square / asked)
    reach = Z_95 * np.sqrt(share * (1 - share) / asked + square / (4 * asked**2))
    reach /= 1 + square / asked
    return float(max(0.0, middle - reach)), float(min(1.0, middle + reach))


def confusion(
    probabilities: NDArray[np.float64], truth: NDArray[np.intp], authors: int
) -> NDArray[np.int64]:
    """Return how often the author of each row was answered as that of each column: (n, n)."""
    table = np.zeros((authors, authors), np.int64)
    np.add.at(table, (truth, probabilities.argmax(axis=1)), 1)
    return table
