"""How alike texts are worded."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from app.compute.background import Background
from app.compute.features import wording


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
