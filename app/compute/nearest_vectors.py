"""Exact search for the nearest vectors, for several queries in one pass."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

BLOCK: Final = 16_384
"""Rows multiplied at once; mapped files are read in such blocks."""
WEIGHED_AT_ONCE: Final = 1_000
"""Rows of which exact scores are computed at once."""


@dataclass(frozen=True, slots=True)
class RowQuery:
    """A query for the `count` rows nearest to a vector (d,) of length one."""

    vector: NDArray[np.float32]
    count: int
    allowed: NDArray[np.int64] | None = None
    """The ids that may be found; None for all."""


def nearest_rows(
    rows: NDArray[np.float32], ids: NDArray[np.int64], sought: Sequence[RowQuery]
) -> list[list[tuple[float, int]]]:
    """Return cosine and id of the rows nearest to each vector, the nearest first.

    rows (n, d) have length one; ids (n,) are theirs, ascending. Equal rows are ordered by highest
    id. The result for one vector does not depend on the others.
    """
    if not sought:
        return []
    vectors = np.stack([each.vector for each in sought])
    best = [_Best(each, ids) for each in sought]
    for start in range(0, len(rows), BLOCK):
        scores = vectors @ rows[start : start + BLOCK].T
        for each, its_scores in zip(best, scores, strict=True):
            each.add(its_scores, start)
    return [each.result(rows, ids) for each in best]


class _Best:
    """The rows seen so far that may be the nearest to one vector."""

    def __init__(self, sought: RowQuery, ids: NDArray[np.int64]) -> None:
        self._sought = sought
        self._is_allowed: NDArray[np.bool_] | None = None
        if sought.allowed is not None:
            self._is_allowed = _mask(ids, sought.allowed)
        # Bound of the rounding errors, which differ with the number of queries.
        self._margin = 2 * len(sought.vector) * float(np.finfo(np.float32).eps)
        self._least = -np.inf
        self._scores = np.empty(0, np.float32)
        self._places = np.empty(0, np.int64)

    def add(self, scores: NDArray[np.float32], start: int) -> None:
        """Add the scores of consecutive rows from `start` on."""
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

    def result(self, rows: NDArray[np.float32], ids: NDArray[np.int64]) -> list[tuple[float, int]]:
        """Return the nearest rows by exact scores, which are always summed in the same order."""
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
