"""Words of clocks and dates in all languages, and times of day of 12 or 24 hours.

`words.json` is out of Unicode CLDR, `words.txt` adds missing words.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import time
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final, Literal, NamedTuple

import msgspec

from saywho.errors import Message
from saywho.formats.assumptions import ReadNotes

FILE: Final = files(__package__) / "words.json"
ADDED: Final = files(__package__) / "words.txt"
ADDED_LINE: Final = re.compile(
    r"(?P<language>[a-z]{2,3}) (?:(?P<kind>month|weekday) (?P<number>\d{1,2})|(?P<beside>beside)"
    r"|(?P<hours>\d{1,2}(?:-\d{1,2})?(?:,\d{1,2}(?:-\d{1,2})?)*)): (?P<words>.+)"
)
_MOST_WORDS: Final = 1_000


class UnknownWordsError(ValueError):
    """No known language has the words in a date."""


class Language(msgspec.Struct, frozen=True):
    hours: dict[str, tuple[int, ...]]
    months: dict[str, int]
    weekdays: dict[str, int]
    """Days after Monday."""


class DateWords(msgspec.Struct, frozen=True):
    """The words of all languages, the languages with most speakers first."""

    source: str
    between: frozenset[str]
    languages: dict[str, Language]


@lru_cache(maxsize=4_000)
def as_key(word: str) -> str:
    """Return a word's letters and digits in one case, without dots, blanks and marks."""
    letters = unicodedata.normalize("NFC", word).casefold()
    return "".join(
        str(unicodedata.decimal(letter, letter))
        for letter in letters
        if unicodedata.category(letter)[0] in "LMN"
    )


