"""Types of media, told by how a file begins."""

import pytest

from saywho.formats.media.file_bytes import START_BYTES, TYPES, suffix_of
from tests.archives import VIDEO, picture

STARTS = {
    "jpg": [b"\xff\xd8\xff\xe0\0\x10JFIF", b"\xff\xd8\xff\xdb\0\x43"],
    "png": [picture()],
    "gif": [b"GIF87a", b"GIF89a\1\0\1\0"],
    "webp": [b"RIFF\x24\0\0\0WEBPVP8 "],
    "avif": [b"\0\0\0\x1cftypavif\0\0\0\0", b"\0\0\0\x1cftypmif1\0\0\0\0mif1miafavif"],
    "heic": [b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic"],
    "wav": [b"RIFF\x24\0\0\0WAVEfmt "],
    "mp4": [VIDEO, b"\0\0\0\x1cftypM4A \0\0\0\0", b"\0\0\0\x20ftypmp42\0\0\0\0"],
    "webm": [b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\1\x42\xf7\x81\1\x42\x82\x84webm"],
    "mp3": [b"ID3\4\0\0", b"\xff\xfb\x90\x64\0", b"\xff\xf3\x40\xc0"],
    "ogg": [b"OggS\0\2\0\0"],
}


def test_each_type_that_is_kept_is_told() -> None:
    assert STARTS.keys() == TYPES.keys()
    for suffix, starts in STARTS.items():
        for start in starts:
            assert suffix_of(start) == suffix_of(start[:START_BYTES]) == suffix, start


@pytest.mark.parametrize(
    "start",
    [
        *(b"", b"root:x:0:0:root:/root:/bin/bash\n", b"SQLite format 3\0", b"\x7fELF\2\1\1"),
        *(b"<svg xmlns=", b"<!DOCTYPE html>", b"%PDF-1.7", b"PK\3\4", b"\x1f\x8b\x08"),
        *(
            b"RIFF\x24\0\0\0AVI LIST",
            b"\0\0\0\x14ftypmif1\0\0\0\0mif1",
            b"BM\x46\0\0\0",
            b"\xff\xd8",
        ),
        # Text in UTF-16, AAC, and what an MP3 frame cannot say.
        *(b"\xff\xfeh\0i\0", b"\xff\xf1\x50\x80", b"\xff\xfb\xf0\x64", b"\xff\xfb\x9c\x64"),
        *(b"\x1a\x45\xdf\xa3\x93\x42\x82\x88matroska", b"\xff\xff\xff\xff"),
    ],
)
def test_nothing_else_is(start: bytes) -> None:
    assert suffix_of(start) is None
