"""Who would have written a text: authors ranked by the log-odds of its features.

Dirichlet-smoothed naive Bayes for each group of features, against the background, and a weighted
sum over the groups. Nothing is trained per request, and adding a post is adding its counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.compute.background import Background
from app.compute.counts import Counts, lookup
from app.compute.features import CHARACTERS, GROUPS, group_edges, group_sums
from app.compute.profiles import AuthorProfile

# The weights are fitted as one conditional logit, so that they are also the temperature.
PRIORS: Final = np.array([900.0, 300.0, 300.0, 300.0, 90.0])
"""(5,) mu: the weight of the background in each author's counts, in features."""
WEIGHTS: Final = np.array([0.111, 0.143, 0.134, 0.065, 0.443])
DAMPING: Final = -0.3
"""A text of W features counts as W^0.7 independent ones."""
MANY_AUTHORS: Final = 20
MANY_TEMPERATURE: Final = 0.85
"""Among many authors the scores are too modest: measured, the calibration error halves."""

DOUBT: Final = 0.067
"""What is taken off the score of an author of whom nothing is known, for each feature of the
damped text: 1.7 for a post. Smoothing alone is too kind to short histories: a text that
resembles nobody went to the author with the fewest posts. Fitted with two authors of 1 to 240
posts: 86.1 instead of 84.7% are told right, those of the longer and the shorter history alike."""
DOUBTED_FEATURES: Final = 1800.0
"""Character features (some 20 posts) that take half of the doubt away."""

NOBODY: Final = np.empty(0)


@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """What the compared authors score, in the order in which they were given."""

    scores: NDArray[np.float64]
    """(n,) log-odds against the background, less the doubt; -inf for an author without posts."""
    probabilities: NDArray[np.float64]
    """(n,) calibrated, sum to 1."""
    groups: NDArray[np.float64]
    """(n, 5) weighted parts of the scores."""
    doubts: NDArray[np.float64]
    """(n,) what is taken off the scores for short histories."""
    features: int
    """Character features of the text."""
    compared: int = 0
    """How many authors were compared, where these are not all."""
    impostors: NDArray[np.float64] = field(default_factory=lambda: NOBODY)
    """(m,) what authors score who are not compared."""


def rank(
    query: Counts,
    profiles: Sequence[AuthorProfile],
    background: Background,
    temperature: float = 1.0,
    rest: NDArray[np.float64] = NOBODY,
    impostors: Sequence[AuthorProfile] = (),
) -> Ranking:
    """Return how much each author's posts speak for the features of a text.

    An author without posts comes last, with probability 0. Raises ValueError if nobody has any.
    `temperature` flattens the probabilities (above 1) or sharpens them; `rest` are the scores of
    more authors who are compared, `impostors` authors with posts who are not.
    """
    everyone = [*profiles, *impostors]
    groups = _group_scores(query, everyone, background)
    features = int(group_sums(query)[CHARACTERS])
    doubts = _doubts(features, everyone)
    strange = (groups.sum(axis=1) - doubts)[len(profiles) :]
    groups, doubts = groups[: len(profiles)], doubts[: len(profiles)]
    filled = np.array([profile.counts.keys.size > 0 for profile in profiles], np.bool_)
    if not filled.any():
        raise ValueError("at least one author must have posts")
    scores = np.where(filled, groups.sum(axis=1) - doubts, -np.inf)
    everybody = np.concatenate((scores, rest))
    shares = _softmax(everybody / (temperature * _temperature(everybody.size)))
    return Ranking(scores, shares[: scores.size], groups, doubts, features, everybody.size, strange)


def scores_of(
    query: Counts, profiles: Sequence[AuthorProfile], background: Background
) -> NDArray[np.float64]:
    """Return the scores alone, of any number of authors with posts: (n,)."""
    features = int(group_sums(query)[CHARACTERS])
    groups = _group_scores(query, profiles, background)
    scores: NDArray[np.float64] = groups.sum(axis=1) - _doubts(features, profiles)
    return scores


def _group_scores(
    query: Counts, profiles: Sequence[AuthorProfile], background: Background
) -> NDArray[np.float64]:
    """Return the weighted log-odds of each author's posts against the background: (n, 5)."""
    edges = group_edges(query.keys)
    sizes = edges[1:] - edges[:-1]
    present = np.flatnonzero(sizes)
    rates = 1 / (np.repeat(PRIORS, sizes) * background.probabilities(query.keys))
    amounts = query.counts.astype(np.float64)
    widths = group_sums(query)
    groups = np.empty((len(profiles), len(GROUPS)))
    for row, profile in zip(groups, profiles, strict=True):
        row[:] = widths * np.log(PRIORS / (PRIORS + profile.totals))
        gains = np.log1p(lookup(profile.counts, query.keys) * rates)
        gains *= amounts
        row[present] += np.add.reduceat(gains, edges[present])
    groups *= group_factors(widths)
    return groups


def group_factors(widths: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return what one feature of each group weighs in a text of `widths` features: (5,)."""
    factors: NDArray[np.float64] = WEIGHTS * np.maximum(widths, 1) ** DAMPING
    return factors


def _doubts(features: int, profiles: Sequence[AuthorProfile]) -> NDArray[np.float64]:
    known = np.array([profile.totals[CHARACTERS] for profile in profiles], np.float64)
    doubts: NDArray[np.float64] = DOUBT * features ** (1 + DAMPING) / (1 + known / DOUBTED_FEATURES)
    return doubts


def _temperature(authors: int) -> float:
    return MANY_TEMPERATURE if authors >= MANY_AUTHORS else 1.0


def _softmax(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    odds = np.exp(scores - scores.max())
    shares: NDArray[np.float64] = odds / odds.sum()
    return shares
