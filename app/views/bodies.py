"""Bodies of requests in pieces: uploads to import, and JSON lines."""

import asyncio
import itertools
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Any, Final, cast
from zipfile import ZipFile

from quart import request
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge, RequestTimeout
from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartDecoder, NeedData

from app.asgi.edge import Flow
from app.errors import AppError, InvalidInputError, MalformedError, TooLargeError, disk_errors
from app.lifespan import resources
from app.models import ImportJob
from app.services.imports.jobs import UploadedFile, add_job, open_upload, remove_upload, sync_upload
from app.services.imports.options import NO_OPTIONS, ImportOptions
from app.views.policies import own_name, own_scope, writing
from app.views.requests import too_large
from saywho.sizes import MIB

PIECE_TIMEOUT_S: Final = 30
LONGEST_FIELD: Final = 4096
MOST_PARTS: Final = 1_000
PIECE_BYTES: Final = 64 * 1024
MOST_UNPARSED_BYTES: Final = 4 * PIECE_BYTES
"""Bytes of a multipart form before its first part, or in the head of a part."""


@dataclass(slots=True)
class Spool:
    file: IO[bytes]
    name: str
    folder: Path
    is_kept: bool = False
    file_name: str | None = None
    """Name that the browser gave; empty if no file was chosen."""
    size: int = 0
    _archive: ZipFile | None = None
    """Archive of several files."""
    _member: IO[bytes] | None = None
    _names: set[str] = field(default_factory=set)

    async def write(self, piece: bytes) -> None:
        with disk_errors():
            await resources().work_pool.run((self._member or self.file).write, piece)

    async def begin_file(self, name: str) -> None:
        """Begin a file of a form; the second one turns the upload into an archive of both."""
        if self.file_name is None:
            self.file_name = name
        else:
            with disk_errors():
                await resources().work_pool.run(self._begin_member, name)

    def end(self) -> None:
        """Write everything, and set size and name."""
        self._end_archive()
        if self._archive is not None:
            first = PurePosixPath(self.file_name or "upload").stem
            self.file_name = f"{first} + {len(self._names) - 1}.zip"
        self.file.flush()
        self.size = self.file.seek(0, os.SEEK_END)
        self.file.seek(0)

    def close(self) -> None:
        try:
            self._end_archive()
        finally:
            self.file.close()

    def _end_archive(self) -> None:
        if self._member is not None:
            self._member.close()
        if self._archive is not None:
            self._archive.close()

    def _begin_member(self, name: str) -> None:
        if self._archive is None:
            self._pack_first()
        if self._member is not None:
            self._member.close()
        assert self._archive is not None  # noqa: S101 # for the type checker
        self._member = self._archive.open(self._free(name), "w", force_zip64=True)

    def _pack_first(self) -> None:
        with tempfile.TemporaryFile(dir=self.folder) as first:
            self.file.seek(0)
            shutil.copyfileobj(self.file, first)
            self.file.seek(0)
            self.file.truncate()
            first.seek(0)
            self._archive = ZipFile(self.file, "w")
            with self._archive.open(
                self._free(self.file_name or ""), "w", force_zip64=True
            ) as member:
                shutil.copyfileobj(first, member)

    def _free(self, name: str) -> str:
        path = PurePosixPath(name.replace("\\", "/").rpartition("/")[2] or "upload")
        free = path.name
        for number in itertools.count(2):
            if free not in self._names:
                break
            free = f"{path.stem} ({number}){path.suffix}"
        self._names.add(free)
        return free

    async def keep(
        self, *, is_started: bool, format_name: str = "auto", options: ImportOptions = NO_OPTIONS
    ) -> ImportJob:
        """Keep the file for an import, durably if writes are. Raises InvalidInputError if empty."""
        if not self.size:
            loc = "body" if self.file_name is None else "file"
            raise InvalidInputError("The file is empty", loc=loc)
        config = resources().config
        if config.durability != "normal":
            with disk_errors():
                await resources().work_pool.run(sync_upload, config.data_dir, self.file)
        async with writing() as session:
            job = await add_job(
                session,
                UploadedFile(self.name, self.file_name or "upload", self.size),
                format_name=format_name,
                options=options,
                is_started=is_started,
                scope=own_scope(),
                begun_by=own_name(),
            )
            self.is_kept = True
        return job


