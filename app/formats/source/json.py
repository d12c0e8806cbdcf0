"""JSON documents of a file: one a line, the items of an array, or one after the other."""

import contextlib
import json
import re
from collections.abc import Collection, Iterable, Iterator
from typing import Final, NamedTuple

from app.formats.records import BrokenFileError
from app.formats.source.content import Content
from app.formats.source.json_split import MAX_VALUE_BYTES, RawValue, Splitter
from app.formats.source.lines import HEAD_BYTES, open_utf8, utf8_head
from app.formats.source.raw_lines import raw_lines
from app.formats.source.reading import BUFFER_BYTES, read_some

Json = dict[str, object]

_CHECKED_LINES: Final = 100
_SHAPE_BYTES: Final = 256 * 1024
_MAX_HEAD_DEPTH: Final = 500
_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|["{}\[\],]', re.DOTALL)
_BROKEN_BYTE = re.compile(r"[\udc80-\udcff]")
TOO_LONG: Final = f"longer than {MAX_VALUE_BYTES >> 20} MB"


class Document(NamedTuple):
    """A document: the number of its line or of itself, from 1, and what is wrong with it.

    In one that is not valid UTF-8 the bytes that are not are half surrogates.
    """

    place: int
    value: object
    fault: str = ""


def documents(source: Content, *, lists: Collection[str] = ()) -> Iterator[Document]:
    """Yield the documents of a file, in UTF-8 or UTF-16, one at a time.

    An object with one of `lists` among its keys stands for the items of that list, unless there
    is one a line. Raises BrokenFileError where the file breaks off or its brackets do not match.
    """
    if is_lines(source):
        with open_utf8(source) as stream:
            for number, raw, is_too_long in raw_lines(stream, MAX_VALUE_BYTES):
                if is_too_long or raw.strip():
                    yield _document(number, RawValue(raw, is_too_long))
        return
    done = 0
    for done, value in enumerate(_values(source, lists), 1):
        yield _document(done, value)


def is_lines(source: Content) -> bool:
    """Return whether a file has several lines and one of the first is a whole object."""
    return _are_documents(_head_lines(source))


def first_documents(source: Content, *, lists: Collection[str] = ()) -> list[Json]:
    """Return the first documents of a file that are objects, the items of `lists` among them.

    If none is whole, the first one is cut short; an object with one of `lists` goes before it.
    """
    if source.has_members:
        return []
    lines = _head_lines(source)
    if _are_documents(lines):
        return _objects(map(load, lines))
    head = utf8_head(source)[:_SHAPE_BYTES]
    found: list[bytes] = []
    with contextlib.suppress(ValueError):
        found.extend(value.raw for value in Splitter(lists).feed(head))
    objects = _objects(map(load, found))
    if objects:
        return objects
    first, _ = load(_closed(head))
    items: list[object] = first if isinstance(first, list) else [first]
    if isinstance(first, dict):
        items += (item for name in lists for item in listed(first, name))
    return _objects((item, "") for item in items)


def is_array(source: Content) -> bool:
    """Return whether a file holds one array."""
    return not source.has_members and utf8_head(source).lstrip().startswith(b"[")


def is_empty_array(source: Content) -> bool:
    """Return whether a file holds an array without items."""
    return load(utf8_head(source)) == ([], "")


def listed(document: Json, name: str) -> list[object]:
    """Return the list under that name, empty if there is none."""
    found = document.get(name)
    return found if isinstance(found, list) else []


def load(raw: bytes) -> tuple[object, str]:
    """Return the parsed bytes, or None, and what is wrong with them."""
    fault = ""
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        text, fault = raw.decode(errors="surrogateescape"), "not valid UTF-8"
    try:
        return json.loads(text), fault
    except RecursionError:
        return None, "nested too deeply"
    except ValueError:
        return None, fault or "not valid JSON"


def has_broken_text(value: object) -> bool:
    """Return whether it is in this part of a document that bytes are not valid UTF-8."""
    return _BROKEN_BYTE.search(json.dumps(value, ensure_ascii=False)) is not None


def _document(place: int, value: RawValue) -> Document:
    if value.is_too_long:
        return Document(place, None, TOO_LONG)
    return Document(place, *load(value.raw))


def _values(source: Content, lists: Collection[str]) -> Iterator[RawValue]:
    splitter, done = Splitter(lists), 0
    with open_utf8(source) as stream:
        try:
            while chunk := read_some(stream, BUFFER_BYTES):
                for value in splitter.feed(chunk):
                    yield value
                    done += 1
            splitter.end()
        except ValueError as error:
            detail = f"{source.name} breaks off or is damaged after {done:,} records: {error}"
            raise BrokenFileError(detail) from error


def _head_lines(source: Content) -> list[bytes]:
    """Return the first complete lines that are not blank; none of a file that holds an array."""
    head = utf8_head(source)
    if head.lstrip().startswith(b"["):
        return []
    lines = head.split(b"\n", _CHECKED_LINES)
    if len(head) >= HEAD_BYTES or len(lines) > _CHECKED_LINES:
        lines.pop()
    return [line for line in lines if line.strip()]


def _objects(loaded: Iterable[tuple[object, str]]) -> list[Json]:
    return [value for value, _ in loaded if isinstance(value, dict)]


def _are_documents(lines: list[bytes]) -> bool:
    """Return whether lines hold a document each, which those of a pretty-printed file do not."""
    return len(lines) > 1 and any(
        line.startswith(b"{") and isinstance(load(line)[0], dict) for line in lines
    )


def _closed(head: bytes) -> bytes:
    """Return the first value of a file's beginning, cut and closed where it goes on beyond."""
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
