"""Runs imports in a process of their own, so that pages answer meanwhile.

A worker that finds a waiting import starts `python -m app.services.imports.runner PID` with its own
number, and the settings in the environment. One such process at a time gets the lock, whichever
worker started it. A stop kills it, and it ends by itself soon after its worker, so that none is
left where no server runs.
"""

import asyncio
import contextlib
import logging
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import monotonic, wait_until_set
from app.config import Config
from app.db.engine import Database, Grant, GrantLostError
from app.errors import AppError, ConflictError, Message, UnavailableError, message_of
from app.formats.registry import open_archive
from app.formats.source.file import Source
from app.logs import configure, take_over
from app.models import ImportJob
from app.services.imports.jobs import (
    IMPORTING,
    change_running,
    claim_job,
    counted,
    end_job,
    next_job,
    options_of,
    remove_old_uploads,
    remove_upload,
    upload_path,
)
from app.services.imports.report import ImportReport, stored_posts
from app.services.imports.storing import check_archive, import_archive, renew_derived
from app.services.posts.media import keeper_of
from app.tasks import be_nice, close_inherited_files, collect_seldom, run_child, share_heap

LOOK_EVERY_S: Final = 5.0
"""Seconds between looks for imports that another process queued."""
TIDY_EVERY_S: Final = 3600.0
RELEASE_S: Final = 3.0
"""Time for the database to release the lock of a process that was killed."""

logger = logging.getLogger(__name__)


async def keep_importing(db: Database, config: Config, queued: asyncio.Event) -> None:
    """Run waiting imports, soon after `queued` is set or another process queued one."""
    next_tidy = 0.0
    while True:
        queued.clear()
        try:
            if monotonic() >= next_tidy:
                next_tidy = monotonic() + TIDY_EVERY_S
                await remove_old_uploads(db, config.data_dir)
            if await _run_one(db, config):
                continue
        except Exception:
            logger.exception("looking for imports or old uploads failed; trying again")
        await wait_until_set(queued, at_most_s=LOOK_EVERY_S)


async def _run_one(db: Database, config: Config) -> bool:
    """Run a waiting import in its process; return whether to look for the next one at once."""
    async with db.read() as session:
        if await next_job(session, config.data_dir) is None:
            return False
    async with db.exclusive(IMPORTING) as grant:
        if grant is None:
            return False
    try:
        status = await run_child(__name__, str(os.getpid()), settings=config.to_env())
    except asyncio.CancelledError:
        # Its rows and its counts agree whenever it ends; the next start resumes it.
        with contextlib.suppress(GrantLostError, AppError, TimeoutError):
            async with asyncio.timeout(RELEASE_S), db.exclusive_in_turn(IMPORTING) as grant:
                await _note_interruption(grant, config.data_dir)
        raise
    if status:
        logger.error("the process of an import ended with status %d", status)
    return not status


async def _note_interruption(db: Grant, place: Path) -> None:
    """Note that a stop ended the import, which is no failed attempt."""
    async with db.write() as session:
        if (job := await next_job(session, place)) is not None:
            await change_running(session, job.id, {"state": "interrupted", "attempts": 0})


async def run_job(db: Grant, config: Config, job: ImportJob, worker: int) -> None:
    """Import the file to its end, or until cancelled.

    Raises GrantLostError, and UnavailableError where the database is away.
    """
    failure: Message | None = None
    try:
        failure = await _import(db, config, job, worker)
    except (GrantLostError, UnavailableError):
        raise
    except AppError as error:
        failure = message_of(error)
    except Exception:
        # It would fail again and again, and keep all other imports waiting.
        logger.exception("the import %d failed unexpectedly", job.id)
        failure = Message("the import failed unexpectedly; the server's log says why")
    async with db.write() as session:
        await end_job(session, job.id, failure)
    remove_upload(config.data_dir, job.spool)


async def _import(db: Grant, config: Config, job: ImportJob, worker: int) -> Message | None:
    """Import the file; return why it broke off, if it did."""
    options, report = options_of(job), ImportReport(stored=stored_posts(job))
    path, limit = upload_path(config.data_dir, job.spool), config.max_import_bytes

    async def note(session: AsyncSession, report: ImportReport) -> None:
        """Store how far the run is, together with posts of it. Raises ConflictError at its end."""
        if os.getppid() != worker:
            sys.exit("the import is broken off, since its worker ended, and goes on later")
        values = counted(job, report) | {"format": archive.format, "bytes_read": source.bytes_read}
        if source.bytes_total is not None:
            # Of an archive, only the members that hold posts are read.
            values["bytes_total"] = source.bytes_total
        if not await change_running(session, job.id, values):
            raise ConflictError("The import {job_id} has ended", job_id=job.id)

    with await asyncio.to_thread(Source, path, name=job.file_name, limit_bytes=limit) as source:
        archive = await asyncio.to_thread(open_archive, source, format=job.format, options=options)
        check_archive(archive, options, is_public=config.public)
        async with db.write() as session:
            await note(session, report)
        await import_archive(
            db,
            archive,
            username=options.username,
            report=report,
            keeper=keeper_of(config) if options.with_media else None,
            note=note,
        )
    await renew_derived(db)
    return report.broken


async def run_next_job(config: Config, worker: int) -> None:
    """Run the next import, unless another process runs one, for as long as its worker lives."""
    # Threads read and count. What holds the write lock must not wait for a core, since others wait
    # for the lock.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(initializer=be_nice))
    try:
        async with Database(config) as db, db.exclusive(IMPORTING) as grant:
            if grant is None:
                return
            async with grant.write() as session:
                job = await claim_job(session, config.data_dir)
            if job is not None:
                await run_job(grant, config, job, worker)
    except GrantLostError:
        logger.warning("another process has taken over the import")
    except UnavailableError as error:
        sys.exit(f"the import is broken off, and goes on later: {error.detail}")


def main() -> None:
    """Run an import, and log as the server does that started this process."""
    close_inherited_files()
    collect_seldom()
    share_heap()
    config = Config.from_env()
    configure(config)
    take_over()
    asyncio.run(run_next_job(config, int(sys.argv[1])))


if __name__ == "__main__":
    main()
