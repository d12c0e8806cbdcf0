"""Storing posts: of files, of JSON lines, and of the sample authors."""

import asyncio
import codecs
import io
import sqlite3
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from hashlib import blake2b
from itertools import count as numbered
from itertools import islice, zip_longest
from typing import IO, Any, Final, NamedTuple

import msgspec
from msgspec import structs
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.text import clean_username, decode_entities, drop_controls, username_key
from app.db.backend import Sessions
from app.db.engine import Database
from app.errors import (
    AppError,
    BrokenFileError,
    ConflictError,
    ImportFileError,
    InvalidInputError,
    LimitReachedError,
    Message,
    UnrecognisedFileError,
    fault_of,
    message_of,
)
from app.formats.assumptions import ReadNotes, is_of_column
from app.formats.post import MOST_MEDIA, Medium, Platform, ReplyTarget, StoredMedium, Visibility
from app.formats.reading import BadRecord, Skipped
from app.formats.records import (
    Account,
    Item,
    ReadOptions,
    Record,
    RecordStream,
    count_skipped,
    nameless,
    next_items,
)
from app.formats.registry import WITH_ENTITIES, open_records
from app.formats.source.file import Source
from app.formats.tables.cells import plain_column
from app.runtime.clock import now
from app.runtime.work_pool import Runner
from app.services.access.rights import Scope
from app.services.compare.background import renew_if_outgrown
from app.services.compare.profiles import BulkProfiles, fold_long_tails
from app.services.deletion import delete_messages, delete_user, purge_deleted
from app.services.event_log import newest_event
from app.services.imports.answered_names import AnsweredNames
from app.services.imports.bulk import (
    BATCH,
    BulkPost,
    ImportMemory,
    WritersOfFile,
    count,
    store_batch,
)
from app.services.imports.file_order import FileOrder
from app.services.imports.report import ImportReport
from app.services.imports.seen import NOTHING, Look
from app.services.imports.undo import Replaced, publish, stand_ins_for
from app.services.posts.media import MediaKeeper, NoRoomError
from app.services.posts.post_content import (
    NewTweet,
    NewTweetForm,
    checked,
    checked_language,
    checked_room,
    checked_target,
    checked_url,
    lenient,
)
from app.services.posts.users import check_platform, find_meant, list_samples, sample_files
from app.services.rooms.identity import RoomFinder
from app.services.search.index_terms import is_vocabulary_old, renew_vocabulary


class NamelessFileError(ImportFileError):
    """The file of one account needs another name."""


Read = Callable[[ImportReport, Callable[[], bool]], list[BulkPost] | None]
"""Returns the next posts in a thread, None at the end; returns soon if its second argument is true.
"""
Note = Callable[[AsyncSession, ImportReport], Awaitable[None]] | None
NO_CONSENT: Final = Message(
    "this is a chat, and anyone can read this site: make the site private (in"
    " Settings, or with SAYWHO_PUBLIC=0), or confirm that everyone in the chat"
    " agrees (on the page, or with --publish)"
)
NO_CONSENT_OF_REQUEST: Final = Message(
    "this is a message of a chat, and anyone can read this site: make the site private, or send"
    " `publish=1` if everyone in the chat agrees"
)


def check_records(records: RecordStream, options: ReadOptions, *, is_public: bool) -> None:
    """Raise ImportFileError for a table without needed columns, or a chat on a public site."""
    known = {plain_column(name) for name, _ in records.columns}
    absent = [
        name
        for name, field in options.columns.items()
        if plain_column(name) not in known and is_of_column(name, field)
    ]
    if records.columns and absent:
        raise UnrecognisedFileError(
            "unknown column {column}; the columns are {names}",
            column=absent[0],
            names=", ".join(name for name, _ in records.columns),
        )
    if records.columns and "text" not in dict(records.columns).values():
        raise UnrecognisedFileError(
            "no text column found among {names}; rename one to `text`, or choose it on"
            " the import page",
            names=", ".join(name for name, _ in records.columns),
        )
    if records.is_chat and is_public and not options.is_published:
        raise ImportFileError(NO_CONSENT.template)


class StoreOptions(NamedTuple):
    is_live: bool = False
    default_time: datetime | None = None
    note: Note = None
    """Stores the report with a batch, so that both agree, or refuses it."""
    trusts_ids: bool = False
    """Whether the ids of rooms are ids of this site."""
    read: ReadNotes = ReadNotes()
    look: Look = NOTHING
    """What of the file is here."""
    may_have_rooms: bool = True
    """Whether messages of chats are stored: the site is private, or everyone in the chat agrees."""
    includes_restricted: bool = False
    """Whether posts for a limited audience are stored, too."""
    rooms: tuple[str, ...] = ()
    """Chosen chats, as in `ReadOptions`."""
    import_id: int | None = None
    """The import whose posts these are, if any."""
    scope: Scope = "write"
    """Right of the person or program that imports."""
    is_dry: bool = False
    """Whether `note` takes everything back."""


