"""A format, and the items of its reader: records, bad and skipped records, and facts.

Formats of other packages can import all of `reading.py` from here, too.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Final, Literal, NamedTuple, Protocol, TypeVar

import msgspec
from msgspec import structs

from saywho.errors import Message, RecordError, message_of
from saywho.formats.assumptions import ONLY_CHOSEN, Order, ReadNotes, Unsettled
from saywho.formats.post import Kind, PlainPost, Platform, RoomReference
from saywho.formats.reading import (
    TOO_DEEP,
    BadRecord as BadRecord,
    Skipped as Skipped,
    as_username as as_username,
    is_broken as is_broken,
    readable as readable,
    required_text as required_text,
    username_for as username_for,
)
from saywho.formats.source.file import Source

T = TypeVar("T")


class FileRoom(RoomReference, frozen=True, kw_only=True, cache_hash=True):
    """A chat as its file knows it; the name may be empty."""

    platform: str
    external_id: str | None = None
    file: str = ""
    """File of the chat; several files in one source are several chats."""
    thread: str = ""
    """Mark of the chat within one export, if the app gives no lasting id."""
    former: str = ""
    """Name that earlier versions read, if different."""
    zone: str = ""
    """Usual time zone of such chats, if their app and language tell."""


class Record(PlainPost, frozen=True, kw_only=True):
    """One post as its file has it: entities decoded, links expanded, not yet validated."""

    created_at: datetime | None = None
    """Aware and UTC; in a chat without a zone, or with a clock's offset, `People` makes it so."""
    place: int
    """Number of the line or record in its file, from 1."""
    username: str | None = None
    author_id: str | None = None
    """The platform's number of an author without a name."""
    display_name: str | None = None
    platform: str | None = None
    kind: Kind = "post"
    files: tuple[str | None, ...] = ()
    """File name in the archive for each of the media, if any."""
    unread_time: str | None = None
    source: str | None = None
    """File with the text in a folder or an archive, or what else names a text that is cut."""


