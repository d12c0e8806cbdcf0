"""Reading a file: its records are read once, doubted, spooled, and checked as posts.

Up to `WHOLE_BYTES`, a file is read to its end, so that nothing of it is stored if there are grave
doubts. Of a larger file and of a stream, the first records are, and the others while they are
stored.
"""

import asyncio
import pickle
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice, zip_longest
from typing import Final

import msgspec
from msgspec import structs

from app.db.backend import Sessions
from app.errors import (
    AppError,
    FileError,
    InvalidInputError,
    LimitReachedError,
    Message,
    message_of,
)
from app.services.access.accounts import are_guests_here
from app.services.imports.job_report import ImportReport
from app.services.imports.matching import AS_BEFORE, FileMatch, find_match, known_ids, read_before
from app.services.imports.options import NO_OPTIONS, ImportOptions
from app.services.imports.storing_batch import BATCH, BulkPost
from app.services.posts.media import MediaKeeper, NoRoomError
from app.services.posts.post_content import checked_url, lenient, valid_post
from saywho.clock import now
from saywho.copies import Copies
from saywho.formats.doubts.questions import Doubted, asked
from saywho.formats.file_chats import FileChat, FileChats
from saywho.formats.post import MOST_MEDIA, Medium, ReplyTarget, StoredMedium, Visibility
from saywho.formats.reading import BadRecord, Skipped
from saywho.formats.records import (
    Account,
    Item,
    Record,
    RecordStream,
    count_skipped,
    nameless,
    next_items,
)
from saywho.formats.registry import TABLES, FileReading, open_records
from saywho.formats.settled import check_settled
from saywho.formats.source.file import Source
from saywho.processes import watched
from saywho.sizes import MIB
from saywho.text import clean_username, decode_entities, drop_controls, username_key

WHOLE_BYTES: Final = 50 * MIB
"""Size up to which a file is read whole, and spooled, before any of it is stored."""
FIRST_RECORDS: Final = 1_000
READ_AHEAD: Final = 20_000
"""Records of a larger file, or of a stream, that are read before it is stored."""


class FirstReading:
    """Records of a source that are read, and asked about, before any is stored."""

    def __init__(
        self, records: RecordStream, source: Source, options: ImportOptions = NO_OPTIONS
    ) -> None:
        self.records, self.questions = asked(records, options, accepts_unread=options.accept_unread)
        self.is_whole = False
        """Whether the file was read to its end."""
        self._source, self._options = source, options
        self._fault: FileError | None = None
        self._file = source.temporary()
        self._parts = 0
        """Parts of `FIRST_RECORDS` each, spooled with the bytes that were read up to them.
        """
        self._next()

    def checked(self) -> RecordStream:
        """Return all records, reading to the end of the file, or far enough to judge a larger one.

        Raises QuestionError before any record is stored.
        """
        self._check(self.records)
        while not self.is_whole and (self._parts * FIRST_RECORDS < READ_AHEAD or not self._is_long):
            self._next()
        self._check(self.records)
        return replace(self.records, items=self._items())

    def chats(self, form: str, *, has_guests: bool) -> list[FileChat]:
        """Return all chats; of a file that is not read whole, read on if it is a chat, if a chat
        here has guests, or if a later date may disprove the assumed order.

        Raises QuestionError.
        """
        assumed = self.records.notes.assumptions
        is_open = any(part.kind == "dates" and part.alternatives for part in assumed)
        if self.is_whole or not (self.records.is_chat or has_guests or is_open):
            return self.questions.chats.found
        chats = FileChats()
        with self._source.again() as again:
            records = open_records(again, format=form, options=self._options)
            with suppress(FileError):  # Storing reports it, behind the records before it.
                chats.see_all(records.items)
            if is_open:
                self._check(records)
        return chats.found

    def _check(self, records: RecordStream) -> None:
        accepts = self._options.accept_unread
        check_settled(records, self._options, accepts_unread=accepts)

    def end_questions(self) -> None:
        """Keep the doubts of a file that was read whole, without what was counted for them: 40 MB
        for 100,000 posts.
        """
        if self.is_whole:
            self.records.notes.questions = Doubted(self.questions.doubts(newest=True))
            del self.questions

    @property
    def _is_long(self) -> bool:
        source = self._source
        return source.path is None or (source.bytes_total or source.bytes_read) > WHOLE_BYTES

    @watched
    def _next(self) -> None:
        """Read and keep some items, up to a fault."""
        chunk: list[Item] = []
        try:
            chunk.extend(next_items(self.records.items, FIRST_RECORDS))
        except FileError as error:
            self._fault = error
        self.is_whole = self._fault is not None or not chunk
        self._parts += 1
        pickle.dump((self._source.bytes_read, chunk), self._file, pickle.HIGHEST_PROTOCOL)

    def _items(self) -> Iterator[Item]:
        """Yield what was read, and the records behind it."""
        self._file.seek(0)
        for _ in range(self._parts):
            # The program has written it, and nobody else can open it.
            self._source.taken, chunk = pickle.load(self._file)  # noqa: S301
            yield from chunk
        self._file.close()
        self._source.taken = None
        if self._fault is not None:
            raise self._fault
        yield from self.records.items


