"""What a format is: how it is recognised, read and written."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from app.formats.records import Archive, Medium, Reactions, ReplyTarget
from app.formats.source.file import Source


class Parse(Protocol):
    """Reads a recognised source; the account is known at once, items are read as they are taken."""

    def __call__(self, source: Source, *, include_restricted: bool) -> Archive: ...


class PostRow(NamedTuple):
    """A stored post with its author, as exports get it."""

    id: int
    username: str
    platform: str
    text: str
    kind: str
    created_at: datetime | None
    lang: str | None
    source_id: str | None
    url: str | None
    reply_to: ReplyTarget | None = None
    media: tuple[Medium, ...] = ()
    counts: Reactions | None = None


@dataclass(frozen=True, slots=True)
class Writer:
    """How a format is written: a heading, and then the rows, in portions of any size."""

    suffix: str
    """The end of a file's name, without the dot."""
    content_type: str
    heading: bytes
    """The bytes before the first row; a file without posts holds them alone."""
    encode: Callable[[Sequence[PostRow]], bytes]


@dataclass(frozen=True, slots=True)
class Format:
    """One format, recognised by content; to add one, write a module and register it."""

    name: str
    recognises: Callable[[Source], bool]
    parse: Parse
    writer: Writer | None = None
