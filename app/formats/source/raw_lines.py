"""Lines of a byte stream, one at a time, with a limit on what one takes of memory."""

from collections.abc import Iterator
from itertools import count
from typing import IO, Final, NamedTuple

MAX_LINE_BYTES: Final = 2**20
_PIECE: Final = 64 * 1024


class RawLine(NamedTuple):
    """A line with its end: its number from 1; of one over the limit only the beginning."""

    number: int
    raw: bytes
    is_too_long: bool


def raw_lines(stream: IO[bytes], limit: int = MAX_LINE_BYTES) -> Iterator[RawLine]:
    """Yield the lines of a stream, the last one with or without a line end."""
    for number in count(1):
        raw = stream.readline(limit + 2)
        if not raw:
            return
        is_too_long = len(raw.rstrip(b"\r\n")) > limit
        piece = raw
        while is_too_long and piece and not piece.endswith(b"\n"):
            piece = stream.readline(_PIECE)
        yield RawLine(number, raw, is_too_long)