async def begin_reading(
    db: Sessions, source: Source, read: FileReading, options: ImportOptions
) -> tuple[RecordStream, FileMatch]:
    """Return the records of a source, with their stored names and times, and which of them
    are stored. A stored chat's are by default read in its earlier zone and order of dates.

    Raises QuestionError, UnsettledRoomError, ReadBeforeError.
    """
    records = read.records
    first = await asyncio.to_thread(FirstReading, records, source, options)
    named = structs.replace(options, rename={})
    async with db.read() as session:
        before = await read_before(session, records, first.questions.chats.found, named)
        has_guests = await are_guests_here(session)
    if before:
        source.restart()
        again = structs.replace(options, **before)
        records = await asyncio.to_thread(open_records, source, format=read.form, options=again)
        for kind, value in before.items():
            records.notes.assume(kind, value, evidence=AS_BEFORE)
        for part in read.records.notes.assumptions:
            if part.kind == "answers":
                records.notes.assume(part.kind, part.value, evidence=part.evidence)
        first = await asyncio.to_thread(FirstReading, records, source, again)
    checked = await asyncio.to_thread(first.checked)
    chats = await asyncio.to_thread(first.chats, read.form, has_guests=has_guests)
    copies = await asyncio.to_thread(Copies, chats, checked.notes)
    match = await find_match(db, copies.chats, named, read.digest)
    match.copies = copies
    match.check(options, checked.notes)
    if first.questions.ids and match.replaced is None:
        async with db.read() as session:
            first.questions.note_known(await known_ids(session, first.questions.ids))
    first.end_questions()
    placed = match.placed(copies.items(checked.items), options, checked.notes.zone)
    return replace(checked, items=placed), match


MOST_POSTS: Final = 200_000
"""Maximum number of remembered posts of one file."""


class AnsweredNames:
    """Remembers who wrote the posts of one file of several authors."""

    def __init__(self) -> None:
        self._authors: dict[str, str | None] = {}
        """Author by id; None if posts of several authors have it."""

    def named(self, items: Sequence[Item]) -> list[Item]:
        """Return the next items of the file with the names of the answered authors.

        Only a post that is among these items or before them is found, and only if no other author
        has a post with its id.
        """
        self._remember(item for item in items if isinstance(item, Record))
        return [self._with_name(item) if isinstance(item, Record) else item for item in items]

    def _remember(self, records: Iterable[Record]) -> None:
        for record in records:
            if record.source_id is None or record.username is None or record.room is not None:
                continue
            if record.source_id in self._authors or len(self._authors) < MOST_POSTS:
                known = self._authors.setdefault(record.source_id, record.username)
                if known != record.username:
                    self._authors[record.source_id] = None

    def _with_name(self, record: Record) -> Record:
        target = record.reply_to
        if record.room is not None or target is None or target.username or not target.source_id:
            return record
        name = self._authors.get(target.source_id)
        if name is None or name == record.username:
            return record
        return structs.replace(record, reply_to=ReplyTarget(target.source_id, name))


