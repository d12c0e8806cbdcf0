"""Where the items of an AVIF or HEIC are that are not kept, so that they can be blanked.

Both are built as MP4 is: boxes, of which `meta` says which items there are, of what type, and at
which bytes of the file. Source: ISO/IEC 14496-12, 8.11.
"""

import struct
from collections.abc import Iterator
from typing import Final

from app.errors import RecordError
from app.formats.box_notes import UNTOLD, Span

_MOST_PARTS: Final = 10_000
"""Maximum number of parts of items; a phone's picture has a hundred."""
_DRAWN: Final = frozenset(
    {*(b"hvc1", b"lhv1", b"av01", b"avc1", b"vvc1", b"jpeg"), *(b"grid", b"iden", b"iovl", b"tmap")}
)
"""Types of items that are pictures, or make one of others."""
_FILLERS: Final = {b"Exif": struct.pack(">I2sHIHI", 0, b"MM", 42, 8, 0, 0)}
"""Notes that say nothing, since some programs refuse a picture without them."""
_HEAD: Final = 8
"""Bytes of a box before its content."""
_LONG_IDS: Final = 2
"""The version of a list whose numbers have four bytes."""
_IN_FILE, _IN_META = 0, 1
"""Where the bytes of an item are counted from."""


class _Numbers:
    """Numbers of some bytes each, one after the other."""

    def __init__(self, data: bytes, place: int = 0) -> None:
        self._data = data
        self.place = place

    def take(self, size: int) -> bytes:
        """Return that many bytes. Raises ValueError where there are fewer."""
        end = self.place + size
        if end > len(self._data):
            raise ValueError("cut off")
        start, self.place = self.place, end
        return self._data[start:end]

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big")


def notes_in(meta: bytes, start: int) -> list[Span]:
    """Return where a file's items are that are no pictures; `start` is the place of this `meta`.

    Raises RecordError if the `meta` does not say it.
    """
    try:
        boxes = {kind: (place, content) for kind, place, content in boxes_in(meta, 4)}
        items = _notes_among(boxes[b"iinf"][1])
        inner = start + boxes.get(b"idat", (0, b""))[0]
        places = [
            (place + (inner if is_in_meta else 0), size, _FILLERS.get(items[item], b""))
            for item, place, size, is_in_meta in _places(boxes[b"iloc"][1])
            if item in items
        ]
    except (ValueError, KeyError):
        raise RecordError(UNTOLD) from None
    return [Span(place, place + size, filler[:size]) for place, size, filler in places]


def boxes_in(data: bytes, start: int) -> Iterator[tuple[bytes, int, bytes]]:
    """Yield the type of each box from a place on, where its content begins, and that.

    Raises ValueError where one is cut off.
    """
    numbers = _Numbers(data, start)
    while numbers.place < len(data):
        size, kind = numbers.number(4), numbers.take(4)
        if size < _HEAD:
            raise ValueError("a box without a size")
        place = numbers.place
        yield kind, place, numbers.take(size - _HEAD)


def _notes_among(iinf: bytes) -> dict[int, bytes]:
    """Return the types of the items that are no pictures, by their numbers."""
    numbers = _Numbers(iinf)
    is_long = numbers.number(4) >> 24 != 0
    numbers.number(4 if is_long else 2)
    notes = {}
    for kind, _, content in boxes_in(iinf, numbers.place):
        item = _Numbers(content)
        version = item.number(4) >> 24
        if kind != b"infe" or version not in {2, 3}:
            raise ValueError("an item of another kind")
        number, _ = item.number(2 if version == 2 else 4), item.number(2)
        if (type_ := item.take(4)) not in _DRAWN:
            notes[number] = type_
    return notes


def _places(iloc: bytes) -> Iterator[tuple[int, int, int, bool]]:
    """Yield each part of an item: the item, its place, its size, and if the place is in `idat`."""
    numbers = _Numbers(iloc)
    version, sizes = numbers.number(4) >> 24, numbers.number(2)
    offset, length, base, index = (sizes >> shift & 15 for shift in (12, 8, 4, 0))
    parts = 0
    for _ in range(numbers.number(4 if version == _LONG_IDS else 2)):
        item = numbers.number(4 if version == _LONG_IDS else 2)
        method = numbers.number(2) & 15 if version else _IN_FILE
        is_elsewhere = numbers.number(2) != 0
        start = numbers.number(base)
        for _ in range(numbers.number(2)):
            numbers.take(index if version else 0)
            place, size = start + numbers.number(offset), numbers.number(length)
            parts += 1
            if (
                parts > _MOST_PARTS
                or is_elsewhere
                or method not in {_IN_FILE, _IN_META}
                or version > _LONG_IDS
                or not size
            ):
                raise ValueError("a part of another kind")
            yield item, place, size, method == _IN_META
