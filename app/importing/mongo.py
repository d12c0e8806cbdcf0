"""What `mongoexport` writes: Extended JSON, a document a line, in an array or pretty-printed."""

from collections.abc import Iterator
from typing import Final

from app.importing.columns import Columns
from app.importing.extended_json import has_mark, unwrapped
from app.importing.formats import Format
from app.importing.json_documents import (
    Json,
    documents,
    first_documents,
    is_array,
    is_empty_array,
    is_lines,
)
from app.importing.records import Archive, BadRecord, Item
from app.importing.source import Source

_AUTHORS: Final = ("user", "author")
_KNOWN_KEYS: Final = 32


def recognises(source: Source) -> bool:
    """Return whether there are documents with a text that MongoDB has written.

    An array needs no mark of MongoDB: no other format reads one of plain objects.
    """
    if is_array(source) and is_empty_array(source):
        return True
    found = first_documents(source)
    marked = is_array(source) or any(map(has_mark, found))
    return marked and any(Columns.find(_row(document)).has_text for document in found)


def parse(source: Source, *, include_restricted: bool) -> Archive:
    """Return the posts of many authors; nothing in the format is restricted."""
    return Archive(FORMAT.name, "line" if is_lines(source) else "record", None, _items(source))


def _items(source: Source) -> Iterator[Item]:
    known: dict[tuple[str, ...], Columns] = {}
    for document in documents(source):
        if document.fault or not isinstance(document.value, dict):
            yield BadRecord(document.place, document.fault or "not a JSON object")
            continue
        row = _row(document.value)
        keys = tuple(row)
        if keys not in known:
            if len(known) >= _KNOWN_KEYS:
                known.clear()
            known[keys] = Columns.find(keys)
        yield known[keys].read(row, document.place)


def _row(document: Json) -> Json:
    """Return the fields without wrappers, those of an author as `user.name`.

    A document that has a `source_id`, though it may be null, is not known by its `_id`.
    """
    row: Json = {}
    for key, value in document.items():
        plain = unwrapped(value)
        if key in _AUTHORS and isinstance(plain, dict):
            row |= {f"{key}.{name}": inner for name, inner in plain.items()}
        elif key != "_id" or "source_id" not in document:
            row[key] = plain
    return row


FORMAT: Final = Format("mongo", recognises, parse)
