"""Likelihood ratios: one author against somebody else of the language.

Two numbers decide whether one author wrote some texts or somebody else of the language did: how far
the author explains the texts better than everybody else (`app/compute/population.py`), and how far
the texts score as the author's own newest posts do. Three constants turn them into the logarithm of
a likelihood ratio. They were fitted once to posts of other people, for both languages, for 1 to 20
texts, and for texts one by one or joined into one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.compute.attribution import (
    NO_SCORES,
    Background,
    Query,
    group_factors,
    group_scores,
    penalties_of,
    query_of,
)
from app.compute.counts import add, subtract
from app.compute.features import CHARACTERS, GROUPS, SHAPE, features_of, group_sums
from app.compute.population import NOBODY, Population
from app.compute.profiles import AuthorProfile

INTERCEPT: Final = 0.25
LEAD: Final = 1.28
TYPICAL: Final = 0.41
"""Natural logarithm of the ratio, and what each unit of the two numbers adds to it."""
LEAD_GROUPS: Final = np.array([1, 1, 1, 0.5, 0.25])
"""(5,) share of each group's weight that counts in the lead: many people share a layout."""
SHORT_FEATURES: Final = 70.0
SHORT_POWER: Final = 8
"""Character features of an English text below which layout and style count less in the lead, and
the power of its length by which they do. Being short is a style: the shipped authors wrote whole
posts, so against them every short message speaks for an author of short messages. Fitted to one
half of the shipped authors at a time, with the other half shipped."""
FEW_OTHERS: Final = 4.0
"""Other authors at which the lead counts half: one of n strangers is the nearest by chance."""
LENGTH_POWER: Final = -0.2
USUAL_FEATURES: Final = 100.0
SHORTEST_FEATURES: Final = 30.0
"""Character features of a usual text, and the least that are assumed."""
LEAST_TYPICAL: Final = -5.5
LEAST_POWER: Final = 0.3
"""Least that typicality counts for a usual text, and the power of the length by which it grows."""
LONG: Final = 2.0
"""Times the author's usual length from which layout and style say nothing of what is typical."""

LOWEST: Final = float(-np.log(10**1.5))
PER_AUTHOR: Final = 12.0
"""Bounds of the natural logarithm for a usual text: 1/32, and 12 times the authors of the language.
They, not the fit, protect from strangers who share the author's topic."""
LOWEST_POWER: Final = 0.3
HIGHEST_POWER: Final = 0.5
"""Powers of the length of a longer text by which the lower bound's logarithm grows, and the upper
bound: a long text can say more. Chosen on the shipped English authors, with others shipped."""
SHIPPED_WEIGHT: Final = 1.5
"""Authors here for whom all shipped ones of a language count together. Fitted: with more, more
texts of both the right author and of strangers are called likely."""
LONGER_FROM: Final = 200.0
LONGER_POWER: Final = 0.4
MOST_SHIPPED: Final = 2.0
"""Character features of an English text from which the weight grows, the power of the length, and
the highest weight. The nearer a stranger is by chance, the shorter the text is. Fitted with the
others, to texts of 1 to 20 posts; without an end, sets of twenty posts are called too boldly."""
KOREAN_SHIPPED_WEIGHT: Final = 0.5
"""The same for Korean texts where others of the language are here. Few Korean kinds are shipped,
and whoever is of another kind stands out against them. Fitted to the shipped Korean authors, one
kind at a time with the others shipped."""
FEWEST_OTHERS: Final = 1.5
"""With less weight of other authors of the language no ratio is given."""
HELD_OUT_SHARE: Final = 0.25
MOST_HELD_OUT: Final = 100
"""Share of the author's posts, the newest, that tell what is usual, and how many at most."""


@dataclass(frozen=True, slots=True, eq=False)
class Usual:
    """What an author's own newest posts are like."""

    rates: NDArray[np.float64]
    """(5,) mean log-odds of their features, per group."""
    length: float
    """Character features per post, of all posts."""
    gaps: NDArray[np.float64] = field(default_factory=lambda: NO_SCORES)
    """(n,) nats by which a usual text speaks for the author rather than each of the population."""


