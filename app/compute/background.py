"""The background: frequencies of features over all authors, to which each is compared."""

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
"""Logarithm of the number of buckets, which take 4 MB. With 180,000 different features, 32 times
fewer cost 0.1 to 0.4 percentage points, so these suffice for some millions."""
BUCKETS: Final = 2**BUCKET_BITS
UNSEEN_SHARE: Final = 0.3
"""Share of each group's probability that is distributed evenly over its features."""
FIRST_POSTS: Final = 100
"""Posts at which the counts get half of their full weight. With two authors of 5 posts and no
others, 80% instead of 74% are attributed correctly; with 25 each 88% either way."""

_SHIFT: Final = np.uint32(32 - BUCKET_BITS)
_SPREAD: Final = np.uint32(0x9E3779B1)
_MAGIC: Final = b"bgr1"
_HEADER: Final = struct.Struct("<4sQ5Q5Q")
# Makes an unseen feature rare from the first post on.
_SMALLEST_VOCABULARY: Final = np.array([4096, 4096, 4096, 4096, 256])


@dataclass(frozen=True, slots=True, eq=False)
class Background:
    """Snapshot of the counts of all authors together."""

    posts: int
    table: NDArray[np.uint32]
    """(2^20,) counts by bucket; features in the same bucket share their counts."""
    totals: NDArray[np.int64]
    """(5,) counts per group."""
    distinct: NDArray[np.int64]
    """(5,) different features per group, estimated from the buckets in use."""
    rates: NDArray[np.float64] = field(init=False)
    """(2, 5) what each count adds to a probability, and what every feature has, per group."""

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
        """Return the background without the counts of some posts; what it lacks is ignored."""
        buckets = _bucket(counts.keys).astype(np.intp)
        table = self.table.copy()
        np.subtract.at(table, buckets, counts.counts)
        # Below 0 a count wraps to one that is larger than before.
        table[buckets[table[buckets] > self.table[buckets]]] = 0
        sums = np.maximum(self.totals - group_sums(counts), 0)
        return replace(self, posts=max(self.posts - posts, 0), table=table, totals=sums)

    def plus(self, counts: Counts, posts: int) -> Self:
        """Return the background with the counts of other posts."""
        buckets = _bucket(counts.keys).astype(np.intp)
        table = self.table.astype(np.uint64)
        np.add.at(table, buckets, counts.counts.astype(np.uint64))
        # Which buckets a group uses is not kept, so new features are estimated by free buckets.
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
        """Return the background of a blob; raises ValueError if it is malformed."""
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
    """Counts any number of profiles, one after the other, in some 20 MB."""

    def __init__(self) -> None:
        self._table = np.zeros(BUCKETS, np.uint64)
        self._used = np.zeros(len(GROUPS) * BUCKETS, np.bool_)
        self._totals = np.zeros(len(GROUPS), np.int64)

    def add(self, profiles: Iterable[Counts]) -> None:
        """Count profiles together: each alone takes some 25 µs, however small."""
        parts = [EMPTY, *profiles]
        keys = np.concatenate([part.keys for part in parts])
        counts = np.concatenate([part.counts for part in parts])
        buckets = _bucket(keys).astype(np.intp)
        # Of these types it is quick.
        np.add.at(self._table, buckets, counts.astype(np.uint64))
        groups = (keys >> np.uint32(GROUP_SHIFT)).astype(np.intp)
        self._totals += np.bincount(groups, counts, len(GROUPS)).astype(np.int64)
        groups <<= BUCKET_BITS
        self._used[groups | buckets] = True

    def background(self, posts: int) -> Background:
        """Return the background; call it once, after all profiles."""
        table = np.minimum(self._table, MAX_COUNT).astype(np.uint32)
        # Keys are estimated from the buckets in use, by linear counting: Whang et al. 1990.
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
    """Return the bucket of each key; equal hashes of different groups never share one."""
    return (keys * _SPREAD) >> _SHIFT
