"""LINE's text exports: of phones, and of Windows and the Mac, in the languages of the app.

Times and names stand between tabs, but older Windows puts blanks between them; a day has a line of
its own, with its weekday.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from itertools import accumulate, pairwise
from typing import Any, Final

from app.errors import Message
from app.formats.chats.chat_files import RoomFile
from app.formats.chats.text_chat import (
    Grammar,
    Opening,
    Spoken,
    TextChat,
    head_of,
    moment,
    title_of,
)
from app.formats.records import FileRoom

_TIME: Final = r"(?P<time>(?:[上下]午|午[前後]|오[전후])?\s?\d{1,2}:\d{2}(?:\s?[AaPp]\.?[Mm]\.?)?)"
_TABS: Final = re.compile(rf"{_TIME}\t(?:(?P<name>[^\t]*)\t)?(?P<text>.*)")
_BLANKS: Final = re.compile(rf"{_TIME} (?P<rest>\S.*)")
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_WEEKDAY: Final = (
    r"(?:\s?[(（](?:[日月火水木金土월화수목금토일]|[週周]?[一二三四五六日]|[A-Z][a-z]{2})[)）]"
    r"|\s?(?:[周週]|星期)[一二三四五六日天]|\s?[日月火水木金土]曜日|\s[월화수목금토일]요일"
    r"|\s[A-Z][a-z]{2,5}day)"
)
_YEAR_FIRST: Final = re.compile(
    rf"(?P<y>\d{{4}}|[RH]\d{{1,2}})[./] ?(?P<m>\d{{1,2}})[./] ?(?P<d>\d{{1,2}})\.?{_WEEKDAY}"
)
_YEAR_LAST: Final = re.compile(
    rf"(?P<word>{'|'.join(_DAYS)}), (?P<a>\d{{1,2}})/(?P<b>\d{{1,2}})/(?P<y>\d{{4}})"
)
_LONGEST_DAY: Final = 40
_ERAS: Final = {"R": 2018, "H": 1988}
"""The years before the first of Reiwa and of Heisei, by which Japanese calendars count."""
_HEAD: Final = r"\ufeff?(?:\[LINE\] ?)?"
_TITLES: Final = tuple(
    re.compile(rf"{_HEAD}{title}")
    for title in (
        r"Chat (?:history )?(?:with|in) (?P<title>.+)",
        r"(?P<title>.+?)と?のトーク(?:履歴)?",
        r"[與与] ?(?P<title>.+?) ?的聊天(?:[記记][錄录]|紀錄)?",
        r"(?P<title>.+?) ?的聊天(?:[記记][錄录]|紀錄)?",
        r"(?P<title>.+?)님과(?:의)? 대화(?: ?내용)?",
        r"(?P<title>.+?) 대화(?: ?내용)?",
    )
)
"""Headings, and names of files, that name the room."""
_NAMES: Final = (*_TITLES, re.compile(r"\[LINE\] ?(?P<title>.+)"))
_HEADING: Final = re.compile(
    r"\ufeff?\[LINE\].*"
    r"|(?:Saved on|保存日時|儲存日期|保存日期|저장한 날짜|저장 일시) ?[:：] ?.*\d.*"
)
_MEDIA: Final = re.compile(
    r"\[(?:Photos?|Videos?|Stickers?|Voice message|Files?|Location|Gift|Contact|Polls?"
    r"|写真|動画|スタンプ|ボイスメッセージ|ファイル|位置情報|プレゼント|連絡先"
    r"|照片|影片|視頻|视频|貼圖|贴图|語音訊息|语音信息|檔案|文件|位置|禮物|聯絡資訊"
    r"|사진|동영상|스티커|음성 ?메시지|파일|위치|위치 ?정보|선물|연락처|투표)\]"
    r"|\[(?:Albums?|Notes?|アルバム|ノート|相簿|相册|記事本|记事本|앨범|노트)\].*"
    r"|\[null\]\s?.*https?://.*|☎.*|(?:\(emoji\)\s?)+"
    r"|写真を送信しました|動画を送信しました|スタンプを送信しました",
    re.DOTALL,
)
_BARE_MEDIA: Final = re.compile(r"(?:Photos?|Videos?|Stickers?|Audio|Files?|Location|Contacts?)")
"""On older Windows."""
_UNSENT: Final = re.compile(
    r"(?:.{1,100} )?(?:[Mm]essage unsent|unsent a message)\.?"
    r"|.{0,100}メッセージの送信を取り消しました"
    r"|.{0,100}已收回訊息|.{0,100}撤回了一条消息|.{0,100}메시지를? (?:전송을 )?취소했습니다\.?"
)
_BARE_SYSTEM: Final = re.compile(r"(?:joined|left) the (?:group|chat)\.?|unsent a message\.?")
_LONGEST_HEADING: Final = 400


class LineRoom(Grammar):
    """Remembers the day that a line of its own has said; tabs stand around names."""

    exporters = frozenset()

    def __init__(self) -> None:
        self._day: date | None = None
        self._is_month_first = True

    def begin(self, lines: Iterable[str]) -> None:
        """Decide on the order of day and month where the year comes last: weekdays tell it."""
        self._day = None
        votes = 0
        for line in lines:
            if len(line) <= _LONGEST_DAY and (match := _YEAR_LAST.fullmatch(line)):
                votes += _fits(match, is_month_first=True) - _fits(match, is_month_first=False)
            else:
                self.learn(line)
        self._is_month_first = votes >= 0

    def learn(self, line: str) -> None:
        """Take from a line what other lines are read by."""

    def fits(self, _openings: Sequence[Opening | None]) -> bool:
        """Return whether what the first lines begin is enough to know the grammar by."""
        return True

    def read(self, line: str) -> Opening | None:
        """Return what the line begins; without a name it is the app's own."""
        if len(line) <= _LONGEST_DAY and (day := self._day_of(line)):
            self._day = day
            return Opening(is_day=True)
        return self._message(line)

    def said(self, text: str) -> Spoken:
        """Return a text of several lines without the quotes around it."""
        inner = text[1:-1].replace('""', "")
        if text.startswith('"') and text.endswith('"') and "\n" in text and '"' not in inner:
            text = text[1:-1].replace('""', '"')
        return Spoken("" if _MEDIA.fullmatch(text) or _UNSENT.fullmatch(text) else text)

    def room(self, file: RoomFile[Any]) -> FileRoom:
        head = [line for line in head_of(file.content)[:1] if not _TABS.match(line)]
        name = title_of(head, _TITLES) or title_of(file.names, _NAMES)
        return FileRoom(platform=LINE.name, name=name)

    def _message(self, line: str) -> Opening | None:
        match = _TABS.match(line)
        when = self._moment(match["time"]) if match else None
        if match is None or when is None:
            return None
        return Opening(match["name"].strip(), when, match["text"]) if match["name"] else Opening()

    def _day_of(self, line: str) -> date | None:
        if match := _YEAR_FIRST.fullmatch(line):
            year = match["y"]
            number = _ERAS[year[0]] + int(year[1:]) if year[0] in _ERAS else int(year)
            return _date(number, int(match["m"]), int(match["d"]))
        if match := _YEAR_LAST.fullmatch(line):
            return _last_year_day(match, is_month_first=self._is_month_first)
        return None

    def _moment(self, text: str) -> datetime | None:
        # Some phones go on behind midnight with 24.
        return moment(self._day, f"0{text[2:]}" if text.startswith("24:") else text)


