"""Imports of uploaded files: queueing, running singly, cancelling, resuming."""

import asyncio
import contextlib
import os
import tempfile
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any, Final, NamedTuple, cast

import msgspec
from msgspec import Struct
from sqlalchemy import and_, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import Sessions, allocate_ids, backend_of, is_among
from app.db.engine import Database
from app.db.result_cache import holds_until
from app.errors import (
    AppError,
    ConflictError,
    LimitReachedError,
    Message,
    NotFoundError,
    UnavailableError,
)
from app.models import ImportJob
from app.security import make_private_folder, sync_file, sync_folder
from app.services.access.rights import Scope, check_scope
from app.services.deletion import UNENDED, forget_examples, mark_cancelled
from app.services.imports.job_report import (
    ImportReport,
    StoredPosts,
    encode_errors,
    encode_notes,
    errors_of,
    stored_posts,
)
from app.services.imports.options import NO_OPTIONS, ImportOptions
from saywho.clock import now
from saywho.formats.assumptions import NotesSummary
from saywho.formats.records import ImportFault
from saywho.formats.registry import FORMATS
from saywho.formats.source.file import Source
from saywho.processes import limited_memory
from saywho.sizes import MIB

FOLDER: Final = "uploads"
"""Folder of the files, which servers may share."""
IMPORTING: Final = "imports"
UPLOAD_LIFETIME: Final = timedelta(days=1)
"""Lifetime of an upload that was not started."""
MOST_ATTEMPTS: Final = 3
"""Consecutive runs that may end abnormally without a new post."""
ENDED: Final = ("done", "failed", "cancelled")


WATCH_EVERY_S: Final = 2.0
MOST_MEMORY: Final = 1024 * MIB
"""Bytes for reading a file in addition to the program."""


@contextmanager
def limited_reading(most_memory: int) -> Iterator[None]:
    """Limit the memory for reading a file. Raises LimitReachedError beyond it."""
    try:
        with limited_memory(most_memory):
            yield
    except MemoryError:
        raise LimitReachedError(
            "reading the file takes more than {size} MB of memory", size=most_memory // MIB
        ) from None


class UploadedFile(NamedTuple):
    spool: str
    name: str
    size: int


async def add_job(
    session: AsyncSession,
    file: UploadedFile,
    *,
    is_started: bool,
    scope: Scope = "write",
    begun_by: str | None = None,
    format_name: str = "auto",
    options: ImportOptions = NO_OPTIONS,
) -> ImportJob:
    """Queue the import of an uploaded file, or keep the file until `start_job`.

    scope: right of the person or program that imports. begun_by: their token or account. Raises
    ForbiddenError as `check_options`.
    """
    check_options(options, scope)
    (job_id,) = await allocate_ids(session, ImportJob, 1)
    job = ImportJob(
        id=job_id,
        state="running" if is_started else "uploaded",
        format=format_name,
        file_name=file.name[-255:],
        spool=file.spool,
        options=msgspec.json.encode(options),
        bytes_total=file.size,
        created_at=now(),
        undo="possible",
        scope=scope,
        begun_by=begun_by,
    )
    session.add(job)
    await session.flush()
    return job


def check_options(options: ImportOptions, scope: Scope) -> None:
    """Raise ForbiddenError if an import removes or changes posts without the scope `admin`."""
    if options.replace is not None or options.times == "file":
        check_scope(scope, "admin")


def scope_of(job: ImportJob) -> Scope:
    """Return the right of the person or program that imports: `write` if it is not known."""
    return cast(Scope, job.scope or "write")


MOST_COMMANDS: Final = 100
"""Commands that import at the same time."""
STOPPED: Final = Message("the command stopped before the end; run it again to continue")


@asynccontextmanager
async def importing_command(db: Database) -> AsyncIterator[int]:
    """Hold a lock while a command imports, so that it is known to run; yield the lock's number."""
    with contextlib.suppress(AppError):  # The import reports it, with its file.
        await end_stopped_commands(db)
    for number in range(1, MOST_COMMANDS + 1):
        async with db.exclusive(_lock_of(number)) as grant:
            if grant is not None:
                yield number
                return
    raise UnavailableError("Too many commands import at the moment. Try again later.")


async def end_stopped_commands(db: Database) -> None:
    """End the imports of commands that were killed."""
    query = select(ImportJob.id, ImportJob.command).where(ImportJob.state == "running")
    async with db.read() as session:
        jobs = (await session.execute(query.where(ImportJob.command.is_not(None)))).all()
    for job_id, number in jobs:
        async with db.exclusive(_lock_of(number)) as grant:
            if grant is not None:
                async with grant.write() as session:
                    await end_job(session, job_id, STOPPED)


def _lock_of(number: int | None) -> str:
    return f"import-command-{number}"


def is_chat(job: ImportJob) -> bool:
    """Return whether an import's file is a chat, if known before it is read."""
    form = FORMATS.get(job.format)
    return bool(stored_posts(job).title) if form is None else form.is_chat


