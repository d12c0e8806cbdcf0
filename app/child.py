"""A process that reads what strangers wrote: it can be killed, and its memory is limited.

A regular expression may need hours, and holds the interpreter meanwhile, in a thread too. So what
other hosts send is read here. The process is a fresh one and no fork, since its parent has threads;
it has neither the settings nor the database. It ends by itself when it is idle, has failed, has
become large, or its parent has ended.

A request is two frames: one names a function, its options and its time, the other holds the bytes
to be read. The answer is a frame for each value that the function yields, an empty one, and one
with the failure.
"""

import asyncio
import contextlib
import importlib
import json
import os
import resource
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final

import msgspec

from app.config import PREFIX
from app.errors import AppError, InvalidInputError, Message, message_of

LIMIT_S: Final = 10
"""Seconds that reading may take; then the process is killed."""
START_S: Final = 20.0
"""Seconds to start the process, on a busy machine."""
IDLE_S: Final = 30.0
"""Seconds without a request after which the process ends."""
MIB: Final = 1024 * 1024
MOST_MEMORY: Final = 256 * MIB
"""Bytes that reading may take, beside the program itself."""
LARGE: Final = 64 * MIB
"""Bytes that the process may hold between two requests."""
MOST_BYTES: Final = 8 * MIB
"""Bytes of an answer."""
STEP_BYTES: Final = 64 * 1024
"""Bytes that are sent in one step of the event loop."""
NICENESS: Final = 5


class ReadError(InvalidInputError):
    """What a stranger wrote cannot be read."""


class Child:
    """Runs functions on bytes in the process, one at a time."""

    def __init__(self, limit_s: int = LIMIT_S) -> None:
        self._limit_s = limit_s
        self._process: asyncio.subprocess.Process | None = None
        self._killed: asyncio.subprocess.Process | None = None
        self._lock = asyncio.Lock()
        self._end: asyncio.TimerHandle | None = None

    async def read(self, function: str, body: BinaryIO, to: BinaryIO, **options: str) -> list[int]:
        """Write as JSON what a function, named like `app.formats:read`, yields of the bytes.

        Returns the size of each value. Neither side is ever in memory as a whole. Raises ReadError.
        """
        async with self._lock:
            if self._end is not None:
                self._end.cancel()
            is_well = False
            try:
                async with asyncio.timeout(self._limit_s + START_S):
                    sizes, failure, is_well = await self._ask(function, body, to, options)
            except (TimeoutError, OSError, EOFError) as error:
                raise ReadError(
                    "the answer cannot be read within {seconds} seconds and {size} MB",
                    seconds=self._limit_s,
                    size=MOST_MEMORY // MIB,
                ) from error
            finally:
                if not is_well:
                    self._kill()
                self._end = asyncio.get_running_loop().call_later(IDLE_S, self._kill)
        if failure:
            template, values = failure
            raise ReadError(Message(template, **values))
        return sizes

    async def _ask(
        self, function: str, body: BinaryIO, to: BinaryIO, options: dict[str, str]
    ) -> tuple[list[int], Any, bool]:
        if self._process is None:
            self._process = await _started()
        requests, answers = self._process.stdin, self._process.stdout
        if requests is None or answers is None:
            raise EOFError
        request = json.dumps((function, options, self._limit_s)).encode()
        requests.write(len(request).to_bytes(4) + request)
        requests.write(body.seek(0, os.SEEK_END).to_bytes(4))
        body.seek(0)
        while part := body.read(STEP_BYTES):
            requests.write(part)
            await requests.drain()
        await requests.drain()
        sizes: list[int] = []
        while frame := await _frame(answers):
            sizes.append(to.write(frame))
            if to.tell() > MOST_BYTES:
                raise ReadError("the answer holds more than can be read")
        failure, is_well = json.loads(await _frame(answers))
        return sizes, failure, is_well

    def _kill(self) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            self._process, self._killed = None, self._process

    async def close(self) -> None:
        """End the process, and wait until it has ended."""
        if self._end is not None:
            self._end.cancel()
        self._kill()
        if self._killed is not None:
            await self._killed.wait()


async def _started() -> asyncio.subprocess.Process:
    environment = {name: each for name, each in os.environ.items() if not name.startswith(PREFIX)}
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", __name__),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=environment,
        start_new_session=True,  # The parent hears Ctrl+C, and ends it.
    )


async def _frame(stream: asyncio.StreamReader) -> bytes:
    return await stream.readexactly(int.from_bytes(await stream.readexactly(4)))


def main() -> None:
    """Answer requests until the parent ends or one has failed."""
    # uvloop starts a process with all inheritable files open, the server's sockets too.
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    os.nice(NICENESS)
    is_well = True
    with contextlib.suppress(EOFError, BrokenPipeError):
        while is_well:
            is_well = _answer(sys.stdin.buffer, sys.stdout.buffer)


def _answer(requests: BinaryIO, answers: BinaryIO) -> bool:
    """Answer one request; return whether the process is fit for another."""
    name, options, limit_s = json.loads(_received(requests))
    body = _received(requests)
    module, _, attribute = name.partition(":")
    function = getattr(importlib.import_module(module), attribute)
    failure = None
    with _limits(limit_s):
        try:
            for value in function(body, **options):
                _send(answers, _encoded(value))
        except AppError as error:
            failure = message_of(error)
        except Exception as error:
            name = type(error).__name__
            failure = message_of(ReadError("the answer cannot be read ({reason})", reason=name))
        is_well = failure is None and _memory(place=1) < LARGE
        reason = failure and (failure.template, {**failure.values})
        _send(answers, b"")
        _send(answers, json.dumps((reason, is_well), default=str).encode())
    return is_well


@contextlib.contextmanager
def _limits(limit_s: int) -> Iterator[None]:
    """Kill the process if the block takes too long, and deny it too much memory."""
    if sys.platform == "linux":
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (_memory(place=0) + MOST_MEMORY, hard))
    signal.alarm(limit_s)
    yield
    signal.alarm(0)


def _memory(*, place: int) -> int:
    """Return the bytes that are mapped (place 0) or resident (1); 0 where nobody says."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[place]) * resource.getpagesize()
    except OSError:
        return 0


def _received(stream: BinaryIO) -> bytes:
    size = stream.read(4)
    data = stream.read(int.from_bytes(size))
    if len(size) < 4 or len(data) < int.from_bytes(size):
        raise EOFError
    return data


def _send(stream: BinaryIO, frame: bytes) -> None:
    stream.write(len(frame).to_bytes(4) + frame)
    stream.flush()


def _encoded(value: object) -> bytes:
    try:
        return msgspec.json.encode(value, enc_hook=str)
    except UnicodeEncodeError:  # Half a surrogate pair, which is dropped.
        plain = msgspec.to_builtins(value, enc_hook=str, builtin_types=())
        return json.dumps(plain, ensure_ascii=False).encode(errors="ignore")


if __name__ == "__main__":
    main()
