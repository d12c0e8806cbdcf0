"""Chats of Messenger and Instagram: `message_1.json` and the like, and those of encrypted chats.

A chat has a folder with numbered files, of which the first one is the newest, as its first message
is. An encrypted one, of which there is another download, is one file like `Mina_4.json`, whose
number is that of the chat. People are told apart by names alone.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from itertools import groupby
from pathlib import PurePosixPath
from typing import Final, Literal, NamedTuple

from app.compute.text import clean_title
from app.errors import BrokenFileError, Message
from app.formats.chats.attachments import Attachments, attachments_of
from app.formats.chats.chat_files import one_by_one
from app.formats.meta.order import in_order
from app.formats.meta.posts import posts_in
from app.formats.meta.sentences import OwnSentences
from app.formats.meta.strings import is_deleted, repaired
from app.formats.records import (
    BROKEN,
    BadRecord,
    FileRoom,
    Format,
    Item,
    LeftOut,
    ReadOptions,
    Record,
    RecordStream,
    Skipped,
    is_broken,
    read_each,
)
from app.formats.signs import as_told, reactions_in, reactions_of
from app.formats.source.file import Content, Source
from app.formats.source.json import as_object, as_word, first_documents, listed, no_object
from app.formats.source.times import read_time
from app.formats.source.window import Json, Window, load

_LIST: Final = "messages"
_NUMBERED: Final = re.compile(r"(?:(?P<folder>.*)/)?message_(?P<number>\d{1,9})\.json")
_ENCRYPTED: Final = re.compile(r"(?:.*/)?[^/]+_(?P<number>\d{1,9})\.json")
_NUMBER: Final = re.compile(r"_\d+\Z")
_LOOKED_AT: Final = 20
"""Files of an archive, of which one must hold messages."""
_MOST_FLAGS: Final = 1_000
"""Messages by which the app is told."""
_ABOUT: Final = frozenset({"title", "thread_path", "threadName"})
"""What is kept of what is said of a chat."""
_PLAIN: Final = frozenset({"sender_name", "timestamp_ms"})
_CIPHERED: Final = frozenset({"senderName", "timestamp"})
"""What every message has, and every one of an encrypted chat."""
_CALLS: Final = frozenset({"call", "subscribe", "unsubscribe"})
_FILES: Final = ("photos", "videos", "audio_files", "gifs", "files", "media")


class ThreadFiles(NamedTuple):
    """A chat: its files in the order of their numbers, and the folder in which they lie."""

    contents: list[Content]
    folder: str


def read(source: Source, _options: ReadOptions) -> RecordStream | None:
    """Return what was said in the chats."""
    if threads := _threads(source):
        contents = [content for thread in threads for content in thread.contents]
        items = as_told(one_by_one(_parts(threads, source.name)), contents)
        stream = RecordStream(FORMAT.name, "record", None, items)
        if source.has_members and posts_in(source):  # They are of an account, and of no chat.
            note = Message(
                "the chats of {name} are read; --format meta reads own posts", name=source.name
            )
            return replace(stream, left_out=(LeftOut(note, "meta"),))
        return stream
    return None


def _threads(source: Source) -> list[ThreadFiles]:
    """Return the chats; those of one download are encrypted or not."""
    if not source.has_members:
        return [ThreadFiles([source], "")] if _has_messages(source) else []
    for pattern in (_NUMBERED, _ENCRYPTED):
        matches = [match for name in source.members if (match := pattern.fullmatch(name))]
        matches.sort(key=lambda match: (_folder(match), int(match["number"])))
        names = [match[0] for match in matches]
        if any(_has_messages(source.member(name)) for name in names[:_LOOKED_AT]):
            source.expect(names)
            return [
                ThreadFiles([source.member(match[0]) for match in of_folder], folder)
                for folder, of_folder in groupby(matches, key=_folder)
            ]
    return []


def _folder(match: re.Match[str]) -> str:
    """Return what the files of one chat have in common; an encrypted one is a single file."""
    is_numbered = match.re is _NUMBERED
    return (match["folder"] or "") if is_numbered else match[0].removesuffix(".json")


def _has_messages(content: Content) -> bool:
    first = first_documents(content.uncounted, lists=(_LIST,))
    return any(value.keys() >= _PLAIN or value.keys() >= _CIPHERED for value in first)


def _parts(threads: Iterable[ThreadFiles], source_name: str) -> Iterator[Iterator[Item]]:
    """Yield the messages of each file, those of the oldest first."""
    for thread in threads:
        sentences = OwnSentences()
        room = _room(thread, source_name, sentences)
        read_one = partial(_item, room=room, folder=thread.folder, sentences=sentences)
        for content in reversed(thread.contents):
            yield in_order(read_each(_values(content), read_one))


def _values(content: Content) -> Iterator[tuple[int, Json] | BadRecord]:
    for place, value in enumerate(Window(content).values((_LIST,)), 1):
        if isinstance(value, dict):
            yield place, value
        else:
            yield no_object(place, value)


def _room(thread: ThreadFiles, source_name: str, sentences: OwnSentences) -> FileRoom:
    """Return the room; what names it stands behind the messages, so the file is read twice.

    The sentences of the app are learnt meanwhile.
    """
    chat: Json = {}
    flags: set[str] = set()
    with suppress(BrokenFileError):
        window = Window(thread.contents[0].uncounted)
        for key in window.each_key() if window.mark() == "{" else ():
            if key == _LIST and window.mark() == "[":
                for number, message in enumerate(map(as_object, window.items())):
                    flags |= _flags(message) if number < _MOST_FLAGS else set()
                    sentences.learn(_text(message), _name(message))
            elif key in _ABOUT:
                chat[key] = load(window.raw())
            else:
                window.raw()
    path = repaired(chat.get("thread_path")).rstrip("/").rpartition("/")[2]
    name = repaired(chat.get("threadName"))
    title = repaired(chat.get("title")) or _NUMBER.sub("", name)
    place = f"{PurePosixPath(source_name).name}/{thread.contents[0].name}"
    return FileRoom(
        platform=_app(place, flags),
        name=clean_title(title or _NUMBER.sub("", path)) or "",
        external_id=clean_title(path),
        file=thread.folder,
        thread=name,
    )


def _name(message: Json) -> str:
    return repaired(message.get("sender_name")) or repaired(message.get("senderName"))


def _text(message: Json) -> str:
    return repaired(message.get("content")) or repaired(message.get("text"))


def _flags(message: Json) -> set[str]:
    """Return what of a message tells the app: keys, and the beginnings of files' paths."""
    addresses = (as_object(file).get("uri") for name in _FILES for file in listed(message, name))
    return {"is_geoblocked_for_viewer"} & message.keys() | {
        address.partition("/")[0] for address in addresses if isinstance(address, str)
    }


