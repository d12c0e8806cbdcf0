"""The authors who come with the program: they stand for somebody else from the first day on."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from app.compute.background import Background
from app.compute.counts import Counts, add
from app.compute.population import Population


@dataclass(frozen=True, slots=True, eq=False)
class Shipped:
    """The authors that come with the program."""

    populations: Mapping[str, Population]
    """By language; their ids are below 0."""
    digest: str
    """Names this set of authors; empty for none."""

    def background(self, here: Background) -> Background:
        """Return the background of the posts here and of the shipped authors' posts."""
        counts, posts = _summed(self)
        return here.plus(counts, posts) if posts else here


@lru_cache(maxsize=1)
def _summed(shipped: Shipped) -> tuple[Counts, int]:
    """Return the counts of all posts, 600 KB, and their number: each snapshot adds them anew."""
    populations = shipped.populations.values()
    posts = sum(posts for population in populations for _, posts, _ in population.members)
    return add([population.summed() for population in populations]), posts


NOTHING_SHIPPED: Final = Shipped({}, "")
