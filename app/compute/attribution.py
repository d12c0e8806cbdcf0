"""Who would have written a text: authors ranked by the log-odds of its features.

Dirichlet-smoothed naive Bayes for each group of features, against the background, and a weighted
sum over the groups. Nothing is trained per request, and adding a post is adding its counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from app.compute.background import Background
from app.compute.counts import Counts, lookup
from app.compute.features import GROUPS, group_edges

# The weights are fitted as one conditional logit, so that they are also the temperature.
PRIORS: Final = np.array([900.0, 300.0, 300.0, 300.0, 90.0])
"""(5,) mu: the weight of the background in each author's counts, in features."""
WEIGHTS: Final = np.array([0.111, 0.143, 0.134, 0.065, 0.443])
DAMPING: Final = -0.3
"""A text of W features counts as W^0.7 independent ones."""
MANY_AUTHORS: Final = 20
MANY_TEMPERATURE: Final = 0.85
"""Among many authors the scores are too modest: measured, the calibration error halves."""

# What follows was measured on posts held out in time from those that the profiles were made of.
FEWEST_LETTERS: Final = 12
"""Of pieces of 12 letters 73% are told right between two authors, of 5 letters 67%, while the
probabilities claim 80%: below, they promise too much."""
FEWEST_POSTS: Final = 10
"""With 10 posts each, 85% are told right between two authors, and 90% of those called likely,
as their probabilities say; with 5 posts 81% and 87%; with 25 posts 89% and 93%."""
FAMILIAR_SCORE: Final = -3.5
"""Below it the best author explains the text much worse than the average of all does. Between
two authors 3 to 6% of their own texts fall below (8 to 13% where the installation has no other
authors), and half of those by somebody else; between five authors 2 to 4% and three in ten."""
USUAL_LETTERS: Final = 100
"""The letters of a post; longer texts have larger scores of either sign, by the power 0.7."""
LIKELY: Final = 0.5
CLEAR_LEAD: Final = 0.65 / 0.35
"""Ratio of the first probability to the second: 65% between two authors."""


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """One author: the counts of all posts, the newest included."""

    counts: Counts
    posts: int
    totals: NDArray[np.int64] = field(init=False)
    """(5,) features per group."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "totals", _group_sums(self.counts))


@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """What the compared authors score, in the order in which they were given."""

    scores: NDArray[np.float64]
    """(n,) log-odds against the background; -inf for an author without posts."""
    probabilities: NDArray[np.float64]
    """(n,) calibrated, sum to 1."""
    groups: NDArray[np.float64]
    """(n, 5) weighted parts of the scores."""


def rank(query: Counts, profiles: Sequence[Profile], background: Background) -> Ranking:
    """Return how much each author's posts speak for the features of a text.

    An author without posts comes last, with probability 0. Raises ValueError if nobody has any.
    """
    filled = np.array([profile.counts.keys.size > 0 for profile in profiles], np.bool_)
    if not filled.any():
        raise ValueError("at least one author must have posts")
    edges = group_edges(query.keys)
    sizes = np.diff(edges)
    present = np.flatnonzero(sizes)
    rates = 1 / (np.repeat(PRIORS, sizes) * background.probabilities(query.keys))
    amounts = query.counts.astype(np.float64)
    widths = _group_sums(query)
    groups = np.empty((len(profiles), len(GROUPS)))
    for row, profile in zip(groups, profiles, strict=True):
        row[:] = widths * np.log(PRIORS / (PRIORS + profile.totals))
        gains = np.log1p(lookup(profile.counts, query.keys) * rates)
        gains *= amounts
        row[present] += np.add.reduceat(gains, edges[present])
    groups *= group_factors(widths)
    scores = np.where(filled, groups.sum(axis=1), -np.inf)
    return Ranking(scores, _softmax(scores / _temperature(len(profiles))), groups)


def verdict(
    ranking: Ranking, *, letters: int, fewest_posts: int
) -> Literal["likely", "close", "short", "unfamiliar"]:
    """Return what may fairly be said of a ranking of two or more authors.

    letters: how many the text has; fewest_posts: of the authors who count, the fewest.
    """
    if letters < FEWEST_LETTERS or fewest_posts < FEWEST_POSTS:
        return "short"
    if ranking.scores.max() < FAMILIAR_SCORE * max(1.0, letters / USUAL_LETTERS) ** (1 + DAMPING):
        return "unfamiliar"
    second, first = np.sort(ranking.probabilities)[-2:]
    if first < LIKELY or first < CLEAR_LEAD * second:
        return "close"
    return "likely"


def group_factors(widths: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return what one feature of each group weighs in a text of `widths` features: (5,)."""
    factors: NDArray[np.float64] = WEIGHTS * np.maximum(widths, 1) ** DAMPING
    return factors


def _temperature(authors: int) -> float:
    return MANY_TEMPERATURE if authors >= MANY_AUTHORS else 1.0


def _softmax(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    odds = np.exp(scores - scores.max())
    shares: NDArray[np.float64] = odds / odds.sum()
    return shares


def _group_sums(counts: Counts) -> NDArray[np.int64]:
    edges = group_edges(counts.keys)
    sums = np.concatenate(([0], np.cumsum(counts.counts, dtype=np.int64)))
    return np.diff(sums[edges])