def usual_of(
    profile: AuthorProfile,
    newest: Sequence[str],
    background: Background,
    *,
    is_in_background: bool = True,
    population: Population = NOBODY,
) -> Usual | None:
    """Return what is usual for an author; `newest` are the newest of the posts of the profile.

    They are taken out of the profile and of the background, and scored by the rest. None without
    any, or where all that was posted are other people's words. Raises ValueError if the profile
    does not hold them.
    """
    if not newest or not profile.counts.keys.size:
        return None
    held_out = add(features_of(list(dict.fromkeys(newest))))
    earlier = AuthorProfile(subtract(profile.counts, held_out), profile.posts - len(newest))
    sums = group_sums(held_out)
    if is_in_background:
        background = background.without(held_out, len(newest))
    query = query_of(held_out, background)
    scores = group_scores(query, [earlier])[0]
    rates = scores / group_factors(sums) / np.maximum(sums, 1)
    length = float(profile.totals[CHARACTERS] / max(profile.worded_posts, 1))
    if not population:
        return Usual(rates, length)
    usual: NDArray[np.float64] = sums.astype(np.float64)
    usual *= USUAL_FEATURES / max(float(sums[CHARACTERS]), 1.0)
    known = np.append(population.totals[:, CHARACTERS], earlier.totals[CHARACTERS])
    per_feature = population.group_scores(query) / group_factors(sums) / np.maximum(sums, 1)
    groups: NDArray[np.float64] = np.vstack((per_feature, rates)) * group_factors(usual) * usual
    *others, own = lead_scores(groups, penalties_of(int(USUAL_FEATURES), known)).tolist()
    return Usual(rates, length, own - np.array(others))


def log_ratios(
    query: Query,
    texts: int,
    groups: NDArray[np.float64],
    penalties: NDArray[np.float64],
    usual: Sequence[Usual],
    others: NDArray[np.float64],
    weights: NDArray[np.float64],
    shares: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the natural logarithm of the ratio of each author, within its bounds: (m,).

    query: the features of so many texts by one hand, added up; groups: (m, 5) the authors'
    weighted log-odds, as in a ranking; penalties: (m,); others: (n,) the scores of everybody
    else (`lead_scores`); weights: (m, n) for how many authors each of them counts beside an
    author, 0 for who does not count. Each row has a sum above 0; shares: (5,) of the groups in
    the lead.
    """
    counts = weights.sum(axis=1)
    best = np.where(weights > 0, others, -np.inf).max(axis=1)
    # The logarithm of the mean likelihood of the others. Those who do not count may score higher.
    odds = np.exp(np.minimum(others - best[:, np.newaxis], 0))
    mean = best + np.log((weights * odds).sum(axis=1) / counts)
    leads = lead_scores(groups, penalties, shares) - mean
    features = float(query.widths[CHARACTERS])
    size = max(features, SHORTEST_FEATURES) / USUAL_FEATURES
    scale = size**LENGTH_POWER
    rates = np.array([habit.rates for habit in usual]).reshape(-1, len(GROUPS))
    lengths = np.array([habit.length for habit in usual])
    above = groups - group_factors(query.widths) * query.widths * rates
    alike = np.minimum(1, (LONG * lengths * texts / max(features, 1)) ** 2)
    typical = above[:, :SHAPE].sum(axis=1) + alike * above[:, SHAPE:].sum(axis=1)
    ratios = INTERCEPT + LEAD * scale * counts / (counts + FEW_OTHERS) * leads
    ratios += TYPICAL * np.maximum(scale * typical, LEAST_TYPICAL * size**LEAST_POWER)
    longer = max(size, 1.0)
    highest = np.log(PER_AUTHOR * (counts + 1) * longer**HIGHEST_POWER)
    lowest = LOWEST * longer**LOWEST_POWER
    bounded: NDArray[np.float64] = np.minimum(np.maximum(ratios, lowest), highest)
    return bounded


def lead_shares(features: float, texts: int) -> NDArray[np.float64]:
    """Return the share of each group in the lead, for English texts of so many features: (5,)."""
    length = min(features / (texts * SHORT_FEATURES), 1.0)
    shares: NDArray[np.float64] = LEAD_GROUPS.copy()
    shares[SHAPE:] *= length**SHORT_POWER
    return shares


def lead_scores(
    groups: NDArray[np.float64],
    penalties: NDArray[np.float64],
    shares: NDArray[np.float64] = LEAD_GROUPS,
) -> NDArray[np.float64]:
    """Return the scores of authors (n,) as they count in a lead, by the groups' shares of it."""
    scores: NDArray[np.float64] = groups @ shares - penalties
    return scores
