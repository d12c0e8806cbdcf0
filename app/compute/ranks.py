"""Values beside each other by their order alone: one that is far off counts no more than others."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.compute.conversations import FEWEST_COMPARED, counts_in, errors_of_sums, sums_in
from app.compute.fingerprint import CLEAR
from app.compute.shares import lesser

PAIR: Final = 2
"""Groups that are compared with each other alone."""


def rank_errors(
    groups: Sequence[Sequence[int]], conversations: Sequence[Sequence[int]], people: int = 0
) -> list[float]:
    """Return by how many standard errors the values of each group are higher than all others', by
    their ranks.

    conversations: which one each value is of. The error is that of single values, or that of the
    conversations where it is larger. people: of so many groups, the first, each is of one person:
    what is clear has to be so without the one of them who adds most to it, too, since beside
    somebody who answers at once everybody is slow. 0 where a side has none. Equal values count
    half. Source: Mann and Whitney 1947.
    """
    ranked = _Ranked.of(groups, conversations)
    errors = [ranked.errors_of(place) for place in range(len(groups))]
    for place, of_group in enumerate(errors):
        rivals = [rival for rival in range(people) if rival != place]
        if abs(of_group) < CLEAR or len(groups) <= PAIR or not rivals:
            continue
        side = 1 if of_group > 0 else -1
        farthest = max(rivals, key=lambda rival: side * ranked.lead(place, rival))
        places = [number for number in range(len(groups)) if number != farthest]
        if sum(len(groups[number]) for number in places if number != place) < FEWEST_COMPARED:
            continue
        fewer = _Ranked.of([groups[one] for one in places], [conversations[one] for one in places])
        errors[place] = lesser(of_group, fewer.errors_of(places.index(place)))
    return errors


@dataclass(frozen=True, slots=True)
class _Ranked:
    """The ranks of the values of groups among all, and the conversations that these are of."""

    groups: list[tuple[NDArray[np.float64], NDArray[np.intp]]]
    sums: NDArray[np.float64]
    """Of the ranks of each conversation (n,)."""
    counts: NDArray[np.float64]
    """How many values each has (n,)."""

    @classmethod
    def of(
        cls, groups: Sequence[Sequence[int]], conversations: Sequence[Sequence[int]]
    ) -> "_Ranked":
        values = np.array([value for group in groups for value in group], np.int64)
        days = np.array([day for group in conversations for day in group], np.int64)
        distinct, numbers = np.unique(days, return_inverse=True)
        ordered = np.sort(values)
        lower = np.searchsorted(ordered, values, "left") + np.searchsorted(ordered, values, "right")
        ranks = (lower - values.size) / 2
        ends = np.cumsum([len(group) for group in groups])[:-1]
        return cls(
            [*zip(np.split(ranks, ends), np.split(numbers, ends), strict=True)],
            sums_in(numbers, ranks, distinct.size),
            counts_in(numbers, distinct.size),
        )

    def errors_of(self, place: int) -> float:
        """Return by how many standard errors the values of a group are higher than all others'."""
        ranks, numbers = self.groups[place]
        total, many = float(self.counts.sum()), self.counts.size
        if not 0 < ranks.size < total:
            return 0.0
        spread = sqrt(ranks.size * (total - ranks.size) * (total + 1) / 12)
        sums, counts = sums_in(numbers, ranks, many), counts_in(numbers, many)
        clustered = errors_of_sums(sums, counts, self.sums - sums, self.counts - counts)
        return min(float(ranks.sum()) / spread, clustered, key=abs)

    def lead(self, place: int, rival: int) -> float:
        """Return what another group adds to the lead of one before all others."""
        ranks, beside = self.groups[place][0], self.groups[rival][0]
        return float(ranks.mean()) * beside.size - float(beside.sum())
