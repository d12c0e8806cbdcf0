"""Notes of a video, and of pictures that are built like one, go; what is played stays."""

import io
import struct
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from PIL import Image, ImageSequence

from app.errors import RecordError
from app.services.posts.media import MediaKeeper
from saywho.formats.media.file_bytes import MOST_PARTS
from tests.formats.test_private_notes import PLACE, box, cleaned, heif, photo, pieces, shown, track

FILE = box(b"ftyp", b"isom\0\0\2\0")
NONE = bytes(len(PLACE))
SOUND = b"the sound of a bell"
FRAMES = b"frames of the sea"


def movie(*tracks: Callable[[int], bytes], is_head_first: bool, samples: bytes) -> bytes:
    """Return a video whose tracks are told where their samples begin."""

    def head(place: int) -> bytes:
        return box(b"moov", box(b"mvhd", bytes(100)), *(make(place) for make in tracks))

    data = box(b"mdat", samples)
    if is_head_first:
        return FILE + head(len(FILE + head(0)) + 8) + data
    return FILE + data + head(len(FILE) + 8)


def test_a_stored_video_loses_samples_that_were_written_before_its_head(tmp_path: Path) -> None:
    film = noted_movie(b"meta", is_head_first=False)
    keeper = MediaKeeper(tmp_path, 2**20)
    name = keeper.keep(pieces(film), "film.mp4")
    keeper.close()
    kept = (tmp_path / name).read_bytes()
    assert kept == cleaned(film, "mp4")
    assert name == f"{sha256(kept).hexdigest()}.mp4"
    assert [path.name for path in tmp_path.iterdir()] == [name]


def noted_movie(handler: bytes, *, is_head_first: bool) -> bytes:
    """Return a video with frames and sound, and a track of places in pieces between them."""
    half = len(PLACE) // 2
    samples = PLACE[:half] + FRAMES + PLACE[half:] + SOUND
    sound = len(PLACE + FRAMES)
    return movie(
        lambda at: track(b"vide", [(at + half, len(FRAMES))]),
        lambda at: track(
            handler, [(at, half), (at + half + len(FRAMES), len(PLACE) - half)], number=2
        ),
        lambda at: track(b"soun", [(at + sound, len(SOUND))], number=3),
        is_head_first=is_head_first,
        samples=samples,
    )


@pytest.mark.parametrize("size", [1, 97, 10**6])
@pytest.mark.parametrize("is_head_first", [False, True])
@pytest.mark.parametrize("handler", [b"meta", b"camm", b"text", b"sbtl", b"tmcd", b"GPS "])
def test_a_video_loses_tracks_that_are_neither_pictures_nor_sound(
    handler: bytes, is_head_first: bool, size: int
) -> None:
    film = noted_movie(handler, is_head_first=is_head_first)
    kept = cleaned(film, "mp4", size)
    assert len(kept) == len(film)
    assert FRAMES in kept
    assert SOUND in kept
    for note in (PLACE[:9], PLACE[9:], handler):
        assert note in film
        assert note not in kept
    assert kept.count(b"trak") == 2
    assert cleaned(kept, "mp4", size) == kept


@pytest.mark.parametrize("is_long", [False, True])
@pytest.mark.parametrize("is_even", [False, True])
def test_samples_are_found_by_all_their_tables(is_even: bool, is_long: bool) -> None:
    """Chunks of several samples, of one size or each of its own, told by four or eight bytes."""

    def places(start: int) -> bytes:
        offsets = struct.pack(">3Q" if is_long else ">3I", *[start, start + 14, start + 20])
        sizes = [] if is_even else [2, 4, 3, 3, 2, 4]
        tables = (
            box(b"stsc", struct.pack(">IIIIIIII", 0, 2, 1, 2, 1, 3, 1, 1)),
            box(b"stsz", struct.pack(">III", 0, 3 if is_even else 0, 6 if is_even else len(sizes))),
            box(b"co64" if is_long else b"stco", bytes(4), struct.pack(">I", 3), offsets),
        )
        tables = (
            tables[0],
            box(b"stsz", tables[1][8:], struct.pack(f">{len(sizes)}I", *sizes)),
            tables[2],
        )
        kind = box(b"hdlr", bytes(8), b"meta", bytes(13))
        return box(b"trak", box(b"mdia", kind, box(b"minf", box(b"stbl", *tables))))

    # Two samples, two, and one; of one size they have six bytes, six and three.
    samples = b"noted!--------noted!the sea"
    film = movie(places, is_head_first=False, samples=samples)
    left = b"\0" * 6 + b"-" * 8 + b"\0" * 6 + (b"\0\0\0 sea" if is_even else b"\0\0e sea")
    assert left in cleaned(film, "mp4")


