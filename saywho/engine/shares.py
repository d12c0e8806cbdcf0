"""How many of many texts one author wrote, told by the likelihood ratios of the texts together.

With the share p of the author's texts, texts with the ratios LR have the likelihood

    L(p) = product of (1 - p + p LR)

if they are independent. No share is preferred beforehand, so L, over its integral, is what is
believed of the share afterwards: its mean and its quantiles are reported. For many texts the mean
is the share that makes the texts likeliest. For few texts it stays near one half, since the
likeliest share would count each text twice. Source: the proportion of a mixture with known
components, in Titterington, Smith and Makov 1985, Statistical Analysis of Finite Mixture
Distributions.

Texts by one stranger who writes like the author are not independent: together they look like the
author's.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

_STEPS: Final = 1_000
_QUANTILES: Final = (0.025, 0.975)


class Share(NamedTuple):
    share: float
    low: float
    """The truth is between `low` and `high` in 95 of 100 cases, if the texts are independent."""
    high: float


def share_of(log_ratios: NDArray[np.float64]) -> Share:
    """Return the share of an author's texts; log_ratios: natural logarithms of ratios, (n,)."""
    shares = (np.arange(_STEPS) + 0.5) / _STEPS
    likelihoods = np.zeros(_STEPS)
    for gain in np.expm1(np.clip(log_ratios, -50.0, 50.0)).tolist():
        likelihoods += np.log1p(shares * gain)
    believed = np.exp(likelihoods - likelihoods.max())
    believed /= believed.sum()
    below = believed.cumsum()
    low, high = (shares[below.searchsorted(quantile)] for quantile in _QUANTILES)
    return Share(float(shares @ believed), float(low), float(high))
