"""Ranking of authors: Dirichlet-smoothed naive Bayes of each group of features, in log-odds against
the background; and the likeness of authors or posts.
"""

import struct
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from saywho.engine.features import (
    CHARACTERS,
    EMPTY,
    GROUP_SHIFT,
    GROUPS,
    MAX_COUNT,
    Counts,
    group_edges,
    group_sizes,
    group_sums,
    lookup,
    wording,
)
from saywho.engine.profiles import AuthorProfile

BUCKET_BITS: Final = 20
"""Binary logarithm of the number of buckets (4 MB): with 180,000 features, 32 times fewer buckets
cost 0.1 to 0.4 percentage points.
"""
BUCKETS: Final = 2**BUCKET_BITS
_MAGIC: Final = b"bgr1"
_HEADER: Final = struct.Struct("<4sQ5Q5Q")


@dataclass(frozen=True, slots=True, eq=False)
class Background:
    posts: int
    table: NDArray[np.uint32]  # (2^20,), count of each bucket, shared by its features
    totals: NDArray[np.int64]  # (5,), sum of counts in each group
    distinct: NDArray[np.int64]  # (5,), features of each group, estimated by used buckets
    rates: NDArray[np.float64] = field(init=False)  # (2, 5), what a count adds, and the floor

    def __post_init__(self) -> None:
        # 0.3 of each group's probability is always spread evenly over its features. At 100 posts
        # the counts have half of their weight: with two authors of 5 posts, 80% instead of 74% are
        # attributed correctly; with 25 posts, 88% either way.
        trust = (1 - 0.3) * self.posts / (self.posts + 100)
        share = trust / np.maximum(self.totals, 1)
        # The smallest vocabulary makes an unseen feature rare from the first post on.
        floor = (1 - trust) / np.maximum(self.distinct, [4096, 4096, 4096, 4096, 256])
        object.__setattr__(self, "rates", np.stack((share, floor)))
        for array in (self.table, self.totals, self.distinct, self.rates):
            array.flags.writeable = False

    def probabilities(self, keys: NDArray[np.uint32]) -> NDArray[np.float64]:
        """Return the probability of each sorted key (n,) within its group, above 0."""
        share, floor = self.rates.repeat(group_sizes(keys), axis=1)
        shares: NDArray[np.float64] = self.table[_bucket(keys)] * share
        shares += floor
        return shares

    def without(self, counts: Counts, posts: int) -> Self:
        """Return the background without some posts; missing counts are ignored."""
        buckets = _bucket(counts.keys).astype(np.intp)
        table = self.table.copy()
        np.subtract.at(table, buckets, counts.counts)
        # A count below 0 wraps around, and is then larger than before.
        table[buckets[table[buckets] > self.table[buckets]]] = 0
        sums = np.maximum(self.totals - group_sums(counts), 0)
        return replace(self, posts=max(self.posts - posts, 0), table=table, totals=sums)

    def plus(self, counts: Counts, posts: int) -> Self:
        buckets = _bucket(counts.keys).astype(np.intp)
        table = self.table.astype(np.uint64)
        np.add.at(table, buckets, counts.counts.astype(np.uint64))
        # The buckets used by each group are not stored, so free buckets estimate new features.
        is_new = (self.table[buckets] == 0).astype(np.float64)
        edges = group_edges(counts.keys)
        sizes = edges[1:] - edges[:-1]
        free = max(float((self.table == 0).mean()), 1 / BUCKETS)
        new = np.diff(np.concatenate(([0.0], np.cumsum(is_new)))[edges]) / free
        distinct = self.distinct + np.rint(np.minimum(new, sizes)).astype(np.int64)
        return replace(
            self,
            posts=self.posts + posts,
            table=np.minimum(table, MAX_COUNT).astype(np.uint32),
            totals=self.totals + group_sums(counts),
            distinct=distinct,
        )

    def to_bytes(self) -> bytes:
        header = _HEADER.pack(_MAGIC, self.posts, *self.totals.tolist(), *self.distinct.tolist())
        return header + zlib.compress(self.table.astype("<u4", copy=False).tobytes(), 1)

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Return the background of a blob. Raises ValueError if it is malformed."""
        magic, posts, *numbers = _HEADER.unpack_from(data.ljust(_HEADER.size))
        unpacker = zlib.decompressobj()
        try:
            table = unpacker.decompress(data[_HEADER.size :], 4 * BUCKETS + 1)
        except zlib.error as error:
            raise ValueError("background counts are damaged") from error
        if magic != _MAGIC or len(table) != 4 * BUCKETS or not unpacker.eof:
            raise ValueError("not a blob of background counts, or of another version")
        groups = np.array(numbers, np.uint64).astype(np.int64)
        buckets = np.frombuffer(table, "<u4").astype(np.uint32, copy=False)
        return cls(posts, buckets, groups[:5], groups[5:])


EMPTY_BACKGROUND: Final = Background(
    0, np.zeros(BUCKETS, np.uint32), np.zeros(5, np.int64), np.zeros(5, np.int64)
)


class BackgroundCounter:
    def __init__(self) -> None:
        self._table = np.zeros(BUCKETS, np.uint64)
        self._used = np.zeros(len(GROUPS) * BUCKETS, np.bool_)
        self._totals = np.zeros(len(GROUPS), np.int64)

    def add(self, profiles: Iterable[Counts]) -> None:
        """Count profiles together, since a call takes at least 25 µs."""
        parts = [EMPTY, *profiles]
        keys = np.concatenate([part.keys for part in parts])
        counts = np.concatenate([part.counts for part in parts])
        buckets = _bucket(keys).astype(np.intp)
        # `add.at` is fast for these types.
        np.add.at(self._table, buckets, counts.astype(np.uint64))
        groups = (keys >> np.uint32(GROUP_SHIFT)).astype(np.intp)
        self._totals += np.bincount(groups, counts, len(GROUPS)).astype(np.int64)
        groups <<= BUCKET_BITS
        self._used[groups | buckets] = True

    def background(self, posts: int) -> Background:
        table = np.minimum(self._table, MAX_COUNT).astype(np.uint32)
        # Linear counting estimates the keys from the used buckets: Whang et al. 1990.
        free = np.maximum(BUCKETS - self._used.reshape(-1, BUCKETS).sum(axis=1), 1)
        distinct = np.rint(BUCKETS * np.log(BUCKETS / free)).astype(np.int64)
        return Background(posts, table, self._totals, distinct)


def build_background(profiles: Iterable[Counts], posts: int) -> Background:
    counter = BackgroundCounter()
    for counts in profiles:
        counter.add([counts])
    return counter.background(posts)


def _bucket(keys: NDArray[np.uint32]) -> NDArray[np.uint32]:
    # Equal hashes of different groups never share a bucket.
    return (keys * np.uint32(0x9E3779B1)) >> np.uint32(32 - BUCKET_BITS)


# The weights are fitted as one conditional logit, so they include the temperature.
PRIORS: Final = np.array([900.0, 300.0, 300.0, 100.0, 90.0])
"""Weight of the background in each author's counts, in features, by group: (5,)."""
WEIGHTS: Final = np.array([0.111, 0.143, 0.134, 0.11, 0.443])
DAMPING: Final = -0.3
"""Exponent less 1: a text of W features counts as W^0.7 independent features."""
PENALTY: Final = 0.067
"""Penalty of an author without posts, per feature of the damped text: 1.7 for a post.

Otherwise a text unlike all authors goes to the shortest history. Fitted with two authors of 1 to
240 posts: 86.1 instead of 84.7% are right.
"""
PENALTY_HALF_FEATURES: Final = 1800.0
"""Character features (some 20 posts) at which the penalty is halved."""

