"""Reading of strangers' data in a process that can be killed and has limited memory.

A regular expression may need hours, and holds the interpreter even in a thread. So a fresh process
without settings and database reads each response of another host: it runs this module, reads
standard input, and writes a line of JSON for each value.
"""

import asyncio
import importlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, redirect_stdout
from tempfile import TemporaryFile
from typing import BinaryIO, Final

import msgspec

from app.errors import AppError, InvalidInputError, message_of, packed, unpacked
from app.runtime.processes import run_child
from saywho.clock import monotonic
from saywho.processes import be_nice, begin_child, limited_memory
from saywho.sizes import MIB

LIMIT_S: Final = 10
"""Seconds of processor time that reading may take by default."""
MOST_MEMORY: Final = 256 * MIB
"""Bytes that reading may take by default, besides the program itself."""
MOST_BYTES: Final = 8 * MIB
REQUEST: Final = "READ"
"""Environment variable with the function, its options, memory and time, unseen by other users."""
UNREADABLE: Final = 3
"""Exit status if a reason stands in place of the values."""


class ReadError(InvalidInputError):
    """The data of a stranger cannot be read."""


class Sandbox:
    def __init__(self, limit_s: float = LIMIT_S, most_memory: int = MOST_MEMORY) -> None:
        self._limit_s = limit_s
        self._most_memory = most_memory
        self._lock = asyncio.Lock()

    @asynccontextmanager
    async def read(
        self,
        function: Callable[..., Iterator[object]],
        body: BinaryIO,
        on_read: Callable[[float], None] = lambda _: None,
        /,
        **options: str,
    ) -> AsyncIterator[BinaryIO]:
        """Return as lines the values that a module's function yields for the bytes of a file.

        `on_read` gets the seconds of reading, also after a failure. Raises ReadError.
        """
        body.seek(0)
        with TemporaryFile() as lines:
            streams = body.fileno(), lines.fileno(), asyncio.subprocess.DEVNULL
            settings = self._settings(function, options)
            try:
                async with self._turn():
                    began = monotonic()
                    try:
                        status = await run_child(__name__, settings=settings, streams=streams)
                    finally:
                        on_read(monotonic() - began)
            except TimeoutError:
                status = -signal.SIGKILL
            lines.seek(0)
            if status:
                raise self._failure(status, lines.read())
            yield lines

    def _settings(
        self, function: Callable[..., object], options: Mapping[str, str]
    ) -> dict[str, str]:
        limits = self._most_memory, self._limit_s
        request = json.dumps((function.__module__, function.__name__, options, *limits))
        return {REQUEST: request}

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        # On a busy machine, the process may take 20 s to start.
        async with self._lock, asyncio.timeout(self._limit_s + 20):
            yield

    def _failure(self, status: int, lines: bytes) -> ReadError:
        if status == UNREADABLE:
            return ReadError(unpacked(json.loads(lines)))
        return ReadError(
            "reading the response takes more than {seconds} seconds or {size} MB of memory",
            seconds=self._limit_s,
            size=self._most_memory // MIB,
        )


def main() -> None:
    begin_child()
    be_nice()
    request = os.environ[REQUEST]
    *_, most_memory, limit_s = json.loads(request)
    # Its signal kills the process. Waiting for a core does not count: the parent bears 20 s of it.
    signal.setitimer(signal.ITIMER_PROF, limit_s)
    lines = sys.stdout.buffer
    # A format that was brought along may print.
    with limited_memory(most_memory), redirect_stdout(sys.stderr):
        sys.exit(answer(request, sys.stdin.buffer, lines))


def answer(request: str, body: BinaryIO, lines: BinaryIO) -> int:
    """Write the values, or the reason why there are no values; return the exit status."""
    module, name, options, *_ = json.loads(request)
    function = getattr(importlib.import_module(module), name)
    size = 0
    try:
        for value in function(body.read(), **options):
            line = encoded(value) + b"\n"
            size += len(line)
            if size > MOST_BYTES:
                raise ReadError("the response is too large to read")
            lines.write(line)
    except Exception as error:
        reason = type(error).__name__
        unexpected = ReadError("the response cannot be read ({reason})", reason=reason)
        message = message_of(error if isinstance(error, AppError) else unexpected)
        if lines.seekable():
            lines.seek(0)
            lines.truncate()
        lines.write(json.dumps(packed(message), default=str).encode())
        return UNREADABLE
    return 0


def encoded(value: object) -> bytes:
    """Return a value as JSON without lone surrogates."""
    plain = msgspec.to_builtins(value, enc_hook=str)
    return json.dumps(plain, ensure_ascii=False).encode(errors="ignore")


if __name__ == "__main__":
    main()
