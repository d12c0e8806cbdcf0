"""Reading of values that may be bad or left out: a bad value spoils no other."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, Literal, TypeVar

from saywho.errors import FileError, Message, RecordError
from saywho.text import MAX_USERNAME_LENGTH, clean_username, drop_controls

T = TypeVar("T")
TOO_DEEP: Final = Message("nested too deeply")
BROKEN: Final = Message("the text contains broken characters")


@dataclass(frozen=True, slots=True)
class BadRecord:
    """An unreadable record; the rest of its file is imported."""

    place: int
    detail: str
    value: object = field(default=None, compare=False)


_LeftOut = Literal["empty", "deleted", "older", "media", "system", "unwanted", "repeated"]
SkipReason = Literal["repost", "restricted", "like"] | _LeftOut


@dataclass(frozen=True, slots=True)
class Skipped:
    place: int
    reason: SkipReason
    """`empty`: no text and no media; `older`: a version before an edit; `system`: the app's line;
    `unwanted`: of a person left out; `repeated`: stands in the same file already.
    """


def readable(values: Iterable[tuple[int, T] | BadRecord]) -> Iterator[T]:
    """Yield the readable values, up to any damage."""
    with suppress(FileError):
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
