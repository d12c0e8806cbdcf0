"""Measured shares of strangers' texts that are attributed to one of the named authors.

The shares were measured on authors that are not those of an installation, whose model card measures
its own. `python -m benchmarks.open_question` writes them to `rates.json`, with what they hold for:
the recipe of the features, the shipped authors and the thresholds of the verdict.
"""

from bisect import bisect_right
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final

import msgspec

FILE: Final = Path(__file__).with_name("rates.json")
NAMED: Final = (1, 2, 3, 5)
"""Numbers of authors named; the last one stands for more too."""
OTHERS: Final = (0, 1, 2, 8)
"""Numbers of others of the language here; the last one stands for more too."""
BELIEFS: Final = (0.1, 0.25, 0.5, 0.75, 0.9)
"""How sure the asker was beforehand that it was one of those named."""
LONG_WORDS: Final = 20
"""Least words of a longer text."""


class Rates(msgspec.Struct, frozen=True):
    """The measured shares, and what they hold for."""

    measured: str
    """The day."""
    recipe: int
    population: str
    """The digest of the shipped authors."""
    thresholds: dict[str, list[float]]
    """By language, with none, one, and two or more others here."""
    shares: dict[str, list[list[list[list[float]]]]]
    """By language, then by place: named, others, belief; of shorter and of longer texts."""


@cache
def measured_rates() -> Rates:
    """Return the measured rates; the first call reads the file."""
    return msgspec.json.decode(FILE.read_bytes(), type=Rates)


def rate(language: str | None, named: int, others: int, sure: float, words: int) -> float:
    """Return the share of strangers' texts of this length that are called likely.

    named, others: the numbers of named authors, and of others of the language here. Between two
    measured numbers the higher share counts; languages other than Korean have the share of English.
    """
    shares = measured_rates().shares["ko" if language == "ko" else "en"]
    return max(
        shares[i][j][k][words >= LONG_WORDS]
        for i in _around(NAMED, named)
        for j in _around(OTHERS, others)
        for k in _around(BELIEFS, sure)
    )


def _around(steps: Sequence[float], value: float) -> list[int]:
    """Return the places of the steps at or around a value."""
    below = max(bisect_right(steps, value) - 1, 0)
    is_between = steps[below] < value and below + 1 < len(steps)
    return [below, below + 1] if is_between else [below]
