"""Dates and times before WhatsApp's messages, in the format of the phone.

The phone's language and settings decide the file's one shape; `clock_words.json` is from Unicode
CLDR. All dates of a file decide together about the order of day and month and the calendar, and the
decision is noted.
"""

import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime
from functools import cache, lru_cache
from importlib.resources import files
from itertools import pairwise
from typing import Final, Literal, NamedTuple

import msgspec

from app.errors import Message
from app.formats.assumptions import Order as DateOrder
from app.formats.assumptions import ReadNotes
from app.formats.chats.text_chat import day_of
from app.runtime.clock import now

FILE: Final = files("app.formats.chats") / "clock_words.json"


class Language(msgspec.Struct, frozen=True):
    hours: dict[str, tuple[int, ...]]
    months: dict[str, int]


class ClockWords(msgspec.Struct, frozen=True):
    """The words of all languages, those with most speakers first."""

    source: str
    between: frozenset[str]
    languages: dict[str, Language]


@cache
def all_words() -> ClockWords:
    return msgspec.json.decode(FILE.read_bytes(), type=ClockWords)


@lru_cache(maxsize=1_000)
def as_key(word: str) -> str:
    """Return a word's letters in one case, without dots, blanks and marks."""
    letters = unicodedata.normalize("NFC", word).casefold()
    return "".join(letter for letter in letters if unicodedata.category(letter)[0] in "LM")


@cache
def of_days() -> frozenset[str]:
    return frozenset(word for some in all_words().languages.values() for word in some.hours)


@cache
def of_months() -> frozenset[str]:
    return frozenset(word for some in all_words().languages.values() for word in some.months)


def knowing(hours: Collection[str], months: Collection[str]) -> Iterator[Language]:
    for language in all_words().languages.values():
        if language.hours.keys() >= set(hours) and language.months.keys() >= set(months):
            yield language


def hour_of(hour: int, meant: Collection[int]) -> int:
    """Return the hour that a 12-hour clock shows in a part of the day, or nearest to it."""
    if hour > 12 or not meant:
        return hour
    halves = (hour % 12, hour % 12 + 12)
    return min(halves, key=lambda half: min(_apart(half, other) for other in meant))


def _apart(hour: int, other: int) -> int:
    return min((hour - other) % 24, (other - hour) % 24)


Place = Literal["", "before", "after"]
_MARKS: Final = "[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069\ufeff]*"
_ERA: Final = r"(?P<era>令和|平成|[RH](?=\d))?"
_WORD: Final = r"(?P<month>[^\W\d_][^\d:;,\[\]\n]{0,20}?)"
_DATES: Final = (
    rf"{_ERA}(?P<a>\d{{1,4}}){_MARKS}(?P<cut>[./-]){_MARKS}\s?(?P<b>\d{{1,2}}){_MARKS}(?P=cut)"
    rf"{_MARKS}\s?(?P<c>\d{{1,4}})",
    rf"{_ERA}(?P<a>\d{{1,4}})[年년]\s?(?P<b>\d{{1,2}})[月월]\s?(?P<c>\d{{1,2}})[日일]",
    rf"(?P<day>\d{{1,2}})[.\s-]{{1,2}}{_WORD}(?:,?[\s-](?P<year>\d{{4}}))?",
    rf"{_WORD}\s(?P<day>\d{{1,2}})(?:,\s(?P<year>\d{{4}}))?",
)
_CLOSINGS: Final = {"]": r"\]\s?", "-": r"\s[-–—]\s", ":": r":\s", ";": r";\s", ",": r",\s"}


class HeadLayout(NamedTuple):
    pattern: re.Pattern[str]
    date: str
    is_time_first: bool
    is_named: bool
    is_cut: bool


class Shape(NamedTuple):
    layout: HeadLayout
    opening: str
    closing: str
    cut: str
    has_seconds: bool
    place: Place

    @property
    def is_of_iphone(self) -> bool:
        return self.opening == "[" or self.closing == ":"


class LineHead(NamedTuple):
    shape: Shape
    date: tuple[str, str, str]
    """Three numbers in their order; with a named month, the perhaps empty year comes first."""
    month: str
    era: str
    time: tuple[int, int, int]
    half: str
    rest: str


class UnknownWordsError(ValueError):
    """No known language has the words in a date."""


