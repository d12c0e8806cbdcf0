"""MP4, AVIF and HEIC without notes: files of boxes, read once from beginning to end.

Boxes that are needed to play pictures and sound are kept. Every other box, and each sample of a
dropped track, becomes zeros of its size, because the file states distances from its beginning.
Sources: ISO/IEC 14496-12, 4.2 and 8; ISO/IEC 23008-12, 6; QuickTime File Format, "Movie atoms".
"""

import struct
import sys
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple

from saywho.errors import Message, RecordError
from saywho.formats.media import colour_profile
from saywho.formats.media.file_bytes import TOO_MANY, MediaBytes, check_pixels, zeros

UNTOLD: Final = Message("the place of the camera's notes in it could not be found")
MOST_SPANS: Final = 200_000
"""Maximum number of chunks in dropped tracks; one place each second reaches it in 55 h."""
_MOST_DEPTH: Final = 10  # A movie has seven boxes in boxes.
_HEAD: Final = 8
"""Size of a box's head, in bytes."""
_PIECE_BYTES: Final = 2**16
_PICTURES: Final = frozenset({b"vide", b"pict", b"auxv"})
_PLAYED: Final = _PICTURES | {b"soun"}
"""Handlers of kept tracks; places, times and subtitles have other handlers."""

_ENTERED: Final = {
    **dict.fromkeys((b"moov", b"mdia", b"minf", b"stbl", b"edts", b"dinf", b"tref", b"tapt"), 0),
    **dict.fromkeys((b"mvex", b"moof", b"traf", b"mfra", b"iprp", b"ipco", b"grpl"), 0),
    b"dref": 8,
}
"""Boxes that contain boxes, with the number of bytes before the first box."""
_WHOLE: Final = frozenset(
    {
        # Tracks:
        *(b"vmhd", b"smhd", b"nmhd", b"elst", b"auxl", b"prem", b"clef", b"prof", b"enof"),
        *(b"stts", b"ctts", b"cslg", b"stsc", b"stsz", b"stz2", b"stco", b"co64", b"stss", b"stsh"),
        *(b"sdtp", b"stdp", b"padb", b"sbgp", b"sgpd", b"subs", b"saiz", b"saio"),
        # Fragments:
        *(b"mehd", b"trex", b"leva", b"mfhd", b"tfhd", b"tfdt", b"trun", b"tfra", b"mfro"),
        # Items:
        *(b"pitm", b"iloc", b"iref", b"idat", b"ipma", b"altr", b"ster", b"eqiv"),
        *(b"ispe", b"pixi", b"colr", b"pasp", b"clap", b"irot", b"imir", b"auxC", b"lsel"),
        *(b"hvcC", b"lhvC", b"av1C", b"avcC", b"vvcC", b"jpgC", b"a1op", b"a1lx", b"oinf", b"tols"),
        *(b"clli", b"mdcv", b"cclv", b"amve", b"reve", b"ndwt"),
    }
)
_PROFILES: Final = (b"prof", b"rICC")
"""Types of colours that are a colour profile."""
_BEGINNINGS: Final = {b"hdlr": 12, b"url ": 4, b"urn ": 4, b"alis": 4, b"rsrc": 4}
"""Boxes that keep their first bytes; names of devices, programs and folders follow."""


class Span(NamedTuple):
    """Bytes of a file that become a filler, then zeros."""

    start: int
    end: int
    filler: bytes = b""

    def within(self, start: int, end: int) -> "Span":
        first, last = max(self.start, start), min(self.end, end)
        return Span(first, last, self.filler[first - self.start : last - self.start])

    def pieces(self) -> Iterator[bytes]:
        yield self.filler
        for place in range(self.start + len(self.filler), self.end, _PIECE_BYTES):
            yield bytes(min(self.end - place, _PIECE_BYTES))


