"""Words for ratios, how often such ratios occur, and their worth.

`case_rates.json` has the numbers of texts with each ratio, by authors other than an installation's;
`python -m benchmarks.case_ratios` measures it.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from functools import cache
from math import floor, log10
from pathlib import Path
from typing import Final, Literal

import msgspec

RATES_FILE: Final = Path(__file__).with_name("case_rates.json")
DIGITS: Final = tuple(digit * 10**power for power in range(3) for digit in range(1, 10))
"""Numbers of one digit from 1 to 900; ratios from 1,000 on are told as 1,000."""
EDGES: Final = (*(-log10(n) for n in (1000, *reversed(DIGITS[1:]))), *map(log10, (*DIGITS, 1000)))
"""Logarithms (to base 10) of the ratios that are told apart: from 1/1000 to 1000."""
LENGTHS: Final = (0, 20, 60, 200)
"""Fewest words of a text of each class of length."""
MOST_MEASURED: Final = 12
"""Authors here with texts that are counted for how often a ratio occurs."""
_SLACK: Final = 1e-9

Word = Literal["neither", "weak", "moderate", "moderately_strong", "strong"]
WORDS: Final[tuple[tuple[float, Word], ...]] = (
    (log10(2), "neither"),
    (1.0, "weak"),
    (2.0, "moderate"),
    (3.0, "moderately_strong"),
)
"""Largest logarithm of each word; an edge belongs to the lower word."""
WORTH_OF: Final = {"en": (1.0, 0.7), "ko": (0.7, 0.7)}
"""Share of a logarithm above 0 that a ratio is worth, of an author alone here and beside others."""
AGAINST: Final = 0.7
"""The same of a logarithm below 0."""
MOST_KOREAN: Final[Word] = "moderate"
"""The strongest word for Korean texts, until more Korean authors were measured."""


class Counted(msgspec.Struct, frozen=True):
    """Numbers of texts with each ratio: below the first edge, from it on, and so on."""

    own: list[int]
    strange: list[int]
    people: int
    """People who were asked about."""
    strangers: int
    """People with texts that were taken for a stranger's."""


class CaseRates(msgspec.Struct, frozen=True):
    measured: str
    model: int
    counted: dict[str, list[list[Counted]]]
    """By language; then of an author alone here, and next to other people; then by length."""


@cache
def measured_case_rates() -> CaseRates:
    return msgspec.json.decode(RATES_FILE.read_bytes(), type=CaseRates)


def length_of(words: int) -> int:
    """Return the class of a length."""
    return bisect_right(LENGTHS, words) - 1


def cells_of(ratios: Iterable[float]) -> list[int]:
    """Return the numbers of ratios, as logarithms, between the edges."""
    cells = [0] * (len(EDGES) + 1)
    for ratio in ratios:
        cells[bisect_right(EDGES, ratio + _SLACK)] += 1
    return cells


def reaching(cells: Sequence[int], ratio: float) -> int:
    """Return how many texts have at least a told ratio above 1, or at most one below 1."""
    if ratio >= 0:
        return sum(cells[bisect_right(EDGES, ratio + _SLACK) :])
    # A ratio on an edge is counted in the cell above it.
    return sum(cells[: bisect_right(EDGES, ratio + _SLACK)])


def told(ratio: float) -> float:
    """Return a logarithm rounded towards 0, so that the ratio or its reciprocal has one digit."""
    size = abs(ratio) + _SLACK
    power = floor(size)
    rounded = log10(floor(10 ** (size - power)) * 10**power)
    return rounded if ratio >= 0 else -rounded


def worth(ratio: float, language: str, *, beside: bool) -> float:
    """Return the worth of a ratio in a test, both as logarithms."""
    return ratio * (WORTH_OF[language][beside] if ratio > 0 else AGAINST)


def word_of(ratio: float, language: str) -> Word:
    """Return the word for a ratio's worth, whichever of the two it supports."""
    size = abs(ratio) - _SLACK
    found: Word = next((word for most, word in WORDS if size <= most), "strong")
    names = [word for _, word in WORDS]
    if language == "ko" and found not in names[: names.index(MOST_KOREAN) + 1]:
        return MOST_KOREAN
    return found
