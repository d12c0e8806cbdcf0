"""JSON documents of a file: one on each line, the items of an array, or one after the other."""

import json
import re
from collections.abc import Callable, Collection, Generator, Iterable, Iterator
from contextlib import closing, suppress
from itertools import count
from typing import Final, NamedTuple

import msgspec

from app.errors import BrokenFileError, Message
from app.formats.records import BadRecord
from app.formats.source.file import Content, head
from app.formats.source.text import encoding_of, first_lines, lines, pieces
from app.formats.source.window import MAX_VALUE, Window

Json = dict[str, object]

NOT_AN_OBJECT: Final = Message("not a JSON object")
_FIRST_DOCUMENTS: Final = 100
_MOST_DIGITS: Final = 15
_BROKEN_BYTE: Final = re.compile(r"[\udc80-\udcff]")


class Document(NamedTuple):
    """A document: the number of its line or of itself, from 1, its value, and the fault in it.

    Bytes that are not valid in the file's encoding are half surrogates in the value.
    """

    place: int
    value: object
    fault: Message | None = None


def documents(
    content: Content, *, lists: Collection[str] = (), peeks: bool = False
) -> Generator[Document, None, None]:
    """Yield the documents of a file, one at a time.

    An object with one of `lists` among its keys stands for the items of that list, unless each
    line is an object. Raises BrokenFileError where the file breaks off or brackets do not match.
    """
    if is_lines(content):
        for number, text, fault in lines(content, MAX_VALUE, peeks=peeks):
            if fault or text.strip():
                is_cut = len(text) > MAX_VALUE and not text.endswith("\n")
                value, bad = (None, fault) if is_cut else load(text)
                yield Document(number, value, fault or bad)
        return
    window = Window(pieces(content, encoding_of(content), peeks=peeks), name=content.name)
    for number, (value, fault) in enumerate(window.values(lists), 1):
        yield Document(number, value, fault)


def objects(
    content: Content, *, lists: Collection[str] = ()
) -> Iterator[tuple[int, Json] | BadRecord]:
    """Yield the documents that are objects with their places, the others as bad records."""
    for place, value, fault in documents(content, lists=lists):
        if fault or not isinstance(value, dict):
            yield BadRecord(place, fault or NOT_AN_OBJECT)
        else:
            yield place, value


def page_objects(
    content: Content, items_of: Callable[[Json], Iterable[object]], *, lists: Collection[str]
) -> Iterator[tuple[int, Json] | BadRecord]:
    """Yield the objects that `items_of` finds in each document, numbered through the file.

    A byte that is not valid spoils only the object that holds it.
    """
    places = count(1)
    for document in documents(content, lists=lists):
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


def is_lines(content: Content) -> bool:
    """Return whether a file has several lines and one of the first is a whole object."""
    found = first_lines(content, MAX_VALUE)
    return len(found) > 1 and any(
        line.text.startswith("{") and isinstance(load(line.text)[0], dict)
        for line in ([] if found[0].text.lstrip("\ufeff \t\r").startswith("[") else found)
    )


def first_documents(content: Content, *, lists: Collection[str] = ()) -> list[Json]:
    """Return the first documents of a file that are objects, the items of `lists` among them."""
    if content.has_members:
        return []
    found: list[object] = []
    with suppress(BrokenFileError), closing(documents(content, lists=lists, peeks=True)) as read:
        for document in read:
            found.append(document.value)
            if len(found) == _FIRST_DOCUMENTS:
                break
    return [value for value in found if isinstance(value, dict)]


def is_empty_array(content: Content) -> bool:
    """Return whether a file holds an array without items."""
    return load(head(content, 100)) == ([], None)


def first_mark(content: Content) -> str:
    """Return the first character of a file that is no white space."""
    with suppress(BrokenFileError):
        for piece in pieces(content, encoding_of(content), peeks=True):
            if start := piece.lstrip():
                return start[0]
    return ""


def load(text: str | bytes) -> tuple[object, Message | None]:
    """Return the parsed text, or None if that is not possible, and why; NaN is read."""
    try:
        return json.loads(text), None
    except RecursionError:
        return None, Message("nested too deeply")
    except ValueError:
        return None, Message("not valid JSON")


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


def _has_broken_text(value: object) -> bool:
    return _BROKEN_BYTE.search(json.dumps(value, ensure_ascii=False)) is not None
