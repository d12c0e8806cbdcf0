"""Counted reading: one meter for each source, with a limit on what it unpacks to."""

import io
import itertools
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import IO, BinaryIO, Final

from app.errors import BrokenFileError, LimitReachedError

BUFFER_BYTES: Final = 64 * 1024
MAX_LINE_BYTES: Final = 2**20
READ_ERRORS: Final = (
    *(zipfile.BadZipFile, tarfile.TarError, zlib.error),
    *(EOFError, OSError, RuntimeError, ValueError),
)
"""What reading a damaged, locked or vanished file raises."""


class Meter:
    """Counts the bytes read of one source, and enforces its limit."""

    def __init__(self, name: str, limit_bytes: int) -> None:
        self._name = name
        self.limit_bytes = limit_bytes
        self.unpacked_bytes = 0
        self.packed_bytes = 0.0
        self._is_over = False

    def count(self, chunk: bytes, packed_share: float) -> bytes:
        """Count a chunk and return its part within the limit. Raises LimitReachedError after it."""
        room = self.limit_bytes - self.unpacked_bytes
        if self._is_over or (chunk and not room):
            raise limit_reached(self._name, self.limit_bytes)
        self._is_over = len(chunk) > room
        chunk = chunk[:room]
        self.unpacked_bytes += len(chunk)
        self.packed_bytes += len(chunk) * packed_share
        return chunk


class MeteredReader(io.RawIOBase):
    """A stream whose failures are BrokenFileErrors, and whose bytes are counted by a meter.

    `packed_share` is the bytes of the file for each byte that is read: less than 1 in zips.
    """

    def __init__(
        self, stream: BinaryIO, label: str, meter: Meter | None = None, packed_share: float = 1.0
    ) -> None:
        self._stream = stream
        self._label = label
        self._meter = meter
        self._packed_share = packed_share

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override] # always a memoryview
        try:
            chunk = read_some(self._stream, len(buffer))
        except READ_ERRORS as error:
            raise BrokenFileError("{name} is damaged and breaks off", name=self._label) from error
        if self._meter is not None:
            chunk = self._meter.count(chunk, self._packed_share)
        buffer[: len(chunk)] = chunk
        return len(chunk)

    def close(self) -> None:
        if not self.closed:
            self._stream.close()
        super().close()


def limit_reached(name: str, limit_bytes: int) -> LimitReachedError:
    return LimitReachedError(
        "{name} holds more than {limit}, the limit of an import",
        name=name,
        limit=f"{limit_bytes / 2**20:,.4g} MB",
    )


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


def raw_lines(stream: IO[bytes]) -> Iterator[tuple[int, bytes | None]]:
    """Yield the lines of a stream with their numbers, from 1; None for one over 1 MB."""
    for number in itertools.count(1):
        raw = stream.readline(MAX_LINE_BYTES + 2)
        if not raw:
            return
        is_too_long = len(raw.rstrip(b"\r\n")) > MAX_LINE_BYTES
        while is_too_long and raw and not raw.endswith(b"\n"):
            raw = stream.readline(BUFFER_BYTES)
        yield number, None if is_too_long else raw