def options_of(job: ImportJob) -> ImportOptions:
    return msgspec.json.decode(job.options, type=ImportOptions) if job.options else NO_OPTIONS


async def get_job(session: AsyncSession, job_id: int, *, is_started: bool = False) -> ImportJob:
    """Return the import of that id, optionally only after its start. Raises NotFoundError."""
    job = await session.get(ImportJob, job_id)
    if job is None or (is_started and job.state == "uploaded"):
        raise NotFoundError("There is no import {job_id}", job_id=job_id)
    return job


async def list_jobs(
    session: AsyncSession, *, before: int | None = None, limit: int, with_uploads: bool = False
) -> tuple[list[ImportJob], int | None]:
    """Return imports, newest first, with or without uploads, and the next page's cursor."""
    query = select(ImportJob)
    if not with_uploads:
        query = query.where(ImportJob.state != "uploaded")
    if before is not None:
        query = query.where(ImportJob.id < before)
    jobs = list(await session.scalars(query.order_by(ImportJob.id.desc()).limit(limit + 1)))
    has_next = len(jobs) > limit
    return jobs[:limit], jobs[limit - 1].id if has_next else None


class RunningImport(Struct, frozen=True):
    id: int
    share: float
    """Share of the file that was read, in [0, 1]."""


PROGRESS_LIFETIME: Final = timedelta(seconds=2)
"""How long an answer about a running import holds: its progress is no event."""


async def find_running(session: AsyncSession) -> RunningImport | None:
    """Return the first import that runs, for pages that have nothing to show yet."""
    holds_until(now() + PROGRESS_LIFETIME)
    query = select(ImportJob).where(ImportJob.state == "running").order_by(ImportJob.id).limit(1)
    job = await session.scalar(query)
    return RunningImport(job.id, share_read(job)) if job else None


def share_read(job: ImportJob) -> float:
    return min(1.0, job.bytes_read / job.bytes_total) if job.bytes_total else 0.0


async def note_preview(
    session: AsyncSession,
    job_id: int,
    failure: Message | None,
    notes: NotesSummary,
    stored: StoredPosts,
) -> None:
    errors = [] if failure is None else [ImportFault(failure)]
    upload = update(ImportJob).where(ImportJob.id == job_id, ImportJob.state == "uploaded")
    values = {
        "errors": encode_errors(errors),
        "notes": encode_notes(notes),
        "stored": msgspec.json.encode(stored),
    }
    await session.execute(upload.values(**values))


async def choose_options(session: AsyncSession, job_id: int, options: ImportOptions) -> ImportJob:
    """Store how an upload is to be read. Raises NotFoundError, ConflictError."""
    job = await get_job(session, job_id)
    if job.state != "uploaded":
        raise ConflictError("The import {job_id} was already started", job_id=job_id)
    job.options = msgspec.json.encode(options)
    return job


async def start_job(
    session: AsyncSession, job_id: int, options: ImportOptions, form: str = "auto", title: str = ""
) -> None:
    """Queue an upload as the format `form`; title: name of the file's only chat.

    Raises NotFoundError, ConflictError.
    """
    job = await choose_options(session, job_id, options)
    job.state, job.format, job.errors, job.notes = "running", form, encode_errors([]), None
    if title:
        job.stored = msgspec.json.encode(StoredPosts(title=title[:255]))


async def cancel_job(
    session: AsyncSession, job_id: int, *, scope: Scope, asked_by: str | None = None
) -> ImportJob:
    """Cancel an import and keep its posts, or delete an upload.

    scope, asked_by: right of the person or program that cancels, and their token or account. Raises
    NotFoundError, ForbiddenError without `admin` for an import of others, ConflictError if the
    import ended.
    """
    job = await get_job(session, job_id)
    if job.begun_by is None or job.begun_by != asked_by:
        check_scope(scope, "admin")
    if job.state in ENDED:
        raise ConflictError("The import {job_id} has already ended", job_id=job_id)
    if job.state == "uploaded":
        await session.delete(job)
    else:
        mark_cancelled(job)
    return job


async def next_job(session: AsyncSession, data_dir: Path) -> ImportJob | None:
    """Return an import that waits, or lost its process, with its file on this machine."""
    waiting = select(ImportJob).where(ImportJob.state.in_(UNENDED), ImportJob.command.is_(None))
    if backend_of(session).is_shared:
        files = await asyncio.to_thread(_files, data_dir)
        waiting = waiting.where(ImportJob.spool.in_([path.name for path in files]))
    return await session.scalar(waiting.order_by(ImportJob.id).limit(1))


async def claim_job(session: AsyncSession, job_id: int) -> ImportJob | None:
    """Return the import if it is still to be run; the caller holds the lock."""
    job = await session.get(ImportJob, job_id)
    if job is None or job.state not in UNENDED:
        return None
    if job.attempts == MOST_ATTEMPTS:
        # It would end its process again, and keep all others waiting.
        failure = Message(
            "the import stopped unexpectedly each time it was tried; the server may be"
            " short of memory"
        )
        await end_job(session, job.id, failure)
        return None
    if job.started_at is None:
        # An upload of an earlier version has stored nothing yet.
        job.undo = "possible"
    job.state, job.started_at = "running", job.started_at or now()
    job.attempts += 1
    return job


