"""How time grows with a size: the same on a quiet machine and on a busy one."""

from collections.abc import Callable
from time import process_time
from typing import Final

FACTOR: Final = 8
"""How many times as large the larger size is."""
MOST_GROWTH: Final = 3 * FACTOR
"""What is quadratic grows 64 times."""
LEAST_S: Final = 0.02
"""Shorter times of what does more than one thing say nothing."""


def growth(
    small: Callable[[], object],
    large: Callable[[], object],
    *,
    most: float = MOST_GROWTH,
    least_s: float = LEAST_S,
) -> float:
    """Return how many times as much processor time the second takes; `most` and more count twice.

    The less of two counts then: a busy machine may have held up one.
    """
    least = max(least_s, *map(_seconds, [small] * 2))
    grown = _seconds(large) / least
    return grown if grown < most else min(grown, _seconds(large) / least)


def _seconds(work: Callable[[], object]) -> float:
    began = process_time()
    work()
    return process_time() - began
