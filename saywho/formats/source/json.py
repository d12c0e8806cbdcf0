"""JSON documents of a file: in a line each, in an array, or in a row.

Memory does not grow with the file, and a bad value spoils no other. An array of 30,000 posts of X
takes 0.3 s; ijson with its C library needs 0.5 s, and stops at the first bad value.
"""

import json
import re
from collections.abc import Callable, Collection, Generator, Iterable, Iterator
from contextlib import suppress
from copy import copy
from itertools import accumulate, chain, count, islice
from typing import Final, Literal

import msgspec

from saywho.errors import BrokenFileError, Message
from saywho.formats.reading import TOO_DEEP, BadRecord
from saywho.formats.source.file import Content
from saywho.formats.source.text import first_lines, lines, pieces

_SCALAR: Final = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|(?!")[^\s,\[\]{}"]*+', re.DOTALL)
"""A string, or the text before the next mark or blank."""
_SMALL: Final = 64
_LARGE: Final = 2**16
_STEPS: Final = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
_AS_LISTS: Final = bytes.maketrans(b"{}", b"[]")
_NO_BRACKETS: Final = bytes({*range(256)} - _STEPS.keys())


def end_of(text: str, at: int) -> int | None:
    """Return the end of the value that begins here, though it may be bad, if the text has it.

    Built-in functions count the brackets of pieces: a regular expression takes 20 times as long
    for megabytes of them.
    """
    first = text[at : at + 1]
    if first in {"{", "["}:
        return _end_behind(text, at + 1)
    scalar = _SCALAR.match(text, at) if first else None
    # Neither a bracket that stands in place of a value is one, nor a blank of another kind.
    return scalar and max(scalar.end(), at + (first not in {"}", "]"}))


def _end_behind(text: str, at: int) -> int | None:
    """Return the end of the list or object opened before: skip pieces, halve the last piece."""
    depth, is_string, size = 1, False, _SMALL
    while piece := _without_escapes(text[at : at + size]):
        parts = piece.split(b'"')
        brackets = b"".join(parts[is_string::2]).translate(_AS_LISTS, _NO_BRACKETS)
        for _ in range(4):  # Pairs of neighbours, and the pairs around them, need no counting.
            brackets = brackets.replace(b"[]", b"")
        depths = [*accumulate(map(_STEPS.__getitem__, brackets), initial=depth)]
        if 0 not in depths:
            at, depth, size = at + len(piece), depths[-1], min(2 * size, _LARGE)
            is_string ^= len(parts) % 2 == 0
        elif size > _SMALL:
            size //= 2
        else:
            return at + _size(piece, depth, is_string=is_string)
    return None


def _without_escapes(text: str) -> bytes:
    piece = text.encode("ascii", "replace").replace(rb"\\", b"  ").replace(rb"\"", b"  ")
    return piece.removesuffix(b"\\")


def _size(piece: bytes, depth: int, *, is_string: bool) -> int:
    """Return a piece's length up to the end inside it, with the last bracket."""
    for size, mark in enumerate(piece, 1):
        if mark == ord('"'):
            is_string = not is_string
        elif not is_string:
            depth += _STEPS.get(mark, 0)
            if depth == 0:
                return size
    raise AssertionError(piece)


Json = dict[str, object]

MAX_VALUE: Final = 8 * 2**20
_DAMAGED: Final = Message("{name} is truncated or damaged in line {line}, column {column}: {fault}")
_LONG_VALUE: Final = Message(
    "{name} has a value in line {line}, column {column}, that cannot be read: {fault}"
)
_NOT_JSON: Final = Message("not valid JSON")
_BETWEEN: Final = re.compile(r"[ \t\r\n,;]*")
_HEX_ESCAPE: Final = re.compile(r"(?<!\\)((?:\\\\)*)\\x([0-9A-Fa-f]{2})")
r"""A control character as Telegram Desktop writes it, which is no JSON: `\\x0c` means `\\u000c`."""
MAX_DEPTH: Final = 200
"""Levels of lists and objects in a value, and of elements in XML.

Each version of Python would stop at another level, and a walk through a value takes two of its
1,000 calls for a level.
"""
_raw_decode: Final = json.JSONDecoder().raw_decode
_decode_json: Final = msgspec.json.Decoder().decode


