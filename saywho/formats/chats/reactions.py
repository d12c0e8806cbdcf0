"""Reactions to the messages of a chat, each sign with its number, as files in JSON name them."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from msgspec import structs

from saywho.formats.post import Reactions, as_count, signs_of, total_of
from saywho.formats.records import Item, Record
from saywho.formats.source.file import Content, contains
from saywho.formats.source.json import Json, as_object
from saywho.formats.source.times import time_or_field


def reactions_of(
    signs: Iterable[tuple[object, object]], as_of: datetime | None = None
) -> Reactions | None:
    """Return the reactions to a message, each sign with its number.

    An empty list means no reactions; None means unreadable reactions. A reaction that cannot be
    shown, such as a picture, is a like. `as_of` is the stated time of writing: an older file renews
    nothing.
    """
    if not (listed := list(signs)):
        return Reactions(likes=0, as_of=as_of)
    counts = [
        (sign, number)
        for sign, count in listed
        if 0 < (number := as_count(count) or 0) <= 10**9  # A larger number is damaged.
    ]
    if not counts:
        return None
    return Reactions(
        likes=total_of(number for _, number in counts), as_of=as_of, signs=signs_of(counts)
    )


def one_each(signs: Iterable[str | None]) -> Iterator[tuple[object, object]]:
    return ((sign, 1 if sign else None) for sign in signs)


def reactions_in(message: Json) -> list[Json]:
    """Return the reactions to a message; a value that is no list becomes an empty object."""
    value = message.get("reactions") or []
    return [as_object(reaction) for reaction in (value if isinstance(value, list) else [value])]


def as_told(
    items: Iterator[Item], contents: Iterable[Content], key: str = "reactions"
) -> Iterator[Item]:
    """Yield the items of all these files, without counts if no file has the key of reactions.

    If some messages have reactions, the rest have lost theirs. Files without reactions may be older
    than this feature.
    """
    # In a text the quotes have a backslash before them.
    is_told = any(contains(content, f'"{key}"'.encode()) for content in contents)
    for item in items:
        if isinstance(item, Record) and not is_told:
            yield structs.replace(item, counts=None)
        else:
            yield item


def written_at(value: object) -> datetime | None:
    """Return a file's stated time of writing, if possible."""
    time, _ = time_or_field(value, "")
    return time if time and time.year >= 2000 else None  # No app with reactions is older.
