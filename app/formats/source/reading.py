"""Counted reading: one meter for all that is read of a source, and a limit on what is unpacked."""

import io
import zipfile
import zlib
from collections.abc import Callable
from typing import BinaryIO, Final

from app.formats.records import BrokenFileError

BUFFER_BYTES: Final = 64 * 1024

# What zipfile, zlib and the file system raise on damaged, locked or vanished files.
READ_ERRORS: Final = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    RuntimeError,
    ValueError,
)


class Meter:
    """Counts what is read of one source; beyond the limit nothing more is given out."""

    def __init__(self, name: str, limit_bytes: int) -> None:
        self.name = name
        self.limit_bytes = limit_bytes
        self.unpacked_bytes = 0
        self.packed_bytes = 0.0
        self._is_over = False

    def take(self, chunk: bytes, packed_share: float) -> bytes:
        """Count a chunk and return what of it is within the limit.

        Raises BrokenFileError at the next call after something was held back, or at once where
        nothing at all is left to give.
        """
        if self._is_over:
            limit = f"{self.limit_bytes / 2**20:,.4g} MB"
            raise BrokenFileError(f"{self.name} holds more than {limit}, the limit of an import")
        room = self.limit_bytes - self.unpacked_bytes
        self._is_over = len(chunk) > room
        chunk = chunk[:room]
        if self._is_over and not chunk:
            return self.take(b"", packed_share)
        self.unpacked_bytes += len(chunk)
        self.packed_bytes += len(chunk) * packed_share
        return chunk


class MeteredReader(io.RawIOBase):
    """A binary stream whose bytes are counted, and whose failures are BrokenFileErrors.

    `packed_share` is how many bytes of the file stand for one that is read: less than 1 in zips.
    """

    def __init__(
        self, stream: BinaryIO, meter: Meter, *, label: str, packed_share: float = 1.0
    ) -> None:
        self._stream = stream
        self._meter = meter
        self._label = label
        self._packed_share = packed_share

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override] # always a memoryview
        try:
            chunk = read_some(self._stream, len(buffer))
        except READ_ERRORS as error:
            raise BrokenFileError(f"{self._label} is damaged and breaks off") from error
        chunk = self._meter.take(chunk, self._packed_share)
        buffer[: len(chunk)] = chunk
        return len(chunk)

    def close(self) -> None:
        if not self.closed:
            self._stream.close()
        super().close()


class Rejoined(io.RawIOBase):
    """What was read ahead of a stream, followed by the rest; closing leaves the stream open."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        self._head = head
        self._rest = rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override] # always a memoryview
        size = len(buffer)
        chunk = self._head[:size] if self._head else read_some(self._rest, size)
        self._head = self._head[size:]
        buffer[: len(chunk)] = chunk
        return len(chunk)


def read_some(stream: BinaryIO, size: int) -> bytes:
    """Return the next bytes, at least one but at the end, without losing any before damage."""
    read: Callable[[int], bytes] = getattr(stream, "read1", stream.read)
    return read(size)


def read_up_to(stream: BinaryIO, size: int) -> bytes:
    """Return the next bytes, fewer than `size` only at the end; pipes give less at a time."""
    chunks: list[bytes] = []
    while size > 0 and (chunk := stream.read(size)):
        chunks.append(chunk)
        size -= len(chunk)
    return b"".join(chunks)
