"""How much more text decides a close case.

`more_text.json` has curves of the share of undecided cases that a multiple of the text decides,
rightly or not, fitted by `python -m benchmarks.more_text`:

    logit P(decided) = a + b ln f - c gap + ln(W / 100) (d + e ln f) - h ln m - i [m = 1] + j [many]

f: the multiple of the text, W: its character features, gap: the distance of the answer from the
nearer decision, in nats, m: the number of authors compared, many: whether nine or more authors of
the language are here.
"""

from functools import cache
from math import ceil, exp, log
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta

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
