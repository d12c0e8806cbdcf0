"""LINE's text exports of phones, Windows and the Mac, in the languages of the app.

Tabs, or four blanks after some programs, separate fields. A day has its own line with its weekday.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date, datetime
from functools import cache, partial
from itertools import pairwise
from typing import Any, ClassVar, Final

from saywho.errors import Message
from saywho.formats.assumptions import Order, ReadNotes
from saywho.formats.chats import text_chat
from saywho.formats.chats.chat_files import RoomFile
from saywho.formats.chats.sentence_tables import matcher, sentences
from saywho.formats.records import FileRoom, ReadOptions
from saywho.formats.source.written.clock import as_key, of_weekdays, read_clock
from saywho.formats.source.written.dates import FileDates
from saywho.formats.source.written.days import NUMBERS, WrittenDay, matched_day
from saywho.formats.source.written.order import DateUse

_TIME: Final = (
    r"(?P<time>(?:[^\W\d_][^\d\t:]{0,20})?\d{1,2}[:.]\d{2}"
    r"(?:[ \u00a0\u202f]?[^\W\d_][^\d\t:]{0,20}?)?)"
)
_TABS: Final = re.compile(rf"{_TIME}\t(?:(?P<name>[^\t]*)\t)?(?P<text>.*)")
_BLANKS: Final = re.compile(rf"{_TIME} {{4}}(?:(?P<name>\S.*?) {{4}})?(?P<text>.*)")
_BLANK: Final = re.compile(rf"{_TIME} (?P<name>\S+) (?P<text>.+)")
_CLOCK: Final = r"(?P<time>(?:(?:午前|午後|上午|下午|오전|오후) ?)?\d{1,2}:\d{2})"
_OF_COMPUTER: Final = re.compile(rf"{_CLOCK} (?P<name>\S+) (?P<text>.+)")
_DAY_ON_COMPUTER: Final = re.compile(
    r"\ufeff?\d{4}\.\d{1,2}\.\d{1,2} (?:(?P<ja>[日月火水木金土]曜日)"
    r"|(?:星期|[週周])[一二三四五六日天]|[일월화수목금토]요일)"
)
_OF_APP: Final = re.compile(rf"{_CLOCK} (?P<text>.+)")
_MOST_NAMES: Final = 1_000
_DAY: Final = re.compile(
    rf"(?:(?P<before>[^\W\d][^\d,\t]{{0,14}}?),? )?{NUMBERS}\.?"
    r"(?:\s?[(（]?(?P<after>[^\d()（）,\t]{1,14})[)）]?)?"
)
"""A day with its weekday."""
_LONGEST_DAY: Final = 40
_TITLES: Final = tuple(
    re.compile(rf"\ufeff?(?:\[LINE\] ?)?{title}")
    for title in (
        r"Chat (?:history )?(?:with|in) (?P<title>.+)",
        r"(?P<title>.+?)と?のトーク(?:履歴)?",
        r"[與与] ?(?P<title>.+?) ?的聊天(?:[記记][錄录]|紀錄)?",
        r"(?P<title>.+?) ?的聊天(?:[記记][錄录]|紀錄)?",
        r"(?P<title>.+?)님과(?:의)? 대화(?: ?내용)?",
        r"(?P<title>.+?) 대화(?: ?내용)?",
        r"ประวัติการ(?:แชท|สนทนา)(?:กับ|ใน) ?(?P<title>.+)",
        r"Riwayat (?:chat|obrolan) (?:dengan|di|dalam) (?P<title>.+)",
    )
)
_NAMES: Final = (*_TITLES, re.compile(r"\[LINE\] ?(?P<title>.+)"))
_SAVED: Final = re.compile(
    r"(?:Saved on|保存日時|儲存日期|保存日期|저장한 날짜|저장 일시|บันทึกเมื่อ|บันทึกวันที่|Disimpan pada)"
    r"(?: ?[:：]|(?= )) ?(?P<time>.*\d.*)"
)
HEADING: Final = re.compile(rf"\ufeff?\[LINE\].*|{_SAVED.pattern}")
_IN_BRACKETS: Final = re.compile(r"\[[^\[\]\t\n]{2,30}\]")
_BEGAN: Final = 2011
_DATE_USE: Final = DateUse(is_chat=True, since=_BEGAN)
_FEWEST: Final = (2, 3)
"""Number of people from which the app is the author of sentences behind their names that end in a
full stop, and of equal notes in brackets, without a table.
"""
_lines: Final = partial(matcher, "line", "line", "deleted", "media")
_notes: Final = partial(matcher, "line", "media", "deleted")


class LineRoom(text_chat.GrammarOfDays):
    heading, saved = HEADING, _SAVED
    pattern: ClassVar[re.Pattern[str]] = _TABS

    def __init__(self, day: date | None = None) -> None:
        super().__init__(day)
        self._choice: Order | None = None
        self._repeated: frozenset[str] = frozenset()
        """Notes of several people that no table has, in brackets or behind their own names."""
        self._quotes = Quotes()

    def choose(self, options: ReadOptions) -> None:
        self._choice = options.dates

    def begin(self, lines: Iterable[str]) -> None:
        """Find the same, decide about dates by weekdays, and learn notes of no table."""
        self._dates, self._quotes = FileDates(self._choice, _DATE_USE), Quotes()
        people: dict[str, set[str]] = defaultdict(set)
        super().begin(self._looked_at(lines, people))
        self._repeated = frozenset(
            note for note, names in people.items() if len(names) >= _FEWEST[note[0] == "["]
        )

    def _looked_at(self, lines: Iterable[str], people: dict[str, set[str]]) -> Iterator[str]:
        for line in lines:
            if self._quotes.is_open or '"' in line:
                self._quotes.add(line, self.pattern)
            self._quotes.number += 1
            match = self.pattern.match(line) if line.endswith(("]", ".", "。")) else None
            if match and (name := match["name"]):
                note, deed = match["text"], match["text"].removeprefix(name)
                note = note if _IN_BRACKETS.fullmatch(note) else deed if deed != note else ""
                if note and (note in people or len(people) < _MOST_NAMES):
                    people[note] |= {name} if len(people[note]) < max(_FEWEST) else set()
            yield line

    def settle(self, found: text_chat.DayLines) -> None:
        found.leave_out(self._quotes.inside)
        for stated in found.days:
            self._dates.add(stated)
        self._dates.settle()
        super().settle(found)

    def note(self, notes: ReadNotes) -> None:
        self._dates.note(notes)
        super().note(notes)

    def is_heading(self, line: str) -> bool:
        return super().is_heading(line) or bool(
            text_chat.title_of([line[: text_chat.LONGEST_HEADING]], _TITLES)
        )

    def read(self, line: str) -> text_chat.Opening | None:
        if self._number + 1 in self._quotes.inside:
            self._number += 1
            return None
        return super().read(line)

    def written_day(self, line: str) -> WrittenDay | None:
        match = _DAY.fullmatch(line) if len(line) <= _LONGEST_DAY else None
        if match is None:
            return None
        weekday = as_key(match["after"] or match["before"] or "")
        day = matched_day(match, weekday)
        has_year = day.era or "4" in f"{len(day.parts[0])}{len(day.parts[2])}"
        return day if has_year and weekday in of_weekdays() else None

    def said_on(self, line: str) -> date | None:
        return date.min if self.pattern.match(line) else None

    def begun(self, line: str) -> text_chat.Opening | None:
        match = self.pattern.match(line)
        when = self._dates.moment(self._day, read_clock(match["time"])) if match else None
        if match is None or when is None:
            return None
        text, name = match["text"], (match["name"] or "").strip()
        deed = text[len(name) :] if text.startswith(name) else ""
        is_of_app = _lines().has(text) if deed else not name
        if name and not is_of_app and deed not in self._repeated:
            return text_chat.Opening(name, when, text)
        return text_chat.Opening(text="" if _lines().has(text) else text[:300])

    def said(self, text: str) -> text_chat.Spoken:
        """Return a text, without the quotes around several lines."""
        inner = text[1:-1].replace('""', "")
        if text.startswith('"') and text.endswith('"') and "\n" in text and '"' not in inner:
            text = text[1:-1].replace('""', '"')
        if _notes().has(text.removesuffix("。")):
            return text_chat.Spoken("")
        if text in self._repeated:
            return text_chat.Spoken("", taken=text)
        return text_chat.Spoken(_without_pictures(text) if ")" in text else text)

    def room(self, file: RoomFile[Any]) -> FileRoom:
        head = [
            line for line in text_chat.head_of(file.content)[:1] if not self.pattern.match(line)
        ]
        name = text_chat.title_of(head, _TITLES) or text_chat.title_of(file.names, _NAMES)
        return FileRoom(platform=LINE.name, name=name)


class Quotes:
    """Lines in the quotes around a text of several lines, which begin no message.

    The text may be a pasted chat; its quotes are doubled, so a single quote at a line's end closes
    it.
    """

    def __init__(self) -> None:
        self.number = 0  # Of lines before the present one.
        self.is_open = False
        self.inside: set[int] = set()
        self._since: list[int] = []

    def add(self, line: str, pattern: re.Pattern[str]) -> None:
        single = line.replace('""', "")
        match = pattern.match(line)
        text = match["text"] if match and match["name"] else ""
        if self.is_open and '"' not in single:
            self._since.append(self.number + 1)
            self.is_open = len(self._since) <= 500
        elif self.is_open and single.index('"') == len(single) - 1 and text != '"':
            if len(self.inside) < 100_000:
                self.inside.update((*self._since, self.number + 1))
            self.is_open = False
        else:
            self.is_open = text.startswith('"') and '"' not in text[1:].replace('""', "")
            self._since = []


class FourBlanks(LineRoom):
    pattern = _BLANKS


class OneBlank(LineRoom):
    """Messages copied out of LINE on a computer; names have no blanks then."""

    pattern = _BLANK


class ComputerRoom(LineRoom):
    """An export of LINE on a computer, with single blanks around names.

    A name has several words if its messages share them. A time of day in a text begins no message
    if it goes back and no other message has the name behind it.
    """

    pattern = _OF_COMPUTER

    def __init__(self) -> None:
        super().__init__()
        self._counts: Counter[str] = Counter()
        self._behind: dict[str, set[str]] = {}
        """Words behind each first word of a name; at most two, empty for the last word."""
        self._newest: datetime | None = None

    def begin(self, lines: Iterable[str]) -> None:
        self._counts.clear()
        self._behind.clear()
        self._newest = None
        super().begin(self._learnt(lines))

    def note(self, notes: ReadNotes) -> None:
        super().note(notes)
        wholes = ((self._whole(name), name, count) for name, count in self._counts.items())
        text_chat.note_names({whole: n for whole, name, n in wholes if whole != name}, notes)

    def read(self, line: str) -> text_chat.Opening | None:
        opening = super().read(line)
        if opening is None:
            match = _OF_APP.fullmatch(line)
            return text_chat.Opening() if match and _lines().has(match["text"]) else None
        if not opening.name or opening.when is None:
            return opening
        if _lines().has(f"{opening.name} {opening.text}"):
            return text_chat.Opening()
        is_back = self._newest is not None and opening.when < self._newest
        if is_back and self._counts[opening.name] < 2:
            return None
        self._newest = opening.when
        whole = self._whole(opening.name)
        return text_chat.Opening(
            whole, opening.when, opening.text[len(whole) - len(opening.name) :].lstrip()
        )

    def _learnt(self, lines: Iterable[str]) -> Iterator[str]:
        for line in lines:
            match = self.pattern.match(line)
            if match and (match["name"] in self._counts or len(self._counts) < _MOST_NAMES):
                self._counts[match["name"]] += 1
                words = self._behind.setdefault(match["name"], set())
                word, blank, _ = match["text"].partition(" ")
                words |= {word if blank else ""} if len(words) < 2 else set()
            yield line

    def _whole(self, name: str) -> str:
        behind = self._behind.get(name, {""})
        is_longer = self._counts[name] > 2 and len(behind) == 1 and "" not in behind
        return f"{name} {next(iter(behind))}" if is_longer else name


@cache
def copied() -> tuple[LineRoom, ...]:
    """Return the grammars of lines copied out of an export, whose day is not always copied."""
    return LineRoom(date.min), FourBlanks(date.min)


@cache
def copied_on_computer() -> tuple[LineRoom, ...]:
    return (OneBlank(date.min),)


def _without_pictures(text: str) -> str:
    for picture in sentences("line", "picture"):
        if picture in text:
            text = text.replace(f" {picture}", "").replace(picture, "").strip(" ")
    return text


def _is_of_computer(head: Sequence[str], openings: Iterable[text_chat.Opening | None]) -> bool:
    """Return whether days are written as on a computer, and several people write again below.

    A diary may have such lines, too, but Japanese days are enough.
    """
    days = [*filter(None, map(_DAY_ON_COMPUTER.fullmatch, head))]
    names = Counter(opening.name for opening in openings if opening and opening.name)
    again = [count for count in names.values() if count > 1]
    are_people = len(again) > 1 and 2 * sum(again) > names.total()
    return any(day["ja"] for day in days) or (bool(days) and are_people)


def grammar_of(head: Sequence[str], _beside: Collection[str] = ()) -> LineRoom | None:
    """Return the grammar of a file's first lines, if it is an export of LINE.

    It needs a known heading and a message, else a day with its weekday and a message below. Single
    blanks need a day as LINE for PC writes it.
    """
    is_headed = any(HEADING.fullmatch(line[: text_chat.LONGEST_HEADING]) for line in head[:2])
    for grammar in (LineRoom(), FourBlanks(), ComputerRoom()):
        grammar.begin(head)
        openings = [grammar.read(line) for line in head]
        below = [after for day, after in pairwise(openings) if day and day.is_day]
        has_day = any(opening and not opening.is_day for opening in below)
        has_message = any(opening and opening.name for opening in openings)
        if isinstance(grammar, ComputerRoom) and not _is_of_computer(head, openings):
            continue
        if has_message and (is_headed or has_day):
            return grammar
    return None


LINE: Final = text_chat.TextChat(
    "line",
    Message("LINE"),
    grammar_of,
    heading=HEADING,
    began=_BEGAN,
    steps=(
        Message("Open the chat, then its menu (≡), then “Other settings”."),
        Message("Choose “Export chat history”."),
        Message("Choose the exported .txt file here. On a computer, use “Save chat” instead."),
    ),
)
