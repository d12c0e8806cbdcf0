"""Files that unpack to far more than they are: of none is more read than an import may read."""

import gzip
import io
import struct
import zlib
from contextlib import suppress
from pathlib import Path

import pytest

from app.errors import FileError, LimitReachedError, UnrecognisedFileError
from saywho.formats.registry import open_records
from saywho.formats.source.file import Source
from saywho.formats.source.members import Member
from tests.archives import SMALL_FILES, tar, x_file, x_tweet, zip_bytes
from tests.formats.files import read_broken, read_file_records, texts

LIMIT = 2**20
POST = x_tweet(1, "before")
WHATSAPP = b"1/15/24, 9:05 PM - mina: hello %d\n"


def zip_of(*entries: tuple[str, str, bytes], size: int | None = None) -> bytes:
    """Return a zip: of each file its name in the directory, that at its content, and the content.

    A file without content shares that of the one before it. `size` is what is said of each.
    """
    body, directory, at = b"", b"", 0
    for listed, named, content in entries:
        if content:
            at, packer = len(body), zlib.compressobj(9, wbits=-15)
            packed = packer.compress(content) + packer.flush()
            stated = len(content) if size is None else size
            sizes = struct.pack("<III", zlib.crc32(content), len(packed), stated)
            head = struct.pack("<4s5H", b"PK\3\4", 20, 0, 8, 0, 0)
            body += head + sizes + struct.pack("<HH", len(named), 0) + named.encode() + packed
        head = struct.pack("<4s6H", b"PK\1\2", 20, 20, 0, 8, 0, 0)
        rest = struct.pack("<5HII", len(listed), 0, 0, 0, 0, 0, at)
        directory += head + sizes + rest + listed.encode()
    number = len(entries)
    end = (b"PK\5\6", 0, 0, number, number, len(directory), len(body), 0)
    return body + directory + struct.pack("<4s4HIIH", *end)


def parts(number: int) -> list[str]:
    return ["data/tweets.js", *(f"data/tweets-part{n}.js" for n in range(1, number))]


def read_bytes(data: bytes) -> int:
    """Read all that can be read; return how many bytes were unpacked."""
    with Source(io.BytesIO(data), limit_bytes=LIMIT) as source:
        with suppress(FileError):
            list(open_records(source).items)
        return source.meter.bytes_read


# From Python 3.14 on, `zipfile` names such a file on standard error, too.
@pytest.mark.filterwarnings("ignore:Overlapped entries")
def test_files_that_share_their_content_are_read_no_further_than_the_limit() -> None:
    content = x_file("tweets", POST)[:-1] + b" " * 100_000 + b"]"
    first, *others = parts(1_000)
    for name_at_content in (first, others[0]):
        data = zip_of((first, name_at_content, content), *((name, "", b"") for name in others))
        assert len(data) < LIMIT
        assert read_bytes(data) <= LIMIT + 2**16


def test_files_that_each_unpack_to_much_are_read_no_further_than_the_limit() -> None:
    content = x_file("tweets", POST)[:-1] + b" " * 100_000 + b"]"
    data = zip_of(*((name, name, content) for name in parts(1_000)))
    assert read_bytes(data) <= LIMIT + 2**16
    assert texts(read_broken(data, "limit of an import", limit_bytes=LIMIT)) == ["before"] * 11


@pytest.mark.parametrize("size", [0, 100, 2**32 - 2])
def test_what_a_zip_says_of_sizes_unpacks_no_more(size: int) -> None:
    content = x_file("tweets", POST)[:-1] + b" " * 50_000_000
    data = zip_of(("data/tweets.js", "data/tweets.js", content), size=size)
    with Source(io.BytesIO(data), limit_bytes=LIMIT) as source:
        records = open_records(source)
        with pytest.raises(FileError, match=r"limit of an import|damaged"):
            list(records.items)
        assert source.meter.bytes_read <= LIMIT + 2**16


def test_archives_in_archives_are_not_unpacked() -> None:
    data = zip_bytes({"data/tweets.js": x_file("tweets", POST)})
    for _ in range(3):
        data = zip_bytes({"inner.zip": data})
    for file in (data, gzip.compress(gzip.compress(SMALL_FILES["jsonl"]))):
        with pytest.raises(UnrecognisedFileError):
            read_file_records(file)


def test_a_gzip_of_blanks_is_told_at_the_limit_and_is_no_empty_file() -> None:
    for start in (b"", b"["):
        data = gzip.compress(start + b" " * (4 * LIMIT))
        with Source(io.BytesIO(data), limit_bytes=LIMIT) as source:
            assert source.bytes_total
            assert source.bytes_total <= LIMIT + 2**16
            with pytest.raises(LimitReachedError):
                open_records(source)


def test_gzips_in_a_row_are_unpacked_no_further_than_the_limit(tmp_path: Path) -> None:
    with Source(io.BytesIO(gzip.compress(bytes(LIMIT)) * 100), limit_bytes=LIMIT) as source:
        assert source.bytes_total
        assert source.bytes_total <= LIMIT + 2**16
        with pytest.raises(UnrecognisedFileError):
            open_records(source)
    packed = tar(tmp_path / "a.tar.gz", {"outbox.json": b" " * (4 * LIMIT)}).read_bytes()
    with pytest.raises(LimitReachedError), Source(io.BytesIO(packed), limit_bytes=LIMIT):
        pass


class Endless(io.RawIOBase):
    """A file of messages that unpacks for ever, as far as anybody reads it."""

    def __init__(self) -> None:
        self._size = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override] # always a memoryview
        data = (WHATSAPP % self._size)[: len(buffer)]
        buffer[: len(data)] = data
        self._size += len(data)
        assert self._size < LIMIT
        return len(data)


def test_a_chat_is_looked_over_no_further_than_the_limit() -> None:
    messages = b"".join(WHATSAPP % number for number in range(100))
    with Source(io.BytesIO(zip_bytes({"chat.txt": messages})), limit_bytes=LIMIT // 4) as source:
        source.members["chat.txt"] = Member(len(messages), Endless)
        records = open_records(source)
        with pytest.raises(LimitReachedError):
            list(records.items)


def test_of_a_damaged_chat_what_came_before_stays() -> None:
    messages = b"".join(WHATSAPP % number for number in range(5_000))
    assert len(texts(read_broken(gzip.compress(messages)[:-2_000], "truncated or damaged"))) > 1_000
