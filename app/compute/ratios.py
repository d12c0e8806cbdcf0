"""Likelihood ratios: one author against someone else of the language.

The logarithm depends on how much better the author explains the texts than everyone else, and how
much they score as the author's newest posts. Its three constants were fitted to other people's
posts, in both languages, to 1 to 20 texts, single and joined.
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

LEAD_GROUPS: Final = np.array([1, 1, 1, 0.5, 0.25])
"""Share of each group's weight in the lead, (5,): many people share a layout."""
USUAL_FEATURES: Final = 100.0


@dataclass(frozen=True, slots=True, eq=False)
class Usual:
    rates: NDArray[np.float64]
    """Mean log-odds of a feature in each group, (5,)."""
    length: float
    """Mean number of character features in a post."""
    gaps: NDArray[np.float64] = field(default_factory=lambda: NO_SCORES)
    """Nats by which a usual text favours the author over each member, (n,)."""


def usual_of(
    profile: AuthorProfile,
    newest: Sequence[str],
    background: Background,
    *,
    is_in_background: bool = True,
    population: Population = NOBODY,
) -> Usual | None:
    """Return what is usual for an author; newest: the newest posts of the profile.

    The posts are removed from profile and background, and scored by the rest. None without posts or
    own words. Raises ValueError if the profile lacks them.
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
    """Return the natural logarithm of each author's ratio, within its bounds: (m,).

    query: summed features of `texts` texts. groups: (m, 5), the authors' weighted log-odds.
    penalties: (m,). others: (n,), the other authors' `lead_scores`. weights: (m, n), how many
    authors each other counts as; row sums above 0. shares: (5,), of the groups in the lead.
    """
    counts = weights.sum(axis=1)
    best = np.where(weights > 0, others, -np.inf).max(axis=1)
    # The logarithm of the mean likelihood of the others. Those who do not count may score higher.
    odds = np.exp(np.minimum(others - best[:, np.newaxis], 0))
    mean = best + np.log((weights * odds).sum(axis=1) / counts)
    leads = lead_scores(groups, penalties, shares) - mean
    features = float(query.widths[CHARACTERS])
    size = max(features, 30.0) / USUAL_FEATURES  # At least 30 features are assumed.
    scale = size**-0.2
    intercept, per_lead, per_typical = 0.25, 1.28, 0.41  # Fitted once, as the module says.
    # With four others the lead counts half: one of n strangers is the nearest by coincidence.
    ratios = intercept + per_lead * scale * counts / (counts + 4.0) * leads
    typical = scale * _typical(query, texts, groups, usual)
    least = -5.5 * size**0.3  # The least that typicality counts grows with the length.
    ratios += per_typical * np.maximum(typical, least)
    # Bounds for a usual text: 1/32, and 12 times the authors of the language. The bounds, not the
    # fit, protect from strangers who share the author's topic. A long text can say more: the powers
    # of its length were chosen on the shipped English authors, with others shipped.
    longer = max(size, 1.0)
    highest = np.log(12.0 * (counts + 1) * longer**0.5)
    lowest = float(-np.log(10**1.5)) * longer**0.3
    bounded: NDArray[np.float64] = np.minimum(np.maximum(ratios, lowest), highest)
    return bounded


def _typical(
    query: Query, texts: int, groups: NDArray[np.float64], usual: Sequence[Usual]
) -> NDArray[np.float64]:
    """Return how far each author's scores exceed those of their newest posts: (m,)."""
    rates = np.array([habit.rates for habit in usual]).reshape(-1, len(GROUPS))
    lengths = np.array([habit.length for habit in usual])
    above = groups - group_factors(query.widths) * query.widths * rates
    # Beyond twice the author's usual length, layout and style count less and less.
    features = max(float(query.widths[CHARACTERS]), 1)
    alike = np.minimum(1, (2.0 * lengths * texts / features) ** 2)
    typical: NDArray[np.float64] = above[:, :SHAPE].sum(axis=1)
    typical += alike * above[:, SHAPE:].sum(axis=1)
    return typical


def lead_shares(features: float, texts: int) -> NDArray[np.float64]:
    """Return the share of each group in the lead, for English texts: (5,)."""
    # Being short is a style: the shipped authors wrote whole posts, so against them every short
    # message speaks for an author of short messages. Below 70 features, layout and style count
    # less. Fitted to one half of the shipped authors at a time, with the other half shipped.
    length = min(features / (texts * 70.0), 1.0)
    shares: NDArray[np.float64] = LEAD_GROUPS.copy()
    shares[SHAPE:] *= length**8
    return shares


def lead_scores(
    groups: NDArray[np.float64],
    penalties: NDArray[np.float64],
    shares: NDArray[np.float64] = LEAD_GROUPS,
) -> NDArray[np.float64]:
    scores: NDArray[np.float64] = groups @ shares - penalties
    return scores