@pytest.mark.parametrize("is_head_first", [False, True])
def test_a_video_whose_samples_cannot_be_found_is_not_kept(is_head_first: bool) -> None:
    film = noted_movie(b"meta", is_head_first=is_head_first)
    start = film.index(b"meta")
    for name, before_count in ((b"stsc", 8), (b"stsz", 12), (b"stco", 8)):
        place = film.index(name, start)
        count = place + before_count
        for broken in (
            film[:place] + b"none" + film[place + 4 :],
            film[:count] + b"\0\0\xff\xff" + film[count + 4 :],
        ):
            with pytest.raises(RecordError, match="could not be found"):
                cleaned(broken, "mp4")
    with pytest.raises(RecordError, match="could not be found"):
        cleaned(FILE + box(b"moov", box(b"cmov", PLACE)), "mp4")


def test_fragments_are_kept_without_notes_and_not_beside_a_track_of_places() -> None:
    def film(*tracks: bytes, note: bytes = PLACE, name: bytes = b"uuid") -> bytes:
        run = box(b"traf", box(b"tfhd", bytes(8)), box(name, note), box(b"trun", bytes(8)))
        fragment = box(b"moof", box(b"mfhd", bytes(8)), run, box(name, note))
        head = box(
            b"moov", box(b"mvhd", bytes(100)), *tracks, box(b"mvex", box(b"trex", bytes(24)))
        )
        return FILE + head + fragment + box(b"mdat", FRAMES) + fragment + box(b"mdat", SOUND)

    picture = track(b"vide", [])
    assert cleaned(film(picture), "mp4") == film(picture, note=NONE, name=b"free")
    with pytest.raises(RecordError, match="could not be found"):
        cleaned(film(picture, track(b"meta", [])), "mp4")


@pytest.mark.parametrize("size", [1, 97, 10**6])
@pytest.mark.parametrize("is_long", [False, True])
def test_a_video_keeps_the_boxes_that_play_it(is_long: bool, size: int) -> None:
    frames = box(b"mdat", b"udta" * 99, is_long=is_long)

    def film(name: bytes, note: bytes) -> bytes:
        """Return a video with a note in each of its parts, before and behind them."""
        notes = box(name, note, is_long=is_long)
        samples = box(b"stbl", box(b"stts", b"times"), notes)
        kind = box(b"hdlr", bytes(8), b"vide", bytes(13))
        media = box(b"mdia", kind, notes, box(b"minf", box(b"vmhd", b"mode"), samples, notes))
        heading = box(b"trak", box(b"tkhd", bytes(20)), notes, media)
        return FILE + notes + frames + box(b"moov", box(b"mvhd", bytes(20)), heading, notes) + notes

    for name in (b"udta", b"meta", b"uuid", b"gps ", b"free", b"skip", b"mpvd", b"sefd", b"thum"):
        assert cleaned(film(name, PLACE), "mp4", size) == film(b"free", NONE)


@pytest.mark.parametrize(
    ("rest", "kept"),
    [
        (PLACE, b"near" + b"free" + bytes(len(PLACE) - 8)),
        (b"\0\0\0\7" + PLACE, b"\0\0\0\0free" + bytes(len(PLACE) - 4)),
        (b"\0\0\0\1udta\0", b"\0\0\0\0free\0"),
        (b"\0\0\0\0udta" + PLACE, b"\0\0\0\0free" + NONE),
        (b"the end", bytes(7)),
    ],
)
def test_bytes_behind_a_video_that_are_no_box_go(rest: bytes, kept: bytes) -> None:
    film = FILE + box(b"mdat", FRAMES)
    assert cleaned(film + rest, "mp4", 5) == film + kept


def test_a_video_does_not_say_when_and_with_what_it_was_recorded() -> None:
    def film(time: int, name: bytes, maker: bytes) -> bytes:
        times = struct.pack(">II", time, time)
        long_times = struct.pack(">QQ", time, time)
        entry = (bytes(12), maker, bytes(8), b"\0\x10\0\x0c", bytes(14), name.ljust(32, b"\0"))
        kind = box(b"hdlr", bytes(8), b"vide", bytes(12), name)
        tables = box(b"stbl", box(b"stsd", bytes(8), box(b"avc1", *entry, bytes(4))))
        source = box(b"dinf", box(b"dref", bytes(8), box(b"alis", b"\0\0\0\1", name)))
        track_head = box(b"tkhd", b"\0\0\0\7", times, bytes(72))
        media = box(
            b"mdia",
            box(b"mdhd", b"\1\0\0\0", long_times, b"scale"),
            kind,
            box(b"minf", source, tables),
        )
        return FILE + box(
            b"moov",
            box(b"mvhd", bytes(4), times, b"scale and duration"),
            box(b"trak", track_head, media),
        )

    assert cleaned(film(3_600_000_000, b"a camera", b"made"), "mp4") == film(0, bytes(8), bytes(4))


