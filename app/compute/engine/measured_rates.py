"""How often strangers' texts are attributed to a named author, for other authors than an
installation's, which its model card measures.

`rates.json` is written by `python -m benchmarks.open_question`, which keeps the part `told`: single
shares of docs/measurements.md.
"""

from bisect import bisect_right
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final

import msgspec

RATES_FILE: Final = Path(__file__).with_name("rates.json")
NAMED: Final = (1, 2, 3, 5)
"""Measured numbers of named authors; the last includes larger numbers."""
OTHERS: Final = (0, 1, 2, 8)
"""Measured numbers of other authors of the language here; the last includes larger numbers."""
BELIEFS: Final = (0.1, 0.25, 0.5, 0.75, 0.9)
LONG_WORDS: Final = 20


class ToldShares(msgspec.Struct, frozen=True):
    """Single shares that pages tell, from tables of docs/measurements.md."""

    authors: int
    """Number of named authors in the largest comparison."""
    right: float
    """Share of their texts that were attributed to the right author."""
    elsewhere: float
    """Share of texts by the circle of an author, the only one here of the language, that pass."""
    lone_author: dict[str, tuple[float, float]]
    """The same for the only author of a circle, by language: for one text, and for several."""

    def passing(self, language: str | None, texts: int) -> float:
        """Return how many texts by the circle of a lone author are called the author's."""
        one, several = self.lone_author["ko" if language == "ko" else "en"]
        return one if texts == 1 else several


class Rates(msgspec.Struct, frozen=True):
    measured: str
    model: int
    recipe: int
    population: str
    """Digest of the shipped authors."""
    thresholds: dict[str, list[float]]
    """Thresholds by language, with no, one, and more other authors here."""
    shares: dict[str, list[list[list[list[float]]]]]
    """Shares by language, then by index of: named, others, belief, and shorter or longer text."""
    told: ToldShares


@cache
def measured_rates() -> Rates:
    return msgspec.json.decode(RATES_FILE.read_bytes(), type=Rates)


def rate(language: str | None, named: int, others: int, sure: float, words: int) -> float:
    """Return the share of strangers' texts of this length that are called likely.

    named, others: numbers of authors, of the language here. Between measured numbers the higher
    share counts; English stands for all languages but Korean.
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


def is_measured(language: str | None) -> bool:
    """Return whether answers in a language were measured; an unknown one counts as English."""
    return language is None or language in measured_rates().shares
