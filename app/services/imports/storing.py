"""Storing posts: of files, of JSON lines, and of the sample authors."""

import asyncio
import io
import pickle
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Sequence
from contextlib import aclosing, closing
from datetime import datetime
from functools import partial
from operator import attrgetter
from tempfile import TemporaryFile
from typing import Any, Final, NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import Sessions
from app.db.engine import Database
from app.errors import BrokenFileError, ConflictError, FileError, Message, message_of
from app.runtime.work_pool import Runner
from app.services.access.rights import Scope
from app.services.compare.background import renew_if_outgrown
from app.services.compare.profiles import LONGEST_TAIL, fold_long_tails
from app.services.deletion import check_kept, delete_messages, delete_user, purge_deleted
from app.services.imports.job_report import ImportReport
from app.services.imports.matching import NOTHING, FileMatch
from app.services.imports.options import NO_OPTIONS, ImportOptions
from app.services.imports.storing_batch import BulkPost, ImportMemory, store_batch
from app.services.imports.storing_counts import FeatureCounter
from app.services.imports.storing_reading import NO_CONSENT, PostReader, RecordMedia, begin_reading
from app.services.imports.undo import ReplacedImports, replacing
from app.services.posts.media import MediaKeeper
from app.services.posts.users import check_platform, find_by_handle, list_samples, sample_files
from app.services.rooms.changes import store_moves
from app.services.rooms.identification import RoomFinder
from app.services.search.index_terms import is_vocabulary_old, renew_vocabulary
from saywho.formats.assumptions import ReadNotes
from saywho.formats.post import Visibility
from saywho.formats.records import Account, ChatMove, RecordStream
from saywho.formats.registry import FileReading, open_records
from saywho.formats.settled import (
    NamelessFileError,
    check_columns,
    check_doubts,
    check_order,
    owner_name,
)
from saywho.formats.source.file import Source
from saywho.text import clean_username

FEWEST_FOLDED: Final = 2_000
"""New posts from which an import folds profiles."""
FOLDED_FOR_ONE_IN_BULK: Final = 2
"""Posts of an import per new post from which it folds profiles again, which rewrites them: all
together three times their final size, with 8 nine times. Until then, who reads counts the new
posts, too.
"""
MOST_UNFOLDED: Final = 16_000_000
"""Characters of new posts, which are in memory together when they are folded."""


Read = Callable[[ImportReport, Callable[[], bool]], list[BulkPost] | None]
"""Returns the next posts in a thread, None at the end; returns soon if its second argument is true.
"""
Note = Callable[[AsyncSession, ImportReport], Awaitable[None]] | None


def check_records(records: RecordStream, options: ImportOptions, *, is_public: bool) -> None:
    """Raise FileError for a table without needed columns, or a chat on a public site."""
    check_columns(records, options)
    if records.is_chat and is_public and not options.is_published:
        raise FileError(NO_CONSENT.template)


Matched = Callable[[RecordStream, FileMatch], Awaitable[set[Message]]]


class StoreOptions(NamedTuple):
    is_live: bool = False
    default_time: datetime | None = None
    note: Note = None
    """Stores the report with a batch, and the end with the last one, so that both agree, or refuses
    it.
    """
    trusts_ids: bool = False
    """Whether the ids of rooms are ids of this site."""
    matched: Matched | None = None
    """Called before a file is stored; returns the evidence of grave doubts that are accepted."""
    read: ReadNotes = ReadNotes()
    match: FileMatch = NOTHING
    """What of the file is stored already."""
    moves: Collection[ChatMove] = ()
    """Who came and left by the file, complete after all is read."""
    may_have_rooms: bool = True
    """Whether messages of chats are stored: the site is private, or everyone in the chat agrees."""
    options: ImportOptions = NO_OPTIONS
    import_id: int | None = None
    """The import whose posts these are, if any."""
    scope: Scope = "write"
    """Right of the person or program that imports."""
    is_dry: bool = False
    """Whether `note` takes everything back."""
    mends: bool = False
    """Whether posts that no import brought get the words that come."""


USUAL: Final = StoreOptions()
REWORDED: Final = Message(
    "posts with an id that is here with other words or times: {count}; the stored ones stay. To"
    " replace them, undo the import that brought them (--replace NUMBER)"
)


