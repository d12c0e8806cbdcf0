"""Weigh whether one author wrote some texts: a likelihood ratio against other authors.

Two numbers decide: how far the author explains the texts better than the impostors, who are all
other authors of the language, and how far the texts score as the author's own newest posts do.
Three constants turn them into the logarithm of a likelihood ratio. They were fitted once, by
logistic regression on posts of other people, for both languages and for 1 to 20 texts; fitting
them again to an installation gains nothing and breaks small ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from app.compute.attribution import PRIORS, group_factors, group_scores, rank
from app.compute.background import Background
from app.compute.counts import Counts, lookup
from app.compute.evidence import Span, mark
from app.compute.features import (
    CHARACTERS,
    GROUP_EDGES,
    SHAPE,
    STYLE,
    Occurrences,
    group_sizes,
    group_sums,
)
from app.compute.profiles import AuthorProfile

INTERCEPT: Final = 0.41
TYPICAL: Final = 0.37
LEAD: Final = 0.78
"""Natural logarithm of the ratio, per unit of the two numbers."""
FEW_IMPOSTORS: Final = 4.0
"""Impostors at which the lead counts half: one of m strangers is the nearest by chance in one of
m + 1 cases, however long the text."""
LENGTH_POWER: Final = -0.2
USUAL_FEATURES: Final = 100.0
SHORTEST_FEATURES: Final = 30.0
"""Character features of a usual text, and the least that are assumed."""

LOWEST: Final = -1.5
HIGHEST: Final = 2.0
PER_IMPOSTOR: Final = 3.0
"""Bounds of the logarithm to base 10, which no answer exceeds; the ratio is also at most 3 (m + 1).
They, not the fit, protect from strangers who share the author's topic."""

FEWEST_IMPOSTORS: Final = 2
FEWEST_POSTS: Final = 25
FEWEST_LETTERS: Final = 12
MOST_IMPOSTORS: Final = 50
HELD_OUT_SHARE: Final = 0.25
"""Share of the author's posts, the newest, that tell the usual score."""

NO_SUPPORT: Final = float(np.log10(2))
MODERATE: Final = 1.0
"""Logarithms to base 10 from which support is weak, and moderate."""
Support = Literal["none", "weak", "moderate"]


@dataclass(frozen=True, slots=True)
class LikelihoodRatio:
    """The logarithm to base 10 of a likelihood ratio, and its parts."""

    log10: float
    """Within its bounds."""
    lead: float
    """What being more like the author than the impostors adds."""
    typical: float
    """What the comparison with the author's own newest posts adds."""
    layout: float
    """The part of the lead that shape and style have, in log-odds."""
    is_bounded: bool
    """Whether it would lie outside the bounds."""
    shares: NDArray[np.float64]
    """(m,) how far each impostor stands for the others, by how well it explains the texts."""


def usual_rates(
    profile: AuthorProfile, held_out: Counts, posts: int, background: Background
) -> NDArray[np.float64]:
    """Return the mean log-odds of the author's own features, per group: (5,).

    held_out: features of that many posts, the newest; profile: all posts but these. The
    background holds them, so they are taken out of it.
    """
    sums = group_sums(held_out)
    without = background.without(held_out, posts)
    scores = group_scores(held_out, [profile], without)[0] / group_factors(sums)
    rates: NDArray[np.float64] = scores / np.maximum(sums, 1)
    return rates


