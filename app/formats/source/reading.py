"""Counted reading: one meter for each source, with a limit on what it unpacks to."""

import contextlib
import errno
import gzip
import io
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import BinaryIO, Final

from app.formats.records import BrokenFileError

BUFFER_BYTES: Final = 64 * 1024

# What zipfile, zlib and the file system raise on damaged, locked or vanished files.
READ_ERRORS: Final = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError)


class Meter:
    """Counts the bytes read of one source, and enforces its limit."""

    def __init__(self, name: str, limit_bytes: int) -> None:
        self.name = name
        self.limit_bytes = limit_bytes
        self.unpacked_bytes = 0
        self.packed_bytes = 0.0
        self._is_over = False

    def count(self, chunk: bytes, packed_share: float = 1.0) -> bytes:
        """Count a chunk and return its part within the limit.

        Raises BrokenFileError where that part is empty, and at the next call after a cut.
        """
        room = self.limit_bytes - self.unpacked_bytes
        if self._is_over or (len(chunk) > room and not room):
            limit = f"{self.limit_bytes / 2**20:,.4g} MB"
            raise BrokenFileError(
                "{name} holds more than {limit}, the limit of an import",
                name=self.name,
                limit=limit,
            )
        self._is_over = len(chunk) > room
        chunk = chunk[:room]
        self.unpacked_bytes += len(chunk)
        self.packed_bytes += len(chunk) * packed_share
        return chunk


@contextlib.contextmanager
def spooling(opened: contextlib.ExitStack, name: str) -> Iterator[BinaryIO]:
    """Yield a temporary file to copy a source to, open as long as the stack is.

    Raises BrokenFileError where the disk has no room for it.
    """
    spool: BinaryIO = opened.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 # is managed
    try:
        yield spool
        spool.flush()
    except OSError as error:
        if error.errno not in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
            raise
        raise BrokenFileError(
            "{name} has to be copied first, and the folder for temporary files is full", name=name
        ) from error


class ChunkReader(io.RawIOBase):
    """A readable binary stream; a subclass returns its bytes in `next_chunk`."""

    def next_chunk(self, size: int) -> bytes:
        """Return at most that many bytes, none at the end."""
        raise NotImplementedError

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override] # always a memoryview
        chunk = self.next_chunk(len(buffer))
        buffer[: len(chunk)] = chunk
        return len(chunk)


class MeteredReader(ChunkReader):
    """A stream whose bytes are counted, and whose failures are BrokenFileErrors.

    `packed_share` is the bytes of the file for each byte that is read: less than 1 in zips.
    """

    def __init__(
        self, stream: BinaryIO, meter: Meter, *, label: str, packed_share: float = 1.0
    ) -> None:
        self._stream = stream
        self._meter = meter
        self._label = label
        self._packed_share = packed_share

    def next_chunk(self, size: int) -> bytes:
        try:
            chunk = read_some(self._stream, size)
        except READ_ERRORS as error:
            raise BrokenFileError("{name} is damaged and breaks off", name=self._label) from error
        return self._meter.count(chunk, self._packed_share)

    def close(self) -> None:
        if not self.closed:
            self._stream.close()
        super().close()


class Rejoined(ChunkReader):
    """The head that was read ahead of a stream, and then the rest; closing leaves it open."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        self._head = head
        self._rest = rest

    def next_chunk(self, size: int) -> bytes:
        chunk = self._head[:size] if self._head else read_some(self._rest, size)
        self._head = self._head[size:]
        return chunk


def check_packed(packed: BinaryIO, limit_bytes: int, name: str) -> None:
    """Read to the end, or the limit, and close. Raises BrokenFileError if the checksum is wrong.

    It stands at the end, and damage may unpack to false words long before that. What only breaks
    off is right as far as it goes.
    """
    try:
        with packed:
            while limit_bytes > 0 and (chunk := packed.read(BUFFER_BYTES)):
                limit_bytes -= len(chunk)
    except EOFError:
        return
    except READ_ERRORS as error:
        raise BrokenFileError(
            "{name} is damaged, so nothing of it is read; copy or download it again", name=name
        ) from error


def unpacked(packed: BinaryIO) -> BinaryIO:
    return gzip.GzipFile(fileobj=packed)  # type: ignore[return-value] # is binary


def read_some(stream: BinaryIO, size: int) -> bytes:
    """Return the next bytes, none only at the end, without losing any before damage."""
    read: Callable[[int], bytes] = getattr(stream, "read1", stream.read)
    return read(size)


def read_up_to(stream: BinaryIO, size: int) -> bytes:
    """Return the next bytes, fewer than `size` only at the end; a pipe gives them in parts."""
    chunks: list[bytes] = []
    while size > 0 and (chunk := stream.read(size)):
        chunks.append(chunk)
        size -= len(chunk)
    return b"".join(chunks)
