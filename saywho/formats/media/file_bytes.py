"""Bytes of pictures, videos and sounds: their type by how they begin, and pieces of any size.

A file named as a picture may be any file of this machine, so only types that cannot act as a page
are kept. Source: the "Beginning" of each type's specification; MP3 has a tag (ID3) or frames alone.
"""

import re
import sys
from collections.abc import Iterable, Iterator
from typing import Final

from saywho.errors import Message, RecordError

TYPES: Final = {
    "jpg": "image/jpeg",
    "png": "image/png",
    "gif": "image/gif",
    "webp": "image/webp",
    "avif": "image/avif",
    "heic": "image/heic",
    "mp4": "video/mp4",
    "webm": "video/webm",
    "mp3": "audio/mpeg",
    "ogg": "audio/ogg",
    "wav": "audio/wav",
}
START_BYTES: Final = 64
_STARTS: Final = {
    b"\xff\xd8\xff": "jpg",
    b"\x89PNG\r\n\x1a\n": "png",
    b"GIF87a": "gif",
    b"GIF89a": "gif",
    b"OggS\0": "ogg",
    b"ID3": "mp3",
}
_BRANDS: Final = {b"avif": "avif", b"avis": "avif", b"heic": "heic", b"heix": "heic"}
_PICTURES: Final = _BRANDS.keys() | {b"mif1", b"msf1", b"hevc", b"jxl "}
"""Brands of files that are built as MP4 is, but are no MP4."""


def suffix_of(start: bytes) -> str | None:
    """Return the name ending for a file's beginning; None for a dropped type."""
    for mark, suffix in _STARTS.items():
        if start.startswith(mark):
            return suffix
    if start.startswith(b"RIFF") and start[8:12] == b"WEBP":
        return "webp"
    if start.startswith(b"RIFF") and start[8:12] == b"WAVE":
        return "wav"
    if start[4:8] == b"ftyp":
        return _suffix_of_brand(start)
    if start.startswith(b"\x1a\x45\xdf\xa3") and b"webm" in start[:START_BYTES]:
        return "webm"
    return "mp3" if _is_mp3_frame(start) else None


def check_pixels(width: int, height: int) -> None:
    """Raise RecordError for a picture that is too large for a browser."""
    if width * height > 100_000_000:  # A browser unpacks each to four bytes.
        raise RecordError(Message("it has more than 100 million pixels"))


def _suffix_of_brand(start: bytes) -> str | None:
    """Return the type of the first brand; for a common brand, of the first compatible brand."""
    if start[8:12] not in _PICTURES:
        return "mp4"
    size = min(int.from_bytes(start[:4], "big"), len(start))
    brands = (start[place : place + 4] for place in (8, *range(16, size, 4)))
    return next((_BRANDS[brand] for brand in brands if brand in _BRANDS), None)


def _is_mp3_frame(start: bytes) -> bool:
    if len(start) < 4 or start[0] != 0xFF or start[1] & 0xE0 != 0xE0:
        return False
    version, layer = start[1] >> 3 & 3, start[1] >> 1 & 3
    bit_rate, sampling = start[2] >> 4, start[2] >> 2 & 3
    return version != 1 and layer == 1 and bit_rate not in {0, 15} and sampling != 3


MOST_PARTS: Final = 200_000
"""Maximum number of parts, read in 0.25 s; a video of hours has fewer."""
TOO_MANY: Final = Message("it has more parts than any camera writes")


class MediaBytes:
    """Bytes in chunks, taken in pieces of any size."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._buffer = bytearray()
        self._parts = 0
        self.place = 0

    def _fill(self, size: int) -> None:
        while len(self._buffer) < size and (chunk := next(self._chunks, b"")):
            self._buffer += chunk

    def take(self, size: int) -> bytes:
        self._fill(size)
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        self.place += len(taken)
        return taken

    def head(self, size: int) -> bytes:
        """Return the next part's first bytes. Raises RecordError after too many parts."""
        self.count()
        return self.take(size)

    def count(self) -> None:
        """Count a part. Raises RecordError after too many."""
        self._parts += 1
        if self._parts > MOST_PARTS:
            raise RecordError(TOO_MANY)

    def some(self, size: int) -> Iterator[bytes]:
        while size > 0 and (piece := self.take(min(size, 2**16))):
            size -= len(piece)
            yield piece

    def drop(self, size: int = sys.maxsize) -> None:
        """Read past that many bytes, or all, to verify that they exist."""
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


def zeros(pieces: Iterable[bytes]) -> Iterator[bytes]:
    yield from (bytes(len(piece)) for piece in pieces)
