"""JSON documents of a file: one on each line, the items of an array, or one after the other.

The json module reads each value at its place, so that a bad one spoils no other. An array of 30,000
posts of X takes 0.3 s; ijson with its C library needs 0.5 s, and ends at the first bad value.
"""

import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from itertools import count, islice
from typing import Final, Literal

from app.errors import BrokenFileError, Message
from app.formats.records import BadRecord
from app.formats.source.file import Content
from app.formats.source.text import first_lines, lines, pieces

Json = dict[str, object]

MAX_VALUE: Final = 8 * 2**20
"""Characters of one document."""
NOT_AN_OBJECT: Final = Message("not a JSON object")
_FIRST_DOCUMENTS: Final = 100
_BETWEEN: Final = re.compile(r"[ \t\r\n,;]*")
_TOKEN: Final = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|["{}\[\],]', re.DOTALL)
"""A whole string, the quote before one that does not end, or a mark between values."""
_decode: Final = json.JSONDecoder().raw_decode


def objects(
    content: Content,
    *,
    lists: Collection[str] = (),
    items_of: Callable[[Json], Iterable[object]] | None = None,
) -> Iterator[tuple[int, Json] | BadRecord]:
    """Yield the documents that are objects, the others as bad records.

    Each has the number of its line or of itself, from 1. An object with one of `lists` among its
    keys stands for the items of that list, unless each line is an object. Of pages, yield the
    objects that `items_of` finds in them, numbered through the file. Raises BrokenFileError where
    the file breaks off or brackets do not match.
    """
    numbers = count(1)
    for place, page in _documents(content, lists):
        for value in items_of(page) if items_of and isinstance(page, dict) else [page]:
            at = next(numbers) if items_of else place
            if isinstance(value, dict):
                yield at, value
            else:
                yield BadRecord(at, value if isinstance(value, Message) else NOT_AN_OBJECT)


def _documents(content: Content, lists: Collection[str]) -> Iterator[tuple[int, object]]:
    if unit_of(content) == "line":
        for number, text, fault in lines(content, MAX_VALUE):
            if fault or text.strip():
                yield number, fault or load(text)
    else:
        yield from enumerate(Window(content).values(lists), 1)


def unit_of(content: Content) -> Literal["line", "record"]:
    """Return `line` for a file of several lines of which one of the first is a whole object."""
    return "line" if _objects_on_lines(content) else "record"


def first_documents(content: Content, *, lists: Collection[str] = ()) -> list[Json]:
    """Return the first documents of a file that are objects, the items of `lists` among them."""
    if content.has_members:
        return []
    found = _objects_on_lines(content)
    if not found:
        with suppress(BrokenFileError):
            for value in islice(Window(content.uncounted).values(lists), _FIRST_DOCUMENTS):
                found += [value] if isinstance(value, dict) else []
    return found


def _objects_on_lines(content: Content) -> list[Json]:
    found = first_lines(content)
    if len(found) < 2 or found[0].lstrip("\ufeff \t\r").startswith("["):
        return []
    values = [(text, value) for text in found if isinstance(value := load(text), dict)]
    is_one_whole = any(text.startswith("{") for text, _ in values)
    return [value for _, value in values] if is_one_whole else []


def load(text: str | bytes) -> object:
    """Return the parsed text, or a Message why that is not possible; NaN is read."""
    try:
        return json.loads(text)
    except (RecursionError, ValueError) as error:
        return _fault(error)


def listed(document: Json, name: str) -> list[object]:
    """Return the list under that name, empty if there is none."""
    found = document.get(name)
    return found if isinstance(found, list) else []


def as_object(value: object) -> Json:
    """Return the value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def as_word(value: object) -> str | None:
    """Return a string without white space around it; None for an empty one and anything else."""
    return (value.strip() or None) if isinstance(value, str) else None


def as_json(value: object) -> object:
    """Return a value, or the object or list that a cell holds as JSON, a Message if it is bad."""
    return load(value) if isinstance(value, str) and value.startswith(("{", "[")) else value


class Window:
    """The part of a file's JSON that is being read; it is read on as values are taken."""

    def __init__(self, content: Content) -> None:
        self.text, self.at = "", 0
        self._pieces = pieces(content)
        self._name = content.name
        self._fault: BrokenFileError | None = None
        """Why no more can be read; what was read before is still used."""

    def read_on(self) -> bool:
        """Drop what was used, and read as much again as is left; return whether there was any."""
        left, more = self.text[self.at :], ""
        if len(left) > MAX_VALUE:
            return False
        try:
            while len(more) <= len(left) and (piece := next(self._pieces, None)) is not None:
                more += piece
        except BrokenFileError as error:
            self._fault = error
        if more:
            self.text, self.at = left + more, 0
        return bool(more)

    def mark(self) -> str:
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

    def value(self) -> object:
        """Return the value here, or a Message for a bad one."""
        end: int | None
        while True:
            try:
                value, end = _decode(self.text, self.at)
            except (RecursionError, ValueError) as error:
                value, end = _fault(error), _end_of(self.text, self.at)
            if end in {None, len(self.text)} and self.read_on():
                continue  # A number may have more digits, and what is bad an end.
            if end is None:
                raise self.broken("a value is not closed, or too long")
            size, self.at = end - self.at, end
            if size > MAX_VALUE:
                return Message("longer than {size} MB", size=MAX_VALUE >> 20)
            return value

    def items(self) -> Iterator[object]:
        """Yield the values of the list whose bracket is here."""
        for _ in self.each_item():
            yield self.value()

    def each_item(self) -> Iterator[str]:
        """Yield how each item of the list here begins; the item is to be taken at once."""
        self.at += 1
        while (mark := self.mark()) != "]":
            if mark in {"", "}"}:
                raise self.broken("the brackets do not match" if mark else "a value is not closed")
            yield mark
        self.at += 1

    def each_key(self) -> Iterator[str]:
        """Yield the keys of the object whose bracket is here; each value is to be taken at once."""
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
        """Yield the values of the text; of an object with one of `lists`, the items of that."""
        while mark := self.mark():
            if mark == "[":
                yield from self.items()
            elif mark != "{":
                raise self.broken("something stands between the values")
            elif lists:
                yield from self._listed(lists)
            else:
                yield self.value()

    def _listed(self, lists: Collection[str]) -> Iterator[object]:
        found: Json = {}
        is_empty = True
        for key in self.each_key():
            if key in lists and self.mark() == "[":
                found[key] = []
                for item in self.items():
                    is_empty = False
                    yield item
            else:
                found[key] = self.value()
        if is_empty:
            yield found

    def broken(self, fault: str) -> BrokenFileError:
        return self._fault or BrokenFileError(
            "{name} breaks off or is damaged: {fault}", name=self._name, fault=Message(fault)
        )


def _fault(error: Exception) -> Message:
    is_deep = isinstance(error, RecursionError)
    return Message("nested too deeply") if is_deep else Message("not valid JSON")


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
