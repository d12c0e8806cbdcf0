"""How far an installation's probabilities promise too much, learned from posts that came later."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.compute.verdict import DEFAULT, Calibration

FEWEST_ASKED: Final = 200
"""Posts below which the temperature is left alone."""
FEWEST_FOR_LEVEL: Final = 40
"""Posts below which the defaults tell own texts from strange ones. A level of so few is rough, but
none suits all: in small installations 5% of own texts lie below -3 (English) and -11 (Korean)."""
COOLEST: Final = 0.5
HOTTEST: Final = 2.0
FALSE_ALARMS: Final = 0.05
"""Share of an author's own texts that are called unfamiliar."""
LEAD_BOUNDS: Final = (-3.0, 0.5)
SCORE_BOUNDS: Final = (-12.0, -2.0)
"""What is fitted stays within bounds, so that strange posts cannot make answers absurd."""

_GOLDEN: Final = (5**0.5 - 1) / 2
_PRECISION: Final = 1e-3


def fit_calibration(
    scores: NDArray[np.float64], leads: NDArray[np.float64], alone: NDArray[np.float64]
) -> Calibration:
    """Return the calibration that fits posts scored before they were counted.

    scores: (k, n), each post's own author first, then others; leads, alone: (k,) or empty, how
    familiar it is between two authors with impostors and without.
    """
    return Calibration(
        DEFAULT.temperature if len(scores) < FEWEST_ASKED else fit_temperature(scores),
        _alarm_level(leads, LEAD_BOUNDS, DEFAULT.familiar_lead),
        _alarm_level(alone, SCORE_BOUNDS, DEFAULT.familiar_score),
    )


def fit_temperature(scores: NDArray[np.float64]) -> float:
    """Return the temperature, from 0.5 to 2, under which the first column of (k, n) is likeliest.

    By golden-section search: the log-loss has one minimum in the temperature's inverse.
    """
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


def _alarm_level(
    familiar: NDArray[np.float64], bounds: tuple[float, float], default: float
) -> float:
    if familiar.size < FEWEST_FOR_LEVEL:
        return default
    # Of few posts the level is rough, so it is set with care not to refuse own texts.
    share = FALSE_ALARMS * min(1, familiar.size / FEWEST_ASKED)
    return round(float(np.clip(np.quantile(familiar, share), *bounds)), 3)