USUAL: Final = StoreOptions()
REWORDED: Final = Message(
    "posts with an id that is here with other words or times: {count}; the stored ones stay. To"
    " replace them, undo the import that brought them (--replace NUMBER)"
)


async def import_records(
    db: Sessions,
    records: RecordStream,
    *,
    username: str | None,
    report: ImportReport | None = None,
    keeper: MediaKeeper | None = None,
    storing: StoreOptions = USUAL,
) -> ImportReport:
    """Store posts as `import_posts` does, `username` naming authors of records without one, or the
    file's account.

    Raises NamelessFileError before anything is stored, unless there is nothing to store.
    """
    report = report or ImportReport()
    try:
        owner = await _owner(db, records.account, username)
    except NamelessFileError:
        if await asyncio.to_thread(_is_empty, records):
            return report
        raise
    for part in records.left_out:
        report.note(None, part.note)
    if records.account and records.account.unread:
        report.note(
            None,
            Message(
                "{file} is damaged or contains no names; no posts are missing because of that",
                file=records.account.unread,
            ),
        )
    media = RecordMedia(records.files, keeper)
    is_known = records.tells_audience and not (records.is_export or storing.includes_restricted)
    visibility: Visibility | None = "public" if is_known else None
    reader = PostReader(
        records, owner, username, media, visibility, may_have_rooms=storing.may_have_rooms
    )
    with closing(reader):
        try:
            await import_posts(db, reader.read, report, storing._replace(read=records.notes))
        finally:
            report.notes = records.notes.summary  # Storing notes the chats that it chooses.
    return report


async def store_looked_at(
    db: Sessions,
    records: RecordStream,
    options: ReadOptions,
    *,
    report: ImportReport,
    storing: StoreOptions,
    keeper: MediaKeeper | None = None,
) -> None:
    """Store the records of a file after a look at what is here, and do what was chosen: move the
    messages of its chats, and replace an import.
    """
    look, is_dry = storing.look, storing.is_dry
    if not is_dry:
        await look.move(db, options, records.notes.zone)
    # Else people have messages of deleted chats beside those of this file for a while.
    await delete_messages(db)
    storing = storing._replace(
        may_have_rooms=storing.may_have_rooms or options.is_published,
        includes_restricted=options.include_restricted,
        rooms=options.rooms,
    )
    await import_records(
        db,
        records,
        username=options.username,
        report=report,
        keeper=keeper if options.with_media and not is_dry else None,
        storing=storing,
    )


async def import_posts(
    db: Sessions,
    read: Read,
    report: ImportReport,
    storing: StoreOptions = USUAL,
    run: Runner = asyncio.to_thread,
) -> None:
    """Store posts, a batch in a transaction, and read ahead; `report` counts committed posts even
    after an error.
    """
    look = storing.look
    replaced = None if storing.is_dry else look.replaced
    hidden = await stand_ins_for(db, replaced, storing.scope)
    rooms = RoomFinder(storing.trusts_ids, storing.read, storing.rooms, look.samples)
    parts = BulkProfiles(), FileOrder(), WritersOfFile()
    memory = ImportMemory(rooms, *parts, storing.import_id, look.same, hidden)
    try:
        await _store_all(db, read, report, storing, memory, run)
        if replaced is not None:
            await _publish(db, replaced, memory, report, storing.note)
    except BaseException:
        if replaced is not None:
            report.forget_stored()
        raise
    await memory.profiles.fold_rest(db)
    if report.reworded and not (storing.is_live or storing.trusts_ids):
        report.note(None, Message(REWORDED.template, count=f"{report.reworded:,}"))


