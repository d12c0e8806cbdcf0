"""Reading of values that may be bad or left out: a bad value spoils no other."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal, TypeVar

from app.compute.text import MAX_USERNAME_LENGTH, clean_username, drop_controls
from app.errors import ImportFileError, Message, RecordError, message_of

if TYPE_CHECKING:
    from app.formats.records import Item

T = TypeVar("T")
TOO_DEEP: Final = Message("nested too deeply")
BROKEN: Final = Message("the text contains broken characters")


@dataclass(frozen=True, slots=True)
class BadRecord:
    """An unreadable record; the rest of its file is imported."""

    place: int
    detail: str
    value: object = field(default=None, compare=False)
    """The bad value, to explain the file; a line is read again instead."""


@dataclass(frozen=True, slots=True)
class Skipped:
    place: int
    reason: Literal[
        "repost", "restricted", "empty", "like", "deleted", "media", "system", "unwanted"
    ]
    """`empty`: no text and no media; `system`: the app's line; `unwanted`: of a person left out.
    """


def read_each(
    values: Iterable[tuple[int, T] | BadRecord], read: Callable[[T, int], "Item | None"]
) -> Iterator["Item"]:
    """Yield the results of `read` for each value and its place, unless they are None.

    A value that raises RecordError becomes a BadRecord, and reading continues.
    """
    for numbered in values:
        if isinstance(numbered, BadRecord):
            yield numbered
            continue
        place, value = numbered
        try:
            item = read(value, place)
        except RecordError as error:
            item = BadRecord(place, message_of(error), value)
        except RecursionError:
            item = BadRecord(place, TOO_DEEP, value)
        if item is not None:
            yield item


def readable(values: Iterable[tuple[int, T] | BadRecord]) -> Iterator[T]:
    """Yield the readable values, up to any damage."""
    with suppress(ImportFileError):
        for numbered in values:
            if not isinstance(numbered, BadRecord):
                yield numbered[1]


def required_text(text: object) -> str:
    """Return a post's text. Raises RecordError if it is missing, no string or broken."""
    if text is None:
        raise RecordError("the text is missing")
    if not isinstance(text, str):
        raise RecordError("the text is not a string")
    if is_broken(text):
        raise RecordError(BROKEN)
    return text


def as_username(value: object) -> str | None:
    """Return a name that an author can have, else None."""
    try:
        return clean_username(value.strip()) if isinstance(value, str) else None
    except ValueError:
        return None


def is_broken(text: str) -> bool:
    """Return whether a text has half a surrogate pair, as undecodable bytes become."""
    try:
        return not text.isascii() and not text.encode()
    except UnicodeEncodeError:
        return True


@lru_cache(maxsize=1_000)
def username_for(name: str, without: str = "somebody") -> str:
    """Return a name with `_` for spaces, without characters that usernames may not have.

    `without` stands for a name that has no other characters.
    """
    start = name[: MAX_USERNAME_LENGTH - 20]  # This leaves room for a suffix.
    printable = "_".join(drop_controls(start).split())
    possible = "".join(c for c in printable if _is_possible(f"a{c}"))
    return clean_username(possible) if _is_possible(possible) else without


def _is_possible(name: str) -> bool:
    try:
        clean_username(name)
    except ValueError:
        return False
    return True
