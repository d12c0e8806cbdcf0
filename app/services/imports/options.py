"""What an import does with the posts of a file, beside how the file is read."""

import re
from collections.abc import Iterable
from typing import Final, Literal

from saywho.errors import Message
from saywho.formats.assumptions import NEW_ROOM
from saywho.formats.records import ReadOptions

Times = Literal["file", "here"]
SAME_FILE: Final = "file"
"""Choice instead of the number of an import: the import of the same bytes."""


class ImportOptions(ReadOptions, frozen=True):
    with_media: bool = True
    is_published: bool = False
    is_own: bool = False
    accept_unread: bool = False
    """Whether to store posts though most times or authors are unreadable."""
    accept_doubts: bool = False
    """Whether to store posts though there are grave doubts about how they were read."""
    replace: str | None = None
    """Number of an import that is undone before the file is stored; `file`: of the same bytes."""
    times: Times | None = None
    """Whether the times of the file or the times here are right, if they are of two time zones."""
    rooms: tuple[str, ...] = ()
    """Chats here, by number, into which the file's chats may go; `new` makes the rest new."""


NO_OPTIONS: Final = ImportOptions()


def rooms_of(values: Iterable[str]) -> tuple[str, ...]:
    """Return the chosen chats: numbers of chats here, or `new`. Raises ValueError."""
    rooms = tuple(dict.fromkeys(value.strip() for value in values))
    if not all(room == NEW_ROOM or _is_number(room) for room in rooms):
        raise ValueError(Message("name a chat here by its number, such as 3, or write new"))
    return rooms


def replaced_of(value: str) -> str:
    """Return the number of an import, or `file` for the import of the same bytes.

    Raises ValueError.
    """
    if value != SAME_FILE and not _is_number(value):
        raise ValueError(Message("name an import by its number, such as 3, or write file"))
    return value


def _is_number(value: str) -> bool:
    return re.fullmatch(r"[1-9][0-9]{0,15}", value) is not None