NO_SCORES: Final = np.empty(0)


@dataclass(frozen=True, eq=False)
class Query:
    """Features of a text, and the background's part in their counts."""

    counts: Counts
    edges: NDArray[np.intp]  # (6,), start of each group, and end of the last
    widths: NDArray[np.int64]  # (5,), number of features in each group
    expected: NDArray[np.float64]  # (k,), above 0, what the background adds to a count

    @cached_property
    def factors(self) -> NDArray[np.float64]:
        """Weight of a feature of each group, (5,)."""
        return group_factors(self.widths)


def query_of(counts: Counts, background: Background) -> Query:
    edges = group_edges(counts.keys)
    expected = PRIORS.repeat(edges[1:] - edges[:-1]) * background.probabilities(counts.keys)
    return Query(counts, edges, group_sums(counts, edges), expected)


def limited_to(
    query: Query,
    most: int,
    groups: NDArray[np.float64],
    totals: NDArray[np.int64],
    uses: NDArray[np.uint32],
) -> tuple[Query, NDArray[np.float64]]:
    """Return a query with no feature above a count, and its `group_scores`, (m, 5).

    groups: scores of the query as it is, (m, 5). totals: features of each author, (m, 5). uses:
    (m, k).
    """
    keys, counts = query.counts.keys, query.counts.counts
    (above,) = (counts > most).nonzero()
    if not above.size:
        return query, groups
    fewer = Counts(keys, np.minimum(counts, np.uint32(most)))
    limited = Query(fewer, query.edges, group_sums(fewer, query.edges), query.expected)
    # What is too much is taken off, which is cheaper than to score all features again.
    gains = np.log1p(uses[:, above] / query.expected[above]) * (counts[above] - most)
    lost = gains @ ((keys[above] >> GROUP_SHIFT)[:, np.newaxis] == np.arange(len(GROUPS)))
    lost += (query.widths - limited.widths) * shares_of(totals)
    return limited, (groups / query.factors - lost) * limited.factors


@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    scores: NDArray[np.float64]  # (n,), log-odds less the penalty; -inf without posts
    probabilities: NDArray[np.float64]  # (n,), calibrated, with the sum 1
    groups: NDArray[np.float64]  # (n, 5), weighted parts of the scores
    uses: NDArray[np.uint32]  # (n, k), how often each author uses each feature of the query
    query: Query


