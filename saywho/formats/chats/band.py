"""BAND: the text of a chat as the app saves it, a line for each message: time, name and words."""

import re
from collections.abc import Sequence
from typing import Any, Final

from saywho.errors import Message
from saywho.formats.chats.chat_files import RoomFile
from saywho.formats.chats.text_chat import Grammar, Opening, TextChat
from saywho.formats.records import FileRoom
from saywho.formats.source.times import time_or_field
from saywho.text import clean_title

_LINE: Final = re.compile(
    r"(?P<when>\d{4}년 ?\d{1,2}월 ?\d{1,2}일 ?(?:오전|오후) ?\d{1,2}:\d\d):(?P<name>[^:]{1,60}):"
    r"(?P<text>.*)"
)


class BandChat(Grammar):
    def read(self, line: str) -> Opening | None:
        if (match := _LINE.match(line)) is None:
            return None
        when, _ = time_or_field(match["when"], "")
        return Opening(match["name"].strip(), when and when.replace(tzinfo=None), match["text"])

    def room(self, file: RoomFile[Any]) -> FileRoom:
        return FileRoom(platform=BAND.name, name=clean_title(file.names[0]) or "")


def is_chat(lines: Sequence[str]) -> bool:
    return len([*filter(_LINE.match, lines[:40])]) > 1 and any(map(_LINE.match, lines[:5]))


BAND: Final = TextChat(
    "band", Message("BAND"), lambda head, _beside: BandChat() if is_chat(head) else None
)