@asynccontextmanager
async def spooled_body(*, is_form: bool = False) -> AsyncIterator[Spool]:
    """Yield the body, or a form's part `file`, in a file that is removed unless it is kept.

    Several files of a form are packed into one archive. Raises TooLargeError, RequestTimeout after
    30 s without data, and InvalidInputError for a form without a file.
    """
    data_dir = resources().config.data_dir
    with disk_errors():
        name, file = await asyncio.to_thread(open_upload, data_dir)
    spool = Spool(file, name, data_dir)
    try:
        if is_form:
            await _read_form(spool)
        else:
            async for piece in _pieces():
                await spool.write(piece)
        with disk_errors():
            await resources().work_pool.run(spool.end)
        yield spool
    except AppError:
        # The row that names the file was not stored.
        spool.is_kept = False
        raise
    finally:
        # Closing writes the rest once more; a full disk was reported already.
        with suppress(OSError):
            await asyncio.to_thread(spool.close)
        if not spool.is_kept:
            await asyncio.to_thread(remove_upload, data_dir, name)


async def _read_form(spool: Spool) -> None:
    """Write the form's file into the spool. Raises MalformedError, TooLargeError and others."""
    boundary = request.mimetype_params.get("boundary", "").encode()
    if request.mimetype != "multipart/form-data" or not boundary:
        raise MalformedError("The form is not valid multipart data", loc="body")
    decoder = MultipartDecoder(boundary, MOST_UNPARSED_BYTES, max_parts=MOST_PARTS)
    try:
        await _read_parts(decoder, spool)
    except RequestEntityTooLarge as error:
        raise TooLargeError(
            "A form may have at most {parts} parts; each part except the file may have at"
            " most {size} bytes",
            parts=MOST_PARTS,
            size=f"{LONGEST_FIELD:,}",
        ) from error
    except ValueError as error:
        raise MalformedError("The form is not valid multipart data", loc="body") from error
    if spool.file_name is None:
        raise InvalidInputError("The form needs a file", loc="file")


async def _read_parts(decoder: MultipartDecoder, spool: Spool) -> None:
    """Write the form's file into the spool.

    Raises ValueError, and RequestEntityTooLarge for too many or too long parts.
    """
    field_bytes: int | None = None
    piece = b""
    async for piece in _pieces():
        decoder.receive_data(piece)
        while not isinstance(event := decoder.next_event(), NeedData):
            if isinstance(event, File):
                if event.name != "file":
                    raise InvalidInputError(
                        "The form must have its files in the field `file`", loc="file"
                    )
                await spool.begin_file(event.filename.replace("\0", ""))
                field_bytes = None
            elif isinstance(event, Field):
                field_bytes = 0
            elif isinstance(event, Data) and field_bytes is None:
                await spool.write(event.data)
            elif isinstance(event, Data) and field_bytes is not None:
                field_bytes += len(event.data)
                if field_bytes > LONGEST_FIELD:
                    raise RequestEntityTooLarge
    decoder.receive_data(None)
    # A body without a byte is no damaged form, but none.
    if piece and not isinstance(decoder.next_event(), Epilogue):
        raise ValueError("the form has no end")


async def _pieces() -> AsyncIterator[bytes]:
    """Yield the body as it arrives. Raises TooLargeError, RequestTimeout, ClientDisconnected."""
    limit_mb = resources().config.max_import_mb
    left = limit_mb * MIB
    if (request.content_length or 0) > left:
        raise too_large(limit_mb)
    flow: Flow = cast(dict[str, Any], request.scope)[Flow.KEY]
    has_more = True
    while has_more:
        try:
            async with asyncio.timeout(PIECE_TIMEOUT_S):
                message = await flow.take()
        except TimeoutError:
            raise RequestTimeout from None
        if message["type"] == "http.disconnect":
            raise ClientDisconnected
        piece, has_more = message.get("body", b""), message.get("more_body", False)
        left -= len(piece)
        if left < 0:
            raise too_large(limit_mb)
        for start in range(0, len(piece), PIECE_BYTES):
            yield piece[start : start + PIECE_BYTES]
