"""Zoom: the chat of a meeting as its window, its folder or its recording in the cloud saves it.

A line has a clock and a name, sometimes after a word such as “From” and before the recipients. The
day stands at most in the name of the file or its folder. Sources: files of public projects.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, Final

from saywho.errors import Message
from saywho.formats.chats.chat_files import RoomFile
from saywho.formats.chats.text_chat import Grammar, Opening, Spoken, TextChat, day_named
from saywho.formats.records import FileRoom
from saywho.formats.source.times import iso_time
from saywho.text import clean_title, word_set

_LINE: Final = re.compile(
    r"(?P<clock>\d\d:\d\d:\d\d)[ \t]+(?P<head>\S.{0,300}?)"
    r"(?:(?P<is_spaced> ):(?: (?P<text>.*)|\Z)|:(?:\t(?P<tabbed>.*)|[ \t]*\Z))"
)
_TO: Final = word_set("to an à a para naar do untuk kepada для 宛先 終了 至 到 수신자")
"""Words between the name and the recipients."""
_ANSWER: Final = re.compile(r"\A\s*Replying to \"[^\n]*\"\s*\n\s*")
_REACTION: Final = re.compile(r"\s*(?:Reacted to|Removed a \S+ reaction from) \".*", re.DOTALL)


class ZoomChat(Grammar):
    def __init__(self, lines: Iterable[str]) -> None:
        heads = [match["head"].split() for line in lines if (match := _LINE.match(line))]
        first, times = Counter(words[0] for words in heads).most_common(1)[0]
        others = sum(len(words) > 1 for words in heads)
        self._from = first if times == others == len(heads) > 1 else ""
        self._day: date | None = None

    def read(self, line: str) -> Opening | None:
        if (match := _LINE.match(line)) is None:
            return None
        words = match["head"].split()
        if self._from and words[0] == self._from:
            ends = (place for place, word in enumerate(words) if place > 1 and word in _TO)
            words = words[1 : next(ends, len(words))]
        name = " ".join(words)
        text = (match["text"] or match["tabbed"] or "").strip()
        when = iso_time(f"{self._day} {match['clock']}") if self._day else None
        return Opening(name, when, text)

    def said(self, text: str) -> Spoken:
        text = _ANSWER.sub("", "\n".join(line.removeprefix("\t") for line in text.split("\n")))
        return Spoken("" if _REACTION.fullmatch(text) else text.strip())

    def room(self, file: RoomFile[Any]) -> FileRoom:
        names = [name for name in file.names if name]
        self._day = next(filter(None, (day_named(name)[0] for name in names)), None)
        title = next((name for name in names if "meeting_saved" not in name), "")
        return FileRoom(platform=ZOOM.name, name=clean_title(title) or "")


def is_chat(lines: Sequence[str]) -> bool:
    """Return whether the first line begins a message, and others that agree in their form."""
    filled = [line for line in lines[:40] if line.strip()]
    matches = [match for line in filled if (match := _LINE.match(line))]
    if len(matches) < 2 or not _LINE.match(filled[0]):
        return False
    is_tabbed = all(match["tabbed"] is not None for match in matches)
    first = {match["head"].split()[0] for match in matches}
    return is_tabbed or (len(first) == 1 and all(" " in match["head"] for match in matches))


ZOOM: Final = TextChat(
    "zoom",
    Message("Zoom"),
    lambda head, _beside: ZoomChat(head) if is_chat(head) else None,
    is_most=True,
)
