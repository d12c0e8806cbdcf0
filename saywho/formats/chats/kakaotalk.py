"""KakaoTalk: texts of Windows, Android and iOS in any language, and the CSV of the Mac."""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date, datetime, time
from functools import cache, cached_property, partial
from itertools import islice
from typing import Any, Final
from urllib.parse import unquote

from saywho.errors import Message, RecordError
from saywho.formats.chats.chat_files import RoomFile
from saywho.formats.chats.sentence_tables import matcher, movement_in
from saywho.formats.chats.text_chat import (
    HEADING_LINES,
    LONGEST_HEADING,
    DayLines,
    GrammarOfDays,
    Opening,
    Spoken,
    TextChat,
    day_in,
    head_of,
    message,
    title_of,
)
from saywho.formats.records import FileRoom, Item, read_each
from saywho.formats.source.file import Content
from saywho.formats.source.times import iso_time
from saywho.formats.source.written.clock import UnknownWordsError, as_key, of_weekdays, read_clock
from saywho.formats.source.written.dates import FileDates
from saywho.formats.source.written.days import WrittenDay, date_patterns, matched_day
from saywho.formats.source.written.order import DateUse
from saywho.formats.tables.csv import read_rows
from saywho.text import clean_title

_TIME: Final = r"(?:[^\W\d_][^\d\[\],:]{0,20}\s?)?\d{1,2}[:.]\d{2}(?:\s?[^\W\d_][^\d\[\],:]{0,20})?"
_BEFORE_TIME: Final = r"(?:\s[^\W\d_]{1,3}\.)?,? "
_TIME_ALONE: Final = r"(?P<time>[^\W\d_][^\d\[\],:]{0,20}\s\d{1,2}:\d{2})"


@cache
def _stamps() -> tuple[str, ...]:
    """Return patterns of the times of messages; for the last, the day has its own line."""
    numbers, signs, *named = date_patterns()
    return (
        rf"{signs}{_BEFORE_TIME}(?P<time>{_TIME})",
        *(rf"{numbers}{dot}{_BEFORE_TIME}(?P<time>{_TIME})" for dot in (r"\.", "")),
        *(rf"(?P<time>{_TIME}), {day}" for day in named),
        *(rf"{day}{_BEFORE_TIME}(?P<time>{_TIME})" for day in named),
        _TIME_ALONE,
    )