@cache
def layouts() -> tuple[HeadLayout, ...]:
    """Return the layouts of a line that begins a message, the most usual first."""
    seconds, closing = r"(?:[:.](?P<second>\d{2}))?", "|".join(_CLOSINGS.values())
    # Browsers copy the time first, and so did old phones.
    return tuple(
        HeadLayout(
            _pattern(date, r"\[?", seconds, closing, is_time_first=is_time_first),
            date,
            is_time_first,
            "?P<month>" in date,
            "?P<cut>" in date,
        )
        for is_time_first in (False, True)
        for date in _DATES
    )


def _pattern(
    date: str, opening: str, seconds: str, closing: str, *, is_time_first: bool
) -> re.Pattern[str]:
    head = f"{_MARKS}(?P<open>{opening}){_MARKS}"
    close = rf"(?P<close>{closing})(?P<rest>.*)"
    hour_and_minute = rf"(?P<hour>\d{{1,2}})(?:{_MARKS}[:.٫]|\s?h\s?)(?P<minute>\d{{2}})"
    time = rf"{hour_and_minute}{seconds}(?!\d)"
    if is_time_first:
        after, before = r"(?P<after>[^\d:;\[\]\n]{1,24}?)", r"(?P<before>[^\w:;\[\]\n]{0,3}?)"
        return re.compile(f"{head}{time}{after}{date}{before}{close}")
    before, after = r"(?P<before>[^\d:;\[\]\n]{1,30}?)", r"(?P<after>[^\d:;\[\]\n]{0,24}?)"
    return re.compile(f"{head}{date}{before}{time}{after}{close}")


def exact(shape: Shape) -> re.Pattern[str]:
    seconds = r"[:.](?P<second>\d{2})" if shape.has_seconds else r"(?P<second>)(?![:.]\d\d)"
    date = shape.layout.date
    if shape.layout.is_cut:
        date = date.replace("[./-]", re.escape(shape.cut))
    closing = _CLOSINGS[shape.closing]
    is_time_first = shape.layout.is_time_first
    return _pattern(date, re.escape(shape.opening), seconds, closing, is_time_first=is_time_first)


def heads_in(line: str) -> Iterator[LineHead]:
    """Yield the ways to read a line's beginning. Raises UnknownWordsError if there is none."""
    unknown: UnknownWordsError | None = None
    for layout in layouts():
        if match := layout.pattern.match(line):
            try:
                head = _head(layout, match)
            except UnknownWordsError as error:
                # Before a colon or a comma anything may stand, as in logs.
                if match["close"].strip() not in {":", ";", ","}:
                    unknown = unknown or error
                continue
            if head and _is_likely(head):
                unknown = None
                yield head
    if unknown is not None:
        raise unknown


class HeadReader:
    def __init__(self, shape: Shape) -> None:
        self._shape = shape
        # The expression of the shape alone is faster than that of its layout.
        self._match = exact(shape).match

    def read(self, line: str) -> LineHead | None:
        match = self._match(line)
        if match is None:
            return None
        try:
            half, place = part_of_day(match["before"], match["after"])
            return _told_head(self._shape, match, half) if place == self._shape.place else None
        except UnknownWordsError:
            return None


def _head(layout: HeadLayout, match: re.Match[str]) -> LineHead | None:
    opening, closing = match["open"], match["close"].strip()
    if (opening == "[") != (closing == "]"):
        return None
    half, place = part_of_day(match["before"], match["after"])
    cut = match["cut"] if layout.is_cut else ""
    closing = "-" if closing in "–—" else closing
    shape = Shape(layout, opening, closing, cut, match["second"] is not None, place)
    return _told_head(shape, match, half)


def _told_head(shape: Shape, match: re.Match[str], half: str) -> LineHead:
    if shape.layout.is_named:
        day, word, year = match.group("day", "month", "year")
        date, month, era = (year or "", "", day), month_key(word), ""
    else:
        first, between, third, era = match.group("a", "b", "c", "era")
        date, month, era = (first, between, third), "", era or ""
    hour, minute, second, rest = match.group("hour", "minute", "second", "rest")
    time = (int(hour), int(minute), int(second or 0))
    return LineHead(shape, date, month, era, time, half, rest)


