import re
import sys
from collections.abc import Iterable, Iterator
from typing import Final

from app.errors import Message, RecordError

MOST_PARTS: Final = 200_000
"""Maximum number of parts, read in 0.25 s; a video of hours has fewer."""
TOO_MANY: Final = Message("it has more parts than any camera writes")


class MediaBytes:
    """Bytes in chunks, taken in pieces of any size."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._buffer = bytearray()
        self._parts = 0
        self.place = 0

    def _fill(self, size: int) -> None:
        while len(self._buffer) < size and (chunk := next(self._chunks, b"")):
            self._buffer += chunk

    def take(self, size: int) -> bytes:
        self._fill(size)
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        self.place += len(taken)
        return taken

    def head(self, size: int) -> bytes:
        """Return the next part's first bytes. Raises RecordError after too many parts."""
        self.count()
        return self.take(size)

    def count(self) -> None:
        """Count a part. Raises RecordError after too many."""
        self._parts += 1
        if self._parts > MOST_PARTS:
            raise RecordError(TOO_MANY)

    def some(self, size: int) -> Iterator[bytes]:
        while size > 0 and (piece := self.take(min(size, 2**16))):
            size -= len(piece)
            yield piece

    def drop(self, size: int = sys.maxsize) -> None:
        """Read past that many bytes, or all, to verify that they exist."""
        for _ in self.some(size):
            pass

    def until(self, pattern: re.Pattern[bytes]) -> Iterator[bytes]:
        """Yield the bytes before a match of two bytes, or all."""
        while True:
            self._fill(2**16)
            match = pattern.search(self._buffer)
            is_end = match is None and len(self._buffer) < 2
            size = match.start() if match else len(self._buffer) - (not is_end)
            if size:
                yield self.take(size)
            if match or is_end:
                return


def zeros(pieces: Iterable[bytes]) -> Iterator[bytes]:
    yield from (bytes(len(piece)) for piece in pieces)
