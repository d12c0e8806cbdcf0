"""What a format is, and what its reader gives: records, bad ones, skipped ones, and facts."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Final, Literal, NamedTuple, Protocol, TypeVar

import msgspec
from msgspec import Meta

from app.compute.text import clean_username
from app.errors import Message, RecordError, message_of
from app.formats.assumptions import ReadNotes, Unsettled
from app.formats.choices import Order
from app.formats.post import Kind, PlainPost, Platform, RoomReference
from app.formats.source.file import Source
from app.formats.source.window import TOO_DEEP

T = TypeVar("T")
BROKEN: Final = Message("the text contains broken characters")


class FileRoom(RoomReference, frozen=True, kw_only=True):
    """A chat as its file knows it; the name is empty where the file has none."""

    platform: str
    """The app."""
    external_id: str | None = None
    """The app's id, where it gives one."""
    file: str = ""
    """The file that holds it: several in one source are several chats."""
    thread: str = ""
    """What tells it from the other chats of one export, where the app gives no id that lasts."""
    former: str = ""
    """The name that earlier versions read, where it is another."""


class Record(PlainPost, frozen=True, kw_only=True):
    """One post as its file has it: entities decoded, links expanded, not yet validated.

    `created_at` is aware and UTC; of a chat without a zone, once `People` has given it one.
    """

    place: int
    """Number of the line or record in its file, from 1."""
    username: str | None = None
    author_id: str | None = None
    """Number by which the platform knows an author whom the file does not name."""
    display_name: str | None = None
    platform: str | None = None
    """One of `PLATFORMS`; None where the file does not say."""
    kind: Kind = "post"
    files: tuple[str | None, ...] = ()
    """For each of the media the name of its file in the archive, if it has one."""
    unread_time: str | None = None
    """Name of the field of a time that is there and cannot be read."""


@dataclass(frozen=True, slots=True)
class BadRecord:
    """A record that could not be read; the rest of its file is imported."""

    place: int
    detail: str
    """The reason; a Message, where one is to be translated."""
    value: object = field(default=None, compare=False)
    """What stands there, for whoever explains the file; of a line it is read again."""


class ImportFault(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why a record was not stored, or the whole file."""

    detail: str
    record: Annotated[int | None, Meta(description="Line or record number in the file.")] = None


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


class SkippedCounts(Protocol):
    """What tells how many records were left out, by the reasons that people are told."""

    reposts: int
    restricted: int
    skipped: int


def count_skipped(counts: SkippedCounts, item: Skipped) -> None:
    """Count a record that is left out."""
    if item.reason == "repost":
        counts.reposts += 1
    elif item.reason == "restricted":
        counts.restricted += 1
    else:
        counts.skipped += 1


@dataclass(frozen=True, slots=True)
class Account:
    """The owner of a file of one account; the name is None where the file does not say."""

    username: str | None
    display_name: str | None
    platform: str
    id: str | None = None
    """By which the platform knows it, whatever its name was."""
    unread: str | None = None
    """The file that would name it, but is damaged or names nobody."""


class LeftOut(NamedTuple):
    """What lies among the files and is not read."""

    note: Message
    format: str = ""
    """Name of the format that reads it, where one does."""


@dataclass(frozen=True, slots=True)
class RecordStream:
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
    left_out: tuple[LeftOut, ...] = ()
    apps: tuple[str, ...] = ()
    """Names of the formats whose chats are in it, where these are several."""
    silent_apps: Collection[str] = ()
    """Those of them of whose chats the items taken so far have no message."""
    absent: Collection[str] = ()
    """Of a chat the names in the options that nobody in the items taken so far has."""
    lines: Iterable["TextLine"] = ()
    """Of a chat in text what each line is, for whoever explains the file; read as it is taken."""
    notes: ReadNotes = field(default_factory=ReadNotes)
    """What was assumed and not used; complete once all items are taken."""
    total: int | None = None
    """Number of posts and reposts, as the file itself says; None if it does not say."""


def unsettled_of(records: "RecordStream", options: "ReadOptions") -> Unsettled | None:
    """Return what keeps the records so far from being stored, unless that is accepted."""
    unsettled = records.notes.unsettled
    is_named = records.account is not None or options.username is not None
    is_accepted = options.accept_unread and unsettled != "dates"
    return None if is_accepted or (unsettled == "author" and is_named) else unsettled


LineKind = Literal["message", "day", "note", "more", "heading"]


class TextLine(NamedTuple):
    """A line of a chat in text."""

    file: str
    number: int
    """From 1, in its file."""
    kind: LineKind
    """What it begins or is; `note`: the app's own, `more`: it goes on with the one before."""
    text: str


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
    is_own: bool = False
    """Whether the author's archive is to be the site's own."""
    dates: Order | None = None
    """The order of day, month and year in dates of numbers; None to find it out."""
    encoding: str | None = None
    """The encoding of texts, by the name of Python's codec; None to find it out."""
    accept_unread: bool = False
    """Whether posts are stored though most of their times or authors cannot be read."""
    keep_earlier: bool = False
    """Whether posts are stored though they were stored before as read in another way."""


NO_OPTIONS: Final = ReadOptions()


class ExportedPost(PlainPost, frozen=True):
    """A stored post as exports carry it."""

    username: str
    platform: Platform


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


BY_ITSELF: Final = Message("marks defined by this custom format")


@dataclass(frozen=True, slots=True)
class Format:
    """One format, recognised by content; to add one, write a module and register it."""

    name: str
    label: Message
    """What people call it."""
    read: Callable[[Source, ReadOptions], RecordStream | None]
    """Returns what is in a source, or None for another format; items are read as they are taken."""
    writer: Writer | None = None
    is_chat: bool = False
    """Whether several people write to each other."""
    file_name: str = ""
    """Of JSON in a folder or an archive, the name of the file that holds the posts."""
    mark: Message = BY_ITSELF
    """What a file of it is recognised by."""


def read_each(
    values: Iterable[tuple[int, T] | BadRecord], read: Callable[[T, int], Item | None]
) -> Iterator[Item]:
    """Yield what `read` returns for each value and its place, unless that is None.

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


def required_text(text: object) -> str:
    """Return the text of a post. Raises RecordError where it is missing, no string or broken."""
    if text is None:
        raise RecordError("the text is missing")
    if not isinstance(text, str):
        raise RecordError("the text is not a string")
    if is_broken(text):
        raise RecordError(BROKEN)
    return text


def as_username(value: object) -> str | None:
    """Return a name that an author can have; None for anything else, as a damaged file may hold."""
    try:
        return clean_username(value.strip()) if isinstance(value, str) else None
    except ValueError:
        return None


def is_broken(text: str) -> bool:
    """Return whether a text has half a surrogate pair, as bytes that no encoding knows become."""
    try:
        return not text.isascii() and not text.encode()
    except UnicodeEncodeError:
        return True
