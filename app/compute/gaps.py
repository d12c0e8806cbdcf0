"""Gaps: pieces left out of texts. Features that a gap touches do not count; style counts in the
rest.
"""

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.compute.links import ADDRESS
from app.compute.text import LETTERS, QUOTED, own_words, word_count

BETWEEN: Final = "\n\n"
Gap = tuple[int, int]
"""Half-open range of code points of a text."""


def joined_gaps(gaps: Iterable[Gap]) -> tuple[Gap, ...]:
    """Return the gaps in order, overlapping or adjacent ones joined."""
    joined: list[Gap] = []
    for start, end in sorted(gaps):
        if joined and start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(joined[-1][1], end)
        else:
            joined.append((start, end))
    return tuple(joined)


def gaps_of_each(texts: Sequence[str], gaps: Sequence[Gap]) -> list[tuple[Gap, ...]]:
    """Return each text's gaps, at its own places; gaps: in the joined texts."""
    if not gaps:
        return [()] * len(texts)
    split, place = list[tuple[Gap, ...]](), 0
    for text in texts:
        end = place + len(text)
        split.append(
            tuple(
                (max(first, place) - place, min(last, end) - place)
                for first, last in gaps
                if first < end and last > place
            )
        )
        place = end + len(BETWEEN)
    return split


def struck_before(gaps: Sequence[Gap], size: int) -> NDArray[np.intp]:
    """Return the number of characters in gaps before each place of a text: (size + 1,)."""
    is_struck = np.zeros(size + 1, np.intp)
    for start, end in gaps:
        is_struck[start + 1 : end + 1] = 1
    return is_struck.cumsum()


def rest_of(text: str, gaps: Sequence[Gap]) -> str:
    pieces, place = list[str](), 0
    for start, end in gaps:
        pieces += [text[place:start], " " * (end - start)]
        place = end
    return "".join([*pieces, text[place:]])


def whole_words(text: str, gaps: Sequence[Gap]) -> int:
    """Return the number of the text's own words that no gap touches."""
    unquoted = own_words(text)
    if not gaps:
        return word_count(unquoted)
    # What is no word of the author's own becomes as many spaces, so that places stay.
    quoted = [] if unquoted == text else [quote.span() for quote in QUOTED.finditer(text)]
    spaced = rest_of(text, quoted)
    spaced = ADDRESS.sub(lambda address: " " * len(address[0]), spaced)
    struck = struck_before(gaps, len(text))
    words = LETTERS.finditer(spaced)
    return sum(bool(struck[word.start()] == struck[word.end()]) for word in words)
