"""SQLite's connection without its thread: each statement runs whole, at a step that the seed gives.

The statements are the program's and the file is real; only when they run, and whether the disk
fails, is decided here.
"""

import sqlite3
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Final

from app.db.sqlite.connection import BUSY_TIMEOUT_S, OneTripConnection, open_connection
from tests.trust.loop import Process, SimLoop

MAY_FAIL: Final = ("INSERT", "UPDATE", "DELETE", "SELECT", "BEGIN IMMEDIATE")
QUICK_S: Final = 0.002
SLOW_S: Final = (0.5, 5.0, 40.0)
"""Seconds that a slow statement takes: within every limit, near one, and beyond all."""


@dataclass(slots=True)
class Disk:
    """What happens to statements, by chances between 0 and 1."""

    random: Random
    failing: float = 0.0
    """Of a statement, and of a commit."""
    slow: float = 0.0

    def takes_s(self) -> float:
        if self.random.random() < self.slow:
            return self.random.choice(SLOW_S)
        return self.random.uniform(0, QUICK_S)

    def run(self, function: Callable[..., Any], args: tuple[Any, ...]) -> Any:
        """Run a function of the connection's thread, or fail.

        A commit that fails has rolled back, as SQLite does, or its outcome is not known.
        """
        if not _may_fail(function, args) or self.random.random() >= self.failing:
            return function(*args)
        is_full = not _is_query(args) and self.random.random() < 0.5
        if function.__name__ == "commit":
            (function.__self__.rollback if is_full else function)()  # type: ignore[attr-defined]
        if is_full:
            raise _error("database or disk is full", sqlite3.SQLITE_FULL)
        raise _error("disk I/O error", sqlite3.SQLITE_IOERR)


def _may_fail(function: Callable[..., Any], args: tuple[Any, ...]) -> bool:
    if function.__name__ in {"_execute", "_execute_many"}:
        return str(args[0]).lstrip().startswith(MAY_FAIL)
    return function.__name__ == "commit"


def _is_query(args: tuple[Any, ...]) -> bool:
    return bool(args) and str(args[0]).lstrip().startswith("SELECT")


def _error(message: str, code: int) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError(message)
    error.sqlite_errorcode = code
    return error


class _Steps:
    """Stands for the thread and for its queue."""

    def __init__(self, connection: "SteppedConnection", loop: SimLoop, disk: Disk) -> None:
        self._connection = connection
        self._loop = loop
        self._disk = disk
        self._jobs: deque[tuple[Any, Callable[[], Any]]] = deque()
        self._is_busy = False
        self.daemon = True

    def start(self) -> None:
        """Begin as a thread does; there is nothing to begin."""

    def put_nowait(self, job: tuple[Any, Callable[[], Any]]) -> None:
        self._jobs.append(job)
        if not self._is_busy:
            self._next()

    def _next(self) -> None:
        self._is_busy = bool(self._jobs)
        if self._jobs:
            future, function = self._jobs.popleft()
            until = self._loop.time() + BUSY_TIMEOUT_S
            self._loop.call_later(self._disk.takes_s(), self._run, future, function, until)

    def _run(self, future: Any, function: Callable[[], Any], until: float) -> None:
        try:
            result, error = function(), None
        except BaseException as raised:
            code = getattr(raised, "sqlite_errorcode", 0) & 0xFF
            if code == sqlite3.SQLITE_BUSY and self._loop.time() < until:
                # The driver would wait for the lock in its thread.
                self._connection._done -= 1
                pause = self._disk.random.uniform(0, 0.1)
                self._loop.call_later(pause, self._run, future, function, until)
                return
            result, error = None, raised
        if future is not None:
            self._loop.call_soon(_answer, future, result, error)
        self._next()


def _answer(future: Any, result: Any, error: BaseException | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)


class SteppedConnection(OneTripConnection):
    """A connection of one process of the simulation."""

    opened: "list[SteppedConnection]"
    process: Process

    def __init__(self, path: Path, loop: SimLoop, disk: Disk) -> None:
        super().__init__(path)
        self._disk = disk
        self._connector = self._open_file(path)
        self._thread = self._tx = _Steps(self, loop, disk)  # type: ignore[assignment]

    @staticmethod
    def _open_file(path: Path) -> Callable[[], sqlite3.Connection]:
        return lambda: open_connection(path, timeout_s=0.0)

    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        assert not kwargs or fn.__name__ == "create_function"
        if kwargs:
            return await super()._execute(fn, *args, **kwargs)
        return await super()._execute(self._disk.run, fn, args)

    def break_off(self) -> None:
        """Close the file as a kill does: what is not committed is gone."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
