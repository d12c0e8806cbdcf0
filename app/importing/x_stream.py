"""The arrays in an X archive's `.js` files, streamed item by item."""

import codecs
import re
from collections.abc import Iterator
from typing import BinaryIO, Final

import ijson

from app.importing.reading import read_up_to
from app.importing.records import BrokenFileError

MAX_ITEM_BYTES: Final = 4 * 2**20
MAX_ITEM_BRACKETS: Final = 6000
_CHUNK_BYTES: Final = 8 * 1024
_PREFIX_BYTES: Final = 1024
_AROUND: Final = b"; \t\r\n"
_PREFIX = re.compile(rb"\s*(?:(?:window\.|var\s)?[\w.\s]{1,200}=\s*)?")


def array_items(stream: BinaryIO, label: str) -> Iterator[object]:
    """Yield the items of `window.… = [ … ];` one at a time; an empty file has none.

    Raises BrokenFileError where it is no array, where it breaks off, and at a huge item.
    """
    start = read_up_to(stream, _PREFIX_BYTES)
    start = _without_prefix(start)
    if not start.strip(_AROUND):
        return
    if not start.startswith(b"["):
        raise BrokenFileError(f"{label} does not hold a list of posts")
    body = _Body(start, stream, label)
    done = 0
    try:
        for item in ijson.items(body, "item", buf_size=_CHUNK_BYTES):
            body.item_ended()
            yield item
            done += 1
    except (ijson.JSONError, ValueError) as error:
        raise BrokenFileError(f"{label} breaks off or is damaged after {done:,} items") from error


def _without_prefix(start: bytes) -> bytes:
    start = start.removeprefix(codecs.BOM_UTF8)
    match = _PREFIX.match(start)
    return start[match.end() :] if match else start


class _Body:
    """The array alone, as ijson reads it: the `;` at its end is taken off.

    An item is limited, because ijson holds one as a whole, and its memory grows with the square
    of the nesting: 20,000 brackets in a row took 1 GB, 6,000 take less than 100 MB.
    """

    def __init__(self, start: bytes, rest: BinaryIO, label: str) -> None:
        self._start = start
        self._rest = rest
        self._label = label
        self._held = b""
        self._bytes = self._brackets = 0
        self._last_bytes = self._last_brackets = 0

    def item_ended(self) -> None:
        """Count anew from the chunk in which an item has just ended."""
        self._bytes, self._brackets = self._last_bytes, self._last_brackets

    def read(self, size: int = -1) -> bytes:
        while chunk := self._next_chunk(size):
            self._count(chunk)
            kept = chunk.rstrip(_AROUND)
            if kept or len(self._held) > MAX_ITEM_BYTES:
                held, self._held = self._held, chunk[len(kept) :]
                return held + kept
            self._held += chunk
        return b""

    def _next_chunk(self, size: int) -> bytes:
        if size == 0:
            return b""
        if self._start:
            chunk, self._start = self._start, b""
            return chunk
        return self._rest.read(size)

    def _count(self, chunk: bytes) -> None:
        self._last_bytes = len(chunk)
        self._last_brackets = chunk.count(b"[") + chunk.count(b"{")
        self._bytes += self._last_bytes
        self._brackets += self._last_brackets
        if self._bytes > MAX_ITEM_BYTES or self._brackets > MAX_ITEM_BRACKETS:
            raise BrokenFileError(f"{self._label} holds an item that is too large or too deep")
