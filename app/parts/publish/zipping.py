"""A website as a zip file that streams, written by a process of its own: it would hold up a worker.

A worker starts `python -m app.parts.publish.zipping OPTIONS`, and kills it if the client goes away.
"""

import asyncio
import contextlib
import os
import shutil
import sys
import zipfile
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from app.config import Config
from app.db.engine import Database
from app.errors import AppError, overloaded
from app.parts.publish.folder import MARK
from app.parts.publish.website import File, WebsiteOptions, opened_website
from app.runtime.clock import remembered_zone
from app.runtime.processes import run_child
from saywho.processes import be_nice, begin_child

PIECE: Final = 2**16
"""Bytes that are sent at a time; the process waits while the client has not taken them."""


async def zipped(config: Config, options: WebsiteOptions) -> AsyncGenerator[bytes, None]:
    """Yield the zip file. Raises UnavailableError if it cannot be finished."""
    arguments = msgspec.json.encode(options, enc_hook=str).decode()  # A zone is its name.
    reading, writing = os.pipe()
    pieces = asyncio.StreamReader(limit=PIECE)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(pieces), os.fdopen(reading, "rb")
    )
    streams = (asyncio.subprocess.DEVNULL, writing, None)
    child = asyncio.create_task(
        run_child(__name__, arguments, settings=config.to_env(), streams=streams)
    )
    # The file ends when the process and this one have closed the pipe.
    child.add_done_callback(lambda _: os.close(writing))
    try:
        while piece := await pieces.read(PIECE):
            yield piece
        if await child:
            raise overloaded()
    finally:
        child.cancel()
        await asyncio.gather(child, return_exceptions=True)
        transport.close()


def main() -> None:
    begin_child()
    be_nice()
    options = msgspec.json.decode(
        sys.argv[1], type=WebsiteOptions, dec_hook=lambda _, zone: remembered_zone(zone)
    )
    # A client that is gone ends this process.
    with contextlib.suppress(BrokenPipeError):
        try:
            asyncio.run(_write(Config.from_env(), options, sys.stdout.buffer))
        except AppError as error:  # For example, the author was deleted meanwhile.
            sys.exit(f"a website is sent in part only: {type(error).__name__}")


async def _write(config: Config, options: WebsiteOptions, output: BinaryIO) -> None:
    names = list[str]()
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        async with Database(config) as db, opened_website(db, config, options) as (site, session):
            # A generator that is not read to its end leaves its context variables in another task.
            async with aclosing(site.files(session, lambda: None)) as files:
                async for file in files:
                    names.append(file.name)
                    _add(archive, file)
            _add(archive, File(MARK, site.mark().encoded(names)))


def _add(archive: zipfile.ZipFile, file: File) -> None:
    info = zipfile.ZipInfo(file.name)  # Its time is always the same.
    info.external_attr = 0o644 << 16
    if isinstance(file.content, Path):
        # Pictures do not get smaller.
        info.file_size = file.content.stat().st_size
        with file.content.open("rb") as source, archive.open(info, "w") as target:
            shutil.copyfileobj(source, target)
    else:
        archive.writestr(info, file.content, zipfile.ZIP_DEFLATED)


if __name__ == "__main__":
    main()
