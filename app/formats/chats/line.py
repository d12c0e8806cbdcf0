"""LINE's text exports of phones, Windows and the Mac, in the languages of the app.

Tabs, or four blanks after some programs, separate fields. A day has its own line with its weekday.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from functools import cache, partial
from itertools import pairwise
from typing import Any, ClassVar, Final

from app.errors import Message
from app.formats.chats.chat_files import RoomFile
from app.formats.chats.sentence_tables import matcher, sentences
from app.formats.chats.text_chat import (
    Grammar,
    Opening,
    Spoken,
    TextChat,
    day_of,
    head_of,
    moment,
    title_of,
)
from app.formats.records import FileRoom

_PARTS: Final = {
    **dict.fromkeys(("凌晨", "清晨", "早上", "午夜"), "am"),
    **dict.fromkeys(("傍晚", "晚上"), "pm"),
    "中午": "noon",
}
"""Parts of the day before 12-hour times, except morning and afternoon."""
_TIME: Final = (
    rf"(?P<time>(?:[上下]午|午[前後]|오[전후]|{'|'.join(_PARTS)})?\s?\d{{1,2}}[:.]\d{{2}}"
    r"(?:\s?[AaPp]\.?[Mm]\.?)?)"
)
_TABS: Final = re.compile(rf"{_TIME}\t(?:(?P<name>[^\t]*)\t)?(?P<text>.*)")
_BLANKS: Final = re.compile(rf"{_TIME} {{4}}(?:(?P<name>\S.*?) {{4}})?(?P<text>.*)")
_BLANK: Final = re.compile(rf"{_TIME} (?P<name>\S+) (?P<text>.+)")
_DAYS: Final = {
    word: number
    for words in (
        ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
        ("Sen", "Sel", "Rab", "Kam", "Jum", "Sab", "Min"),
        ("จ.", "อ.", "พ.", "พฤ.", "ศ.", "ส.", "อา."),
    )
    for number, word in enumerate(words)
}
_WEEKDAY: Final = (
    r"(?:\s?[(（](?:[日月火水木金土월화수목금토일]|[週周]?[一二三四五六日]|[A-Z][a-z]{2}"
    r"|[\u0e00-\u0e7f]{1,3}\.)[)）]"
    r"|\s?(?:[周週]|星期)[一二三四五六日天]|\s?[日月火水木金土]曜日|\s[월화수목금토일]요일"
    r"|\s[A-Z][a-z]{2,5}day|\s?วัน[\u0e00-\u0e7f]{2,12}"
    r"|\s(?:Minggu|Senin|Selasa|Rabu|Kamis|Jumat|Sabtu))"
)
_YEAR_FIRST: Final = re.compile(
    rf"(?P<y>\d{{4}}|[RH]\d{{1,2}})[./] ?(?P<m>\d{{1,2}})[./] ?(?P<d>\d{{1,2}})\.?{_WEEKDAY}"
)
_YEAR_LAST: Final = re.compile(
    rf"(?P<word>{'|'.join(map(re.escape, _DAYS))}),? "
    r"(?P<a>\d{1,2})/(?P<b>\d{1,2})/(?P<y>\d{4})"
)
_LONGEST_DAY: Final = 40
_ERAS: Final = {"R": 2018, "H": 1988}
"""Years before the first of Reiwa and of Heisei, by which Japanese calendars count."""
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
HEADING: Final = re.compile(
    r"\ufeff?\[LINE\].*"
    r"|(?:Saved on|保存日時|儲存日期|保存日期|저장한 날짜|저장 일시|บันทึกเมื่อ|บันทึกวันที่|Disimpan pada)"
    r"(?: ?[:：]|(?= )) ?.*\d.*"
)
_IN_BRACKETS: Final = re.compile(r"\[[^\[\]\t\n]{2,30}\]")
_FEWEST_PEOPLE: Final = 3
"""Number of people whose equal notes are attributed to the app without a table."""
_lines: Final = partial(matcher, "line", "line", "deleted", "media")
_notes: Final = partial(matcher, "line", "media", "deleted")


class LineRoom(Grammar):
    exporters = frozenset()
    pattern: ClassVar[re.Pattern[str]] = _TABS

    def __init__(self, day: date | None = None) -> None:
        self._day = day
        self._is_month_first = True
        self._repeated: frozenset[str] = frozenset()
        """Bracketed notes of several people that no table has."""
        self._number = 0  # Of lines read so far.
        self._quotes = Quotes()

    def begin(self, lines: Iterable[str]) -> None:
        """Decide the order of day and month by weekdays, and learn notes that no table has."""
        self._day = None
        votes = 0
        people: dict[str, set[str]] = defaultdict(set)
        self._number, self._quotes = 0, Quotes()
        for line in lines:
            if self._quotes.is_open or '"' in line:
                self._quotes.add(line, self.pattern)
            self._quotes.number += 1
            if len(line) <= _LONGEST_DAY and (match := _YEAR_LAST.fullmatch(line)):
                votes += _fits(match, is_month_first=True) - _fits(match, is_month_first=False)
            elif line.endswith("]") and (match := self.pattern.match(line)) and match["name"]:
                note = match["text"]
                is_new = _IN_BRACKETS.fullmatch(note) and len(people) < 1_000
                if (is_new or note in people) and len(people[note]) < _FEWEST_PEOPLE:
                    people[note].add(match["name"])
        self._is_month_first = votes >= 0
        self._repeated = frozenset(
            note for note, names in people.items() if len(names) >= _FEWEST_PEOPLE
        )

    def read(self, line: str) -> Opening | None:
        self._number += 1
        if self._number in self._quotes.inside:
            return None
        if len(line) <= _LONGEST_DAY and (day := self._day_of(line)):
            self._day = day
            return Opening(is_day=True)
        match = self.pattern.match(line)
        when = self._moment(match["time"]) if match else None
        if match is None or when is None:
            return None
        text = match["text"]
        if match["name"]:
            return Opening(match["name"].strip(), when, text)
        return Opening(text="" if _lines().has(text) else text[:300])

    def said(self, text: str) -> Spoken:
        """Return a text, without the quotes around several lines."""
        inner = text[1:-1].replace('""', "")
        if text.startswith('"') and text.endswith('"') and "\n" in text and '"' not in inner:
            text = text[1:-1].replace('""', '"')
        if _notes().has(text):
            return Spoken("")
        if text in self._repeated:
            return Spoken("", taken=text)
        return Spoken(_without_pictures(text) if ")" in text else text)

    def room(self, file: RoomFile[Any]) -> FileRoom:
        head = [line for line in head_of(file.content)[:1] if not self.pattern.match(line)]
        name = title_of(head, _TITLES) or title_of(file.names, _NAMES)
        return FileRoom(platform=LINE.name, name=name)

    def _day_of(self, line: str) -> date | None:
        if match := _YEAR_FIRST.fullmatch(line):
            year = match["y"]
            number = _ERAS[year[0]] + int(year[1:]) if year[0] in _ERAS else int(year)
            return _date(number, int(match["m"]), int(match["d"]))
        if match := _YEAR_LAST.fullmatch(line):
            return _last_year_day(match, is_month_first=self._is_month_first)
        return None

    def _moment(self, text: str) -> datetime | None:
        text = text.replace(".", ":") if text[-3:-2] == "." else text
        if part := _PARTS.get(text[:2]):
            text = _by_24_hours(text[2:].strip(), part)
        # Some phones go on behind midnight with 24.
        return moment(self._day, f"0{text[2:]}" if text.startswith("24:") else text)


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


@cache
def _copied() -> tuple[LineRoom, ...]:
    # The day does not matter, and is not always copied.
    return LineRoom(date.min), FourBlanks(date.min), OneBlank(date.min)


def read_copy(line: str) -> Opening | None:
    """Return what a line begins that was copied out of an export."""
    tabs, blanks, _ = _copied()
    return tabs.read(line) or blanks.read(line)


def read_copy_of_computer(line: str) -> Opening | None:
    """Return what a line begins that was copied out of LINE on a computer."""
    return _copied()[2].read(line)


def said_in_copy(text: str) -> Spoken:
    """Return a copied message without the app's notes."""
    return _copied()[0].said(text)


