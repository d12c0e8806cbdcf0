"""A lock between the tasks of this process and those of others, on a file."""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path


class FileLock:
    """Lets one task of all processes in at a time, in the order in which they asked.

    SQLite's own busy handler sleeps without a queue, so that writers can starve; flock queues.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._tasks = asyncio.Lock()

    @asynccontextmanager
    async def held(self, *, timeout_s: float) -> AsyncIterator[None]:
        """Hold the lock. Raises TimeoutError if it does not come within `timeout_s`."""
        async with asyncio.timeout(timeout_s) as deadline:
            async with self._tasks:
                # Each turn opens the file anew: closing it gives the lock back, whoever waits.
                descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
                await _lock(descriptor)
                try:
                    deadline.reschedule(None)
                    yield
                finally:
                    os.close(descriptor)


async def _lock(descriptor: int) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return
    except BlockingIOError:
        pass
    waiting = asyncio.ensure_future(asyncio.to_thread(fcntl.flock, descriptor, fcntl.LOCK_EX))
    try:
        # A cancelled thread would still take the lock, later, for nobody.
        await asyncio.shield(waiting)
    except asyncio.CancelledError:
        waiting.add_done_callback(lambda _: os.close(descriptor))
        raise


@contextmanager
def file_lock(path: Path) -> Iterator[None]:
    """Hold the lock in a thread or a program without a loop; waits for as long as it takes."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
