"""ClockWords of dates and times in many languages: parts of the day, months, and what joins both.

`clock_words.json` has them from Unicode CLDR; `tests/formats/clock_words.py` wrote it.
"""

import unicodedata
from collections.abc import Collection, Iterator
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final

import msgspec

FILE: Final = files("app.formats.chats") / "clock_words.json"


class Language(msgspec.Struct, frozen=True):
    """The words of a language, by their keys."""

    hours: dict[str, tuple[int, ...]]
    """The hours of a day that a word means."""
    months: dict[str, int]


class ClockWords(msgspec.Struct, frozen=True):
    """The words of all languages, of which the first are spoken most."""

    source: str
    between: frozenset[str]
    languages: dict[str, Language]


@cache
def all_words() -> ClockWords:
    """Return what the file holds, read once."""
    return msgspec.json.decode(FILE.read_bytes(), type=ClockWords)


@lru_cache(maxsize=1_000)
def as_key(word: str) -> str:
    """Return the letters of a word whatever its case, without dots, blanks and marks."""
    letters = unicodedata.normalize("NFC", word).casefold()
    return "".join(letter for letter in letters if unicodedata.category(letter)[0] in "LM")


@cache
def of_days() -> frozenset[str]:
    """Return the keys of all words for parts of a day."""
    return frozenset(word for some in all_words().languages.values() for word in some.hours)


@cache
def of_months() -> frozenset[str]:
    """Return the keys of the names of months."""
    return frozenset(word for some in all_words().languages.values() for word in some.months)


def knowing(hours: Collection[str], months: Collection[str]) -> Iterator[Language]:
    """Yield the languages that have all these words."""
    for language in all_words().languages.values():
        if language.hours.keys() >= set(hours) and language.months.keys() >= set(months):
            yield language


def hour_of(hour: int, meant: Collection[int]) -> int:
    """Return the hour of the day that a clock of twelve shows in a part of the day.

    Of neither half in that part the one counts that is nearer to it.
    """
    if hour > 12 or not meant:
        return hour
    halves = (hour % 12, hour % 12 + 12)
    return min(halves, key=lambda half: min(_apart(half, other) for other in meant))


def _apart(hour: int, other: int) -> int:
    return min((hour - other) % 24, (other - hour) % 24)
