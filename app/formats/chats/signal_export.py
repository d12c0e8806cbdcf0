"""Signal: the program signal-export, which writes `data.json` and `chat.md` for each chat.

`data.json` has a message on each line, and is preferred. In `chat.md` a message begins with time
and sender; quotes, reactions and files are among its words. Source:
https://github.com/carderne/signal-export, models.py and create.py.
"""

import re
from collections.abc import Collection, Generator, Iterable, Sequence
from datetime import datetime
from typing import Any, Final, Literal, NamedTuple

from app.compute.text import clean_title
from app.errors import Message, RecordError
from app.formats.chats.attachments import NONE, Attachments, attachments_of
from app.formats.chats.chat_files import RoomFile
from app.formats.chats.json_chat import ChatMessage, Found, JsonChat, Skip, found_lines
from app.formats.chats.text_chat import Grammar, Opening, Spoken, TextChat
from app.formats.records import FileRoom
from app.formats.signs import one_each, reactions_of
from app.formats.source.file import Content
from app.formats.source.json import as_object, as_word, listed
from app.formats.source.window import Json

_ME: Final = "Me"
_NOBODY: Final = "No-Sender"


class ExportedChat(NamedTuple):
    room: FileRoom
    folder: str


class SignalExport(JsonChat[ExportedChat]):
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
        return found_lines(content, self.chat({}, content.name.rpartition("/")[0]))

    def unit(self, _contents: Sequence[Content]) -> Literal["line", "record"]:
        return "line"

    def said(self, message: Json, chat: ExportedChat) -> ChatMessage | Skip:
        if message.get("call") or chat.room.name == "Note to Self":
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
            counts=reactions_of(one_each(map(_sign, listed(message, "reactions")))),
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


def _sign(reaction: object) -> str | None:
    # A reaction is a pair of a name and a sign.
    return as_word(reaction[1]) if isinstance(reaction, list) and len(reaction) > 1 else None


FORMAT: Final = SignalExport().format()


_MESSAGE: Final = re.compile(
    r"\[(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\] (?P<name>[^:]{1,200}): ?(?P<text>.*)", re.ASCII
)
_DELETED: Final = "(This message was deleted)"
_QUOTE: Final = re.compile(r"\A\s*\n> .*(?:\n> .*)*\n")
_REACTIONS: Final = re.compile(r"\n\(- .* -\)(?=\s*(?:!?\[|\Z))")
_STICKER: Final = re.compile(
    r"(?:\n\(\( .* \)\)|\[[^\]]*\]\(\.\./exported_stickers/[^)]*\))(?=\s*\Z)"
)
_FILE: Final = re.compile(r"!?\[[^\]\n]*\]\(\./(?P<path>media/[^)\n]+)\)  ")
_NOT_EXPORTED: Final = re.compile(r"\((?:media|attachment) not exported\)  ")


class MarkdownRoom(Grammar):
    exporters = frozenset({_ME})

    def begin(self, lines: Iterable[str]) -> None:
        """Nothing to prepare: lines do not depend on each other."""

    def read(self, line: str) -> Opening | None:
        match = _MESSAGE.fullmatch(line)
        if match is None:
            return None
        try:
            when = datetime.fromisoformat(match["time"])
        except ValueError:
            return None
        name = "" if match["name"] == _NOBODY else match["name"].strip()
        return Opening(name, when, match["text"])

    def said(self, text: str) -> Spoken:
        if text.strip() == _DELETED:
            return Spoken("")
        words = _QUOTE.sub("", f"\n{text}" if text.startswith("> ") else text)
        files = tuple(match["path"].replace("%20", " ") for match in _FILE.finditer(words))
        for mark in (_FILE, _NOT_EXPORTED, _REACTIONS, _STICKER):
            words = mark.sub("", words)
        return Spoken(words.strip(), files)

    def room(self, file: RoomFile[Any]) -> FileRoom:
        return FileRoom(platform="signal", name=clean_title(file.names[1]) or "")


def _grammar_of(head: Sequence[str], beside: Collection[str]) -> Grammar | None:
    """Return the grammar if most messages of one line end with the program's two blanks."""
    grammar = MarkdownRoom()
    begun = [place for place, line in enumerate(head) if _MESSAGE.fullmatch(line)]
    if "data.json" in beside or begun[:1] != [0]:
        return None
    alone = [head[place] for place in begun if place + 1 == len(head) or place + 1 in begun]
    ended = sum(line.endswith(("  ", _DELETED)) for line in alone)
    return grammar if ended and 2 * ended > len(alone) else None


SIGNAL_MARKDOWN: Final = TextChat(
    "signal-md",
    Message("Signal (signal-export, chat.md)"),
    Message("lines such as [2026-01-31 22:04:05] name: text, with two spaces at the end"),
    _grammar_of,
    (".md",),
)
