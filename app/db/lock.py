"""Locks on files and folders, between processes and tasks."""

import asyncio
import contextlib
import fcntl
import glob
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from app.errors import AppError, unwritable
from app.runtime.work_pool import DaemonThread


class FileLock:
    """A lock for one task of all processes, in the order of requests; SQLite's busy handler has no
    queue, so writers can starve.
    """

    # flock wakes a process that waits, but a process that tries again immediately is faster: an
    # import stored several batches while a single post waited. So each process locks a second file
    # first, the turn, and keeps it while it waits for the lock.

    def __init__(self, path: Path) -> None:
        self._path = path
        self._turn = path.with_suffix(".turn")
        self._tasks = asyncio.Lock()
        self._thread: DaemonThread | None = None
        """Thread that waits for other processes; a stop leaves it, as holders may take hours."""

    def close(self) -> None:
        if self._thread is not None:
            self._thread.stop()

    @asynccontextmanager
    async def held(self, *, timeout_s: float) -> AsyncIterator[None]:
        """Hold the lock. Raises TimeoutError after `timeout_s`, and UnavailableError if its files
        cannot be opened.
        """
        async with asyncio.timeout(timeout_s) as deadline:
            async with self._tasks:
                descriptor = await self._acquire()
                try:
                    deadline.reschedule(None)
                    yield
                finally:
                    os.close(descriptor)

    async def _acquire(self) -> int:
        with contextlib.suppress(BlockingIOError):
            return self._locked(fcntl.LOCK_EX | fcntl.LOCK_NB)
        self._thread = self._thread or DaemonThread("flock")
        return await self._thread.obtain(self._locked, fcntl.LOCK_EX, release=os.close)

    def _locked(self, how: int) -> int:
        turn = _open_locked(self._turn, how)
        try:
            # Each holder opens the file itself, so that closing it releases this lock alone.
            return _open_locked(self._path, how)
        finally:
            os.close(turn)


@contextmanager
def file_lock(path: Path, *, is_shared: bool = False, waits: bool = True) -> Iterator[bool]:
    """Lock a folder or file without an event loop, and yield whether that succeeded; with `waits`
    wait without limit.

    A missing file is created. Raises UnavailableError if it cannot be opened.
    """
    how = fcntl.LOCK_SH if is_shared else fcntl.LOCK_EX
    how |= 0 if waits else fcntl.LOCK_NB
    flags = os.O_RDONLY if path.is_dir() else os.O_RDWR | os.O_CREAT
    is_free = False
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(BlockingIOError):
            stack.callback(os.close, _open_locked(path, how, flags))
            is_free = True
        yield is_free


@contextmanager
def temporary_folder(parent: Path, prefix: str) -> Iterator[Path]:
    """Yield this process's folder, locked until it is removed. Raises OSError."""
    remove_abandoned(parent, prefix)
    temporary = TemporaryDirectory(dir=parent, prefix=prefix, ignore_cleanup_errors=True)
    with temporary as name, file_lock(Path(name)):
        yield Path(name)
    remove_abandoned(parent, prefix)  # Once more, if the disk refused for a moment.


def remove_abandoned(parent: Path, prefix: str) -> None:
    """Remove killed processes' temporary folders, which hold no lock."""
    for folder in parent.glob(f"{glob.escape(prefix)}*"):
        # A folder that is still empty may not be locked yet.
        with contextlib.suppress(OSError, AppError):
            if any(folder.iterdir()):
                with file_lock(folder, waits=False) as is_abandoned:
                    if is_abandoned:
                        shutil.rmtree(folder, ignore_errors=True)


def _open_locked(path: Path, how: int, flags: int = os.O_RDWR | os.O_CREAT) -> int:
    try:
        descriptor = os.open(path, flags | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, how)
        except BaseException:
            os.close(descriptor)
            raise
    except BlockingIOError:
        raise
    except OSError as error:  # A file system may become read-only at any time, or have no locks.
        raise unwritable() from error
    return descriptor
