"""Numbers in words, so that nobody has to feel what 83% means."""

import math
from datetime import UTC, datetime
from typing import Final

from app.i18n import gettext, gettext_noop

ALMOST_CERTAIN: Final = 0.97
ALMOST_IMPOSSIBLE: Final = 0.03
ALMOST_CERTAINLY: Final = gettext_noop("almost certainly")
HARDLY_EVER: Final = gettext_noop("hardly ever")
SHARES: Final[tuple[tuple[float, str], ...]] = (
    (1 / 20, gettext_noop("one time in twenty")),
    (1 / 10, gettext_noop("one time in ten")),
    (1 / 6, gettext_noop("one time in six")),
    (1 / 5, gettext_noop("one time in five")),
    (1 / 4, gettext_noop("one time in four")),
    (1 / 3, gettext_noop("one time in three")),
    (2 / 5, gettext_noop("two times in five")),
    (1 / 2, gettext_noop("every other time")),
    (3 / 5, gettext_noop("three times in five")),
    (2 / 3, gettext_noop("two times in three")),
    (3 / 4, gettext_noop("three times in four")),
    (4 / 5, gettext_noop("four times in five")),
    (9 / 10, gettext_noop("nine times in ten")),
    (19 / 20, gettext_noop("nineteen times in twenty")),
)
"""Shares that people can picture, in rising order."""
KNOWN_AFTER_S: Final = 3.0
KNOWN_FROM_SHARE: Final = 0.02
"""Work tells how long it will take when it has gone on for so long and got so far."""


def probability_message(probability: float) -> str:
    """Return the English words that are nearest to a probability in [0, 1]."""
    if probability > ALMOST_CERTAIN:
        return ALMOST_CERTAINLY
    if probability < ALMOST_IMPOSSIBLE:
        return HARDLY_EVER
    return min(SHARES, key=lambda share: abs(share[0] - probability))[1]


def probability_in_words(probability: float) -> str:
    """Return a probability in words of the request's language."""
    return gettext(probability_message(probability))


def time_left_in_words(done_share: float, *, since: datetime | None) -> str | None:
    """Return how long work will still take in words of the request's language.

    None while too little is done to say.
    """
    elapsed_s = (datetime.now(UTC) - since).total_seconds() if since else 0.0
    if elapsed_s < KNOWN_AFTER_S or done_share < KNOWN_FROM_SHARE:
        return None
    left_s = math.ceil(elapsed_s * (1 - done_share) / done_share)
    if left_s < 90:
        return gettext("about {count} s left").format(count=left_s)
    return gettext("about {count} min left").format(count=math.ceil(left_s / 60))
