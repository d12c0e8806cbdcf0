"""Edited messages of Instagram: a download has each version, the later ones with a mark."""

from collections import deque
from collections.abc import Iterable, Iterator
from datetime import timedelta
from functools import cache
from itertools import takewhile
from typing import Final

from msgspec import structs

from app.errors import BrokenFileError
from app.formats.chats.sentence_tables import sentences
from app.formats.records import Item, Record, Skipped

EDITABLE: Final = timedelta(minutes=20)
"""How long a message can be edited: 15 minutes, and some for slow networks."""
MOST_HELD: Final = 200
"""Items among which the versions of a message are looked for."""


def newest_versions(items: Iterable[Item]) -> Iterator[Item]:
    """Yield the items; of the versions of a message the newest, without its mark.

    Raises BrokenFileError behind all that can be read.
    """
    held: deque[Item] = deque()
    edited: list[Record] = []
    fault: BrokenFileError | None = None
    try:
        for item in items:
            version = _unmarked(item)
            if version is not None:
                edited.append(version)
                _replace(held, version)
            is_older = isinstance(item, Record) and any(_is_older(item, new) for new in edited)
            held.append(version or (Skipped(item.place, "deleted") if is_older else item))
            if len(held) > MOST_HELD:
                yield (gone := held.popleft())
                edited = [record for record in edited if record is not gone]
    except BrokenFileError as error:
        fault = error
    yield from held
    if fault is not None:
        raise fault


def _replace(held: deque[Item], version: Record) -> None:
    """Leave out the last item that is an older version of a message."""
    for place in range(len(held) - 1, -1, -1):
        item = held[place]
        if isinstance(item, Record) and _is_older(item, version):
            held[place] = Skipped(item.place, "deleted")
            return


def _unmarked(item: Item) -> Record | None:
    """Return an edited message without its mark; None for another item."""
    if not (isinstance(item, Record) and item.text.endswith(")")):
        return None
    if item.room is None or getattr(item.room, "platform", "") != "instagram":
        return None
    mark = next((mark for mark in _marks() if item.text.endswith(f" {mark}")), "")
    return structs.replace(item, text=item.text.removesuffix(mark).rstrip()) if mark else None


def _is_older(item: Record, version: Record) -> bool:
    """Return whether an item is an older version of a message: most of one is in the other."""
    if item.created_at is None or version.created_at is None or item.room != version.room:
        return False
    is_near = timedelta() <= version.created_at - item.created_at <= EDITABLE
    if not is_near or item.display_name != version.display_name:
        return False
    begin = _common(item.text, version.text)
    end = _common(item.text[begin:][::-1], version.text[begin:][::-1])
    return begin + end >= max(2, min(len(item.text), len(version.text)) / 2)


def _common(first: str, second: str) -> int:
    """Return how many letters two texts have in common at their beginnings."""
    pairs = zip(first, second, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


@cache
def _marks() -> tuple[str, ...]:
    return sentences("meta", "edited")
