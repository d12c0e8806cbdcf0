"""The date and time before each message of WhatsApp, in the format of the phone.

Its language and settings decide the file's one shape; `clock_words.json` is from Unicode CLDR.
"""

import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final, Literal, NamedTuple

import msgspec

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
