"""Looks at uploads before anything is stored, each in a process that can be killed."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import partial
from tempfile import TemporaryFile
from typing import Final

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

EARLIER_CHATS: Final = 100
"""Uploaded chats among which one of the same people is looked for."""
LATEST: Final = 5
"""Imports that failed last."""
MOST_S: Final = 45.0
"""Seconds of a look, with the wait for the same operator's looks before it."""


class Previewer:
    """Looks at uploads, at one of each operator at a time."""

    def __init__(
        self,
        config: Config,
        *,
        limit_s: float = LIMIT_S,
        chat_s: float = CHAT_S,
        most_s: float = MOST_S,
    ) -> None:
        self._config = config
        self._most_s = most_s
        self.chat_s = chat_s
        """Seconds for which a chat is read in a look."""
        self._sandboxes: defaultdict[int, Sandbox] = defaultdict(partial(Sandbox, limit_s))
        """By the ids of operators, who are few."""

    async def look(
        self, job: ImportJob, options: ReadOptions, *, operator_id: int, form: str = "auto"
    ) -> Preview:
        """Return what is in the file of an upload, read as the format of this name.

        A caller that is cancelled ends the process.

        Raises ReadError where that takes too much time or memory, UnavailableError where the
        operator's look before it lasts.
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
        """Return the one line that the function yields for the request, as `look` does."""
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
    """Return whether one of the last imports stopped since its file was read differently before."""
    newest = select(ImportJob).where(ImportJob.state == "failed").order_by(ImportJob.id.desc())
    jobs = await session.scalars(newest.limit(LATEST))
    return any(fault.detail in READ_BEFORE for job in jobs for fault in errors_of(job))


async def earlier_options(session: AsyncSession, preview: Preview) -> ReadOptions:
    """Return what was chosen for a chat of the same people that was uploaded before."""
    if preview.is_chat:
        people = {speaker.username for speaker in preview.speakers}
        query = select(ImportJob).where(
            ImportJob.format == preview.format, ImportJob.state != "uploaded"
        )
        newest = query.order_by(ImportJob.id.desc()).limit(EARLIER_CHATS)
        for options in map(options_of, await session.scalars(newest)):
            chosen = {*options.only, *options.rename} - {options.username}
            if chosen and chosen <= people:
                return options
    return NO_OPTIONS