class ValueTooLongError(BrokenFileError):
    """A value is longer than `MAX_VALUE`, and its end was not found."""


def load(text: str | bytes) -> object:
    """Return the parsed text, or a Message for a bad text; NaN is read."""
    try:
        try:
            # What it reads is the same in a third of the time; it reads less.
            value = _decode_json(text)
        except (ValueError, RecursionError):
            value = json.loads(text)
        brackets = text.count("[") + text.count("{") if isinstance(text, str) else len(text)
        return _not_too_deep(value, brackets)
    except (RecursionError, ValueError) as error:
        if isinstance(text, str) and (written := _as_json(text)) != text:
            return load(written)
        return _fault(error)


def _decode(text: str, at: int = 0) -> tuple[object, int]:
    value, end = _raw_decode(text, at)
    return _not_too_deep(value, text.count("[", at, end) + text.count("{", at, end)), end


def _not_too_deep(value: object, brackets: int) -> object:
    level: list[object] = [value] if brackets > MAX_DEPTH else []
    depth = 0
    while level := [each for each in level if isinstance(each, dict | list)]:
        depth += 1
        if depth > MAX_DEPTH:
            raise RecursionError
        inner = (each.values() if isinstance(each, dict) else each for each in level)
        level = list(chain.from_iterable(inner))
    return value


class Window:
    """The part of a file's JSON being read; it moves on as values are taken."""

    def __init__(self, content: Content) -> None:
        self.text, self.at = "", 0
        self._dropped = self._dropped_lines = self._line_start = 0
        """Characters and line ends before this text, and where the last line begins."""
        self._pieces = pieces(content)
        self._name, self._words = content.name, content.notes.words
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
            # With the traceback it would keep this text, until garbage is collected.
            self._fault = copy(error)
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
                    raise copy(self._fault)
                return ""

    def value(self) -> object:
        value, end = self._decoded()
        # A number may have more digits, and what is bad an end.
        while end in {None, len(self.text)} and self.read_on():
            value, end = self._decoded_by_end()
        size = self._take(end)
        if self._words is not None and isinstance(value, dict | list):
            self._words.see(value)
        return value if size <= MAX_VALUE else _too_long()

    def raw(self) -> str:
        """Return the value's text here, which may be bad."""
        while (end := end_of(self.text, self.at)) in {None, len(self.text)} and self.read_on():
            pass
        start = self.at
        self._take(end)
        return self.text[start : self.at]

    def _decoded(self) -> tuple[object, int | None]:
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
            return _fault(error), end
        return value, self.at + size

    def _take(self, end: int | None) -> int:
        if end is None and len(self.text) - self.at > MAX_VALUE:
            raise self._fault_at(_LONG_VALUE, _too_long(), ValueTooLongError)
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

    def each_list(self, names: Collection[str], about: Json) -> Iterator[str]:
        """Yield the names of these lists of the object here, if it is one; take each list.

        `about` gets the values for its keys that are passed.
        """
        for key in self.each_key() if self.mark() == "{" else ():
            if key in names and self.mark() == "[":
                yield key
            elif key in about:
                about[key] = load(self.raw())
            else:
                self._drop(key)

    def _drop(self, key: str) -> None:
        raw = self.raw()
        if self._words is not None and raw[:1] in {"{", "["}:
            self._words.see(load(raw), key)

    def values(self, lists: Collection[str]) -> Iterator[object]:
        """Yield the text's values; for an object with a list of `lists`, that list's items."""
        while mark := self.mark():
            if mark == "[":
                yield from self.items()
            elif mark != "{":
                raise self.broken("there is something between the values")
            elif lists:
                document, size = yield from self._items_in(lists, "")
                if size > MAX_VALUE:
                    yield _too_long()
                elif document is not None:
                    if self._words is not None:
                        self._words.see(document)
                    yield document
            else:
                yield self.value()

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
                    if document and self._words is not None:  # What stands before the list.
                        self._words.see(document)
                    has_items, document = True, {}
                    yield item
            elif self.mark() == "{" and any(each.startswith(f"{name}.") for each in lists):
                value, inner_size = yield from self._items_in(lists, f"{name}.")
                has_items |= value is None
                size += inner_size
            else:
                # What stands beside a list may be as long as it likes: it is dropped.
                if has_items:
                    self._drop(key)
                    continue
                raw = self.raw()
                size += len(raw)
                value = load(raw) if size <= MAX_VALUE else None
            if not has_items and size <= MAX_VALUE:
                document[key] = value
        return (None, 0) if has_items else (document, size)

    def broken(self, fault: str) -> BrokenFileError:
        """Return the error with its place: the end, or the value without an end."""
        return self._fault_at(_DAMAGED, fault, BrokenFileError)

    def _fault_at(
        self, sentence: Message, fault: str, kind: type[BrokenFileError]
    ) -> BrokenFileError:
        if self._fault:
            return copy(self._fault)
        lines, start = self._line()
        return kind(
            sentence.template,
            name=self._name,
            line=lines + 1,
            column=self.used - start + 1,
            fault=fault if isinstance(fault, Message) else Message(fault),
        )


