"""The rates of strangers that pages tell, measured: written to saywho/engine/rates.json."""

from collections.abc import Sequence

import msgspec
import numpy as np

from benchmarks.open_trials import Trial
from saywho.clock import now
from saywho.engine.features import RECIPE
from saywho.engine.judgement import MODEL, likely_from
from saywho.engine.measured_rates import (
    BELIEFS,
    LONG_WORDS,
    NAMED,
    OTHERS,
    RATES_FILE,
    Rates,
    measured_rates,
)
from saywho.population import shipped_digest

FEWEST_TEXTS = 200
FEWEST_STRANGERS = 3
"""Of fewer texts, or texts by fewer strangers, a rate is that of a wider cell."""
LANGUAGES = ("en", "ko")


def write_rates(found: Sequence[Trial]) -> None:
    """Write the file of rates."""
    content = msgspec.json.encode(rates_of(found))
    RATES_FILE.write_bytes(msgspec.json.format(content, indent=1) + b"\n")


def rates_of(found: Sequence[Trial]) -> Rates:
    """Return the rates of all cells."""
    strangers = [trial for trial in found if trial.is_stranger]
    return Rates(
        measured=now().date().isoformat(),
        model=MODEL,
        recipe=RECIPE,
        population=shipped_digest(),
        thresholds={lang: thresholds_of(lang) for lang in LANGUAGES},
        shares={
            lang: _shares([trial for trial in strangers if trial.lang == lang], lang)
            for lang in LANGUAGES
        },
        told=measured_rates().told,  # Of other measurements.
    )


def thresholds_of(language: str) -> list[float]:
    """Return the least probability of a likely author, for each number of others here."""
    return [likely_from(language, others) for others in OTHERS]


def _shares(strangers: Sequence[Trial], language: str) -> list[list[list[list[float]]]]:
    return [
        [
            [[_likely_share(cell, belief, needed) for cell in cells] for belief in BELIEFS]
            for others, needed in zip(OTHERS, thresholds_of(language), strict=True)
            for cells in [[_cell(strangers, named, others, is_long) for is_long in (False, True)]]
        ]
        for named in NAMED
    ]


def _cell(strangers: Sequence[Trial], named: int, others: int, is_long: bool) -> Sequence[Trial]:
    """Return the strangers' texts of the narrowest cell with enough of them."""
    of_named = [trial for trial in strangers if _step(NAMED, trial.suspects) == named]
    of_others = [trial for trial in of_named if _step(OTHERS, trial.others) == others]
    beside = [trial for trial in strangers if _step(OTHERS, trial.others) == others]
    narrow = [trial for trial in of_others if (trial.words >= LONG_WORDS) == is_long]
    for cell in (narrow, of_others, beside, of_named):
        if len(cell) >= FEWEST_TEXTS and len({each.writer for each in cell}) >= FEWEST_STRANGERS:
            return cell
    return strangers


def _step(steps: Sequence[int], number: int) -> int | None:
    """Return the step at a number; None between two."""
    return steps[-1] if number >= steps[-1] else number if number in steps else None


def _likely_share(trials: Sequence[Trial], belief: float, needed: float) -> float:
    """Return how many would be called likely for an asker who was that sure beforehand.

    The answers were made for one who was half sure.
    """
    none = np.maximum([trial.none for trial in trials], 1e-9)
    odds = belief / (1 - belief) * (1 - none) / none
    shares = odds / (1 + odds) * np.array([trial.share for trial in trials])
    return round(float(np.mean(shares >= needed)) if trials else 0.0, 3)
