"""The order of messages in files that begin with the newest."""

from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Final

from app.errors import BrokenFileError
from app.formats.records import Item, Record

MOST_HELD: Final = 20_000
"""Messages that are put in order at once: twice as many as numbered files have."""


def in_order(items: Iterator[Item], most: int = MOST_HELD) -> Iterator[Item]:
    """Yield what was said as it was said, though a file may begin with the newest.

    Of a file with `most` messages only what has one time is put in order. Raises BrokenFileError
    behind all that can be read.
    """
    held: list[Item] = []
    fault: BrokenFileError | None = None
    try:
        held.extend(islice(items, most))
    except BrokenFileError as error:
        fault = error
    if not _is_newest_first(held):
        yield from chain(held, items)
    elif len(held) == most:
        yield from _within_times(chain(held, items))
    else:
        yield from reversed(held)
    if fault is not None:
        raise fault


def _is_newest_first(items: Iterable[Item]) -> bool:
    """Return whether the first of the times is not before the last one."""
    times = [item.created_at for item in items if isinstance(item, Record) and item.created_at]
    return not times or times[0] >= times[-1]


def _within_times(items: Iterable[Item]) -> Iterator[Item]:
    """Yield what has one time the other way round."""
    group: list[Item] = []
    time, fault = None, None
    try:
        for item in items:
            when = item.created_at if isinstance(item, Record) else None
            if (when and time and when != time) or len(group) == MOST_HELD:
                yield from reversed(group)
                group = []
            time = when or time
            group.append(item)
    except BrokenFileError as error:
        fault = error
    yield from reversed(group)
    if fault is not None:
        raise fault
