"""Files, folders, zips and streams as sources: counted, limited, never extracted."""

import bz2
import contextlib
import gzip
import hashlib
import io
import os
import tempfile
import zipfile
from pathlib import Path
from typing import BinaryIO

import pytest
from hypothesis import given, strategies as st

from app.errors import BrokenFileError, FileError
from saywho.formats.source import containers
from saywho.formats.source.file import Source, head
from tests.archives import tar, zip_bytes
from tests.formats.files import read_broken, texts


class Pipe(io.RawIOBase):
    """A stream that gives a few bytes at a time and cannot seek, as pipes do."""

    def __init__(self, data: bytes) -> None:
        self._data = io.BytesIO(data)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override] # always a memoryview
        chunk = self._data.read(min(7, len(buffer)))
        buffer[: len(chunk)] = chunk
        return len(chunk)

    def seekable(self) -> bool:
        return False


def pipe(data: bytes) -> BinaryIO:
    return io.BufferedReader(Pipe(data))


def noise(size: int) -> bytes:
    """Return bytes that cannot be compressed, always the same."""
    return hashlib.shake_128(b"noise").digest(size)


def saved(folder: Path, data: bytes, name: str = "export.zip") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def read_member(source: Source, name: str) -> bytes:
    return b"".join(source.member(name).chunks())


def test_bytes_of_the_head_are_not_counted_as_read(tmp_path: Path) -> None:
    with Source(saved(tmp_path, b"abcdef", "posts.txt")) as source:
        assert head(source, 3) == b"abc"
        assert source.bytes_read == 0
        assert b"".join(source.chunks()) == b"abcdef"
        assert (source.bytes_read, source.bytes_total) == (6, 6)


def test_a_stream_is_read_as_a_file_and_stays_open() -> None:
    with pipe(b"one two three four") as stream:
        with Source(stream) as source:
            assert head(source, 3) == b"one"
            assert b"".join(source.chunks()) == b"one two three four"
            assert (source.name, source.bytes_read, source.bytes_total) == ("-", 18, 18)
        assert not stream.closed


