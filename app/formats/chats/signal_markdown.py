"""Signal: `chat.md` of the program signal-export, where `data.json` does not lie beside it.

A message begins with its time and sender. What it quotes, the reactions to it and its files are
written among its words.
Source: https://github.com/carderne/signal-export, models.py.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from app.compute.text import clean_title
from app.errors import Message
from app.formats.chats.chat_files import RoomFile
from app.formats.chats.text_chat import Grammar, Opening, Spoken, TextChat
from app.formats.records import FileRoom

_MESSAGE: Final = re.compile(
    r"\[(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\] (?P<name>[^:]{1,200}): ?(?P<text>.*)", re.ASCII
)
_END: Final = "  "
"""Blanks behind the words of every message."""
_DELETED: Final = "(This message was deleted)"
_QUOTE: Final = re.compile(r"\A\s*\n> .*(?:\n> .*)*\n")
_REACTIONS: Final = re.compile(r"\n\(- .* -\)(?=\s*(?:!?\[|\Z))")
_STICKER: Final = re.compile(
    r"(?:\n\(\( .* \)\)|\[[^\]]*\]\(\.\./exported_stickers/[^)]*\))(?=\s*\Z)"
)
_FILE: Final = re.compile(r"!?\[[^\]\n]*\]\(\./(?P<path>media/[^)\n]+)\)  ")
_NOT_EXPORTED: Final = re.compile(r"\((?:media|attachment) not exported\)  ")


class MarkdownRoom(Grammar):
    """Reads a chat in which `Me` is whoever exported it."""

    exporters = frozenset({"Me"})

    def begin(self, lines: Iterable[str]) -> None:
        """Prepare for the lines of a file; none of them depends on others."""

    def read(self, line: str) -> Opening | None:
        """Return the message that the line begins; one of nobody is the program's own."""
        match = _MESSAGE.fullmatch(line)
        if match is None:
            return None
        try:
            when = datetime.fromisoformat(match["time"])
        except ValueError:
            return None
        name = "" if match["name"] == "No-Sender" else match["name"].strip()
        return Opening(name, when, match["text"])

    def said(self, text: str) -> Spoken:
        """Return the words without what the program writes among them."""
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
    """Return the grammar where most messages of one line end with the blanks of the program."""
    grammar = MarkdownRoom()
    begun = [place for place, line in enumerate(head) if _MESSAGE.fullmatch(line)]
    if "data.json" in beside or begun[:1] != [0]:
        return None
    alone = [head[place] for place in begun if place + 1 == len(head) or place + 1 in begun]
    ended = sum(line.endswith((_END, _DELETED)) for line in alone)
    return grammar if ended and 2 * ended > len(alone) else None


SIGNAL_MARKDOWN: Final = TextChat(
    "signal-md",
    Message("Signal (signal-export, chat.md)"),
    Message("lines such as [2026-01-31 22:04:05] name: text, with two spaces at the end"),
    _grammar_of,
    (".md",),
)
