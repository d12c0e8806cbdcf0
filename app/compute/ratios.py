"""Somebody else of the language: the population, and likelihood ratios against it.

The population are some authors of each language, kept so that a text is scored by all at once. Two
numbers decide whether one author wrote some texts or somebody else of the language did: how far the
author explains the texts better than everybody else, and how far the texts score as the author's
own newest posts do. Three constants turn them into the logarithm of a likelihood ratio. They were
fitted once to posts of other people, for both languages, for 1 to 20 texts, and for texts one by
one or joined into one.
"""

import random
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from app.compute.attribution import (
    Query,
    group_factors,
    group_scores,
    penalties_of,
    query_of,
    shares_of,
)
from app.compute.background import Background
from app.compute.counts import Counts, add, subtract
from app.compute.features import CHARACTERS, GROUPS, SHAPE, features_of, group_sums
from app.compute.profiles import AuthorProfile

MOST_MEMBERS: Final = 50
"""Authors of each language."""
FEWEST_POSTS: Final = 25
"""No ratio is given for authors with fewer posts, and they are drawn last."""
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
        """Return which members write this language and are none of these authors: (n,).

        None is unknown, but not Korean.
        """
        others = [
            member not in authors
            and (own == language or (None in (own, language) and "ko" not in (own, language)))
            for member, _, own in self.members
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


INTERCEPT: Final = 0.25
LEAD: Final = 1.28
TYPICAL: Final = 0.41
"""Natural logarithm of the ratio, and what each unit of the two numbers adds to it."""
LEAD_GROUPS: Final = np.array([1, 1, 1, 0.5, 0.25])
"""(5,) share of each group's weight that counts in the lead: many people share a layout."""
FEW_OTHERS: Final = 4.0
"""Other authors at which the lead counts half: one of n strangers is the nearest by chance."""
LENGTH_POWER: Final = -0.2
USUAL_FEATURES: Final = 100.0
SHORTEST_FEATURES: Final = 30.0
"""Character features of a usual text, and the least that are assumed."""
LEAST_TYPICAL: Final = -5.5
LEAST_POWER: Final = 0.3
"""Least that typicality counts for a usual text, and the power of the length by which it grows."""
LONG: Final = 2.0
"""Times the author's usual length from which layout and style say nothing of what is typical."""

LOWEST: Final = float(-np.log(10**1.5))
PER_AUTHOR: Final = 12.0
"""Bounds of the natural logarithm: 1/32, and 12 times the authors of the language. They, not the
fit, protect from strangers who share the author's topic."""
FEWEST_OTHERS: Final = 2
"""With fewer other authors of the language no ratio is given."""
HELD_OUT_SHARE: Final = 0.25
MOST_HELD_OUT: Final = 100
"""Share of the author's posts, the newest, that tell what is usual, and how many at most."""


@dataclass(frozen=True, slots=True, eq=False)
class Usual:
    """What an author's own newest posts are like."""

    rates: NDArray[np.float64]
    """(5,) mean log-odds of their features, per group."""
    length: float
    """Character features per post, of all posts."""


def usual_of(profile: AuthorProfile, newest: Sequence[str], background: Background) -> Usual:
    """Return what is usual for an author; `newest` are the newest of the posts of the profile.

    They are taken out of the profile and of the background, and scored by the rest. Raises
    ValueError if the profile does not hold them.
    """
    held_out = add(features_of(list(dict.fromkeys(newest))))
    rest = AuthorProfile(subtract(profile.counts, held_out), profile.posts - len(newest))
    sums = group_sums(held_out)
    scores = group_scores(query_of(held_out, background.without(held_out, len(newest))), [rest])[0]
    rates = scores / group_factors(sums) / np.maximum(sums, 1)
    return Usual(rates, float(profile.totals[CHARACTERS] / max(profile.worded_posts, 1)))


def log_ratios(
    query: Query,
    texts: int,
    groups: NDArray[np.float64],
    penalties: NDArray[np.float64],
    usual: Sequence[Usual],
    others: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the natural logarithm of the ratio of each author, within its bounds: (m,).

    query: the features of so many texts by one hand, added up; groups: (m, 5) the authors'
    weighted log-odds, as in a ranking; penalties: (m,); others: (m, n) the scores of everybody
    else (`lead_scores`), -inf for who does not count for an author; each has at least one.
    """
    counts, best = np.isfinite(others).sum(axis=1), others.max(axis=1)
    # The logarithm of the mean likelihood of the others.
    mean = best + np.log(np.exp(others - best[:, np.newaxis]).sum(axis=1) / counts)
    leads = lead_scores(groups, penalties) - mean
    features = float(query.widths[CHARACTERS])
    size = max(features, SHORTEST_FEATURES) / USUAL_FEATURES
    scale = size**LENGTH_POWER
    rates = np.array([each.rates for each in usual]).reshape(-1, len(GROUPS))
    lengths = np.array([each.length for each in usual])
    above = groups - group_factors(query.widths) * query.widths * rates
    alike = np.minimum(1, (LONG * lengths * texts / max(features, 1)) ** 2)
    typical = above[:, :SHAPE].sum(axis=1) + alike * above[:, SHAPE:].sum(axis=1)
    ratios = INTERCEPT + LEAD * scale * counts / (counts + FEW_OTHERS) * leads
    ratios += TYPICAL * np.maximum(scale * typical, LEAST_TYPICAL * size**LEAST_POWER)
    bounded: NDArray[np.float64] = np.clip(ratios, LOWEST, np.log(PER_AUTHOR * (counts + 1)))
    return bounded


def lead_scores(groups: NDArray[np.float64], penalties: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the scores of authors (n,) as they count in a lead."""
    scores: NDArray[np.float64] = groups @ LEAD_GROUPS - penalties
    return scores
