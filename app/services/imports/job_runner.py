"""Running imports in a separate process, one at a time by a lock.

A worker starts `python -m app.services.imports.job_runner PID ID SECONDS` with its own process id,
the import's, and how long reading may stand still. The worker kills it at a stop, or if the import
is cancelled; the system kills it if it stands still, or if the worker dies.
"""

import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final, TypeVar

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from app.config import Config
from app.db.engine import Database, Grant, GrantLostError
from app.errors import (
    AppError,
    Message,
    QuestionError,
    StorageFullError,
    UnavailableError,
    message_of,
)
from app.models import ImportJob
from app.runtime.clock import wait_until_set
from app.runtime.logs import configure, take_over
from app.runtime.processes import collect_seldom, run_child, share_heap, stood_still
from app.services.access.rights import is_site_public
from app.services.imports import jobs
from app.services.imports.job_report import ImportReport, stored_posts
from app.services.imports.jobs import MOST_MEMORY, WATCH_EVERY_S, limited_reading
from app.services.imports.kept_answers import read_with_answers
from app.services.imports.storing import StoreOptions, check_records, import_file
from app.services.imports.undo import UNDO, undo_imports
from app.services.posts.media import keeper_of, remove_if_full
from app.services.posts.users import find_by_handle, set_site_author
from app.services.rooms.identification import UnsettledRoomError
from saywho.clock import monotonic
from saywho.formats.registry import read_file
from saywho.formats.settled import DoubtError
from saywho.formats.source.file import Source
from saywho.processes import STILL_S, be_nice, begin_child, watched

LOOK_EVERY_S: Final = 5.0
"""Seconds between checks for imports that another process queued."""

T = TypeVar("T")

logger = logging.getLogger(__name__)


async def keep_importing(
    db: Database, config: Config, queued: asyncio.Event, *, still_s: float = STILL_S
) -> None:
    """Run waiting imports, soon after `queued` is set. One whose reading stands still for so much
    processor time fails.
    """
    next_tidy, reason = 0.0, ""
    while True:
        queued.clear()
        try:
            if monotonic() >= next_tidy:
                next_tidy = monotonic() + 3600.0
                await jobs.remove_old_uploads(db, config.data_dir)
            if await _run_one(db, config, still_s):
                continue
            await jobs.end_stopped_commands(db)
            reason = ""
        except Exception as error:
            # It is said once: a disk may be away for hours.
            if str(error) != reason:
                logger.exception("looking for imports or old uploads failed; trying again")
            reason = str(error)
        await wait_until_set(queued, at_most_s=LOOK_EVERY_S)


async def _run_one(db: Database, config: Config, still_s: float) -> bool:
    """Run a waiting import in its process; return whether to look again immediately."""
    async with db.read() as session:
        job = await jobs.next_job(session, config.data_dir)
    if job is None:
        return False
    async with db.exclusive(jobs.IMPORTING) as grant:
        if grant is None:
            return False
    words = map(str, (os.getpid(), job.id, still_s))
    process = asyncio.create_task(run_child(__name__, *words, settings=config.to_env()))
    try:
        is_over = await _watch(db, job.id, process)
    except asyncio.CancelledError:
        await _kill(process)
        # Its rows and its counts agree whenever it ends; the next start resumes it.
        # The database may need a moment to release the lock of the killed process.
        with contextlib.suppress(GrantLostError, AppError, TimeoutError):
            async with (
                asyncio.timeout(3.0),
                db.exclusive_in_turn(jobs.IMPORTING) as grant,
                grant.write() as session,
            ):
                interrupted = {"state": "interrupted", "attempts": 0}
                await jobs.change_running(session, job.id, interrupted)
        raise
    except Exception:
        await _kill(process)  # Nobody would watch it.
        raise
    if not is_over:
        await _kill(process)
    if not is_over or process.result() == -signal.SIGPROF:
        async with db.write() as session:
            await jobs.end_job(session, job.id, stood_still(job.file_name, still_s))
        await asyncio.to_thread(jobs.remove_upload, config.data_dir, job.spool)
        return True
    if status := process.result():
        killed = "was killed, as the system does where memory is short"
        end = killed if status == -signal.SIGKILL else f"ended with status {status}"
        logger.error("the process of an import %s; it is tried again", end)
    return not status


async def _watch(db: Database, job_id: int, process: asyncio.Task[int]) -> bool:
    """Return true when the process ends, false if the import was cancelled."""
    while True:
        await asyncio.wait([process], timeout=WATCH_EVERY_S)
        if process.done():
            return True
        try:
            async with db.read() as session:
                job = await jobs.get_job(session, job_id)
        except AppError:
            continue  # The database is away, for the process too.
        if job.state == "cancelled":
            return False


async def _kill(process: asyncio.Task[int]) -> None:
    process.cancel()
    await asyncio.gather(process, return_exceptions=True)


