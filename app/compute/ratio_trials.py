"""Likelihood ratios whose truth is known: those of an installation's own newest posts, scored."""

import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.compute.attribution import penalties_of, scores_against
from app.compute.background import Background
from app.compute.counts import Counts, add
from app.compute.features import CHARACTERS, group_sums
from app.compute.profiles import AuthorProfile
from app.compute.verification import (
    FEWEST_IMPOSTORS,
    INTERCEPT,
    MODERATE,
    NO_SUPPORT,
    bounds,
    log10_parts,
    usual_rates,
    usual_score,
)

_CERTAIN: Final = 1e-9


@dataclass(frozen=True, slots=True)
class RatioScore:
    """Quality of likelihood ratios; texts by the author and by others weigh half each."""

    cllr: float
    """Cost in bits: 0 is perfect, 1 says nothing. Source: Brümmer and du Preez 2006."""
    cllr_min: float
    """The same after the best monotone correction; the rest is bad calibration."""
    eer: float
    """Error rate at the level where both kinds of error are equal."""
    auc: float
    c_at_1: float
    """Share that is right, where silence counts as the rest is right. Source: Peñas 2011."""
    f_05_u: float
    """F0.5, where silence about own texts is an error. Source: Bevendorff et al. 2019."""
    silent: float
    """Share without support either way."""
    wrong_for: float
    """Share of texts by others that get a ratio above 10."""
    wrong_against: float
    """Share of own texts that get a ratio below 1/10."""
    right_for: float
    """Share of own texts that get a ratio above 10."""


def score_ratios(
    log10: NDArray[np.float64],
    unbounded: NDArray[np.float64],
    is_own: NDArray[np.bool_],
    pairs: NDArray[np.intp],
) -> RatioScore:
    """Return the quality of logarithms of ratios (k,), as reported and before their bounds.

    is_own: (k,) whether the author wrote the texts, some of either kind; pairs: (k,) a number for
    the author and who wrote them, since each pair weighs the same.
    """
    weights = _weights(is_own, pairs)
    own, other = weights * is_own, weights * ~is_own
    natural = log10 * np.log(10)
    order = np.argsort(-unbounded, kind="stable")
    hits, alarms = 2 * np.cumsum(own[order]), 2 * np.cumsum(other[order])
    level = int(np.argmin(np.abs(1 - hits - alarms)))
    says, denies = log10 >= NO_SUPPORT, log10 <= -NO_SUPPORT
    silent = weights[~says & ~denies].sum()
    right = own[says].sum() + other[denies].sum()
    missed = own[denies].sum() + silent
    true, false = own[says].sum(), other[says].sum()
    # Sums of weights may differ from a level by rounding.
    above, below = log10 > MODERATE - _CERTAIN, log10 < -MODERATE + _CERTAIN
    return RatioScore(
        cllr=_cllr(natural, own, other),
        cllr_min=_cllr(_best_monotone(unbounded, own, weights), own, other),
        eer=float(1 - hits[level] + alarms[level]) / 2,
        auc=float(np.trapezoid(np.r_[0, hits], np.r_[0, alarms])),
        c_at_1=float(right + silent * right),
        f_05_u=float(1.25 * true / (1.25 * true + 0.25 * missed + false)) if true else 0.0,
        silent=float(silent),
        wrong_for=float(2 * other[above].sum()),
        wrong_against=float(2 * own[below].sum()),
        right_for=float(2 * own[above].sum()),
    )


def _weights(is_own: NDArray[np.bool_], pairs: NDArray[np.intp]) -> NDArray[np.float64]:
    weights = np.zeros(is_own.size)
    for side in (is_own, ~is_own):
        _, places, sizes = np.unique(pairs[side], return_inverse=True, return_counts=True)
        weights[side] = 0.5 / (sizes[places] * sizes.size)
    return weights


def _cllr(
    natural: NDArray[np.float64], own: NDArray[np.float64], other: NDArray[np.float64]
) -> float:
    missed = (own * np.logaddexp(0, -natural)).sum() / own.sum()
    believed = (other * np.logaddexp(0, natural)).sum() / other.sum()
    return float((missed + believed) / (2 * np.log(2)))


