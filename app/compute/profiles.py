"""Author profiles: posts are added and removed exactly, in any order.

A text that is posted again counts once: it says nothing new about the author's style.
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from app.compute.counts import EMPTY, Counts, add, subtract
from app.compute.features import features_of, group_sums

_BYTES: Final = 12
_KEY: Final = np.dtype("<u8")
_COUNT: Final = np.dtype("<u4")


@dataclass(frozen=True, slots=True, eq=False)
class TextDigests:
    """Number of times each text was posted, by 64-bit digest; the arrays are read-only."""

    keys: NDArray[np.uint64]
    """(k,) sorted and unique."""
    counts: NDArray[np.uint32]
    """(k,) all above 0."""

    def __post_init__(self) -> None:
        self.keys.flags.writeable = False
        self.counts.flags.writeable = False

    def to_bytes(self) -> bytes:
        """Return a little-endian blob of 12 bytes a text."""
        return self.keys.astype(_KEY).tobytes() + self.counts.astype(_COUNT).tobytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Return the digests of a blob. Raises ValueError if it is malformed."""
        size, rest = divmod(len(data), _BYTES)
        if rest:
            raise ValueError("the digests of texts have the wrong length")
        keys = np.frombuffer(data, _KEY, size).astype(np.uint64)
        counts = np.frombuffer(data, _COUNT, size, size * _KEY.itemsize).astype(np.uint32)
        if np.any(keys[1:] <= keys[:-1]) or not np.all(counts):
            raise ValueError("digests must rise and counts be positive")
        return cls(keys, counts)

    def count(self, keys: NDArray[np.uint64]) -> NDArray[np.uint32]:
        """Return the number of times each digest (n,) was posted."""
        if not self.keys.size:
            return np.zeros(keys.size, np.uint32)
        places = np.searchsorted(self.keys, keys)
        found = self.keys.take(places, mode="clip") == keys
        amounts: NDArray[np.uint32] = self.counts.take(places, mode="clip") * found
        return amounts

    def plus(self, keys: NDArray[np.uint64]) -> Self:
        """Return these and more digests (n,), in any order and with repetitions."""
        together = np.concatenate((np.repeat(self.keys, self.counts), keys))
        found, amounts = np.unique(together, return_counts=True)
        return type(self)(found, amounts.astype(np.uint32))

    def minus(self, keys: NDArray[np.uint64]) -> Self:
        """Return these without some digests (n,). Raises ValueError if one is not among them."""
        some, amounts = np.unique(keys, return_counts=True)
        if np.any(self.count(some) < amounts):
            raise ValueError("cannot remove a text that was never posted")
        counts = self.counts.copy()
        counts[np.searchsorted(self.keys, some)] -= amounts.astype(np.uint32)
        left = counts > 0
        return type(self)(self.keys[left], counts[left])


NO_DIGESTS: Final = TextDigests(np.empty(0, np.uint64), np.empty(0, np.uint32))


def text_keys(texts: Sequence[str]) -> NDArray[np.uint64]:
    """Return the digests of the texts, in their order: (n,)."""
    digests = [blake2b(text.encode(), digest_size=8).digest() for text in texts]
    return np.frombuffer(b"".join(digests), _KEY).astype(np.uint64)


_NO_TEXT: Final = text_keys([""])
_ONCE: Final = np.ones(1, np.uint32)


@dataclass(frozen=True, eq=False)
class AuthorProfile:
    """The counted features of all posts of one author."""

    counts: Counts
    posts: int
    texts: TextDigests = NO_DIGESTS
    """The texts that were posted, so that repetitions do not count."""
    totals: NDArray[np.int64] = field(init=False)
    """(5,) features per group."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "totals", group_sums(self.counts))

    @functools.cached_property
    def worded_posts(self) -> int:
        """How many of the posts have words: those of pictures alone tell nothing.

        None have if all words are quoted.
        """
        if not self.counts.keys.size:
            return 0
        return self.posts - int(self.texts.count(_NO_TEXT)[0])

    @classmethod
    def from_bytes(cls, counts: bytes, posts: int, texts: bytes | None) -> Self:
        """Return the profile of stored blobs. Raises ValueError if one is malformed."""
        return cls(Counts.from_bytes(counts), posts, TextDigests.from_bytes(texts or b""))


NO_POSTS: Final = AuthorProfile(EMPTY, 0)


def profile_of(texts: Sequence[str]) -> AuthorProfile:
    """Return the profile of an author's posts."""
    return with_posts(NO_POSTS, texts)


def with_posts(
    profile: AuthorProfile, texts: Sequence[str], counted: Sequence[Counts] | None = None
) -> AuthorProfile:
    """Return the profile with more posts; `counted` are their features, if known already."""
    keys = text_keys(texts)
    if len(texts) == 1 and not profile.posts:  # As of thousands of authors in bulk.
        (own,) = counted or features_of(texts)
        return AuthorProfile(own, 1, TextDigests(keys, _ONCE))
    _, first = np.unique(keys, return_index=True)
    fresh = first[profile.texts.count(keys[first]) == 0].tolist()
    parts = [counted[i] for i in fresh] if counted else features_of([texts[i] for i in fresh])
    return AuthorProfile(
        add([profile.counts, *parts]), profile.posts + len(texts), profile.texts.plus(keys)
    )


def joined(parts: Sequence[AuthorProfile]) -> AuthorProfile:
    """Return the profile of the posts of all parts, no two of which hold the same text."""
    keys = np.concatenate([part.texts.keys for part in parts])
    order = np.argsort(keys)
    counts = np.concatenate([part.texts.counts for part in parts])
    return AuthorProfile(
        add([part.counts for part in parts]),
        sum(part.posts for part in parts),
        TextDigests(keys[order], counts[order]),
    )


def without_posts(profile: AuthorProfile, texts: Sequence[str]) -> AuthorProfile:
    """Return the profile without some of its posts. Raises ValueError if it does not hold them."""
    keys = text_keys(texts)
    left = profile.texts.minus(keys)
    _, first = np.unique(keys, return_index=True)
    gone = first[left.count(keys[first]) == 0].tolist()
    part = add(features_of([texts[i] for i in gone]))
    return AuthorProfile(subtract(profile.counts, part), profile.posts - len(texts), left)