async def _store_all(
    db: Sessions,
    read: Read,
    report: ImportReport,
    storing: StoreOptions,
    memory: ImportMemory,
    run: Runner,
) -> None:
    is_stopped = False
    look = storing.look

    def read_next() -> tuple[list[BulkPost] | None, ImportReport]:
        part = ImportReport()
        return read(part, lambda: is_stopped), part

    reading = asyncio.ensure_future(run(read_next))
    try:
        while True:
            posts, part = await asyncio.shield(reading)
            if posts is None:
                report.merge(part)
                break
            reading = asyncio.ensure_future(run(read_next))
            async with db.write(on_commit=partial(report.merge, part)) as session:
                if posts:
                    await store_batch(
                        session,
                        posts,
                        part,
                        memory=memory,
                        default_time=storing.default_time,
                        is_bulk=not storing.is_live,
                    )
                met = part.duplicates - part.reworded
                is_first = not (report.accepted or report.duplicates or look.chats)
                if is_first and look.reread:
                    look.reread.check(met, part.accepted + part.duplicates)
                if storing.note is not None:
                    total = report.joined(part)
                    if memory.stand_ins is not None:
                        total.forget_stored()  # Nobody sees it yet.
                    await storing.note(session, total)
    finally:
        # The source must not be closed before the thread that reads it ends.
        is_stopped = True
        await asyncio.gather(reading, return_exceptions=True)


async def _publish(
    db: Sessions, replaced: Replaced, memory: ImportMemory, report: ImportReport, note: Note
) -> None:
    """Let what was read take the place of another import. Raises BrokenFileError."""
    if report.broken is not None:
        values: dict[str, Any] = {**report.broken.values}
        raise BrokenFileError(report.broken.template, **values)
    async with db.write() as session:
        await publish(session, replaced, memory, report)
        if note is not None:
            await note(session, report)
    await purge_deleted(db)
    await fold_long_tails(db)


async def renew_derived(db: Database) -> None:
    """Recount what the import outgrew; single posts hardly change it."""
    await renew_if_outgrown(db)
    async with db.read() as session:
        is_vocabulary_due = await is_vocabulary_old(session)
    if is_vocabulary_due:
        await renew_vocabulary(db)


def _is_empty(records: RecordStream) -> bool:
    try:
        return next(iter(records.items), None) is None
    except ImportFileError:
        return False


async def _owner(db: Sessions, account: Account | None, username: str | None) -> Account | None:
    """Return the account that wrote all posts; None for many authors."""
    if account is None:
        return None
    name = username or account.username
    if not name and account.unread:
        raise NamelessFileError(
            "{file} cannot be read, so the author of these posts is unknown; add --username NAME",
            file=account.unread,
        )
    if not name:
        raise NamelessFileError(
            "the file does not name the author of these posts; add --username NAME"
        )
    try:
        name = clean_username(name)
        async with db.read() as session:
            user = await find_meant(session, name)
        if user is not None:
            check_platform(
                user.username, user.platform, account.platform, is_of_chat=user.is_of_chat
            )
    except (ValueError, ConflictError) as error:
        raise NamelessFileError(
            "{fault}; choose another name with --username NAME", fault=message_of(error)
        ) from None
    return Account(name, account.display_name, account.platform)


MAX_LINE_BYTES: Final = 2**20


class TweetLine(NewTweetForm, frozen=True, kw_only=True):
    """A post and its author."""

    username: str
    platform: Platform | None = None


def check_room(post: NewTweet, *, may_have_rooms: bool) -> None:
    """Raise InvalidInputError for a message of a chat that everyone could read without consent."""
    if post.room is not None and not may_have_rooms:
        raise InvalidInputError(NO_CONSENT_OF_REQUEST.template, loc="publish")


class LineFault(msgspec.Struct, frozen=True):
    """Why a line was not stored."""

    line: int
    detail: str


class LinesReport(msgspec.Struct, frozen=True):
    """Counts of the lines, and the first hundred errors."""

    accepted: int
    duplicates: int
    rejected: int
    errors: list[LineFault]


async def store_lines(
    db: Database, file: IO[bytes], report: ImportReport, run: Runner, *, may_have_rooms: bool = True
) -> tuple[LinesReport, int]:
    """Store batches of lines in threads by `run`; return outcome and newest event.

    Committed and counted batches stay if a later one fails.
    """
    read = partial(_read_lines, _raw_lines(file), may_have_rooms)
    await import_posts(db, read, report, StoreOptions(default_time=now(), trusts_ids=True), run)
    errors = [LineFault(fault.record or 0, fault.detail) for fault in report.in_order()]
    counts = LinesReport(report.accepted, report.duplicates, report.rejected, errors)
    async with db.read() as session:
        return counts, await newest_event(session)


