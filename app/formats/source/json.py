"""JSON documents of a file: one on each line, the items of an array, or one after the other."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from itertools import count, islice
from typing import Final, Literal

from app.errors import BrokenFileError, Message
from app.formats.records import BadRecord
from app.formats.source.file import Content
from app.formats.source.text import first_lines, lines
from app.formats.source.window import MAX_VALUE, Json, Window, load

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
    """Yield the documents that are objects, the others as bad records, numbered by line or
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
                yield number, fault or load(text)
    else:
        yield from enumerate(Window(content).values(lists), 1)


def unit_of(content: Content) -> Literal["line", "record"]:
    """Return `line` for a file of several lines with a whole object among the first ones."""
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
                if isinstance(value, dict):
                    documents.append(value)
                    if window.used > _FIRST_CHARACTERS:
                        break
    return documents


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
    value = document.get(name)
    return value if isinstance(value, list) else []


def as_object(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def as_word(value: object) -> str | None:
    """Return a stripped string; None for an empty one and any other value."""
    return (value.strip() or None) if isinstance(value, str) else None


def as_json(value: object) -> object:
    """Return a value, or the JSON object or list in a cell; a Message if that is bad."""
    return load(value) if isinstance(value, str) and value.startswith(("{", "[")) else value
