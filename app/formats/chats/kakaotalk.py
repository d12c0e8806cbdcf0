"""KakaoTalk: texts of Windows, Android and iOS, in Korean and English, and the CSV of the Mac."""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date, datetime
from functools import cache, partial
from itertools import islice
from typing import Any, Final
from urllib.parse import unquote

from app.errors import Message
from app.formats.assumptions import ReadNotes
from app.formats.chats.chat_files import RoomFile
from app.formats.chats.sentence_tables import matcher
from app.formats.chats.text_chat import (
    MONTHS,
    Grammar,
    Opening,
    Spoken,
    TextChat,
    day_of,
    head_of,
    message,
    moment,
    title_of,
)
from app.formats.records import FileRoom, Item, TextLine, read_each
from app.formats.source.file import Content
from app.formats.tables.csv import read_rows

_TIME: Final = r"(?:(?:오전|오후)\s)?\d{1,2}:\d{2}(?:\s?[AaPp]\.?\s?[Mm]\.?)?"
_KOREAN_DAY: Final = r"(?P<y>\d{4})년 (?P<mo>\d{1,2})월 (?P<d>\d{1,2})일"
_DOTTED_DAY: Final = r"(?P<y>\d{4})\. (?P<mo>\d{1,2})\. (?P<d>\d{1,2})\."
_ENGLISH_DAY: Final = r"(?P<month>[A-Z][a-z]{2,8})\.? (?P<d>\d{1,2}), (?P<y>\d{4})"
_STAMPS: Final = (
    rf"{_KOREAN_DAY} (?P<time>{_TIME})",
    rf"{_DOTTED_DAY} (?P<time>{_TIME})",
    rf"(?P<time>{_TIME}), {_ENGLISH_DAY}",
    rf"{_ENGLISH_DAY}(?:,| at) (?P<time>{_TIME})",
    r"(?P<time>(?:오전|오후)\s\d{1,2}:\d{2})",
)
"""Times of messages on phones; for the last kind, the day has its own line."""
HEADING: Final = re.compile(
    r"\ufeff?(?:.*카카오톡 대화|KakaoTalk Chats? with .+|.+ with KakaoTalk Chats?"
    r"|Talk_\d{4}\.\d{1,2}\.\d{1,2} \d{1,2}:\d{2}.*\.txt|(?:저장한 날짜|Date Saved) : .+)"
)
_TITLES: Final = (
    re.compile(r"\ufeff?(?P<title>.+?) ?님과 카카오톡 대화"),
    re.compile(r"\ufeff?(?P<title>.+) 카카오톡 대화"),
    re.compile(r"\ufeff?KakaoTalk Chats? with (?P<title>.+)"),
    re.compile(r"\ufeff?(?P<title>.+) with KakaoTalk Chats?"),
)
_PEOPLE_COUNT: Final = re.compile(r" ?\((?:\d{1,4} (?:people|members)|\d{1,4} ?명)\)(?:-\d+)?\Z")
_HEAD_COUNT: Final = re.compile(r"(?P<title>.+\S) \d{1,4}")
_MAC_NAMES: Final = (re.compile(r"KakaoTalk_Chat_(?P<title>.+?)(?:_\d{4}-\d\d-\d\d\b.*)?"),)
_DAY_LINES: Final = (
    re.compile(rf"(?:-{{5,}} )?{_KOREAN_DAY} \S요일(?: -{{5,}})?"),
    re.compile(rf"{_DOTTED_DAY} \S요일"),
    re.compile(rf"(?:-{{5,}} )?[A-Z][a-z]+day, {_ENGLISH_DAY}(?: -{{5,}})?"),
)
_WINDOWS: Final = re.compile(rf"\[(?P<name>.+?)\] \[(?P<time>{_TIME})\] ?(?P<text>.*)")
_HASHED: Final = re.compile(r"[0-9a-f]{64}\.[a-z0-9]{3,4}(?:\s+[0-9a-f]{64}\.[a-z0-9]{3,4})*\s*")
"""Android's picture files, one on each line."""
_lines: Final = partial(matcher, "kakaotalk", "line")
_notes: Final = partial(matcher, "kakaotalk", "media", "deleted")
_files: Final = partial(matcher, "kakaotalk", "file")
_KOREAN: Final = re.compile(r"카카오톡 대화|저장한 날짜|^(?:-{5,} )?\d{4}년 ")
_HEADING_LINES: Final = 5
_LONGEST_LINE: Final = 600
"""Maximum length of a message's or day's first line, without its text."""


def grammar_of(head: Sequence[str], _beside: Collection[str] = ()) -> "KakaoTalk | None":
    """Return the grammar of a file's first lines, if it is an export of KakaoTalk.

    It needs a known heading and a message, else two messages, one in the first line. The first
    message decides, because pasted lines may differ.
    """
    if head[:1] == ["Date,User,Message"]:
        return Mac()
    headings = sum(
        HEADING.fullmatch(line[:_LONGEST_LINE]) is not None for line in head[:_HEADING_LINES]
    )
    lines_by_count: dict[int, KakaoTalk] = {}
    for grammar in (Windows(), *map(Phone, _STAMPS)):
        places = [at for at, line in enumerate(head) if (o := grammar.read(line)) and o.name]
        if places and (headings or (len(places) > 1 and grammar.read(head[0]) is not None)):
            lines_by_count.setdefault(places[0], grammar)
    if not lines_by_count:
        return None
    grammar = lines_by_count[min(lines_by_count)]
    grammar.is_korean = any(_KOREAN.search(line[:_LONGEST_LINE]) for line in head)
    return grammar


