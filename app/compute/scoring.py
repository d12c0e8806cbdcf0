"""How good answers were: share right, log-loss, calibration, and how sure one can be of these."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

BINS: Final = 10
Z_95: Final = 1.96


@dataclass(frozen=True, slots=True)
class Bin:
    """Answers that claimed about the same probability."""

    tenth: int
    """Which tenth of all probabilities, from 0."""
    claimed: float
    right: float
    asked: int


@dataclass(frozen=True, slots=True)
class Score:
    """What came of some questions whose answers are known."""

    asked: int
    accuracy: float
    low: float
    high: float
    """95% interval of the accuracy. Source: Wilson 1927."""
    log_loss: float
    """In nats."""
    calibration_error: float
    """Expected, over the bins."""
    bins: list[Bin]


def score(probabilities: NDArray[np.float64], truth: NDArray[np.intp]) -> Score:
    """Return how good the answers (m, n) were, whose right ones are columns (m,), m above 0."""
    tops, hits = probabilities.max(axis=1), probabilities.argmax(axis=1) == truth
    right = probabilities[np.arange(truth.size), truth]
    low, high = wilson(int(hits.sum()), hits.size)
    claims = tenths(tops)
    bins = [
        Bin(
            int(number),
            float(tops[claims == number].mean()),
            float(hits[claims == number].mean()),
            int((claims == number).sum()),
        )
        for number in np.unique(claims)
    ]
    return Score(
        hits.size,
        float(hits.mean()),
        low,
        high,
        float(-np.log(np.maximum(right, 1e-12)).mean()),
        calibration_error(tops, hits.astype(np.float64), BINS),
        bins,
    )


def tenths(probabilities: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return in which bin each probability falls."""
    return np.minimum((probabilities * BINS).astype(np.int64), BINS - 1)


def calibration_error(tops: NDArray[np.float64], hits: NDArray[np.float64], bins: int) -> float:
    """Return the mean distance between what is claimed (n,) and what is right (n,), by bins."""
    places = np.minimum((tops * bins).astype(np.int64), bins - 1)
    claimed, right = (np.bincount(places, values, bins) for values in (tops, hits))
    return float(np.abs(claimed - right).sum() / tops.size)


def wilson(hits: int, asked: int) -> tuple[float, float]:
    """Return the 95% interval of a share."""
    share, square = hits / asked, Z_95**2
    middle = (share + square / (2 * asked)) / (1 + square / asked)
    reach = Z_95 * np.sqrt(share * (1 - share) / asked + square / (4 * asked**2))
    reach /= 1 + square / asked
    return float(max(0.0, middle - reach)), float(min(1.0, middle + reach))


def confusion(
    probabilities: NDArray[np.float64], truth: NDArray[np.intp], authors: int
) -> NDArray[np.int64]:
    """Return how often the author of the row was taken for that of the column: (n, n)."""
    table = np.zeros((authors, authors), np.int64)
    np.add.at(table, (truth, probabilities.argmax(axis=1)), 1)
    return table
