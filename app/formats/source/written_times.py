"""Times in the shapes that people and programs write: a date, perhaps a clock, perhaps a zone.

A text with anything else is no time.
"""

import re
import unicodedata
from collections.abc import Iterator
from datetime import date, datetime, time
from functools import cache
from typing import Final, NamedTuple

from babel import Locale

from app.formats.source.zones import in_zone

BUDDHIST: Final = 543
_BUDDHIST_YEARS: Final = range(2400, 2700)
_MORNINGS: Final = frozenset({"am", "오전", "午前", "上午"})
_HALVES: Final = r"오전|오후|午前|午後|上午|下午|[ap]\.?\s?m\b\.?"
_CLOCK: Final = re.compile(
    rf"(?<![\d:])(?:(?P<before>{_HALVES})\s?)?T?(?P<h>\d{{1,2}})"
    r"(?:\s?[:h]\s?(?P<m>\d\d)(?::(?P<s>\d\d)(?:[.,]\d{1,9})?)?"
    r"|\s?[시時时点]\s?(?:(?P<m2>\d{1,2})\s?[분分]\s?(?:(?P<s2>\d{1,2})\s?[초秒])?)?)"
    rf"\s?(?P<after>{_HALVES})?",
    re.IGNORECASE,
)
_HOUR_ALONE: Final = re.compile(r"(?P<h>\d{1,2})\s?(?P<after>[ap]\.?\s?m\b\.?)", re.IGNORECASE)
_OFFSET: Final = re.compile(r"^\s*((?:GMT|UTC|UT)?\s?[+\-−]\d{1,2}(?::?[0-5]\d)?|Z)(?=\s|\)|$)")
_IN_BRACKETS: Final = re.compile(r"\s*\(([^()]*)\)\s*$")
_REGION: Final = re.compile(r"(?<!\S)[A-Z][A-Za-z]+(?:/[A-Za-z_+-]+){1,2}(?!\S)")
_LONG_ZONE: Final = re.compile(r"(?:[A-Z][\w.]*\s){1,4}(?:Standard|Daylight|Summer)\sTime\b")
_SHORT_ZONE: Final = re.compile(r"(?<![^\s(])(?:[A-Z]{2,5}|ChST)(?![^\s),])")
_NUMBERS: Final = re.compile(
    r"(?P<y>\d{4})\s?(?P<sep>[-./])\s?(?P<m>\d{1,2})\s?(?P=sep)\s?(?P<d>\d{1,2})\.?"
)
_CJK: Final = re.compile(
    r"(?P<y>\d{4})\s?[년年]\s?(?P<m>\d{1,2})\s?[월月]\s?(?P<d>\d{1,2})\s?[일日號号]?"
)
_YEAR_LAST: Final = re.compile(
    r"(?P<a>\d{1,2})\s?(?P<sep>[-./])\s?(?P<b>\d{1,2})\s?(?P=sep)\s?(?P<y>\d{4}|\d\d)\.?"
)
_WEEKDAY: Final = re.compile(
    r"^(?:[^\W\d]{1,12}\.?,\s*|(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?\b\s*)"
    r"|\(?\b(?:[월화수목금토일]요일|[日月火水木金土]曜日?|(?:星期|周|週)[一二三四五六日天])\)?"
    r"|\([월화수목금토일月火水木金土]\)",
    re.IGNORECASE,
)
_WORD: Final = re.compile(r"\d+|[^\W\d_]+")
_FILLERS: Final = frozenset({"at", "on", "of", "de", "del", "st", "nd", "rd", "th", "um", "à", "г"})
_BETWEEN: Final = frozenset(" \t,.·-–/")
_LOCALES: Final = (
    *("en", "de", "fr", "es", "it", "pt", "nl", "sv", "da", "nb", "fi", "pl", "cs", "sk", "hu"),
    *("ro", "tr", "id", "ru", "uk", "el", "bg", "ca"),
)


class Written(NamedTuple):
    """The time in a text by each order of numbers, possibly equal."""

    day_first: datetime | None
    month_first: datetime | None
    year_first: datetime | None = None
    """Only if the first two digits may be the year."""


def read_written(text: str) -> Written:
    """Return the time that a text states; one without a zone is naive. Raises ValueError."""
    if len(text) > 100:
        raise ValueError("too long")
    plain = " ".join(unicodedata.normalize("NFKC", text).split())
    rest, zone = _without_zone_in_brackets(plain)
    rest, clock, behind = _without_clock(rest)
    if clock is not None and (offset := _OFFSET.match(behind)):
        zone, behind = offset[1].replace(" ", ""), behind[offset.end() :]
    rest = f"{rest} {behind}".strip()
    if clock is not None and not zone:
        rest, zone = _without_zone(rest)
    days = _dates(_WEEKDAY.sub(" ", rest).strip(" ,"))
    return Written(*(_joined(day, clock, zone) for day in days))