class KakaoTalk(Grammar):
    """Remembers the day that a separate line stated."""

    exporters = frozenset({"회원님", "you", "You"})
    is_korean = False

    def __init__(self, day: date | None = None) -> None:
        self._day = day

    def begin(self, lines: Iterable[str]) -> None:
        self._day = None

    def note(self, notes: ReadNotes) -> None:
        if self.is_korean:
            notes.usual_zone = "Asia/Seoul"

    def said(self, text: str) -> Spoken:
        if _HASHED.fullmatch(text):
            return Spoken("", tuple(text.split()))
        if name := _files().file_in(text):
            return Spoken("", (unquote(name),))
        return Spoken("" if _notes().has(text) else text)

    def room(self, file: RoomFile[Any]) -> FileRoom:
        head = head_of(file.content)
        full = title_of(head[:_HEADING_LINES], _TITLES) or title_of(file.names, _MAC_NAMES)
        name = _PEOPLE_COUNT.sub("", full)
        if (match := _HEAD_COUNT.fullmatch(name)) and self._is_group(head):
            name = match["title"]
        return FileRoom(platform=KAKAOTALK.name, name=name, former=full if name != full else "")

    def _is_group(self, head: Iterable[str]) -> bool:
        openings = [opening for line in head if (opening := self.read(line)) and not opening.is_day]
        names = {opening.name for opening in openings}
        return "" in names or len(names) > 2

    def _is_day(self, line: str) -> bool:
        if len(line) > _LONGEST_LINE or line.startswith("["):
            return False
        for pattern in _DAY_LINES:
            if match := pattern.fullmatch(line):
                self._day = _day(match)
                return True
        return False


def _noted(text: str) -> Opening:
    is_known = _lines().has(text) or _notes().has(text)
    return Opening(text="" if is_known else text[:_LONGEST_LINE])


class Windows(KakaoTalk):
    """`[name] [time] text`, below lines that state the day."""

    def read(self, line: str) -> Opening | None:
        if self._is_day(line):
            return Opening(is_day=True)
        match = _WINDOWS.match(line)
        when = moment(self._day, match["time"]) if match else None
        if match and when:
            return Opening(match["name"], when, match["text"])
        return Opening() if len(line) <= _LONGEST_LINE and _lines().has(line) else None


class Mac(Windows):
    """Rows of CSV, with the notes on media and deletions that Windows has."""

    def items(self, content: Content) -> Iterator[Item]:
        def read_row(fields: list[str], place: int) -> Item:
            when, name, text = (*fields, "", "", "")[:3]
            if not name or _lines().has(text):
                return message(self, _noted(text), place, [text], content.notes)
            return message(self, Opening(name, _time(when)), place, [text], content.notes)

        return read_each(islice(read_rows(content, ","), 1, None), read_row)

    def kinds(self, content: Content) -> Iterator[TextLine]:
        return iter(())


class Phone(KakaoTalk):
    """`when, name : text`; a line without a name is the app's own."""

    def __init__(self, stamp: str, day: date | None = None) -> None:
        super().__init__(day)
        self._has_day = "<y>" in stamp
        self._alone = re.compile(stamp)
        self._record = re.compile(rf"{stamp}(?P<end>[,:]) (?P<rest>.*)")

    def read(self, line: str) -> Opening | None:
        line = line.removeprefix("\ufeff")
        if self._is_day(line) or (self._has_day and self._alone.fullmatch(line)):
            return Opening(is_day=True)
        match = self._record.match(line)
        if match is None:
            return None
        name, colon, text = match["rest"].partition(" : ")
        day = _day(match) if self._has_day else self._day
        if match["end"] == ":" or not colon:
            return _noted(match["rest"])
        when = moment(day, match["time"])
        return Opening(name, when, text) if when else None


@cache
def _copied() -> tuple[KakaoTalk, ...]:
    # The day does not matter, and is not always copied.
    return (Windows(date.min), *(Phone(stamp, date.min) for stamp in _STAMPS))


def read_copy(line: str) -> Opening | None:
    """Return what a line begins that was copied out of a room."""
    openings = [opening for grammar in _copied() if (opening := grammar.read(line))]
    return next((opening for opening in openings if opening.name), next(iter(openings), None))


def said_in_copy(text: str) -> Spoken:
    """Return a copied message without the app's notes."""
    return _copied()[0].said(text)


def _day(match: re.Match[str]) -> date | None:
    groups = match.groupdict()
    name = groups.get("month")
    month = MONTHS.get(name[:3], 0) if name else int(groups["mo"])
    return day_of(int(groups["y"]), month, int(groups["d"]))


def _time(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        return None


KAKAOTALK: Final = TextChat(
    "kakaotalk",
    Message("KakaoTalk"),
    Message(
        "a KakaoTalk heading and a message; or two messages in the style of a KakaoTalk"
        " app, starting in the first line"
    ),
    grammar_of,
    (".txt", ".csv"),
)