HEADING: Final = re.compile(
    r"\ufeff?(?:.*카카오톡 대화(?:\.txt)?|KakaoTalk Chats? .+|.+ with KakaoTalk Chats?"
    r"|Talk_\d{4}\.\d{1,2}\.\d{1,2} \d{1,2}:\d{2}.*\.txt|(?:저장한 날짜|Date Saved) : .+)"
)
_PART: Final = re.compile(r"\ufeff?(?P<whole>Talk_.*)-\d{1,4}\.txt")
_SAVED: Final = re.compile(r"\ufeff?(?P<label>[^\W\d][^\d:\n]{0,40}?) ?[:：] ?(?P<time>.{6,60})")
"""The line below a title, in any language: the time at which the app saved the file."""
_TITLES: Final = (
    re.compile(r"\ufeff?(?P<title>.+?) ?님과 카카오톡 대화(?:\.txt)?"),
    re.compile(r"\ufeff?(?P<title>.+? ?\(\d{1,4} ?명\))과 카카오톡 대화(?:\.txt)?"),
    re.compile(r"\ufeff?(?P<title>.+) 카카오톡 대화(?:\.txt)?"),
    re.compile(r"\ufeff?KakaoTalk Chats? with (?P<title>.+)"),
    re.compile(r"\ufeff?KakaoTalk Chats? (?P<title>.+)"),
    re.compile(r"\ufeff?(?P<title>.+) with KakaoTalk Chats?"),
)
_PEOPLE_COUNT: Final = re.compile(
    r" ?\((?:\d{1,4}(?: (?:people|members))?|\d{1,4} ?명)\)(?:-\d+)?\Z"
)
_HEAD_COUNT: Final = re.compile(r"(?P<title>.+\S) \d{1,4}")
_MAC_NAMES: Final = (re.compile(r"KakaoTalk_Chat_(?P<title>.+?)(?:_\d{4}-\d\d-\d\d\b.*)?"),)
_WEEKDAY: Final = r"(?P<weekday>[^\W\d]\S{0,20})"
_WINDOWS: Final = re.compile(rf"\[(?P<name>.+?)\] \[(?P<time>{_TIME})\] ?(?P<text>.*)")
_HASHED: Final = re.compile(r"[0-9a-f]{64}\.[a-z0-9]{3,4}(?:\s+[0-9a-f]{64}\.[a-z0-9]{3,4})*\s*")
"""Android's picture files, each on its line."""
_EMOTICON: Final = r"\((?:이모티콘|[Ee]moticon)(?:_[^()\n]{1,60})?\)"
_EMOTICONS: Final = re.compile(rf"\A(?:{_EMOTICON}\s*)+|(?<!\s)(?:\s*{_EMOTICON})+\Z")
"""Emoticons of phones, perhaps with the name of their set, before or behind words."""
_TITLED: Final = re.compile(r"\[[^\[\]\n]{1,200}\] ?(?P<sentence>[^\n]{1,100}(?:니다|[a-z])\.)")
"""The title of a poll or an event before the app's sentence."""
_lines: Final = partial(matcher, "kakaotalk", "line", "joined", "left")
_notes: Final = partial(matcher, "kakaotalk", "media", "deleted")
_files: Final = partial(matcher, "kakaotalk", "file")
_KOREAN: Final = re.compile(r"카카오톡 대화|저장한 날짜|^(?:-{5,} )?\d{4}년 ")
_COME_OR_GONE: Final = re.compile(
    r"(?P<first>.{1,200}?(?:님이 (?:들어왔|나갔)습니다| (?:joined|left) this chatroom)\.)"
    r"(?P<rest>\S.*)"
)
"""The notice of an open chat, with another notice right behind it."""
_JOINED: Final = Message("Texts without quotation marks, with commas that are read as words")
_LONGEST_DAY: Final = 80
_DATE_USE: Final = DateUse(is_chat=True, usual="day-first")
"""Phones that write the month first name it."""


def grammar_of(head: Sequence[str], _beside: Collection[str] = ()) -> "KakaoTalk | None":
    """Return the grammar of a file's first lines, if it is an export of KakaoTalk.

    It needs a known heading and a message, else two messages, the first of them in the first line.
    The first message decides, because pasted lines may differ.
    """
    if head[:1] == ["Date,User,Message"]:
        return Mac()
    headings = sum(
        HEADING.fullmatch(line[:LONGEST_HEADING]) is not None for line in head[:HEADING_LINES]
    )
    lines_by_count: dict[int, KakaoTalk] = {}
    saved = next(filter(None, map(_saved_in, head[:HEADING_LINES])), "")
    for grammar in (Windows(), *map(Phone, _stamps())):
        places = [at for at, line in enumerate(head) if (o := grammar.read(line)) and o.name]
        is_first = len(places) > 1 and grammar.read(head[0]) is not None
        if places and (headings or saved or is_first):
            lines_by_count.setdefault(places[0], grammar)
    if not lines_by_count:
        return None
    grammar = lines_by_count[min(lines_by_count)]
    grammar.is_korean = any(_KOREAN.search(line[:LONGEST_HEADING]) for line in head)
    if saved:
        grammar.saved = re.compile(rf"\ufeff?{re.escape(saved)} ?[:：] ?(?P<time>.+)")
    return grammar


def _saved_in(line: str) -> str:
    match = _SAVED.fullmatch(line)
    return match["label"] if match and day_in(match["time"]) else ""


@cache
def _day_lines(before: str, after: str) -> tuple[re.Pattern[str], ...]:
    """Return patterns of lines with a day and its weekday."""
    numbers, signs, *named = date_patterns()
    days = (rf"{signs}(?: |(?<=日)){_WEEKDAY}", rf"{numbers}\.? {_WEEKDAY}")
    of_names = (rf"{_WEEKDAY},? {day}\.?" for day in named)
    return tuple(re.compile(f"{before}{day}{after}") for day in (*days, *of_names))


