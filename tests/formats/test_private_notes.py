"""What a camera wrote into a picture goes; how it looks stays."""

import io
import struct
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image, ImageOps, PngImagePlugin

from app.errors import RecordError
from app.formats.private_notes import MOST_PARTS, without_notes
from tests.archives import VIDEO, picture
from tests.selection import first_of

PLACE = b"near the lighthouse"
TURNED = 0x0112
DESCRIPTION = 0x010E
GPS = 0x8825


def photo(kind: str = "jpeg", turned: int = 6, **options: Any) -> bytes:
    """Return a picture with a place in its notes, of which three corners differ."""
    image = Image.new("RGB", (64, 40), (200, 200, 40))
    image.paste((20, 20, 220), (0, 0, 20, 20))
    image.paste((220, 20, 20), (44, 0, 64, 20))
    exif = Image.Exif()
    exif[TURNED] = turned
    exif[DESCRIPTION] = PLACE.decode()
    exif.get_ifd(GPS)[2] = (37.0, 33.0, 59.0)
    file = io.BytesIO()
    image.save(file, kind, exif=exif, **options)
    return file.getvalue()


def pieces(data: bytes, size: int = 97) -> Iterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


def cleaned(data: bytes, suffix: str, size: int = 97) -> bytes:
    return b"".join(without_notes(pieces(data, size), suffix))


def shown(data: bytes) -> bytes:
    """Return the pixels as a browser shows them."""
    with Image.open(io.BytesIO(data)) as image:
        return ImageOps.exif_transpose(image).convert("RGB").tobytes()


@pytest.mark.parametrize("size", [1, 3, 97, 10**6])
@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"comment": PLACE}])
@pytest.mark.parametrize("turned", range(1, 9))
def test_a_photo_loses_its_notes_and_not_how_it_is_turned(
    turned: int, options: dict[str, Any], size: int
) -> None:
    data = photo(turned=turned, xmp=b"<x:xmpmeta>" + PLACE, **options)
    assert PLACE in data
    kept = cleaned(data + PLACE, "jpg", size)
    assert PLACE not in kept
    assert shown(kept) == shown(data)
    with Image.open(io.BytesIO(kept)) as image:
        assert dict(image.getexif()) == ({} if turned == 1 else {TURNED: turned})
    assert cleaned(kept, "jpg") == kept


def test_colours_stay() -> None:
    profile = b"\0\0\2\x0ca profile of colours" * 9
    data = photo(icc_profile=profile)
    with Image.open(io.BytesIO(cleaned(data, "jpg"))) as image:
        assert image.info["icc_profile"] == profile


@pytest.mark.parametrize("turned", range(1, 9))
def test_a_png_loses_its_notes_and_not_how_it_is_turned(turned: int) -> None:
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", PLACE.decode())
    info.add_itxt("XML:com.adobe.xmp", PLACE.decode(), zip=False)
    data = photo("png", turned=turned, pnginfo=info)
    assert PLACE in data
    kept = cleaned(data + PLACE, "png")
    assert PLACE not in kept
    assert shown(kept) == shown(data)
    assert cleaned(kept, "png") == kept
    assert cleaned(picture(3), "png", 2) == picture(3)


@pytest.mark.parametrize("size", [1, 97])
@pytest.mark.parametrize("turned", range(1, 9))
def test_a_webp_loses_its_notes_and_not_how_it_is_turned(turned: int, size: int) -> None:
    data = photo("webp", turned=turned, xmp=PLACE, lossless=True)
    assert PLACE in data
    place = data.index(b"EXIF") + 4
    whole, notes = (int.from_bytes(data[at : at + 4], "little") for at in (4, place))
    for more in (b"", b"Exif\0\0"):  # Some programs begin notes as a JPEG does.
        sizes = [struct.pack("<I", length + len(more)) for length in (whole, notes)]
        original = b"RIFF" + sizes[0] + data[8:place] + sizes[1] + more + data[place + 4 :]
        kept = cleaned(original, "webp", size)
        assert PLACE not in kept
        assert len(kept) == len(original)
        assert shown(kept) == shown(data)
        with Image.open(io.BytesIO(kept)) as image:
            assert dict(image.getexif()) == ({} if turned == 1 else {TURNED: turned})
        assert cleaned(kept, "webp") == kept


PARTS = {
    "jpg": (b"\xff\xd8", b"\xff\xe1\0\2"),
    "png": (b"\x89PNG\r\n\x1a\n", bytes(4) + b"tEXt" + bytes(4)),
    "webp": (b"RIFF\0\0\0\0WEBP", b"XMP " + bytes(4)),
    "mp4": (b"", b"\0\0\0\x08udta"),
}


@pytest.mark.parametrize("suffix", first_of(PARTS, "jpg"))
def test_a_file_of_countless_parts_is_not_kept(suffix: str) -> None:
    """One of 8 MB took six seconds."""
    start, part = PARTS[suffix]
    with pytest.raises(RecordError, match="more parts than any camera writes"):
        cleaned(start + part * (MOST_PARTS + 1), suffix, 2**16)


