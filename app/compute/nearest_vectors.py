"""Exact search for the vectors nearest to one, in blocks of any size."""

import numpy as np
from numpy.typing import NDArray


class NearestRows:
    """The `count` rows seen so far that are nearest to a vector (d,) of length one."""

    def __init__(self, vector: NDArray[np.float32], count: int) -> None:
        self._vector = vector
        self._count = count
        self._scores = np.empty(0, np.float32)
        self._ids = np.empty(0, np.int64)

    def add(self, ids: NDArray[np.int64], rows: NDArray[np.floating]) -> None:
        """Add rows (n, d) of length one, and their ids (n,)."""
        scores = rows.astype(np.float32) @ self._vector
        self._scores = np.concatenate([self._scores, scores])
        self._ids = np.concatenate([self._ids, ids])
        order = np.lexsort((-self._ids, -self._scores))[: self._count]
        self._scores, self._ids = self._scores[order], self._ids[order]

    def result(self) -> list[tuple[float, int]]:
        """Return cosine and id of each, the nearest first, and of equal ones the highest id."""
        return list(zip(self._scores.tolist(), self._ids.tolist(), strict=True))