def rank(
    query: Counts,
    profiles: Sequence[AuthorProfile],
    background: Background,
    temperature: float = 1.0,
    further: NDArray[np.float64] = NO_SCORES,
) -> Ranking:
    """Return the ranking of the authors; raises ValueError if none has posts.

    A temperature above 1 flattens the probabilities. further: scores of other authors.
    """
    counted = query_of(query, background)
    uses = uses_of(counted, profiles)
    groups = group_scores(counted, profiles, uses)
    widths = int(counted.widths[CHARACTERS])
    scores = groups.sum(axis=1) - penalties_of(widths, known_features(profiles))
    empty = [not profile.counts.keys.size for profile in profiles]
    if all(empty):
        raise ValueError("at least one author must have posts")
    if any(empty):
        scores[empty] = -np.inf
    shares = probabilities_of(np.concatenate((scores, further)), temperature)[: scores.size]
    return Ranking(scores, shares, groups, uses, counted)


def probabilities_of(scores: NDArray[np.float64], temperature: float) -> NDArray[np.float64]:
    scaled = scores / temperature
    many = 20
    if scores.shape[-1] >= many:
        scaled /= 0.85  # It halves the calibration error of many authors.
    odds = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    shares: NDArray[np.float64] = odds / odds.sum(axis=-1, keepdims=True)
    return shares


def scores_of_each(
    queries: Sequence[Counts], profiles: Sequence[AuthorProfile], background: Background
) -> NDArray[np.float64]:
    """Return the scores of n authors with posts for each of m short texts: (m, n).

    Each key is looked up once, in a tenth of the time.
    """
    keys, places = np.unique(np.concatenate([query.keys for query in queries]), return_inverse=True)
    probabilities = background.probabilities(keys)[places]
    sizes = np.concatenate([group_sizes(query.keys) for query in queries])
    present = np.flatnonzero(sizes)
    starts = (np.cumsum(sizes) - sizes)[present]
    amounts = np.concatenate([query.counts for query in queries]).astype(np.float64)
    rates = 1 / (np.repeat(np.tile(PRIORS, len(queries)), sizes) * probabilities)
    widths = np.array([group_sums(query) for query in queries])
    weights = group_factors(widths)
    scores = np.empty((len(queries), len(profiles)))
    groups = np.zeros(sizes.size)
    for column, profile in zip(scores.T, profiles, strict=True):
        gains = np.log1p(lookup(profile.counts, keys)[places] * rates) * amounts
        groups[present] = np.add.reduceat(gains, starts)
        shares = widths * shares_of(profile.totals)
        column[:] = ((groups.reshape(widths.shape) + shares) * weights).sum(axis=1)
    scores -= penalties_of(widths[:, [CHARACTERS]], known_features(profiles))
    return scores


def uses_of(query: Query, profiles: Sequence[AuthorProfile]) -> NDArray[np.uint32]:
    """Return how often each author uses each feature of the query: (n, k)."""
    uses = np.empty((len(profiles), query.counts.keys.size), np.uint32)
    for row, profile in zip(uses, profiles, strict=True):
        row[:] = lookup(profile.counts, query.counts.keys)
    return uses


def group_scores(
    query: Query, profiles: Sequence[AuthorProfile], uses: NDArray[np.uint32] | None = None
) -> NDArray[np.float64]:
    """Return the weighted log-odds of each author's posts against the background: (n, 5).

    uses: as `uses_of` returns them, if they are known.
    """
    uses = uses_of(query, profiles) if uses is None else uses
    amounts = query.counts.counts.astype(np.float64)
    present = query.widths.nonzero()[0]
    starts, rates = query.edges[present], 1 / query.expected
    totals = np.array([profile.totals for profile in profiles]).reshape(-1, len(GROUPS))
    groups = query.widths * shares_of(totals)
    for row, used in zip(groups, uses, strict=True):
        gains = np.log1p(used * rates)
        gains *= amounts
        row[present] += np.add.reduceat(gains, starts)
    groups *= query.factors
    return groups


def shares_of(totals: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the logarithm of the background's share in `totals` counted features: (…, 5)."""
    shares: NDArray[np.float64] = np.log(PRIORS / (PRIORS + totals))
    return shares


def group_factors(widths: NDArray[np.int64 | np.float64]) -> NDArray[np.float64]:
    """Return the weight of a feature of each group in texts of `widths` features: (…, 5)."""
    factors: NDArray[np.float64] = WEIGHTS * np.maximum(widths, 1) ** DAMPING
    return factors


def known_features(profiles: Sequence[AuthorProfile]) -> NDArray[np.int64]:
    return np.array([profile.totals[CHARACTERS] for profile in profiles], np.int64)


def penalties_of(
    features: int | NDArray[np.int64], overlap: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return the penalties of histories of `overlap` features, for a text of `features`: (…, n)."""
    penalties: NDArray[np.float64] = (
        PENALTY * features ** (1 + DAMPING) / (1 + overlap / PENALTY_HALF_FEATURES)
    )
    return penalties


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
