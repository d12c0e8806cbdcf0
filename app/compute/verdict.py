"""Decide what a ranking supports, and measure how far its probabilities can be trusted."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from app.compute.attribution import DAMPING, NO_SCORES, Ranking

# These constants were measured on posts that are newer than those in the profiles.
FEWEST_LETTERS: Final = 12
"""Shorter texts get no verdict. Between two authors, 73% of texts of 12 letters are attributed
correctly, and 67% of texts of 5 letters, for which the probabilities claim 80%."""
FEWEST_POSTS: Final = 10
"""Authors with fewer posts get no verdict. Between two authors with 10 posts each, 85% of texts are
attributed correctly, and 90% of those called likely; with 5 posts 81% and 87%, with 25 posts 89%
and 93%."""
LIKELY: Final = 0.65
"""Least probability of a likely author: about two in three."""

LEAD_SHARE: Final = 0.75
"""Weight of the lead over impostors in the familiarity; the rest is the score itself."""
FEWEST_IMPOSTORS: Final = 2
MOST_IMPOSTORS: Final = 8
"""More hardly help: with 2, 4, 8, 16 and 22 impostors, 45, 56, 57, 56 and 58% of the texts by
unknown authors are detected."""
BEST_OF_MANY: Final = 0.45
"""Factor of the logarithm of the number of authors: the best of many scores is higher by chance."""
USUAL_FEATURES: Final = 100
"""Character features of a typical post."""
SHORTEST_FEATURES: Final = 30
"""Least character features assumed for a text."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """Corrections fitted to an installation's own posts; defaults until there are enough."""

    temperature: float = 1.0
    """Above 1 if the probabilities are too high."""
    familiar_lead: float = -0.7
    """Familiarity below which 5% of an author's own texts fall, with impostors."""
    familiar_score: float = -6.5
    """The same without impostors, for few posts in any language. It detects few unknown authors,
    but -3.7, which fits English posts, rejects half of the own texts of Koreans with 100 posts."""


DEFAULT: Final = Calibration()


def verdict(
    ranking: Ranking,
    *,
    letters: int,
    fewest_posts: int,
    impostors: NDArray[np.float64] = NO_SCORES,
    calibration: Calibration = DEFAULT,
) -> Literal["likely", "close", "short", "unfamiliar"]:
    """Return the verdict that a ranking of two or more authors supports.

    letters: number of letters of the text; fewest_posts: the smallest number of posts of the
    authors that count; impostors: scores of authors that are not compared.
    """
    if letters < FEWEST_LETTERS or fewest_posts < FEWEST_POSTS:
        return "short"
    usual = calibration.familiar_lead if has_impostors(impostors) else calibration.familiar_score
    if familiarity(ranking, impostors) < usual:
        return "unfamiliar"
    return "likely" if ranking.probabilities.max() >= LIKELY else "close"


def has_impostors(impostors: NDArray[np.float64]) -> bool:
    return impostors.size >= FEWEST_IMPOSTORS


def familiarity(ranking: Ranking, impostors: NDArray[np.float64] = NO_SCORES) -> float:
    """Return how well the best author explains the text, given impostors and its length."""
    compared = max(ranking.compared, len(ranking.scores))
    return familiarity_of(float(ranking.scores.max()), ranking.features, compared, impostors)


def familiarity_of(
    best: float, features: int, compared: int, impostors: NDArray[np.float64] = NO_SCORES
) -> float:
    """Return how well the best of the compared authors explains a text of so many features.

    The lead is over the mean likelihood of the impostors, so that it hardly depends on their
    number. After the impostors method (Koppel and Winter 2014), but with all features at once:
    counting the random halves in which the author wins detected fewer unknown authors.
    """
    length = max(features, SHORTEST_FEATURES) / USUAL_FEATURES
    alone = best / length ** (1 + DAMPING)
    luck = BEST_OF_MANY * np.log(compared / 2)
    if not has_impostors(impostors):
        return float(alone - luck)
    highest = impostors.max()
    mean = highest + np.log(np.mean(np.exp(impostors - highest)))
    return float(LEAD_SHARE * (best - mean) + (1 - LEAD_SHARE) * alone - luck)


FEWEST_ASKED: Final = 200
"""Least number of posts for fitting the temperature."""
FEWEST_FOR_LEVEL: Final = 40
"""Least number of posts for fitting the familiarity levels. A level from so few is rough, but no
default fits all: in small installations 5% of own texts lie below -3 (English) and -11 (Korean)."""
COOLEST: Final = 0.5
HOTTEST: Final = 2.0
FALSE_ALARMS: Final = 0.05
"""Share of an author's own texts that are called unfamiliar."""
LEAD_BOUNDS: Final = (-3.0, 0.5)
SCORE_BOUNDS: Final = (-12.0, -2.0)
"""Bounds of the fitted levels, so that unusual posts cannot make answers absurd."""

_GOLDEN: Final = (5**0.5 - 1) / 2
_PRECISION: Final = 1e-3


def fit_calibration(
    scores: NDArray[np.float64], leads: NDArray[np.float64], alone: NDArray[np.float64]
) -> Calibration:
    """Return the calibration that fits posts scored before they were counted.

    scores: (k, n), each post's own author first; leads, alone: (k,) or empty, its familiarity
    between two authors, with and without impostors.
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
    # A level from few posts is rough, so it is lowered in order not to reject own texts.
    share = FALSE_ALARMS * min(1, familiar.size / FEWEST_ASKED)
    return round(float(np.clip(np.quantile(familiar, share), *bounds)), 3)


BINS: Final = 10
"""Bins of equal width into which claimed probabilities are sorted."""
FEWEST_IN_BIN: Final = 10
"""Of fewer answers in a bin no accuracy is shown."""
Z_95: Final = 1.96


def tenths(probabilities: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the bin of each probability."""
    return np.minimum((probabilities * BINS).astype(np.int64), BINS - 1)


def calibration_error(tops: NDArray[np.float64], hits: NDArray[np.bool_]) -> float:
    """Return the expected calibration error of claims (n,) and hits (n,), over the bins."""
    places = tenths(tops)
    claimed, right = (np.bincount(places, values, BINS) for values in (tops, hits))
    return float(np.abs(claimed - right).sum() / tops.size)


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