def _as_json(text: str) -> str:
    return _HEX_ESCAPE.sub(r"\1\\u00\2", text) if "\\x" in text else text


def _too_long() -> Message:
    return Message("longer than {size} MB", size=MAX_VALUE >> 20)


def _fault(error: Exception) -> Message:
    return TOO_DEEP if isinstance(error, RecursionError) else _NOT_JSON


NOT_AN_OBJECT: Final = Message("not a JSON object")
_OPEN: Final = re.compile(r"\[.*\s*|\{\s*(?:\"[^\"]*\"\s*:\s*\[\s*)?", re.DOTALL)
"""First line of an array, or of an object that continues in the next line."""
_FIRST_DOCUMENTS: Final = 100
_FIRST_CHARACTERS: Final = 2 * 2**20
"""Characters after which no further document is examined; one may be longer."""


def objects(
    content: Content,
    *,
    lists: Collection[str] = (),
    items_of: Callable[[Json], Iterable[object]] | None = None,
) -> Iterator[tuple[int, Json] | BadRecord]:
    """Yield the documents that are objects, the rest as bad records, numbered by line or
    document.

    Numbers begin at 1. An object with a key in `lists` stands for that list's items, unless each
    line is an object. With `items_of`, yield the objects that it finds in each page, numbered
    through the file. Raises BrokenFileError if the file is truncated or brackets do not match.
    """
    numbers = count(1)
    for place, page in _documents(content, lists):
        for value in items_of(page) if items_of and isinstance(page, dict) else [page]:
            at = next(numbers) if items_of else place
            yield (at, value) if isinstance(value, dict) else no_object(at, value)


def no_object(place: int, value: object) -> BadRecord:
    fault = value if isinstance(value, Message) else NOT_AN_OBJECT
    return BadRecord(place, fault, value)


def _documents(content: Content, lists: Collection[str]) -> Iterator[tuple[int, object]]:
    if unit_of(content) == "line":
        for number, text, fault in lines(content, MAX_VALUE):
            if fault or text.strip():
                value = fault or load(text)
                if content.notes.words is not None and isinstance(value, dict):
                    content.notes.words.see(value)
                for each in _joined_values(text) if value is _NOT_JSON else [value]:
                    yield number, each
    else:
        yield from enumerate(Window(content).values(lists), 1)


