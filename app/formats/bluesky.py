"""Bluesky: what `getAuthorFeed` and `listRecords` answer, one page or many."""

from collections.abc import Iterator
from itertools import count
from typing import Final

from app.formats.bluesky_posts import Entry, read_entry, to_item
from app.formats.formats import Format
from app.formats.records import Account, Archive, BadRecord, Item
from app.formats.source.file import Source
from app.formats.source.json import (
    Json,
    documents,
    first_documents,
    has_broken_text,
    listed,
)

_LISTS: Final = ("feed", "records", "posts")


def recognises(source: Source) -> bool:
    """Return whether there are posts of Bluesky, pages of them, or an empty page."""
    values = first_documents(source, lists=_LISTS)
    return any(map(read_entry, _entries(values))) or any(map(_is_empty_page, values))


def parse(source: Source, *, include_restricted: bool) -> Archive:
    """Return the posts of an account; where the first ones are of several, of many authors."""
    entries = _entries(first_documents(source, lists=_LISTS))
    accounts = {entry.did: entry for entry in map(read_entry, entries) if entry and entry.did}
    owner = next(iter(accounts.values())) if len(accounts) == 1 else None
    account = None
    if owner is not None or (entries and not accounts):
        account = Account(
            owner.username if owner else None, owner.display_name if owner else None, "bluesky"
        )
    return Archive(FORMAT.name, "record", account, _items(source, owner.did if owner else None))


def _items(source: Source, did: str | None) -> Iterator[Item]:
    places = count(1)
    for document in documents(source, lists=_LISTS):
        value, fault = document.value, document.fault
        if not isinstance(value, dict):
            yield BadRecord(next(places), fault or "not a JSON object")
            continue
        for entry in _entries([value]):
            place = next(places)
            if fault and has_broken_text(entry):
                yield BadRecord(place, fault)
            elif item := _item(read_entry(entry), place, did):
                yield item


def _item(entry: Entry | None, place: int, did: str | None) -> Item | None:
    if entry is None:
        return BadRecord(place, "not a post")
    if did is not None and entry.did not in {None, did}:
        return BadRecord(place, f"by {entry.username}, while the file begins with another author")
    return to_item(entry, place)


def _entries(values: list[Json]) -> list[object]:
    """Return the posts that documents hold, each perhaps a page."""
    found: list[object] = []
    for value in values:
        names = [name for name in _LISTS if isinstance(value.get(name), list)]
        found += [entry for name in names for entry in listed(value, name)] if names else [value]
    return found


def _is_empty_page(value: Json) -> bool:
    return any(value.get(name) == [] and value.keys() <= {name, "cursor"} for name in _LISTS)


FORMAT: Final = Format("bluesky", recognises, parse)
