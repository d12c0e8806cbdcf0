"""MP4, AVIF and HEIC without notes: files of boxes, read once from beginning to end.

Source: ISO/IEC 14496-12, 4.2 and 8.
"""

import struct
import sys
from collections.abc import Iterator
from typing import Final

from app.errors import RecordError
from app.formats.box_notes import UNTOLD, Blanks, BoxNotes, Span
from app.formats.media_bytes import TOO_MANY, MediaBytes, zeros

_DRAWN: Final = frozenset(
    {*(b"hvc1", b"lhv1", b"av01", b"avc1", b"vvc1", b"jpeg"), *(b"grid", b"iden", b"iovl", b"tmap")}
)
_FILLERS: Final = {b"Exif": struct.pack(">I2sHIHI", 0, b"MM", 42, 8, 0, 0)}
"""Empty notes, because some programs refuse a picture without them."""
_HEAD: Final = 8
"""Size of a box's head, in bytes."""
_LONG_IDS: Final = 2
"""Version of a list with four-byte numbers."""
_IN_FILE, _IN_META = 0, 1
"""Origins of an item's byte offsets."""


class _Numbers:
    def __init__(self, data: bytes, place: int = 0) -> None:
        self._data = data
        self.place = place

    def take(self, size: int) -> bytes:
        """Return that many bytes. Raises ValueError if fewer are left."""
        end = self.place + size
        if end > len(self._data):
            raise ValueError("cut off")
        start, self.place = self.place, end
        return self._data[start:end]

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big")


def notes_in(meta: bytes, start: int) -> list[Span]:
    """Return the spans of items that are no pictures. Raises RecordError if `meta` does not say it.

    `start` is the place of this `meta`.
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
    """Yield each box's type, place of content, and content. Raises ValueError if truncated."""
    numbers = _Numbers(data, start)
    while numbers.place < len(data):
        size, kind = numbers.number(4), numbers.take(4)
        if size < _HEAD:
            raise ValueError("a box without a size")
        place = numbers.place
        yield kind, place, numbers.take(size - _HEAD)


def _notes_among(iinf: bytes) -> dict[int, bytes]:
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
    """Yield each part of an item: item, place, size, and whether it is in `idat`."""
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
                parts > 10_000  # A phone's picture has a hundred.
                or is_elsewhere
                or method not in {_IN_FILE, _IN_META}
                or version > _LONG_IDS
                or not size
            ):
                raise ValueError("a part of another kind")
            yield item, place, size, method == _IN_META


_SAMPLES, _ITEMS = b"mdat", b"meta"
_MOST_TABLES, _MOST_ITEMS = 2**25, 2**20
"""Maximum sizes of boxes with places of samples and items, in bytes."""


class _BoxFile:
    """Cleans an MP4, AVIF or HEIC. Free space replaces notes, because the file states distances."""

    def __init__(self, content: MediaBytes, late: list[Span], first: frozenset[bytes]) -> None:
        self._content = content
        self._late = late
        self._awaited = set(first)
        """Types of boxes with places that have not come yet."""
        self._notes = BoxNotes(content.count)
        self._blanks = Blanks()
        self._samples: list[tuple[int, int]] = []
        self._has_fragments = False

    def cleaned(self) -> Iterator[bytes]:
        """Yield the file. Raises RecordError if the notes cannot be located."""
        content = self._content
        while head := content.head(8):
            size, kind = int.from_bytes(head[:4], "big"), head[4:]
            if size == 1:
                head += content.take(8)
                size = int.from_bytes(head[8:], "big")
            size = (size or sys.maxsize) - len(head)
            if size < 0 or len(head) not in {8, 16}:  # No box: it and the rest become one.
                free = b"\0\0\0\0free"  # Up to the end of the file.
                yield free.ljust(len(head), b"\0") if len(head) >= 8 else bytes(len(head))
                yield from zeros(content.some(sys.maxsize))
            elif kind == _SAMPLES:
                yield head
                yield from self._without_blanks(size)
            elif kind in self._awaited or kind in {b"moof", b"mfra"}:
                yield head + self._tables(kind, size)
            elif kind in {b"ftyp", b"styp", b"sidx", b"ssix"}:
                yield head
                yield from content.some(size)
            else:
                yield head[:4] + b"free" + head[8:]
                yield from zeros(content.some(size))
        if _ITEMS in self._awaited:
            raise RecordError(UNTOLD)

    def _without_blanks(self, size: int) -> Iterator[bytes]:
        start = self._content.place
        for piece in self._content.some(size):
            yield self._blanks.over(piece, self._content.place - len(piece))
        self._samples.append((start, self._content.place))

    def _tables(self, kind: bytes, size: int) -> bytes:
        start, most = self._content.place, _MOST_ITEMS if kind == _ITEMS else _MOST_TABLES
        data = bytearray(self._content.take(min(size, most + 1)))
        if len(data) > most:
            raise RecordError(TOO_MANY)
        if kind == _ITEMS:
            self._blanks.add(notes_in(bytes(data), start))
        self._notes.blank(data, 4 if kind == _ITEMS else 0, len(data))
        self._has_fragments |= kind == b"moof"
        if self._has_fragments and self._notes.has_other_tracks:
            raise RecordError(UNTOLD)  # Fragments have tables of their own.
        if kind in self._awaited:
            self._awaited.remove(kind)
            self._blanks.add(self._notes.spans)
            for place in self._samples:
                self._late += self._blanks.between(*place)
        if kind == _ITEMS and (idat := self._notes.find(data, 4, len(data), b"idat")):
            inside = slice(idat.body, idat.end)
            data[inside] = self._blanks.over(bytes(data[inside]), start + idat.body)
        return bytes(data)


def cleaned_mp4(content: MediaBytes, late: list[Span]) -> Iterator[bytes]:
    """Yield an MP4 without notes; add spans of already yielded notes to `late`."""
    return _BoxFile(content, late, frozenset({b"moov"})).cleaned()


def cleaned_heif(content: MediaBytes, late: list[Span]) -> Iterator[bytes]:
    return _BoxFile(content, late, frozenset({b"moov", _ITEMS})).cleaned()