@pytest.mark.parametrize("size", [1, 97, 10**6])
def test_an_avif_and_a_heic_lose_their_notes(size: int) -> None:
    data = photo("avif", turned=1, xmp=PLACE * 9)
    assert data.count(PLACE) == 10
    # A HEIC is built alike, of parts that Pillow cannot write.
    for suffix in ("avif", "heic"):
        kept = cleaned(data + box(b"uuid", PLACE), suffix, size)
        assert PLACE not in kept
        assert len(kept) == len(data) + 8 + len(PLACE)
        assert shown(kept[: len(data)]) == shown(data)
    with Image.open(io.BytesIO(cleaned(data, "avif"))) as image:
        assert not image.getexif()


def heif(method: int, version: int) -> bytes:
    """Return a picture whose one item is a note, in the file or in its head."""
    number = ">I" if version == 2 else ">H"
    item = struct.pack(">I", (3 if version == 2 else 2) << 24) + struct.pack(number, 7)
    items = box(b"iinf", bytes(4), b"\0\1", box(b"infe", item, b"\0\0Exif"))

    def whole(place: int) -> tuple[bytes, bytes]:
        parts = (struct.pack(">I", version << 24), b"\x44\0", struct.pack(number, 1))
        where = struct.pack(number, 7) + (struct.pack(">H", method) if version else b"")
        where += struct.pack(">HHII", 0, 1, place, len(PLACE))
        note = box(b"idat", b"xx", PLACE) if method == 1 else b""
        head = box(b"ftyp", b"heic", bytes(4)) + box(
            b"meta", bytes(4), items, note, box(b"iloc", *parts, where)
        )
        return head, box(b"mdat", PLACE, b"frames")

    if method == 1:
        return b"".join(whole(2))
    head, _ = whole(0)
    return b"".join(whole(len(head) + 8))


@pytest.mark.parametrize(("method", "version"), [(0, 0), (0, 1), (0, 2), (1, 1), (1, 2)])
def test_notes_of_a_heic_are_found_where_it_says(method: int, version: int) -> None:
    data = heif(method, version)
    nothing = struct.pack(">I2sHIHI", 0, b"MM", 42, 8, 0, 0).ljust(len(PLACE), b"\0")
    assert cleaned(data, "heic", 5) == data.replace(PLACE, nothing, 1)


@pytest.mark.parametrize("suffix", ["avif", "heic"])
def test_a_heic_whose_notes_cannot_be_told_is_not_kept(suffix: str) -> None:
    data = heif(0, 1)
    head = data.index(b"mdat") - 4
    odd = (
        *(data[:end] for end in range(head)),
        *(data.replace(name, b"free", 1) for name in (b"ftyp", b"meta", b"iinf", b"iloc", b"infe")),
        heif(2, 1),
        data.replace(struct.pack(">I", len(PLACE)), bytes(4), 1),
        box(b"ftyp", bytes(2**20 + 1)) + data,
        box(b"ftyp", b"heic") * 9 + struct.pack(">I4s", 2**30, b"meta"),
    )
    for broken in odd:
        with pytest.raises(RecordError):
            cleaned(broken, suffix)
    for end in range(head, len(data)):
        assert PLACE not in cleaned(data[:end], suffix)


def test_a_wav_loses_its_notes() -> None:
    def chunk(name: bytes, data: bytes) -> bytes:
        return name + struct.pack("<I", len(data)) + data

    sound = (chunk(b"fmt ", bytes(16)), chunk(b"data", b"LIST" * 9))
    parts = (sound[0], chunk(b"LIST", b"INFO" + PLACE * 2), sound[1], chunk(b"bext", PLACE * 2))
    kept = cleaned(b"RIFF\0\0\0\0WAVE" + b"".join(parts), "wav", 5)
    assert PLACE not in kept
    assert all(part in kept for part in sound)
    assert len(kept) == 12 + sum(map(len, parts))


def box(name: bytes, *parts: bytes, is_long: bool = False) -> bytes:
    """Return a box of an MP4."""
    data = b"".join(parts)
    if is_long:
        return struct.pack(">I4sQ", 1, name, len(data) + 16) + data
    return struct.pack(">I4s", len(data) + 8, name) + data


@pytest.mark.parametrize("size", [1, 97, 10**6])
@pytest.mark.parametrize("is_long", [False, True])
def test_a_video_loses_its_notes(is_long: bool, size: int) -> None:
    start, frames = box(b"ftyp", b"isom\0\0\2\0"), box(b"mdat", b"udta" * 99, is_long=is_long)

    def film(name: bytes, note: bytes) -> bytes:
        """Return a video with a note of the film, of a track, and behind them."""
        notes = box(name, note, is_long=is_long)
        track = box(b"trak", box(b"tkhd", b"turned"), notes, box(b"mdia", b"samples"))
        return start + frames + box(b"moov", box(b"mvhd", b"times"), track, notes) + notes

    for name in (b"udta", b"meta", b"uuid"):
        assert cleaned(film(name, PLACE), "mp4", size) == film(b"free", bytes(len(PLACE)))


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "gif", "mp4"])
def test_files_that_break_off_or_are_none_end(suffix: str) -> None:
    kinds = {"jpg": "jpeg", "png": "png", "webp": "webp", "gif": "gif"}
    data = photo(kinds[suffix], turned=1) if suffix in kinds else VIDEO
    for end in range(0, len(data), 7):
        kept = cleaned(data[:end], suffix)
        assert len(kept) <= end
        assert PLACE not in kept
    assert cleaned(b"\xff\xd8\xff\xe1\0\0" + b"\xff" * 99, "jpg")
    assert cleaned(VIDEO, "mp4") == VIDEO
