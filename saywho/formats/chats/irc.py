"""Logs of IRC, as irssi, mIRC, WeeChat, ZNC, HexChat, IRCCloud and bots write them.

Clients write a day only where it changes, some in the file's name, some nowhere: messages without
a day have no time. Whatever is no message is a line of the client.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, Final

from saywho.errors import Message
from saywho.formats.chats.chat_files import RoomFile
from saywho.formats.chats.text_chat import Grammar, Opening, TextChat, day_in, day_named
from saywho.formats.records import FileRoom
from saywho.formats.source.times import iso_time
from saywho.text import clean_title

_CLOCK: Final = r"\d\d:\d\d(?::\d\d)?"
_STAMP: Final = (
    rf"(?:\[?(?P<iso>\d{{4}}-\d\d-\d\d)[T ](?P<isoclock>{_CLOCK})\S*"
    rf"|\[?(?P<day>(?:\d{{1,2}} )?[A-Z][a-z]{{2}}(?: \d{{1,2}})?) (?P<dayclock>{_CLOCK})"
    rf"|\[(?:[A-Z][a-z]{{2,8}},? )?(?P<longday>[A-Z][a-z]{{2,8}} \d{{1,2}},? \d{{4}})\]"
    rf" \[(?P<longclock>{_CLOCK})"
    rf"|\[?(?P<clock>{_CLOCK}))\]?"
)
_NICK: Final = r"[@+%&~!]?(?P<nick>[^<>\s!@+%&~][^<>\s!]{0,40})"
_SAID: Final = re.compile(
    rf"(?P<stamp>{_STAMP}[ \t]+)?< ?{_NICK}(?:![^<>\s]{{1,100}}>[ \t]?[+-]?|>(?(stamp)[ \t]?| ))"
    r"(?P<text>.*)"
)
"""Behind a name with its host, a sign says whether the network knows the person."""
_DONE: Final = re.compile(rf"(?:{_STAMP}[ \t]+)?[*—][ \t]+(?P<nick>[^\s*!]{{1,40}}) (?P<text>.*)")
_OF_CLIENT: Final = re.compile(
    r"(?:\(\S+\) )?(?:(?:has|have) (?:joined|left|quit|been kicked)|is now known as|sets? mode"
    r"|changes topic|was kicked|(?:gives|removes) (?:channel|voice))"
)
_TABBED: Final = re.compile(
    rf"(?P<iso>\d{{4}}-\d\d-\d\d) (?P<isoclock>{_CLOCK})\t"
    r"[@+%&~]?(?P<nick>[^\t\s*]{0,40}|\s?\*)\t(?P<text>.*)"
)
"""WeeChat's line; a sign or nothing stands in place of the name in its own lines."""
_SIGNS: Final = frozenset({"", "--", "-->", "<--", "=!=", "---"})
_OPENED: Final = re.compile(
    r"(?:--- (?:Log opened|Day changed)|\*{4} BEGIN LOGGING AT|IRC log started"
    r"|Session (?:Start|Time):)"
    r" [A-Z][a-z]{2} (?P<month>[A-Z][a-z]{2}) {1,2}(?P<day>\d{1,2})(?P<clock> [\d:]{5,8})?"
    r"(?: (?P<year>\d{4}))?"
)
_NOTICE: Final = re.compile(rf"(?:{_STAMP}[ \t]+)?(?:-!-|\*\*\*|--- |-->|<--|\*{{4}} |[→←⇐⇒] )")
_COLOURS: Final = re.compile(r"\x03(?:\d{1,2}(?:,\d{1,2})?)?|[\x02\x0f\x11\x16\x1d-\x1f]")
"""Codes of colours and of bold and other letters."""

_ELEMENT: Final = re.compile(r"<(\w{1,40})>.*</\1>\s*\Z")
"""A line of XML, whose tag is no name."""


def is_log(lines: Sequence[str]) -> bool:
    """Return whether the first of some lines and most lines after it are of a log of IRC."""
    filled = [plain for line in lines[:40] if (plain := _COLOURS.sub("", line)).strip()]
    if filled and all(_ELEMENT.match(line) for line in filled):
        return False
    patterns = (_SAID, _TABBED, _DONE, _OPENED, _NOTICE)
    matches = [any(pattern.match(line) for pattern in patterns) for line in filled]
    return len(matches) > 1 and matches[0] and 2 * sum(matches) > len(matches)


class IrcLog(Grammar):
    def __init__(self) -> None:
        self._day: date | None = None
        self._named: date | None = None
        """The day in the file's name."""
        self._nicks: set[str] = set()

    def begin(self, lines: Iterable[str]) -> None:
        self._day = self._named
        plain = (_COLOURS.sub("", line) for line in lines)
        found = (_SAID.match(line) or _TABBED.match(line) for line in plain)
        self._nicks = {match["nick"] for match in found if match}

    def read(self, line: str) -> Opening | None:
        line = _COLOURS.sub("", line)
        if match := _OPENED.match(line):
            self._day = day_in(f"{match['day']} {match['month']} {match['year']}")
            return Opening(is_day=True)
        if match := _TABBED.match(line):
            name, text = match["nick"].strip(), match["text"]
            if name == "*":
                name, _, text = text.partition(" ")
            return Opening() if name in _SIGNS else Opening(name, self._when(match), text)
        if match := _SAID.match(line):
            return Opening(match["nick"], self._when(match), match["text"])
        match = _DONE.match(line)
        if match and match["nick"] in self._nicks and not _OF_CLIENT.match(match["text"]):
            return Opening(match["nick"], self._when(match), match["text"])
        return Opening() if line.strip() else None

    def room(self, file: RoomFile[Any]) -> FileRoom:
        self._named, name = day_named(file.names[0])
        return FileRoom(platform=IRC.name, name=clean_title(name) or "")

    def _when(self, match: re.Match[str]) -> datetime | None:
        groups = match.groupdict()
        day = self._day
        if stated := groups.get("iso") or groups.get("longday"):
            day = day_in(stated)
        elif (stated := groups.get("day")) and day is not None:
            day = day_in(f"{stated} {day.year}")
        elif stated:
            return None
        kinds = ("isoclock", "longclock", "dayclock", "clock")
        clock = next(filter(None, map(groups.get, kinds)), None)
        return iso_time(f"{day} {clock}") if day and clock else None


IRC: Final = TextChat(
    "irc",
    Message("IRC"),
    lambda head, _beside: IrcLog() if is_log(head) else None,
    (".log", ".txt", ".weechatlog"),
    is_most=True,
)
