"""The features of a text with their places, in the whole text or outside its gaps."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.compute.counts import EMPTY, Counts, tally
from app.compute.features import (
    GROUP_EDGES,
    LONGEST_SHAPE,
    SHAPE,
    SHAPES,
    SHORTEST_SHAPE,
    TOKEN,
    between_lines,
    keys_of,
    skeleton_of,
    style_keys,
)
from app.compute.gaps import Gap, struck_before
from app.compute.links import RANDOM_LINK, RANDOM_SIGN, may_have_random_link
from app.compute.text import QUOTED, may_quote

GAP: Final = "\0"
"""Sign of a gap for the counting of style; no text contains it, and no habit counts it."""
_GAPS: Final = re.compile(f"{GAP}+")


@dataclass(frozen=True, slots=True, eq=False)
class Occurrences:
    """The features of a text, and all places of its characters, words and pairs, sorted by key.

    Places are half-open ranges of code points of the original text.
    """

    counts: Counts
    """The counts of all features, as `features` returns them."""
    numbers: NDArray[np.intp]
    """Indices into `counts`, (k,), ascending."""
    starts: NDArray[np.int32]
    """Start of each place, (k,)."""
    ends: NDArray[np.int32]
    """End of each place, (k,)."""


def occurrences(text: str, gaps: Sequence[Gap] = ()) -> Occurrences:
    """Return the features of the text without quoted parts, with their places.

    Features that a gap touches are left out, and style is counted outside the gaps.
    """
    plain, left, right = _located_plain(text)
    if not plain:
        return Occurrences(EMPTY, np.empty(0, np.intp), left, right)
    tokens = list(TOKEN.finditer(plain))
    keys = keys_of(plain, [match.group() for match in tokens])
    first, last = _token_places([match.span() for match in tokens])
    starts = np.concatenate((left[:1], left[:-1], left[first]))
    ends = np.concatenate((right[1:], right[-1:], right[last]))
    if gaps:
        before = struck_before(gaps, len(text))
        is_struck = before[right] > before[left]
        is_whole = _whole(plain, is_struck, first, last)
        words = is_whole[len(plain) : len(plain) + len(tokens)]
        kept_tokens = [
            match.group() for match, is_kept in zip(tokens, words, strict=True) if is_kept
        ]
        style = style_keys(_rest(plain, is_struck), kept_tokens) if kept_tokens else keys[:0]
        keys = np.concatenate((keys[: is_whole.size][is_whole], style))
        starts, ends = starts[is_whole[: starts.size]], ends[is_whole[: ends.size]]
    order = keys.argsort(kind="stable")
    counts = tally(keys[order], SHAPES)
    located = np.arange(counts.keys.searchsorted(GROUP_EDGES[SHAPE]))
    numbers = located.repeat(counts.counts[: located.size])
    order = order[: numbers.size]  # Shape and style have the largest keys.
    return Occurrences(counts, numbers, starts[order], ends[order])


def _whole(
    plain: str, is_struck: NDArray[np.bool_], first: NDArray[np.int64], last: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Return whether no gap touches each character, word, pair and shape, in this order.

    first, last: the first and last characters of the words, then of the pairs.
    """
    # Groups of three characters, and shapes, extend one sign beyond both ends of the text.
    before = np.zeros(len(plain) + 3, np.intp)
    is_struck.cumsum(out=before[2:-1])
    before[-1] = before[-2]
    _, places = skeleton_of(between_lines(plain))
    edges = np.append(places, len(plain) + 2)
    shapes = [
        before[edges[length:]] == before[edges[:-length]]
        for length in range(SHORTEST_SHAPE, LONGEST_SHAPE + 1)
        if places.size >= length
    ]
    return np.concatenate(
        (before[3:] == before[:-3], before[last + 2] == before[first + 1], *shapes)
    )


def _rest(plain: str, is_struck: NDArray[np.bool_]) -> str:
    """Return the text outside its gaps, with a sign for each gap."""
    marked = "".join(
        GAP if struck else sign for sign, struck in zip(plain, is_struck.tolist(), strict=True)
    )
    return _GAPS.sub(GAP, marked).strip(GAP)


def _located_plain(text: str) -> tuple[str, NDArray[np.int32], NDArray[np.int32]]:
    """Return the counted text, and the start and end of each character in `text`: (n,) each."""
    if not may_quote(text) and not may_have_random_link(text):
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
    return RANDOM_LINK.sub(RANDOM_SIGN, unquoted), left[is_kept], right[is_kept]


def _token_places(spans: Sequence[tuple[int, int]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the first and last character of the words, then of the pairs."""
    if not spans:  # A text without tokens has one pair: its two ends.
        return np.zeros(1, np.int64), np.zeros(1, np.int64)
    first, last = np.array(spans, np.int64).T
    last -= 1
    return np.concatenate((first, first[:1], first)), np.concatenate((last, last, last[-1:]))
