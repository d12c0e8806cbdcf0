"""How often the text of a stranger is given to one of the authors named: measured, and shipped.

The authors it was measured on are not those of an installation, whose model card measures its own.
"""

import bisect
from typing import Final

BELIEF: Final = 0.5
"""How sure one was beforehand that it was one of them; surer, more strangers pass."""
SUSPECTS: Final = (1, 2, 3, 5, 10, 20)
"""Numbers of named authors that were tried."""
LENGTHS: Final = (0, 10, 20, 40, 80, 160)
"""Words of a text from which each rate holds."""
RATES: Final[dict[tuple[str, int], tuple[float, ...]]] = {
    # Written by benchmarks.open_question.
    ("en", 1): (0.033, 0.037, 0.037, 0.016, 0.011, 0.007),
    ("en", 2): (0.027, 0.024, 0.041, 0.021, 0.017, 0.011),
    ("en", 3): (0.033, 0.026, 0.038, 0.021, 0.011, 0.012),
    ("en", 5): (0.028, 0.022, 0.045, 0.025, 0.016, 0.016),
    ("en", 10): (0.025, 0.016, 0.043, 0.021, 0.013, 0.018),
    ("en", 20): (0.04, 0.018, 0.043, 0.022, 0.013, 0.016),
    ("ko", 1): (0.12, 0.071, 0.039, 0.043, 0.035, 0.054),
    ("ko", 2): (0.171, 0.061, 0.066, 0.049, 0.021, 0.108),
    ("ko", 3): (0.18, 0.057, 0.083, 0.058, 0.028, 0.12),
}
"""Share of strangers' texts called likely, by language and number of named authors, for each
length."""


def length_place(words: int) -> int:
    """Return the place of a text's length among those measured."""
    return bisect.bisect_right(LENGTHS, words) - 1


def stranger_rate(language: str | None, suspects: int, words: int) -> float:
    """Return how often a stranger's text of so many words is given to one of so many authors.

    Of languages other than Korean it is the rate of English; of numbers in between that of the
    nearest.
    """
    own = "ko" if language == "ko" else "en"
    measured = [number for lang, number in RATES if lang == own]
    nearest = min(measured, key=lambda number: (abs(number - suspects), -number))
    return RATES[own, nearest][length_place(words)]