def _joined(day: date | None, clock: time | None, zone: str) -> datetime | None:
    if day is None:
        return None
    local = datetime.combine(day, clock or time())
    return in_zone(local, zone) if zone else local


def _without_zone_in_brackets(text: str) -> tuple[str, str]:
    match = _IN_BRACKETS.search(text)
    if not match or not match[1].isascii():
        return text, ""
    has_offset = re.search(r"[+-]\d\d:?\d\d\s*$", text[: match.start()])
    return text[: match.start()], "" if has_offset else match[1]


def _without_clock(text: str) -> tuple[str, time | None, str]:
    match = _CLOCK.search(text) or _HOUR_ALONE.search(text)
    if not match:
        return text, None, ""
    parts = match.groupdict()
    hour = int(parts["h"])
    half = (parts.get("before") or parts["after"] or "").lower().replace(".", "").replace(" ", "")
    if half:
        if not 1 <= hour <= 12 and not (hour == 0 and half in _MORNINGS):
            raise ValueError("a twelve-hour clock has no such hour")
        hour = hour % 12 + 12 * (half not in _MORNINGS)
    minute, second = (int(parts.get(k) or parts.get(f"{k}2") or 0) for k in "ms")
    # A minute of 61 seconds is rare, and one of 60 is the next.
    clock = time(hour, minute, min(second, 59) if second == 60 else second)
    return text[: match.start()], clock, text[match.end() :]


def _without_zone(text: str) -> tuple[str, str]:
    for pattern in (_LONG_ZONE, _REGION, _SHORT_ZONE):
        for match in pattern.finditer(text):
            if match[0].lower() not in _months():
                return f"{text[: match.start()]} {text[match.end() :]}".strip(), match[0]
    return text, ""


def _dates(text: str) -> tuple[date | None, ...]:
    """Return the date by day and month, by month and day, and by year. Raises ValueError."""
    if match := _NUMBERS.fullmatch(text) or _CJK.fullmatch(text):
        day = _date(int(match["y"]), int(match["m"]), int(match["d"]))
        return day, day
    if match := _YEAR_LAST.fullmatch(text):
        year, a, b = _year(match["y"]), int(match["a"]), int(match["b"])
        dates = _date_or_none(year, b, a), _date_or_none(year, a, b)
        # Nobody who separates by dots begins with the month.
        dates = (dates[0], dates[0]) if match["sep"] == "." and dates[0] else dates
        is_short = len(match["a"]) == len(match["y"]) == 2
        by_year = _date_or_none(_year(match["a"]), b, int(match["y"])) if is_short else None
        if dates == (None, None) and by_year is None:
            raise ValueError("no such day")
        return *dates, by_year
    day = _by_name(text)
    return day, day


def _by_name(text: str) -> date:
    gaps = {*_WORD.sub("", text)}
    words = [word for word in _WORD.findall(text.lower()) if word not in _FILLERS]
    names = [word for word in words if not word.isdigit()]
    numbers = [word for word in words if word.isdigit()]
    if gaps - _BETWEEN or len(names) != 1 or len(numbers) != 2 or names[0] not in _months():
        raise ValueError("no date")
    years = [number for number in numbers if len(number) == 4] or numbers[1:]
    (day,) = [number for number in numbers if number != years[0]] or numbers[:1]
    if len(day) > 2 or len(years[0]) not in {2, 4}:
        raise ValueError("no date")
    return _date(_year(years[0]), _months()[names[0]], int(day))


def _year(text: str) -> int:
    return int(text) if len(text) > 2 else short_year(int(text))


def short_year(year: int) -> int:
    return year + (2000 if year < 50 else 1900)


def _date(year: int, month: int, day: int) -> date:
    return date(year - BUDDHIST if year in _BUDDHIST_YEARS else year, month, day)


def _date_or_none(year: int, month: int, day: int) -> date | None:
    try:
        return _date(year, month, day)
    except ValueError:
        return None


@cache
def _months() -> dict[str, int]:
    """Return months by name, without names that differ between languages."""
    months: dict[str, int] = {}
    doubtful: set[str] = set()
    for name, month in _names_of_months():
        if months.setdefault(name, month) != month:
            doubtful.add(name)
    return {name: month for name, month in months.items() if name not in doubtful}


def _names_of_months() -> Iterator[tuple[str, int]]:
    for code in _LOCALES:
        for widths in Locale.parse(code).months.values():
            for width in ("wide", "abbreviated"):
                for month, name in widths[width].items():
                    plain = name.lower().strip(".")
                    if plain.isalpha():
                        yield plain, month
    yield "sept", 9


def is_buddhist(year: int) -> bool:
    return year in _BUDDHIST_YEARS
