"""The values of a JSON file, one by one, in memory that does not grow with the file.

A bad value spoils no other. An array of 30,000 posts of X takes 0.3 s; ijson with its C library
needs 0.5 s, and stops at the first bad value.
"""

import json
import re
from collections.abc import Collection, Generator, Iterator
from contextlib import suppress
from typing import Final

from app.errors import BrokenFileError, Message
from app.formats.source.ends import end_of
from app.formats.source.file import Content
from app.formats.source.text import pieces

Json = dict[str, object]

MAX_VALUE: Final = 8 * 2**20
TOO_DEEP: Final = Message("nested too deeply")
_NOT_JSON: Final = Message("not valid JSON")
_KEPT: Final = 1_000
"""Characters of a bad value kept for its shape."""
_BETWEEN: Final = re.compile(r"[ \t\r\n,;]*")
_HEX_ESCAPE: Final = re.compile(r"(?<!\\)((?:\\\\)*)\\x([0-9A-Fa-f]{2})")
r"""A control character as Telegram Desktop writes it, which is no JSON: `\\x0c` means `\\u000c`."""
_decode: Final = json.JSONDecoder().raw_decode


class BadValue(Message):
    text: str


def load(text: str | bytes) -> object:
    """Return the parsed text, or a Message for a bad one; NaN is read."""
    try:
        return json.loads(text)
    except (RecursionError, ValueError) as error:
        if isinstance(text, str) and (written := _as_json(text)) != text:
            return load(written)
        return _fault(error, text if isinstance(text, str) else "")


