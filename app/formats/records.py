"""What a parser finds in a file, before anything is checked against the database."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One post as its file tells it: entities decoded, links expanded, not yet validated."""

    place: int
    """Number of the line or record in its file, from 1."""
    text: str
    username: str | None = None
    author_id: str | None = None
    """Number by which the platform knows an author whom the file does not name."""
    display_name: str | None = None
    platform: str | None = None
    """`x`, `mastodon`, `bluesky` or `local`; None where the file does not say."""
    kind: Literal["post", "reply", "quote"] = "post"
    created_at: datetime | None = None
    """Aware, UTC."""
    lang: str | None = None
    source_id: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class BadRecord:
    """A record that could not be read; the rest of its file goes in."""

    place: int
    detail: str


@dataclass(frozen=True, slots=True)
class Skipped:
    """A record that is left out on purpose."""

    place: int
    reason: Literal["repost", "restricted"]


Item = Record | BadRecord | Skipped


@dataclass(frozen=True, slots=True)
class Account:
    """Whose posts a file of one account holds; the name is None where the file does not say."""

    username: str | None
    display_name: str | None
    platform: str


@dataclass(frozen=True, slots=True)
class Archive:
    """A recognised file: its format, its one owner (None for files of many authors), its items."""

    format: str
    unit: Literal["line", "record"]
    account: Account | None
    items: Iterator[Item]


class ImportFileError(Exception):
    """The file cannot be read on; the message says why and is fit for the user."""


class UnrecognisedFileError(ImportFileError):
    """The file is missing or nothing in it is recognised."""


class BrokenFileError(ImportFileError):
    """The file breaks off or hits a limit; what came before stays."""
