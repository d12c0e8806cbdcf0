"""Importing the posts of files, batch by batch; importing a file again stores none twice."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from itertools import islice

from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import now
from app.compute.text import clean_username, username_key
from app.db.backend import Sessions
from app.errors import AppError, ConflictError, InvalidInputError, message_of
from app.formats.records import Account, Archive, BadRecord, ImportFileError, Item, Record, Skipped
from app.services.compare.background import is_outgrown, renew_background
from app.services.compare.folding import FOLD_FROM, CountedTails
from app.services.imports.bulk import BATCH, BulkPost, ImportReport, count, store_batch
from app.services.imports.checking import checked_post
from app.services.imports.media import ArchiveMedia
from app.services.posts.media_files import MediaKeeper
from app.services.posts.users import check_platform, find_user
from app.services.search.vocabulary import is_vocabulary_old, renew_vocabulary


class NamelessFileError(InvalidInputError):
    """The file of one account needs another name."""


class CancelledImportError(Exception):
    """The import was cancelled; nothing more may be stored."""


Progress = Callable[[ImportReport], None]
Note = Callable[[AsyncSession, ImportReport], Awaitable[None]]


async def _note_nothing(_session: AsyncSession, _report: ImportReport) -> None:
    pass


async def import_archive(
    db: Sessions,
    archive: Archive,
    *,
    username: str | None,
    report: ImportReport | None = None,
    renew: bool = True,
    is_live: bool = False,
    keeper: MediaKeeper | None = None,
    on_progress: Progress = lambda _: None,
    note: Note = _note_nothing,
) -> ImportReport:
    """Store the posts of the archive, and fold them into the profiles.

    At the end background and vocabulary are renewed, if they are outgrown. `username` names the
    author of records without one; for a file of one account it replaces the name. `report` counts
    the records; posts from before a break of the file stay. `note` writes the report in the
    transaction that stores a batch, so that the two always agree. With `is_live` each post is
    announced by itself, and folding and renewing are left to maintenance. `keeper` copies the files
    of media out of the archive. Raises NamelessFileError before anything is stored, unless there is
    nothing to store.
    """
    report = report or ImportReport()
    try:
        owner = await _owner(db, archive.account, username)
    except NamelessFileError:
        if await asyncio.to_thread(_is_empty, archive):
            return report
        raise
    tails = CountedTails()
    media = ArchiveMedia(archive.files, keeper)
    with closing(RepeatCounter()) as repeats, closing(media):
        reader = _Reader(archive, owner, username, repeats, media)
        try:
            while batch := await _in_thread(reader, report):
                async with db.write() as session:
                    stored = await store_batch(session, batch, report, is_bulk=not is_live)
                    await media.note_unneeded(session)
                    await note(session, report)
                media.close()
                on_progress(report)
                if not is_live:
                    tails.add(stored)
                    await tails.fold(db, at_least=FOLD_FROM)
        except CancelledImportError:
            await media.give_up(db)
            raise
        await media.give_up(db)
    await tails.fold(db, at_least=1)
    on_progress(report)
    if renew and not is_live:
        await renew_derived(db)
    return report


async def renew_derived(db: Sessions) -> None:
    """Count again what the import outgrew; a single post hardly changes it."""
    async with db.read() as session:
        is_background_due = await is_outgrown(session)
        is_vocabulary_due = await is_vocabulary_old(session)
    if is_background_due:
        await renew_background(db)
    if is_vocabulary_due:
        await renew_vocabulary(db)


def _is_empty(archive: Archive) -> bool:
    try:
        return next(iter(archive.items), None) is None
    except ImportFileError:
        return False


async def _in_thread(reader: "_Reader", report: ImportReport) -> list[BulkPost]:
    reading = asyncio.ensure_future(asyncio.to_thread(reader.read, report))
    try:
        return await asyncio.shield(reading)
    except asyncio.CancelledError:
        # The source must not be closed before the thread that reads it ends.
        reader.is_stopped = True
        await asyncio.wait({reading})
        raise


async def _owner(db: Sessions, account: Account | None, username: str | None) -> Account | None:
    """Return the account with the name for its posts; None for files of many authors."""
    if account is None:
        return None
    name = username or account.username
    if not name:
        raise NamelessFileError("the file does not say whose posts these are; add --username NAME")
    try:
        name = clean_username(name)
    except ValueError as error:
        raise NamelessFileError(
            "{fault}; choose a name with --username NAME", fault=message_of(error)
        ) from None
    async with db.read() as session:
        user = await find_user(session, name)
    if user is not None:
        try:
            check_platform(user.username, user.platform, account.platform)
        except ConflictError as error:
            raise NamelessFileError(
                "{fault}; choose another name with --username NAME", fault=message_of(error)
            ) from None
    return Account(name, account.display_name, account.platform)


@dataclass(slots=True)
class _Reader:
    """Reads batches of valid posts from an archive; runs in a thread."""

    archive: Archive
    owner: Account | None
    username: str | None
    repeats: "RepeatCounter"
    media: ArchiveMedia
    is_stopped: bool = False
    """Set when the import was cancelled, so the batch is not needed."""

    def read(self, report: ImportReport) -> list[BulkPost]:
        """Return the next posts, none at the end of the file; report the records left out."""
        batch: list[BulkPost] = []
        while not batch and report.broken is None and (items := self._take(report)):
            self.media.keep(items, report, is_stopped=lambda: self.is_stopped)
            for item in items:
                if self.is_stopped:
                    return []
                self._sort(item, batch, report)
        count(batch)
        return batch

    def _take(self, report: ImportReport) -> list[Item]:
        items: list[Item] = []
        try:
            items.extend(islice(self.archive.items, BATCH))
        except ImportFileError as error:
            report.broken = message_of(error)
        return items

    def _sort(self, item: Item, batch: list[BulkPost], report: ImportReport) -> None:
        if isinstance(item, BadRecord):
            report.reject(item.place, item.detail)
        elif isinstance(item, Skipped):
            report.reposts += item.reason == "repost"
            report.restricted += item.reason == "restricted"
            report.skipped += item.reason not in {"repost", "restricted"}
        else:
            try:
                batch.append(self._bulk_post(item))
            except (ValueError, AppError) as error:
                report.reject(item.place, message_of(error))

    def _bulk_post(self, record: Record) -> BulkPost:
        item = checked_post(
            record,
            owner=self.owner,
            username=self.username,
            account=self.archive.account,
            media=self.media.of(record),
            arrived_at=now(),
        )
        # The time of arrival differs at each import.
        post = item.post
        time, has_id = post.dated_at or post.created_at, post.source_id is not None
        key = username_key(item.username)
        repeat, item.twins = self.repeats.count(key, time, post.text, has_id=has_id)
        item.repeat = 0 if has_id else repeat
        return item


class RepeatCounter:
    """Counts equal records, in a private database that spills to disk, so memory stays bounded."""

    def __init__(self) -> None:
        # One thread at a time uses it, but not always the same one.
        self._connection = sqlite3.connect("", check_same_thread=False, isolation_level=None)
        self._connection.execute(
            "CREATE TABLE seen (digest BLOB PRIMARY KEY, n INT, twins INT) WITHOUT ROWID"
        )
        self._connection.execute("BEGIN")

    def count(self, key: str, time: datetime | None, text: str, *, has_id: bool) -> tuple[int, int]:
        """Count a record; return how many equal ones were without an id so far, and with one."""
        digest = blake2b(f"{key}\n{time}\n{text}".encode(), digest_size=16).digest()
        cursor = self._connection.execute(
            "INSERT INTO seen VALUES (?, ?, ?) ON CONFLICT DO UPDATE"
            " SET n = n + excluded.n, twins = twins + excluded.twins RETURNING n, twins",
            (digest, not has_id, has_id),
        )
        n, twins = cursor.fetchone()
        return int(n), int(twins)

    def close(self) -> None:
        self._connection.close()
