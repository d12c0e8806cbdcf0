"""Author profiles: posts can be added and removed exactly.

A repeated text counts once.
"""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from saywho.engine import features

_KEY: Final = np.dtype("<u8")
_COUNT: Final = np.dtype("<u4")


@dataclass(frozen=True, slots=True, eq=False)
class TextDigests:
    keys: NDArray[np.uint64]  # (n,), of each post, sorted

    def to_bytes(self) -> bytes:
        """Return a little-endian blob: the distinct digests, then the number of posts of each."""
        keys, counts = np.unique(self.keys, return_counts=True)
        return keys.astype(_KEY).tobytes() + counts.astype(_COUNT).tobytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        size = len(data) // (_KEY.itemsize + _COUNT.itemsize)
        keys = np.frombuffer(data, _KEY, size).astype(np.uint64)
        return cls(np.repeat(keys, np.frombuffer(data, _COUNT, size, size * _KEY.itemsize)))

    def count(self, keys: NDArray[np.uint64]) -> NDArray[np.intp]:
        """Return the number of times each digest was posted, in the shape of `keys`."""
        return self.keys.searchsorted(keys, "right") - self.keys.searchsorted(keys)

    def have(self, keys: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Return whether each digest was posted, in the shape of `keys`."""
        if not self.keys.size:
            return np.zeros(keys.shape, np.bool_)
        places = self.keys.searchsorted(keys)
        return np.asarray(self.keys.take(places, mode="clip") == keys)

    def plus(self, keys: NDArray[np.uint64]) -> Self:
        """Return these digests with more digests (n,), in any order and with repetitions."""
        return type(self)(np.sort(np.concatenate((self.keys, keys))))

    def minus(self, keys: NDArray[np.uint64]) -> Self:
        """Return the digests without some digests (n,). Raises ValueError if any is missing."""
        gone = np.sort(keys)
        # Equal digests each remove another of the equal digests here.
        places = self.keys.searchsorted(gone) + np.arange(gone.size) - gone.searchsorted(gone)
        if np.any(places >= self.keys.size) or np.any(self.keys[places] != gone):
            raise ValueError("cannot remove a text that was never posted")
        return type(self)(np.delete(self.keys, places))


NO_DIGESTS: Final = TextDigests(np.empty(0, np.uint64))


def text_keys(texts: Sequence[str]) -> NDArray[np.uint64]:
    digests = [blake2b(text.encode(), digest_size=8).digest() for text in texts]
    return np.frombuffer(b"".join(digests), _KEY).astype(np.uint64)


_NO_TEXT: Final = text_keys([""])


@dataclass(frozen=True, eq=False)
class AuthorProfile:
    counts: features.Counts
    posts: int
    texts: TextDigests = NO_DIGESTS  # so that repetitions do not count
    totals: NDArray[np.int64] = field(init=False)  # (5,), number of features in each group

    def __post_init__(self) -> None:
        object.__setattr__(self, "totals", features.group_sums(self.counts))

    @functools.cached_property
    def worded_posts(self) -> int:
        if not self.counts.keys.size:
            return 0
        return self.posts - int(self.texts.count(_NO_TEXT)[0])

    @property
    def pieces(self) -> int:
        """Number of posts with words; a long one counts as so many of some 50 words."""
        # Each 50 words of a long text count as a post.
        return max(self.worded_posts, int(self.totals[features.WORDS]) // 50)

    @property
    def size_bytes(self) -> int:
        arrays = (self.counts.keys, self.counts.counts, self.texts.keys)
        return sum(array.nbytes for array in arrays) + 500

    @classmethod
    def from_bytes(cls, counts: bytes, posts: int, texts: bytes | None) -> Self:
        """Return the profile of stored blobs. Raises ValueError for a malformed blob."""
        return cls(features.Counts.from_bytes(counts), posts, TextDigests.from_bytes(texts or b""))


NO_POSTS: Final = AuthorProfile(features.EMPTY, 0)


def profile_of(texts: Sequence[str]) -> AuthorProfile:
    return with_posts(NO_POSTS, texts)


Count = Callable[[Sequence[str]], features.Counts]
"""Function that returns the sum of the texts' features."""


def with_posts(
    profile: AuthorProfile, texts: Sequence[str], count: Count = features.sum_of_features
) -> AuthorProfile:
    keys = text_keys(texts)
    if len(texts) == 1 and not profile.posts:  # A quick way for thousands of new authors.
        return AuthorProfile(features.features(texts[0]), 1, TextDigests(keys))
    _, first = np.unique(keys, return_index=True)
    fresh = first[profile.texts.count(keys[first]) == 0].tolist()
    part = count([texts[i] for i in fresh])
    return AuthorProfile(
        features.add([profile.counts, part]), profile.posts + len(texts), profile.texts.plus(keys)
    )


def without_posts(
    profile: AuthorProfile, texts: Sequence[str], count: Count = features.sum_of_features
) -> AuthorProfile:
    """Return the profile without some of its posts. Raises ValueError if any is missing."""
    keys = text_keys(texts)
    left = profile.texts.minus(keys)
    _, first = np.unique(keys, return_index=True)
    gone = first[left.count(keys[first]) == 0].tolist()
    part = count([texts[i] for i in gone])
    return AuthorProfile(features.subtract(profile.counts, part), profile.posts - len(texts), left)
