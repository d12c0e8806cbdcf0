"""Pictures, videos and sounds without the notes of cameras, such as the place of a picture.

Parts that draw, play or turn a picture are kept, and its own bytes do not change. Sources: ITU-T
T.81, annex B; ICC.1:2022, annex B; Exif 3.0, 4.5-4.6; PNG (third edition), 5; GIF89a; the WebP
container specification; RFC 6386, 9.1.
"""

import re
import struct
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final
from zlib import compress, crc32, decompressobj, error

from saywho.formats.media import colour_profile
from saywho.formats.media.box_files import Span, cleaned_heif, cleaned_mp4
from saywho.formats.media.file_bytes import MediaBytes, check_pixels, zeros

_MARK: Final = re.compile(rb"\xff[\xc0-\xcf\xd8-\xfe]")
"""Beginning of a part of a JPEG, which no picture data contains."""
_START, _END, _SCAN, _JFIF, _EXIF, _COLOURS, _ADOBE = 0xD8, 0xD9, 0xDA, 0xE0, 0xE1, 0xE2, 0xEE
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_MOST_PROFILE_PARTS: Final = 255
_DRAWING: Final = _FRAMES | {0xC4, 0xCC, *range(0xDA, 0xE0)}
_EXIF_HEAD: Final = b"Exif\0\0"
_PROFILE_HEAD: Final = b"ICC_PROFILE\0"
_PROFILE_AT: Final = len(_PROFILE_HEAD) + 2
"""Beginning of the profile in its part, after the part's number and the number of parts."""
_TURNED: Final = 0x0112
_UNTURNED: Final = struct.pack(">2sHIHI", b"MM", 42, 8, 0, 0)
_MOST_READ: Final = 2**16
_PNG_HEAD, _PNG_EXIF, _PNG_END, _PNG_PROFILE = b"IHDR", b"eXIf", b"IEND", b"iCCP"
_PNG_DRAWING: Final = frozenset(
    {
        *(_PNG_HEAD, b"PLTE", b"IDAT", _PNG_END, b"tRNS", b"bKGD", b"pHYs"),
        *(b"cHRM", b"gAMA", b"sBIT", b"sRGB", b"cICP", b"mDCV", b"mDCv", b"cLLI", b"cLLi"),
        *(b"acTL", b"fcTL", b"fdAT"),
    }
)
_GIF_FRAME, _GIF_MORE, _GIF_END = b",", b"!", b";"
_GIF_CONTROL, _GIF_PROGRAM = b"\xf9", b"\xff"
_RIFF_EXIF, _RIFF_PROFILE = b"EXIF", b"ICCP"
_WEBP_HEAD, _WEBP_FRAME = b"VP8X", b"ANMF"
_WEBP_PICTURE: Final = frozenset({b"VP8 ", b"VP8L", b"ALPH"})
_WEBP_DRAWING: Final = _WEBP_PICTURE | {_WEBP_HEAD, _WEBP_FRAME, _RIFF_EXIF, _RIFF_PROFILE, b"ANIM"}
_WAV_DATA: Final = b"data"
_WAV_SOUND: Final = frozenset({b"fmt ", b"fact", _WAV_DATA})
_WITHOUT_SIZE: Final = frozenset({0, 0xFFFFFFFF})
"""Sizes of a recording that was not ended."""


def without_notes(chunks: Iterable[bytes], suffix: str, late: list[Span]) -> Iterator[bytes]:
    """Yield a file's bytes without notes; all bytes of a type that is not cleaned.

    Spans of already yielded notes, which a video's end may name, are added to `late`; the caller
    must blank them.
    """
    cleaned = _CLEANED.get(suffix)
    if cleaned is None:
        yield from chunks
        return
    content = MediaBytes(chunks)
    yield from cleaned(content, late)
    content.drop()


def _jpeg(content: MediaBytes, late: list[Span]) -> Iterator[bytes]:
    """Yield a JPEG up to its end; cameras may append a video of the place."""
    yield content.take(2)
    is_scan = False
    profile: list[bytes] = []
    while True:
        for piece in content.until(_MARK):
            if is_scan:
                yield piece
        mark = content.head(2)
        if len(mark) < 2 or mark[1] == _END:
            yield mark
            return
        is_scan = mark[1] == _SCAN
        if mark[1] == _START:
            continue
        length = content.take(2)
        part = content.take(max(int.from_bytes(length, "big") - 2, 0))
        if mark[1] in _FRAMES and len(part) > 5:
            check_pixels(*struct.unpack_from(">HH", part, 1))
        if mark[1] in _DRAWING:
            yield from _profile_parts(profile)
            profile.clear()
            yield mark + length + part
        elif mark[1] == _COLOURS and part.startswith(_PROFILE_HEAD):
            profile += [part] if len(profile) < _MOST_PROFILE_PARTS else []
        elif kept := _kept_note(mark[1], part):
            yield mark + (len(kept) + 2).to_bytes(2, "big") + kept