def test_a_second_head_of_a_video_goes() -> None:
    head = box(b"moov", box(b"mvhd", bytes(100)))
    assert cleaned(FILE + head + head, "mp4") == FILE + head + box(b"free", bytes(len(head) - 8))


def test_a_head_that_fills_the_memory_is_not_kept() -> None:
    with pytest.raises(RecordError, match="more parts"):
        cleaned(FILE + struct.pack(">I", 2**26) + b"moov" + bytes(2**25 + 1), "mp4", 2**16)
    boxes = box(b"trak", *[box(b"free")] * MOST_PARTS)
    with pytest.raises(RecordError, match="more parts"):
        cleaned(FILE + box(b"moov", boxes), "mp4", 2**16)


def test_boxes_in_boxes_without_end_go() -> None:
    deep = PLACE
    for _ in range(5_000):
        deep = box(b"mdia", deep)
    kept = cleaned(FILE + box(b"moov", deep), "mp4", 2**16)
    assert PLACE not in kept
    assert cleaned(kept, "mp4", 2**16) == kept


@pytest.mark.parametrize("name", [b"mpvd", b"sefd", b"uuid", b"free", b"moof", b"none"])
@pytest.mark.parametrize("suffix", ["avif", "heic"])
def test_boxes_behind_a_picture_go(suffix: str, name: bytes) -> None:
    data = photo("avif", turned=1)
    clean = cleaned(data, suffix)
    assert shown(clean) == shown(data)
    motion = movie(lambda at: box(b"udta", PLACE), is_head_first=True, samples=PLACE)
    kept = cleaned(data + box(name, motion), suffix, 5)
    assert PLACE not in kept
    assert kept.startswith(clean)


def test_a_picture_keeps_the_properties_that_draw_and_no_names() -> None:
    """A title, a time and a place of the camera are properties, too."""

    def more(name: bytes, note: bytes) -> tuple[bytes, ...]:
        drawn = box(b"irot", b"\1"), box(b"ispe", struct.pack(">III", 0, 640, 480))
        properties = box(b"ipco", drawn[0], box(name, note), drawn[1])
        group = box(b"grpl", box(b"altr", bytes(8)), box(name, note))
        return box(b"iprp", properties, box(b"ipma", b"of 7: 1")), group, box(name, note)

    clean = cleaned(heif(0, 1, *more(b"free", NONE)), "heic")
    for name in (b"udes", b"crtt", b"cmex", b"xml ", b"uuid"):
        assert cleaned(heif(0, 1, *more(name, PLACE)), "heic") == clean
    assert PLACE not in cleaned(heif(0, 1).replace(b"\0\0Exif", b"\0\0none"), "heic")
    item = struct.pack(">IHH", 2 << 24, 7, 0) + b"hvc1"
    items = box(b"iinf", bytes(4), b"\0\1", box(b"infe", item, PLACE))
    head = box(b"ftyp", b"heic", bytes(4)) + box(b"meta", bytes(4), items, box(b"iloc", bytes(8)))
    assert cleaned(head, "heic") == head.replace(PLACE, NONE)


def test_a_picture_whose_items_come_after_their_bytes_loses_its_notes(tmp_path: Path) -> None:
    head = box(b"ftyp", b"heic", bytes(4))
    items = heif(0, 1)[len(head) :]
    place = len(head) + 8
    meta, old = items[: items.index(b"mdat") - 4], items.index(b"mdat") + 4 + len(head)
    meta = meta.replace(struct.pack(">II", old, len(PLACE)), struct.pack(">II", place, len(PLACE)))
    data = head + box(b"mdat", PLACE, FRAMES) + meta
    kept = cleaned(data, "heic", 5)
    assert PLACE in data
    assert PLACE not in kept
    assert kept.endswith(FRAMES + meta)


def test_an_animated_avif_keeps_its_frames() -> None:
    file = io.BytesIO()
    frames = [Image.new("RGBA", (16, 12), (*colour, 99)) for colour in ((9, 9, 9), (200, 9, 9))]
    frames[0].save(file, "avif", save_all=True, append_images=frames[1:], duration=200)

    def drawn(data: bytes) -> list[bytes]:
        with Image.open(io.BytesIO(data)) as image:
            return [frame.convert("RGBA").tobytes() for frame in ImageSequence.Iterator(image)]

    kept = cleaned(file.getvalue(), "avif", 5)
    assert len(drawn(kept)) == 2
    assert drawn(kept) == drawn(file.getvalue())


def test_notes_that_overlap_samples_are_blanked_as_notes() -> None:
    """Some programs refuse a picture whose Exif is zeros alone."""
    data = heif(0, 1)
    place = data.index(PLACE)
    head = box(b"moov", track(b"meta", [(place - 2, 4), (place + 9, 12)]))
    kept = cleaned(data + head, "heic", 5)
    end = place + len(PLACE)
    assert kept[:end] == cleaned(data, "heic")[:end]
    assert cleaned(kept, "heic", 5) == kept
