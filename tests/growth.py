"""How time grows with a size: the same on a quiet machine and on a busy one."""

from collections.abc import Callable
from time import process_time
from typing import Final

FACTOR: Final = 8
"""How many times as large the larger size is."""
MOST_GROWTH: Final = 3 * FACTOR
"""What is quadratic grows 64 times."""
_LEAST_S: Final = 0.02
"""Shorter times say nothing."""


def growth(small: Callable[[], object], large: Callable[[], object]) -> float:
    """Return how many times as much processor time the second takes."""
    return min(_seconds(large) for _ in range(2)) / max(_LEAST_S, *map(_seconds, [small] * 2))


def _seconds(work: Callable[[], object]) -> float:
    began = process_time()
    work()
    return process_time() - began