def usual_score(widths: NDArray[np.int64], rates: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what texts of so many features (…, 5) usually score, without the penalty: (…,)."""
    scores: NDArray[np.float64] = (group_factors(widths) * widths * rates).sum(axis=-1)
    return scores


def log10_parts(
    own: NDArray[np.float64],
    impostors: NDArray[np.float64],
    usual: NDArray[np.float64],
    features: NDArray[np.int64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return what lead and typicality add to the logarithm of the ratio: (k,) each.

    own: (k,) scores of the author; impostors: (k, m), m above 0; usual: (k,) the author's usual
    scores for texts of this length, with the penalty; features: (k,) character features.
    """
    authors = impostors.shape[1]
    best = impostors.max(axis=1)
    mean = best + np.log(np.exp(impostors - best[:, np.newaxis]).mean(axis=1))
    length = np.maximum(features, SHORTEST_FEATURES) / USUAL_FEATURES
    scale = length**LENGTH_POWER / np.log(10)
    lead = scale * LEAD * authors / (authors + FEW_IMPOSTORS) * (own - mean)
    return lead, scale * TYPICAL * (own - usual)


def bounds(impostors: int) -> tuple[float, float]:
    """Return the least and the greatest logarithm that so many impostors allow."""
    return LOWEST, min(HIGHEST, float(np.log10(PER_IMPOSTOR * (impostors + 1))))


def support(log10: float) -> Support:
    """Return the strength of the support, for or against, as a word of the verbal scale."""
    if abs(log10) < NO_SUPPORT:
        return "none"
    return "weak" if abs(log10) < MODERATE else "moderate"


def verify(
    query: Counts,
    author: AuthorProfile,
    rates: NDArray[np.float64],
    impostors: Sequence[AuthorProfile],
    background: Background,
) -> LikelihoodRatio:
    """Return the ratio for the features of one or more texts by one hand, all added up.

    rates: the author's usual rates, (5,). All profiles have posts.
    """
    ranking = rank(query, [author, *impostors], background)
    widths = group_sums(query)
    usual = usual_score(widths, rates) - ranking.penalties[0]
    lead, typical = (
        float(part[0])
        for part in log10_parts(
            ranking.scores[:1],
            ranking.scores[np.newaxis, 1:],
            np.array([usual]),
            widths[[CHARACTERS]],
        )
    )
    whole = INTERCEPT / np.log(10) + lead + typical
    low, high = bounds(len(impostors))
    odds = np.exp(ranking.scores[1:] - ranking.scores[1:].max())
    shares = odds / odds.sum()
    groups = ranking.groups[0] - shares @ ranking.groups[1:]
    return LikelihoodRatio(
        float(np.clip(whole, low, high)),
        lead,
        typical,
        float(groups[[SHAPE, STYLE]].sum()),
        not low <= whole <= high,
        shares,
    )


def mark_evidence(
    texts: Sequence[str],
    found: Sequence[Occurrences],
    query: Counts,
    author: AuthorProfile,
    impostors: Sequence[AuthorProfile],
    shares: NDArray[np.float64],
    background: Background,
    *,
    most: int,
) -> list[list[Span]]:
    """Return the strongest marks of each text: author 0 stands for the author, 1 for the others.

    found: the occurrences of the texts; shares: (m,) weights of the impostors, of `verify`. With
    them the weights of all features add up to the lead, but for a constant.
    """
    end = np.searchsorted(query.keys, GROUP_EDGES[SHAPE])
    leads = _leads(query.keys[:end], author, impostors, shares, background)
    leads *= np.repeat(group_factors(group_sums(query)), group_sizes(query.keys[:end]))
    marked = []
    for text, each in zip(texts, found, strict=True):
        own = leads[np.searchsorted(query.keys[:end], each.keys)]
        marked.append(mark(text, each, np.stack((own, -own)), most=most))
    return marked


def _leads(
    keys: NDArray[np.uint32],
    author: AuthorProfile,
    impostors: Sequence[AuthorProfile],
    shares: NDArray[np.float64],
    background: Background,
) -> NDArray[np.float64]:
    """Return the undamped log-odds of keys (k,) for the author against the impostors: (k,).

    A feature that the author never used never speaks for the author, nor one that no impostor
    used against.
    """
    sizes = group_sizes(keys)
    expected = np.repeat(PRIORS, sizes) * background.probabilities(keys)
    leads, others = np.zeros(keys.size), np.zeros(keys.size, np.bool_)
    own = lookup(author.counts, keys)
    for profile, share in zip((author, *impostors), (1.0, *-shares), strict=True):
        used = lookup(profile.counts, keys)
        others |= (used > 0) & (profile is not author)
        none = np.log(PRIORS / (PRIORS + profile.totals))
        leads += share * (np.log1p(used / expected) + np.repeat(none, sizes))
    leads = np.where(own > 0, leads, np.minimum(leads, 0))
    return np.where(others, leads, np.maximum(leads, 0))