NO_CONSENT: Final = Message(
    "this is a chat, and anyone can read this site: make the site private in Settings (or with"
    " SAYWHO_PUBLIC=0), or confirm that everyone in the chat agrees (--publish)"
)


_COUNT: Final = """
    INSERT INTO numbers SELECT value, 1 FROM json_each(?) WHERE true
    ON CONFLICT DO UPDATE SET n = n + 1 RETURNING digest, n
"""


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
    _ahead: list[Item] = field(default_factory=list)
    """The item behind the last batch, without which it was the end."""
    _has_said: bool = False
    """Whether the report mentions skipped messages of a chat's exporter."""

    @watched
    def read(self, report: ImportReport, is_stopped: Callable[[], bool]) -> list[BulkPost] | None:
        """Return the next posts, None at the end; report records left out, and the end."""
        items, self._ahead = self._ahead, []
        try:
            items.extend(next_items(self.records.items, BATCH - len(items)))
            self._ahead.extend(islice(self.records.items, 1))
        except FileError as error:
            report.broken = message_of(error)
        report.is_whole = not self._ahead
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
        return batch

    def close(self) -> None:
        self.media.close()
        self.repeats.close()

    def _sort(
        self, item: Item, batch: list[BulkPost], report: ImportReport, arrived_at: datetime
    ) -> None:
        if isinstance(item, BadRecord):
            report.reject(item.place, item.detail)
        elif isinstance(item, Skipped) and item.reason == "repeated":
            report.duplicates += 1
        elif isinstance(item, Skipped):
            count_skipped(report, item)
        elif self.records.is_chat and not (item.username or self.username):
            report.skipped += 1
            if not self._has_said:
                self._has_said = True
                said = Message(
                    "messages by {name} are skipped; enter who that is before the import starts"
                    " (--username NAME)",
                    name=item.display_name,
                )
                report.note(item.place, said)
        elif item.room is not None and not self.may_have_rooms:
            report.refuse(item.place, NO_CONSENT)
        else:
            # The text may be HTML although the file is not.
            may_be_html = self.records.format in TABLES
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
        text, target = drop_controls(record.text), self._target(record, name)
        if text is not record.text or target is not record.reply_to or record.media:
            media = tuple(self.media.of(record))
            record = structs.replace(record, text=text, reply_to=target, media=media)
        post = valid_post(
            record, arrived_at=arrived_at, visibility=self.visibility, is_lenient=True
        )
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
        self._connection.execute("CREATE TABLE numbers (digest INTEGER PRIMARY KEY, n INT)")
        self._connection.execute("BEGIN")

    def number(self, batch: Sequence[BulkPost]) -> None:
        """Set each post's number among the posts so far with its author, room, time and text, which
        are compared by hashes of 64 bits.

        One statement for all: each one gives way to other threads, and waits for its turn again.
        """
        names = {name: username_key(name) for name in {item.username for item in batch}}
        # Times of arrival differ at each import.
        times = (item.post.dated_at or item.post.created_at for item in batch)
        digests = [
            hash((names[item.username], time, item.post.room, item.post.text))
            for item, time in zip(batch, times, strict=True)
        ]
        rows = self._connection.execute(_COUNT, (msgspec.json.encode(digests).decode(),))
        numbers: dict[int, list[int]] = defaultdict(list)
        for digest, number in sorted(rows.fetchall(), reverse=True):
            numbers[digest].append(number)
        for item, digest in zip(batch, digests, strict=True):
            item.repeat = numbers[digest].pop()

    def close(self) -> None:
        self._connection.close()


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
