"""Which of the authors here are drawn for the population."""

import random
from collections import Counter
from collections.abc import Iterable
from operator import itemgetter
from typing import Final

from app.compute.population import FEWEST_POSTS

MOST_MEMBERS: Final = 50
"""Authors of each language."""
MANY_POSTS: Final = 5_000
"""Authors with more are drawn last too: their counts take megabytes."""


def drawn_authors(authors: Iterable[tuple[str, int, str | None]], seed: int) -> set[str]:
    """Return the authors of a population: key of the name, posts and language of each are given.

    At most 50 of each language are drawn; those with very few or very many posts come last. Names
    tell authors apart wherever their posts are kept, which ids do not.
    """
    shuffled = sorted(authors, key=itemgetter(0))
    random.Random(seed).shuffle(shuffled)  # noqa: S311 - no secret
    shuffled.sort(key=lambda author: not FEWEST_POSTS <= author[1] <= MANY_POSTS)
    drawn: set[str] = set()
    counts: Counter[str | None] = Counter()
    for key, _, language in shuffled:
        counts[language] += 1
        if counts[language] <= MOST_MEMBERS:
            drawn.add(key)
    return drawn
