"""Reads what strangers wrote in a process that can be killed, and whose memory is limited.

A regular expression may need hours, and holds the interpreter meanwhile, in a thread too. So each
answer of another host is read by a fresh process, which has neither the settings nor the database.
"""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from typing import BinaryIO, Final

from app.config import PREFIX
from app.errors import unpacked
from app.sandboxed import MIB, MOST_MEMORY, REQUEST, UNREADABLE, ReadError

LIMIT_S: Final = 10
"""Seconds that reading may take; then the process is killed."""
START_S: Final = 20.0
"""Seconds to start the process, on a busy machine."""


class Sandbox:
    """Reads one answer at a time."""

    def __init__(self, limit_s: int = LIMIT_S) -> None:
        self._limit_s = limit_s
        self._lock = asyncio.Lock()

    async def read(
        self,
        function: Callable[..., Iterator[object]],
        body: BinaryIO,
        to: BinaryIO,
        **options: str,
    ) -> None:
        """Write as lines what a function of a module yields of the bytes.

        Both are files with a number. Raises ReadError.
        """
        body.seek(0)
        async with self._lock:
            request = (function.__module__, function.__name__, options, self._limit_s)
            status = await self._run(json.dumps(request), body, to)
        to.seek(0)
        if status == UNREADABLE:
            raise ReadError(unpacked(json.loads(to.read())))
        if status:
            raise ReadError(
                "the answer cannot be read within {seconds} seconds and {size} MB",
                seconds=self._limit_s,
                size=MOST_MEMORY // MIB,
            )

    async def _run(self, request: str, body: BinaryIO, to: BinaryIO) -> int:
        others = {name: each for name, each in os.environ.items() if not name.startswith(PREFIX)}
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "app.sandboxed"),
            stdin=body.fileno(),
            stdout=to.fileno(),
            stderr=asyncio.subprocess.DEVNULL,
            env=others | {REQUEST: request},
            start_new_session=True,  # The parent hears Ctrl+C, and ends it.
        )
        try:
            async with asyncio.timeout(self._limit_s + START_S):
                return await process.wait()
        except TimeoutError:
            return -signal.SIGKILL
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
