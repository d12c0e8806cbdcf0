"""How alike authors write, from their counts."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.compute.attribution import Profile
from app.compute.background import Background
from app.compute.counts import lookup
from app.compute.features import group_edges

WEIGHED: Final = 20_000
"""Features of an author that are looked at, those used most."""
_PRIOR: Final = 300.0


def likeness(profiles: Sequence[Profile], background: Background) -> NDArray[np.float64]:
    """Return how alike each two authors write: (n, n), from 0 to 1, 1 on the diagonal.

    It is the cosine of what they use more often than others do, so it does not depend on who else
    is looked at. What two never use makes them no more alike: by it, all who write in one language
    would be. Without posts an author is like nobody: 0. Source: Bullinaria and Levy 2007 (positive
    pointwise mutual information).
    """
    keys = _common(profiles)
    if not keys.size:
        return np.eye(len(profiles))
    expected = background.probabilities(keys)
    rows = np.array([_habits(profile, keys, expected) for profile in profiles])
    rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    alike: NDArray[np.float64] = np.clip(rows @ rows.T, 0, 1)
    np.fill_diagonal(alike, 1.0)
    return alike


def _common(profiles: Sequence[Profile]) -> NDArray[np.uint32]:
    """Return the features that authors use most, sorted."""
    parts = []
    for profile in profiles:
        counts = profile.counts
        most = counts.keys
        if most.size > WEIGHED:
            most = most[np.argpartition(counts.counts, -WEIGHED)[-WEIGHED:]]
        parts.append(most)
    return np.unique(np.concatenate(parts)) if parts else np.empty(0, np.uint32)


def _habits(
    profile: Profile, keys: NDArray[np.uint32], expected: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return how far each feature is above the background, in log-odds, weighed by its share."""
    sizes = np.diff(group_edges(keys))
    totals = np.repeat(profile.totals + _PRIOR, sizes)
    share = (lookup(profile.counts, keys) + _PRIOR * expected) / totals
    habits: NDArray[np.float64] = np.sqrt(expected) * np.maximum(np.log(share / expected), 0.0)
    return habits