def _read_lines(
    lines: Iterator[tuple[int, bytes | None]],
    may_have_rooms: bool,
    report: ImportReport,
    is_stopped: Callable[[], bool],
) -> list[BulkPost] | None:
    portion = list(islice(lines, BATCH))
    if not portion or is_stopped():
        return None
    batch: list[BulkPost] = []
    for number, raw in portion:
        if raw is not None and not raw.strip():
            continue
        try:
            post = _bulk_post(number, raw)
            check_room(post.post, may_have_rooms=may_have_rooms)
            batch.append(post)
        except UnicodeDecodeError:
            report.reject(number, "the line is not UTF-8")
        except msgspec.ValidationError as error:
            report.reject(number, "{}: {}".format(*fault_of(error, TweetLine)))
        except (ValueError, AppError) as error:
            report.reject(number, str(error))
        except RecursionError:
            report.reject(number, "the JSON is nested too deep")
    count(batch)
    return batch


def _bulk_post(number: int, raw: bytes | None) -> BulkPost:
    if raw is None:
        raise ValueError("the line is longer than 1 MB")
    sent = msgspec.json.decode(raw, type=TweetLine)
    return BulkPost(
        place=number,
        username=clean_username(sent.username),
        platform=sent.platform,
        post=checked(sent, arrived_at=now()),
    )


def _raw_lines(stream: IO[bytes]) -> Iterator[tuple[int, bytes | None]]:
    for number in numbered(1):
        raw = stream.readline(MAX_LINE_BYTES + 2)
        if not raw:
            return
        if number == 1:
            raw = raw.removeprefix(codecs.BOM_UTF8)
        is_too_long = len(raw.rstrip(b"\r\n")) > MAX_LINE_BYTES
        while is_too_long and raw and not raw.endswith(b"\n"):
            raw = stream.readline(64 * 1024)
        yield number, None if is_too_long else raw


async def load_samples(db: Database) -> ImportReport:
    lines = io.BytesIO(b"".join(path.read_bytes() for path in sample_files()))
    with Source(lines) as source:
        records = open_records(source, format="jsonl")
        report = await import_records(db, records, username=None)
    await renew_derived(db)
    return report


async def delete_samples(session: AsyncSession) -> None:
    for name in await list_samples(session):
        await delete_user(session, name)


_ADD: Final = """
    INSERT INTO seen SELECT key, value FROM json_each(?) WHERE true
    ON CONFLICT DO UPDATE SET n = n + excluded.n
"""
_SEEN: Final = "SELECT digest, n FROM seen WHERE digest IN (SELECT value FROM json_each(?))"


@dataclass(slots=True)
class PostReader:
    """Reads batches of valid posts; `owner` is the author of all, `username` of records without
    one.
    """

    records: RecordStream
    owner: Account | None
    username: str | None
    media: "RecordMedia"
    visibility: Visibility | None
    """Who could see a post whose record does not say so."""
    may_have_rooms: bool = True
    repeats: "RepeatCounter" = field(default_factory=lambda: RepeatCounter())
    answered: AnsweredNames = field(default_factory=AnsweredNames)
    _has_said: bool = False
    """Whether the report mentions skipped messages of a chat's exporter."""

    def read(self, report: ImportReport, is_stopped: Callable[[], bool]) -> list[BulkPost] | None:
        """Return the next posts, None at the end; report records left out."""
        items: list[Item] = []
        try:
            items.extend(next_items(self.records.items, BATCH))
        except ImportFileError as error:
            report.broken = message_of(error)
        report.notes = self.records.notes.summary
        if not items:
            return None
        if not (self.records.is_chat or self.records.is_export or self.owner):
            items = self.answered.named(items)
        self.media.keep(items, report, is_stopped)
        batch: list[BulkPost] = []
        arrived_at = now()
        for item in items:
            if is_stopped():
                return None
            self._sort(item, batch, report, arrived_at)
        self.repeats.number([item for item in batch if item.post.source_id is None])
        count(batch)
        return batch

    def close(self) -> None:
        self.media.close()
        self.repeats.close()

    def _sort(
        self, item: Item, batch: list[BulkPost], report: ImportReport, arrived_at: datetime
    ) -> None:
        if isinstance(item, BadRecord):
            report.reject(item.place, item.detail)
        elif isinstance(item, Skipped):
            count_skipped(report, item)
        elif self.records.is_chat and not (item.username or self.username):
            report.skipped += 1
            if not self._has_said:
                self._has_said = True
                template = "messages by {name} are skipped; add --username NAME to say who that is"
                report.note(item.place, Message(template, name=item.display_name))
        else:
            # The text may be HTML although the file is not.
            may_be_html = self.records.format in WITH_ENTITIES
            report.with_entities += may_be_html and decode_entities(item.text) != item.text
            try:
                batch.append(self._bulk_post(item, arrived_at))
            except (ValueError, AppError) as error:
                report.reject(item.place, message_of(error))

    def _bulk_post(self, record: Record, arrived_at: datetime) -> BulkPost:
        author = self.owner or Account(
            record.username or self.username or record.author_id,
            record.display_name,
            record.platform or "",
        )
        if author.username is None:
            raise InvalidInputError(nameless(self.records))
        name = clean_username(author.username)
        if record.room is not None and not self.may_have_rooms:
            raise ImportFileError(NO_CONSENT.template)
        content = structs.replace(
            record,
            text=drop_controls(record.text),
            lang=lenient(checked_language, record.lang),
            url=lenient(checked_url, record.url),
            reply_to=lenient(checked_target, self._target(record, name)),
            media=tuple(self.media.of(record)),
            room=lenient(checked_room, record.room),
        )
        post = checked(content, arrived_at=arrived_at, visibility=self.visibility)
        return BulkPost(
            place=record.place,
            username=name,
            platform=author.platform or None,
            # Half a surrogate pair could not be stored.
            display_name=author.display_name and drop_controls(author.display_name),
            post=post,
            is_exact=self.records.is_export,
            is_of_chat=self.records.is_chat,
        )

    def _target(self, record: Record, username: str) -> ReplyTarget | None:
        target, account = record.reply_to, self.records.account
        if target is None or target.username is None or account is None or not account.username:
            return target
        is_own = target.username.casefold() == account.username.casefold()
        return ReplyTarget(target.source_id, username) if is_own else target


