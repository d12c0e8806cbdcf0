"""How often strangers' texts are attributed to a named author, for other authors than an
installation's, which its model card measures.

`rates.json` is written by `python -m benchmarks.open_question`, which keeps the part `told`: single
shares of docs/measurements.md.
"""

from bisect import bisect_right
from collections.abc import Sequence
from functools import cache
from math import ceil, exp, log
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta

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


DECIDED: Final = 0.8
"""Share of such cases decided by the reported text."""
FEWEST_TIMES: Final = 2
MOST_TIMES: Final = 20
"""Bounds of the multiple of the text; more was not measured."""
MANY_HERE: Final = 9


class More(msgspec.Struct, frozen=True):
    """How much more text by the same person decides about eight of ten such cases."""

    times: Annotated[int, Meta(ge=FEWEST_TIMES, le=MOST_TIMES)]
    """How many times as much text as now."""
    messages: Annotated[int, Meta(ge=1)]
    """How many more messages of the length of the given messages."""


class Curve(msgspec.Struct, frozen=True):
    a: float
    b: float
    c: float
    d: float
    e: float
    h: float
    i: float
    j: float


class Curves(msgspec.Struct, frozen=True):
    measured: str
    recipe: int
    fitted_to: str
    curves: dict[str, Curve]
    """Curves by language; English stands for all languages but Korean."""


@cache
def measured_curves() -> Curves:
    file = Path(__file__).with_name("more_text.json")
    return msgspec.json.decode(file.read_bytes(), type=Curves)


def gap_of(likely: float, needed: float, none: float, unfamiliar: float) -> float:
    """Return the distance of an answer from the nearer decision, in nats, at least 0.

    likely, none: probabilities of the first author and of someone else, with thresholds.
    """
    return max(min(_logit(needed) - _logit(likely), _logit(unfamiliar) - _logit(none)), 0.0)


def more_text(
    language: str, features: float, named: int, here: int, gap: float, messages: int
) -> More | None:
    """Return what decides eight of ten such cases; None beyond twenty times the text."""
    start, slope = line_of(language, features, named, here, gap)
    if slope <= 0 or (needed := (_logit(DECIDED) - start) / slope) > log(MOST_TIMES):
        return None
    times = max(FEWEST_TIMES, ceil(exp(needed)))
    return More(min(times, MOST_TIMES), max(messages, 1) * (min(times, MOST_TIMES) - 1))


def line_of(
    language: str, features: float, named: int, here: int, gap: float
) -> tuple[float, float]:
    """Return the logit of the share with the present text, and its slope by ln(times)."""
    curves = measured_curves().curves
    curve = curves.get(language, curves["en"])
    length = log(max(features, 10.0) / 100)
    start = curve.a - curve.c * gap + curve.d * length - curve.h * log(named)
    start += curve.j * (here >= MANY_HERE) - curve.i * (named == 1)
    return start, curve.b + curve.e * length


def _logit(share: float) -> float:
    clipped = min(max(share, 1e-6), 1 - 1e-6)
    return log(clipped / (1 - clipped))