@cache
def all_words() -> DateWords:
    words = msgspec.json.decode(FILE.read_bytes(), type=DateWords)
    between = set(words.between)
    for line in ADDED.read_text("utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            between |= _add(line, words.languages)
    return msgspec.structs.replace(words, between=frozenset(between))


def _add(line: str, languages: dict[str, Language]) -> set[str]:
    """Add a line of words to its language, or return words beside dates. Raises ValueError."""
    match = ADDED_LINE.fullmatch(line)
    if match is None:
        raise ValueError(f"{ADDED}: this line is no language, meaning and words: {line}")
    keys = {as_key(word) for word in match["words"].split(",")}
    language = languages.setdefault(match["language"], Language({}, {}, {}))
    if match["beside"]:
        return keys
    if match["kind"] == "month":
        language.months.update(dict.fromkeys(keys, int(match["number"])))
    elif match["kind"] == "weekday":
        language.weekdays.update(dict.fromkeys(keys, int(match["number"]) - 1))
    else:
        spans = (span.partition("-")[::2] for span in match["hours"].split(","))
        hours = [
            hour for first, last in spans for hour in range(int(first), int(last or first) + 1)
        ]
        language.hours.update(dict.fromkeys(keys, tuple(hours)))
    return set()


@cache
def of_days() -> frozenset[str]:
    return frozenset(word for some in all_words().languages.values() for word in some.hours)


@cache
def of_months() -> frozenset[str]:
    return frozenset(word for some in all_words().languages.values() for word in some.months)


@cache
def before_numbers() -> frozenset[str]:
    """Return words that make the number behind them a month: Vietnamese `tháng`."""
    stems = (month.rstrip("0123456789") for month in of_months() if month[-1].isdecimal())
    return frozenset(stem for stem in stems if stem)


@cache
def of_weekdays() -> dict[str, frozenset[int]]:
    days: dict[str, set[int]] = defaultdict(set)
    for language in all_words().languages.values():
        for word, number in language.weekdays.items():
            days[word].add(number)
    return {word: frozenset(numbers) for word, numbers in days.items()}


def knowing(hours: Collection[str], months: Collection[str]) -> Iterator[Language]:
    return (all_words().languages[name] for name in _names_knowing(hours, months))


def _names_knowing(hours: Collection[str], months: Collection[str]) -> Iterator[str]:
    for name, language in all_words().languages.items():
        if language.hours.keys() >= set(hours) and language.months.keys() >= set(months):
            yield name


@lru_cache(maxsize=4_000)
def is_certain(part: str, hour: int, month: str) -> bool:
    """Return whether words mean the same in all languages that have them."""
    languages = all_words().languages.values()
    hours = {hour_of(hour, some.hours[part]) for some in languages if part in some.hours}
    months = {some.months[month] for some in languages if month in some.months}
    return len(hours) < 2 and len(months) < 2


@lru_cache(maxsize=10_000)
def hour_of(hour: int, meant: tuple[int, ...]) -> int:
    """Return the hour that a 12-hour clock shows in a part of the day, or nearest to it."""
    if hour > 12 or not meant:
        return hour
    halves = (hour % 12, hour % 12 + 12)
    return min(halves, key=lambda half: min(_apart(half, other) for other in meant))


def _apart(hour: int, other: int) -> int:
    return min((hour - other) % 24, (other - hour) % 24)


class FileWords:
    """Meaning of a file's words: as the first language that has them all, else each by itself.

    `add` takes each word before its meaning is asked. Words of no language have no meaning.
    """

    def __init__(self) -> None:
        self._seen: dict[tuple[str, int], None] = {}
        """Parts of the day with the hours of a 12-hour clock."""
        self._months: dict[str, None] = {}
        self._language: str | None = None
        """The language that has all words, with most speakers if there are several."""
        self._others: tuple[str, ...] = ()
        """Languages that have all words too, and mean other times."""
        self._hours: dict[tuple[str, int], int] = {}
        self._numbers: dict[str, int] = {}
        self._is_settled = True

    def add(self, part: str = "", hour: int = 0, month: str = "") -> None:
        if part and (part, hour) not in self._seen and len(self._seen) < _MOST_WORDS:
            self._seen[part, hour] = None
            self._is_settled = False
        if month and month not in self._months and len(self._months) < _MOST_WORDS:
            self._months[month] = None
            self._is_settled = False

    @property
    def parts(self) -> set[str]:
        return {part for part, _ in self._seen}

    def hour(self, part: str, hour: int) -> int:
        self._settle()
        found = self._hours.get((part, hour))
        if found is None:
            found = self._hours[part, hour] = self._hour_in(self._language, part, hour)
        return found

    def month(self, word: str) -> int | None:
        self._settle()
        found = self._numbers.get(word)
        if found is None and (name := self._named((), [word])):
            found = self._numbers[word] = all_words().languages[name].months[word]
        return found

    def note(self, notes: ReadNotes) -> None:
        self._settle()
        if self._language is not None and self._others:
            evidence = Message("words of its dates mean other times in other languages")
            notes.assume("language", self._language, alternatives=self._others, evidence=evidence)

    def _settle(self) -> None:
        if self._is_settled:
            return
        self._is_settled = True
        self._hours, self._numbers = {}, {}
        fitting = [*_names_knowing(self.parts & of_days(), self._months.keys() & of_months())]
        self._language, self._others = next(iter(fitting), None), ()
        if len(fitting) > 1:
            first = self._meanings(fitting[0])
            self._others = tuple(name for name in fitting[1:] if self._meanings(name) != first)

    def _meanings(self, name: str) -> list[int]:
        months = all_words().languages[name].months
        return [
            *(self._hour_in(name, part, hour) for part, hour in self._seen),
            *(months.get(month, 0) for month in self._months),
        ]

    def _named(self, parts: Collection[str], months: Collection[str]) -> str | None:
        fitting = [*_names_knowing(parts, months)]
        return self._language if self._language in fitting else next(iter(fitting), None)

    def _hour_in(self, name: str | None, part: str, hour: int) -> int:
        languages = all_words().languages
        if name is None or part not in languages[name].hours:
            name = self._named([part], ())
        return hour_of(hour, languages[name].hours[part]) if name else hour


class WrittenClock(NamedTuple):
    hour: int
    minute: int
    second: int
    part: str = ""
    """The part of the day, as a key; empty without one."""

    def time(self, words: FileWords) -> time | None:
        """Return the time of day, None if impossible. A clock may go on with 24:10."""
        hour = self.hour
        if self.part and hour < 13:
            hour = words.hour(self.part, hour)
        try:
            return time(0 if hour == 24 and not self.part else hour, self.minute, self.second)
        except ValueError:
            return None


_CLOCK: Final = re.compile(
    r"(?<![\d:])T?(?P<h>\d{1,2})"
    r"(?:\s?[:h٫]\s?(?P<m>\d\d)(?:[:.٫](?P<s>\d\d)(?:[.,]\d{1,9})?)?"
    r"|\s?[시時时点點]\s?(?:(?P<m2>\d{1,2})\s?[분分]\s?(?:(?P<s2>\d{1,2})\s?[초秒])?)?)",
    re.IGNORECASE,
)
_HOUR_ALONE: Final = re.compile(r"(?<![\d.])(?P<h>\d{1,2})(?=\s?[^\W\d])")
_ALONE: Final = re.compile(
    r"(?P<before>[^\d]*)(?P<h>\d{1,2})[:.٫](?P<m>\d\d)(?:[:.٫](?P<s>\d\d))?(?P<after>[^\d]*)"
)
_AT_END: Final = re.compile(r"[^\d]*\Z")
_DIGIT: Final = re.compile(r"\d")
_DAY_SIGN: Final = re.compile(r"\s*[일日號号](?:\s*[(（][^()（）\d]{1,4}[)）])?")
_MOST_PARTS: Final = 4
"""Maximum number of words for a part of the day: `de la tarde` has three."""


def find_clock(text: str) -> tuple[str, WrittenClock | None, str]:
    """Return a text's first clock, and the text before and after it without its part of the day.

    An hour stands alone only before a part of the day.
    """
    if match := _CLOCK.search(text):
        before, after = text[: match.start()], text[match.end() :]
        after, part = _without_first_part(after)
        if not part:
            before, part = _without_last_part(before)
        return before, _clock(match, part), after
    for match in _HOUR_ALONE.finditer(text):
        after, part = _without_first_part(text[match.end() :])
        if len(part) > 1 and part not in of_months() | all_words().between:
            return text[: match.start()], _clock(match, part), after
    return text, None, ""


@lru_cache(maxsize=4_000)
def read_clock(text: str) -> WrittenClock | None:
    """Return the clock that a text is, if nothing but a part of the day stands beside it."""
    match = _ALONE.fullmatch(text)
    if match is None:
        return None
    try:
        part, _ = part_of_day(match["before"], match["after"])
    except UnknownWordsError:
        return None
    return _clock(match, part)


def _clock(match: re.Match[str], part: str) -> WrittenClock:
    numbers = match.groupdict()
    minute, second = (int(numbers.get(key) or numbers.get(f"{key}2") or 0) for key in "ms")
    # A minute of 61 seconds is rare, and one of 60 is the next.
    return WrittenClock(int(numbers["h"]), minute, 59 if second == 60 else second, part)


def _without_first_part(text: str) -> tuple[str, str]:
    digit = _DIGIT.search(text)
    end = digit.start() if digit else len(text)
    rest, part = _first_part(text[:end])
    blank = " " if text[:end].endswith(" ") else ""  # An offset stays whole: GMT+9.
    return (f"{rest}{blank}{text[end:]}" if part else text), part


@lru_cache(maxsize=1_000)
def _first_part(run: str) -> tuple[str, str]:
    words = run.split()
    first = next((at for at, word in enumerate(words) if as_key(word) not in _said()), len(words))
    for end in range(min(len(words), first + _MOST_PARTS), first, -1):
        key = as_key("".join(words[first:end]))
        is_zone = end == first + 1 and re.fullmatch("[A-Z]{3,}", words[first])
        if key in of_days() and not is_zone:
            return " ".join([*words[:first], *words[end:]]), key
    return run, ""


def _without_last_part(text: str) -> tuple[str, str]:
    run = _AT_END.search(text)
    start = run.start() if run else len(text)
    rest, part = _last_part(text[start:])
    return f"{text[:start]}{rest}", part


@lru_cache(maxsize=1_000)
def _last_part(run: str) -> tuple[str, str]:
    sign = _DAY_SIGN.match(run)
    words = run[sign.end() if sign else 0 :].split()
    last = len(words)
    while last and as_key(words[last - 1]) in _said():
        last -= 1
    for first in range(max(0, last - _MOST_PARTS), last):
        key = as_key("".join(words[first:last]))
        if key in of_days() and not (len(key) == 1 and key.isascii()):
            rest = " ".join([*words[:first], *words[last:]])
            return f"{sign[0] if sign else ''} {rest}", key
    return run, ""


@cache
def _said() -> frozenset[str]:
    return (all_words().between | {""}) - of_days()


Place = Literal["", "before", "after"]


@lru_cache(maxsize=1_000)
def part_of_day(before: str, after: str) -> tuple[str, Place]:
    """Return the part of the day in the words around a time, and its place.

    Raises UnknownWordsError for other words.
    """
    first, last = _part_in(before), _part_in(after)
    if first and last:
        raise UnknownWordsError(f"{before.strip()} {after.strip()}")
    return (first, "before") if first else (last, "after") if last else ("", "")


def _part_in(text: str) -> str:
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