class Window:
    """The part of a file's JSON being read; it moves on as values are taken."""

    def __init__(self, content: Content) -> None:
        self.text, self.at = "", 0
        self._dropped = self._dropped_lines = self._line_start = 0
        """Characters and line ends before this text, and where the last line begins."""
        self._pieces = pieces(content)
        self._name = content.name
        self._fault: BrokenFileError | None = None
        """Why no more can be read; the text before it is still used."""
        self._has_bad = False

    @property
    def used(self) -> int:
        return self._dropped + self.at

    def read_on(self) -> bool:
        """Drop the used text, read as much again as is left, and return whether there was any."""
        left, text_after = self.text[self.at :], ""
        if len(left) > MAX_VALUE:
            return False
        try:
            while len(text_after) <= len(left) and (piece := next(self._pieces, None)) is not None:
                text_after += piece
        except BrokenFileError as error:
            self._fault = error
        if text_after:
            self._dropped_lines, self._line_start = self._line()
            self._dropped += self.at
            self.text, self.at, self._has_bad = left + text_after, 0, False
        return bool(text_after)

    def _line(self) -> tuple[int, int]:
        line_end = self.text.rfind("\n", 0, self.at)
        start = self._line_start if line_end < 0 else self._dropped + line_end + 1
        return self._dropped_lines + self.text.count("\n", 0, self.at), start

    def mark(self) -> str:
        """Move to the next value or bracket, and return its first character; empty at the end."""
        while True:
            between = _BETWEEN.match(self.text, self.at)
            self.at = between.end() if between else self.at
            if self.at < len(self.text):
                return self.text[self.at]
            if not self.read_on():
                if self._fault:
                    raise self._fault
                return ""

    def value(self) -> object:
        value, end = self._decoded()
        # A number may have more digits, and what is bad an end.
        while end in {None, len(self.text)} and self.read_on():
            value, end = self._decoded_by_end()
        size = self._take(end)
        return value if size <= MAX_VALUE else _too_long()

    def raw(self) -> str:
        """Return the value's text here, which may be bad."""
        while (end := end_of(self.text, self.at)) in {None, len(self.text)} and self.read_on():
            pass
        start = self.at
        self._take(end)
        return self.text[start : self.at]

    def _decoded(self) -> tuple[object, int | None]:
        """Return the value here, or a Message for a bad one, and where it ends."""
        if not self._has_bad:
            with suppress(RecursionError, ValueError):
                return _decode(self.text, self.at)
            # The module counts the lines before a fault: of all text for each of many bad values.
            self._has_bad = True
        return self._decoded_by_end()

    def _decoded_by_end(self) -> tuple[object, int | None]:
        """Return the same, but decode nothing before its end is there."""
        end = end_of(self.text, self.at)
        if end is None:
            return None, None
        if end - self.at > MAX_VALUE:
            return _too_long(), end
        text = self.text[self.at : end]
        try:
            value, size = _decode(text)
        except (RecursionError, ValueError) as error:
            with suppress(RecursionError, ValueError):
                if (written := _as_json(text)) != text:
                    return _decode(written)[0], end
            return _fault(error, text[:_KEPT]), end
        return value, self.at + size

    def _take(self, end: int | None) -> int:
        if end is None and len(self.text) - self.at > MAX_VALUE:
            raise self.broken(_too_long())
        if end is None:
            raise self.broken("a value is not closed")
        size, self.at = end - self.at, end
        return size

    def items(self) -> Iterator[object]:
        for _ in self.each_item():
            yield self.value()

    def each_item(self) -> Iterator[str]:
        """Yield the first character of each list item here; take each item immediately."""
        self.at += 1
        while (mark := self.mark()) != "]":
            if mark in {"", "}"}:
                raise self.broken("the brackets do not match" if mark else "a value is not closed")
            yield mark
        self.at += 1

    def each_key(self) -> Iterator[str]:
        """Yield the keys of the object whose bracket is here; take each value immediately."""
        self.at += 1
        while self.mark() == '"':
            key = str(self.value())
            if self.mark() != ":":
                raise self.broken("a value is not closed")
            self.at += 1
            self.mark()
            yield key
        if self.mark() != "}":
            raise self.broken("a value is not closed")
        self.at += 1

    def values(self, lists: Collection[str]) -> Iterator[object]:
        """Yield the text's values; for an object with one of `lists`, that list's items."""
        while mark := self.mark():
            if mark == "[":
                yield from self.items()
            elif mark != "{":
                raise self.broken("there is something between the values")
            elif lists:
                yield from self._listed(lists)
            else:
                yield self.value()

    def _listed(self, lists: Collection[str]) -> Iterator[object]:
        document, size = yield from self._items_in(lists, "")
        if size > MAX_VALUE:
            yield _too_long()
        elif document is not None:
            yield document

    def _items_in(
        self, lists: Collection[str], path: str
    ) -> Generator[object, None, tuple[Json | None, int]]:
        """Yield the items of the lists in the object here, also in an inner object: `data.items`.

        If it has none, return the object with its size.
        """
        document: Json = {}
        size, has_items = 0, False
        for key in self.each_key():
            name = f"{path}{key}"
            value: object = []
            if name in lists and self.mark() == "[":
                for item in self.items():
                    has_items, document = True, {}
                    yield item
            elif self.mark() == "{" and any(each.startswith(f"{name}.") for each in lists):
                value, inner_size = yield from self._items_in(lists, f"{name}.")
                has_items |= value is None
                size += inner_size
            else:
                raw = self.raw()
                size += len(raw)
                # What stands beside a list may be as long as it likes: it is dropped.
                value = load(raw) if not has_items and size <= MAX_VALUE else None
            if not has_items and size <= MAX_VALUE:
                document[key] = value
        return (None, 0) if has_items else (document, size)

    def broken(self, fault: str) -> BrokenFileError:
        """Return the error with its place: the end, or the value without an end."""
        lines, start = self._line()
        return self._fault or BrokenFileError(
            "{name} is truncated or damaged in line {line}, column {column}: {fault}",
            name=self._name,
            line=lines + 1,
            column=self.used - start + 1,
            fault=fault if isinstance(fault, Message) else Message(fault),
        )


def _as_json(text: str) -> str:
    return _HEX_ESCAPE.sub(r"\1\\u00\2", text) if "\\x" in text else text


def _too_long() -> Message:
    return Message("longer than {size} MB", size=MAX_VALUE >> 20)


def _fault(error: Exception, text: str) -> Message:
    reason = TOO_DEEP if isinstance(error, RecursionError) else _NOT_JSON
    fault = BadValue(reason.template)
    fault.text = text[:_KEPT]
    return fault
