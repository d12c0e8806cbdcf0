"""Laws of cleaning media: once is enough, pieces do not matter, and work grows with the file."""

import struct
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from hypothesis import given, strategies as st

import saywho.formats
from app.errors import RecordError
from tests.formats.test_private_notes import (
    blocks,
    box,
    chunk,
    cleaned,
    heif,
    marked,
    photo,
    png_chunk,
    riff,
    track,
)

SOURCES = str(Path(saywho.formats.__file__).parent)
FEW = st.binary(max_size=24)
NUMBERS = st.integers(0, 200)


def joined(parts: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    return st.lists(parts, max_size=8).map(b"".join)


def of(names: str) -> st.SearchStrategy[bytes]:
    """Return types of four letters."""
    return st.sampled_from([name.encode().ljust(4) for name in names.split()])


PROFILES = st.builds(
    lambda tags, data: (
        bytes(36) + b"acsp" + bytes(88) + struct.pack(">I", len(tags)) + b"".join(tags) + data
    ),
    st.lists(
        st.builds(
            lambda name, start, size: struct.pack(">4sII", name, start, size),
            of("rXYZ rTRC desc cprt note"),
            st.integers(132, 260),
            st.integers(0, 40),
        ),
        max_size=4,
    ),
    joined(st.one_of(of("text desc mluc XYZ"), st.binary(min_size=4, max_size=40))),
)
JPEG = joined(
    st.one_of(
        PROFILES.map(lambda profile: marked(0xE2, b"ICC_PROFILE\0\1\1", profile)),
        st.builds(
            lambda profile, at: (
                marked(0xE2, b"ICC_PROFILE\0\2\2", profile[at:])
                + marked(0xE2, b"ICC_PROFILE\0\1\2", profile[:at])
            ),
            PROFILES,
            NUMBERS,
        ),
        st.builds(marked, st.integers(0, 254), FEW),
        st.builds(marked, st.sampled_from([0xC0, 0xDA, 0xDB, 0xE0, 0xE1, 0xE2, 0xEE]), FEW),
        st.just(photo()[2:60]),
        FEW,
        st.sampled_from([b"\xff", b"\xff\xd9", b"\xff\xd8", b"\xff\x00", b"\xff\xd1"]),
    )
)
PNG = joined(st.one_of(st.builds(png_chunk, of("IHDR IDAT eXIf tEXt caBX iCCP IEND"), FEW), FEW))
GIF = joined(
    st.one_of(
        st.builds(
            lambda label, data: b"!" + label + blocks(data), st.binary(min_size=1, max_size=1), FEW
        ),
        st.builds(lambda data: b",".ljust(10, b"\0") + b"\2" + blocks(data), FEW),
        st.sampled_from([b"\0", b";", b"!\xff\x0bNETSCAPE2.0\3\1\0\0\0", b"!\xf9\4\0\0\0\0\0"]),
        FEW,
    )
)
CHUNKS = joined(
    st.one_of(
        st.builds(chunk, of("VP8 VP8L VP8X ALPH ANIM ICCP EXIF XMP JUNK fmt data LIST"), FEW),
        st.builds(chunk, st.just(b"EXIF"), st.just(photo()[24:80])),
        st.builds(chunk, st.just(b"ICCP"), PROFILES),
        st.builds(
            lambda inside: chunk(b"ANMF", bytes(16), inside), st.builds(chunk, of("VP8L note"), FEW)
        ),
        FEW,
    )
)
TRACKS = st.builds(
    track, of("vide soun meta text"), st.lists(st.tuples(NUMBERS, st.integers(0, 30)), max_size=5)
)
HEADS = joined(
    st.one_of(
        TRACKS,
        st.builds(box, of("mvhd tkhd hdlr udta uuid free stsd trak mdia dref infe meta"), FEW),
        FEW,
    )
)
BOXES = joined(
    st.one_of(
        st.builds(lambda head: box(b"moov", head), HEADS),
        st.builds(lambda head: box(b"moof", head), HEADS),
        st.builds(box, of("mdat free ftyp uuid mpvd meta sidx"), st.binary(max_size=90)),
        PROFILES.map(lambda profile: box(b"iprp", box(b"ipco", box(b"colr", b"prof", profile)))),
        st.builds(lambda data: box(b"mdat", data, is_long=True), FEW),
        st.builds(heif, st.sampled_from([0, 1]), st.just(1)),
        FEW,
    )
)
FILES: dict[str, st.SearchStrategy[bytes]] = {
    "jpg": JPEG.map(lambda parts: b"\xff\xd8" + parts),
    "png": PNG.map(lambda parts: b"\x89PNG\r\n\x1a\n" + parts),
    "gif": GIF.map(lambda parts: b"GIF89a\2\0\2\0\x80\0\0abcdef" + parts),
    "webp": CHUNKS.map(lambda parts: riff(b"WEBP", parts)),
    "wav": CHUNKS.map(lambda parts: riff(b"WAVE", parts)),
    "mp4": BOXES,
    "heic": st.builds(
        lambda method, boxes: heif(method, 1) + boxes, st.sampled_from([0, 1]), BOXES
    ),
}
SAME_SIZE = {"wav", "mp4", "heic"}


def outcome(data: bytes, suffix: str, size: int) -> bytes | None:
    """Return a file without notes; None if it is not kept."""
    try:
        return cleaned(data, suffix, size)
    except RecordError:
        return None


@pytest.mark.parametrize("suffix", FILES)
@given(data=st.data())
def test_cleaning_twice_or_in_other_pieces_changes_nothing(
    suffix: str, data: st.DataObject
) -> None:
    original = data.draw(FILES[suffix])
    original = original[: data.draw(st.integers(len(original) // 2, len(original)))]
    kept = outcome(original, suffix, 10**6)
    for size in (1, 7, data.draw(st.integers(1, len(original) + 1))):
        assert outcome(original, suffix, size) == kept
    if kept is not None:
        assert outcome(kept, suffix, data.draw(st.integers(1, 99))) == kept
        assert len(kept) <= len(original)
        if suffix in SAME_SIZE:
            assert len(kept) == len(original)


def operations(work: Callable[[], object]) -> int:
    """Return the number of lines of the formats that are run meanwhile."""
    count = 0

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal count
        if not frame.f_code.co_filename.startswith(SOURCES):
            return None
        count += 1
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


def picture_of_spans(count: int) -> bytes:
    """Return a HEIC with a note in parts that overlap, and as many boxes behind it."""
    parts = b"".join(struct.pack(">II", 2**31 - place, 10) for place in range(count))
    infe = box(b"infe", struct.pack(">IHH", 2 << 24, 1, 0), b"Exif\0")
    items = box(b"iinf", bytes(4), b"\0\1", infe)
    place = struct.pack(">IHHHHH", 0, 0x4400, 1, 1, 0, count) + parts
    head = box(b"meta", bytes(4), items, box(b"iloc", place))
    samples = (box(b"mdat", b"data"), box(b"free"))
    return box(b"ftyp", b"heic", bytes(4)) + head + b"".join(samples) * count


def video_of_spans(count: int) -> bytes:
    """Return a video whose places are in as many parts, before and behind its head."""
    samples = box(b"mdat", b"data") * count
    head = box(b"moov", track(b"meta", [(12 * place, 9) for place in range(2 * count)]))
    return samples + head + samples


LONG: dict[str, tuple[str, Callable[[int], bytes]]] = {
    "parts": ("jpg", lambda count: b"\xff\xd8" + marked(0xFE) * count),
    "scans": ("jpg", lambda count: b"\xff\xd8" + (marked(0xDA) + b"\xff\0" * 9) * count),
    "marks": ("jpg", lambda count: b"\xff\xd8" + b"\xff" * 2**10 * count),
    "chunks": ("png", lambda count: b"\x89PNG\r\n\x1a\n" + png_chunk(b"abCd", b"") * count),
    "blocks": ("gif", lambda count: b"GIF89a" + bytes(7) + b"!\xfe" + b"\1a" * count),
    "frames": ("webp", lambda count: riff(b"WEBP", chunk(b"ANMF", bytes(16)) * count)),
    "boxes": ("mp4", lambda count: box(b"free") * count),
    "boxes in a head": ("mp4", lambda count: box(b"moov", box(b"trak", box(b"free") * count))),
    "tracks": ("mp4", lambda count: box(b"moov", track(b"meta", [(9, 9)]) * count)),
    "places": ("mp4", video_of_spans),
    "items": ("heic", picture_of_spans),
}


@pytest.mark.parametrize("name", LONG)
def test_work_grows_no_faster_than_a_file(name: str) -> None:
    """One HEIC of 98 KB once took 36 s: its parts times its boxes."""
    suffix, make = LONG[name]
    few, many = (operations(partial(outcome, make(count), suffix, 2**12)) for count in (100, 800))
    assert many < 9 * few
