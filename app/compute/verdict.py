"""What may fairly be said of a ranking: that it is likely, close, too little, or of nobody here."""

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
