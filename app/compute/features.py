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
from app.compute.hashes import FOREIGN_LINK, code_points, skeleton_of, style_hashes, token_hashes
from app.compute.text import LINK, QUOTED, RANDOM_LINK, may_link, may_quote, plain_text

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
    """The features of a text, and each place of its characters, words and pairs, by their keys.

    Places are half-open code points of the original text.
    """

    counts: Counts
    """Of all features, as `features` returns them."""
    numbers: NDArray[np.intp]
    """(k,) indices into `counts`, rising."""
    starts: NDArray[np.int32]
    ends: NDArray[np.int32]


def features(text: str) -> Counts:
    """Return the counts of the features of the text, without quoted parts."""
    plain = plain_text(text)
    if not plain:
        return EMPTY
    return tally(_keys(plain, _TOKEN.findall(plain)), _SHAPES)


def features_of(texts: Sequence[str]) -> list[Counts]:
    """Return the features of each text, for less than half the time of one after the other."""
    if len(texts) < _WORTH_COUNTING_TOGETHER:
        return [features(text) for text in texts]
    # Some at a time, so that the arrays stay small.
    ends = np.cumsum([len(text) for text in texts]) // _COUNTED_TOGETHER
    edges = [*np.unique(ends, return_index=True)[1].tolist(), len(texts)]
    return [counts for start, end in pairwise(edges) for counts in _counted(texts[start:end])]


def _counted(texts: Sequence[str]) -> list[Counts]:
    plains = [plain_text(text) for text in texts]
    numbers = [number for number, plain in enumerate(plains) if plain]
    if not numbers:
        return [EMPTY] * len(texts)
    plains = [plain for plain in plains if plain]
    tokens = [_TOKEN.findall(plain) for plain in plains]
    words, pairs = token_hashes(tokens)
    habits = [style_hashes(*pair) for pair in zip(plains, tokens, strict=True)]
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
    parts += [_within(_of_group(_mix(some), SHAPE), owners, more) for more, some in runs]
    keys, of_texts = (np.concatenate(column) for column in zip(*parts, strict=True))
    return tally_each(keys, of_texts, len(texts), _SHAPES)


def _within(
    keys: NDArray[np.uint32], owners: NDArray[np.intp], group: int
) -> tuple[NDArray[np.uint32], NDArray[np.intp]]:
    """Return the keys of what begins and, `more` further, ends in one text, and these texts."""
    starts = owners[: keys.size]
    inside = starts == owners[group : group + keys.size]
    return keys[inside], starts[inside]


def occurrences(text: str) -> Occurrences:
    """Return the features of the text without quoted parts, with their places."""
    plain, left, right = _located_plain(text)
    if not plain:
        return Occurrences(EMPTY, np.empty(0, np.intp), left, right)
    tokens = list(_TOKEN.finditer(plain))
    keys = _keys(plain, [match.group() for match in tokens])
    order = keys.argsort(kind="stable")
    counts = tally(keys[order], _SHAPES)
    located = np.arange(counts.keys.searchsorted(GROUP_EDGES[SHAPE]))
    numbers = located.repeat(counts.counts[: located.size])
    order = order[: numbers.size]  # Shape and style have the largest keys.
    first, last = _token_places([match.span() for match in tokens])
    starts = np.concatenate((left[:1], left[:-1], left[first]))
    ends = np.concatenate((right[1:], right[-1:], right[last]))
    return Occurrences(counts, numbers, starts[order], ends[order])


def _located_plain(text: str) -> tuple[str, NDArray[np.int32], NDArray[np.int32]]:
    """Return the text as it is counted, and the start and end of each character in `text`."""
    if not may_quote(text) and not may_link(text):
        edges = np.arange(len(text) + 1, dtype=np.int32)
        return text, edges[:-1], edges[1:]
    is_plain = np.ones(len(text), np.bool_)
    for quoted in QUOTED.finditer(text):
        is_plain[quoted.start() : quoted.end()] = False
    unquoted = QUOTED.sub("", text)
    left = np.flatnonzero(is_plain).astype(np.int32)
    right = left + np.int32(1)
    is_kept = np.ones(len(unquoted), np.bool_)
    for link in RANDOM_LINK.finditer(unquoted):
        is_kept[link.start() + 1 : link.end()] = False
        right[link.start()] = right[link.end() - 1]
    return RANDOM_LINK.sub(LINK, unquoted), left[is_kept], right[is_kept]


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


def _keys(plain: str, tokens: Sequence[str]) -> NDArray[np.uint32]:
    """Return a key for each occurrence of a feature, group by group."""
    characters = _character_hashes(f" {plain} ")
    shapes = _shape_hashes(skeleton_of(_between_lines(plain))[0])
    mixed = _mix(np.concatenate((characters, *shapes)))
    words, pairs = token_hashes([tokens])
    style = style_hashes(plain, tokens)
    listed = np.array(words + pairs + style, np.uint32)
    edge, end = characters.size, len(words) + len(pairs)
    keys = np.concatenate((mixed[:edge], listed[:end], mixed[edge:], listed[end:]))
    keys &= _HASH_MASK
    keys |= GROUP_EDGES[:5].repeat((edge, len(words), len(pairs), mixed.size - edge, len(style)))
    return keys


def _mix(hashes: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Return hashes whose low bits are random too (murmur's last step)."""
    hashes = hashes ^ (hashes >> np.uint32(16))
    hashes *= np.uint32(0x85EBCA6B)
    hashes ^= hashes >> np.uint32(13)
    hashes *= np.uint32(0xC2B2AE35)
    hashes ^= hashes >> np.uint32(16)
    return hashes


def _character_hashes(padded: str) -> NDArray[np.uint32]:
    codes = code_points(padded)
    return (codes[:-2] * _BASE + codes[1:-1]) * _BASE + codes[2:]


def _character_keys(padded: str) -> NDArray[np.uint32]:
    return _of_group(_mix(_character_hashes(padded)), CHARACTERS)


def _token_keys(tokens: Sequence[str]) -> NDArray[np.uint32]:
    """Return the keys of the words, then of the pairs."""
    words, pairs = token_hashes([tokens])
    return np.concatenate((_of_group(words, WORDS), _of_group(pairs, PAIRS)))


def _of_group(hashes: ArrayLike, group: int) -> NDArray[np.uint32]:
    """Return keys of a group; an array of hashes becomes one in place."""
    keys: NDArray[np.uint32] = np.asarray(hashes, np.uint32)
    keys &= _HASH_MASK
    keys |= GROUP_EDGES[group]
    return keys


def _token_places(spans: Sequence[tuple[int, int]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the first and last character of the words, then of the pairs."""
    if not spans:  # A text without tokens has one pair: its two ends.
        return np.zeros(1, np.int64), np.zeros(1, np.int64)
    first, last = np.array(spans, np.int64).T
    last -= 1
    return np.concatenate((first, first[:1], first)), np.concatenate((last, last, last[-1:]))


def _between_lines(plain: str) -> str:
    """Return the text whose shape is counted: it begins and ends as a line does.

    A line end is no part of a link, a name, or a run of letters.
    """
    return f"\n{plain}\n"


def _shape_hashes(skeleton: NDArray[np.uint32]) -> list[NDArray[np.uint32]]:
    """Return the hashes of runs of four, and of five signs; none if there are fewer signs."""
    hashes = [skeleton]
    for length in range(1, min(_LONGEST_SHAPE, skeleton.size)):
        hashes.append(hashes[-1][:-1] * _BASE + skeleton[length:])
    return hashes[_SHORTEST_SHAPE - 1 :]
