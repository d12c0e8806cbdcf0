"""SQLite's connection without its thread: each statement runs whole, at a step that the seed gives.

The statements are the program's and the file is real; only when they run, and whether the disk
fails, is decided here.
"""

import asyncio
import functools
import sqlite3
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from app.db.sqlite.connection import BUSY_TIMEOUT_S
from app.db.sqlite.driver import DriverConnection, _end
from tests.trust.loop import SimLoop

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
    name = getattr(function, "__name__", "")
    if name in {"_execute", "_execute_many"}:
        return str(args[0]).lstrip().startswith(MAY_FAIL)
    return name == "commit"


def _is_query(args: tuple[Any, ...]) -> bool:
    return bool(args) and str(args[0]).lstrip().startswith("SELECT")


def _error(message: str, code: int) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError(message)
    error.sqlite_errorcode = code
    return error


class SteppedConnection(DriverConnection):
    """A connection of one process of the simulation."""

    def __init__(self, loop: SimLoop, disk: Disk) -> None:
        super().__init__()
        self._loop = loop
        self._disk = disk
        self._steps: deque[tuple[asyncio.Future[Any], Callable[[], Any]]] = deque()
        self._is_busy = False

    async def open(self, opening: Callable[[], sqlite3.Connection]) -> "SteppedConnection":
        self._connection = await self.run(opening)
        return self

    async def run(self, work: Callable[..., Any], *arguments: Any) -> Any:
        return await self._put(functools.partial(self._disk.run, work, arguments))

    @property
    def is_idle(self) -> bool:
        return not self._is_busy and not self.opened.in_transaction

    def stop(self) -> None:
        if self._connection is not None:
            self._put(functools.partial(_end, self._connection))
            self._connection = None

    async def close(self) -> None:
        self.stop()
        await self._put(lambda: None)

    def break_off(self) -> None:
        """Close the file as a kill does: what is not committed is gone."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _put(self, job: Callable[[], Any]) -> "asyncio.Future[Any]":
        future = self._loop.create_future()
        self._steps.append((future, job))
        if not self._is_busy:
            self._next()
        return future

    def _next(self) -> None:
        self._is_busy = bool(self._steps)
        if self._steps:
            future, job = self._steps.popleft()
            until = self._loop.time() + BUSY_TIMEOUT_S
            self._loop.call_later(self._disk.takes_s(), self._run, future, job, until)

    def _run(self, future: Any, job: Callable[[], Any], until: float) -> None:
        try:
            result, error = job(), None
        except BaseException as raised:
            code = getattr(raised, "sqlite_errorcode", 0) & 0xFF
            if code == sqlite3.SQLITE_BUSY and self._loop.time() < until:
                # The driver would wait for the lock in its thread.
                pause = self._disk.random.uniform(0, 0.1)
                self._loop.call_later(pause, self._run, future, job, until)
                return
            result, error = None, raised
        self._loop.call_soon(_answer, future, result, error)
        self._next()


def _answer(future: Any, result: Any, error: BaseException | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)