class Blanks:
    """Blanked spans of a file's pieces, which come in order."""

    def __init__(self) -> None:
        self._spans: list[Span] = []
        self._next = 0

    def add(self, spans: Iterable[Span]) -> None:
        """Add spans, sorted and joined, so that each piece meets only overlapping spans."""
        joined: list[Span] = []
        for span in sorted([*self._spans, *spans]):
            if not joined or joined[-1].end <= span.start:
                joined.append(span)
                continue
            last = joined.pop()
            end = max(last.end, span.end)
            if not span.filler:
                joined.append(last._replace(end=end))
                continue
            if last.start < span.start:
                joined.append(last.within(last.start, span.start))
            joined.append(span._replace(end=end))
        self._spans, self._next = joined, 0

    def over(self, piece: bytes, place: int) -> bytes:
        """Return a piece that begins at a place, blanked."""
        end = place + len(piece)
        while self._next < len(self._spans) and self._spans[self._next].end <= place:
            self._next += 1
        parts: list[bytes] = []
        done = place
        for span in self._overlapping(self._next, place, end):
            parts += piece[done - place : span.start - place], *span.pieces()
            done = span.end
        return b"".join((*parts, piece[done - place :])) if parts else piece

    def between(self, start: int, end: int) -> Iterator[Span]:
        first = bisect_right(self._spans, start, key=lambda span: span.end)
        return self._overlapping(first, start, end)

    def _overlapping(self, first: int, start: int, end: int) -> Iterator[Span]:
        for place in range(first, len(self._spans)):
            span = self._spans[place]
            if span.start >= end:
                return
            yield span.within(start, end)


class Box(NamedTuple):
    """A box: its type, its start, the start of its content, and its end."""

    kind: bytes
    start: int
    body: int
    end: int


class BoxNotes:
    """Blanks boxes in place, and collects samples of dropped tracks."""

    def __init__(self, count_box: Callable[[], None]) -> None:
        self._count_box = count_box
        """Called for each box; raises RecordError after too many."""
        self.spans: list[Span] = []
        self.has_other_tracks = False

    def blank(
        self, data: bytearray, start: int, end: int, handler: bytes = b"", depth: int = 0
    ) -> None:
        """Blank the notes between two places. Raises RecordError if they cannot be found."""
        for box in self._boxes(data, start, end):
            skipped = _entered(data, box)
            if depth < _MOST_DEPTH and box.kind == b"trak":
                self._blank_track(data, box, depth)
            elif depth < _MOST_DEPTH and skipped is not None:
                self.blank(data, box.body + skipped, box.end, handler, depth + 1)
            elif box.kind == b"stsd":
                self._blank_sample_entries(data, box, handler)
            elif box.kind == b"cmov":  # The head of a movie, compressed.
                raise RecordError(UNTOLD)
            elif box.kind == b"ispe" and box.end - box.body >= 12:
                check_pixels(*struct.unpack_from(">II", data, box.body + 4))
            else:
                _blank_box(data, box)

    def find(self, data: bytearray, start: int, end: int, *path: bytes) -> Box | None:
        box = None
        for kind in path:
            boxes = self._boxes(data, start, end)
            if (box := next((box for box in boxes if box.kind == kind), None)) is None:
                return None
            start, end = box.body, box.end
        return box

    def _boxes(self, data: bytearray, start: int, end: int) -> Iterator[Box]:
        """Yield the boxes between two places; other bytes are a box without a type."""
        place = start
        while place < end:
            self._count_box()
            size, kind = int.from_bytes(data[place : place + 4], "big"), data[place + 4 : place + 8]
            head = _HEAD
            if size == 1:
                size, head = int.from_bytes(data[place + 8 : place + 16], "big"), 2 * _HEAD
            if size < head or place + size > end:
                yield Box(b"", place, min(place + _HEAD, end), end)
                return
            yield Box(bytes(kind), place, place + head, place + size)
            place += size

    def _blank_track(self, data: bytearray, track: Box, depth: int) -> None:
        handler = b""
        if box := self.find(data, track.body, track.end, b"mdia", b"hdlr"):
            handler = bytes(data[box.body + 8 : min(box.body + 12, box.end)])
        if handler in _PLAYED:
            self.blank(data, track.body, track.end, handler, depth + 1)
            return
        self.has_other_tracks = True
        if tables := self.find(data, track.body, track.end, b"mdia", b"minf", b"stbl"):
            boxes = self._boxes(data, tables.body, tables.end)
            contents = {box.kind: bytes(data[box.body : box.end]) for box in boxes}
            try:
                self.spans += _chunks(contents, MOST_SPANS - len(self.spans))
            except (ValueError, KeyError, struct.error):
                raise RecordError(UNTOLD) from None
        _free(data, track)

    def _blank_sample_entries(self, data: bytearray, box: Box, handler: bytes) -> None:
        if handler in _PICTURES:
            for entry in self._boxes(data, box.body + 8, box.end):
                if entry.kind and entry.end - entry.body >= 78:
                    check_pixels(*struct.unpack_from(">HH", data, entry.body + 24))
                    _zero(data, entry.body + 12, entry.body + 16)
                    _zero(data, entry.body + 42, entry.body + 74)


