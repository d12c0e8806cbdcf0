"""JSON values of a byte stream, split by their brackets, so that a bad one spoils no other."""

import re
from collections.abc import Collection, Iterator
from typing import Final, NamedTuple

MAX_VALUE_BYTES: Final = 8 * 2**20
MAX_DEPTH: Final = 1_000_000

# A whole string, or a quote whose string continues beyond the chunk, or a bracket.
_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|["{}\[\]]', re.DOTALL)
_IN_STRING = re.compile(rb'[^"\\]*(?:\\.[^"\\]*)*', re.DOTALL)
_LAST_KEY = re.compile(rb'"(\w{1,50})"\s*:\s*\Z')
_KEY_BYTES: Final = 200
_BETWEEN: Final = b" \t\r\n,;"
_QUOTE: Final = ord('"')
_CLOSING: Final = {ord("{"): ord("}"), ord("["): ord("]")}


class RawValue(NamedTuple):
    """The bytes of one value; none of one that is over the limit."""

    raw: bytes
    is_too_long: bool = False


class SplitError(ValueError):
    """The brackets of a stream do not match, so its values cannot be split."""


class Splitter:
    """Splits a stream into values: the items of arrays, and objects that follow each other.

    An object with one of `lists` among its keys is a wrapper: the items of that list are the
    values, and its other fields are left out. Feed it chunks of bounded size, then call `end`.
    Both raise SplitError where brackets do not match or something stands outside of all values.
    """

    def __init__(self, lists: Collection[str] = ()) -> None:
        self._lists = frozenset(name.encode() for name in lists)
        # The closing bracket of each open one, and the number of open ones around a value.
        self._open = bytearray()
        self._floor = 0
        self._is_wrapper = False
        self._in_string = self._is_escaped = False
        # The parts of the value so far, and the place up to which the chunk was read.
        self._parts: list[bytes] = []
        self._size = 0
        self._chunk, self._taken = b"", 0

    def feed(self, chunk: bytes) -> Iterator[RawValue]:
        """Yield the values that end in this chunk."""
        self._chunk, self._taken = chunk, 0
        at = self._finish_string()
        while not self._in_string and (token := _TOKEN.search(chunk, at)):
            start, at = token.span()
            if chunk[start] in _CLOSING:
                yield from self._opened(start)
            elif chunk[start] != _QUOTE:
                yield from self._closed(start)
            elif at - start == 1:
                self._skip_string(at)
        self._keep(chunk[self._taken :])

    def end(self) -> None:
        """Check that the stream ends after a whole value."""
        if self._open or self._in_string:
            raise SplitError("a value is not closed")
        if any(part.strip(_BETWEEN) for part in self._parts):
            raise SplitError("something stands after the last value")

    def _opened(self, at: int) -> Iterator[RawValue]:
        is_array = self._chunk[at] == ord("[")
        if len(self._open) <= self._floor:
            yield from self._between(at)
            if is_array and not self._open:
                self._floor, self._taken = 1, at + 1
        elif is_array and self._begins_list(at):
            self._is_wrapper, self._floor, self._taken = True, 2, at + 1
            self._clear()
        if len(self._open) >= MAX_DEPTH:
            raise SplitError("nested too deeply")
        self._open.append(_CLOSING[self._chunk[at]])

    def _closed(self, at: int) -> Iterator[RawValue]:
        if not self._open or self._open.pop() != self._chunk[at]:
            raise SplitError("the brackets do not match")
        if len(self._open) == self._floor:
            value = self._take(at + 1)
            if self._floor or not self._is_wrapper:
                yield value
            else:
                self._is_wrapper = False
        elif len(self._open) < self._floor:
            yield from self._between(at)
            self._floor, self._taken = 0, at + 1

    def _finish_string(self) -> int:
        """Return the end of the string that an earlier chunk began; 0 if there is none."""
        if not self._in_string:
            return 0
        self._in_string = False
        return self._skip_string(int(self._is_escaped))

    def _skip_string(self, at: int) -> int:
        """Return the end of the string around `at`; note where it continues beyond the chunk."""
        inside = _IN_STRING.match(self._chunk, at)
        end = inside.end() if inside else at
        if self._chunk[end : end + 1] == b'"':
            return end + 1
        self._in_string = True
        self._is_escaped = end < len(self._chunk)
        return len(self._chunk)

    def _begins_list(self, at: int) -> bool:
        if not self._lists or self._floor or len(self._open) != 1:
            return False
        before = self._chunk[max(self._taken, at - _KEY_BYTES) : at]
        for part in reversed(self._parts):
            if len(before) >= _KEY_BYTES:
                break
            before = part[-_KEY_BYTES:] + before
        key = _LAST_KEY.search(before)
        return key is not None and key[1] in self._lists

    def _between(self, at: int) -> Iterator[RawValue]:
        """Yield any bytes between two values of an array, as a value that cannot be read."""
        value = self._take(at)
        if value.is_too_long or value.raw.strip(_BETWEEN):
            if not self._floor:
                raise SplitError("something stands between the values")
            yield RawValue(value.raw.strip(_BETWEEN), value.is_too_long)

    def _take(self, at: int) -> RawValue:
        """Return the value that ends there."""
        self._keep(self._chunk[self._taken : at])
        value = RawValue(b"".join(self._parts), self._size > MAX_VALUE_BYTES)
        self._clear()
        self._taken = at
        return value

    def _keep(self, part: bytes) -> None:
        self._size += len(part)
        if self._is_wrapper and not self._floor:
            # Only the key before the next list of a wrapper is still needed.
            self._parts, self._size = [b"".join((*self._parts, part))[-_KEY_BYTES:]], 0
        elif self._size > MAX_VALUE_BYTES:
            self._parts.clear()
        elif part:
            self._parts.append(part)

    def _clear(self) -> None:
        self._parts, self._size = [], 0