def _profile_parts(parts: Sequence[bytes]) -> Iterator[bytes]:
    """Yield a JPEG's colour profile without words, in the same parts; nothing if any is missing."""
    ordered = sorted(parts, key=lambda part: part[:_PROFILE_AT])
    numbers = [part[len(_PROFILE_HEAD) : _PROFILE_AT] for part in ordered]
    if numbers != [bytes((number, len(parts))) for number in range(1, len(parts) + 1)]:
        return
    profile = colour_profile.without_words(b"".join(part[_PROFILE_AT:] for part in ordered))
    place = 0
    for part in ordered if profile else []:
        end = place + len(part) - _PROFILE_AT
        kept = part[:_PROFILE_AT] + profile[place:end]
        yield bytes((0xFF, _COLOURS)) + (len(kept) + 2).to_bytes(2, "big") + kept
        place = end


def _kept_note(mark: int, part: bytes) -> bytes:
    if mark == _JFIF and part.startswith(b"JFIF\0") and len(part) >= 14:
        return part[:12] + bytes(2)  # A small picture may follow.
    if mark == _ADOBE and part.startswith(b"Adobe") and len(part) >= 12:
        return part[:12]
    if mark == _EXIF and part.startswith(_EXIF_HEAD):
        turned = _turned_alone(part[len(_EXIF_HEAD) :])
        return _EXIF_HEAD + turned if turned else b""
    return b""


def _turned_alone(tiff: bytes) -> bytes:
    turned = _turning(tiff)
    if not 1 < turned <= 8:
        return b""
    entry = struct.pack(">HHIHH", _TURNED, 3, 1, turned, 0)
    return struct.pack(">2sHIH", b"MM", 42, 8, 1) + entry + bytes(4)


def _turning(tiff: bytes) -> int:
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return 1
    try:
        (start,) = struct.unpack_from(f"{order}I", tiff, 4)
        (count,) = struct.unpack_from(f"{order}H", tiff, start)
        for number in range(min(count, 1_000)):
            tag, _, _, value = struct.unpack_from(f"{order}HHIH", tiff, start + 2 + 12 * number)
            if tag == _TURNED:
                return int(value)
    except struct.error:
        pass
    return 1


def _png(content: MediaBytes, late: list[Span]) -> Iterator[bytes]:
    yield content.take(8)
    while head := content.head(8):
        size, kind = int.from_bytes(head[:4], "big"), head[4:]
        if kind == _PNG_PROFILE:
            packed = content.take(min(size, colour_profile.MOST_BYTES))
            content.drop(size + 4 - len(packed))
            if profile := _repacked(packed):
                yield _png_chunk(_PNG_PROFILE, profile)
            continue
        if kind not in _PNG_DRAWING:
            start = content.take(min(size, _MOST_READ))
            content.drop(size + 4 - len(start))
            if kind == _PNG_EXIF and (turned := _turned_alone(start)):
                yield _png_chunk(_PNG_EXIF, turned)
            continue
        yield head
        start = content.take(min(size, 8))
        if kind == _PNG_HEAD and len(start) == 8:
            check_pixels(*struct.unpack(">II", start))
        yield start
        yield from content.some(size + 4 - len(start))
        if kind == _PNG_END:
            return


def _png_chunk(kind: bytes, data: bytes) -> bytes:
    size, check = (number.to_bytes(4, "big") for number in (len(data), crc32(kind + data)))
    return size + kind + data + check


def _repacked(packed: bytes) -> bytes:
    """Return a PNG's colour profile without words, and with a name that says nothing."""
    _, _, method_and_profile = packed.partition(b"\0")
    unpacker = decompressobj()
    try:
        profile = unpacker.decompress(method_and_profile[1:], colour_profile.MOST_BYTES)
    except error:
        return b""
    kept = colour_profile.without_words(profile) if unpacker.eof else b""
    return b"ICC profile\0\0" + compress(kept) if kept else b""


def _gif(content: MediaBytes, late: list[Span]) -> Iterator[bytes]:
    head = content.take(13)
    yield head
    if len(head) < 13:
        return
    check_pixels(*struct.unpack_from("<HH", head, 6))
    yield content.take(_colour_bytes(head[10]))
    while mark := content.head(1):
        if mark == _GIF_FRAME:
            frame = content.take(9)
            yield mark + frame
            if len(frame) < 9:
                return
            check_pixels(*struct.unpack_from("<HH", frame, 4))
            yield content.take(_colour_bytes(frame[8]) + 1)
            yield from _gif_blocks(content)
        elif mark == _GIF_MORE:
            yield _kept_extension(content.take(1), _gif_blocks(content))
        elif mark == _GIF_END:
            yield mark
            return
        elif mark != b"\0":
            return


