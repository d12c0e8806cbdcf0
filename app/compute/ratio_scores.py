"""Measure likelihood ratios whose truth is known: how much they say, and how far to trust them."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.compute.verification import MODERATE, NO_SUPPORT

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
