"""Pictures and videos without what a camera wrote into them, such as the place of a picture.

Of JPEG, PNG, WebP, AVIF, HEIC, MP4 and WAV what shows the picture is kept: of the notes only how it
is turned. The bytes of the picture itself stay as they are. Sources: ITU-T T.81, annex B; Exif 3.0,
4.5-4.6; PNG (third edition), 5; the WebP container specification; ISO/IEC 14496-12, 4.2 and 8.
"""

import re
import struct
import sys
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Final
from zlib import crc32

from app.errors import Message, RecordError
from app.formats.heif_notes import MOST_SAID, UNTOLD, blanked, notes_in

MOST_PARTS: Final = 200_000
"""Parts of a file that are looked at, in a quarter of a second; a video of hours has fewer."""
_TOO_MANY: Final = Message("it has more parts than any camera writes")

_MARK: Final = re.compile(rb"\xff[^\x00\x01\xd0-\xd7\xff]", re.DOTALL)
"""What begins a part of a JPEG, and is in no data of a picture."""
_END, _EXIF, _COLOURS, _ADOBE, _COMMENT = 0xD9, 0xE1, 0xE2, 0xEE, 0xFE
_NOTES: Final = frozenset({*range(0xE1, 0xF0), _COMMENT}) - {_COLOURS, _ADOBE}
"""Parts that may say anything."""
_PROFILE: Final = b"ICC_PROFILE\0"
_EXIF_HEAD: Final = b"Exif\0\0"
_TURNED: Final = 0x0112
_UNTURNED: Final = struct.pack(">2sHIHI", b"MM", 42, 8, 0, 0)
"""Notes that say nothing."""
_MOST_ENTRIES: Final = 1_000
_MOST_READ: Final = 2**16
"""Bytes of notes in which it is looked for how a picture is turned."""
_PNG_EXIF: Final = b"eXIf"
_PNG_NOTES: Final = frozenset({_PNG_EXIF, b"tEXt", b"zTXt", b"iTXt", b"tIME"})
_RIFF_EXIF: Final = b"EXIF"
_RIFF_NOTES: Final = frozenset({b"XMP ", b"LIST", b"id3 ", b"bext", b"iXML", b"_PMX"})
_MP4_PARTS: Final = frozenset({b"moov", b"trak"})
"""Boxes of others, some of which are notes."""
_MP4_NOTES: Final = frozenset({b"udta", b"meta", b"uuid"})
_WEBP_HEAD: Final = b"VP8X"
_WEBP_XMP: Final = 0b100
"""Of the flags of a head: that there are such notes."""


