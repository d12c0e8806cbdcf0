"""What `mongoexport` writes: Extended JSON, a document a line, in an array or pretty-printed."""

from collections.abc import Iterator
from dataclasses import replace
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
from app.importing.records import Archive, BadRecord, Item, Record
from app.importing.source import Source

# The fields of this program's own export beside `_id`; all of them stand in each document.
_OWN_FIELDS: Final = frozenset(
    ("username", "platform", "text", "kind", "created_at", "lang", "source_id", "url")
)
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
        yield _as_exported(known[keys].read(row, document.place), row)


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


def _as_exported(item: Item, row: Json) -> Item:
    """Return a record of this program's own export with its id and address as they were stored."""
    if not isinstance(item, Record) or row.keys() != _OWN_FIELDS:
        return item
    source_id, url = row["source_id"], row["url"]
    if not isinstance(source_id, str | None) or not isinstance(url, str | None):
        return item
    return replace(item, source_id=source_id, url=url)


FORMAT: Final = Format("mongo", recognises, parse)
