"""The population: authors here, and shipped authors for everyone else, as counts."""

import random
from collections import ChainMap, Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import pairwise
from operator import itemgetter
from typing import Final, NamedTuple, Self, cast

import numpy as np
from numpy.typing import NDArray

from saywho.engine import features
from saywho.engine.attribution import Background, Query, shares_of
from saywho.engine.profiles import AuthorProfile
from saywho.text import without_addresses

FEWEST_POSTS: Final = 25
"""Smallest number of an author's posts for a likelihood ratio."""
MOST_MEMBERS: Final = 50


class CountedAuthor(NamedTuple):
    id: int
    posts: int
    language: str | None
    """Language of most posts; None if unknown, but not Korean."""
    counts: features.Counts
    written: Collection[str] | None = None
    """All languages that the author writes; None if unknown, but not Korean."""


@dataclass(frozen=True, slots=True, eq=False)
class Uses:
    """How often the n members of a population use each of k features.

    The features that many members use are in a table, whose rows are computed together in a fifth
    of the time that single uses take.
    """

    size: int
    """k"""
    common: NDArray[np.intp]
    """Index of each feature of the table, ascending, (c,)."""
    table: NDArray[np.uint32]
    """(c, n)"""
    features: NDArray[np.intp]
    """Index of the feature of each use of another feature, ascending, (e,)."""
    owners: NDArray[np.intp]
    """Member of each such use, (e,)."""
    amounts: NDArray[np.uint32]
    """Amount of each such use, (e,)."""

    def by(self, members: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Return the uses of each feature by these members (n,) together: (k,)."""
        counted = self.amounts * members[self.owners]
        sums = np.bincount(self.features, counted, self.size).astype(np.int64)
        sums[self.common] = (self.table * members).sum(axis=1)
        return sums


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """A text's features as the members of a population use them."""

    keys: NDArray[np.uint32]
    """The text's features, sorted, (k,)."""
    groups: NDArray[np.float64]
    """Weighted log-odds of each member against the background, (n, 5)."""
    totals: NDArray[np.int64]
    """Number of features known of each member in each group, (n, 5)."""
    shares: NDArray[np.float64]
    """Logarithm of the background's share in them, (n, 5)."""
    uses: Uses


@dataclass(frozen=True, eq=False)
class Population:
    """Counts of all members, ordered by feature, so that all score a text together."""

    members: tuple[tuple[int, int, str | None], ...]  # id, number of posts and language
    totals: NDArray[np.int64]  # (n, 5), number of features in each group
    keys: NDArray[np.uint32]  # (k,), sorted and unique
    edges: NDArray[np.intp]  # (k + 1,), start of the uses of each key, and the last end
    owners: NDArray[np.uint16]  # (e,), member of each use
    amounts: NDArray[np.uint32]  # (e,), amount of each use
    written: tuple[Collection[str] | None, ...] = ()  # languages of each member, if known
    rows: NDArray[np.int32] = field(init=False)  # (k,), row in the table, or -1
    table: NDArray[np.uint32] = field(init=False)  # (c, n), amounts of common keys

    def __post_init__(self) -> None:
        # Common is what a quarter of the members use, and at least eight, so that the table takes
        # at most three times the room of the uses in it. It is made where the members are counted,
        # since it takes 20 ms.
        users = np.diff(self.edges)
        is_common = users >= max(8, len(self) / 4)
        rows = np.where(is_common, np.cumsum(is_common) - 1, -1).astype(np.int32)
        table = np.zeros((np.count_nonzero(is_common), len(self)), np.uint32)
        of_uses = rows.repeat(users)
        are_common = of_uses >= 0
        table[of_uses[are_common], self.owners[are_common]] = self.amounts[are_common]
        object.__setattr__(self, "rows", rows)
        object.__setattr__(self, "table", table)

    @property
    def size_bytes(self) -> int:
        uses = self.owners.nbytes + self.amounts.nbytes + self.table.nbytes
        return uses + self.keys.nbytes + self.edges.nbytes + self.rows.nbytes

    @classmethod
    def of(cls, members: Sequence[CountedAuthor]) -> Self:
        members = [member for member in members if member.counts.keys.size]
        keys = _joined([member.counts.keys for member in members])
        order = np.argsort(keys, kind="stable")
        owners = np.repeat(
            np.arange(len(members), dtype=np.uint16),
            [member.counts.keys.size for member in members],
        )
        keys = keys[order]
        edges = features.run_edges(keys)
        return cls(
            tuple((member.id, member.posts, member.language) for member in members),
            np.array([features.group_sums(member.counts) for member in members]).reshape(
                -1, len(features.GROUPS)
            ),
            keys[edges[:-1]],
            edges,
            owners[order],
            _joined([member.counts.counts for member in members])[order],
            tuple(member.written for member in members),
        )

    def __len__(self) -> int:
        return len(self.members)

    def summed(self) -> features.Counts:
        if not self.keys.size:
            return features.EMPTY
        sums = np.add.reduceat(self.amounts, self.edges[:-1], dtype=np.uint64)
        return features.Counts(
            self.keys.copy(), np.minimum(sums, features.MAX_COUNT).astype(np.uint32)
        )

    def without(
        self, authors: Collection[int | None], languages: Collection[str] | None
    ) -> NDArray[np.bool_]:
        """Return whether each member writes one of these languages, and is none of these authors:
        (n,).

        languages: None if unknown, but not Korean.
        """
        are_others = np.zeros(len(self), np.bool_)
        for language in (None,) if languages is None else languages:
            are_others |= self._writers(language)
        for author in authors:
            if (place := self._places.get(author)) is not None:
                are_others[place] = False
        return are_others

    def _writers(self, language: str | None) -> NDArray[np.bool_]:
        writers = self._known_writers.get(language)
        if writers is None:
            of_each = self.written or [main and {main} for _, _, main in self.members]
            writers = np.array([_may_write(language, written) for written in of_each], np.bool_)
            self._known_writers[language] = writers
        return writers

    def written_by(self, author: int, profile: AuthorProfile) -> Collection[str] | None:
        """Return the languages of a member who has no other posts now; None if unknown."""
        place = self._places.get(author)
        if place is None or self.members[place][1] != profile.posts:
            return None
        is_same = np.array_equal(self.totals[place], profile.totals)
        return self.written[place] if is_same else None

    @cached_property
    def _known_writers(self) -> dict[str | None, NDArray[np.bool_]]:
        return {}

    @cached_property
    def _shares(self) -> NDArray[np.float64]:
        return shares_of(self.totals)

    @cached_property
    def _places(self) -> dict[int | None, int]:
        return {member: place for place, (member, _, _) in enumerate(self.members)}

    def read(self, query: Query) -> Reading:
        uses = self.uses(query.counts.keys)
        # In float64: processors add up float32 to other digits, of which six are shown.
        counts = query.counts.counts
        gains = np.log1p(uses.amounts / query.expected[uses.features])
        gains *= counts[uses.features]
        table = np.log1p(uses.table / query.expected[uses.common, np.newaxis])
        times = counts[uses.common]
        scores: NDArray[np.float64] = query.widths * self._shares
        # The uses of each group follow each other, as its features do.
        edges = zip(
            pairwise(uses.features.searchsorted(query.edges).tolist()),
            pairwise(uses.common.searchsorted(query.edges).tolist()),
            strict=True,
        )
        for column, ((start, end), (first, last)) in zip(scores.T, edges, strict=True):
            column += np.bincount(uses.owners[start:end], gains[start:end], len(self))
            column += times[first:last] @ table[first:last]
        scores *= query.factors
        return Reading(query.counts.keys, scores, self.totals, self._shares, uses)

    def words_with(self, own: features.Counts, members: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Return the uses of each word by these members (n,) and an outsider's counts: (w,)."""
        first, last = features.group_edges(self.keys)[features.WORDS : features.WORDS + 2]
        keys = self.keys[first:last]
        start, end = self.edges[first], self.edges[last]
        counted = np.where(members[self.owners[start:end]], self.amounts[start:end], 0)
        uses = np.add.reduceat(counted, self.edges[first:last] - start, dtype=np.int64)
        own_first, own_last = features.group_edges(own.keys)[features.WORDS : features.WORDS + 2]
        own_keys, own_uses = own.keys[own_first:own_last], own.counts[own_first:own_last]
        places = keys.searchsorted(own_keys)
        is_here = keys.take(places, mode="clip") == own_keys
        uses[places[is_here]] += own_uses[is_here]
        return np.concatenate((uses, own_uses[~is_here].astype(np.int64)))

    def share_in(self, counts: features.Counts) -> float:
        """Return the share of the words in these counts that the members use."""
        edges = features.group_edges(counts.keys)
        words = slice(edges[features.WORDS], edges[features.WORDS + 1])
        amounts = counts.counts[words]
        return float(amounts[self._has(counts.keys[words])].sum() / max(amounts.sum(), 1))

    def share_of_words(self, text: str) -> tuple[int, float]:
        """Return the number of distinct words in a text, without addresses, @names and #tags, and
        the share that members use; 1 without words.
        """
        words = features.named_words(without_addresses(text))
        keys = np.array([key for key, word in words.items() if word.isalpha()], np.uint32)
        return keys.size, float(self._has(keys).mean()) if keys.size else 1.0

    def _has(self, keys: NDArray[np.uint32]) -> NDArray[np.bool_]:
        places = self.keys.searchsorted(keys)
        return np.asarray(self.keys.take(places, mode="clip") == keys)

    def uses(self, keys: NDArray[np.uint32]) -> Uses:
        """Return the uses of sorted keys (k,)."""
        if not self.keys.size:
            nothing = np.empty(0, np.intp)
            table = np.empty((0, len(self)), np.uint32)
            return Uses(keys.size, nothing, table, nothing, nothing, np.empty(0, np.uint32))
        places = self.keys.searchsorted(keys)
        (columns,) = (self.keys.take(places, mode="clip") == keys).nonzero()
        places = places[columns]
        rows = self.rows[places]
        is_common = rows >= 0
        others, places = columns[~is_common], places[~is_common]
        starts = self.edges[places]
        sizes = self.edges[places + 1] - starts
        ends = sizes.cumsum()
        where = (starts - ends + sizes).repeat(sizes) + np.arange(ends[-1] if ends.size else 0)
        return Uses(
            keys.size,
            columns[is_common],
            self.table.take(rows[is_common], axis=0),
            others.repeat(sizes),
            self.owners[where].astype(np.intp),
            self.amounts[where],
        )


def _may_write(language: str | None, written: Collection[str] | None) -> bool:
    """Return whether an author writes a language; None is any but Korean."""
    if written is None or language is None:
        return language != "ko" if written is None else set(written) != {"ko"}
    return language in written


def _joined(parts: Sequence[NDArray[np.uint32]]) -> NDArray[np.uint32]:
    return np.concatenate([np.empty(0, np.uint32), *parts])


NOBODY: Final = Population.of(())


def drawn_authors(authors: Iterable[tuple[str, int, str | None]], seed: int) -> set[str]:
    """Return the keys of the authors drawn for a population.

    authors: key of the name, posts and language. Authors with fewer than 25 or over 5,000 posts
    come last: their counts take megabytes.
    """
    # Unlike ids, names identify authors in every installation.
    many_posts = 5_000
    shuffled = sorted(authors, key=itemgetter(0))
    random.Random(seed).shuffle(shuffled)  # noqa: S311 - no secret
    shuffled.sort(key=lambda author: not FEWEST_POSTS <= author[1] <= many_posts)
    drawn: set[str] = set()
    counts: Counter[str | None] = Counter()
    for key, _, language in shuffled:
        counts[language] += 1
        if counts[language] <= MOST_MEMBERS:
            drawn.add(key)
    return drawn


@dataclass(frozen=True, slots=True, eq=False)
class Shipped:
    populations: Mapping[str, Population]
    """Populations by language; the members' ids are below 0."""
    digest: str
    chatters: Population = NOBODY
    """English people of chats, who stand for anyone if messages are short; in no background."""
    further: Mapping[str, Population] = field(default_factory=dict)
    """Populations of further languages, each read when it is asked for; in no background."""

    @property
    def everybody(self) -> Mapping[str, Population]:
        return ChainMap(dict(self.populations), cast("dict[str, Population]", self.further))

    def background(self, here: Background) -> Background:
        counts, posts = _summed(self)
        return here.plus(counts, posts) if posts else here


@lru_cache(maxsize=1)
def _summed(shipped: Shipped) -> tuple[features.Counts, int]:
    populations = shipped.populations.values()
    posts = sum(posts for population in populations for _, posts, _ in population.members)
    return features.add([population.summed() for population in populations]), posts


NOTHING_SHIPPED: Final = Shipped({}, "")


# --- English, by the words of the shipped authors ---

ENGLISH_SHARE: Final = 0.65
"""Smallest share of an English author's words that the shipped English authors use.

Measured: English authors .70 to .94, even with 25 posts or messages of eight words; Korean .26 to
.56; chats in six other European languages .34 to .39.
"""


def are_english(counts: features.Counts, shipped: Mapping[str, Population]) -> bool:
    return "en" in shipped and shipped["en"].share_in(counts) >= ENGLISH_SHARE
