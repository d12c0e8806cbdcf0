"""Measured shares of strangers' texts that are attributed to one of the named authors.

The shares were measured on other authors than an installation's, which its model card measures.
`python -m benchmarks.open_question` writes them to `rates.json`, with their conditions: the recipe
of the features, the shipped authors and the thresholds of the verdict.
"""

from bisect import bisect_right
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final

import msgspec

FILE: Final = Path(__file__).with_name("rates.json")
NAMED: Final = (1, 2, 3, 5)
"""Measured numbers of named authors; the last includes larger numbers."""
OTHERS: Final = (0, 1, 2, 8)
"""Measured numbers of other authors of the language here; the last includes larger numbers."""
BELIEFS: Final = (0.1, 0.25, 0.5, 0.75, 0.9)
"""Measured starting beliefs that one of the named authors wrote the text."""
LONG_WORDS: Final = 20
"""Smallest number of words in a longer text."""


class Rates(msgspec.Struct, frozen=True):
    """The measured shares and their conditions."""

    measured: str
    """The day of the measurement."""
    recipe: int
    population: str
    """Digest of the shipped authors."""
    thresholds: dict[str, list[float]]
    """Thresholds by language, with no, one, and two or more other authors here."""
    shares: dict[str, list[list[list[list[float]]]]]
    """Shares by language, then by index of: named, others, belief, and shorter or longer text."""


@cache
def measured_rates() -> Rates:
    """Return the measured rates; the first call reads the file."""
    return msgspec.json.decode(FILE.read_bytes(), type=Rates)


def rate(language: str | None, named: int, others: int, sure: float, words: int) -> float:
    """Return the share of strangers' texts of this length that are called likely.

    named, others: the numbers of named authors, and of other authors of the language here. Between
    two measured numbers, the higher share counts. English stands for all languages but Korean.
    """
    shares = measured_rates().shares["ko" if language == "ko" else "en"]
    return max(
        shares[i][j][k][words >= LONG_WORDS]
        for i in _around(NAMED, named)
        for j in _around(OTHERS, others)
        for k in _around(BELIEFS, sure)
    )


def _around(steps: Sequence[float], value: float) -> list[int]:
    below = max(bisect_right(steps, value) - 1, 0)
    is_between = steps[below] < value and below + 1 < len(steps)
    return [below, below + 1] if is_between else [below]
