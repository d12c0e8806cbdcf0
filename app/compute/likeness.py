from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from app.compute.attribution import Background
from app.compute.features import group_edges, wording
from app.compute.profiles import AuthorProfile


def likeness(profiles: Sequence[AuthorProfile], background: Background) -> NDArray[np.float64]:
    """Return the likeness of each pair of authors: (n, n), from 0 to 1, 1 on the diagonal, 0
    without posts.

    It is the cosine of the features that they use more than the background. Source: Bullinaria and
    Levy 2007 (positive pointwise mutual information).
    """
    keys = np.unique(np.concatenate([np.empty(0, np.uint32), *map(_most_frequent, profiles)]))
    if not keys.size:
        return np.eye(len(profiles))
    expected = background.probabilities(keys)
    rows = np.zeros((len(profiles), keys.size))
    for row, profile in zip(rows, profiles, strict=True):
        places, habits = _habits(profile, keys, expected)
        row[places] = habits / max(float(np.linalg.norm(habits)), 1e-12)
    alike: NDArray[np.float64] = np.clip(rows @ rows.T, 0, 1)
    np.fill_diagonal(alike, 1.0)
    return alike


def neighbour_order(alike: NDArray[np.float64]) -> list[int]:
    """Return an order in which the most similar remaining author follows each; alike (n, n)."""
    remaining, order = set(range(1, len(alike))), [0] if len(alike) else []
    while remaining:
        order.append(max(sorted(remaining), key=alike[order[-1]].__getitem__))
        remaining.remove(order[-1])
    return order


def _most_frequent(profile: AuthorProfile) -> NDArray[np.uint32]:
    keys, counts, most = profile.counts.keys, profile.counts.counts, 20_000
    return keys if keys.size <= most else keys[np.argpartition(counts, -most)[-most:]]


def _habits(
    profile: AuthorProfile, keys: NDArray[np.uint32], expected: NDArray[np.float64]
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return the indices of an author's keys, and their log-odds, at least 0."""
    places = keys.searchsorted(profile.counts.keys)
    is_among = keys.take(places, mode="clip") == profile.counts.keys
    places, usual = places[is_among], expected[places[is_among]]
    sizes = np.diff(group_edges(profile.counts.keys[is_among]))
    prior = 300.0
    totals = np.repeat(profile.totals + prior, sizes)
    share = (profile.counts.counts[is_among] + prior * usual) / totals
    habits: NDArray[np.float64] = np.sqrt(usual) * np.maximum(np.log(share / usual), 0.0)
    return places, habits


def similarities(text: str, posts: Sequence[str], background: Background) -> NDArray[np.float64]:
    """Return the cosine of each post to the text, (n,), in [0, 1].

    A feature counts once a post, by its information content in the background.
    """
    query = np.unique(wording(text)) if text else np.empty(0, np.uint32)
    wordings = [np.unique(wording(post)) for post in posts]
    if not query.size or not wordings:
        return np.zeros(len(wordings))
    # A single sorted lookup for all posts, since each probability is a jump into a large table.
    keys, places = np.unique(np.concatenate(wordings), return_inverse=True)
    weights = -np.log(np.minimum(background.probabilities(keys), 1.0))
    squares = np.square(weights)[places]
    posts_of = np.repeat(np.arange(len(wordings)), [hashes.size for hashes in wordings])
    shared = squares * np.isin(keys, query, assume_unique=True)[places]
    lengths = np.bincount(posts_of, squares, len(wordings))
    length = np.square(np.log(np.minimum(background.probabilities(query), 1.0))).sum()
    norms = np.sqrt(np.maximum(lengths * length, 1e-12))
    cosines: NDArray[np.float64] = np.bincount(posts_of, shared, len(wordings)) / norms
    return cosines
