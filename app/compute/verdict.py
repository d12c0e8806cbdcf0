"""Decide what a ranking supports, and measure how far its probabilities can be trusted."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from app.compute.attribution import DAMPING, NOBODY, Ranking

# What follows was measured on posts held out in time from those that the profiles were made of.
FEWEST_LETTERS: Final = 12
"""Of pieces of 12 letters 73% are told right between two authors, of 5 letters 67%, while the
probabilities claim 80%: below, they promise too much."""
FEWEST_POSTS: Final = 10
"""With 10 posts each, 85% are told right between two authors, and 90% of those called likely,
as their probabilities say; with 5 posts 81% and 87%; with 25 posts 89% and 93%."""
LIKELY: Final = 0.5
CLEAR_LEAD: Final = 0.65 / 0.35
"""Ratio of the first probability to the second: 65% between two authors."""

LEAD_SHARE: Final = 0.75
"""Of the lead over impostors in the familiarity; the rest is the score itself."""
FEWEST_IMPOSTORS: Final = 2
MOST_IMPOSTORS: Final = 8
"""More notice hardly more: by 2, 4, 8, 16 and 22 impostors 45, 56, 57, 56 and 58% of the
strangers are noticed."""
BEST_OF_MANY: Final = 0.45
"""By how much the best of so many scores is higher, times the logarithm of their number."""
USUAL_FEATURES: Final = 100
"""Character features of a post; shorter texts than 30 are judged as if they had these."""
SHORTEST_FEATURES: Final = 30


@dataclass(frozen=True, slots=True)
class Calibration:
    """What an installation's own posts say of its answers; these until there are enough."""

    temperature: float = 1.0
    """Above 1 where the probabilities promise too much."""
    familiar_lead: float = -0.7
    """The familiarity under which one of twenty own texts falls, with impostors."""
    familiar_score: float = -6.5
    """The same without impostors, for few posts in whatever language: it notices few strangers, but
    one that suits English posts, -3.7, refuses half of the own texts of Koreans with 100 posts."""


DEFAULT: Final = Calibration()


def verdict(
    ranking: Ranking,
    *,
    letters: int,
    fewest_posts: int,
    impostors: NDArray[np.float64] = NOBODY,
    calibration: Calibration = DEFAULT,
) -> Literal["likely", "close", "short", "unfamiliar"]:
    """Return what may fairly be said of a ranking of two or more authors.

    letters: how many the text has; fewest_posts: of the authors who count, the fewest;
    impostors: what some authors score who are not compared.
    """
    if letters < FEWEST_LETTERS or fewest_posts < FEWEST_POSTS:
        return "short"
    usual = calibration.familiar_lead if has_impostors(impostors) else calibration.familiar_score
    if familiarity(ranking, impostors) < usual:
        return "unfamiliar"
    second, first = np.sort(ranking.probabilities)[-2:]
    if first < LIKELY or first < CLEAR_LEAD * second:
        return "close"
    return "likely"


def has_impostors(impostors: NDArray[np.float64]) -> bool:
    return impostors.size >= FEWEST_IMPOSTORS


def familiarity(ranking: Ranking, impostors: NDArray[np.float64] = NOBODY) -> float:
    """Return how well the best of the authors explains the text, against impostors and its length.

    The lead is over the mean of the impostors' likelihoods, so that it hardly depends on their
    number. In the manner of the impostors method (Koppel and Winter 2014), but with all features
    at once: counting the random halves of them in which the author wins noticed fewer strangers.
    """
    best = float(ranking.scores.max())
    length = max(ranking.features, SHORTEST_FEATURES) / USUAL_FEATURES
    alone = best / length ** (1 + DAMPING)
    luck = BEST_OF_MANY * np.log(max(ranking.compared, len(ranking.scores)) / 2)
    if not has_impostors(impostors):
        return float(alone - luck)
    highest = impostors.max()
    mean = highest + np.log(np.mean(np.exp(impostors - highest)))
    return float(LEAD_SHARE * (best - mean) + (1 - LEAD_SHARE) * alone - luck)


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
