"""A process of its own that runs one import, so that pages answer meanwhile.

Started as `python -m app.services.imports.process`, with the settings in its environment.
"""

import asyncio
import logging
import os
import signal

from sqlalchemy.ext.asyncio import AsyncSession

from app.config import Config
from app.db.engine import Database
from app.errors import AppError
from app.formats import open_archive
from app.formats.records import ImportFileError
from app.formats.source.file import Source
from app.logs import configure, take_over
from app.models import ImportJob
from app.services.imports.imports import ImportReport, NamelessFileError, import_archive
from app.services.imports.jobs import JobRun, claim_job, end_job, note_progress, note_stored
from app.services.imports.uploads import remove_upload, upload_path

BEAT_S = 1.0
NICENESS = 5

logger = logging.getLogger(__name__)


class CancelledImportError(Exception):
    """The import was cancelled; nothing more is to be stored."""


class Run:
    """One import under way."""

    def __init__(self, db: Database, config: Config, job: ImportJob) -> None:
        self._db = db
        self._config = config
        self._job = job
        self._run = JobRun(job.id, job.epoch)
        self._already = job.accepted
        self._report = ImportReport()
        self._source: Source | None = None
        self._format = job.format

    async def run(self, stop: asyncio.Event) -> None:
        """Import the file to its end, or until cancelled or stopped."""
        work = asyncio.create_task(self._import())
        stopping = asyncio.create_task(stop.wait())
        try:
            while not work.done() and not stop.is_set() and await self._beat():
                await asyncio.wait(
                    {work, stopping}, timeout=BEAT_S, return_when=asyncio.FIRST_COMPLETED
                )
        finally:
            stopping.cancel()
            if not work.done():
                work.cancel()
            await asyncio.gather(work, stopping, return_exceptions=True)
        await self._end(work)

    async def _import(self) -> None:
        path = upload_path(self._config.data_dir, self._job.spool)
        limit = self._config.max_import_bytes
        with Source(path, name=self._job.file_name, limit_bytes=limit) as source:
            self._source = source
            archive = await asyncio.to_thread(open_archive, source, format=self._job.format)
            self._format = archive.format
            await import_archive(
                self._db,
                archive,
                username=self._job.username,
                report=self._report,
                note=self._note,
            )
            async with self._db.write() as session:
                await self._note(session, self._report)

    async def _note(self, session: AsyncSession, report: ImportReport) -> None:
        """Write what became of the records, with the posts. Raises CancelledImportError."""
        if not await note_stored(session, self._run, report, already=self._already):
            raise CancelledImportError

    async def _beat(self) -> bool:
        """Write how far it is; return whether it is still to go on."""
        source = self._source
        async with self._db.write() as session:
            return await note_progress(
                session,
                self._run,
                format_name=self._format,
                bytes_read=source.bytes_read if source else 0,
                # Of an archive, only the members that hold posts are read.
                bytes_total=source.bytes_total if source else None,
            )

    async def _end(self, work: "asyncio.Task[None]") -> None:
        await self._beat()
        state, detail = self._outcome(work)
        async with self._db.write() as session:
            await end_job(session, self._run, state, detail=detail)
        if state != "interrupted":
            remove_upload(self._config.data_dir, self._job.spool)

    def _outcome(self, work: "asyncio.Task[None]") -> tuple[str, str | None]:
        """Return the state that the import is in now, and why it failed."""
        error = None if work.cancelled() else work.exception()
        if work.cancelled() or isinstance(error, CancelledImportError):
            return "interrupted", None
        if isinstance(error, ImportFileError | NamelessFileError | AppError):
            return "failed", str(error)
        if error is not None:
            # It would fail again and again, and keep all other imports waiting.
            logger.error("the import %d failed unexpectedly", self._job.id, exc_info=error)
            return "failed", "the import failed unexpectedly; the server's log says why"
        return ("failed", self._report.broken) if self._report.broken else ("done", None)


async def run_next(config: Config) -> None:
    """Run the next import that waits, if there is one."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    db = Database(config)
    try:
        async with db.write() as session:
            job = await claim_job(session)
        if job is not None:
            await Run(db, config, job).run(stop)
    finally:
        await db.close()


def main() -> None:
    """Run the next import, and log as the server does that started this process."""
    os.nice(NICENESS)
    config = Config.from_env()
    configure(config)
    take_over()
    asyncio.run(run_next(config))


if __name__ == "__main__":
    main()
