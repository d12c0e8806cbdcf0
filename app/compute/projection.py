"""Many vectors on a plane, so that what is alike lies together."""

import numpy as np
from numpy.typing import NDArray


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
    # A few that lie far out must not press the others together.
    low, high = np.quantile(places, [0.005, 0.995], axis=0)
    spread = np.maximum(high - low, 1e-12)
    clipped: NDArray[np.float64] = np.clip(2 * (places - low) / spread - 1, -1.0, 1.0)
    return clipped
