"""Counts of hashed features: sparse, sorted, immutable, exact in addition and subtraction."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

MAX_COUNT: Final = 2**32 - 1

_MAGIC: Final = b"cnt1"
_HEADER: Final = struct.Struct("<4sII")
_KEY_BITS: Final = np.uint64(32)
_LOW: Final = np.uint64(MAX_COUNT)
Key = TypeVar("Key", np.uint32, np.uint64)


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    keys: NDArray[np.uint32]  # (k,), sorted and unique
    counts: NDArray[np.uint32]  # (k,), above 0

    def __post_init__(self) -> None:
        self.keys.setflags(write=False)
        self.counts.setflags(write=False)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Counts):
            return NotImplemented
        return np.array_equal(self.keys, other.keys) and np.array_equal(self.counts, other.counts)

    def to_bytes(self) -> bytes:
        """Return a little-endian blob of about 5 bytes a key: header, keys, indices and values of
        counts above 255, and a byte for each count.
        """
        (large,) = (self.counts > 255).nonzero()
        small = self.counts.astype(np.uint8)
        small[large] = 0
        return b"".join(
            (
                _HEADER.pack(_MAGIC, self.keys.size, large.size),
                self.keys.astype("<u4", copy=False).tobytes(),
                large.astype("<u4").tobytes(),
                self.counts[large].astype("<u4", copy=False).tobytes(),
                small.tobytes(),
            )
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Return the counts of a blob; keys are views of `data` on little-endian machines.

        Raises ValueError for another version.
        """
        magic, size, large = _HEADER.unpack_from(data.ljust(_HEADER.size))
        if magic != _MAGIC or len(data) != _HEADER.size + 5 * size + 8 * large:
            raise ValueError("not a blob of counts, or of another version")
        words = np.frombuffer(data, "<u4", size + 2 * large, _HEADER.size)
        keys = words[:size].astype(np.uint32, copy=False)
        counts = np.frombuffer(data, np.uint8, offset=len(data) - size).astype(np.uint32)
        if large:
            counts[words[size : size + large]] = words[size + large :]
        return cls(keys, counts)


NO_KEYS: Final = (np.uint32(0), np.uint32(0))
EMPTY: Final = Counts(np.empty(0, np.uint32), np.empty(0, np.uint32))


def tally(keys: NDArray[np.uint32], once: tuple[np.uint32, np.uint32] = NO_KEYS) -> Counts:
    """Return the occurrences of each key in an unsorted array (n,), n below 2^32.

    once: half-open range of keys that count once.
    """
    if not keys.size:
        return EMPTY
    return Counts(*_tallied(np.sort(keys), once))


def tally_each(
    keys: NDArray[np.uint32],
    owners: NDArray[np.intp],
    size: int,
    once: tuple[np.uint32, np.uint32] = NO_KEYS,
) -> list[Counts]:
    """Return the tally of each owner's keys; keys and owners (n,), owners below `size`."""
    if not keys.size:
        return [EMPTY] * size
    tallied, amounts = _tallied(np.sort((owners.astype(np.uint64) << _KEY_BITS) | keys), once)
    edges = tallied.searchsorted(np.arange(size + 1, dtype=np.uint64) << _KEY_BITS).tolist()
    pairs = np.stack((tallied.astype(np.uint32), amounts))
    # Copies, so that the counts of an owner do not keep the counts of all in memory.
    return [Counts(*pairs[:, start:end].copy()) for start, end in pairwise(edges)]


def _tallied(
    ordered: NDArray[Key], once: tuple[np.uint32, np.uint32]
) -> tuple[NDArray[Key], NDArray[np.uint32]]:
    edges = _run_edges(ordered)
    amounts = (edges[1:] - edges[:-1]).astype(np.uint32)
    values = ordered[edges[:-1]]
    keys = values.astype(np.uint32, copy=False)
    amounts[(keys >= once[0]) & (keys < once[1])] = 1
    return values, amounts


def add(parts: Sequence[Counts]) -> Counts:
    """Return the sum of counts. It saturates at 2^32 - 1; do not subtract from saturated counts."""
    filled = [part for part in parts if part.keys.size]
    if len(filled) < 2:
        return filled[0] if filled else EMPTY
    # Key and count share a number, so that a plain sort replaces argsort and two gathers. As much
    # as possible is in place: the profile of 100,000 posts has 1,500,000 keys.
    pairs = np.concatenate([part.keys for part in filled], dtype=np.uint64)
    pairs <<= _KEY_BITS
    pairs |= np.concatenate([part.counts for part in filled])
    pairs.sort()
    keys = (pairs >> _KEY_BITS).astype(np.uint32)
    starts = _run_edges(keys)[:-1]
    pairs &= _LOW
    sums = np.add.reduceat(pairs, starts)
    del pairs
    return Counts(keys[starts], np.minimum(sums, _LOW, out=sums).astype(np.uint32))


def subtract(total: Counts, part: Counts) -> Counts:
    """Return the counts of `total` without `part`. Raises ValueError if any is missing."""
    if not part.keys.size:
        return total
    if np.any(lookup(total, part.keys) < part.counts):
        raise ValueError("cannot subtract counts that were never added")
    counts = total.counts.copy()
    counts[np.searchsorted(total.keys, part.keys)] -= part.counts
    left = counts > 0
    return Counts(total.keys[left], counts[left])


def lookup(counts: Counts, keys: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Return the counts of keys (n,), 0 for a missing key."""
    if not counts.keys.size:
        return np.zeros(keys.size, np.uint32)
    places = counts.keys.searchsorted(keys)
    matches = counts.keys.take(places, mode="clip") == keys
    amounts: NDArray[np.uint32] = counts.counts.take(places, mode="clip") * matches
    return amounts


def _run_edges(ordered: NDArray[Key]) -> NDArray[np.intp]:
    fresh = np.ones(ordered.size + 1, np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=fresh[1:-1])
    return fresh.nonzero()[0]
