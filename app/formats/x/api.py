"""Answers of the API of X (Twitter), versions 1.1 and 2: posts and pages of them.

The shapes are those that twarc and twarc2 save: a post or a page on each line, flattened or not.
"""

from functools import partial
from typing import Final

from app.formats.mongo import has_mark
from app.formats.records import Archive, Format, ReadOptions, read_each
from app.formats.source.file import Source
from app.formats.source.json import Json, as_object, first_documents, listed, objects
from app.formats.x.posts import api_item, is_v1, is_v2

_SEARCH: Final = "statuses"
_USERS: Final = ("author", "in_reply_to_user")
# Messages of streams between the posts.
_NOTICES: Final = frozenset(
    (
        *("delete", "disconnect", "friends", "friends_str", "limit", "scrub_geo"),
        *("status_withheld", "user_withheld", "warning"),
    )
)


def read(source: Source, options: ReadOptions) -> Archive | None:
    """Return the posts of many authors; those of protected accounts only on request.

    Posts in documents of MongoDB are left to that format.
    """
    found = first_documents(source, lists=(_SEARCH,))
    is_known = any(is_v1(item) or is_v2(item) or _is_page(item) for item in found)
    if not is_known or any(map(has_mark, found)):
        return None
    statuses = objects(source, lists=(_SEARCH,), items_of=_statuses)
    items = read_each(statuses, partial(api_item, include_restricted=options.include_restricted))
    return Archive(FORMAT.name, "record", None, items)


def _is_page(value: Json) -> bool:
    """Return whether this is a page of version 2, perhaps an empty one, or a search of 1.1."""
    if isinstance(value.get(_SEARCH), list):
        return not value[_SEARCH] or any(isinstance(item, dict) for item in listed(value, _SEARCH))
    data = value.get("data")
    if data is None or data == []:
        return "result_count" in as_object(value.get("meta"))
    items = data if isinstance(data, list) else [data]
    return any(isinstance(item, dict) and {"id", "text"} <= item.keys() for item in items)


def _statuses(value: Json) -> list[object]:
    """Return the posts of a document with their authors, without those that only explain others."""
    if is_v1(value) or is_v2(value):
        return [value]
    for name in (_SEARCH, "data"):
        if name in value:
            found = value[name]
            return _with_authors(found if isinstance(found, list) else [found], value)
    is_empty = {"errors", "meta"} & value.keys() or (value.keys() <= _NOTICES and value)
    return [] if is_empty else [value]


def _with_authors(statuses: list[object], page: Json) -> list[object]:
    """Return the posts, each with the users whom it names, out of those that the page lists."""
    includes, about = as_object(page.get("includes")), page.get("__twarc")

    def listed_by(name: str, key: str) -> dict[str, Json]:
        return {str(each.get(key)): each for each in map(as_object, listed(includes, name))}

    users = listed_by("users", "id")
    attached = {"media": listed_by("media", "media_key"), "polls": listed_by("polls", "id")}

    def named(status: object) -> object:
        if not isinstance(status, dict) or is_v1(status):
            return status
        found = {name: users.get(str(status.get(f"{name}_id"))) for name in _USERS}
        attachments = as_object(status.get("attachments"))
        lists: Json = {}
        for name, keys in (("media", "media_keys"), ("polls", "poll_ids")):
            known = [attached[name].get(str(key)) for key in listed(attachments, keys)]
            lists[name] = list(filter(None, known))
        extra = {name: user for name, user in found.items() if user} | {"__twarc": about}
        return (
            extra | status | ({"attachments": lists | attachments} if any(lists.values()) else {})
        )

    return [named(status) for status in statuses]


FORMAT: Final = Format("x-api", read)
