"""JSON documents of a file: one on each line, the items of an array, or one after the other."""

import contextlib
import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import count
from typing import Final, NamedTuple

import msgspec

from app.errors import Message, message_of
from app.formats.records import BadRecord, BrokenFileError
from app.formats.source.content import Content
from app.formats.source.file import Source
from app.formats.source.json_split import MAX_VALUE_BYTES, RawValue, SplitError, Splitter
from app.formats.source.lines import HEAD_BYTES, open_utf8, raw_lines, utf8_head
from app.formats.source.reading import BUFFER_BYTES, read_some

Json = dict[str, object]

_MOST_DIGITS: Final = 15
NOT_AN_OBJECT: Final = Message("not a JSON object")
_CHECKED_LINES: Final = 100
_SHAPE_BYTES: Final = 256 * 1024
_MAX_HEAD_DEPTH: Final = 500
_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|["{}\[\],]', re.DOTALL)
_BROKEN_BYTE = re.compile(r"[\udc80-\udcff]")


class LinesSource(Source):
    """A part of a file of which it is known that each line is a document."""


class Document(NamedTuple):
    """A document: the number of its line or of itself, from 1, its value, and the fault in it.

    Bytes that are not valid UTF-8 are half surrogates in the value.
    """

    place: int
    value: object
    fault: Message | None = None


def documents(source: Content, *, lists: Collection[str] = ()) -> Iterator[Document]:
    """Yield the documents of a file, in UTF-8 or UTF-16, one at a time.

    An object with one of `lists` among its keys stands for the items of that list, unless each
    line is an object. Raises BrokenFileError where the file breaks off or brackets do not match.
    """
    if is_lines(source):
        with open_utf8(source) as stream:
            for number, raw, is_too_long in raw_lines(stream, MAX_VALUE_BYTES):
                if is_too_long or raw.strip():
                    yield Document(number, *load_value(RawValue(raw, is_too_long)))
        return
    for number, value in enumerate(_values(source, lists), 1):
        yield Document(number, *load_value(value))


def objects(
    source: Content, *, lists: Collection[str] = ()
) -> Iterator[tuple[int, Json] | BadRecord]:
    """Yield the documents that are objects with their places, the others as bad records."""
    for place, value, fault in documents(source, lists=lists):
        if fault or not isinstance(value, dict):
            yield BadRecord(place, fault or NOT_AN_OBJECT)
        else:
            yield place, value


def page_objects(
    source: Content, items_of: Callable[[Json], Iterable[object]], *, lists: Collection[str]
) -> Iterator[tuple[int, Json] | BadRecord]:
    """Yield the objects that `items_of` finds in each document, numbered through the file.

    A byte that is not valid UTF-8 spoils only the object that holds it.
    """
    places = count(1)
    for document in documents(source, lists=lists):
        if not isinstance(document.value, dict):
            yield BadRecord(next(places), document.fault or NOT_AN_OBJECT)
            continue
        for item in items_of(document.value):
            place = next(places)
            if not isinstance(item, dict):
                yield BadRecord(place, NOT_AN_OBJECT)
            elif document.fault and _has_broken_text(item):
                yield BadRecord(place, document.fault)
            else:
                yield place, item


def is_lines(source: Content) -> bool:
    """Return whether a file has several lines and one of the first is a whole object."""
    return isinstance(source, LinesSource) or _are_documents(_head_lines(source))


def first_documents(source: Content, *, lists: Collection[str] = ()) -> list[Json]:
    """Return the first documents of a file that are objects, the items of `lists` among them.

    If none is whole, the first one is cut short; an object with one of `lists` goes before it.
    """
    if source.has_members:
        return []
    lines = _head_lines(source)
    if _are_documents(lines):
        return _objects(load(line)[0] for line in lines)
    head = utf8_head(source)[:_SHAPE_BYTES]
    found: list[bytes] = []
    with contextlib.suppress(SplitError):
        found.extend(value.raw for value in Splitter(lists).feed(head))
    if whole := _objects(load(raw)[0] for raw in found):
        return whole
    first, _ = load(_closed(head))
    items: list[object] = first if isinstance(first, list) else [first]
    if isinstance(first, dict):
        items += (item for name in lists for item in listed(first, name))
    return _objects(items)


def is_array(source: Content) -> bool:
    """Return whether a file holds one array."""
    return not source.has_members and utf8_head(source).lstrip().startswith(b"[")


def is_empty_array(source: Content) -> bool:
    """Return whether a file holds an array without items."""
    return load(utf8_head(source)) == ([], None)


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


def load_value(value: RawValue) -> tuple[object, Message | None]:
    """Return the parsed value, or None if that is not possible, and the fault in it."""
    if value.is_too_long:
        return None, Message("longer than {size} MB", size=MAX_VALUE_BYTES >> 20)
    return load(value.raw)


def load(raw: bytes) -> tuple[object, Message | None]:
    """Return the parsed bytes, or None if that is not possible, and the fault in them."""
    try:
        return load_text(raw.decode())
    except UnicodeDecodeError:
        fault = Message("not valid {encoding}", encoding="UTF-8")
        return load_text(raw.decode(errors="surrogateescape"))[0], fault


def load_text(text: str) -> tuple[object, Message | None]:
    """Return the parsed text, or None if that is not possible, and why; NaN is read."""
    try:
        return json.loads(text), None
    except RecursionError:
        return None, Message("nested too deeply")
    except ValueError:
        return None, Message("not valid JSON")


def _has_broken_text(value: object) -> bool:
    return _BROKEN_BYTE.search(json.dumps(value, ensure_ascii=False)) is not None


def _values(source: Content, lists: Collection[str]) -> Iterator[RawValue]:
    splitter, done = Splitter(lists), 0
    with open_utf8(source) as stream:
        try:
            while chunk := read_some(stream, BUFFER_BYTES):
                for value in splitter.feed(chunk):
                    yield value
                    done += 1
            splitter.end()
        except SplitError as error:
            raise BrokenFileError(
                "{name} breaks off or is damaged after {count} records: {fault}",
                name=source.name,
                count=f"{done:,}",
                fault=message_of(error),
            ) from error


def _head_lines(source: Content) -> list[bytes]:
    """Return the first complete lines that are not blank; none of a file that holds an array."""
    head = utf8_head(source)
    if head.lstrip().startswith(b"["):
        return []
    lines = head.split(b"\n", _CHECKED_LINES)
    if len(head) >= HEAD_BYTES or len(lines) > _CHECKED_LINES:
        lines.pop()
    return [line for line in lines if line.strip()]


def _objects(values: Iterable[object]) -> list[Json]:
    return [value for value in values if isinstance(value, dict)]


def _are_documents(lines: list[bytes]) -> bool:
    """Return whether each line holds a document, unlike the lines of a pretty-printed file."""
    return len(lines) > 1 and any(
        line.startswith(b"{") and isinstance(load(line)[0], dict) for line in lines
    )


def _closed(head: bytes) -> bytes:
    """Return the first value of a file's beginning, cut and closed where it continues beyond."""
    closing, cut = b"", (0, b"")
    for token in _TOKEN.finditer(head):
        mark, at = token[0], token.end()
        if mark in {b"{", b"["}:
            closing = (b"}" if mark == b"{" else b"]") + closing
            cut = at, closing
        elif mark in {b"}", b"]"}:
            closing = closing[1:]
            cut = at, closing
        elif mark == b",":
            cut = at - 1, closing
        if mark == b'"' or len(closing) > _MAX_HEAD_DEPTH or not closing:
            break
    return head[: cut[0]] + cut[1]


def as_json(value: object) -> object:
    """Return a value, or the object or list that a cell holds as JSON; None for broken JSON."""
    if not isinstance(value, str) or not value.startswith(("{", "[")):
        return value
    try:
        return msgspec.json.decode(value)
    except (ValueError, RecursionError):
        return None


def as_count(value: object) -> int | None:
    """Return a whole number from 0, which archives write as a string; else None."""
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    is_count = text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS
    return int(text) if is_count else None
