"""What `mongoexport` writes: Extended JSON, a document a line, in an array or pretty-printed."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from app.formats.columns import Columns
from app.formats.extended_json import has_mark, unwrapped
from app.formats.formats import Format
from app.formats.records import Archive, BadRecord, Item, Record
from app.formats.source.file import Source
from app.formats.source.json import (
    Json,
    documents,
    first_documents,
    is_array,
    is_empty_array,
    is_lines,
)
from app.formats.x.statuses import is_v1, is_v2, to_item

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
    """Return the posts of many authors; those of protected accounts of X only on request."""
    items = _items(source, include_restricted=include_restricted)
    return Archive(FORMAT.name, "line" if is_lines(source) else "record", None, items)


def _items(source: Source, *, include_restricted: bool) -> Iterator[Item]:
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
        item = known[keys].read(row, document.place)
        yield _as_status(item, document.value, include_restricted=include_restricted)


def _as_status(item: Item, document: Json, *, include_restricted: bool) -> Item:
    """Return what the API of X said, where that is what was stored; entities stay as they stand."""
    if not (is_v1(document) or is_v2(document)):
        return item
    plain = {key: unwrapped(value) for key, value in document.items()}
    status = to_item(
        plain,
        item.place,
        users={},
        include_restricted=include_restricted,
        is_escaped=False,
    )
    if isinstance(status, Record) and isinstance(item, Record):
        return replace(
            status,
            username=status.username or item.username,
            source_id=status.source_id or item.source_id,
        )
    return status


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
