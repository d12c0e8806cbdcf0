"""Dates as files write them, and the calendars of people.

A year belongs to another calendar than the Gregorian calendar by the name of an era, by a Thai
month, or if no file has that year by the Gregorian calendar.
"""

import re
from collections.abc import Callable
from datetime import date
from functools import cache, lru_cache
from typing import Final, Literal, NamedTuple
from unicodedata import category

from saywho.clock import now
from saywho.formats.assumptions import Order
from saywho.formats.source.written import clock

Calendar = Literal["", "buddhist", "persian", "japanese", "minguo"]
MARKS: Final = "[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069\ufeff]*"
BUDDHIST: Final = 543
"""Years that the Buddhist calendar is ahead."""
BUDDHIST_YEARS: Final = range(2400, 2800)
PERSIAN_YEARS: Final = range(1380, 1425)
"""Years of the Persian calendar since people write to each other by computers, and future years."""
ISLAMIC_YEARS: Final = range(1425, 1500)
"""Years of the Islamic calendar, which is not read because its months begin by the moon."""
_ERAS: Final[dict[str, tuple[int, Calendar]]] = {
    **dict.fromkeys(("令和", "R"), (2018, "japanese")),
    **dict.fromkeys(("平成", "H"), (1988, "japanese")),
    **dict.fromkeys(("昭和", "S"), (1925, "japanese")),
    **dict.fromkeys(("民國", "民国"), (1911, "minguo")),
    "พศ": (-BUDDHIST, "buddhist"),
    "คศ": (0, ""),
}
"""The year before each era's first, by the era's name as a key."""
_ERA: Final = r"(?:(?P<era>令和|平成|昭和|民[國国]|[RHS](?=\d))\s?)?"
NUMBERS: Final = (
    rf"{_ERA}(?P<a>\d{{1,4}}|元){MARKS}(?P<cut>[./-]){MARKS}\s?(?P<b>\d{{1,2}}){MARKS}(?P=cut)"
    rf"{MARKS}\s?(?P<c>\d{{1,4}})"
)
SIGNS: Final = (
    rf"{_ERA}(?P<a>\d{{1,4}}|元)\s?[年년]\s?(?P<b>\d{{1,2}})\s?[月월]"
    r"\s?(?P<c>\d{1,2})\s?[日일號号]?"
)


@cache
def _numbered_month() -> str:
    return rf"(?:{'|'.join(sorted(clock.before_numbers()))})\.?\s?\d{{1,2}}"


@cache
def date_patterns() -> tuple[str, ...]:
    """Return patterns of dates before a message, the most usual first."""
    month = rf"(?P<month>[^\W\d_][^\d:;,\[\]\n]{{0,20}}?|{_numbered_month()})"
    return (
        NUMBERS,
        SIGNS,
        rf"(?P<day>\d{{1,2}})[.\s-]{{1,2}}{month}(?:,?[\s-](?P<year>\d{{4}}))?",
        rf"{month}\s(?P<day>\d{{1,2}})(?:,\s(?P<year>\d{{4}}))?",
    )


class WrittenDay(NamedTuple):
    """A date as it stands in a file."""

    parts: tuple[str, str, str]
    """Three numbers in their order; with a named month, the perhaps empty year comes first."""
    month: str = ""
    era: str = ""
    cut: str = ""
    weekday: str = ""

    def by(self, order: Order) -> tuple[str, str, str]:
        """Return the numbers of year, month and day by an order."""
        first, second, third = self.parts
        if order == "year-first" or self.era or len(first) > 2:
            return self.parts
        return (third, second, first) if order == "day-first" else (third, first, second)


def matched_day(match: re.Match[str], weekday: str = "") -> WrittenDay:
    """Return the date in a match of a date's pattern. Raises UnknownWordsError for its month."""
    groups = match.re.groupindex
    if "month" in groups:
        day, word, year = match.group("day", "month", "year")
        return WrittenDay((year or "", "", day), clock.month_key(word), weekday=weekday)
    first, second, third, era = match.group("a", "b", "c", "era")
    cut = match["cut"] if "cut" in groups else ""
    return WrittenDay(("1" if first == "元" else first, second, third), "", era or "", cut, weekday)


_CORES: Final = tuple(
    re.compile(rf"(?<![\d./-]){pattern}\.?(?!\s?\d)(?![/-])") for pattern in (NUMBERS, SIGNS)
)
_BEFORE_CUT: Final = re.compile(r"(?<!\s)\s+(?=[./-]\s?\d)")
_IN_WORDS: Final = re.compile(r"[^\d]+")
_BETWEEN: Final = frozenset(" ,،.·()（）/'’–-")
_WORDS_APART: Final = re.compile(r"[\s,،·()（）/–-]+")
_FIRST_WORD: Final = re.compile(r"[^\W\d]{1,12}\.?,\s*")
"""A word and a comma at the beginning: a weekday in any language."""
_MOST_TOGETHER: Final = 4


