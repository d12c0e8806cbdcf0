"""Previews of uploads, each in a process that can be killed."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import partial
from tempfile import TemporaryFile

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.config import Config
from app.errors import UnavailableError
from app.formats.preview import CHAT_S, Preview, PreviewRequest, decoded_preview, preview
from app.formats.records import NO_OPTIONS, ReadOptions
from app.models import ImportJob
from app.runtime.sandbox import LIMIT_S, Sandbox
from app.services.imports.earlier_reading import READ_BEFORE
from app.services.imports.jobs import options_of, upload_path
from app.services.imports.report import errors_of


class Previewer:
    def __init__(
        self,
        config: Config,
        *,
        limit_s: float = LIMIT_S,
        chat_s: float = CHAT_S,
        most_s: float = 45.0,
    ) -> None:
        self._config = config
        self._most_s = most_s
        """Time limit of a preview, with the wait for the previous one."""
        self.chat_s = chat_s
        self._sandboxes: defaultdict[int, Sandbox] = defaultdict(partial(Sandbox, limit_s))

    async def look(
        self, job: ImportJob, options: ReadOptions, *, operator_id: int, form: str = "auto"
    ) -> Preview:
        """Return the preview of an upload as the format `form`; cancelling ends the process.

        Raises ReadError at a limit of time or memory, UnavailableError while the operator's
        previous preview runs.
        """
        request = PreviewRequest(
            path=str(upload_path(self._config.data_dir, job.spool)),
            name=job.file_name,
            options=options,
            limit_bytes=self._config.max_import_bytes,
            chat_s=self.chat_s,
            format=form,
        )
        return decoded_preview(await self.read(preview, request, operator_id))

    async def read(
        self,
        function: Callable[[bytes], Iterator[object]],
        request: msgspec.Struct,
        operator_id: int,
    ) -> bytes:
        """Return the line that the function yields for the request."""
        sandbox = self._sandboxes[operator_id]
        with TemporaryFile() as body:
            body.write(msgspec.json.encode(request))
            body.flush()
            try:
                async with asyncio.timeout(self._most_s), sandbox.read(function, body) as lines:
                    return lines.readline()
            except TimeoutError:
                raise UnavailableError(
                    "Another file that you uploaded is being read. Reload the page in a moment."
                ) from None


async def was_read_before(session: AsyncSession) -> bool:
    newest = select(ImportJob).where(ImportJob.state == "failed").order_by(ImportJob.id.desc())
    jobs = await session.scalars(newest.limit(5))
    return any(fault.detail in READ_BEFORE for job in jobs for fault in errors_of(job))


async def earlier_options(session: AsyncSession, preview: Preview) -> ReadOptions:
    if preview.is_chat:
        people = {speaker.username for speaker in preview.speakers}
        query = select(ImportJob).where(
            ImportJob.format == preview.format, ImportJob.state != "uploaded"
        )
        newest = query.order_by(ImportJob.id.desc()).limit(100)
        for options in map(options_of, await session.scalars(newest)):
            chosen = {*options.only, *options.rename} - {options.username}
            if chosen and chosen <= people:
                return options
    return NO_OPTIONS
