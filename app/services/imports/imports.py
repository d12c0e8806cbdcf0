"""Importing the posts of files, batch by batch; importing a file again stores none twice."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, closing
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import Sessions, backend_of
from app.errors import ConflictError, ImportFileError, message_of
from app.formats.records import Account, Archive
from app.services.compare.background import is_outgrown, renew_background
from app.services.imports.bulk import BATCH, ImportReport, store_batch
from app.services.imports.checking import NamelessFileError, named_account
from app.services.imports.media import ArchiveMedia
from app.services.imports.reading import Reader, RepeatCounter
from app.services.imports.reading_process import ReadingProcess
from app.services.posts.media_files import MediaKeeper
from app.services.posts.users import check_platform, find_user
from app.services.search.vocabulary import is_vocabulary_old, renew_vocabulary

BATCH_WHILE_AWAITED: Final = 250
"""Posts in one transaction after one for whose end others waited; then it doubles again."""


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
    default_time: datetime | None = None,
    keeper: MediaKeeper | None = None,
    beside: ReadingProcess | None = None,
    on_progress: Progress = lambda _: None,
    note: Note = _note_nothing,
) -> ImportReport:
    """Store the posts of the archive, and fold them into the profiles.

    At the end background and vocabulary are renewed, if they are outgrown. `username` names the
    author of records without one; for a file of one account it replaces the name. `report` counts
    the records; posts from before a break of the file stay. `note` writes the report in the
    transaction that stores a batch, so that the two always agree. With `is_live` each post is
    announced by itself, and folding and renewing are left to maintenance. New posts without a time
    get `default_time`. `keeper` copies the files of media out of the archive. `beside` reads the
    same file again while posts are stored, unless its media are kept. Raises NamelessFileError
    before anything is stored, unless there is nothing to store.
    """
    report = report or ImportReport()
    try:
        owner = await _owner(db, archive.account, username)
    except NamelessFileError:
        if await asyncio.to_thread(_is_empty, archive):
            return report
        raise
    media = ArchiveMedia(archive.files, keeper)
    with closing(RepeatCounter()) as repeats, closing(media):
        reader: Reader | ReadingProcess = Reader(archive, owner, username, repeats, media)
        if beside is not None and not media.keeps_files and beside.begin(owner, username):
            reader = beside
        try:
            batches = _store(db, reader, report, media, note, default_time, is_live=is_live)
            async with aclosing(batches):
                async for _ in batches:
                    on_progress(report)
        except CancelledImportError:
            await media.give_up(db)
            raise
        finally:
            if beside is not None:
                beside.leave()
        await media.give_up(db)
    media.note_missing(report)
    on_progress(report)
    if renew and not is_live:
        await renew_derived(db)
    return report


async def _store(
    db: Sessions,
    reader: Reader | ReadingProcess,
    report: ImportReport,
    media: ArchiveMedia,
    note: Note,
    default_time: datetime | None,
    *,
    is_live: bool,
) -> AsyncGenerator[None, None]:
    """Store all posts, and yield after each batch; batches shrink while others wait to write."""
    size = BATCH
    while posts := await reader.next(report):
        while posts:
            batch, posts = posts[:size], posts[size:]
            async with db.write() as session:
                await store_batch(
                    session, batch, report, default_time=default_time, is_bulk=not is_live
                )
                if not posts:
                    await media.note_unneeded(session)
                await note(session, report)
                # Asking takes another connection, which a busy worker may lack.
                is_awaited = not is_live and await backend_of(session).is_awaited()
            size = BATCH_WHILE_AWAITED if is_awaited else min(2 * size, BATCH)
            yield
        media.close()


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


async def _owner(db: Sessions, account: Account | None, username: str | None) -> Account | None:
    """Return the account with the name for its posts; None for files of many authors."""
    account = named_account(account, username)
    if account is None or account.username is None:
        return None
    async with db.read() as session:
        user = await find_user(session, account.username)
    if user is not None:
        try:
            check_platform(user.username, user.platform, account.platform)
        except ConflictError as error:
            raise NamelessFileError(
                "{fault}; choose another name with --username NAME", fault=message_of(error)
            ) from None
    return account
