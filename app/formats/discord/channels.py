"""Channels of Discord as JSON: one file of DiscordChatExporter for each, or several parts.

Source: https://github.com/Tyrrrz/DiscordChatExporter, JsonMessageWriter.cs. What is said of the
channel stands before its messages.
"""

from collections.abc import Generator, Iterator
from contextlib import closing, suppress
from datetime import datetime
from itertools import islice
from typing import Final, Literal, NamedTuple

from app.compute.text import clean_title
from app.errors import BrokenFileError, Message
from app.formats.chats.attachments import attachments_of
from app.formats.chats.chat_files import find_rooms, one_by_one
from app.formats.discord.marks import written_out
from app.formats.post import ReplyTarget, digits
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
from app.formats.signs import as_told, reactions_in, reactions_of, written_at
from app.formats.source.file import Content, Source
from app.formats.source.json import as_object, as_word, listed, no_object
from app.formats.source.times import read_time
from app.formats.source.window import Json, Window, load

_SAID: Final = frozenset({"Default", "Reply", "0", "19"})
"""Types of messages that somebody wrote; the app has made up the words of the others."""
_MESSAGE: Final = frozenset({"id", "type", "timestamp", "author", "content"})
"""What every message has."""
_ABOUT: Final = frozenset({"guild", "channel", "exportedAt"})
_LOOKED_AT: Final = 100
_NO_GUILD: Final = "0"
"""The id in place of a server's where a channel is of no server."""
_DELETED: Final = "Deleted User"


class ExportedChannel(NamedTuple):
    """What a file says of its channel before all messages."""

    room: FileRoom
    exported_at: datetime | None


def read(source: Source, _options: ReadOptions) -> RecordStream | None:
    """Return what was said in the channels."""
    files = find_rooms(source, ".json", _has_messages)
    if not files:
        return None
    contents = [file.content for file in files]
    items = as_told(one_by_one(map(_items, contents)), contents)
    return RecordStream(FORMAT.name, "record", None, items)


def _has_messages(content: Content) -> bool | None:
    with suppress(BrokenFileError), closing(_found(content.beginning)) as messages:
        for (room, _), value in islice(messages, _LOOKED_AT):
            if room.external_id and isinstance(value, dict) and value.keys() >= _MESSAGE:
                return True
    return None


def _found(content: Content) -> Generator[tuple[ExportedChannel, object], None, None]:
    """Yield the values among the messages, each with its channel."""
    window = Window(content)
    about: Json = {}
    for key in window.each_key() if window.mark() == "{" else ():
        if key == "messages" and window.mark() == "[":
            room = _room(as_object(about.get("guild")), as_object(about.get("channel")))
            channel = ExportedChannel(room, written_at(about.get("exportedAt")))
            for value in window.items():
                yield channel, value
        elif key in _ABOUT:
            about[key] = load(window.raw())
        else:
            window.raw()


def _room(guild: Json, channel: Json) -> FileRoom:
    """Return a channel under the name of its server and its own."""
    name, server = as_word(channel.get("name")) or "", as_word(guild.get("name"))
    title = f"{server} #{name}" if server and digits(guild.get("id")) != _NO_GUILD else name
    return FileRoom(
        platform=FORMAT.name, name=clean_title(title) or "", external_id=digits(channel.get("id"))
    )


def _items(content: Content) -> Iterator[Item]:
    folder = content.name.rpartition("/")[0]

    def read_one(pair: tuple[ExportedChannel, Json], place: int) -> Item:
        channel, message = pair
        return _item(message, place, channel=channel, folder=folder)

    return read_each(_numbered(content), read_one)


def _numbered(content: Content) -> Iterator[tuple[int, tuple[ExportedChannel, Json]] | BadRecord]:
    for place, (channel, value) in enumerate(_found(content), 1):
        if isinstance(value, dict):
            yield place, (channel, value)
        else:
            yield no_object(place, value)


def _item(message: Json, place: int, *, channel: ExportedChannel, folder: str) -> Item:
    author = as_object(message.get("author"))
    name = as_word(author.get("name"))
    if reason := _left_out(message, author):
        return Skipped(place, reason)
    if not name or name == _DELETED:
        return Skipped(place, "deleted")
    text = _text(message)
    if is_broken(text + name):
        return BadRecord(place, BROKEN, message)
    attached = attachments_of(_files(message, folder))
    if not (text.strip() or attached.media):
        return Skipped(place, "media")
    return Record(
        place=place,
        text=text,
        username=name,
        author_id=digits(author.get("id")),
        display_name=as_word(author.get("nickname")) or name,
        platform="local",
        created_at=read_time(message["timestamp"]) if message.get("timestamp") else None,
        source_id=digits(message.get("id")),
        reply_to=ReplyTarget.of(_answered(message), None),
        media=attached.media,
        files=attached.files,
        counts=reactions_of(_reactions(message), channel.exported_at),
        room=channel.room,
    )


def _left_out(message: Json, author: Json) -> Literal["system", "repost"] | None:
    """Return why a line is no message that somebody wrote; None for one."""
    if as_word(message.get("type")) not in _SAID or author.get("isBot") is True:
        return "system"
    is_forward = as_object(message.get("reference")).get("type") == "Forward"
    return "repost" if is_forward or message.get("forwardedMessage") else None


def _answered(message: Json) -> str | None:
    """Return the id of the message that this one answers."""
    return digits(as_object(message.get("reference")).get("messageId"))


def _text(message: Json) -> str:
    text = message.get("content")
    people = map(as_object, listed(message, "mentions"))
    names = {
        str(person.get("id")): name
        for person in people
        if (name := as_word(person.get("nickname")) or as_word(person.get("name")))
    }
    return written_out(text, names) if isinstance(text, str) else ""


def _reactions(message: Json) -> Iterator[tuple[object, object]]:
    """Yield each sign, of a server's own emoji the name, and how often it was given."""
    for reaction in reactions_in(message):
        emoji = as_object(reaction.get("emoji"))
        name = as_word(emoji.get("name"))
        yield f":{name}:" if name and as_word(emoji.get("id")) else name, reaction.get("count")


def _files(message: Json, folder: str) -> Iterator[str]:
    """Yield the addresses of attached files; those that were saved lie beside the channel's."""
    for file in map(as_object, listed(message, "attachments")):
        if address := as_word(file.get("url")):
            is_saved = folder and not address.startswith(("https://", "http://"))
            yield f"{folder}/{address}" if is_saved else address


FORMAT: Final = Format(
    "discord",
    Message("Discord"),
    read,
    is_chat=True,
    file_name=".json",
    mark=Message(
        "JSON with a channel and messages, of which one has id, type, timestamp, author and content"
    ),
)
"""Of `DiscordChatExporter`; what Discord itself sends is `package.py`."""
