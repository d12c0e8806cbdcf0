"""The interface of embedders: texts in, vectors of their meaning out."""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]


class EmbedderError(Exception):
    """The embedder does not answer, or not with vectors; it may do so later."""


class RefusedError(EmbedderError):
    """The embedder does not take these texts; it may take others."""


class Embedder(Protocol):
    """Makes vectors of texts."""

    name: str
    """Vectors of the same name, and only those, can be compared."""
    batch: int
    """How many texts it takes at once."""

    async def embed(self, texts: Sequence[str], *, is_query: bool = False) -> Vectors:
        """Return a unit vector (d,) of each text, (n, d); a query is waited for less long.

        A text of which it can say nothing gets zeros. Raises EmbedderError, RefusedError where
        one of the texts is the reason.
        """
        ...

    async def close(self) -> None: ...


def unit_rows(values: Any) -> Vectors:
    """Return the rows (n, d) at length one; zeros stay. Raises EmbedderError for anything else."""
    try:
        rows: Vectors = np.asarray(values, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise EmbedderError("the embedder's vectors are not numbers of one length") from error
    if rows.ndim != 2 or not rows.shape[1] or not np.isfinite(rows).all():
        raise EmbedderError("the embedder's vectors are not finite numbers of one length")
    lengths: Vectors = np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    return rows / lengths