class KakaoTalk(GrammarOfDays):
    exporters = frozenset({"회원님", "you", "You"})
    heading, saved = HEADING, re.compile(r"\ufeff?(?:저장한 날짜|Date Saved) : (?P<time>.+)")
    is_korean = False

    def __init__(self, day: date | None = None) -> None:
        super().__init__(day)
        self._dates = FileDates(None, _DATE_USE)

    @cached_property
    def days(self) -> tuple[re.Pattern[str], ...]:
        return _day_lines("", "")

    def written_day(self, line: str) -> WrittenDay | None:
        if len(line) > _LONGEST_DAY or " : " in line:
            return None
        for pattern in self.days:
            if match := pattern.fullmatch(line):
                return _matched(match)
        return None

    def said(self, text: str) -> Spoken:
        files = _media_in(text)
        if files is None and "\n" in text:  # Each of several pictures has its line.
            of_lines = [_media_in(line) for line in text.splitlines() if line.strip()]
            found = [line for line in of_lines if line is not None]
            if len(found) == len(of_lines):
                files = tuple(name for names in found for name in names)
        return Spoken(_EMOTICONS.sub("", text)) if files is None else Spoken("", files)

    def room(self, file: RoomFile[Any]) -> FileRoom:
        head = head_of(file.content)
        full = title_of(head[:HEADING_LINES], _TITLES) or title_of(file.names, _MAC_NAMES)
        full = full or self._title_in(head)
        name = _PEOPLE_COUNT.sub("", full)
        if (match := _HEAD_COUNT.fullmatch(name)) and self._is_group(head):
            name = match["title"]
        return FileRoom(
            platform=KAKAOTALK.name,
            name=name,
            file=_whole_file(file.content.name, head),
            former=full if name != full else "",
            zone="Asia/Seoul" if self.is_korean else "",
        )

    def _title_in(self, head: Sequence[str]) -> str:
        """Return a title above the time of saving, in any language, or the one name in it."""
        places = (at for at, line in enumerate(head[:HEADING_LINES]) if self.saved.fullmatch(line))
        title = head[place - 1].lstrip("\ufeff") if (place := next(places, 0)) else ""
        if title.endswith(".txt"):
            return ""  # The name of the file, which each part of a chat has of its own.
        named = [name for name in self._names_in(head) if name and name in title]
        return (named[0] if len(named) == 1 else clean_title(title)) or ""

    def _names_in(self, head: Iterable[str]) -> set[str]:
        openings = (self.read(line) for line in head)
        return {opening.name for opening in openings if opening and not opening.is_day}

    def _is_group(self, head: Iterable[str]) -> bool:
        names = self._names_in(head)
        return "" in names or len(names) > 2


def _whole_file(name: str, head: Sequence[str]) -> str:
    """Return one name for all parts into which the app cut a long chat."""
    if head and (part := _PART.fullmatch(head[0][:LONGEST_HEADING])):
        return f"{name[: name.rfind('/') + 1]}{part['whole']}"
    return name


def _media_in(text: str) -> tuple[str, ...] | None:
    if _HASHED.fullmatch(text):
        return tuple(text.split())
    if name := _files().file_in(text):
        return (unquote(name),)
    if " : " in text:
        text = text.replace(" : ", ": ")
    if text.startswith("[") and (match := _TITLED.fullmatch(text)):
        text = match["sentence"]
    return () if _notes().has(text) else None


def _noted(text: str, when: datetime | None = None) -> Opening:
    if _lines().has(text):
        return Opening(when=when, moved=movement_in(KAKAOTALK.name, text))
    return Opening(text="" if _notes().has(text) else text[:LONGEST_HEADING])


class Windows(KakaoTalk):
    """`[name] [time] text`, below lines between dashes that state the day."""

    _said: datetime | None = None
    """Time of the message before."""

    @cached_property
    def days(self) -> tuple[re.Pattern[str], ...]:
        return _day_lines("(?<!-)-{5,}+ ", " -{5,}")

    def begin(self, lines: Iterable[str]) -> None:
        super().begin(lines)
        self._said = None

    def begun(self, line: str) -> Opening | None:
        match = _WINDOWS.match(line)
        when = self._dates.moment(self._day, read_clock(match["time"])) if match else None
        if match and when:
            self._said = when
            return Opening(match["name"], when, match["text"])
        return self._notice(line) if len(line) <= LONGEST_HEADING else None

    def _notice(self, line: str) -> Opening | None:
        """Return the app's sentences in a line, which open chats write one behind another.

        A line has no time: it was written after the message before it, or on a later day.
        """
        day = datetime.combine(self._day, time.min) if self._day else None
        when = day and max(day, self._said or day)
        if _lines().has(line):
            return _noted(line, when)
        if (first := _COME_OR_GONE.match(line)) and _lines().has(first["first"]):
            return _noted(first["rest"])._replace(moved=None)
        return None

    def said_on(self, line: str) -> date | None:
        return date.min if _WINDOWS.match(line) else None


