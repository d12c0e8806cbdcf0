"""Reactions to a message: how often which sign was given. Together they are its likes."""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from datetime import datetime
from typing import Final

from msgspec import structs

from app.compute.text import clean_sign
from app.errors import BrokenFileError, RecordError
from app.formats.post import MOST_COUNTED, MOST_SIGNS, Reactions, SignCount, as_count
from app.formats.records import Item, Record
from app.formats.source.file import Content
from app.formats.source.json import as_object
from app.formats.source.times import read_time
from app.formats.source.window import Json

_FIRST_YEAR: Final = 2000
"""No app that has reactions is older."""
_MOST_GIVEN: Final = 10**9
"""Of one sign to one message; a larger number is a damaged one."""
_LIST: Final = "reactions"
_KEY: Final = f'"{_LIST}"'.encode()
"""As it stands in JSON; in a text its quotes have a backslash before them."""


def reactions_of(
    signs: Iterable[tuple[object, object]], as_of: datetime | None = None
) -> Reactions | None:
    """Return what a file says was given to a message, each sign with how often.

    Of no signs that nobody reacted; None where none can be read.

    as_of: when the file was written, where it says so: an older file renews nothing.

    What has a number but no sign that can be shown, such as a picture, is a like without one.
    """
    listed = list(signs)
    counts = [(sign, number) for sign, count in listed if (number := _number(count))]
    if listed and not counts:
        return None
    return Reactions(
        likes=total_of(number for _, number in counts), as_of=as_of, signs=signs_of(counts)
    )


def reactions_in(message: Json) -> list[Json]:
    """Return the reactions to a message; an empty one where they are no list."""
    value = message.get(_LIST) or []
    return [as_object(reaction) for reaction in (value if isinstance(value, list) else [value])]


def as_told(items: Iterator[Item], contents: Iterable[Content]) -> Iterator[Item]:
    """Yield the items of all these files; where none tells of reactions, they have no counts.

    Where some messages have reactions, one without any has none left. A file in which nothing has
    some may be older than the app's reactions, or those to these messages.
    """
    is_told = any(map(_tells, contents))
    for item in items:
        if isinstance(item, Record) and not is_told:
            yield structs.replace(item, counts=None)
        else:
            yield item


def _tells(content: Content) -> bool:
    end = b""
    with suppress(BrokenFileError), closing(content.uncounted.chunks()) as chunks:
        for chunk in chunks:
            if _KEY in end + chunk:
                return True
            end = chunk[-len(_KEY) :]
    return False


def written_at(value: object) -> datetime | None:
    """Return when a file says that it was written; None where it does not, or cannot have been."""
    try:
        time = read_time(value)
    except RecordError:
        return None
    return time if time.year >= _FIRST_YEAR else None


def signs_of(counts: Iterable[tuple[object, int]]) -> tuple[SignCount, ...]:
    """Return the most frequent signs as they are kept, with those that are one joined."""
    numbers: Counter[str] = Counter()
    for sign, number in counts:
        if isinstance(sign, str) and (clean := clean_sign(sign)):
            numbers[clean] += number
    return tuple(
        SignCount(sign, total_of([number])) for sign, number in numbers.most_common(MOST_SIGNS)
    )


def kept_signs(signs: Iterable[SignCount]) -> tuple[SignCount, ...]:
    """Return signs that somebody sent as they are kept; what is no sign is left out."""
    return signs_of((sign.sign, sign.count) for sign in signs)


def total_of(numbers: Iterable[int]) -> int:
    """Return how many they are together, at most what a count can be."""
    return min(sum(numbers), MOST_COUNTED)


def _number(count: object) -> int:
    number = as_count(count) or 0
    return number if number <= _MOST_GIVEN else 0