async def run_job(
    db: Grant, config: Config, job: ImportJob, worker: int, *, most_memory: int
) -> None:
    """Import the file until its end or cancelled; maintenance derives the rest. The end is stored
    with the last posts, but for a failure.

    Raises GrantLostError, and UnavailableError if the database is away.
    """
    failure: Message | None = None
    try:
        with limited_reading(most_memory):
            await _import(db, config, job, worker)
    except (GrantLostError, UnavailableError):
        raise
    except AppError as error:
        failure = message_of(error)
    except Exception:
        # It would fail again and again, and keep all other imports waiting.
        logger.exception("the import %d failed unexpectedly", job.id)
        failure = Message("the import failed unexpectedly; see the server's log")
    make_room = partial(jobs.remove_upload, config.data_dir, job.spool)

    async def ending(session: AsyncSession) -> None:
        await jobs.end_job(session, job.id, failure)

    if failure is not None:
        await _store(db, config, worker, ending, make_room=make_room)
    make_room()


async def _store(
    db: Grant,
    config: Config,
    worker: int,
    change: Callable[[AsyncSession], Awaitable[T]],
    *,
    make_room: Callable[[], None] = lambda: None,
) -> T:
    """Store a change of the import; on a full disk, wait, since another process would fail too."""
    is_said = False
    while True:
        try:
            async with db.write() as session:
                return await change(session)
        except StorageFullError as error:
            if not is_said:
                logger.error("the import goes on later: %s", error.detail)
            is_said = True
        make_room()
        await remove_if_full(db, config.media_dir)
        await asyncio.sleep(WATCH_EVERY_S)
        _check_worker(worker)


def _check_worker(worker: int) -> None:
    if os.getppid() != worker:
        sys.exit("the import is broken off, since its worker ended, and goes on later")


async def _import(db: Grant, config: Config, job: ImportJob, worker: int) -> None:
    options, report = jobs.options_of(job), ImportReport(stored=stored_posts(job))
    jobs.check_options(options, jobs.scope_of(job))
    path, limit = jobs.upload_path(config.data_dir, job.spool), config.max_import_bytes

    async def note(session: AsyncSession, report: ImportReport) -> None:
        """Store the progress with its posts. Raises ConflictError if the import has ended."""
        _check_worker(worker)
        if report.is_whole and options.is_own and records.account:
            name = options.username or records.account.username or ""
            # None if nothing was stored.
            if (user := await find_by_handle(session, name)) is not None:
                await set_site_author(session, user.id)
        await jobs.note_progress(session, job, source, report, format=records.format)

    async def note_reading() -> None:
        async with db.write() as session:
            await note(session, report)

    with await asyncio.to_thread(Source, path, name=job.file_name, limit_bytes=limit) as source:
        read = await asyncio.to_thread(read_file, source, job.format, options)
        read, options, heading = await read_with_answers(db, source, read, options)
        records = read.records
        async with db.read() as session:
            is_public = await is_site_public(session, config.public)
        try:
            check_records(records, options, is_public=is_public)
        except QuestionError:
            report.notes = records.notes.summary
            await note_reading()
            raise
        async with db.write() as session:
            await note(session, report)
            values: dict[str, Any] = {"digest": read.digest, "heading": heading}
            values |= {"options": msgspec.json.encode(options)} if heading else {}
            await jobs.change_running(session, job.id, values)
        storing = StoreOptions(
            note=note,
            may_have_rooms=not is_public,
            options=options,
            import_id=job.id,
            scope=jobs.scope_of(job),
        )
        try:
            records = await import_file(
                db, source, read, report=report, storing=storing, keeper=keeper_of(config)
            )
        except (QuestionError, DoubtError, UnsettledRoomError):
            await note_reading()
            raise


async def run_waiting_job(config: Config, worker: int, job_id: int) -> None:
    """Run the import while its worker lives, unless another process runs one."""
    # Threads read and count. What holds the write lock must not wait for a core, since others wait
    # for the lock.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(initializer=be_nice))
    try:
        async with Database(config) as db, db.exclusive(jobs.IMPORTING) as grant:
            if grant is None:
                return
            job = await _store(grant, config, worker, partial(jobs.claim_job, job_id=job_id))
            if job is not None:
                await run_job(grant, config, job, worker, most_memory=MOST_MEMORY)
                async with db.exclusive_in_turn(UNDO) as undoing:
                    await undo_imports(undoing)
    except GrantLostError:
        logger.warning("another process has taken over the import")
    except UnavailableError as error:
        sys.exit(f"the import is broken off, and goes on later: {error.detail}")


def main() -> None:
    begin_child()
    collect_seldom()
    share_heap()
    config = Config.from_env(os.environ)
    configure(config)
    take_over()
    worker, job_id = map(int, sys.argv[1:3])
    watched.allow(float(sys.argv[3]))
    if os.getppid() == worker:  # It may have died before the system was told.
        asyncio.run(run_waiting_job(config, worker, job_id))


if __name__ == "__main__":
    main()
