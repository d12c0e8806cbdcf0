"""How alike texts are worded, and how alike authors write."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.compute.background import Background
from app.compute.counts import lookup
from app.compute.features import group_edges, wording
from app.compute.profiles import AuthorProfile

WEIGHED: Final = 20_000
"""Features of an author that are compared: the most frequent."""
_PRIOR: Final = 300.0


def likeness(profiles: Sequence[AuthorProfile], background: Background) -> NDArray[np.float64]:
    """Return the likeness of each pair of authors: (n, n), from 0 to 1, 1 on the diagonal.

    It is the cosine of the features that they use more than the background does, so it does not
    depend on the other authors. Features that neither uses do not count: they would make all
    authors of one language alike. An author without posts is unlike all others: 0. Source:
    Bullinaria and Levy 2007 (positive pointwise mutual information).
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


def neighbour_order(alike: NDArray[np.float64]) -> list[int]:
    """Return an order of (n, n), each followed by whoever of the rest is the most alike."""
    rest, order = set(range(1, len(alike))), [0] if len(alike) else []
    while rest:
        order.append(max(sorted(rest), key=alike[order[-1]].__getitem__))
        rest.remove(order[-1])
    return order


def _common(profiles: Sequence[AuthorProfile]) -> NDArray[np.uint32]:
    parts = []
    for profile in profiles:
        counts = profile.counts
        most = counts.keys
        if most.size > WEIGHED:
            most = most[np.argpartition(counts.counts, -WEIGHED)[-WEIGHED:]]
        parts.append(most)
    return np.unique(np.concatenate(parts)) if parts else np.empty(0, np.uint32)


def _habits(
    profile: AuthorProfile, keys: NDArray[np.uint32], expected: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the log-odds of each feature above the background, weighted by its share."""
    sizes = np.diff(group_edges(keys))
    totals = np.repeat(profile.totals + _PRIOR, sizes)
    share = (lookup(profile.counts, keys) + _PRIOR * expected) / totals
    habits: NDArray[np.float64] = np.sqrt(expected) * np.maximum(np.log(share / expected), 0.0)
    return habits


def similarities(text: str, posts: Sequence[str], background: Background) -> NDArray[np.float64]:
    """Return the cosine of each post (n,) to the text, in [0, 1], rare wording weighing more.

    A feature counts once a post, by its information content in the background.
    """
    query = np.unique(wording(text)) if text else np.empty(0, np.uint32)
    found = [np.unique(wording(post)) for post in posts]
    if not query.size or not found:
        return np.zeros(len(found))
    # One sorted lookup for all posts: each probability is a jump into a large table.
    keys, places = np.unique(np.concatenate(found), return_inverse=True)
    weights = -np.log(np.minimum(background.probabilities(keys), 1.0))
    squares = np.square(weights)[places]
    posts_of = np.repeat(np.arange(len(found)), [each.size for each in found])
    shared = squares * np.isin(keys, query, assume_unique=True)[places]
    lengths = np.bincount(posts_of, squares, len(found))
    length = np.square(np.log(np.minimum(background.probabilities(query), 1.0))).sum()
    norms = np.sqrt(np.maximum(lengths * length, 1e-12))
    cosines: NDArray[np.float64] = np.bincount(posts_of, shared, len(found)) / norms
    return cosines
