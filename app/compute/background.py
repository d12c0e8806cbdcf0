"""The background: frequencies of features over all authors, with which authors are compared."""

import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from app.compute.counts import EMPTY, MAX_COUNT, Counts
from app.compute.features import GROUP_SHIFT, GROUPS, group_edges, group_sizes, group_sums

BUCKET_BITS: Final = 20
"""Binary logarithm of the number of buckets, which take 4 MB.

With 180,000 distinct features, 32 times fewer buckets cost 0.1 to 0.4 percentage points, so these
suffice for some millions."""
BUCKETS: Final = 2**BUCKET_BITS
UNSEEN_SHARE: Final = 0.3
"""Share of each group's probability that is distributed evenly over its features."""
FIRST_POSTS: Final = 100
"""Number of posts at which the counts have half of their full weight.

With only two authors of 5 posts, 80% instead of 74% are attributed correctly; of 25 posts, 88%
either way."""

_SHIFT: Final = np.uint32(32 - BUCKET_BITS)
_SPREAD: Final = np.uint32(0x9E3779B1)
_MAGIC: Final = b"bgr1"
_HEADER: Final = struct.Struct("<4sQ5Q5Q")
# It makes an unseen feature rare from the first post on.
_SMALLEST_VOCABULARY: Final = np.array([4096, 4096, 4096, 4096, 256])


@dataclass(frozen=True, slots=True, eq=False)
class Background:
    """A snapshot of the counts of all authors together."""

    posts: int
    table: NDArray[np.uint32]
    """Count of each bucket, (2^20,); features in the same bucket share their counts."""
    totals: NDArray[np.int64]
    """Sum of counts in each group, (5,)."""
    distinct: NDArray[np.int64]
    """Number of distinct features in each group, (5,), estimated from the used buckets."""
    rates: NDArray[np.float64] = field(init=False)
    """Probability that each count adds, and that every feature has, by group: (2, 5)."""

    def __post_init__(self) -> None:
        trust = (1 - UNSEEN_SHARE) * self.posts / (self.posts + FIRST_POSTS)
        share = trust / np.maximum(self.totals, 1)
        floor = (1 - trust) / np.maximum(self.distinct, _SMALLEST_VOCABULARY)
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
        """Return the background without the counts of some posts; missing counts are ignored."""
        buckets = _bucket(counts.keys).astype(np.intp)
        table = self.table.copy()
        np.subtract.at(table, buckets, counts.counts)
        # A count below 0 wraps around, and is then larger than before.
        table[buckets[table[buckets] > self.table[buckets]]] = 0
        sums = np.maximum(self.totals - group_sums(counts), 0)
        return replace(self, posts=max(self.posts - posts, 0), table=table, totals=sums)

    def plus(self, counts: Counts, posts: int) -> Self:
        """Return the background with the counts of other posts."""
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
        """Return a compressed little-endian blob, the same on every platform."""
        header = _HEADER.pack(_MAGIC, self.posts, *self.totals.tolist(), *self.distinct.tolist())
        return header + zlib.compress(self.table.astype("<u4", copy=False).tobytes(), 1)

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Return the background of a blob. Raises ValueError for a malformed blob."""
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
"""Background of no posts: every feature is equally likely."""


class BackgroundCounter:
    """A counter of any number of profiles, in about 20 MB."""

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
        """Return the background; call it once, after all profiles."""
        table = np.minimum(self._table, MAX_COUNT).astype(np.uint32)
        # Linear counting estimates the keys from the used buckets: Whang et al. 1990.
        free = np.maximum(BUCKETS - self._used.reshape(-1, BUCKETS).sum(axis=1), 1)
        distinct = np.rint(BUCKETS * np.log(BUCKETS / free)).astype(np.int64)
        return Background(posts, table, self._totals, distinct)


def build_background(profiles: Iterable[Counts], posts: int) -> Background:
    """Return the background of any number of profiles; reads each once."""
    counter = BackgroundCounter()
    for counts in profiles:
        counter.add([counts])
    return counter.background(posts)


def _bucket(keys: NDArray[np.uint32]) -> NDArray[np.uint32]:
    # Equal hashes of different groups never share a bucket.
    return (keys * _SPREAD) >> _SHIFT
