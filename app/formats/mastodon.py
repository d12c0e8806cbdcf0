"""Archives of Mastodon and its kin: zip, tar, folder, or a lone `outbox.json`."""

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from app.formats.activities import is_activity, to_item
from app.formats.formats import Format
from app.formats.records import Account, Archive, BadRecord, Item, UnrecognisedFileError
from app.formats.source.content import Content, Member
from app.formats.source.file import Source
from app.formats.source.json import Json, documents, first_documents, load

_LIST: Final = "orderedItems"
_ACTOR_BYTES: Final = 2**20
# The name in an address of an account or a post; newer accounts have a number in place of it.
_NAMED = re.compile(r"(?<!/ap)/(?:@|users/)([^/@?#]+)(?:/|$)")


def recognises(source: Source) -> bool:
    """Return whether there is an outbox, a list of activities."""
    outbox, _ = _find(source)
    if outbox is None:
        return False
    first = first_documents(outbox, lists=(_LIST,))
    return any(is_activity(item) or isinstance(item.get(_LIST), list) for item in first)


def parse(source: Source, *, include_restricted: bool) -> Archive:
    """Return the account's posts; those for followers or single people only on request."""
    outbox, actor = _find(source)
    if outbox is None:
        raise UnrecognisedFileError(f"{source.name} holds no outbox")
    first = [item for item in first_documents(outbox, lists=(_LIST,)) if is_activity(item)]
    account = _account(actor if _is_of(actor, first) else {}, first)
    items = _items(outbox, account, include_restricted=include_restricted)
    # An outbox without activities says nothing of a name, and needs none.
    return Archive(FORMAT.name, "record", account if first or account.username else None, items)


def _find(source: Source) -> tuple[Content | None, Json]:
    """Return the outbox and what the file beside it tells of the account."""
    if not source.has_members:
        beside = source.path is not None and source.path.name == "outbox.json"
        return source, _read_actor(source, "actor.json") if beside else {}
    found = [name for name in source.members() if name.rpartition("/")[2] == "outbox.json"]
    if len(found) > 1:
        names = ", ".join(sorted(found))
        raise UnrecognisedFileError(f"{source.name} holds several archives: {names}")
    if not found:
        return None, {}
    source.expect(found)
    folder = found[0].removesuffix("outbox.json")
    return Member(source, found[0]), _read_actor(source, f"{folder}actor.json")


def _read_actor(source: Source, name: str) -> Json:
    if name not in source.members():
        return {}
    actor, _ = load(source.head_member(name, _ACTOR_BYTES))
    return actor if isinstance(actor, dict) else {}


def _is_of(actor: Json, activities: list[Json]) -> bool:
    """Return whether the file beside a lone outbox is not of another account."""
    actors = {str(activity["actor"]) for activity in activities if activity.get("actor")}
    return not actors or actor.get("id") in actors


def _account(actor: Json, activities: list[Json]) -> Account:
    """Return whose outbox it is; a lone one names the account only in addresses."""
    name, display_name = actor.get("preferredUsername"), actor.get("name")
    host = _host(actor.get("url")) or _host(actor.get("id"))
    username = f"{name}@{host}" if isinstance(name, str) and name and host else None
    return Account(
        username or next(filter(None, map(_username, activities)), None),
        display_name.strip() or None if isinstance(display_name, str) else None,
        "mastodon",
    )


def _username(activity: Json) -> str | None:
    post = activity.get("object")
    addresses = [activity.get("actor"), activity.get("attributedTo")]
    if isinstance(post, dict):
        addresses += post.get("attributedTo"), post.get("url"), post.get("id")
    for address in addresses:
        match = _NAMED.search(address) if isinstance(address, str) else None
        if match and (host := _host(address)):
            return f"{match[1]}@{host}"
    return None


def _host(address: object) -> str | None:
    try:
        parts = urlsplit(address) if isinstance(address, str) else None
    except ValueError:
        return None
    return (parts.netloc.rpartition("@")[2].lower() or None) if parts else None


def _items(outbox: Content, account: Account, *, include_restricted: bool) -> Iterator[Item]:
    for document in documents(outbox, lists=(_LIST,)):
        value = document.value
        if document.fault or not isinstance(value, dict):
            yield BadRecord(document.place, document.fault or "not a JSON object")
        elif _LIST not in value:
            yield to_item(value, document.place, account, include_restricted=include_restricted)


FORMAT: Final = Format("mastodon", recognises, parse)