class Names:
    """The names of a chat that only a blank divides from the texts: lines begin with them often.

    Where nearly each line that begins with `Anna` goes on with `Kim` or `Lee`, these are names.
    """

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._frequent: dict[str, int] | None = None
        """Lines that begin with these words and go on with one that comes back; None until all
        lines are counted."""

    def add(self, line: str) -> None:
        """Count how a line begins: its last word belongs to the text."""
        words = line.split(" ", 4)[:-1]
        for beginning in accumulate(words, "{} {}".format):
            if beginning in self._counts or len(self._counts) < 50_000:
                self._counts[beginning] += 1

    def split(self, line: str) -> tuple[str, str]:
        """Return the name at the beginning of a line, and the text behind it."""
        words = line.split(" ", 4)
        beginnings = list(accumulate(words[:-1], "{} {}".format))
        if not beginnings:
            return line, ""
        name = beginnings[0]
        for longer in beginnings[1:]:
            if not (self._goes_on(name) and self._is_frequent(longer, name)):
                break
            name = longer
        return name, line[len(name) + 1 :]

    @property
    def are_of_a_chat(self) -> bool:
        """Whether two or more names come back, and at least half of the lines begin with them."""
        counts = [count for words, count in self._counts.items() if " " not in words]
        repeated = [count for count in counts if count > 1]
        return len(repeated) > 1 and 2 * sum(repeated) >= sum(counts)

    def _goes_on(self, name: str) -> bool:
        if self._frequent is None:
            self._frequent = Counter()
            for longer, count in self._counts.items():
                shorter, blank, _ = longer.rpartition(" ")
                if blank and self._is_frequent(longer, shorter):
                    self._frequent[shorter] += count
        return self._frequent.get(name, 0) >= 0.95 * self._counts[name] > 0

    def _is_frequent(self, longer: str, shorter: str) -> bool:
        least = max(3, 0.05 * self._counts[shorter])
        return self._counts[longer] >= least