class Mac(Windows):
    """Rows of CSV, with the notes on media and deletions that Windows has."""

    def items(self, content: Content) -> Iterator[Item]:
        def read_row(fields: list[str], place: int) -> Item:
            stated, name, *texts = (*fields, "", "")
            when = iso_time(stated)
            if len(fields) > 1 and when is None:
                raise RecordError("the time {time} cannot be read", time=stated[:40])
            # Some programs write texts without quotes, and no other column follows.
            text = ",".join(texts[: max(1, len(fields) - 2)])
            if len(fields) > 3:
                content.notes.look_odd("column", _JOINED, [text])
            when = when and when.replace(tzinfo=None)
            if not name or _lines().has(text):
                return message(self, _noted(text, when), place, [text], content.notes)
            return message(self, Opening(name, when), place, [text], content.notes)

        return read_each(islice(read_rows(content, ","), 1, None), read_row)


class DaysBesideTimes(DayLines):
    """The same where each message has its day: a line states it only if a new day begins there."""

    def __init__(self) -> None:
        super().__init__()
        self._dates = FileDates(None, _DATE_USE)
        self._waiting: list[tuple[int, date | None]] = []
        self._before: date | None = None

    def add(self, number: int, day: WrittenDay) -> None:
        self._waiting.append((number, self._dates.day(day)))

    def say(self, day: date | None = None) -> None:
        super().say(day)
        for number, stated in self._waiting:
            if stated != day or day == self._before:
                self.of_people.add(number)
        self._waiting, self._before = [], day

    def begin_file(self, _saved: date | None) -> None:
        self.say()

    def settle(self, _dates: FileDates) -> None:
        self.say()


class Phone(KakaoTalk):
    """`when, name : text`; a line without a name is the app's own."""

    def __init__(self, stamp: str, day: date | None = None) -> None:
        super().__init__(day)
        self._has_day = stamp != _TIME_ALONE
        self._record = re.compile(rf"{stamp}(?P<end>[,:]) (?P<rest>.*)")
        if self._has_day:
            self.days = (*self.days, re.compile(stamp))
            self.day_lines = DaysBesideTimes

    def begun(self, line: str) -> Opening | None:
        match = self._record.match(line)
        if match is None:
            return None
        name, colon, text = match["rest"].partition(" : ")
        day = self._day_in(match) if self._has_day else self._day
        when = self._dates.moment(day, read_clock(match["time"]))
        if match["end"] == ":" or not colon:
            return _noted(match["rest"], when)
        return Opening(name, when, text) if when else None

    def said_on(self, line: str) -> date | None:
        match = self._record.match(line)
        if match is None or read_clock(match["time"]) is None:
            return None
        return self._day_in(match) if self._has_day else date.min

    def _day_in(self, match: re.Match[str]) -> date | None:
        day = _matched(match)
        return day and self._dates.day(day)


@cache
def copied() -> tuple[KakaoTalk, ...]:
    """Return the grammars of lines copied out of a room, whose day is not always copied."""
    return (Windows(date.min), *(Phone(stamp, date.min) for stamp in _stamps()))


def _matched(match: re.Match[str]) -> WrittenDay | None:
    groups = match.groupdict()
    weekday = as_key(groups.get("weekday") or "")
    if weekday and weekday not in of_weekdays():
        return None
    try:
        return matched_day(match, weekday)
    except UnknownWordsError:
        return None


KAKAOTALK: Final = TextChat(
    "kakaotalk",
    Message("KakaoTalk"),
    grammar_of,
    (".txt", ".csv"),
    HEADING,
    began=2010,
    steps=(
        Message("Open the chat, then its menu (≡), then the settings (⚙)."),
        Message("Choose “Export chat”."),
        Message("Choose the exported file here: a .txt file (on a Mac, a .csv file)."),
    ),
)