class RepeatCounter:
    """Counts equal records in a private database that spills to disk, to bound memory."""

    def __init__(self) -> None:
        # One thread at a time uses it, but not always the same one.
        self._connection = sqlite3.connect("", check_same_thread=False, isolation_level=None)
        self._connection.execute("CREATE TABLE seen (digest TEXT PRIMARY KEY, n INT) WITHOUT ROWID")
        self._connection.execute("BEGIN")

    def number(self, batch: Sequence[BulkPost]) -> None:
        """Set each post's number among the posts so far with its author, room, time and text.

        Two statements for all: each one gives way to other threads, and waits for its turn again.
        """
        digests = [_digest_of(item) for item in batch]
        stored = self._connection.execute(_SEEN, (msgspec.json.encode(digests).decode(),))
        numbers = Counter(dict(stored.fetchall()))
        for item, digest in zip(batch, digests, strict=True):
            numbers[digest] += 1
            item.repeat = numbers[digest]
        self._connection.execute(_ADD, (msgspec.json.encode(Counter(digests)).decode(),))

    def close(self) -> None:
        self._connection.close()


def _digest_of(item: BulkPost) -> str:
    """Return a digest of author, room, time and text; times of arrival differ at each import."""
    post = item.post
    time = post.dated_at or post.created_at
    identity = (
        f"{username_key(item.username)}\n{time and time.timestamp()}\n{post.room}\n{post.text}"
    )
    return blake2b(identity.encode(), digest_size=16).hexdigest()


class RecordMedia:
    """The media of one file; without a keeper nothing is copied."""

    def __init__(self, files: Source | None, keeper: MediaKeeper | None) -> None:
        self._files = files
        self._keeper = keeper if files is not None else None
        self._is_full = False
        self._names: dict[str, str] = {}

    def keep(
        self, items: Iterable[Item], report: ImportReport, is_stopped: Callable[[], bool]
    ) -> None:
        self._names = {}
        if self._files is None or self._keeper is None:
            return
        place_by_name: dict[str, int] = {}
        for item in items:
            for name in item.files[:MOST_MEDIA] if isinstance(item, Record) else ():
                if name is not None and name in self._files.members:
                    place_by_name.setdefault(name, item.place)
        for name, record in place_by_name.items():
            if self._is_full or is_stopped():
                break
            try:
                content = self._files.medium(name)
                self._names[name] = self._keeper.keep(content.chunks(), name)
            except AppError as error:
                self._is_full = isinstance(error, NoRoomError | LimitReachedError)
                report.note(record, message_of(error))
        self._keeper.sync()

    def of(self, record: Record) -> list[Medium]:
        media = record.media[:MOST_MEDIA]
        pairs = zip_longest(media, record.files[: len(media)])
        return [_storable(medium, self._names.get(file or "")) for medium, file in pairs]

    def close(self) -> None:
        if self._keeper is not None:
            self._keeper.close()


def _storable(medium: Medium, file: str | None) -> Medium:
    alt = drop_controls(medium.alt)[:5_000] if medium.alt else None
    source_url = lenient(checked_url, medium.source_url)
    return StoredMedium(medium.kind, source_url, alt, medium.width, medium.height, file)
