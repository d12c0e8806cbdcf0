"""WhatsApp's text exports: of iOS and Android, in the shape that the phone's language gives."""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date
from itertools import pairwise
from typing import Any, Final, Literal

from app.errors import Message
from app.formats.chats.chat_files import (
    Grammar,
    Opening,
    RoomFile,
    Spoken,
    file_names,
    find_rooms,
    head_of,
    moment,
    stream_of,
    title_of,
)
from app.formats.chats.whatsapp_notes import OWN_MARK, AppNotes
from app.formats.records import FileRoom, Format, ReadOptions, RecordStream
from app.formats.source.file import Source

Order = Literal["ymd", "dmy", "mdy"]
_ORDERS: Final[tuple[Order, ...]] = ("dmy", "mdy")
_DAY: Final = r"(?P<a>\d{1,4})(?P<cut>[./-]) ?(?P<b>\d{1,2})(?P=cut) ?(?P<c>\d{1,4})\.?"
_TIME: Final = (
    r"(?P<time>(?:(?P<before>[AP]M|오전|오후)\s)?\d{1,2}[:.]\d{2}(?P<s>[:.]\d{2})?"
    r"(?P<after>\s?[AaPp]\.?\s?[Mm]\.?)?)"
)
_SHAPES: Final = (
    re.compile(rf"\[{_DAY},? {_TIME}\] (?P<rest>.*)"),
    re.compile(rf"{_DAY},? {_TIME} - (?P<rest>.*)"),
)
"""Of iOS and of Android."""
_OTHER_MARKS: Final = re.compile("[\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_SYSTEM: Final = re.compile(
    r"end-to-end encrypted|created (?:this )?group|\badded\b|\bremoved\b|\bleft$|joined using"
    r"|joined from|changed (?:the|this) group|changed the subject|changed their phone number"
    r"|changed to \+|security code|[Mm]issed (?:voice|video|group)|disappearing messages"
    r"|now an admin|pinned a message|turned (?:on|off)|is a contact"
    r"|Ende-zu-Ende|Gruppe erstellt|hinzugefügt|entfernt|hat die Gruppe verlassen"
    r"|종단간 암호화|그룹에 추가되었습니다|그룹을 만들었습니다|나갔습니다|보안 코드|추가했습니다"
)
_NAMES: Final = (
    re.compile(r"WhatsApp[ -]Chat (?:with|mit|-|–) (?P<title>.+?)(?: \(\d+\))?"),
    re.compile(r"(?P<title>.+?)님과의 WhatsApp (?:대화|채팅)(?: \(\d+\))?"),
    re.compile(r"WhatsApp (?:대화|채팅) ?[-:–] ?(?P<title>.+?)(?: \(\d+\))?"),
)
"""Names of files that name the room; a number is one more download of it."""
_MOST_DAYS: Final = 20_000
"""Days by which their order is decided: more than fifty years of them."""


class WhatsApp(Grammar):
    """One shape for a whole file, as its first message has it, and one order of day and month."""

    exporters = frozenset({"You", "you", "나"})

    def __init__(self, first: re.Match[str], beside: Collection[str]) -> None:
        self._pattern, self._clock = first.re, _clock(first)
        self._order: Order = "dmy"
        self._notes = AppNotes(beside)

    def begin(self, lines: Iterable[str]) -> None:
        """Decide on the order of day and month, and on the language, by all lines of the file."""
        dates: dict[tuple[str, ...], None] = {}

        def texts() -> Iterator[str]:
            for match in filter(None, map(self._match, lines)):
                if len(dates) < _MOST_DAYS:
                    dates[match.group("a", "b", "c")] = None
                yield match["rest"].partition(": ")[2]

        self._notes.learn(texts())
        self._order = order_of(list(dates), self._clock[1])

    def read(self, line: str) -> Opening | None:
        """Return what the line begins: a message has a name before the first `: `."""
        match = self._match(line)
        if match is None:
            return None
        when = moment(_day(match, self._order), match["time"])
        name, colon, text = match["rest"].partition(": ")
        if when is None:
            return None
        name, message = (_OTHER_MARKS.sub("", part) for part in (name, text))
        name = name.replace(OWN_MARK, "")
        if not colon or _SYSTEM.search(name):
            return Opening()
        is_own = message.startswith(OWN_MARK) and not line.startswith(OWN_MARK)
        if is_own and not self._notes.is_medium(message):
            return Opening()
        name = name.removeprefix("~").strip()
        return Opening(name, when, message) if name else None

    def said(self, text: str) -> Spoken:
        return self._notes.said(text)

    def room(self, file: RoomFile[Any]) -> FileRoom:
        """Return the room as the name of its file, its folder or its archive tells it."""
        return FileRoom(platform=FORMAT.name, name=title_of(file.names, _NAMES))

    def _match(self, line: str) -> re.Match[str] | None:
        match = self._pattern.match(_bare(line))
        return match if match and _clock(match) == self._clock else None