def _app(place: str, flags: Iterable[str]) -> str:
    """Return the app: as the names of folders tell it, else by a flag that Instagram sets."""
    names = (place, *flags)
    if any("facebook" in name or "messenger" in name for name in names):
        return "messenger"
    is_instagram = any("instagram" in name or name == "is_geoblocked_for_viewer" for name in names)
    return "instagram" if is_instagram else "messenger"


def _item(
    message: Json, place: int, *, room: FileRoom, folder: str, sentences: OwnSentences
) -> Item:
    name = _name(message)
    if reason := _left_out(message, name):
        return Skipped(place, reason)
    text = _text(message)
    if is_broken(name + text):
        return BadRecord(place, BROKEN, message)
    attached = _attached(message, folder)
    is_attached = bool(attached.media or "share" in message)
    if sentences.has(text, name, is_attached=is_attached):
        if not attached.media:
            return Skipped(place, "media" if is_attached else "system")
        text = ""
    if not (text.strip() or attached.media):
        return Skipped(place, "media")
    time = message.get("timestamp_ms", message.get("timestamp"))
    return Record(
        place=place,
        text=text,
        username=name,
        display_name=name,
        platform="local",
        created_at=None if time is None else read_time(time),
        media=attached.media,
        files=attached.files,
        counts=reactions_of(_reactions(message)),
        room=room,
    )


def _left_out(message: Json, name: str) -> Literal["system", "deleted"] | None:
    """Return why a message has no words of anybody."""
    is_unsent = message.get("is_unsent") is True or message.get("isUnsent") is True
    if is_unsent or not name.strip() or is_deleted(name):
        return "deleted"
    kind = (as_word(message.get("type")) or "").lower()
    return "system" if kind in _CALLS or "call_duration" in message else None


def _reactions(message: Json) -> Iterator[tuple[object, object]]:
    """Yield what each person reacted with."""
    for reaction in reactions_in(message):
        sign = repaired(reaction.get("reaction"))
        yield sign, 1 if sign else None


def _attached(message: Json, folder: str) -> Attachments:
    """Return the pictures, videos and sounds of a message, with the names of their files."""
    thread = f"/{folder.rpartition('/')[2]}/"
    names = []
    for file in (as_object(file) for name in _FILES for file in listed(message, name)):
        name = repaired(file.get("uri"))
        if name.startswith("./"):
            name = str(PurePosixPath(folder).parent / name)
        elif thread in f"/{name}":
            name = f"{folder}/{f'/{name}'.rpartition(thread)[2]}"
        names.append(name)
    return attachments_of(names)


FORMAT: Final = Format(
    "messenger",
    Message("Messenger and Instagram"),
    read,
    is_chat=True,
    file_name="message_1.json",
    mark=Message(
        "files message_1.json and so on, whose messages have sender_name and timestamp_ms, or of"
        " encrypted chats senderName and timestamp"
    ),
)
