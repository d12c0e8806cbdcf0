"""Events of Nostr as relays and clients give them: lines of JSON, or an array.

Only notes (kind 1) and articles (kind 30023) are people's words. Sources: NIP-01, NIP-10,
NIP-18, NIP-23.
"""

from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import Final

from saywho.errors import Message
from saywho.formats.post import Kind, ReplyTarget
from saywho.formats.post_shapes import PostShape
from saywho.formats.reading import SkipReason, required_text, username_for
from saywho.formats.records import Account, ReadOptions, RecordStream
from saywho.formats.source.file import Source
from saywho.formats.source.json import Json, as_json, as_object, as_word, first_documents, listed

_KEYS: Final = frozenset({"id", "pubkey", "created_at", "kind", "tags", "content", "sig"})
_NOTE, _REPOST, _GENERIC_REPOST, _ARTICLE, _PROFILE = 1, 6, 16, 30023, 0


def read(source: Source, _options: ReadOptions) -> RecordStream | None:
    first = first_documents(source)
    if not first or not all(event.keys() >= _KEYS for event in first):
        return None
    names = dict(_names(first))
    authors = {str(event.get("pubkey")) for event in first if _is_of(event, {_NOTE, _ARTICLE})}
    lone = next(iter(authors)) if len(authors) == 1 else None
    account = Account(names.get(lone), None, "local", id=lone) if lone else None

    def author(event: Json) -> str | None:
        pubkey = str(event.get("pubkey"))
        return None if pubkey == lone else names.get(pubkey, pubkey)

    # The posts of a lone author name nobody, so that a stated name counts for them.
    return replace(replace(_SHAPE, username=author).stream(source, None), account=account)


def _names(events: Iterable[Json]) -> Iterable[tuple[str, str]]:
    for event in events:
        profile = as_object(as_json(event.get("content"))) if event.get("kind") == _PROFILE else {}
        if name := as_word(profile.get("name")):
            yield str(event.get("pubkey")), username_for(name)


def _left_out(event: Json) -> SkipReason | None:
    if _is_of(event, {_REPOST, _GENERIC_REPOST}):
        return "repost"
    return None if _is_of(event, {_NOTE, _ARTICLE}) else "system"


def _is_of(event: Json, kinds: Collection[int]) -> bool:
    kind = event.get("kind")
    return isinstance(kind, int) and kind in kinds


def _tags(event: Json, name: str) -> list[list[object]]:
    tags = [tag for tag in listed(event, "tags") if isinstance(tag, list) and len(tag) > 1]
    return [tag for tag in tags if tag[0] == name]


def _answered(event: Json) -> ReplyTarget | None:
    if not _is_of(event, {_NOTE}):
        return None
    notes = [tag for tag in _tags(event, "e") if isinstance(tag[1], str)]
    marked = {str(tag[3]): str(tag[1]) for tag in notes if len(tag) > 3}
    plain = [str(tag[1]) for tag in notes if len(tag) < 4 or not tag[3]]
    last = plain[-1] if plain else None
    return ReplyTarget.of(marked.get("reply") or marked.get("root") or last, None)


def _kind(event: Json) -> Kind:
    return "reply" if _answered(event) else "quote" if _tags(event, "q") else "post"


_SHAPE: Final = PostShape(
    name="nostr",
    label=Message("Nostr"),
    platform="local",
    text=lambda event: required_text(event.get("content")),
    time=("created_at",),
    id=("id",),
    kind=_kind,
    answered=_answered,
    left_out=_left_out,
)
FORMAT: Final = replace(_SHAPE.format(), read=read)
