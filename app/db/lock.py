"""A lock between the tasks of this process and those of others, on a file."""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path


class FileLock:
    """Lets one task of all processes in at a time, in the order in which they asked.

    SQLite's own busy handler sleeps without a queue, so that writers can starve; flock queues.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._tasks = asyncio.Lock()
        # One thread is enough to wait for other processes, and must not be one that others need.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="flock")
        self._waiting: asyncio.Future[int] | None = None
        self._is_awaited = False

    def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)

    @asynccontextmanager
    async def held(self, *, timeout_s: float) -> AsyncIterator[None]:
        """Hold the lock. Raises TimeoutError if it does not come within `timeout_s`."""
        async with asyncio.timeout(timeout_s) as deadline:
            async with self._tasks:
                descriptor = await self._acquire()
                try:
                    deadline.reschedule(None)
                    yield
                finally:
                    os.close(descriptor)

    async def _acquire(self) -> int:
        """Return a descriptor that holds the lock until it is closed."""
        if self._waiting is None:
            # Each turn opens the file anew: closing it gives the lock back, whoever waits.
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return descriptor
            except BlockingIOError:
                loop = asyncio.get_running_loop()
                self._waiting = loop.run_in_executor(self._thread, _lock, descriptor)
        # A cancelled thread would still take the lock, later, for nobody: the next who comes
        # waits for the same turn, and if nobody does, it is given back.
        waiting, self._is_awaited = self._waiting, True
        try:
            descriptor = await asyncio.shield(waiting)
        except asyncio.CancelledError:
            self._is_awaited = False
            waiting.add_done_callback(self._give_back)
            raise
        except OSError:
            self._waiting, self._is_awaited = None, False
            raise
        self._waiting, self._is_awaited = None, False
        return descriptor

    def _give_back(self, waiting: "asyncio.Future[int]") -> None:
        if self._waiting is waiting and not self._is_awaited:
            self._waiting = None
            if not waiting.cancelled() and waiting.exception() is None:
                os.close(waiting.result())


def _lock(descriptor: int) -> int:
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    return descriptor


@contextmanager
def file_lock(path: Path) -> Iterator[None]:
    """Hold the lock in a thread or a program without a loop; waits for as long as it takes."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def file_lock_or_none(path: Path) -> Iterator[bool]:
    """Hold the lock if nobody does; say whether it is held, without waiting."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)
