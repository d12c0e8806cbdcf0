"""Notes of Misskey and its forks: an account's own export, and answers of the API.

Source: https://misskey-hub.net/en/docs/for-developers/api/, the entity Note.
"""

from collections.abc import Iterator
from functools import partial
from typing import Final

from app.errors import Message
from app.formats.cells import is_restricted
from app.formats.post import MIME_KINDS, Medium, MediumKind, Reactions, ReplyTarget, as_count
from app.formats.records import (
    Account,
    Format,
    Item,
    ReadOptions,
    Record,
    RecordStream,
    Skipped,
    read_each,
    required_text,
)
from app.formats.source.file import Source
from app.formats.source.json import Json, as_object, as_word, first_documents, listed, objects
from app.formats.source.times import time_or_field


def read(source: Source, options: ReadOptions) -> RecordStream | None:
    """Return the notes; those for followers or single people only on request.

    An account's own export names no author.
    """
    documents = [value for value in first_documents(source) if _is_note(value)]
    if not documents:
        return None
    names_authors = any(as_object(value.get("user")) for value in documents)
    owner = None if names_authors else Account(None, None, "misskey")
    read_one = partial(_item, include_restricted=options.include_restricted)
    items = read_each(objects(source), read_one)
    return RecordStream(FORMAT.name, "record", owner, items)


def _is_note(value: Json) -> bool:
    marks = {"cw", "renoteId", "replyId", "localOnly", "fileIds", "visibleUserIds"}
    return value.keys() >= {"id", "createdAt", "text", "visibility"} and not marks.isdisjoint(value)


def _item(note: Json, place: int, *, include_restricted: bool) -> Item:
    text, media = _text(note), tuple(_media(note))
    is_shared = bool(note.get("renoteId") or note.get("renote"))
    if is_shared and not (text or media):
        return Skipped(place, "repost")
    if is_restricted(note.get("visibility")) and not include_restricted:
        return Skipped(place, "restricted")
    if not (text or media):
        return Skipped(place, "empty")
    user = as_object(note.get("user"))
    created_at, unread_time = time_or_field(note.get("createdAt"), "createdAt")
    return Record(
        place=place,
        text=text,
        username=_name(user),
        display_name=as_word(user.get("name")),
        platform="misskey",
        kind="reply" if note.get("replyId") else "quote" if is_shared else "post",
        created_at=created_at,
        unread_time=unread_time,
        source_id=as_word(note.get("id")),
        url=as_word(note.get("url")) or as_word(note.get("uri")),
        reply_to=_target(note),
        media=media,
        counts=_reactions(note),
    )


def _name(user: Json) -> str | None:
    name, host = as_word(user.get("username")), as_word(user.get("host"))
    return f"{name}@{host}" if name and host else name


def _text(note: Json) -> str:
    warning, text = as_word(note.get("cw")), note.get("text")
    choices = map(as_object, listed(as_object(note.get("poll")), "choices"))
    names = [as_word(choice.get("text")) or "" for choice in choices]
    body = "\n".join(filter(None, [required_text(text if text is not None else ""), *names]))
    return "\n\n".join(filter(None, (warning, body.strip())))


def _media(note: Json) -> Iterator[Medium]:
    for file in map(as_object, listed(note, "files")):
        type_, _, subtype = str(file.get("type")).partition("/")
        kind: MediumKind | None = "gif" if subtype == "gif" else MIME_KINDS.get(type_)
        if kind is not None:
            size = as_object(file.get("properties"))
            width, height = as_count(size.get("width")), as_count(size.get("height"))
            address = as_word(file.get("url"))
            yield Medium(kind, address, as_word(file.get("comment")), width, height)


def _target(note: Json) -> ReplyTarget | None:
    answered = as_object(as_object(note.get("reply")).get("user"))
    return ReplyTarget.of(as_word(note.get("replyId")), _name(answered))


def _reactions(note: Json) -> Reactions | None:
    likes = note.get("reactionCount")
    given = note.get("reactions")
    if likes is None and isinstance(given, dict):
        likes = sum(as_count(count) or 0 for count in given.values())
    return Reactions.read((likes, note.get("renoteCount"), note.get("repliesCount"), None))


FORMAT: Final = Format(
    "misskey",
    Message("Misskey notes"),
    read,
    mark=Message(
        "JSON notes with `createdAt`, `text` and `visibility`, and with `cw` or `renoteId`"
    ),
)
