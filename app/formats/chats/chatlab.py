"""The open ChatLab format, as JSON or JSON lines: rooms of many apps, which others have converted.

Source: https://github.com/hellodigua/ChatLab, docs/en/standard/chatlab-format.md, version 0.0.1. A
line has a `_type`: `header`, `member` or `message`, or begins with `#` and says nothing.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Final, Literal, TypeGuard

from app.compute.text import clean_title, normalized
from app.errors import BrokenFileError, Message, RecordError
from app.formats.chats.attachments import NONE, Attachments, attachments_of
from app.formats.chats.chat_files import find_rooms, one_by_one
from app.formats.chats.chatlab_writing import GENERATOR
from app.formats.post import ReplyTarget
from app.formats.records import (
    BROKEN,
    BadRecord,
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
from app.formats.source.file import Content, Source
from app.formats.source.json import as_object, as_word, no_object
from app.formats.source.text import first_lines, lines
from app.formats.source.times import read_time
from app.formats.source.window import MAX_VALUE, Json, Window, load

_TEXTS: Final = frozenset({0, 25})
"""Types of messages that are words: a text, and an answer with words of its own."""
_MEDIA: Final = frozenset({1, 2, 3, 4, 5})
"""Pictures, sounds, videos, other files and stickers."""
_LINK: Final = 7
_FORWARD: Final = 26
_NOTES: Final[dict[object, Literal["system", "deleted"]]] = {
    80: "system",
    81: "deleted",
    **dict.fromkeys((22, 23), "system"),
}
_APP: Final = re.compile(r"[a-z][a-z0-9-]{0,15}")
_SYSTEM: Final = "system"
_LOOKED_AT: Final = 20
"""Lines among which the header is."""


@dataclass(slots=True)
class ChatLabFile:
    """What a file has said so far of its room and its people."""

    room: FileRoom
    folder: str = ""
    """In which it lies, with a slash at the end."""
    members: Collection[str] = ()
    """The names of the files of its archive."""
    is_own: bool = False
    """Whether this program wrote it: senders and ids are those of its posts."""
    names: dict[str, str] = field(default_factory=dict)
    """Of people by their ids."""

    def note_header(self, header: Json) -> None:
        self.is_own = as_object(header.get("chatlab")).get("generator") == GENERATOR
        if "meta" in header:
            self.room = _room(as_object(header["meta"]))

    def id_of(self, number: object) -> str | None:
        """Return an id that is one for all rooms."""
        text = _id(number)
        if text is None or self.is_own:
            return text
        return f"{self.room.platform}:{self.room.external_id or self.room.name}:{text}"

    def attached(self, kind: object, content: object) -> Attachments:
        """Return the picture, video or sound that a message is, whose content names the file."""
        name = normalized(f"{self.folder}{content}") if isinstance(content, str) else ""
        is_there = isinstance(kind, int) and kind in _MEDIA and name in self.members
        return attachments_of([name]) if is_there else NONE

    def note_member(self, member: Json) -> None:
        if (person := _id(member.get("platformId"))) and (name := _name(member)):
            self.names[person] = name


def read(source: Source, _options: ReadOptions) -> RecordStream | None:
    """Return what was said in the rooms."""
    files = find_rooms(source, (".json", ".jsonl"), _kind)
    if not files:
        return None
    unit: Literal["line", "record"] = "line" if files[0].grammar == "lines" else "record"
    items = one_by_one(_items(file.content, file.grammar, source.members) for file in files)
    return RecordStream(FORMAT.name, unit, None, items)


def _kind(content: Content) -> Literal["lines", "object"] | None:
    """Return how a file is written; None for one of another format."""
    for line in first_lines(content.uncounted)[:_LOOKED_AT]:
        if not line.lstrip("\ufeff").startswith("#"):
            value = load(line.lstrip("\ufeff"))
            if isinstance(value, dict) and value.get("_type") == "header" and _is_header(value):
                return "lines"
            break
    try:
        window = Window(content.beginning)
        for key in window.each_key() if window.mark() == "{" else ():
            if key == "chatlab":
                return "object" if _is_header({key: load(window.raw())}) else None
            if window.mark() == "[":
                break  # It may be long, and the header stands before all lists.
            window.raw()
    except BrokenFileError:
        pass
    return None


def _is_header(value: Json) -> bool:
    return "version" in as_object(value.get("chatlab"))


def _items(content: Content, kind: str, members: Collection[str]) -> Iterator[Item]:
    folder = content.name[: content.name.rfind("/") + 1]
    file = ChatLabFile(_room({}), folder, members)
    values = _in_lines(content, file) if kind == "lines" else _in_object(content, file)
    return read_each(values, lambda message, place: _item(message, place, file))


def _in_lines(content: Content, file: ChatLabFile) -> Iterator[tuple[int, Json] | BadRecord]:
    """Yield the messages, and take from other lines what they say of the room and its people."""
    for number, text, fault in lines(content, MAX_VALUE):
        line = text.lstrip("\ufeff").strip()
        if fault is None and (not line or line.startswith("#")):
            continue
        value = fault or load(line)
        if not isinstance(value, dict):
            yield no_object(number, value)
        elif value.get("_type") == "header":
            file.note_header(value)
        elif value.get("_type") == "member":
            file.note_member(value)
        else:
            yield number, value


def _in_object(content: Content, file: ChatLabFile) -> Iterator[tuple[int, Json] | BadRecord]:
    window = Window(content)
    about: Json = {}
    for key in window.each_key() if window.mark() == "{" else ():
        if key in {"chatlab", "meta"}:
            about[key] = load(window.raw())
            file.note_header(about)
        elif key == "members" and window.mark() == "[":
            for member in window.items():
                file.note_member(as_object(member))
        elif key == "messages" and window.mark() == "[":
            for place, value in enumerate(window.items(), 1):
                if isinstance(value, dict):
                    yield place, value
                else:
                    yield no_object(place, value)
        else:
            window.raw()


def _room(meta: Json) -> FileRoom:
    """Return the room; of an app whose name could be no other's, that app's."""
    app = (as_word(meta.get("platform")) or "").lower()
    return FileRoom(
        platform=app if _APP.fullmatch(app) else FORMAT.name,
        name=clean_title(as_word(meta.get("name"))) or "",
        external_id=clean_title(_id(meta.get("groupId"))),
    )


def _item(message: Json, place: int, file: ChatLabFile) -> Item:
    person, kind = _id(message.get("sender")), message.get("type")
    if person == _SYSTEM and not file.is_own:
        return Skipped(place, "system")
    if kind == _FORWARD:
        return Skipped(place, "repost")
    text = message.get("content")
    attached = file.attached(kind, text)
    if attached.media:
        text = ""
    elif not _has_words(text, kind):
        return Skipped(place, _NOTES.get(kind, "media") if isinstance(kind, int) else "media")
    name = _name(message) or file.names.get(person or "") or person
    if not name:
        return Skipped(place, "deleted")
    if is_broken(name + text):
        raise RecordError(BROKEN)
    answered = file.id_of(message.get("replyToMessageId"))
    time = message.get("timestamp")
    return Record(
        place=place,
        text=text,
        username=person if file.is_own else name,
        author_id=None if file.is_own else person,
        display_name=name,
        platform="local",
        created_at=None if time is None else read_time(time),
        source_id=file.id_of(message.get("platformMessageId")),
        reply_to=ReplyTarget.of(answered, None),
        media=attached.media,
        files=attached.files,
        room=file.room,
    )


def _has_words(text: object, kind: object) -> TypeGuard[str]:
    """Return whether a message has words of its sender: a link has some beside an address."""
    if not (isinstance(text, str) and text.strip() and isinstance(kind, int)):
        return False
    is_address = "://" in text and len(text.split(maxsplit=1)) == 1
    return kind in _TEXTS or (kind == _LINK and not is_address)


def _name(value: Json) -> str | None:
    """Return how somebody is called in the room, else by their account."""
    return as_word(value.get("groupNickname")) or as_word(value.get("accountName"))


def _id(value: object) -> str | None:
    """Return an id, which careless converters write as a number."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return str(value).strip() or None


FORMAT: Final = Format(
    "chatlab",
    Message("ChatLab"),
    read,
    is_chat=True,
    file_name=".jsonl",
    mark=Message("JSON whose header has chatlab with a version"),
)