def _without_pictures(text: str) -> str:
    for picture in sentences("line", "picture"):
        if picture in text:
            text = text.replace(f" {picture}", "").replace(picture, "").strip(" ")
    return text


def grammar_of(head: Sequence[str], _beside: Collection[str] = ()) -> LineRoom | None:
    """Return the grammar of a file's first lines, if it is an export of LINE.

    It needs a known heading and a message, else a day with its weekday and a message below.
    """
    is_headed = any(HEADING.fullmatch(line[:400]) for line in head[:2])
    for grammar in (LineRoom(), FourBlanks()):
        grammar.begin(head)
        openings = [grammar.read(line) for line in head]
        below = [after for day, after in pairwise(openings) if day and day.is_day]
        has_day = any(opening and not opening.is_day for opening in below)
        has_message = any(opening and opening.name for opening in openings)
        if has_message and (is_headed or has_day):
            return grammar
    return None


def _fits(match: re.Match[str], *, is_month_first: bool) -> bool:
    day = _last_year_day(match, is_month_first=is_month_first)
    return day is not None and day.weekday() == _DAYS[match["word"]]


def _last_year_day(match: re.Match[str], *, is_month_first: bool) -> date | None:
    first, second = int(match["a"]), int(match["b"])
    month, day = (first, second) if is_month_first else (second, first)
    return _date(int(match["y"]), month, day)


def _by_24_hours(text: str, part: str) -> str:
    hour, _, rest = text.partition(":")
    number = int(hour)
    if part == "noon":
        number += 12 * (number < 11)
    elif number <= 12:
        number = number % 12 + 12 * (part == "pm" and number < 12)
    return f"{number}:{rest}"


def _date(year: int, month: int, day: int) -> date | None:
    # Thai phones count the years of the Buddha, 543 more.
    return day_of(year - 543 if year > 2400 else year, month, day)


LINE: Final = TextChat(
    "line",
    Message("LINE"),
    Message("a LINE heading and a message; or a line with a date and a weekday above a message"),
    grammar_of,
)