def grammar_of(lines: Sequence[str], beside: Collection[str] = ()) -> WhatsApp | None:
    """Return how a file is written whose first lines these are; None for no chat.

    Two lines of one shape are enough, of which one is the first. `beside` are the names of the
    files that lie beside it.
    """
    for pattern in _SHAPES:
        matches = [match for line in lines if (match := pattern.match(_bare(line)))]
        if len(matches) > 1 and pattern.match(_bare(lines[0])):
            grammar = WhatsApp(matches[0], beside)
            grammar.begin(lines)
            is_chat = any((opening := grammar.read(line)) and opening.name for line in lines)
            return grammar if is_chat else None
    return None


def order_of(dates: list[tuple[str, ...]], half: str) -> Order:
    """Return the order of year, month and day that all dates of a file agree with, each once.

    `half` says where AM and PM stand: `before` the time, `after` it or nowhere. Of several orders
    the one in which dates never go back counts, then the one in which the day changes most often,
    then what people with a clock of twelve hours write: the month first.
    """
    numbers = [tuple(map(int, day)) for day in dates]
    firsts, seconds, lasts = ({day[i] for day in numbers} for i in range(3))
    are_short = all(len(first) == 2 for first, *_ in dates)
    if half == "before" or any(len(first) == 4 for first, *_ in dates):
        return "ymd"
    if len(firsts) == 1 and len(lasts) > 1 and are_short:
        return "ymd"
    if max(firsts, default=0) > 12:
        return "dmy"
    if max(seconds, default=0) > 12:
        return "mdy"
    rising: list[Order] = [order for order in _ORDERS if _rises(numbers, order)]
    if len(rising) == 1:
        return rising[0]
    changes = [sum(a[i] != b[i] for a, b in pairwise(numbers)) for i in (0, 1)]
    if changes[0] != changes[1]:
        return "dmy" if changes[0] > changes[1] else "mdy"
    return "mdy" if half else "dmy"


def _rises(days: list[tuple[int, ...]], order: str) -> bool:
    keys = [tuple(day[order.index(part)] for part in "ymd") for day in days]
    return all(a <= b for a, b in pairwise(keys))


def _clock(match: re.Match[str]) -> tuple[bool, str]:
    """Return whether a time has seconds, and where AM or PM stands."""
    return bool(match["s"]), "before" if match["before"] else "after" if match["after"] else ""


def _day(match: re.Match[str], order: Order) -> date | None:
    parts = dict(zip(order, (match["a"], match["b"], match["c"]), strict=True))
    year = int(parts["y"])
    try:
        return date(year + 2000 if year < 100 else year, int(parts["m"]), int(parts["d"]))
    except ValueError:
        return None


def _bare(line: str) -> str:
    return line.lstrip("\u200e\u200f\ufeff")


def read(source: Source, _options: ReadOptions) -> RecordStream | None:
    """Return what was said in the rooms, each in one of the shapes."""
    beside = file_names(source)
    rooms = find_rooms(source, ".txt", lambda content: grammar_of(head_of(content), beside))
    return stream_of(FORMAT.name, rooms) if rooms else None


FORMAT: Final = Format(
    "whatsapp",
    Message("WhatsApp"),
    read,
    is_chat=True,
    mark=Message(
        "two messages of one shape, a date and a time before each, the first in the first line"
    ),
)
