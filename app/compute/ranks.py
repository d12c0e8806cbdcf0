"""Values beside each other by their order alone: one that is far off counts no more than others."""

from collections.abc import Sequence
from math import sqrt

import numpy as np


def rank_errors(values: Sequence[int], beside: Sequence[int]) -> float:
    """Return by how many standard errors values are higher than others, by their ranks.

    0 where a side has none. Equal values count half. Source: Mann and Whitney 1947.
    """
    count, count_beside = len(values), len(beside)
    if not count or not count_beside:
        return 0.0
    ordered = np.sort(np.array(beside))
    lower = np.searchsorted(ordered, values, "left") + np.searchsorted(ordered, values, "right")
    middle = count * count_beside / 2
    spread = sqrt(count * count_beside * (count + count_beside + 1) / 12)
    return float((lower.sum() / 2 - middle) / spread)
