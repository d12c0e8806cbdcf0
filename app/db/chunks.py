"""Long lists in parts that one statement can name."""

from collections.abc import Iterator, Sequence
from typing import Final, TypeVar

Item = TypeVar("Item")

LONGEST: Final = 400
"""SQLite takes expressions of 1,000 terms and, in older builds, 999 values a statement."""


def chunks(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    """Yield the items in their order, some at a time."""
    for start in range(0, len(items), LONGEST):
        yield items[start : start + LONGEST]
