"""Everybody else: some authors of each language, kept so that a text is scored by all at once."""

import random
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from app.compute.attribution import Query, group_factors, penalties_of, shares_of
from app.compute.counts import Counts
from app.compute.features import CHARACTERS, GROUPS, group_sums
from app.compute.profiles import AuthorProfile

MOST_MEMBERS: Final = 50
"""Authors of each language."""
FEWEST_POSTS: Final = 25
"""Authors with fewer posts are drawn last."""
MANY_POSTS: Final = 5_000
"""So are those with more, whose counts take megabytes."""


class CountedAuthor(NamedTuple):
    """An author of the population."""

    id: int
    posts: int
    language: str | None
    """The tag of most posts; None where it is unknown, but not Korean."""
    counts: Counts


@dataclass(frozen=True, slots=True, eq=False)
class Population:
    """The counts of all members together, ordered by feature."""

    members: tuple[tuple[int, int, str | None], ...]
    """Id, posts and language of each of the n members."""
    totals: NDArray[np.int64]
    """(n, 5) features per group."""
    keys: NDArray[np.uint32]
    """(k,) sorted and unique."""
    edges: NDArray[np.intp]
    """(k + 1,) where the uses of each feature start, and the end of the last."""
    owners: NDArray[np.uint16]
    """(e,) the member of each use."""
    amounts: NDArray[np.uint32]
    """(e,)"""

    @classmethod
    def of(cls, members: Sequence[CountedAuthor]) -> Self:
        """Return the population of these members, those without features left out."""
        members = [each for each in members if each.counts.keys.size]
        keys = _joined([each.counts.keys for each in members])
        order = np.argsort(keys, kind="stable")
        owners = np.repeat(
            np.arange(len(members), dtype=np.uint16), [each.counts.keys.size for each in members]
        )
        found, starts = np.unique(keys[order], return_index=True)
        return cls(
            tuple((each.id, each.posts, each.language) for each in members),
            np.array([group_sums(each.counts) for each in members]).reshape(-1, len(GROUPS)),
            found,
            np.append(starts, keys.size),
            owners[order],
            _joined([each.counts.counts for each in members])[order],
        )

    def __len__(self) -> int:
        return len(self.members)

    def without(self, authors: Collection[int | None], language: str | None) -> NDArray[np.bool_]:
        """Return which members write this language and are none of these authors: (n,)."""
        others = [
            member not in authors and may_be_equal(own, language) for member, _, own in self.members
        ]
        return np.array(others, np.bool_)

    def group_scores(self, query: Query) -> NDArray[np.float64]:
        """Return the weighted log-odds of each member against the background: (n, 5)."""
        keys, owners, amounts = self._uses(query.counts.keys)
        gains = np.log1p(amounts / query.expected[keys]) * query.counts.counts[keys]
        groups = np.arange(len(GROUPS)).repeat(np.diff(query.edges))[keys]
        size = len(self) * len(GROUPS)
        sums = np.bincount(owners * np.intp(len(GROUPS)) + groups, gains, size)
        scores: NDArray[np.float64] = sums.reshape(-1, len(GROUPS)).astype(np.float64)
        scores += query.widths * shares_of(self.totals)
        scores *= group_factors(query.widths)
        return scores

    def penalties(self, query: Query) -> NDArray[np.float64]:
        """Return the members' penalties for short histories: (n,)."""
        features = int(query.widths[CHARACTERS])
        return penalties_of(features, self.totals[:, CHARACTERS])

    def uses(self, keys: NDArray[np.uint32], members: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Return how often these members (n,) together use each of the sorted keys (k,): (k,)."""
        places, owners, amounts = self._uses(keys)
        counted = members[owners]
        sums = np.bincount(places[counted], amounts[counted], keys.size)
        return sums.astype(np.int64)

    def profile(self, place: int) -> AuthorProfile:
        """Return the profile of a member, without the digests of texts."""
        own = self.owners == place
        keys = self.keys.repeat(np.diff(self.edges))[own]
        return AuthorProfile(Counts(keys, self.amounts[own]), self.members[place][1])

    def _uses(
        self, keys: NDArray[np.uint32]
    ) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.uint32]]:
        """Return for each use of the sorted keys (k,): index of the key, member and amount."""
        if not self.keys.size:
            nothing = np.empty(0, np.intp)
            return nothing, nothing, np.empty(0, np.uint32)
        places = self.keys.searchsorted(keys)
        known = np.flatnonzero(self.keys.take(places, mode="clip") == keys)
        starts = self.edges[places[known]]
        sizes = self.edges[places[known] + 1] - starts
        first = np.cumsum(sizes) - sizes
        where = (starts - first).repeat(sizes) + np.arange(int(sizes.sum()))
        return known.repeat(sizes), self.owners[where].astype(np.intp), self.amounts[where]


def may_be_equal(language: str | None, other: str | None) -> bool:
    """Return whether two languages may be the same; None is unknown, but not Korean."""
    return language == other or (None in (language, other) and "ko" not in (language, other))


def drawn_authors(authors: Iterable[tuple[int, int, str | None]], seed: int) -> list[int]:
    """Return the authors of a population: id, posts and language of each are given.

    At most 50 of each language are drawn; those with very few or very many posts come last.
    """
    shuffled = sorted(authors)
    random.Random(seed).shuffle(shuffled)  # noqa: S311 - no secret
    shuffled.sort(key=lambda author: not FEWEST_POSTS <= author[1] <= MANY_POSTS)
    drawn: list[int] = []
    counts: Counter[str | None] = Counter()
    for author_id, _, language in shuffled:
        counts[language] += 1
        if counts[language] <= MOST_MEMBERS:
            drawn.append(author_id)
    return drawn


def _joined(parts: Sequence[NDArray[np.uint32]]) -> NDArray[np.uint32]:
    return np.concatenate([np.empty(0, np.uint32), *parts])


NOBODY: Final = Population.of(())
