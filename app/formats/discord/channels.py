"""Channels of Discord as JSON: one file of DiscordChatExporter for each, or several parts.

Source: https://github.com/Tyrrrz/DiscordChatExporter, JsonMessageWriter.cs. Discord's own download
is read by `package.py`.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final, NamedTuple

from app.errors import Message
from app.formats.chats.attachments import attachments_of
from app.formats.chats.json_chat import ChatMessage, JsonChat, Skip
from app.formats.post import ReplyTarget, digits
from app.formats.records import FileRoom
from app.formats.signs import reactions_in, reactions_of, written_at
from app.formats.source.json import as_object, as_word, listed
from app.formats.source.window import Json

_PERSON: Final = re.compile(r"<@!?(\d{1,20})>")
_EMOJI: Final = re.compile(r"<a?(:\w{1,100}:)\d{1,20}>")


class ExportedChannel(NamedTuple):
    """A channel, as its file describes it before the messages."""

    room: FileRoom
    exported_at: datetime | None
    folder: str


class DiscordChannels(JsonChat[ExportedChannel]):
    """The channels in files of DiscordChatExporter."""

    name = "discord"
    label = Message("Discord")
    file_name = ".json"
    mark = Message(
        "JSON with `channel` and `messages`; a message has `id`, `type`, `timestamp`,"
        " `author` and `content`"
    )
    message_keys = frozenset({"id", "type", "timestamp", "author", "content"})
    about_keys = frozenset({"guild", "channel", "exportedAt"})

    def chat(self, about: Json, folder: str) -> ExportedChannel:
        """Return a channel under the name of its server and its own."""
        guild, channel = as_object(about.get("guild")), as_object(about.get("channel"))
        name, server = as_word(channel.get("name")) or "", as_word(guild.get("name"))
        # The exporter writes the id 0 for a direct chat, which is on no server.
        title = f"{server} #{name}" if server and digits(guild.get("id")) != "0" else name
        room = self.room(title, digits(channel.get("id")))
        return ExportedChannel(room, written_at(about.get("exportedAt")), folder)

    def is_message(self, message: Json, chat: ExportedChannel) -> bool:
        return bool(chat.room.external_id) and super().is_message(message, chat)

    def said(self, message: Json, chat: ExportedChannel) -> ChatMessage | Skip:
        author = as_object(message.get("author"))
        name, reference = as_word(author.get("name")), as_object(message.get("reference"))
        # 0 and 19 are the numbers of the other two types; the app writes messages of any other.
        is_said = as_word(message.get("type")) in {"Default", "Reply", "0", "19"}
        if not is_said or author.get("isBot") is True:
            return "system"
        if reference.get("type") == "Forward" or message.get("forwardedMessage"):
            return "repost"
        if not name or name == "Deleted User":
            return "deleted"
        files = (as_word(as_object(file).get("url")) for file in listed(message, "attachments"))
        return ChatMessage(
            text=_text(message),
            name=as_word(author.get("nickname")) or name,
            username=name,
            author_id=digits(author.get("id")),
            time=message.get("timestamp") or None,
            source_id=digits(message.get("id")),
            reply_to=ReplyTarget.of(digits(reference.get("messageId")), None),
            attached=attachments_of(filter(None, files), chat.folder),
            counts=reactions_of(map(_sign, reactions_in(message)), chat.exported_at),
            room=chat.room,
        )


def written_out(text: str, names: Mapping[str, str]) -> str:
    """Return a text with Discord's marks of emoji and of people with known ids as words."""
    if "<" not in text:
        return text
    named = _PERSON.sub(
        lambda match: f"@{names[match[1]]}" if match[1] in names else match[0], text
    )
    return _EMOJI.sub(r"\1", named)


def _text(message: Json) -> str:
    text = message.get("content")
    people = map(as_object, listed(message, "mentions"))
    names = {
        str(person.get("id")): name
        for person in people
        if (name := as_word(person.get("nickname")) or as_word(person.get("name")))
    }
    return written_out(text, names) if isinstance(text, str) else ""


def _sign(reaction: Json) -> tuple[object, object]:
    emoji = as_object(reaction.get("emoji"))
    name = as_word(emoji.get("name"))
    return f":{name}:" if name and as_word(emoji.get("id")) else name, reaction.get("count")


FORMAT: Final = DiscordChannels().format()
