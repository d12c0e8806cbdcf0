"""Exact search among vectors, for several queries by one pass."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

BLOCK: Final = 16_384
"""Rows multiplied at once: what is mapped from a file is read in such pieces."""
WEIGHED_AT_ONCE: Final = 1_000


@dataclass(frozen=True, slots=True)
class Sought:
    """What is looked for: so many rows near to a vector (d,) of length one."""

    vector: NDArray[np.float32]
    count: int
    allowed: NDArray[np.int64] | None = None
    """The ids that may be found; None for all."""


def nearest_rows(
    rows: NDArray[np.float32], ids: NDArray[np.int64], sought: Sequence[Sought]
) -> list[list[tuple[float, int]]]:
    """Return cosine and id of the rows nearest to each vector, the nearest first.

    rows (n, d) are of length one; ids (n,) name them and ascend. Equal ones come by highest id.
    What is found for one vector does not depend on the others.
    """
    if not sought:
        return []
    vectors = np.stack([each.vector for each in sought])
    best = [_Best(each, ids) for each in sought]
    for start in range(0, len(rows), BLOCK):
        scores = vectors @ rows[start : start + BLOCK].T
        for each, its_scores in zip(best, scores, strict=True):
            each.look_at(its_scores, start)
    return [each.weighed(rows, ids) for each in best]


class _Best:
    """The places of the rows that may be the nearest of one vector, as far as was looked."""

    def __init__(self, sought: Sought, ids: NDArray[np.int64]) -> None:
        self._sought = sought
        self._is_allowed: NDArray[np.bool_] | None = None
        if sought.allowed is not None:
            self._is_allowed = _mask(ids, sought.allowed)
        # How much rounding may exchange two scores; it differs with the number of queries.
        self._margin = 2 * len(sought.vector) * float(np.finfo(np.float32).eps)
        self._least = -np.inf
        self._scores = np.empty(0, np.float32)
        self._places = np.empty(0, np.int64)

    def look_at(self, scores: NDArray[np.float32], start: int) -> None:
        """Take the scores of the rows from a place on."""
        is_near = scores >= self._least
        if self._is_allowed is not None:
            is_near &= self._is_allowed[start : start + len(scores)]
        places = np.flatnonzero(is_near)
        self._scores = np.concatenate([self._scores, scores[places]])
        self._places = np.concatenate([self._places, places + start])
        count = self._sought.count
        if len(self._scores) > count:
            self._least = np.partition(self._scores, -count)[-count] - self._margin
            kept = self._scores >= self._least
            self._scores, self._places = self._scores[kept], self._places[kept]

    def weighed(self, rows: NDArray[np.float32], ids: NDArray[np.int64]) -> list[tuple[float, int]]:
        """Return the nearest by scores that are always summed in the same order."""
        places, vector = self._places, self._sought.vector.astype(np.float64)
        scores = np.empty(len(places))
        for start in range(0, len(places), WEIGHED_AT_ONCE):
            some = places[start : start + WEIGHED_AT_ONCE]
            scores[start : start + len(some)] = (rows[some] * vector).sum(axis=1)
        order = np.lexsort((-ids[places], -scores))[: self._sought.count]
        return [(float(scores[each]), int(ids[places[each]])) for each in order]


def _mask(ids: NDArray[np.int64], allowed: NDArray[np.int64]) -> NDArray[np.bool_]:
    places = np.searchsorted(ids, allowed)
    is_there = places < len(ids)
    is_there[is_there] = ids[places[is_there]] == allowed[is_there]
    mask = np.zeros(len(ids), np.bool_)
    mask[places[is_there]] = True
    return mask
