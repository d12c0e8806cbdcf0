"""The types of media that are kept, none of which can act as a page, told by how a file begins.

A name says nothing: a file that is called a picture may be any file of this machine.
Source: the "Beginning" of each type's specification; MP3 has a tag (ID3) or frames alone.
"""

from typing import Final

TYPES: Final = {
    "jpg": "image/jpeg",
    "png": "image/png",
    "gif": "image/gif",
    "webp": "image/webp",
    "mp4": "video/mp4",
    "webm": "video/webm",
    "mp3": "audio/mpeg",
    "ogg": "audio/ogg",
}
"""By the ends of the names under which they are kept."""
START_BYTES: Final = 64
"""Bytes of a file that tell its type."""
_STARTS: Final = {
    b"\xff\xd8\xff": "jpg",
    b"\x89PNG\r\n\x1a\n": "png",
    b"GIF87a": "gif",
    b"GIF89a": "gif",
    b"OggS\0": "ogg",
    b"ID3": "mp3",
}
_EBML: Final = b"\x1a\x45\xdf\xa3"
_PICTURES: Final = frozenset({b"avif", b"avis", b"heic", b"heix", b"mif1", b"msf1", b"jxl "})
"""Brands of files that are built as MP4 is, and are none."""


def suffix_of(start: bytes) -> str | None:
    """Return the end of the name for a file that begins so; None for a type that is not kept."""
    for mark, suffix in _STARTS.items():
        if start.startswith(mark):
            return suffix
    if start.startswith(b"RIFF") and start[8:12] == b"WEBP":
        return "webp"
    if start[4:8] == b"ftyp" and start[8:12] not in _PICTURES:
        return "mp4"
    if start.startswith(_EBML) and b"webm" in start[:START_BYTES]:
        return "webm"
    return "mp3" if _is_mp3_frame(start) else None


def _is_mp3_frame(start: bytes) -> bool:
    """Return whether a frame of MP3 begins here: its sync, a version, layer III, two rates."""
    if len(start) < 4 or start[0] != 0xFF or start[1] & 0xE0 != 0xE0:
        return False
    version, layer = start[1] >> 3 & 3, start[1] >> 1 & 3
    bit_rate, sampling = start[2] >> 4, start[2] >> 2 & 3
    return version != 1 and layer == 1 and bit_rate not in {0, 15} and sampling != 3