def _version(data: bytearray, box: Box) -> int:
    return data[box.body] if box.body < box.end else 0


def _entered(data: bytearray, box: Box) -> int | None:
    if box.kind == b"iinf":
        return 8 if _version(data, box) else 6
    return _ENTERED.get(box.kind)


def _kept_beginning(data: bytearray, box: Box) -> int | None:
    """Return the number of kept first bytes; None if a box is kept or blanked whole."""
    if box.kind == b"infe":  # The name of an item follows.
        return 14 if _version(data, box) > 2 else 12
    return _BEGINNINGS.get(box.kind)


def _blank_box(data: bytearray, box: Box) -> None:
    if box.kind in {b"mvhd", b"tkhd", b"mdhd"}:  # The first time is the recording's.
        times_end = box.body + (20 if _version(data, box) else 12)
        _zero(data, box.body + 4, min(times_end, box.end))
    elif box.kind == b"colr" and data.startswith(_PROFILES, box.body, box.end):
        start = box.body + 4
        profile = colour_profile.without_words(bytes(data[start : box.end]))
        data[start : box.end] = profile or bytes(box.end - start)
    elif (kept := _kept_beginning(data, box)) is not None:
        _zero(data, min(box.body + kept, box.end), box.end)
    elif box.kind not in _WHOLE:
        _free(data, box)


def _zero(data: bytearray, start: int, end: int) -> None:
    data[start:end] = bytes(max(end - start, 0))


def _free(data: bytearray, box: Box) -> None:
    if box.kind == b"" and box.end - box.start >= _HEAD:
        data[box.start : box.start + 4] = (box.end - box.start).to_bytes(4, "big")
    if box.end - box.start >= _HEAD:
        data[box.start + 4 : box.start + _HEAD] = b"free"
        _zero(data, box.body, box.end)
    else:
        _zero(data, box.start, box.end)


def _chunks(tables: dict[bytes, bytes], most: int) -> list[Span]:
    """Return the spans of a track's samples. Raises ValueError if its tables disagree."""
    if tables.keys().isdisjoint({b"stco", b"co64", b"stsz", b"stz2"}):
        return []
    is_long = b"co64" in tables
    offsets = _entries(tables[b"co64" if is_long else b"stco"], 4, ">Q" if is_long else ">I")
    runs = _entries(tables[b"stsc"], 4, ">III")
    (size,) = struct.unpack_from(">I", tables[b"stsz"], 4)
    sizes = array("I", b"" if size else _table(tables[b"stsz"], 8, 4))
    if sys.byteorder == "little":
        sizes.byteswap()
    spans, run, count, sample = [], next(runs, None), 0, 0
    for number, (offset,) in enumerate(offsets, 1):
        while run and run[0] <= number:
            count, run = run[1], next(runs, None)
        if number > most or not count or (not size and sample + count > len(sizes)):
            raise ValueError("samples that cannot be found")
        length = count * size or sum(sizes[sample : sample + count])
        sample += count
        if length:
            spans.append(Span(offset, offset + length))
    return spans


def _table(data: bytes, place: int, size: int) -> bytes:
    (count,) = struct.unpack_from(">I", data, place)
    entries = data[place + 4 : place + 4 + count * size]
    if len(entries) < count * size:
        raise ValueError("cut off")
    return entries


def _entries(data: bytes, place: int, layout: str) -> Iterator[tuple[int, ...]]:
    return struct.iter_unpack(layout, _table(data, place, struct.calcsize(layout)))


_DRAWN: Final = frozenset(
    {*(b"hvc1", b"lhv1", b"av01", b"avc1", b"vvc1", b"jpeg"), *(b"grid", b"iden", b"iovl", b"tmap")}
)
_FILLERS: Final = {b"Exif": struct.pack(">I2sHIHI", 0, b"MM", 42, 8, 0, 0)}
"""Empty notes, because some programs refuse a picture without them."""
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