REWORDED_MESSAGES: Final = Message(
    "messages with an id that is here with other words or times: {count}; the stored ones stay. To"
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

    Raises NamelessFileError before anything is stored, unless there is nothing to store, which
    replaces nothing.
    """
    report = report or ImportReport()
    try:
        owner = await _owner(db, records.account, username)
    except NamelessFileError:
        if not await asyncio.to_thread(_is_empty, records):
            raise
        owner, storing = None, storing._replace(match=NOTHING)
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
    is_known = records.tells_audience and not (
        records.is_export or storing.options.include_restricted
    )
    visibility: Visibility | None = "public" if is_known else None
    reader = PostReader(
        records, owner, username, media, visibility, may_have_rooms=storing.may_have_rooms
    )
    with closing(reader):
        await import_posts(
            db, reader.read, report, storing._replace(read=records.notes, moves=records.moves)
        )
    return report


async def import_file(
    db: Sessions,
    source: Source,
    read: FileReading,
    *,
    report: ImportReport,
    storing: StoreOptions = USUAL,
    keeper: MediaKeeper | None = None,
) -> RecordStream:
    """Look at a file, do what was chosen, and store its records; return them as they were read in
    the end.

    The report has all notes, also after an error. Raises QuestionError, UnsettledRoomError,
    ReadBeforeError before anything is stored.
    """
    records, options = read.records, storing.options
    accepted: set[Message] | None = None if options.accept_doubts else set()

    async def note(session: AsyncSession, total: ImportReport) -> None:
        check_order(records)
        check_doubts(records, accepted, has_stored=True)
        total.notes = records.notes.summary  # Storing notes the chats that it chooses.
        if storing.note is not None:
            await storing.note(session, total)

    try:
        records, match = await begin_reading(db, source, read, options)
        report.stored.seen = match.seen
        more = set() if storing.matched is None else await storing.matched(records, match)
        accepted = None if accepted is None else accepted | more
        check_doubts(records, accepted)
        # Else people have messages of deleted chats beside those of this file for a while.
        await delete_messages(db)
        checked = storing._replace(
            note=note, match=match, may_have_rooms=storing.may_have_rooms or options.is_published
        )
        await import_records(
            db,
            records,
            username=options.username,
            report=report,
            keeper=keeper if options.with_media and not storing.is_dry else None,
            storing=checked,
        )
    finally:
        report.notes = records.notes.summary
    return records


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
    match = storing.match
    replaced = None if storing.is_dry else match.replaced
    may_fill = storing.scope == "admin"
    chosen, decisions = storing.options.rooms, match.decisions
    rooms = RoomFinder(storing.trusts_ids, may_fill, storing.read, chosen, decisions)
    memory = ImportMemory(rooms, storing.import_id, storing.scope, mends=storing.mends)
    async with aclosing(_read_ahead(read, run)) as batches:
        if replaced is None:
            await _store_all(db, batches, report, storing, memory)
        else:
            await _replace(db, replaced, batches, report, storing, memory)


Batches = AsyncGenerator[tuple[list[BulkPost] | None, ImportReport]]


async def _read_ahead(read: Read, run: Runner) -> Batches:
    """Yield posts, with the report of their reading, while the next ones are read; None at the
    end.
    """
    is_stopped = False

    def read_next() -> tuple[list[BulkPost] | None, ImportReport]:
        part = ImportReport()
        return read(part, lambda: is_stopped), part

    reading = asyncio.ensure_future(run(read_next))
    try:
        while True:
            posts, part = await asyncio.shield(reading)
            if posts is not None:
                reading = asyncio.ensure_future(run(read_next))
            yield posts, part
            if posts is None:
                return
    finally:
        # The source must not be closed before the thread that reads it ends.
        is_stopped = True
        await asyncio.gather(reading, return_exceptions=True)


_text_of: Final = attrgetter("post.text")


async def _store_all(
    db: Sessions,
    batches: Batches,
    report: ImportReport,
    storing: StoreOptions,
    memory: ImportMemory,
) -> None:
    folded, characters = 0, 0
    counting, folding = FeatureCounter(), asyncio.ensure_future(asyncio.sleep(0))
    match = storing.match
    may_fold = not (storing.is_live or storing.is_dry)
    is_moved = storing.is_dry
    try:
        async for posts, part in batches:
            if posts is None and not part.is_whole:
                report.merge(part)
                break
            async with db.write(on_commit=partial(report.merge, part)) as session:
                if not is_moved:
                    await match.move(session, storing.options, storing.read.zone)
                if posts:
                    await _store(session, posts, part, storing, memory)
                known = part.duplicates - part.reworded
                is_first = not (report.accepted or report.duplicates or match.is_same)
                if is_first and match.reread:
                    match.reread.check(known, part.accepted + part.duplicates)
                await _note(session, report, part, storing, memory)
            if posts is None or part.is_whole:
                break
            is_moved = True
            characters += sum(map(len, map(_text_of, posts)))
            due = max(FEWEST_FOLDED, report.accepted // FOLDED_FOR_ONE_IN_BULK)
            if may_fold and (report.accepted - folded >= due or characters > MOST_UNFOLDED):
                await folding
                folding = asyncio.ensure_future(fold_long_tails(db, counting.sum))
                folded, characters = report.accepted, 0
                # Counting in this process would only take turns with storing the next posts.
                await asyncio.wait([folding], timeout=0 if counting.is_apart else None)
        await folding
        if may_fold and report.accepted - folded >= LONGEST_TAIL:
            await fold_long_tails(db, counting.sum)
    finally:
        folding.cancel()
        await asyncio.gather(folding, return_exceptions=True)
        counting.close()


async def _replace(
    db: Sessions,
    replaced: ReplacedImports,
    batches: Batches,
    report: ImportReport,
    storing: StoreOptions,
    memory: ImportMemory,
) -> None:
    """Read a file to its end, then store it in the place of an import, in one transaction.

    Before, the database has nothing of it that an answer, a count or a link could show, so it is as
    it was, whatever ends the import.
    """
    new, parts = ImportReport(), 0
    with TemporaryFile() as file:
        async for posts, part in batches:
            new.merge(part)
            if posts is None:
                break
            await asyncio.to_thread(pickle.dump, posts, file, pickle.HIGHEST_PROTOCOL)
            parts += 1
            if storing.note is not None:
                async with db.write() as session:
                    await storing.note(session, report.joined(new))
        if new.broken is not None:
            values: dict[str, Any] = {**new.broken.values}
            raise BrokenFileError(new.broken.template, **values)
        file.seek(0)
        async with db.write(on_commit=partial(report.merge, new)) as session:
            rooms = {each.room_id for each in storing.match.decisions.values() if each.room_id}
            await check_kept(session, rooms)
            await storing.match.move(session, storing.options, storing.read.zone)
            async with replacing(session, replaced):
                for _ in range(parts):
                    # This function has written it, and nobody else can open it.
                    batch = await asyncio.to_thread(pickle.load, file)
                    await _store(session, batch, new, storing, memory)
            new.is_whole = True
            await _note(session, report, new, storing, memory)
    await purge_deleted(db)
    await fold_long_tails(db)


async def _store(
    session: AsyncSession,
    posts: Sequence[BulkPost],
    report: ImportReport,
    storing: StoreOptions,
    memory: ImportMemory,
) -> None:
    await store_batch(
        session,
        posts,
        report,
        memory=memory,
        default_time=storing.default_time,
        is_bulk=not storing.is_live,
    )


async def _note(
    session: AsyncSession,
    report: ImportReport,
    part: ImportReport,
    storing: StoreOptions,
    memory: ImportMemory,
) -> None:
    """Store the report with a part; with the last one all that ends the import, so that nobody sees
    or cancels what is stored whole as what still runs.
    """
    if storing.note is None and not part.is_whole:
        return
    total = report.joined(part)
    total.is_whole = part.is_whole
    if part.is_whole:
        if storing.import_id is not None and storing.moves and not storing.is_dry:
            moves = storing.match.kept(storing.moves, storing.options)
            await store_moves(session, moves, memory.rooms.found, storing.import_id)
        if total.reworded and not (storing.is_live or storing.trusts_ids):
            reworded = REWORDED_MESSAGES if total.stored.rooms else REWORDED
            for each in (part, total):
                each.note(None, Message(reworded.template, count=f"{total.reworded:,}"))
    if storing.note is not None:
        await storing.note(session, total)


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
    except FileError:
        return False


async def _owner(db: Sessions, account: Account | None, username: str | None) -> Account | None:
    """Return the account that wrote all posts; None for many authors."""
    if account is None:
        return None
    name = owner_name(account, username)
    try:
        name = clean_username(name)
        async with db.read() as session:
            user = await find_by_handle(session, name)
        if user is not None:
            check_platform(
                user.username, user.platform, account.platform, is_of_chat=user.is_of_chat
            )
    except (ValueError, ConflictError) as error:
        raise NamelessFileError(
            "{fault}; enter another name before the import starts (--username NAME)",
            fault=message_of(error),
        ) from None
    return Account(name, account.display_name, account.platform)


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
