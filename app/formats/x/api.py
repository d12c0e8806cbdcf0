"""What the API of X (Twitter) answers, versions 1.1 and 2: posts and pages of them.

The shapes are those that twarc and twarc2 save: a post or a page a line, flattened or not.
"""

from collections.abc import Iterator, Mapping
from itertools import count
from typing import Final

from app.formats.extended_json import has_mark
from app.formats.formats import Format
from app.formats.records import Archive, BadRecord, Item
from app.formats.source.file import Source
from app.formats.source.json import (
    Json,
    documents,
    first_documents,
    has_broken_text,
    listed,
)
from app.formats.x.statuses import is_v1, is_v2, to_item

_SEARCH: Final = "statuses"
# What streams tell between the posts.
_NOTICES: Final = frozenset(
    {
        "delete",
        "disconnect",
        "friends",
        "friends_str",
        "limit",
        "scrub_geo",
        "status_withheld",
        "user_withheld",
        "warning",
    }
)


def recognises(source: Source) -> bool:
    """Return whether there are posts of the API or pages of them; those in MongoDB are not."""
    found = first_documents(source, lists=(_SEARCH,))
    if any(map(has_mark, found)):
        return False
    return any(is_v1(item) or is_v2(item) or _is_page(item) for item in found)


def parse(source: Source, *, include_restricted: bool) -> Archive:
    """Return the posts of many authors; those of protected accounts only on request."""
    items = _items(source, include_restricted=include_restricted)
    return Archive(FORMAT.name, "record", None, items)


def _items(source: Source, *, include_restricted: bool) -> Iterator[Item]:
    places = count(1)
    for document in documents(source, lists=(_SEARCH,)):
        value, fault = document.value, document.fault
        if not isinstance(value, dict):
            yield BadRecord(next(places), fault or "not a JSON object")
            continue
        users = _users(value)
        for status in _statuses(value):
            place = next(places)
            if not isinstance(status, dict):
                yield BadRecord(place, "not a JSON object")
            elif fault and has_broken_text(status):
                yield BadRecord(place, fault)
            else:
                yield to_item(status, place, users=users, include_restricted=include_restricted)


def _is_page(value: Json) -> bool:
    """Return whether this is a page of version 2, perhaps an empty one, or a search of 1.1."""
    if isinstance(value.get(_SEARCH), list):
        return not value[_SEARCH] or any(isinstance(item, dict) for item in listed(value, _SEARCH))
    data = value.get("data")
    if data is None or data == []:
        meta = value.get("meta")
        return isinstance(meta, dict) and "result_count" in meta
    items = data if isinstance(data, list) else [data]
    return any(isinstance(item, dict) and {"id", "text"} <= item.keys() for item in items)


def _statuses(value: Json) -> list[object]:
    """Return the posts that a document holds; those that only explain others are not among them."""
    if is_v1(value) or is_v2(value):
        return [value]
    for name in (_SEARCH, "data"):
        if name in value:
            found = value[name]
            return found if isinstance(found, list) else [found]
    is_empty = {"errors", "meta"} & value.keys() or (value.keys() <= _NOTICES and value)
    return [] if is_empty else [value]


def _users(page: Json) -> Mapping[str, Json]:
    includes = page.get("includes")
    users = listed(includes, "users") if isinstance(includes, dict) else []
    return {str(user.get("id")): user for user in users if isinstance(user, dict)}


FORMAT: Final = Format("x-api", recognises, parse)
