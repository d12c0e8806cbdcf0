"""Request bodies: how large each may be, and large ones spooled to disk as they arrive."""

import asyncio
import hashlib
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import IO, Any, Final

from quart import Quart, Request, request
from werkzeug.exceptions import RequestEntityTooLarge, RequestTimeout

from app.config import Config
from app.lifespan import resources

CHUNK_TIMEOUT_S: Final = 30
BODY_TIMEOUT_S: Final = 30
SPOOLED_PATHS: Final = frozenset({"/api/v1/tweets"})


@dataclass(frozen=True, slots=True)
class Spool:
    """A body on disk, in a file without a name that goes when it is closed."""

    file: IO[bytes]
    sha256: bytes


def init_app(app: Quart, config: Config) -> None:
    """Limit the bodies of each request by what its address takes."""

    class LimitedRequest(Request):
        def __init__(self, *args: Any, max_content_length: int | None = None, **kwargs: Any):
            path = args[2]
            limit = config.max_import_bytes if path in SPOOLED_PATHS else config.max_body_bytes
            super().__init__(*args, max_content_length=limit, **kwargs)

    app.request_class = LimitedRequest
    app.config["BODY_TIMEOUT"] = BODY_TIMEOUT_S


@asynccontextmanager
async def spooled_body() -> AsyncIterator[Spool]:
    """Write the body into a file as it arrives, and give it once it has ended.

    A body read as a stream has neither a limit nor a time limit of its own. Raises
    RequestEntityTooLarge, and RequestTimeout if nothing comes for 30 s.
    """
    config = resources().config
    digest, size = hashlib.sha256(), 0
    chunks = aiter(request.body)
    with tempfile.TemporaryFile(dir=config.data_dir) as file:
        while True:
            try:
                async with asyncio.timeout(CHUNK_TIMEOUT_S):
                    chunk = await anext(chunks, None)
            except TimeoutError:
                raise RequestTimeout from None
            if chunk is None:
                break
            size += len(chunk)
            if size > config.max_import_bytes:
                raise RequestEntityTooLarge
            digest.update(chunk)
            await asyncio.to_thread(file.write, chunk)
        file.seek(0)
        yield Spool(file, digest.digest())
