"""Values beside each other by their order alone: one that is far off counts no more than others."""

from collections.abc import Sequence
from math import sqrt

import numpy as np

from app.compute.conversations import counts_in, errors_of_sums, sums_in


def rank_errors(
    groups: Sequence[Sequence[int]], conversations: Sequence[Sequence[int]]
) -> list[float]:
    """Return by how many standard errors the values of each group are higher than all others', by
    their ranks.

    conversations: which one each value is of. The error is that of single values, or that of the
    conversations where it is larger. 0 where a side has none. Equal values count half. Source: Mann
    and Whitney 1947.
    """
    values = np.array([value for group in groups for value in group], np.int64)
    days = np.array([day for group in conversations for day in group], np.int64)
    known, numbers = np.unique(days, return_inverse=True)
    total, many = values.size, known.size
    ordered = np.sort(values)
    lower = np.searchsorted(ordered, values, "left") + np.searchsorted(ordered, values, "right")
    ranks = (lower - total) / 2
    counts = counts_in(numbers, many)
    sums = sums_in(numbers, ranks, many)
    errors, start = [], 0
    for group in groups:
        place = slice(start, start + len(group))
        own, own_numbers, start = ranks[place], numbers[place], place.stop
        if not 0 < own.size < total:
            errors.append(0.0)
            continue
        spread = sqrt(own.size * (total - own.size) * (total + 1) / 12)
        own_sums = sums_in(own_numbers, own, many)
        own_counts = counts_in(own_numbers, many)
        clustered = errors_of_sums(own_sums, own_counts, sums - own_sums, counts - own_counts)
        errors.append(min(float(own.sum()) / spread, clustered, key=abs))
    return errors
