"""Exact search among vectors."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

CHUNK: Final = 16_384
"""Rows multiplied at once: what is mapped from a file is read in such pieces."""


def nearest_rows(
    rows: NDArray[np.float32],
    ids: NDArray[np.int64],
    query: NDArray[np.float32],
    count: int,
    allowed: NDArray[np.int64] | None = None,
) -> list[tuple[float, int]]:
    """Return cosine and id of the rows nearest to the query (d,), the nearest first.

    rows (n, d) and query are of length one; ids (n,) name the rows; `allowed` are the ids that may
    be found. Equal ones come by highest id.
    """
    scores = np.empty(len(rows), np.float32)
    for start in range(0, len(rows), CHUNK):
        scores[start : start + CHUNK] = rows[start : start + CHUNK] @ query
    places = np.arange(len(rows)) if allowed is None else np.flatnonzero(np.isin(ids, allowed))
    if len(places) > count:
        places = places[np.argpartition(-scores[places], count)[:count]]
    order = np.lexsort((-ids[places], -scores[places]))
    return [(float(scores[place]), int(ids[place])) for place in places[order]]