class _Bytes:
    """Bytes that come in chunks, taken in pieces of any size."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._buffer = bytearray()
        self._parts = 0

    def _fill(self, size: int) -> None:
        while len(self._buffer) < size and (chunk := next(self._chunks, b"")):
            self._buffer += chunk

    def take(self, size: int) -> bytes:
        """Return that many bytes; fewer at the end."""
        self._fill(size)
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken

    def head(self, size: int) -> bytes:
        """Return the bytes with which the next part begins. Raises RecordError after too many."""
        self._parts += 1
        if self._parts > MOST_PARTS:
            raise RecordError(_TOO_MANY)
        return self.take(size)

    def some(self, size: int) -> Iterator[bytes]:
        """Yield that many bytes, or fewer at the end, in pieces."""
        while size > 0 and (piece := self.take(min(size, 2**16))):
            size -= len(piece)
            yield piece

    def drop(self, size: int = sys.maxsize) -> None:
        """Read past that many bytes, or all, so that it is known whether they are whole."""
        for _ in self.some(size):
            pass

    def until(self, pattern: re.Pattern[bytes]) -> Iterator[bytes]:
        """Yield the bytes before a match of two bytes, or all."""
        while True:
            self._fill(2**16)
            match = pattern.search(self._buffer)
            is_end = match is None and len(self._buffer) < 2
            size = match.start() if match else len(self._buffer) - (not is_end)
            if size:
                yield self.take(size)
            if match or is_end:
                return


def without_notes(chunks: Iterable[bytes], suffix: str) -> Iterator[bytes]:
    """Yield the bytes of a file without notes; of one that is no such picture all bytes."""
    cleaned = _CLEANED.get(suffix)
    if cleaned is None:
        yield from chunks
        return
    content = _Bytes(chunks)
    yield from cleaned(content)
    content.drop()


def _jpeg(content: _Bytes) -> Iterator[bytes]:
    """Yield a JPEG up to its end; what cameras put behind it may be a video of the place."""
    yield content.take(2)
    while True:
        yield from content.until(_MARK)
        mark = content.head(2)
        if len(mark) < 2 or mark[1] == _END:
            yield mark
            return
        length = content.take(2)
        part = content.take(max(int.from_bytes(length, "big") - 2, 0))
        if mark[1] == _EXIF:
            if part.startswith(_EXIF_HEAD) and (turned := _turned_alone(part[len(_EXIF_HEAD) :])):
                turn_note = _EXIF_HEAD + turned
                yield mark + (len(turn_note) + 2).to_bytes(2, "big") + turn_note
        elif mark[1] not in _NOTES and (mark[1] != _COLOURS or part.startswith(_PROFILE)):
            yield mark + length + part


def _turned_alone(tiff: bytes) -> bytes:
    """Return notes that say alone how the picture is turned; nothing where these do not say it."""
    turned = _turning(tiff)
    if not 1 < turned <= 8:
        return b""
    entry = struct.pack(">HHIHH", _TURNED, 3, 1, turned, 0)
    return struct.pack(">2sHIH", b"MM", 42, 8, 1) + entry + bytes(4)


def _turning(tiff: bytes) -> int:
    """Return how a picture is turned, from 1 to 8; 1, which is not, where nothing says it."""
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return 1
    try:
        (start,) = struct.unpack_from(f"{order}I", tiff, 4)
        (count,) = struct.unpack_from(f"{order}H", tiff, start)
        for number in range(min(count, _MOST_ENTRIES)):
            tag, _, _, value = struct.unpack_from(f"{order}HHIH", tiff, start + 2 + 12 * number)
            if tag == _TURNED:
                return int(value)
    except struct.error:
        pass
    return 1


def _png(content: _Bytes) -> Iterator[bytes]:
    yield content.take(8)
    while head := content.head(8):
        size = int.from_bytes(head[:4], "big")
        body = content.some(size + 4)
        if head[4:] in _PNG_NOTES:
            start = content.take(min(size, _MOST_READ))
            content.drop(size + 4 - len(start))
            if head[4:] == _PNG_EXIF and (turned := _turned_alone(start)):
                turn_note = _PNG_EXIF + turned
                yield (
                    len(turned).to_bytes(4, "big") + turn_note + crc32(turn_note).to_bytes(4, "big")
                )
            continue
        yield head
        yield from body
        if head[4:] == b"IEND":
            return


def _riff(content: _Bytes) -> Iterator[bytes]:
    """Yield a WebP or WAV with zeros in place of notes, since its size stands at its beginning.

    There it stands too whether there is Exif: of that there stays what says how to turn it, or one
    that says nothing.
    """
    yield content.take(12)
    while head := content.head(8):
        size = int.from_bytes(head[4:], "little")
        body = content.some(size + size % 2)
        if head[:4] == _RIFF_EXIF:
            yield head
            start = content.take(min(size, _MOST_READ))
            turn_note = _turned_alone(start.removeprefix(_EXIF_HEAD)) or _UNTURNED
            yield turn_note[: len(start)].ljust(len(start), b"\0")
            yield from _zeros(content.some(size + size % 2 - len(start)))
        elif head[:4] in _RIFF_NOTES:
            yield b"JUNK" + head[4:]
            yield from _zeros(body)
        elif head[:4] == _WEBP_HEAD:
            yield head
            yield bytes(flag & ~_WEBP_XMP for flag in content.take(1))
            yield from content.some(size + size % 2 - 1)
        else:
            yield head
            yield from body


def _zeros(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield as many zeros."""
    yield from (bytes(len(piece)) for piece in pieces)


def _mp4(content: _Bytes) -> Iterator[bytes]:
    """Yield an MP4 with free space in place of notes, since it tells places by their distance."""
    while head := content.head(8):
        size = int.from_bytes(head[:4], "big")
        long = content.take(8) if size == 1 else b""
        if size == 0:  # To the end.
            size = sys.maxsize
        body_size = (int.from_bytes(long, "big") if long else size) - len(head + long)
        if head[4:] in _MP4_NOTES:
            yield head[:4] + b"free" + long
            yield from _zeros(content.some(body_size))
            continue
        yield head + long
        if head[4:] not in _MP4_PARTS:
            yield from content.some(body_size)


def _heif(content: _Bytes) -> Iterator[bytes]:
    """Yield an AVIF or HEIC with zeros in place of notes, which stand among its other parts.

    Raises RecordError where it cannot be told which these are.
    """
    start = b""
    while (head := content.head(8))[4:] != b"meta":
        size = int.from_bytes(head[:4], "big")
        start += head + content.take(min(max(size - 8, 0), MOST_SAID))
        if head[4:] != b"ftyp" or len(start) > MOST_SAID:
            raise RecordError(UNTOLD)
    size = int.from_bytes(head[:4], "big") - 8
    if not 0 < size <= MOST_SAID:
        raise RecordError(UNTOLD)
    meta = content.take(size)
    spans = notes_in(meta, len(start + head))
    yield from blanked(chain([start + head + meta], _mp4(content)), spans)


_CLEANED: Final[dict[str, Callable[[_Bytes], Iterator[bytes]]]] = {
    "jpg": _jpeg,
    "png": _png,
    "webp": _riff,
    "wav": _riff,
    "mp4": _mp4,
    "avif": _heif,
    "heic": _heif,
}
