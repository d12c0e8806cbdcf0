"""Where an AVIF or HEIC keeps its notes, so that zeros can be put in their place.

Both are built as MP4 is: boxes, of which `meta` says which items there are, of what type, and at
which bytes of the file. Source: ISO/IEC 14496-12, 8.11.
"""

import struct
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from app.errors import Message, RecordError

MOST_SAID: Final = 2**20
"""Bytes that say where the parts of a picture are, and all before them."""
UNTOLD: Final = Message("where a camera's notes are in it cannot be told")
_MOST_NOTES: Final = 1_000
_NOTES: Final = frozenset({b"Exif", b"mime", b"uri "})
"""Types of items that may say anything."""
_FILLERS: Final = {b"Exif": struct.pack(">I2sHIHI", 0, b"MM", 42, 8, 0, 0)}
"""Notes that say nothing, since some programs refuse a picture without them."""
_HEAD: Final = 8
"""Bytes of a box before its content."""
_LONG_IDS: Final = 2
"""The version of a list whose numbers have four bytes."""
_IN_FILE, _IN_META = 0, 1
"""Where the bytes of an item are counted from."""


class Span(NamedTuple):
    """Bytes of a file, and what stands in their place before zeros."""

    start: int
    size: int
    filler: bytes


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
    """Return where in the file the notes are that a `meta` names, whose content begins at `start`.

    Raises RecordError where that cannot be told.
    """
    try:
        boxes = {kind: (place, content) for kind, place, content in boxes_in(meta, 4)}
        items = _notes_among(boxes[b"iinf"][1])
        inner = start + boxes.get(b"idat", (0, b""))[0]
        spans = [
            Span(place + (inner if is_in_meta else 0), size, _FILLERS.get(items[item], b""))
            for item, place, size, is_in_meta in _places(boxes[b"iloc"][1])
            if item in items
        ]
    except (ValueError, KeyError):
        raise RecordError(UNTOLD) from None
    if len(spans) > _MOST_NOTES:
        raise RecordError(UNTOLD)
    return spans


def blanked(chunks: Iterable[bytes], spans: Sequence[Span]) -> Iterator[bytes]:
    """Yield the bytes of a file with zeros in place of some."""
    place = 0
    for chunk in chunks:
        piece = bytearray(chunk)
        for span in spans:
            first, last = (
                max(span.start - place, 0),
                min(span.start + span.size - place, len(piece)),
            )
            if first < last:
                filler = span.filler[place + first - span.start :][: last - first]
                piece[first:last] = filler.ljust(last - first, b"\0")
        place += len(piece)
        yield bytes(piece)


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
    """Return the types of the items that are notes, by their numbers."""
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
        if (type_ := item.take(4)) in _NOTES:
            notes[number] = type_
    return notes


def _places(iloc: bytes) -> Iterator[tuple[int, int, int, bool]]:
    """Yield for each part of an item: the item, where it begins, its size, and whether that is
    counted from the box `idat`."""
    numbers = _Numbers(iloc)
    version, sizes = numbers.number(4) >> 24, numbers.number(2)
    offset, length, base, index = (sizes >> shift & 15 for shift in (12, 8, 4, 0))
    for _ in range(numbers.number(4 if version == _LONG_IDS else 2)):
        item = numbers.number(4 if version == _LONG_IDS else 2)
        method = numbers.number(2) & 15 if version else _IN_FILE
        is_elsewhere = numbers.number(2) != 0
        start = numbers.number(base)
        for _ in range(numbers.number(2)):
            numbers.take(index if version else 0)
            place, size = start + numbers.number(offset), numbers.number(length)
            if (
                is_elsewhere
                or method not in {_IN_FILE, _IN_META}
                or version > _LONG_IDS
                or not size
            ):
                raise ValueError("a part of another kind")
            yield item, place, size, method == _IN_META