def _joined_values(line: str) -> list[object]:
    """Return the values of files that were put together without a line break, or the fault."""
    values, at = list[object](), 0
    try:
        while at < len(line):
            value, end = _decode(line, at)
            values.append(value)
            between = _BETWEEN.match(line, end)
            at = between.end() if between else end
    except (RecursionError, ValueError):
        return [_NOT_JSON]
    return values


def unit_of(content: Content) -> Literal["line", "record"]:
    """Return `line` for a file of several lines with a whole object among the first lines."""
    return "line" if _objects_on_lines(content) else "record"


def first_documents(content: Content, *, lists: Collection[str] = ()) -> list[Json]:
    """Return a file's first documents that are objects, with the items of `lists`."""
    if content.has_members:
        return []
    documents = _objects_on_lines(content)
    if not documents:
        window = Window(content.beginning)
        with suppress(BrokenFileError):
            for value in islice(window.values(lists), _FIRST_DOCUMENTS):
                documents += [each for each in as_list(value) or [value] if isinstance(each, dict)]
                if window.used > _FIRST_CHARACTERS:
                    break
    return documents


def too_long_at_first(content: Content) -> Message | None:
    """Return the fault of a file whose first value is whole, but too long to be read."""
    first: object = None
    try:
        first = next(Window(content.uncounted).values(()), None)
    except ValueTooLongError:
        return _too_long()
    except BrokenFileError:
        return None
    return first if isinstance(first, Message) and first == _too_long() else None


def check_closed(content: Content, *, is_json: bool = False) -> None:
    """Raise BrokenFileError if JSON is truncated or damaged among the first documents.

    A file counts as JSON by its beginning, or by its name (`is_json`).
    """
    window = Window(content.uncounted)
    if window.mark() in {"[", "{"} or is_json:
        for _ in islice(window.values(()), _FIRST_DOCUMENTS):
            if window.used > _FIRST_CHARACTERS:
                break


def _objects_on_lines(content: Content) -> list[Json]:
    head = first_lines(content)
    if len(head) < 2 or _OPEN.fullmatch(head[0].lstrip("\ufeff \t\r")):
        return []
    values = [(text, value) for text in head if isinstance(value := load(text), dict)]
    is_one_whole = any(text.startswith("{") for text, _ in values)
    return [value for _, value in values] if is_one_whole else []


def listed(document: Json, name: str) -> list[object]:
    return as_list(document.get(name))


def as_list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def as_object(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def values_at(value: object, path: str) -> Iterator[object]:
    """Return the values at a path such as `content/parts/*`, in which `*` means each item."""
    if "*" in path:
        return _values_of_each(value, path)
    for key in path.split("/") if path else ():
        if not isinstance(value, dict) or key not in value:
            return iter(())
        value = value[key]
    return iter((value,))


def _values_of_each(value: object, path: str) -> Iterator[object]:
    key, _, rest = path.partition("/")
    if key == "*":
        for item in value.values() if isinstance(value, dict) else as_list(value):
            yield from values_at(item, rest)
    elif isinstance(value, dict) and key in value:
        yield from values_at(value[key], rest)


def value_at(value: object, path: str) -> object:
    return next(values_at(value, path), None)


def has_value(value: object) -> bool:
    """Return whether a value is not null and not empty; in an object or a list, whether any is."""
    if isinstance(value, dict):
        return any(map(has_value, value.values()))
    return any(map(has_value, value)) if isinstance(value, list) else bool(value)


def as_word(value: object) -> str | None:
    """Return a stripped string; None for an empty string and any other value."""
    return (value.strip() or None) if isinstance(value, str) else None


def as_json(value: object) -> object:
    """Return a value, or the JSON object or list in a cell; a Message if that is bad."""
    return load(value) if isinstance(value, str) and value.startswith(("{", "[")) else value