def _is_likely(head: LineHead) -> bool:
    closing, cut = head.shape.closing, head.shape.cut
    if closing == ",":
        return head.shape.place == "before" and cut == "." and " : " not in head.rest
    return closing not in {":", ";"} or cut in {".", "/"}


@lru_cache(maxsize=1_000)
def part_of_day(before: str, after: str) -> tuple[str, Place]:
    """Return the word for the part of the day near a time, and its place. Raises ValueError."""
    first, last = _told(before), _told(after)
    if first and last:
        raise UnknownWordsError(f"{before.strip()} {after.strip()}")
    return (first, "before") if first else (last, "after") if last else ("", "")


def _told(text: str) -> str:
    if not (key := as_key(text)):
        return ""
    between, parts = all_words().between, of_days()
    if key in between and key not in {"am", "pm"}:
        return ""
    if key in parts:
        return key
    words = text.split()
    for end in range(1, len(words)):
        first, second = as_key(" ".join(words[:end])), as_key(" ".join(words[end:]))
        if {first, second} <= between | {""}:
            return ""
        if first in between | {""} and second in parts:
            return second
        if second in between | {""} and first in parts:
            return first
    raise UnknownWordsError(text.strip())


@lru_cache(maxsize=1_000)
def month_key(text: str) -> str:
    """Return a month's word in a text such as `de enero de`. Raises UnknownWordsError."""
    months = of_months()
    key = as_key(text)
    if key in months:
        return key
    between = all_words().between
    for word in text.split():
        if as_key(word) in months:
            others = (other for other in text.split() if other != word)
            if all(as_key(other) in between | {""} for other in others):
                return as_key(word)
    raise UnknownWordsError(text.strip())


def shape_of(lines: Sequence[str]) -> Shape | None:
    """Return a file's shape, which two of its first lines have.

    Raises UnknownWordsError if only unknown words in dates prevent a chat.
    """
    try:
        for head in heads_in(lines[0]) if lines else ():
            reader = HeadReader(head.shape)
            if sum(reader.read(line) is not None for line in lines) > 1:
                return head.shape
    except UnknownWordsError:
        if _looks_like_chat(lines):
            raise
    return None


def _looks_like_chat(lines: Sequence[str]) -> bool:
    firsts = (
        next(filter(None, (one.pattern.match(line) for one in layouts())), None) for line in lines
    )
    return sum(": " in match["rest"] for match in firsts if match) > 1


Order = Literal["ymd", "dmy", "mdy"]
DateParts = tuple[str, str, str]
OF_CHOICE: Final[dict[DateOrder, Order]] = {
    "day-first": "dmy",
    "month-first": "mdy",
    "year-first": "ymd",
}
NAMES: Final = {order: name for name, order in OF_CHOICE.items()}
_MOST_DATES: Final = 20_000
"""Number of days that decide the order: over fifty years."""
_MOST_WORDS: Final = 100
_BUDDHIST: Final = range(2400, 2800)
_PERSIAN: Final = range(1380, 1425)
"""Years of the Persian calendar since WhatsApp appeared, and future ones."""
_OF_BUDDHA: Final = 543
_ERAS: Final = {"令和": 2018, "R": 2018, "平成": 1988, "H": 1988}


