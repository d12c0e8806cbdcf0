"""Signal: `main.jsonl` of the export that phones make, alone or in its folder.

Each line is an object with one key: an `account`, a `recipient` (a person or a group), a `chat`
with one of them, or a `chatItem`, which comes behind those that it names. Numbers are strings.
Source: https://github.com/signalapp/Signal-Desktop, protos/Backups.proto.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal, NamedTuple

from app.compute.text import clean_title
from app.errors import Message, RecordError, UnrecognisedFileError
from app.formats.chats.attachments import NONE, Attachments
from app.formats.chats.signal_files import SignalFiles
from app.formats.post import Medium, MediumKind, ReplyTarget, as_count, digits
from app.formats.records import (
    BROKEN,
    FileRoom,
    Format,
    Item,
    ReadOptions,
    Record,
    RecordStream,
    Skipped,
    is_broken,
    read_each,
)
from app.formats.signs import as_told, reactions_in, reactions_of, written_at
from app.formats.source.file import Content, Source
from app.formats.source.json import as_object, as_word, first_documents, listed, objects
from app.formats.source.times import read_time
from app.formats.source.window import Json

_FRAMES: Final = frozenset({"recipient", "chat", "chatItem"})
_BACKUP: Final = re.compile(r"(?P<folder>(?:.*/)?signal-backup-[^/]+)/main")
_YOU: Final = "You"
"""Who exported, where the account has no name."""
_MENTION: Final = "\ufffc"
"""Stands in a text for a person that it mentions."""
_MEDIA: Final = frozenset(
    ("stickerMessage", "contactMessage", "viewOnceMessage", "paymentNotification", "giftBadge")
)
_KINDS: Final[dict[str, MediumKind]] = {"image": "photo", "video": "video", "audio": "audio"}


class Contact(NamedTuple):
    """Somebody, or a group."""

    name: str | None
    key: str
    """What tells them from others of that name."""
    room: FileRoom | None
    """The chat with them; None where it is none of several people."""


_NOBODY: Final = Contact(None, "", None)


@dataclass(slots=True)
class Book:
    """What the lines so far say of people and chats, by the numbers that only this file has."""

    own_name: str | None = None
    written_at: datetime | None = None
    """When the export was made, by its first line."""
    people: dict[str, Contact] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    """Of people by their accounts."""
    rooms: dict[str, FileRoom | None] = field(default_factory=dict)

    def note(self, frame: Json) -> None:
        """Take what a line says of the export, of the account, of a person or of a chat."""
        if "backupTimeMs" in frame:
            self.written_at = written_at(as_count(frame["backupTimeMs"]))
        elif account := as_object(frame.get("account")):
            self.own_name = _joined(account, "givenName", "familyName") or as_word(
                account.get("username")
            )
        elif recipient := as_object(frame.get("recipient")):
            number = str(recipient.get("id"))
            self.people[number] = person = self._person(recipient, number)
            if person.name:
                self.names[person.key] = person.name
        elif chat := as_object(frame.get("chat")):
            other = self.people.get(str(chat.get("recipientId")), _NOBODY)
            self.rooms[str(chat.get("id"))] = other.room

    def _person(self, recipient: Json, number: str) -> Contact:
        if "self" in recipient:
            return Contact(self.own_name or _YOU, "self", None)
        if group := as_object(recipient.get("group")):
            title = as_object(as_object(group.get("snapshot")).get("title")).get("title")
            return Contact(None, number, _room(as_word(title), as_word(group.get("masterKey"))))
        contact = as_object(recipient.get("contact"))
        name, account = _contact_name(contact), as_word(contact.get("aci"))
        return Contact(name, account or number, _room(name, account) if contact else None)

    def author(self, number: object) -> Contact:
        return self.people.get(str(number), _NOBODY)


def read(source: Source, _options: ReadOptions) -> RecordStream | None:
    """Return what was said in the chats. Raises UnrecognisedFileError for an encrypted backup."""
    if backup := next(filter(None, map(_BACKUP.fullmatch, source.members)), None):
        raise UnrecognisedFileError(
            "{name} is an encrypted backup; export the chats in the settings of Signal instead",
            name=backup["folder"],
        )
    content = _find(source)
    if content is None or not any(map(_is_frame, first_documents(content.uncounted))):
        return None
    if source.has_members:
        source.expect([content.name])
    items = as_told(_items(content, SignalFiles(source)), [content])
    return RecordStream(FORMAT.name, "line", None, items)


def _find(source: Source) -> Content | None:
    if not source.has_members:
        return source
    names = (name for name in source.members if name.rpartition("/")[2] == FORMAT.file_name)
    name = source.only(names)
    return source.member(name) if name else None


def _is_frame(document: Json) -> bool:
    return len(document) == 1 and not _FRAMES.isdisjoint(document)


def _items(content: Content, files: SignalFiles) -> Iterator[Item]:
    book = Book()

    def read_one(frame: Json, place: int) -> Item | None:
        item = frame.get("chatItem")
        if item is None:
            book.note(frame)
            return None
        return _item(as_object(item), place, book, files)

    return read_each(objects(content), read_one)


def _item(item: Json, place: int, book: Book, files: SignalFiles) -> Item:
    room = book.rooms.get(str(item.get("chatId")))
    message = as_object(item.get("standardMessage"))
    if reason := _left_out(item, room):
        return Skipped(place, reason)
    name, key, _ = book.author(item.get("authorId"))
    if name is None:
        return Skipped(place, "deleted")  # So is the account.
    text = _text(as_object(_words(item)), book)
    if is_broken(name + text):
        raise RecordError(BROKEN)
    attached = _attached(message, files)
    if not (text.strip() or attached.media):
        return Skipped(place, "media")
    return Record(
        place=place,
        text=text,
        username=None if name == _YOU else name,
        author_id=key,
        display_name=name,
        platform="local",
        created_at=read_time(as_count(item.get("dateSent"))),
        source_id=f"{key}:{item.get('dateSent')}",
        reply_to=_answered(as_object(message.get("quote")), book),
        media=attached.media,
        files=attached.files,
        counts=reactions_of(_reactions(item), book.written_at),
        room=room,
    )


def _left_out(item: Json, room: FileRoom | None) -> Literal["system", "media", "deleted"] | None:
    """Return why an item has no words that stay; None for one that may have."""
    if room is None or "updateMessage" in item or "directionless" in item:
        return "system"
    # Whoever set a timer does not want the words to be kept.
    if "remoteDeletedMessage" in item or (digits(item.get("expiresInMs")) or "0") != "0":
        return "deleted"
    return None if _MEDIA.isdisjoint(item) else "media"


def _words(item: Json) -> object:
    """Return the text of a message or of an answer to a story."""
    story = as_object(as_object(item.get("directStoryReplyMessage")).get("textReply"))
    return as_object(item.get("standardMessage")).get("text") or story.get("text")


def _reactions(item: Json) -> Iterator[tuple[object, object]]:
    """Yield what each person reacted with, to a message or to an answer to a story."""
    for kind in ("standardMessage", "directStoryReplyMessage"):
        for reaction in reactions_in(as_object(item.get(kind))):
            sign = as_word(reaction.get("emoji"))
            yield sign, 1 if sign else None


def _text(text: Json, book: Book) -> str:
    """Return a text with the names of those whom it mentions."""
    body = text.get("body")
    if not isinstance(body, str):
        return ""
    if _MENTION not in body:
        return body
    ranges = [as_object(part) for part in listed(text, "bodyRanges")]
    ranges.sort(key=lambda part: as_count(part.get("start")) or 0)
    accounts = (as_word(part.get("mentionAci")) for part in ranges if "mentionAci" in part)
    first, *parts = body.split(_MENTION)
    names = (book.names.get(account or "") for account in accounts)
    return first + "".join(f"@{next(names, None) or '?'}{part}" for part in parts)


def _attached(message: Json, files: SignalFiles) -> Attachments:
    """Return the pictures, videos and sounds of a message, and the names of their files."""
    attached = []
    for attachment in map(as_object, listed(message, "attachments")):
        pointer = as_object(attachment.get("pointer"))
        type_ = as_word(pointer.get("contentType")) or ""
        if kind := _KINDS.get(type_.partition("/")[0]):
            medium = Medium("gif" if type_ == "image/gif" else kind)
            attached.append((medium, files.name_of(pointer)))
    return Attachments(*map(tuple, zip(*attached, strict=True))) if attached else NONE


def _answered(quote: Json, book: Book) -> ReplyTarget | None:
    time = digits(quote.get("targetSentTimestamp"))
    if not time or time == "0":
        return None
    return ReplyTarget(f"{book.author(quote.get('authorId')).key}:{time}")


def _room(name: str | None, external_id: str | None) -> FileRoom:
    return FileRoom(
        platform=FORMAT.name, name=clean_title(name) or "", external_id=clean_title(external_id)
    )


def _contact_name(contact: Json) -> str | None:
    """Return how a person is called on this phone: as its owner named them, else as they do."""
    nickname = as_object(contact.get("nickname"))
    return (
        _joined(nickname, "given", "family")
        or _joined(contact, "systemGivenName", "systemFamilyName")
        or _joined(contact, "profileGivenName", "profileFamilyName")
        or as_word(contact.get("username"))
        or digits(contact.get("e164"))
    )


def _joined(values: Json, *keys: str) -> str | None:
    return " ".join(filter(None, (as_word(values.get(key)) for key in keys))) or None


FORMAT: Final = Format(
    "signal",
    Message("Signal"),
    read,
    is_chat=True,
    file_name="main.jsonl",
    mark=Message("lines of JSON with a recipient, a chat or a chatItem, in a folder main.jsonl"),
)
