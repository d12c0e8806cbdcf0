"""The arrays in an X archive's `.js` files, streamed item by item."""

import codecs
import re
from collections.abc import Iterator
from typing import BinaryIO, Final, NamedTuple

from app.formats.records import BrokenFileError
from app.formats.source.json import TOO_LONG, load
from app.formats.source.json_split import Splitter
from app.formats.source.reading import BUFFER_BYTES, read_up_to

_PREFIX_BYTES: Final = 1024
_AROUND: Final = b"; \t\r\n"
_PREFIX = re.compile(rb"\s*(?:(?:window\.|var\s)?[\w.\s]{1,200}=\s*)?")


class Damaged(NamedTuple):
    """An item that could not be read, and why."""

    fault: str


def array_items(stream: BinaryIO, label: str) -> Iterator[object]:
    """Yield the items of `window.… = [ … ];` one at a time, `Damaged` for a bad one.

    An empty file has none. Raises BrokenFileError where it is no array, and where it breaks off.
    """
    chunk = _without_prefix(read_up_to(stream, _PREFIX_BYTES))
    if not chunk.strip(_AROUND):
        return
    if not chunk.startswith(b"["):
        raise BrokenFileError(f"{label} does not hold a list of posts")
    splitter, done = Splitter(), 0
    try:
        while chunk:
            for value in splitter.feed(chunk):
                done += 1
                item, fault = load(value.raw) if not value.is_too_long else (None, TOO_LONG)
                yield Damaged(fault) if fault else item
            chunk = stream.read(BUFFER_BYTES)
        splitter.end()
    except ValueError as error:
        detail = f"{label} breaks off or is damaged after {done:,} items: {error}"
        raise BrokenFileError(detail) from error


def _without_prefix(start: bytes) -> bytes:
    start = start.removeprefix(codecs.BOM_UTF8)
    match = _PREFIX.match(start)
    return start[match.end() :] if match else start
