"""The order of messages in files that begin with the newest."""

from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Final

from app.errors import BrokenFileError
from app.formats.records import Item, Record

MOST_HELD: Final = 20_000
"""Messages that are put in order at once: twice as many as numbered files have."""
MOST_CHARACTERS: Final = 4 * 2**20
"""Of their texts."""


def in_order(items: Iterator[Item], most: int = MOST_HELD) -> Iterator[Item]:
    """Yield what was said as it was said, though a file may begin with the newest.

    Of a file with `most` messages, or with very long ones, only what has one time is put in order.
    Raises BrokenFileError behind all that can be read.
    """
    portion: list[Item] = []
    fault: BrokenFileError | None = None
    try:
        portion.extend(_portion(items, most))
    except BrokenFileError as error:
        fault = error
    if not _is_newest_first(portion):
        yield from chain(portion, items)
    elif len(portion) == most or sum(map(_characters, portion)) >= MOST_CHARACTERS:
        yield from _within_times(chain(portion, items))
    else:
        yield from reversed(portion)
    if fault is not None:
        raise fault


def _portion(items: Iterator[Item], most: int) -> Iterator[Item]:
    """Yield as many of the items as are held at once."""
    characters = 0
    for item in islice(items, most):
        yield item
        characters += _characters(item)
        if characters >= MOST_CHARACTERS:
            return


def _characters(item: Item) -> int:
    return len(item.text) if isinstance(item, Record) else 0


def _is_newest_first(items: Iterable[Item]) -> bool:
    """Return whether the first of the times is not before the last one."""
    times = [item.created_at for item in items if isinstance(item, Record) and item.created_at]
    return not times or times[0] >= times[-1]


def _within_times(items: Iterable[Item]) -> Iterator[Item]:
    """Yield what has one time the other way round."""
    group: list[Item] = []
    characters = 0
    time, fault = None, None
    try:
        for item in items:
            when = item.created_at if isinstance(item, Record) else None
            is_full = len(group) == MOST_HELD or characters >= MOST_CHARACTERS
            if (when and time and when != time) or is_full:
                yield from reversed(group)
                group, characters = [], 0
            time = when or time
            group.append(item)
            characters += _characters(item)
    except BrokenFileError as error:
        fault = error
    yield from reversed(group)
    if fault is not None:
        raise fault
