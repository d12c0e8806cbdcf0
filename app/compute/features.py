"""The hashed n-grams of a text, which are counted per author.

Five groups: characters in threes, words, pairs of words, the shape of the text (its skeleton
`Aa a, M U`) and its style (lengths, first and last character, punctuation).
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from app.compute.counts import EMPTY, Counts, tally, tally_each
from app.compute.hashes import (
    FOREIGN_LINK,
    LINK,
    code_points,
    hashes_of_each,
    skeleton_of,
    style_hashes,
    token_hashes,
)
from app.compute.quotations import RANDOM_LINK, located_plain, plain_text

RECIPE: Final = 3
"""Version of the features: profiles of another version must be counted again."""

GROUPS: Final = ("characters", "words", "pairs", "shape", "style")
"""Names of the groups, in the order of their numbers."""
CHARACTERS, WORDS, PAIRS, SHAPE, STYLE = range(5)

GROUP_SHIFT: Final = 29
GROUP_EDGES: Final = (np.arange(6, dtype=np.uint64) << np.uint64(GROUP_SHIFT)).astype(np.uint32)
"""Smallest key of each group, and the end of the last one."""

_HASH_MASK: Final = np.uint32(2**GROUP_SHIFT - 1)
_BASE: Final = np.uint32(0x01000193)
_SHAPES: Final = (GROUP_EDGES[SHAPE], GROUP_EDGES[SHAPE + 1])
"""A text counts each run of its skeleton once: that it repeats one says nothing."""
_SHORTEST_SHAPE, _LONGEST_SHAPE = 4, 5
"""Signs of a run of the skeleton; shorter runs make the answers worse (docs/attribution.md)."""

_WORTH_COUNTING_TOGETHER: Final = 3
_COUNTED_TOGETHER: Final = 50_000
"""Characters whose features are counted at once, or one longer text."""

_TOKEN = re.compile(r"https?://[^\s/]+|[@#]?\w+(?:['’]\w+)?|[^\w\s]")


@dataclass(frozen=True, slots=True, eq=False)
class Occurrences:
    """Each occurrence of a feature in a text, in no particular order, with its place.

    Places are half-open code points of the original text. Features of style span all of it.
    """

    keys: NDArray[np.uint32]
    starts: NDArray[np.int32]
    ends: NDArray[np.int32]


def features(text: str) -> Counts:
    """Return the counts of the features of the text, without quoted parts."""
    plain = plain_text(text)
    if not plain:
        return EMPTY
    tokens = _TOKEN.findall(plain)
    keys = (
        _character_keys(f" {plain} "),
        _token_keys(tokens),
        _shape_keys(skeleton_of(_between_lines(plain))[0]),
        _of_group(style_hashes(plain, tokens), STYLE),
    )
    return tally(np.concatenate(keys), _SHAPES)


def features_of(texts: Sequence[str]) -> list[Counts]:
    """Return the features of each text, for less than half the time of one after the other."""
    if len(texts) < _WORTH_COUNTING_TOGETHER:
        return [features(text) for text in texts]
    # Some at a time, so that the arrays stay small.
    ends = np.cumsum([len(text) for text in texts]) // _COUNTED_TOGETHER
    edges = [*np.unique(ends, return_index=True)[1].tolist(), len(texts)]
    return [each for start, end in pairwise(edges) for each in _counted(texts[start:end])]


def _counted(texts: Sequence[str]) -> list[Counts]:
    plains = [plain_text(text) for text in texts]
    numbers = [number for number, plain in enumerate(plains) if plain]
    if not numbers:
        return [EMPTY] * len(texts)
    plains = [plain for plain in plains if plain]
    tokens = [_TOKEN.findall(plain) for plain in plains]
    words, pairs = hashes_of_each(tokens)
    habits = [style_hashes(*each) for each in zip(plains, tokens, strict=True)]
    sizes = np.array([len(some) for some in tokens])
    lengths = np.array([len(plain) for plain in plains])

    padded = np.repeat(numbers, lengths + 2)
    parts = [
        (_of_group(words, WORDS), np.repeat(numbers, sizes)),
        (_of_group(pairs, PAIRS), np.repeat(numbers, sizes + 1)),
        (_of_group(np.ravel(habits), STYLE), np.repeat(numbers, len(habits[0]))),
        _within(_character_keys("".join([f" {plain} " for plain in plains])), padded, 2),
    ]
    skeleton, places = skeleton_of("".join(map(_between_lines, plains)))
    owners = padded[places]
    runs = enumerate(_shape_hashes(skeleton), _SHORTEST_SHAPE - 1)
    parts += [_within(_mix(some, SHAPE), owners, more) for more, some in runs]
    keys, of_texts = (np.concatenate(column) for column in zip(*parts, strict=True))
    return tally_each(keys, of_texts, len(texts), _SHAPES)


def _within(
    keys: NDArray[np.uint32], owners: NDArray[np.intp], more: int
) -> tuple[NDArray[np.uint32], NDArray[np.intp]]:
    """Return the keys of what begins and, `more` further, ends in one text, and these texts."""
    starts = owners[: keys.size]
    inside = starts == owners[more : more + keys.size]
    return keys[inside], starts[inside]


def occurrences(text: str) -> Occurrences:
    """Return all occurrences of features in the text, with their places; of a shape, the first."""
    plain, left, right = located_plain(text)
    if not plain:
        return Occurrences(EMPTY.keys, np.empty(0, np.int32), np.empty(0, np.int32))
    tokens = list(_TOKEN.finditer(plain))
    words = [match.group() for match in tokens]
    skeleton, kept = skeleton_of(_between_lines(plain))
    shapes, first = np.unique(_shape_keys(skeleton), return_index=True)
    shape_starts, shape_ends = _shape_places(kept, len(plain))
    parts = [
        (_character_keys(f" {plain} "), *_character_places(len(plain))),
        (_token_keys(words), *_token_places([match.span() for match in tokens])),
        (shapes, shape_starts[first], shape_ends[first]),
    ]
    style = _of_group(style_hashes(plain, words), STYLE)
    parts.append((style, np.zeros(style.size, np.int64), np.full(style.size, len(plain))))
    keys, starts, ends = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Occurrences(keys, left[starts], right[ends - 1])


def wording(text: str) -> NDArray[np.uint32]:
    """Return the keys of the text's characters and words, one for each occurrence."""
    plain = RANDOM_LINK.sub(LINK, text)
    tokens = _TOKEN.findall(plain)
    return np.concatenate((_character_keys(f" {plain} "), _token_keys(tokens)[: len(tokens)]))