class Dates:
    """Meaning of all dates in a file; `add` takes each head before `settle` decides."""

    def __init__(self, choice: DateOrder | None) -> None:
        self._choice = choice
        self._dates: dict[DateParts, None] = {}
        self._halves: dict[str, None] = {}
        self._months: dict[str, None] = {}
        self._shape: Shape | None = None
        self._order: Order = "dmy"
        self._others: list[Order] = []
        """Orders that fit the dates as well as the assumed one."""
        self._is_open = False
        self._hours: dict[str, tuple[int, ...]] = {}
        """Hours of a day, by word and by hour on a 12-hour clock."""
        self._numbers: dict[str, int] = {}
        self._is_of_buddha = False
        self.foreign_year: int | None = None
        """A year of the Islamic calendar, unread because its months begin by the moon."""
        self._yearless = Yearless()
        self._days: dict[tuple[DateParts, str, str], date | None] = {}

    def add(self, head: LineHead) -> None:
        if head.date not in self._dates and len(self._dates) < _MOST_DATES:
            self._dates[head.date] = None
        if head.half not in self._halves and len(self._halves) < _MOST_WORDS:
            self._halves[head.half] = None
            self._shape = head.shape
        if head.month:
            if head.month not in self._months and len(self._months) < _MOST_WORDS:
                self._months[head.month] = None
                self._know_words()
            if not head.date[0]:
                self._yearless.add(self._numbers[head.month], int(head.date[2]))

    def settle(self) -> None:
        self._know_words()
        self._yearless.settle()
        self._days.clear()
        dates = [parts for parts in self._dates if parts[1]]
        if not dates or self._shape is None:
            return
        self._order, *self._others = orders_of(dates, self._shape, self._halves)
        self._is_open = bool(self._others)
        choice = OF_CHOICE[self._choice] if self._choice else None
        if choice is not None and choice in {self._order, *self._others}:
            self._order, self._others = choice, []
        self._find_calendar({int(parts[self._order.index("y")]) for parts in dates})

    def _find_calendar(self, years: set[int]) -> None:
        this_year = now().year
        self.foreign_year = min((year for year in years if 1425 <= year < 1500), default=None)
        short = {year for year in years if year < 100}
        self._is_of_buddha = bool(short) and all(
            2000 + year > this_year + 1 and 2500 + year - _OF_BUDDHA <= this_year + 1
            for year in short
        )

    def _know_words(self) -> None:
        """Take the words as one language means them, else each as the first language with it."""
        halves, months = [half for half in self._halves if half], list(self._months)
        if not (halves or months):
            return
        whole = next(knowing(halves, months), None)
        for half in halves:
            language = whole or next(knowing([half], ()))
            meant = language.hours[half]
            self._hours[half] = tuple(hour_of(hour, meant) for hour in range(13))
        for month in months:
            language = whole or next(knowing((), [month]))
            self._numbers[month] = language.months[month]

    def time_of(self, head: LineHead) -> datetime | None:
        """Return the time without a zone, if date and time are possible."""
        if head.month and not head.date[0]:
            month, number = self._numbers.get(head.month, 0), int(head.date[2])
            day = day_of(self._yearless.year_of(month, number), month, number)
        else:
            key = (head.date, head.month, head.era)
            day = self._days.get(key)
            if day is None:
                if len(self._days) >= _MOST_DATES:
                    self._days.clear()
                self._days[key] = day = self._day(head)
        hour, minute, second = head.time
        if head.half and hour < 13 and (hours := self._hours.get(head.half)):
            hour = hours[hour]
        if day is None or hour > 23 or minute > 59 or second > 59:
            return None
        return datetime(day.year, day.month, day.day, hour, minute, second)

    def _day(self, head: LineHead) -> date | None:
        if head.month:
            year, day = int(head.date[0]), int(head.date[2])
            month = self._numbers.get(head.month, 0)
        else:
            order = "ymd" if head.era else self._order
            year, month, day = (int(head.date[order.index(part)]) for part in "ymd")
        if head.era:
            return day_of(_ERAS[head.era] + year, month, day)
        if year in _PERSIAN:
            return of_persia(year, month, day)
        if year < 100:
            year += 2500 if self._is_of_buddha else 2000
        return day_of(year - _OF_BUDDHA if year in _BUDDHIST else year, month, day)

    def note(self, notes: ReadNotes) -> None:
        if any(parts[1] for parts in self._dates) and (self._order != "ymd" or self._is_open):
            notes.order = NAMES[self._order]
        if self._others:
            count = f"{len(self._dates):,}"
            both = Message(
                "the dates fit both orders of day and month (different dates: {count})", count=count
            )
            several = Message(
                "the dates fit several orders of day, month and year (different dates: {count})",
                count=count,
            )
            evidence = several if "ymd" in {self._order, *self._others} else both
            others = tuple(NAMES[order] for order in self._others)
            notes.assume("dates", NAMES[self._order], alternatives=others, evidence=evidence)
        years = {year for parts in self._dates if parts[1] for year in map(int, parts)}
        if self._is_of_buddha or not years.isdisjoint(_BUDDHIST):
            evidence = Message("Thai years, which are {count} higher", count=str(_OF_BUDDHA))
            notes.assume("year", "buddhist", evidence=evidence)
        if not years.isdisjoint(_PERSIAN):
            notes.assume("year", "persian", evidence=Message("Iranian years"))
        if self._yearless.is_used:
            evidence = Message("the dates have no year; the last date is treated as the newest")
            notes.assume("year", str(self._yearless.last), evidence=evidence)


