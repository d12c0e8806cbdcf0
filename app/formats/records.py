"""What a format is, and what its reader gives: records, bad ones, skipped ones, and facts."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final, Literal, TypeVar

import msgspec
from msgspec import Meta

from app.errors import Message, RecordError, message_of
from app.formats.source.file import Source

T = TypeVar("T")
Kind = Literal["post", "reply", "quote"]
MediumKind = Literal["photo", "video", "gif", "audio", "link"]
Count = Annotated[int, Meta(ge=0, lt=2**53)]
BROKEN: Final = Message("the text has broken characters")
_MOST_DIGITS: Final = 15
"""Of a count."""


class ReplyTarget(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The post that a reply answers, as its platform knows it."""

    source_id: str | None
    username: str | None = None


class Medium(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A picture, video or link of a post."""

    kind: MediumKind
    source_url: str | None = None
    alt: str | None = None
    width: Count | None = None
    height: Count | None = None


class StoredMedium(Medium, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A picture, video or link as the database keeps it."""

    file: str | None = None
    """Name of its file here; None where none is kept."""


class Reactions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How often a post was liked and so on; null where nobody says."""

    likes: Count | None = None
    reposts: Count | None = None
    replies: Count | None = None
    quotes: Count | None = None
    as_of: Annotated[datetime, Meta(tz=True)] | None = None
    """When that was so; by default on arrival."""

    @classmethod
    def read(cls, figures: Iterable[object], as_of: datetime | None = None) -> "Reactions | None":
        """Return four figures in the order of the fields; None where there is none."""
        likes, reposts, replies, quotes = map(as_count, figures)
        found = cls(likes, reposts, replies, quotes, as_of)
        return found if found.is_known else None

    @property
    def is_known(self) -> bool:
        """Whether there is any figure."""
        return self.figures != (None,) * 4

    @property
    def figures(self) -> tuple[int | None, ...]:
        """The figures without their time."""
        return self.likes, self.reposts, self.replies, self.quotes


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One post as its file has it: entities decoded, links expanded, not yet validated."""

    place: int
    """Number of the line or record in its file, from 1."""
    text: str
    username: str | None = None
    author_id: str | None = None
    """Number by which the platform knows an author whom the file does not name."""
    display_name: str | None = None
    platform: str | None = None
    """`x`, `mastodon`, `bluesky` or `local`; None where the file does not say."""
    kind: Kind = "post"
    created_at: datetime | None = None
    """Aware, UTC; of a chat without a zone, until `People` has given it one."""
    lang: str | None = None
    source_id: str | None = None
    url: str | None = None
    reply_to: ReplyTarget | None = None
    media: tuple[Medium, ...] = ()
    files: tuple[str | None, ...] = ()
    """For each of the media the name of its file in the archive, if it has one."""
    counts: Reactions | None = None


@dataclass(frozen=True, slots=True)
class BadRecord:
    """A record that could not be read; the rest of its file is imported."""

    place: int
    detail: str
    """The reason; a Message, where one is to be translated."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A record that is left out on purpose."""

    place: int
    reason: Literal[
        "repost", "restricted", "empty", "like", "deleted", "media", "system", "unwanted"
    ]
    """`empty`: neither text nor media; `system`: the app's own line; `unwanted`: of somebody whom
    the importer leaves out."""


Item = Record | BadRecord | Skipped


@dataclass(frozen=True, slots=True)
class Account:
    """The owner of a file of one account; the name is None where the file does not say."""

    username: str | None
    display_name: str | None
    platform: str
    id: str | None = None
    """By which the platform knows it, whatever its name was."""
    unread: str | None = None
    """The file that would name it, but cannot be read."""


@dataclass(frozen=True, slots=True)
class Archive:
    """A recognised file: its format, its one owner (None for files of many authors), its items."""

    format: str
    unit: Literal["line", "record"]
    account: Account | None
    items: Iterator[Item]
    files: Source | None = None
    """Where the files of media are; None where there are none."""
    is_chat: bool = False
    """Whether several people wrote it to each other: a record's `username` is a name as it stands
    there, and None for whoever exported it."""
    columns: tuple[tuple[str, str], ...] = ()
    """Of CSV the names of the columns, each with the field it is taken for, if any."""
    absent: Collection[str] = ()
    """Of a chat the names in the options that nobody in the items taken so far has."""


class ReadOptions(msgspec.Struct, frozen=True):
    """What an importer says about a file."""

    username: str | None = None
    """The author of records without one; in a chat, who exported it."""
    with_media: bool = True
    include_restricted: bool = False
    decode_entities: bool = False
    """Whether texts of JSON lines and CSV are HTML."""
    columns: dict[str, str] = {}
    """What columns of CSV hold, by their names: a field, or nothing that is used."""
    timezone: str | None = None
    """Of the times in a chat; None for the machine's."""
    only: tuple[str, ...] = ()
    """Whose messages of a chat are taken; nothing stands for everybody."""
    rename: dict[str, str] = {}
    """Other names for people of a chat; two with one name are joined."""
    is_published: bool = False
    """Whether a chat is taken though everybody may read it."""


NO_OPTIONS: Final = ReadOptions()


class ExportedPost(msgspec.Struct, frozen=True):
    """A stored post as exports carry it."""

    username: str
    platform: str
    text: str
    kind: str
    created_at: Annotated[datetime | None, Meta(description="UTC; null where it is not known.")]
    lang: str | None
    source_id: str | None
    url: str | None
    reply_to: ReplyTarget | None = None
    media: tuple[Medium, ...] = ()
    counts: Reactions | None = None


@dataclass(frozen=True, slots=True)
class Writer:
    """How a format is written: a heading, and then the posts, in portions of any size."""

    suffix: str
    """The end of a file's name, without the dot."""
    content_type: str
    heading: bytes
    """The bytes before the first post; a file without posts holds them alone."""
    encode: Callable[[Mapping[int, ExportedPost]], bytes]
    """Returns posts, by their ids here, as they stand in the file."""


@dataclass(frozen=True, slots=True)
class Format:
    """One format, recognised by content; to add one, write a module and register it."""

    name: str
    read: Callable[[Source, ReadOptions], Archive | None]
    """Returns what is in a source, or None for another format; items are read as they are taken."""
    writer: Writer | None = None


def read_each(
    found: Iterable[tuple[int, T] | BadRecord], read: Callable[[T, int], Item | None]
) -> Iterator[Item]:
    """Yield what `read` returns for each value and its place, unless that is None.

    A value that raises RecordError becomes a BadRecord, and reading continues.
    """
    for each in found:
        if isinstance(each, BadRecord):
            yield each
            continue
        place, value = each
        try:
            item = read(value, place)
        except RecordError as error:
            item = BadRecord(place, message_of(error))
        if item is not None:
            yield item


def required_text(text: object) -> str:
    """Return the text of a post. Raises RecordError where it is missing, no string or broken."""
    if text is None:
        raise RecordError("no text")
    if not isinstance(text, str):
        raise RecordError("the text is not a string")
    if is_broken(text):
        raise RecordError(BROKEN)
    return text


def as_count(value: object) -> int | None:
    """Return a whole number from 0, which archives write as a string; else None."""
    text = digits(value)
    return int(text) if text and len(text) <= _MOST_DIGITS else None


def digits(value: object) -> str | None:
    """Return a whole number from 0 as a string; None for anything else, floats above all."""
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return text if text.isascii() and text.isdigit() else None


def is_broken(text: str) -> bool:
    """Return whether a text has half a surrogate pair, as bytes that no encoding knows become."""
    try:
        return not text.isascii() and not text.encode()
    except UnicodeEncodeError:
        return True
