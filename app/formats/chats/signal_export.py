"""Signal: `data.json` of the program signal-export, a message on each line, in a folder of a chat.

Source: https://github.com/carderne/signal-export, models.py and create.py.
"""

from collections.abc import Generator, Sequence
from datetime import datetime
from typing import Final, Literal, NamedTuple

from app.errors import Message, RecordError
from app.formats.chats.attachments import NONE, Attachments, attachments_of
from app.formats.chats.json_chat import ChatMessage, Found, JsonChat, Skip
from app.formats.records import BadRecord, FileRoom
from app.formats.signs import reactions_of
from app.formats.source.file import Content
from app.formats.source.json import as_object, as_word, listed, objects
from app.formats.source.window import Json

_ME: Final = "Me"
_NOBODY: Final = "No-Sender"
"""The program writes it where it does not know who sent a message."""
_TO_ONESELF: Final = "Note to Self"


class ExportedChat(NamedTuple):
    """A chat, and the folder of its files."""

    room: FileRoom
    folder: str


class SignalExport(JsonChat[ExportedChat]):
    """The chats that signal-export writes."""

    name = "signal-export"
    label = Message("Signal (signal-export)")
    file_name = "data.json"
    mark = Message("JSON lines with `date`, `sender`, `body`, `reactions` and `attachments`")
    message_keys = frozenset({"date", "sender", "body", "quote", "reactions", "attachments"})

    def chat(self, about: Json, folder: str) -> ExportedChat:
        title = folder.rpartition("/")[2] or None
        name = self.room(title).name
        return ExportedChat(FileRoom(platform="signal", name=name, file=folder), folder)

    def found(self, content: Content) -> Generator[Found[ExportedChat], None, None]:
        """Yield the messages of a file, a line each."""
        chat = self.chat({}, content.name.rpartition("/")[0])
        for numbered in objects(content):
            if isinstance(numbered, BadRecord):
                yield Found(chat, numbered.value, numbered.place)
            else:
                yield Found(chat, numbered[1], numbered[0])

    def unit(self, _contents: Sequence[Content]) -> Literal["line", "record"]:
        return "line"

    def said(self, message: Json, chat: ExportedChat) -> ChatMessage | Skip:
        if message.get("call") or chat.room.name == _TO_ONESELF:
            return "system"
        if message.get("deleted"):
            return "deleted"
        body, attached = message.get("body"), _attached(message, chat.folder)
        text = body.strip() if isinstance(body, str) else ""
        if not (text or attached.media):
            return "media"
        name = as_word(message.get("sender"))
        if name is None or name == _NOBODY:
            return "deleted"
        return ChatMessage(
            text=text,
            name=name,
            username=None if name == _ME else name,
            time=_time(message.get("date")),
            attached=attached,
            counts=reactions_of(map(_sign, listed(message, "reactions"))),
            room=chat.room,
        )


def _time(value: object) -> datetime:
    """Return the time on the exporting computer, without a zone. Raises RecordError."""
    try:
        return datetime.fromisoformat(str(value)).replace(microsecond=0)
    except ValueError:
        raise RecordError("the time {time} cannot be read", time=repr(str(value)[:40])) from None


def _attached(message: Json, folder: str) -> Attachments:
    paths = (as_word(as_object(each).get("path")) for each in listed(message, "attachments"))
    names = [path.removeprefix("./").replace("%20", " ") for path in paths if path]
    return attachments_of(names, folder) if names else NONE


def _sign(reaction: object) -> tuple[object, object]:
    """Return the sign of a reaction, which is a pair of a name and a sign."""
    sign = reaction[1] if isinstance(reaction, list) and len(reaction) > 1 else None
    return as_word(sign), 1 if as_word(sign) else None


FORMAT: Final = SignalExport().format()
