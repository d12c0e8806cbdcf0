"""What a camera wrote into a picture goes; how it looks stays."""

import io
import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from zlib import crc32

import pytest
from PIL import Image, ImageCms, ImageOps, ImageSequence, PngImagePlugin

from app.errors import RecordError
from saywho.formats.media.box_files import Span
from saywho.formats.media.file_bytes import MOST_PARTS
from saywho.formats.media.private_notes import without_notes
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
    """Return a file without notes, blanked as the one who stores it does."""
    late: list[Span] = []
    kept = bytearray(b"".join(without_notes(pieces(data, size), suffix, late)))
    for span in late:
        kept[span.start : span.end] = b"".join(span.pieces())
    return bytes(kept)


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


def profile_of(tags: Mapping[bytes, bytes]) -> bytes:
    """Return a colour profile of these tags."""
    place, table, data = 132 + 12 * len(tags), b"", b""
    for name, content in tags.items():
        table += struct.pack(">4sII", name, place + len(data), len(content))
        data += content.ljust(-(-len(content) // 4) * 4, b"\0")
    head = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()[:128])
    head[:4], head[84:100] = struct.pack(">I", place + len(data)), PLACE[:16]
    return bytes(head) + struct.pack(">I", len(tags)) + table + data


def profile_of_a_screen(size: int = 0) -> bytes:
    """Return a colour profile with words everywhere that is at least of that size."""
    plain = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    (count,) = struct.unpack_from(">I", plain, 128)
    tags = {
        name: plain[start : start + length]
        for name, start, length in struct.iter_unpack(">4sII", plain[132 : 132 + 12 * count])
    }
    words = PLACE.decode().encode("utf-16be")
    tags |= {
        b"desc": struct.pack(">4sII", b"desc", 0, len(PLACE) + 1) + PLACE + bytes(79),
        b"cprt": struct.pack(">4sI", b"text", 0) + PLACE + b"\0",
        b"dmdd": struct.pack(">4sIII4sII", b"mluc", 0, 1, 12, b"enUS", len(words), 28) + words,
        b"mmod": b"mmod" + bytes(4) + PLACE,
        PLACE[:4]: PLACE.ljust(size, b"."),
    }
    return profile_of(tags)


def in_lab(profile: bytes) -> object:
    """Return a colour as the profile means it."""
    lab = ImageCms.createProfile("LAB")
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    transform = ImageCms.buildTransform(source, lab, "RGB", "LAB")
    image = ImageCms.applyTransform(Image.new("RGB", (1, 1), (200, 30, 90)), transform)
    assert image is not None
    return image.getpixel((0, 0))


@pytest.mark.parametrize("kind", first_of(["jpeg", "png", "webp", "avif"], "jpeg"))
@pytest.mark.parametrize("size", [0, 70_000])
def test_a_colour_profile_keeps_its_colours_alone(kind: str, size: int) -> None:
    profile, suffix = profile_of_a_screen(size), "jpg" if kind == "jpeg" else kind
    kept = cleaned(photo(kind, turned=1, icc_profile=profile), suffix)
    with Image.open(io.BytesIO(kept)) as image:
        left = image.info["icc_profile"]
    for text in (PLACE[:8], PLACE.decode().encode("utf-16be")[:16]):
        assert text in profile
        assert text not in kept + left
    assert len(left.rstrip(b"\0")) <= len(profile) <= len(left) + 1
    assert in_lab(left) == in_lab(profile)
    read = ImageCms.ImageCmsProfile(io.BytesIO(left))
    told = ImageCms.getProfileDescription(read), ImageCms.getProfileCopyright(read)
    assert [text.strip() for text in told] == ["", ""]
    assert ImageCms.getProfileModel(read).strip() == ""
    assert cleaned(kept, suffix, 10**6) == kept


ODD_PROFILES = {
    "no profile": b"\0\0\2\x0ca profile of colours" * 9 + PLACE,
    "cut off": profile_of_a_screen()[:-30],
    "text in a colour": profile_of({b"cprt": b"text" + PLACE * 2, b"rXYZ": bytes(44)}).replace(
        struct.pack(">4sI", b"rXYZ", 156 + 44), struct.pack(">4sI", b"rXYZ", 156 + 8)
    ),
    "too many tags": profile_of({b"%04d" % n: PLACE for n in range(101)}),
}


@pytest.mark.parametrize("name", ODD_PROFILES)
def test_a_profile_that_cannot_be_read_goes(name: str) -> None:
    kept = cleaned(photo(turned=1, icc_profile=ODD_PROFILES[name]), "jpg")
    assert kept == cleaned(photo(turned=1), "jpg")


def test_a_profile_of_which_a_part_is_missing_goes() -> None:
    data = photo(turned=1, icc_profile=profile_of_a_screen(70_000))
    start = data.index(b"\xff\xe2")
    end = start + 2 + int.from_bytes(data[start + 2 : start + 4], "big")
    assert cleaned(data[:start] + data[end:], "jpg") == cleaned(photo(turned=1), "jpg")


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
    "gif": (b"GIF89a" + bytes(7), b"!\xfe\0"),
    "webp": (b"RIFF\xff\xff\xff\x7fWEBP", b"XMP " + bytes(4)),
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


def box(name: bytes, *parts: bytes, is_long: bool = False) -> bytes:
    """Return a box of an MP4."""
    data = b"".join(parts)
    if is_long:
        return struct.pack(">I4sQ", 1, name, len(data) + 16) + data
    return struct.pack(">I4s", len(data) + 8, name) + data


def track(
    handler: bytes, chunks: Sequence[tuple[int, int]], *tables: bytes, number: int = 1
) -> bytes:
    """Return a track of a movie whose samples, one in each chunk, have places and sizes."""
    count = struct.pack(">I", len(chunks))
    starts = b"".join(struct.pack(">I", start) for start, _ in chunks)
    sizes = b"".join(struct.pack(">I", size) for _, size in chunks)
    samples = box(
        b"stbl",
        *tables,
        box(b"stsc", struct.pack(">IIIII", 0, 1, 1, 1, 1)),
        box(b"stsz", bytes(8), count, sizes),
        box(b"stco", bytes(4), count, starts),
    )
    head = box(b"tkhd", bytes(12), struct.pack(">I", number), bytes(68))
    kind = box(b"hdlr", bytes(8), handler, bytes(13))
    return box(b"trak", head, box(b"mdia", box(b"mdhd", bytes(24)), kind, box(b"minf", samples)))


def heif(method: int, version: int, *more: bytes) -> bytes:
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
            b"meta", bytes(4), items, note, box(b"iloc", *parts, where), *more
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
    for broken in (
        *(data[:end] for end in range(head)),
        *(data.replace(name, b"free", 1) for name in (b"meta", b"iinf", b"iloc", b"infe")),
        heif(2, 1),
        data.replace(struct.pack(">I", len(PLACE)), bytes(4), 1),
        box(b"ftyp", b"heic") * 9 + struct.pack(">I4s", 2**30, b"meta"),
    ):
        with pytest.raises(RecordError):
            cleaned(broken, suffix)
    for end in range(head, len(data)):
        assert PLACE not in cleaned(data[:end], suffix)


def chunk(name: bytes, *parts: bytes) -> bytes:
    """Return a chunk of a WebP or WAV."""
    data = b"".join(parts)
    return name + struct.pack("<I", len(data)) + data + bytes(len(data) % 2)


def riff(form: bytes, *chunks: bytes) -> bytes:
    return chunk(b"RIFF", form, *chunks)


@pytest.mark.parametrize("size", [b"", bytes(4), b"\xff" * 4])
@pytest.mark.parametrize("note", [b"LIST", b"bext", b"ID3 ", b"axml", b"cart", b"none"])
def test_a_wav_keeps_its_sound_alone(note: bytes, size: bytes) -> None:
    """A recording that was not ended does not say how long it is."""
    head, sound = chunk(b"fmt ", bytes(16)), chunk(b"data", b"LIST" * 9)
    whole = riff(b"WAVE", head, chunk(note, PLACE), sound, chunk(note, PLACE))
    original = whole[:4] + (size or whole[4:8]) + whole[8:]
    kept = cleaned(original, "wav", 5)
    assert kept == original.replace(PLACE, bytes(len(PLACE))).replace(note + b"\x13", b"JUNK\x13")


def test_a_recording_that_was_not_ended_keeps_its_sound() -> None:
    unended = b"RIFF\0\0\0\0WAVE" + chunk(b"fmt ", bytes(16)) + b"data\0\0\0\0" + b"sound" * 9
    assert cleaned(unended, "wav", 5) == unended


def marked(mark: int, *parts: bytes) -> bytes:
    """Return a part of a JPEG."""
    data = b"".join(parts)
    return bytes([0xFF, mark]) + struct.pack(">H", len(data) + 2) + data


def small(kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    Image.new(options.pop("mode", "RGB"), (16, 12), 90).save(file, kind, **options)
    return file.getvalue()


@pytest.mark.parametrize(
    "part",
    [
        *(marked(0xE0, b"JFXX\0\x10", PLACE), marked(0xE0, b"II\x1a\0\0\0HEAPJPGM", PLACE)),
        *(marked(0xE0, PLACE), marked(0xEE, PLACE), marked(0xE2, b"MPF\0", PLACE)),
        *(marked(0xF3, PLACE), marked(0xC8, PLACE), marked(0xBF, PLACE), PLACE),
        b"\xff\xe1\0\2Exif\0\0" + PLACE,
    ],
)
def test_a_jpeg_keeps_the_parts_that_draw(part: bytes) -> None:
    data = small("jpeg")
    for place in (2, 20):
        assert cleaned(data[:place] + part + data[place:], "jpg") == data
    assert cleaned(data[:2] + (marked(0xE0, data[6:18], b"\1\6", PLACE) + data[20:]), "jpg") == data


def test_a_jpeg_keeps_how_its_colours_are_meant() -> None:
    data = small("jpeg", mode="CMYK", progressive=True)
    at = data.index(b"\xff\xee\0\x0eAdobe")
    longer = marked(0xEE, data[at + 4 : at + 16], PLACE)
    assert cleaned(data[:at] + longer + data[at + 16 :], "jpg") == data
    assert cleaned(small("jpeg", mode="L"), "jpg") == small("jpeg", mode="L")


def animated(kind: str, **options: Any) -> bytes:
    """Return three frames, each shown for another time."""
    frames = [Image.new("RGB", (16, 12), colour) for colour in ("red", "green", "blue")]
    frames = [frame.convert("P") for frame in frames] if kind == "gif" else frames
    file = io.BytesIO()
    times = {"save_all": True, "append_images": frames[1:], "duration": [100, 200, 300]}
    frames[0].save(file, kind, loop=3, **times, **options)
    return file.getvalue()


def frames_of(data: bytes) -> list[tuple[bytes, int, int]]:
    """Return the pixels of each frame, how long it is shown, and how often all are."""
    with Image.open(io.BytesIO(data)) as image:
        return [
            (frame.convert("RGBA").tobytes(), frame.info["duration"], frame.info["loop"])
            for frame in ImageSequence.Iterator(image)
        ]


def png_chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", crc32(name + data))


@pytest.mark.parametrize("note", [b"caBX", b"prVW", b"mkBT", b"sPLT", b"gIFx", b"dSIG", b"abCd"])
def test_a_png_keeps_the_chunks_that_draw(note: bytes) -> None:
    data = animated("png", default_image=False)
    assert len(frames_of(data)) == 3
    for place in (b"PLTE", b"IDAT", b"fdAT", b"IEND"):
        at = data.find(place) - 4
        if at > 0:
            assert cleaned(data[:at] + png_chunk(note, PLACE) + data[at:], "png") == data


@pytest.mark.parametrize("note", [b"C2PA", b"note", b"XMP "])
def test_a_webp_keeps_the_chunks_that_draw(note: bytes) -> None:
    data = animated("webp")
    start = data.index(b"ANMF")
    size = int.from_bytes(data[start + 4 : start + 8], "little")
    frame, rest = data[start + 8 : start + 8 + size], data[start + 8 + size :]
    noted = chunk(b"ANMF", frame, chunk(note, PLACE))
    original = riff(data[8:start], noted, rest, chunk(note, PLACE)) + PLACE
    kept = cleaned(original, "webp", 5)
    assert PLACE not in kept
    assert len(kept) == len(original) - len(PLACE)
    assert frames_of(kept) == frames_of(data)


def test_long_heads_and_notes_of_a_webp_go() -> None:
    size = bytes([15, 0, 0, 11, 0, 0])
    drawn = small("webp", lossless=True)[12:]

    def original(flags: bytes, head: bytes, note: bytes) -> bytes:
        notes = chunk(b"EXIF", b"MM\0*\0\0\0\x08".ljust(2**16, b"\0"), note)
        return riff(b"WEBP", chunk(b"VP8X", flags, size, head), drawn, notes)

    kept = cleaned(original(b"\x8d\1\1\1", PLACE, PLACE), "webp", 10**6)
    assert kept == original(b"\x08\0\0\0", bytes(len(PLACE)), bytes(len(PLACE)))


def blocks(data: bytes) -> bytes:
    """Return data of a GIF in blocks."""
    parts = [data[at : at + 200] for at in range(0, len(data), 200)]
    return b"".join(bytes([len(part)]) + part for part in parts) + b"\0"


@pytest.mark.parametrize(
    "note",
    [
        *(b"!\xfe" + blocks(PLACE * 99), b"!\xff" + blocks(b"XMP DataXMP") + b"\0"),
        b"!\xff\x0bXMP DataXMP" + blocks(PLACE),
        b"!\xff\x0bNETSCAPE2.0" + blocks(PLACE),
        *(b"!\x01" + blocks(PLACE), b"!\xf9" + blocks(PLACE), b"\0\0"),
    ],
)
def test_a_gif_keeps_its_frames(note: bytes) -> None:
    data = animated("gif")
    assert len(frames_of(data)) == 3
    for place in (data.index(b"!\xff"), data.rindex(b"!\xf9"), len(data) - 1):
        assert cleaned(data[:place] + note + data[place:], "gif", 5) == data
    assert cleaned(data + PLACE, "gif") == data
    assert cleaned(data[:-1] + b"?" + PLACE, "gif") == data[:-1]


def large_pictures(width: int, height: int) -> dict[str, bytes]:
    """Return the heads of pictures of a size, by the ends of their names."""
    wide, high = width - 1, height - 1
    canvas = bytes(4) + wide.to_bytes(3, "little") + high.to_bytes(3, "little")
    lossless = b"\x2f" + (wide | high << 14).to_bytes(4, "little")
    lossy = bytes(3) + b"\x9d\x01\x2a" + struct.pack("<HH", width, height)
    entry = box(b"av01", bytes(24), struct.pack(">HH", width, height), bytes(50))
    sequence = track(b"pict", [], box(b"stsd", bytes(8), entry))
    ispe = box(b"iprp", box(b"ipco", box(b"ispe", struct.pack(">III", 0, width, height))))
    return {
        "jpg": b"\xff\xd8" + marked(0xC2, b"\x08", struct.pack(">HH", height, width), bytes(10)),
        "png": b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", struct.pack(">II", width, height) + b"\1\0\0\0\0"),
        "gif": b"GIF89a" + struct.pack("<HH", width, height) + bytes(3),
        "frame.gif": b"GIF89a"
        + bytes(7)
        + b","
        + struct.pack("<HHHH", 0, 0, width, height)
        + b"\0",
        "webp": riff(b"WEBP", chunk(b"VP8X", canvas)),
        "lossless.webp": riff(b"WEBP", chunk(b"VP8L", lossless)),
        "lossy.webp": riff(b"WEBP", chunk(b"VP8 ", lossy)),
        "frame.webp": riff(b"WEBP", chunk(b"ANMF", bytes(16), chunk(b"VP8L", lossless))),
        "heic": heif(0, 1, ispe),
        "avif": heif(0, 1) + box(b"moov", sequence),
        "mp4": box(b"ftyp", b"isom", bytes(4)) + box(b"moov", sequence),
    }


@pytest.mark.parametrize("name", large_pictures(1, 1))
def test_a_picture_of_more_than_100_million_pixels_is_not_kept(name: str) -> None:
    suffix = name.rpartition(".")[2]
    assert cleaned(large_pictures(10_000, 10_000)[name], suffix)
    with pytest.raises(RecordError, match="more than 100 million pixels"):
        cleaned(large_pictures(10_001, 10_000)[name], suffix)


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