class ImportFault(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why a record was not stored, or the whole file."""

    detail: str
    record: int | None = None
    """Line or record number in the file."""


@dataclass(frozen=True, slots=True)
class Moved(Skipped):
    """The app's line that people came to a chat or left it, or changed name."""

    names: tuple[str, ...] = ()
    """As in `Movement`; an empty one is of the exporting person."""
    has_left: bool = False
    at: datetime | None = None
    room: RoomReference | None = None
    became: str = ""
    """As in `Movement`."""


class ChatMove(NamedTuple):
    """Somebody who came to a chat or left it, or changed name."""

    username: str
    has_left: bool
    at: datetime
    room: RoomReference
    became: str = ""
    """Username of the new name."""


Item = Record | BadRecord | Skipped


def read_each(
    values: Iterable[tuple[int, T] | BadRecord], read: Callable[[T, int], Item | None]
) -> Iterator[Item]:
    """Yield the results of `read` for each value and its place, unless they are None.

    A value that raises RecordError becomes a BadRecord, and reading continues.
    """
    for numbered in values:
        if isinstance(numbered, BadRecord):
            yield numbered
            continue
        place, value = numbered
        try:
            item: Item | None = read(value, place)
        except RecordError as error:
            item = BadRecord(place, message_of(error), value)
        except RecursionError:
            item = BadRecord(place, TOO_DEEP, value)
        if item is not None:
            yield item


class SkippedCounts(Protocol):
    reposts: int
    restricted: int
    skipped: int


def count_skipped(counts: SkippedCounts, item: Skipped) -> None:
    if item.reason == "repost":
        counts.reposts += 1
    elif item.reason == "restricted":
        counts.restricted += 1
    else:
        counts.skipped += 1


class Account(NamedTuple):
    """Owner of one account's file; the name is None if unknown."""

    username: str | None
    display_name: str | None
    platform: str
    id: str | None = None
    """The platform's id, which survives changes of the name."""
    unread: str | None = None
    """File that would name the account, but is damaged or has no name."""


class LeftOut(NamedTuple):
    note: Message
    format: str = ""


@dataclass(frozen=True, slots=True)
class RecordStream:
    """A recognised file: its format, its owner (None for many authors), its items."""

    format: str
    unit: Literal["line", "record"]
    account: Account | None
    items: Iterator[Item]
    files: Source | None = None
    is_chat: bool = False
    """Whether several people wrote; `username` is then as written, None for who exported."""
    columns: tuple[tuple[str, str], ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    apps: tuple[str, ...] = ()
    silent_apps: Collection[str] = ()
    """Formats without an item so far."""
    absent: Collection[str] = ()
    """Names in a chat's options that no item so far has."""
    moves: Collection[ChatMove] = ()
    """Who came and left by the lines of a chat's app, of those who wrote; complete at the end."""
    notes: ReadNotes = field(default_factory=ReadNotes)
    """Assumptions and unused data; complete after all items are taken."""
    total: int | None = None
    """Number of posts and reposts that the file states, if any."""
    is_export: bool = False
    """Whether this program wrote the file, so that its posts are stored as they are."""
    tells_audience: bool = True
    """Whether a post is public if nothing is said of it: on Facebook, friends see most."""


def unsettled_of(
    records: "RecordStream", options: "ReadOptions", *, accepts_unread: bool
) -> Unsettled | None:
    """Return what someone must choose; accepts_unread: most times or authors may be unreadable."""
    unsettled = records.notes.unsettled
    is_named = records.account is not None or options.username is not None
    is_accepted = accepts_unread and unsettled not in ONLY_CHOSEN
    return None if is_accepted or (unsettled == "author" and is_named) else unsettled


def nameless(records: "RecordStream") -> Message:
    """Return the error of a post without an author."""
    fields = [field for _, field in records.columns]
    if "username" in fields:
        return Message("the author is missing in this row")
    is_open = records.notes.is_author_open
    # Texts have keys above them, but no columns.
    is_all = all(fields) and (bool(fields) or is_open or records.format == "texts")
    if records.notes.works or is_all:
        return Message("the author is missing; enter the name", choice="username")
    return Message("the author is missing; choose the author column", choice="author")


MAX_ID_LENGTH: Final = 512
"""Characters of a post's id at its source."""


class ReadOptions(msgspec.Struct, frozen=True):
    username: str | None = None
    """Author of records without an author; in a chat, the exporting person."""
    include_restricted: bool = False
    decode_entities: bool = False
    strip_tags: bool = False
    """Whether texts of tables and JSON are HTML; known without, if nearly all have tags."""
    columns: dict[str, str] = {}
    """Fields by column name of a CSV; an empty field is not used."""
    public_values: tuple[str, ...] = ()
    """Values whose rows everybody may read, of a column that is chosen for the audience. Of several
    columns, each value with its column: `state=1`.
    """
    explained: tuple[str, ...] = ()
    """Values as `COLUMN=VALUE` of which it is known whether everybody may read their rows; any
    other is asked about. Empty for all.
    """
    timezone: str | None = None
    """Time zone of a chat; None for the machine's."""
    near: str | None = None
    """Time zone of the browser, which is assumed if the times of a chat leave a choice."""
    only: tuple[str, ...] = ()
    rename: dict[str, str] = {}
    """New names for people of a chat; people with one name are joined."""
    dates: Order | None = None
    """Order of day, month and year in dates of numbers; None to detect it."""
    encoding: str | None = None
    """Python codec of the texts; None to detect it."""


NO_OPTIONS: Final = ReadOptions()


class ExportedPost(PlainPost, frozen=True):
    """A stored post as exports carry it."""

    username: str
    platform: Platform


@dataclass(frozen=True, slots=True)
class Writer:
    suffix: str
    content_type: str
    heading: bytes
    """Bytes before the first post, also in a file without posts."""
    encode: Callable[[Mapping[int, ExportedPost]], bytes]


@dataclass(frozen=True, slots=True)
class Format:
    """One format, recognised by content; to add a format, write a module and register it."""

    name: str
    label: Message
    read: Callable[[Source, ReadOptions], RecordStream | None]
    """Return a source's records, read on demand; None for another format."""
    writer: Writer | None = None
    is_chat: bool = False
    file_name: str = ""
    """Name of the JSON file with the posts in a folder or an archive."""
    mark: object = None
    """Not read. Formats of other packages gave it to 2.0."""
    began: int | None = None
    """First year of the service, if no time can be earlier."""
    is_in_order: bool = True
    """Whether the messages of a chat stand in the order of their times."""
    shows_code: bool = False
    """Whether HTML became text, so that tags in a text are code that its author shows."""
    steps: tuple[Message, ...] = ()
    """How to get the file out of the app, for the apps that most people have."""


MOST_OF_TEXTS: Final = 4_000_000
"""Characters of the records that are in memory together, except for the last record."""


def next_items(items: Iterator[Item], most: int) -> Iterator[Item]:
    """Yield the next items, fewer than `most` if their texts are long."""
    characters = 0
    for item in islice(items, most):
        yield item
        characters += len(item.text) if isinstance(item, Record) else 0
        if characters >= MOST_OF_TEXTS:
            return


def by_author(record: Record, author: str) -> Record:
    """Return a record by an author with the name of a file or folder."""
    name = as_username(author) or username_for(author)
    display_name = author if author != name else None
    return structs.replace(record, username=name, display_name=display_name)
