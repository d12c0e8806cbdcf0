"""The hours of the day, of somebody beside others or beside another time: in words, and drawn."""

from collections.abc import Sequence
from typing import Final

from app.i18n import gettext
from app.views.drawings import Clock
from app.views.in_words import often

BUSY_H: Final = 3
"""Hours in a row that are called the busiest."""


def busiest(hours: Sequence[int]) -> str:
    """Return in a sentence when most is written, of the posts of each hour; some has any."""
    busy = [sum(_around(hours, hour)) for hour in range(len(hours))]
    start = busy.index(max(busy))
    return gettext("Most between {start}:00 and {end}:00: {often}").format(
        start=start, end=(start + BUSY_H) % len(hours), often=often(max(busy) / sum(hours))
    )


def clock_of(hue: str, caption: str, hours: Sequence[int], beside: Sequence[int]) -> Clock | None:
    """Return the drawing of the posts of each hour, as shares; None where there are none."""
    if not any(hours):
        return None
    shares, outline = _shares(hours), _shares(beside)
    most = max(*shares, *outline)
    return Clock(
        hue,
        caption,
        [100 * share / most for share in shares],
        [100 * share / most for share in outline] if any(beside) else [],
    )


def _around(hours: Sequence[int], start: int) -> list[int]:
    return [hours[(start + step) % len(hours)] for step in range(BUSY_H)]


def _shares(hours: Sequence[int]) -> list[float]:
    return [count / max(sum(hours), 1) for count in hours]
