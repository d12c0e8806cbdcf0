"""JSON values of a text of any size, which is read on as they are taken.

The json module reads each value at its place, so that a bad one spoils no other. An array of 30,000
posts of X takes 0.3 s; ijson with its C library needs 0.5 s, and ends at the first bad value.
"""

import json
import re
from collections.abc import Collection, Iterable, Iterator
from typing import Final

from app.errors import BrokenFileError, Message

MAX_VALUE: Final = 8 * 2**20
"""Characters of one document."""
_BETWEEN: Final = re.compile(r"[ \t\r\n,;]*")
_TOKEN: Final = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|["{}\[\],]', re.DOTALL)
"""A whole string, the quote before one that does not end, or a mark between values."""
_decode: Final = json.JSONDecoder().raw_decode


class Window:
    """The part of a text that is being read."""

    def __init__(self, pieces_: Iterable[str], *, name: str) -> None:
        self.text, self.at = "", 0
        self._pieces = iter(pieces_)
        self._name = name
        self._count = 0
        self._fault: BrokenFileError | None = None
        """Why no more can be read; what was read before is still used."""

    def read_on(self) -> bool:
        """Drop what was used, and read as much again as is left; return whether there was any."""
        left, found = self.text[self.at :], []
        if len(left) > MAX_VALUE:
            return False
        wanted = len(left)
        try:
            for piece in self._pieces:
                found.append(piece)
                wanted -= len(piece)
                if wanted < 0:
                    break
        except BrokenFileError as error:
            self._fault = error
        self.text, self.at = left + "".join(found), 0
        return len(self.text) > len(left)

    def next_mark(self) -> str:
        """Move to the next value or bracket, and return its first character; none at the end."""
        while True:
            between = _BETWEEN.match(self.text, self.at)
            self.at = between.end() if between else self.at
            if self.at < len(self.text):
                return self.text[self.at]
            if not self.read_on():
                if self._fault:
                    raise self._fault
                return ""

    def value(self) -> tuple[object, Message | None]:
        """Return the value here, or None for a bad one, and the fault in it."""
        while True:
            value, end, fault = _decoded(self.text, self.at)
            if end in {None, len(self.text)} and self.read_on():
                continue  # A number may have more digits, and what is bad an end.
            if end is None:
                raise self.broken("a value is not closed, or too long")
            raw, self.at = self.text[self.at : end], end
            self._count += 1
            if len(raw) > MAX_VALUE:
                return None, Message("longer than {size} MB", size=MAX_VALUE >> 20)
            return value, fault or _undecoded(raw)

    def items(self) -> Iterator[tuple[object, Message | None]]:
        """Yield the values of the list whose bracket is here."""
        self.at += 1
        while (mark := self.next_mark()) != "]":
            if mark in {"", "}"}:
                raise self.broken("the brackets do not match" if mark else "a value is not closed")
            yield self.value()
        self.at += 1

    def values(self, lists: Collection[str]) -> Iterator[tuple[object, Message | None]]:
        """Yield the values of the text."""
        while mark := self.next_mark():
            if mark == "[":
                yield from self.items()
            elif mark != "{":
                raise self.broken("something stands between the values")
            elif lists:
                yield from self._listed(lists)
            else:
                yield self.value()

    def _listed(self, lists: Collection[str]) -> Iterator[tuple[object, Message | None]]:
        """Yield the items of an object's lists of these names; where there are none, itself."""
        found: dict[str, object] = {}
        fault, before = None, self._count
        self.at += 1
        while self.next_mark() == '"':
            key, _ = self.value()
            self._count -= 1
            if self.next_mark() != ":":
                raise self.broken("a value is not closed")
            self.at += 1
            if key in lists and self.next_mark() == "[":
                found[str(key)] = []
                yield from self.items()
            else:
                self.next_mark()
                found[str(key)], bad = self.value()
                self._count -= 1
                fault = fault or bad
        if self.next_mark() != "}":
            raise self.broken("a value is not closed")
        self.at += 1
        if self._count == before:
            self._count += 1
            yield found, fault

    def broken(self, fault: str) -> BrokenFileError:
        return self._fault or BrokenFileError(
            "{name} breaks off or is damaged after {count} records: {fault}",
            name=self._name,
            count=f"{self._count:,}",
            fault=Message(fault),
        )


def _decoded(text: str, at: int) -> tuple[object, int | None, Message | None]:
    """Return the value that begins here, its end unless it is cut, and the fault in it."""
    try:
        return *_decode(text, at), None
    except RecursionError:
        fault = Message("nested too deeply")
    except ValueError:
        fault = Message("not valid JSON")
    return None, _end_of(text, at), fault


def _end_of(text: str, at: int) -> int | None:
    """Return where the bad value ends that begins here, by its brackets."""
    depth = 0
    for token in _TOKEN.finditer(text, at):
        mark = token[0]
        if mark == '"':
            return None
        if mark in {"{", "["}:
            depth += 1
        elif mark in {"}", "]"}:
            depth -= 1
            if depth <= 0:
                return token.start() if depth else token.end()
        elif mark == "," and depth == 0:
            return token.start()
    return None


def _undecoded(text: str) -> Message | None:
    try:
        text.encode()
    except UnicodeEncodeError:
        return Message("not valid {encoding}", encoding="UTF-8")
    return None