class Yearless:
    """Gives dates without a year theirs: the last one is the newest possible."""

    def __init__(self) -> None:
        self.is_used = False
        self.last = 0
        self._turns = 0
        self._place = (0, 0)
        self._year = 0

    def add(self, month: int, day: int) -> None:
        self.is_used = True
        self._turns += self._turned(month, day)

    def settle(self) -> None:
        today = now()
        is_ahead = self._place > (today.month, today.day)
        self.last = today.year - is_ahead
        self.restart()

    def restart(self) -> None:
        self._place, self._year = (0, 0), self.last - self._turns

    def year_of(self, month: int, day: int) -> int:
        self._year += self._turned(month, day)
        return self._year

    def _turned(self, month: int, day: int) -> bool:
        before, self._place = self._place, (month, day)
        return before[0] - month > 3


def orders_of(dates: Sequence[DateParts], shape: Shape, halves: Collection[str]) -> list[Order]:
    """Return the order of year, month and day, then the others that the dates fit.

    A number that can only be a year or a day decides. Next decide dots, before which no one writes
    the month, then the order in which dates never go back. Among several, the order whose day
    changes most often comes first, then the usual order with such a clock.
    """
    numbers = [tuple(map(int, day)) for day in dates]
    firsts, seconds, lasts = ({day[i] for day in numbers} for i in range(3))
    if max(firsts) > 31 or any(len(last) == 1 for *_, last in dates):
        return ["ymd"]
    may_be_short = all(len(first) == 2 for first, *_ in dates) and max(lasts) <= 31
    is_asian = shape.place == "before" and any(
        half in {"am", "pm"} or half > "\u2e80" for half in halves
    )
    is_one_year = len(firsts) == 1 and len(lasts) > 1
    if (is_asian and max(lasts) <= 31) or (may_be_short and is_one_year):
        return ["ymd"]
    fitting: list[Order] = ["dmy", "mdy"]
    if max(firsts) > 12 or (shape.cut == "." and max(seconds) <= 12):
        fitting = ["dmy"]
    elif max(seconds) > 12:
        fitting = ["mdy"]
    # A last number that never changes below others that do is the year.
    is_last = len(lasts) == 1 and len(firsts) > 1
    if may_be_short and max(seconds) <= 12 and _are_years(firsts) and not is_last:
        fitting = [*fitting, "ymd"] if _are_years(lasts) else ["ymd"]
    rising = [order for order in fitting if _rises(numbers, order)]
    if len(fitting) == 1 or len(rising) == 1:
        return rising or fitting
    changes = [sum(a[i] != b[i] for a, b in pairwise(numbers)) for i in range(3)]
    usual = _usual(dates, halves)
    return sorted(fitting, key=lambda order: (-changes[order.index("d")], order != usual))


def _are_years(numbers: Collection[int]) -> bool:
    return min(numbers) >= 9 and max(numbers) <= now().year % 100


def _usual(dates: Sequence[DateParts], halves: Collection[str]) -> Order:
    """Return the usual order with such a clock: month first with AM and PM and no leading zeros,
    else day first.
    """
    is_english = bool({"am", "pm"} & set(halves))
    has_zeros = any(part.startswith("0") for first, second, _ in dates for part in (first, second))
    return "mdy" if is_english and not has_zeros else "dmy"


def _rises(days: Sequence[tuple[int, ...]], order: Order) -> bool:
    keys = [tuple(day[order.index(part)] for part in "ymd") for day in days]
    return all(a <= b for a, b in pairwise(keys))


def of_persia(year: int, month: int, day: int) -> date | None:
    """Return a day of the Persian calendar, whose leap years repeat every 33 years (1178-1633)."""
    if not (1 <= month <= 12 and 1 <= day <= 31 - (month > 6)):
        return None
    years, months = year - 1, min(month - 1, 6) * 31 + max(month - 7, 0) * 30
    leaps = (8 * years + 29) // 33
    return date.fromordinal(226_894 + 365 * years + leaps + months + day)