def named_words(text: str) -> dict[int, str]:
    """Return the words of the text by key, as they are written, without links.

    Combining and control characters are no words.
    """
    tokens = [
        token
        for token in _TOKEN.findall(RANDOM_LINK.sub(" ", text))
        if not FOREIGN_LINK.match(token) and unicodedata.category(token[0])[0] not in "MC"
    ]
    return dict(zip(_token_keys(tokens)[: len(tokens)].tolist(), tokens, strict=True))


def group_edges(keys: NDArray[np.uint32]) -> NDArray[np.intp]:
    """Return the start of each group in sorted keys, and the end of the last: (6,)."""
    return keys.searchsorted(GROUP_EDGES)


def group_sizes(keys: NDArray[np.uint32]) -> NDArray[np.intp]:
    """Return the number of sorted keys in each group: (5,)."""
    edges = group_edges(keys)
    return edges[1:] - edges[:-1]


def group_sums(counts: Counts) -> NDArray[np.int64]:
    """Return the number of features in each group: (5,)."""
    sums = np.zeros(counts.counts.size + 1, np.int64)
    counts.counts.cumsum(out=sums[1:])
    ends = sums[group_edges(counts.keys)]
    return ends[1:] - ends[:-1]


def _mix(hashes: NDArray[np.uint32], group: int) -> NDArray[np.uint32]:
    """Return keys of a group from hashes whose low bits are not yet random (murmur's last step)."""
    hashes = hashes ^ (hashes >> np.uint32(16))
    hashes *= np.uint32(0x85EBCA6B)
    hashes ^= hashes >> np.uint32(13)
    hashes *= np.uint32(0xC2B2AE35)
    hashes ^= hashes >> np.uint32(16)
    hashes &= _HASH_MASK
    hashes |= GROUP_EDGES[group]
    return hashes


def _character_keys(padded: str) -> NDArray[np.uint32]:
    codes = code_points(padded)
    return _mix((codes[:-2] * _BASE + codes[1:-1]) * _BASE + codes[2:], CHARACTERS)


def _character_places(length: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    middles = np.arange(length)
    return np.maximum(middles - 1, 0), np.minimum(middles + 2, length)


def _token_keys(tokens: Sequence[str]) -> NDArray[np.uint32]:
    """Return the keys of the words, then of the pairs."""
    words, pairs = token_hashes(tokens)
    return np.concatenate((_of_group(words, WORDS), _of_group(pairs, PAIRS)))


def _of_group(hashes: ArrayLike, group: int) -> NDArray[np.uint32]:
    keys: NDArray[np.uint32] = np.array(hashes, np.uint32)
    keys &= _HASH_MASK
    keys |= GROUP_EDGES[group]
    return keys


def _token_places(spans: Sequence[tuple[int, int]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    places = np.array(spans, np.int64).reshape(-1, 2)
    if not len(places):  # A text without tokens has one pair: its two ends.
        return np.zeros(1, np.int64), np.ones(1, np.int64)
    starts, ends = places.T
    return (np.concatenate((starts, starts[:1], starts)), np.concatenate((ends, ends, ends[-1:])))


def _between_lines(plain: str) -> str:
    """Return the text whose shape is counted: it begins and ends as a line does.

    A line end is no part of a link, a name, or a run of letters.
    """
    return f"\n{plain}\n"


def _shape_keys(skeleton: NDArray[np.uint32]) -> NDArray[np.uint32]:
    return _mix(np.concatenate((EMPTY.keys, *_shape_hashes(skeleton))), SHAPE)


def _shape_hashes(skeleton: NDArray[np.uint32]) -> list[NDArray[np.uint32]]:
    """Return the hashes of runs of four, and of five signs; none if there are fewer signs."""
    hashes = [skeleton]
    for length in range(1, min(_LONGEST_SHAPE, skeleton.size)):
        hashes.append(hashes[-1][:-1] * _BASE + skeleton[length:])
    return hashes[_SHORTEST_SHAPE - 1 :]


def _shape_places(
    kept: NDArray[np.intp], length: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    edges = np.clip(np.append(kept, length + 2) - 1, 0, length)
    sizes = range(_SHORTEST_SHAPE, min(_LONGEST_SHAPE, kept.size) + 1)
    none = np.empty(0, np.int64)
    starts = np.concatenate([none, *(edges[:-size] for size in sizes)])
    return starts, np.concatenate([none, *(edges[size:] for size in sizes)])