def _best_monotone(
    ratios: NDArray[np.float64], own: NDArray[np.float64], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the rising natural logarithms (k,) that fit the truth best.

    By pooling adjacent violators. Source: Ayer et al. 1955.
    """
    order = np.argsort(ratios, kind="stable")
    pools: list[tuple[float, float, int]] = []
    for pool in zip(own[order].tolist(), weights[order].tolist(), [1] * order.size, strict=True):
        while pools and pools[-1][0] * pool[1] >= pool[0] * pools[-1][1]:
            before = pools.pop()
            pool = (before[0] + pool[0], before[1] + pool[1], before[2] + pool[2])
        pools.append(pool)
    sums, totals, sizes = np.array(pools).T
    shares = np.empty(order.size)
    shares[order] = np.repeat(sums / totals, sizes.astype(np.intp))
    shares = shares.clip(_CERTAIN, 1 - _CERTAIN)
    best: NDArray[np.float64] = np.log(shares / (1 - shares))
    return best


MOST_AUTHORS: Final = 30
MOST_ASKED: Final = 5
"""Posts of each author, the newest: an author costs some 10 ms."""
FEWEST_AUTHORS: Final = FEWEST_IMPOSTORS + 2
"""Beside the author in question and the one who is left out."""
LEVELS: Final[tuple[float, ...]] = tuple(np.linspace(-1.5, 2, 15).tolist())
"""Logarithms at which a Tippett plot has its points."""


@dataclass(frozen=True, slots=True)
class RatioCalibration(RatioScore):
    """How good verifications of this installation's own newest posts were, one post at a time."""

    authors: int
    posts: int


@dataclass(frozen=True, slots=True)
class RatioMeasure:
    """A calibration, and what a Tippett plot shows."""

    score: RatioCalibration
    own: list[float]
    other: list[float]
    """(15,) shares of the own texts, and of those by others, with at least each level."""


@dataclass(frozen=True, slots=True)
class TrialAuthor:
    """An author whose newest posts are asked about, and what is known without them."""

    known: AuthorProfile
    rates: NDArray[np.float64]
    asked: list[Counts]


def trial_author(
    before: AuthorProfile, newest: Sequence[Counts], background: Background
) -> TrialAuthor:
    """Return an author of trials; `newest` are the newest posts first, `before` the others.

    At most half of the newest are asked about; the others say what is usual.
    """
    asked = list(newest[: min(MOST_ASKED, len(newest) // 2)])
    usual = newest[len(asked) :]
    rates = usual_rates(before, add(usual), len(usual), background.without(add(asked), len(asked)))
    known = AuthorProfile(add([before.counts, *usual]), before.posts + len(usual))
    return TrialAuthor(known, rates, asked)


def measure_ratios(
    authors: Sequence[TrialAuthor], background: Background, chance: random.Random
) -> RatioMeasure | None:
    """Return the quality of the ratios of these authors of one language; None for too few.

    Who wrote the post is no impostor and not in the background when another author is asked
    about; for the own author somebody else is left out, so that both have as many impostors.
    """
    authors = [author for author in authors if author.asked][:MOST_AUTHORS]
    if len(authors) < FEWEST_AUTHORS:
        return None
    left_out: list[int] = []
    probabilities: tuple[list[NDArray[np.float64]], ...] = ([], [])
    for true, writer in enumerate(authors):
        left_out.append(chance.choice([place for place in range(len(authors)) if place != true]))
        rest = background.without(add(writer.asked), len(writer.asked))
        for found, absent in zip(probabilities, (writer, authors[left_out[true]]), strict=True):
            without = rest.without(absent.known.counts, absent.known.posts)
            found += [without.probabilities(query.keys) for query in writer.asked]
    queries = [query for writer in authors for query in writer.asked]
    ends = np.cumsum([len(writer.asked) for writer in authors])[:-1]
    profiles = [author.known for author in authors]
    # All posts at once: a key is looked up once, and not for each writer.
    without_writer, without_other = (
        np.split(scores_against(queries, profiles, each), ends) for each in probabilities
    )
    ratios = []
    for true, writer in enumerate(authors):
        widths = np.array([group_sums(query) for query in writer.asked])
        for claimed, author in enumerate(authors):
            is_own = claimed == true
            scores = (without_other if is_own else without_writer)[true]
            third = left_out[true] if is_own else true
            impostors = np.delete(scores, [claimed, third], axis=1)
            ratios.append((_ratios(scores[:, claimed], impostors, author, widths), claimed, true))
    return _measured(ratios, len(authors))


def _ratios(
    own: NDArray[np.float64],
    impostors: NDArray[np.float64],
    claimed: TrialAuthor,
    widths: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Return the unbounded logarithms for posts of so many features (k, 5): (k,)."""
    features = widths[:, CHARACTERS]
    doubts = penalties_of(features[:, np.newaxis], [claimed.known])[:, 0]
    usual = usual_score(widths, claimed.rates) - doubts
    lead, typical = log10_parts(own, impostors, usual, features)
    ratios: NDArray[np.float64] = INTERCEPT / np.log(10) + lead + typical
    return ratios


def _measured(found: Sequence[tuple[NDArray[np.float64], int, int]], authors: int) -> RatioMeasure:
    unbounded = np.concatenate([ratios for ratios, _, _ in found])
    sizes = [ratios.size for ratios, _, _ in found]
    is_own = np.repeat([claimed == true for _, claimed, true in found], sizes)
    pairs = np.repeat([claimed * authors + true for _, claimed, true in found], sizes)
    log10 = unbounded.clip(*bounds(authors - 2))
    score = asdict(score_ratios(log10, unbounded, is_own, pairs))
    rounded = {name: round(value, 4) + 0.0 for name, value in score.items()}  # Without -0.0.
    return RatioMeasure(
        RatioCalibration(**rounded, authors=authors, posts=int(is_own.sum())),
        [round(float(np.mean(log10[is_own] >= level)), 4) for level in LEVELS],
        [round(float(np.mean(log10[~is_own] >= level)), 4) for level in LEVELS],
    )
