"""MP4, AVIF and HEIC without notes: a file of boxes, read once from its beginning to its end.

Source: ISO/IEC 14496-12, 4.2 and 8.
"""

import sys
from collections.abc import Iterator
from typing import Final

from app.errors import RecordError
from app.formats.box_notes import UNTOLD, Blanks, BoxNotes, Span
from app.formats.heif_notes import notes_in
from app.formats.media_bytes import TOO_MANY, MediaBytes, zeros

_SAMPLES, _ITEMS = b"mdat", b"meta"
_MP4_WHOLE: Final = frozenset({b"ftyp", b"styp", b"sidx", b"ssix"})
"""Boxes of a file that are kept as they are."""
_FRAGMENTS: Final = frozenset({b"moof", b"mfra"})
_MOST_TABLES, _MOST_ITEMS = 2**25, 2**20
"""Maximum sizes of boxes that say where samples and items are, in bytes."""
_FREE: Final = b"\0\0\0\0free"
"""The head of free space up to the end of a file."""


class _BoxFile:
    """Cleans an MP4, AVIF or HEIC: free space replaces notes, since the file tells distances."""

    def __init__(self, content: MediaBytes, late: list[Span], first: frozenset[bytes]) -> None:
        self._content = content
        self._late = late
        self._awaited = set(first)
        """Types of the boxes that say where what is, and have not come yet."""
        self._notes = BoxNotes(content.count)
        self._blanks = Blanks()
        self._samples: list[tuple[int, int]] = []
        self._has_fragments = False

    def cleaned(self) -> Iterator[bytes]:
        """Yield the file. Raises RecordError where it cannot be told which bytes are notes."""
        content = self._content
        while head := content.head(8):
            size, kind = int.from_bytes(head[:4], "big"), head[4:]
            if size == 1:
                head += content.take(8)
                size = int.from_bytes(head[8:], "big")
            size = (size or sys.maxsize) - len(head)
            if size < 0 or len(head) not in {8, 16}:  # No box: it and the rest become one.
                yield _FREE.ljust(len(head), b"\0") if len(head) >= 8 else bytes(len(head))
                yield from zeros(content.some(sys.maxsize))
            elif kind == _SAMPLES:
                yield head
                yield from self._without_blanks(size)
            elif kind in self._awaited or kind in _FRAGMENTS:
                yield head + self._tables(kind, size)
            elif kind in _MP4_WHOLE:
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
        """Return the cleaned content of a box that says where what is."""
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
    """Yield an MP4 without notes; add to `late` the spans of notes that were yielded before."""
    return _BoxFile(content, late, frozenset({b"moov"})).cleaned()


def cleaned_heif(content: MediaBytes, late: list[Span]) -> Iterator[bytes]:
    """Yield an AVIF or HEIC without notes; add to `late` as `cleaned_mp4` does."""
    return _BoxFile(content, late, frozenset({b"moov", _ITEMS})).cleaned()
