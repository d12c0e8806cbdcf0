"""Many texts or vectors on a plane, so that what is alike lies together."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.compute.features import CHARACTERS, WORDS, features, group_edges

DIMENSIONS: Final = 256
_SPREAD: Final = np.uint32(0x9E3779B1)
_SHIFT: Final = np.uint32(24)
_SIGN_SHIFT: Final = np.uint32(23)


def sketch(text: str) -> NDArray[np.float32]:
    """Return the wording of a text in (256,): its characters in threes and words, hashed.

    Equal texts have equal sketches, and texts that share much have similar ones.
    """
    counts = features(text)
    edges = group_edges(counts.keys)
    found = np.zeros(DIMENSIONS, np.float32)
    for group in (CHARACTERS, WORDS):
        some = slice(edges[group], edges[group + 1])
        hashes = counts.keys[some] * _SPREAD
        signs = np.where(hashes >> _SIGN_SHIFT & np.uint32(1), 1.0, -1.0)
        part = np.zeros(DIMENSIONS)
        np.add.at(part, hashes >> _SHIFT, signs * np.log1p(counts.counts[some]))
        found += (part / (np.linalg.norm(part) or 1.0)).astype(np.float32)
    return found


def project(vectors: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return (n, 2) places in [-1, 1] of vectors (n, d): their two principal components.

    The same vectors in the same order have the same places; a few more of them move the others
    little.
    """
    if len(vectors) < 2:
        return np.zeros((len(vectors), 2))
    centred = vectors - vectors.mean(axis=0)
    # The axes of the covariance (d, d) cost less than those of all vectors.
    _, axes = np.linalg.eigh(centred.T @ centred)
    main = axes[:, ::-1][:, :2]
    # An axis has no direction of its own; without one the map would flip now and then.
    strongest = np.abs(main).argmax(axis=0)
    main = main * np.where(main[strongest, [0, 1]] < 0, -1.0, 1.0)
    places = (centred @ main).astype(np.float64)
    places /= np.quantile(np.abs(places), 0.99, axis=0) + 1e-12
    clipped: NDArray[np.float64] = np.clip(places, -1.0, 1.0)
    return clipped
