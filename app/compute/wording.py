"""Vectors of wording: hashed terms and parts of words, the same on every machine."""

import math
from collections import Counter
from collections.abc import Sequence
from typing import Final
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from app.compute.words import segments

WORDING_RECIPE: Final = 1
"""Changes whenever other vectors come of a text."""
DIMENSION: Final = 384
COPIES: Final = 2
"""Places that a feature has in the vector, so that two seldom fall together in all."""
PART: Final = 4
"""Letters of a part of a word."""
PART_WEIGHT: Final = 0.5
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
