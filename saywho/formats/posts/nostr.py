"""Events of Nostr as relays and clients give them: lines of JSON, or an array.

Only notes (kind 1) and articles (kind 30023) are people's words. Sources: NIP-01, NIP-10,
NIP-18, NIP-23.
"""

from collections.abc import Collection, Iterable
from typing import Final

from saywho.errors import Message
from saywho.formats.post import ReplyTarget
from saywho.formats.reading import Skipped, required_text, username_for
from saywho.formats.records import (
    Account,
    Format,
    Item,
    ReadOptions,
    Record,
    RecordStream,
    read_each,
)
from saywho.formats.source.file import Source
from saywho.formats.source.json import (
    Json,
    as_json,
    as_object,
    as_word,
    first_documents,
    listed,
    objects,
    unit_of,
)
from saywho.formats.source.times import timed

_KEYS: Final = frozenset({"id", "pubkey", "created_at", "kind", "tags", "content", "sig"})
_NOTE, _REPOST, _GENERIC_REPOST, _ARTICLE, _PROFILE = 1, 6, 16, 30023, 0


def read(source: Source, _options: ReadOptions) -> RecordStream | None:
    if source.has_members:
        return None
    first = first_documents(source)
    if not first or not all(event.keys() >= _KEYS for event in first):
        return None
    names = dict(_names(first))
    authors = {str(event.get("pubkey")) for event in first if _is_of(event, {_NOTE, _ARTICLE})}
    lone = next(iter(authors)) if len(authors) == 1 else None
    account = Account(names.get(lone), None, "local", id=lone) if lone else None
    items = read_each(objects(source), lambda event, place: _item(event, place, names, lone))
    return RecordStream(FORMAT.name, unit_of(source), account, items)


def _names(events: Iterable[Json]) -> Iterable[tuple[str, str]]:
    for event in events:
        profile = as_object(as_json(event.get("content"))) if event.get("kind") == _PROFILE else {}
        if name := as_word(profile.get("name")):
            yield str(event.get("pubkey")), username_for(name)


def _item(event: Json, place: int, names: dict[str, str], lone: str | None) -> Item:
    if _is_of(event, {_REPOST, _GENERIC_REPOST}):
        return Skipped(place, "repost")
    if not _is_of(event, {_NOTE, _ARTICLE}):
        return Skipped(place, "system")
    pubkey = str(event.get("pubkey"))
    tags = [tag for tag in listed(event, "tags") if isinstance(tag, list) and len(tag) > 1]
    answered = _answered(tags) if _is_of(event, {_NOTE}) else None
    quotes = any(tag[0] == "q" for tag in tags)
    return Record(
        place=place,
        text=required_text(event.get("content")),
        username=None if pubkey == lone else names.get(pubkey, pubkey),
        **timed(event.get("created_at"), "created_at"),
        source_id=as_word(event.get("id")),
        kind="reply" if answered else "quote" if quotes else "post",
        reply_to=ReplyTarget.of(answered, None),
    )


def _is_of(event: Json, kinds: Collection[int]) -> bool:
    kind = event.get("kind")
    return isinstance(kind, int) and kind in kinds


def _answered(tags: list[list[object]]) -> str | None:
    notes = [tag for tag in tags if tag[0] == "e" and isinstance(tag[1], str)]
    marked = {str(tag[3]): str(tag[1]) for tag in notes if len(tag) > 3}
    plain = [str(tag[1]) for tag in notes if len(tag) < 4]
    return marked.get("reply") or marked.get("root") or (plain[-1] if plain else None)


FORMAT: Final = Format(
    "nostr", Message("Nostr"), read, mark=Message("JSON objects with pubkey, kind, tags and sig")
)