def test_named_pipe_is_read_as_a_stream(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.write(writing, b"text\nhello\n")
    os.close(writing)
    path = Path(f"/dev/fd/{reading}")
    if not path.exists():
        pytest.skip("this system does not show open files as paths")
    with Source(path) as source:
        assert b"".join(source.chunks()) == b"text\nhello\n"
    os.close(reading)


def test_an_archive_gives_only_files_inside_it_and_nothing_is_written(tmp_path: Path) -> None:
    names = ("../../evil.js", "/etc/evil.js", "data/a.js", "__MACOSX/data/a.js", "data/._a.js")
    members = dict.fromkeys(names, b"good")
    for kind in ("zip", "tar.gz"):
        path = tmp_path / f"posts.{kind}"
        path.write_bytes(packed(tmp_path / kind, members))
        with Source(path) as source:
            assert list(source.members) == ["data/a.js"]
            assert read_member(source, "data/a.js") == b"good"
            with pytest.raises(KeyError):
                read_member(source, "/etc/passwd")
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_a_packed_stream_is_copied_no_further_than_the_limit(tmp_path: Path, kind: str) -> None:
    small = packed(tmp_path / kind, {"data/a.json": b"good"})
    with pipe(small) as stream, Source(stream) as source:
        assert read_member(source, "data/a.json") == b"good"
    with (
        pipe(packed(tmp_path / kind, {"a.json": noise(30_000)})) as stream,
        pytest.raises(FileError, match="is larger than"),
        Source(stream, limit_bytes=2000),
    ):
        pass


def packed(path: Path, members: dict[str, bytes]) -> bytes:
    if path.name == "tar.gz":
        return tar(path, members).read_bytes()
    return zip_bytes(members) if path.name == "zip" else gzip.compress(b"".join(members.values()))


def test_progress_ends_at_what_was_expected(tmp_path: Path) -> None:
    data = zip_bytes({"a.js": b"a" * 50_000, "media.jpg": b"b" * 90_000})
    with Source(saved(tmp_path, data)) as source:
        source.expect(["a.js"])
        read_member(source, "a.js")
        assert source.bytes_read == source.bytes_total
        assert source.bytes_read == 50_000


def test_limit_counts_unpacked_bytes_of_all_members_together(tmp_path: Path) -> None:
    data = zip_bytes({"a.js": b"a" * 600_000, "b.js": b"b" * 600_000})
    with Source(saved(tmp_path, data), limit_bytes=1_000_000) as source:
        assert len(read_member(source, "a.js")) == 600_000
        with pytest.raises(BrokenFileError, match="limit of an import"):
            read_member(source, "b.js")


def test_all_bytes_within_the_limit_are_given(tmp_path: Path) -> None:
    path = saved(tmp_path, b"x" * 100, "posts.txt")
    with Source(path, limit_bytes=100) as source:
        assert len(b"".join(source.chunks())) == 100
    path.write_bytes(b"x" * 101)
    with Source(path, limit_bytes=100) as source:
        chunks = source.chunks()
        assert len(next(chunks)) == 100
        with pytest.raises(BrokenFileError, match="limit of an import"):
            next(chunks)


def test_a_gzip_that_breaks_off_gives_no_half_line() -> None:
    packed = gzip.compress(b"text\nwhole\n" + noise(30_000).hex().encode())
    assert texts(read_broken(packed[:5_000], "truncated or damaged")) == ["whole"]


WORDS = b"".join(b'{"text": "story %d of the harbour"}\n' % number for number in range(6_000))


@pytest.mark.parametrize("kind", ["zip", "gz", "tar.gz"])
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_flipped_bit_is_told(kind: str, place: float, bit: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, kind)
        data = bytearray(packed(path, {"posts.json": WORDS}))
        data[4 + int(place * (len(data) - 4))] ^= 1 << bit  # The first four say what it is.
        path.write_bytes(data)
        # The bit may stand in the name of the member, which is not there then.
        with contextlib.suppress(FileError, KeyError), Source(path) as source:
            content = source if not source.has_members else source.member("posts.json")
            assert b"".join(content.chunks()) == WORDS or source.fault


def test_encrypted_member_is_broken_with_a_reason(tmp_path: Path) -> None:
    data = bytearray(zip_bytes({"a.js": b"secret"}))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.find(signature) + offset] |= 1
    with (
        Source(saved(tmp_path, bytes(data))) as source,
        pytest.raises(BrokenFileError, match="encrypted"),
    ):
        read_member(source, "a.js")


def test_methods_that_unpack_without_bound_are_refused(tmp_path: Path) -> None:
    assert len(bz2.compress(b"\0" * 10_000_000)) < 100
    data = zip_bytes({"a.js": b"\0" * 10_000_000}, method=zipfile.ZIP_BZIP2)
    with (
        Source(saved(tmp_path, data)) as source,
        pytest.raises(BrokenFileError, match="unsupported method"),
    ):
        read_member(source, "a.js")


def test_zip_with_an_endless_directory_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = zip_bytes({f"{number}.js": b"" for number in range(50)})
    Source(saved(tmp_path, data)).close()
    monkeypatch.setattr(containers, "MAX_LIST_BYTES", 1000)
    with pytest.raises(BrokenFileError, match="too many files"):
        Source(saved(tmp_path, data))


def test_plain_file_shows_what_lies_beside_it_if_asked(tmp_path: Path) -> None:
    (tmp_path / "tweets-part1.js").write_bytes(b"[]")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "other.js").write_bytes(b"[]")
    with Source(saved(tmp_path, b"[]", "tweets.js")) as source:
        assert not source.members
        assert source.look_beside()
        assert sorted(source.members) == ["tweets-part1.js", "tweets.js"]
        assert not source.has_members
