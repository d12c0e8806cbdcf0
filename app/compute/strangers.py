"""How often the text of a stranger is given to one of the authors named: measured, and shipped.

The authors it was measured on are not those of an installation, whose model card measures its own.
"""

import bisect
from typing import Final

SUSPECTS: Final = (1, 2, 3, 5, 10, 20)
"""Numbers of named authors that were tried."""
LENGTHS: Final = (0, 10, 20, 40, 80, 160)
"""Words of a text from which each rate holds."""
RATES: Final[dict[tuple[str, int], tuple[float | None, ...]]] = {
    # Written by benchmarks.open_question.
    ("en", 1): (0.033, 0.034, 0.018, 0.015, 0.006, 0.008),
    ("en", 2): (0.05, 0.034, 0.029, 0.016, 0.003, 0.016),
    ("en", 3): (0.025, 0.038, 0.064, 0.016, 0.009, 0.01),
    ("en", 5): (0.017, 0.03, 0.041, 0.016, 0.017, 0.012),
    ("en", 10): (0.008, 0.026, 0.018, 0.01, 0.006, 0.013),
    ("en", 20): (0.025, 0.013, 0.023, 0.011, 0.006, 0.014),
    ("ko", 1): (0.13, 0.036, 0.038, 0.04, 0.012, 0.058),
    ("ko", 2): (0.126, 0.056, 0.058, 0.038, 0.017, 0.072),
    ("ko", 3): (0.141, 0.048, 0.082, 0.047, 0.017, 0.086),
}
"""Share of strangers' texts called likely, by language and number of named authors, for each
length; None where too few were tried."""


def length_place(words: int) -> int:
    """Return the place of a text's length among those measured."""
    return bisect.bisect_right(LENGTHS, words) - 1


def stranger_rate(language: str | None, suspects: int, words: int) -> float | None:
    """Return how often a stranger's text of so many words is given to one of so many authors.

    Of languages other than Korean it is the rate of English; of numbers in between that of the
    nearest. None where it was not measured.
    """
    own = "ko" if language == "ko" else "en"
    measured = [number for lang, number in RATES if lang == own]
    if not measured:
        return None
    nearest = min(measured, key=lambda number: (abs(number - suspects), -number))
    rates, place = RATES[own, nearest], length_place(words)
    # Where too few texts of the length were tried, that of the next shorter, or longer, holds.
    tried = [*rates[place::-1], *rates[place:]]
    return next((rate for rate in tried if rate is not None), None)
