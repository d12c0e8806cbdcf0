"""The wording of posts: vectors of it, its likeness to a text, and places on a map."""

import math
from collections import Counter
from collections.abc import Sequence
from typing import Final
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from app.compute.background import Background
from app.compute.features import wording
from app.compute.words import segments

DIMENSION: Final = 384
COPIES: Final = 2
"""Places that a feature has in the vector, so that two seldom fall together in all."""
PART: Final = 4
"""Letters of a part of a word."""
PART_WEIGHT: Final = 0.5
MAIN_PART: Final = 0.85
"""Part of the map for 99 of 100 places on each axis; the others share the margin."""
SHORT_WORD: Final = 3
SHORT_WEIGHT: Final = 0.3
"""Short words are mostly those that every text has."""


def wording_vectors(texts: Sequence[str]) -> NDArray[np.float32]:
    """Return a unit vector of each text (n, 384); zeros for one without words."""
    vectors = np.zeros((len(texts), DIMENSION), np.float32)
    for row, text in zip(vectors, texts, strict=True):
        for feature, weight in _features(text).items():
            code = crc32(feature.encode())
            for copy in range(COPIES):
                # A step of an odd number reaches another place; the sign keeps sums near zero.
                sign = 1.0 if code & (1 << (30 + copy)) else -1.0
                row[(code + copy * (code >> 12 | 1)) % DIMENSION] += sign * weight
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors /= np.maximum(lengths, 1e-12)
    return vectors


def _features(text: str) -> dict[str, float]:
    counts: Counter[str] = Counter()
    for segment in segments(text):
        run = segment.text
        if segment.kind == "paired":
            counts.update(run[place : place + 2] for place in range(max(len(run) - 1, 1)))
            continue
        counts[run] += 1
        if segment.kind == "word" and len(run) > PART:
            whole = f"<{run}>"
            counts.update(
                f"~{whole[place : place + PART]}" for place in range(len(whole) - PART + 1)
            )
    return {feature: _weight(feature) * (1 + math.log(n)) for feature, n in counts.items()}


def _weight(feature: str) -> float:
    if feature[0] == "~":
        return PART_WEIGHT
    return SHORT_WEIGHT if len(feature) <= SHORT_WORD and feature.isascii() else 1.0


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
    # An axis has no direction of its own; a fixed one keeps the map from flipping.
    strongest = np.abs(main).argmax(axis=0)
    main = main * np.where(main[strongest, [0, 1]] < 0, -1.0, 1.0)
    places = (centred @ main).astype(np.float64)
    # A few outliers must not press the others together: beyond most places the scale is narrower.
    low, high = np.quantile(places, [0.005, 0.995], axis=0)
    spread = np.maximum(high - low, 1e-12)
    scaled = (2 * (places - low) / spread - 1) * MAIN_PART
    beyond = np.maximum(np.abs(scaled) - MAIN_PART, 0.0)
    near = np.clip(scaled, -MAIN_PART, MAIN_PART)
    margin = (1 - MAIN_PART) * beyond / (beyond + 1)
    found: NDArray[np.float64] = near + np.sign(scaled) * margin
    return found


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