class OldWindows(LineRoom):
    """Blanks stand around names, which may have some in them: names are those that come back."""

    def __init__(self) -> None:
        super().__init__()
        self._names = Names()

    def begin(self, lines: Iterable[str]) -> None:
        self._names = Names()
        super().begin(lines)

    def fits(self, openings: Sequence[Opening | None]) -> bool:
        is_dated = bool(openings[0] and openings[0].is_day)
        return is_dated and self._names.are_of_a_chat

    def learn(self, line: str) -> None:
        if match := _BLANKS.match(line):
            self._names.add(match["rest"])

    def said(self, text: str) -> Spoken:
        return Spoken("") if _BARE_MEDIA.fullmatch(text) else super().said(text)

    def _message(self, line: str) -> Opening | None:
        match = _BLANKS.match(line)
        when = self._moment(match["time"]) if match else None
        if match is None or when is None:
            return None
        name, text = self._names.split(match["rest"])
        is_own = _UNSENT.fullmatch(match["rest"]) or _BARE_SYSTEM.fullmatch(text)
        return Opening() if is_own else Opening(name, when, text)


def grammar_of(head: Sequence[str], _beside: Collection[str] = ()) -> LineRoom | None:
    """Return how the first lines of a file are written; None for no export of LINE.

    A known heading and one message are enough, else a day, with its weekday, and a message below.
    Between blanks the first line must be that day, and names must come back.
    """
    is_headed = any(_HEADING.fullmatch(line[:_LONGEST_HEADING]) for line in head[:2])
    for grammar in (LineRoom(), OldWindows()):
        grammar.begin(head)
        openings = [grammar.read(line) for line in head]
        below = [after for day, after in pairwise(openings) if day and day.is_day]
        has_day = any(opening and not opening.is_day for opening in below)
        has_message = any(opening and opening.name for opening in openings)
        if has_message and (is_headed or has_day) and grammar.fits(openings):
            return grammar
    return None


def _fits(match: re.Match[str], *, is_month_first: bool) -> bool:
    """Return whether a day has the weekday that stands beside it."""
    day = _last_year_day(match, is_month_first=is_month_first)
    return day is not None and _DAYS[day.weekday()] == match["word"]


def _last_year_day(match: re.Match[str], *, is_month_first: bool) -> date | None:
    first, second = int(match["a"]), int(match["b"])
    month, day = (first, second) if is_month_first else (second, first)
    return _date(int(match["y"]), month, day)


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


LINE: Final = TextChat(
    "line",
    Message("LINE"),
    Message(
        "a heading of LINE and a message, or a line with a day and its weekday above a message"
    ),
    grammar_of,
)