@lru_cache(maxsize=4_000)
def read_day(text: str) -> WrittenDay:
    """Return the date that a text is, with its weekday. Raises ValueError for any other text."""
    plain = _BEFORE_CUT.sub("", _FIRST_WORD.sub(_known_weekday, text, count=1)).strip(" ,،")
    for pattern in _CORES:
        if match := pattern.search(plain):
            said = _said_beside(f"{plain[: match.start()]} {plain[match.end() :]}")
            if said.months - {*said.weekdays} or any(map(str.isdecimal, plain[: match.start()])):
                raise ValueError("no date")
            day = matched_day(match, next(iter(said.weekdays), ""))
            return day._replace(era=said.era) if said.era else day
    month = re.search(_numbered_month(), plain.casefold())
    key = clock.as_key(month[0]) if month else ""
    if month and key in clock.of_months():
        plain = f"{plain[: month.start()]} {plain[month.end() :]}"
    said = _said_beside(" ".join(_IN_WORDS.findall(plain)))
    # Short names of a weekday and a month may be the same.
    months = said.months - {*said.weekdays} if len(said.months) > 1 else said.months
    names = [key] if month else [*months]
    weekday = next((word for word in said.weekdays if word not in names), "")
    numbers = re.findall(r"\d+", plain)
    years = [number for number in numbers if len(number) == 4] or numbers[1:]
    days = [number for number in numbers if number != years[0]] or numbers[:1] if years else []
    if len(names) != 1 or len(numbers) != 2 or len(days) != 1:
        raise ValueError("no date")
    if len(days[0]) > 2 or len(years[0]) not in {2, 4}:
        raise ValueError("no date")
    return WrittenDay((years[0], "", days[0]), names[0], said.era, weekday=weekday)


def _known_weekday(match: re.Match[str]) -> str:
    key = clock.as_key(match[0])
    return match[0] if key in clock.of_weekdays() or key in clock.of_months() else ""


class _Said(NamedTuple):
    months: frozenset[str]
    weekdays: tuple[str, ...]
    era: str


def _said_beside(text: str) -> _Said:
    """Return the meaning of the words next to a date's numbers.

    Raises ValueError for other words.
    """
    if any(category(letter)[0] not in "LM" and letter not in _BETWEEN for letter in text):
        raise ValueError("no date")
    months, weekdays, era = set[str](), list[str](), ""
    words = [word for word in _WORDS_APART.split(text) if clock.as_key(word)]
    place = 0
    while place < len(words):
        for end in range(min(len(words), place + _MOST_TOGETHER), place, -1):
            key = clock.as_key("".join(words[place:end]))
            if key in clock.of_months():
                months.add(key)
            if key in clock.of_weekdays():
                weekdays.append(key)
            if key in _ERAS:
                era = key
            if key in months or key in weekdays or key == era or key in clock.all_words().between:
                break
        else:
            raise ValueError("no date")
        place = end
    return _Said(frozenset(months), tuple(weekdays), era)


def day_of(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def date_in(year: int, month: int, day: int, era: str = "") -> date | None:
    """Return a day of the calendar that the year belongs to, if saywho reads it."""
    if year in ISLAMIC_YEARS and not era:
        return None
    if era:
        return day_of(_ERAS[era][0] + year, month, day)
    if year in PERSIAN_YEARS:
        return of_persia(year, month, day)
    return day_of(year - BUDDHIST if year in BUDDHIST_YEARS else year, month, day)


def calendar_of(year: int, era: str = "") -> Calendar:
    if era:
        return _ERAS[era][1]
    if year in PERSIAN_YEARS:
        return "persian"
    return "buddhist" if year in BUDDHIST_YEARS else ""


def of_persia(year: int, month: int, day: int) -> date | None:
    """Return a day of the Persian calendar. Its leap years repeat every 33 years (1178-1633)."""
    if not (1 <= month <= 12 and 1 <= day <= 31 - (month > 6)):
        return None
    years, months = year - 1, min(month - 1, 6) * 31 + max(month - 7, 0) * 30
    leaps = (8 * years + 29) // 33
    return date.fromordinal(226_894 + 365 * years + leaps + months + day)


class StatedDay(NamedTuple):
    date: date
    calendar: Calendar


def stated_day(
    day: WrittenDay, order: Order, words: clock.FileWords, full_year: Callable[[int], int]
) -> StatedDay | None:
    """Return a date's meaning by an order, if it is possible; `full_year` completes short years."""
    if day.month:
        year, number, at = int(day.parts[0]), words.month(day.month), int(day.parts[2])
    else:
        year, number, at = map(int, day.by(order))
    if number is None:
        return None
    if year < 100 and not day.era:
        thai = 2000 + year if 2000 + year <= now().year else 2500 + year
        year = thai if is_thai(day.month) else full_year(year)
    found = date_in(year, number, at, day.era)
    return StatedDay(found, calendar_of(year, day.era)) if found else None


def is_thai(month: str) -> bool:
    return bool(month) and month in clock.all_words().languages["th"].months