async def end_job(session: AsyncSession, job_id: int, failure: Message | None) -> None:
    """Store how the import ended, unless it was cancelled meanwhile."""
    job = await get_job(session, job_id)
    await change_running(session, job_id, _ended(failure, errors_of(job), job.bytes_total))


def _ended(
    failure: Message | None, errors: Iterable[ImportFault], bytes_total: int
) -> dict[str, Any]:
    values = {"state": "done", "finished_at": now(), "bytes_read": bytes_total}
    if failure is not None:
        del values["bytes_read"]
        values |= {"state": "failed", "errors": encode_errors([ImportFault(failure), *errors])}
    return values


async def change_running(session: AsyncSession, job_id: int, values: dict[str, Any]) -> bool:
    """Change the import unless it was cancelled; return whether it continues."""
    job = update(ImportJob).where(ImportJob.id == job_id, ImportJob.state == "running")
    changed = await session.scalar(job.values(**values).returning(ImportJob.id))
    return changed is not None


async def note_progress(
    session: AsyncSession, job: ImportJob, source: Source, report: ImportReport, **more: Any
) -> None:
    """Store the progress with its posts, and the end with the last ones; posts from an earlier run
    are not duplicates.

    Raises ConflictError if the import has ended.
    """
    values: dict[str, Any] = report.counts | {
        "bytes_read": source.bytes_read,
        "accepted": job.accepted + report.accepted,
        "duplicates": max(0, report.duplicates - job.accepted),
        "errors": encode_errors(report.in_order()),
        "stored": msgspec.json.encode(report.stored),
        # A command has printed the examples.
        "notes": encode_notes(report.notes, with_examples=job.command is None),
    }
    if source.bytes_total is not None:
        # Of an archive, only the members that hold posts are read.
        values["bytes_total"] = source.bytes_total
    if report.accepted:
        # Where it gets on, what ends its process is not one of its records.
        values["attempts"] = 0
    if report.is_whole:
        size = job.bytes_total if source.bytes_total is None else source.bytes_total
        values |= _ended(report.broken, report.in_order(), size)
    if not await change_running(session, job.id, values | more):
        raise ConflictError("The import {job_id} has already ended", job_id=job.id)


async def remove_old_uploads(db: Sessions, data_dir: Path) -> None:
    before = now() - UPLOAD_LIFETIME
    is_old = and_(ImportJob.state == "uploaded", ImportJob.created_at < before)
    files = await asyncio.to_thread(_files, data_dir)
    async with db.write() as session:
        await forget_examples(session, ended_before=before)
        await session.execute(delete(ImportJob).where(is_old))
        jobs = await session.execute(
            select(ImportJob.spool, ImportJob.state).where(
                is_among(session, ImportJob.spool, [path.name for path in files])
            )
        )
        states = {job.spool: job.state for job in jobs}
    await asyncio.to_thread(_remove_old_files, files, states, before)


async def drop_jobs(session: AsyncSession) -> Sequence[str]:
    """Cancel all imports and delete all uploads; return their files' names."""
    is_open = ImportJob.state.not_in([*ENDED, "uploaded"])
    cancelled = update(ImportJob).where(is_open).values(state="cancelled", finished_at=now())
    uploads = delete(ImportJob).where(ImportJob.state == "uploaded")
    return [
        *await session.scalars(cancelled.returning(ImportJob.spool)),
        *await session.scalars(uploads.returning(ImportJob.spool)),
    ]


def open_upload(data_dir: Path) -> tuple[str, IO[bytes]]:
    make_private_folder(data_dir / FOLDER)
    number, path = tempfile.mkstemp(dir=data_dir / FOLDER)
    return Path(path).name, os.fdopen(number, "w+b")


def sync_upload(data_dir: Path, file: IO[bytes]) -> None:
    """Sync an upload to the disk, to survive a power cut. Raises OSError."""
    sync_file(file)
    sync_folder(data_dir / FOLDER)


def upload_path(data_dir: Path, spool: str) -> Path:
    return data_dir / FOLDER / spool


def remove_upload(data_dir: Path, spool: str) -> None:
    """Remove an upload; processes can still read it if it is open."""
    with contextlib.suppress(OSError):
        upload_path(data_dir, spool).unlink()


def _files(data_dir: Path) -> list[Path]:
    return list((data_dir / FOLDER).glob("*"))


def _remove_old_files(files: Iterable[Path], states: Mapping[str, str], before: datetime) -> None:
    """Remove files of ended imports, and old files of none: a new file may get its import yet.

    Version 1.1 kept records of previews beside uploads.
    """
    for path in files:
        # Another worker may have removed it meanwhile.
        with contextlib.suppress(FileNotFoundError):
            state = states.get(path.name)
            is_old = state is None and path.stat().st_mtime < before.timestamp()
            if state in ENDED or is_old or path.suffix == ".read":
                path.unlink()