def _colour_bytes(flags: int) -> int:
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _gif_blocks(content: MediaBytes) -> Iterator[bytes]:
    while size := content.take(1):
        if 0 < size[0] < 128:  # Shorter blocks count as parts.
            content.count()
        yield size + content.take(size[0])
        if size == b"\0":
            return


def _kept_extension(label: bytes, blocks: Iterator[bytes]) -> bytes:
    first, second = next(blocks, b""), next(blocks, b"")
    for _ in blocks:
        pass
    if label == _GIF_CONTROL and first[:1] == b"\x04" and len(first) == 5:
        return _GIF_MORE + label + first + b"\0"
    is_loop = second[:2] == b"\x03\x01" and len(second) == 4
    if label == _GIF_PROGRAM and first[1:] in {b"NETSCAPE2.0", b"ANIMEXTS1.0"} and is_loop:
        return _GIF_MORE + label + first + second + b"\0"
    return b""


def _webp(content: MediaBytes, late: list[Span]) -> Iterator[bytes]:
    """Yield a WebP with zeros in place of notes, up to its stated size.

    An announced Exif chunk stays: it only says how the picture is turned, or nothing.
    """
    head = content.take(12)
    yield head
    size = int.from_bytes(head[4:8], "little")
    yield from _chunks(content, size + size % 2 - 4, _WEBP_DRAWING)


def _wav(content: MediaBytes, late: list[Span]) -> Iterator[bytes]:
    """Yield a WAV with zeros in place of notes; an unfinished recording has no size."""
    head = content.take(12)
    yield head
    is_ended = int.from_bytes(head[4:8], "little") not in _WITHOUT_SIZE
    yield from _chunks(content, sys.maxsize, _WAV_SOUND, is_ended)


def _chunks(
    content: MediaBytes, left: int, kept: frozenset[bytes], is_ended: bool = True
) -> Iterator[bytes]:
    """Yield that many bytes of chunks, with zeros in dropped chunks."""
    while left > 0 and (head := content.head(min(8, left))):
        if len(head) < 8:
            yield bytes(len(head))
            return
        kind, size = head[:4], int.from_bytes(head[4:], "little")
        if kind == _WAV_DATA and not is_ended and size in _WITHOUT_SIZE:
            size = sys.maxsize - 1
        size = min(size + size % 2, left - 8)
        left -= 8 + size
        if kind not in kept:
            yield b"JUNK" + head[4:]
            yield from zeros(content.some(size))
        elif kind == _WEBP_FRAME:
            yield head + content.take(min(size, 16))
            yield from _chunks(content, size - 16, _WEBP_PICTURE)
        elif kind == _RIFF_PROFILE:
            profile = content.take(min(size, colour_profile.MOST_BYTES))
            yield head + (colour_profile.without_words(profile) or bytes(len(profile)))
            yield from zeros(content.some(size - len(profile)))
        else:
            start = content.take(min(size, _MOST_READ))
            yield head + _kept_start(kind, start)
            rest = content.some(size - len(start))
            yield from zeros(rest) if kind in {_RIFF_EXIF, _WEBP_HEAD} else rest


def _kept_start(kind: bytes, start: bytes) -> bytes:
    """Return a chunk's kept first bytes. Raises RecordError for a too large picture."""
    if kind == _RIFF_EXIF:
        turn_note = _turned_alone(start.removeprefix(_EXIF_HEAD)) or _UNTURNED
        return turn_note[: len(start)].ljust(len(start), b"\0")
    if kind == _WEBP_HEAD and len(start) >= 10:
        check_pixels(*(int.from_bytes(start[at : at + 3], "little") + 1 for at in (4, 7)))
        flags = start[0] & 0b111010  # Of kept chunks: colours, transparency, Exif, animation.
        return (bytes([flags]) + bytes(3) + start[4:10]).ljust(len(start), b"\0")
    if kind == b"VP8 " and start[3:6] == b"\x9d\x01\x2a" and len(start) >= 10:
        check_pixels(*(size & 0x3FFF for size in struct.unpack_from("<HH", start, 6)))
    if kind == b"VP8L" and len(start) >= 5:
        sizes = int.from_bytes(start[1:5], "little")
        check_pixels((sizes & 0x3FFF) + 1, (sizes >> 14 & 0x3FFF) + 1)
    return start


_CLEANED: Final[dict[str, Callable[[MediaBytes, list[Span]], Iterator[bytes]]]] = {
    "jpg": _jpeg,
    "png": _png,
    "gif": _gif,
    "webp": _webp,
    "wav": _wav,
    "mp4": cleaned_mp4,
    "avif": cleaned_heif,
    "heic": cleaned_heif,
}
