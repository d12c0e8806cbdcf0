"""aiosqlite's connection, with one trip to its thread for each statement.

SQLAlchemy makes a cursor, executes, fetches and closes, each a trip there and back that waits for
both threads to be woken; a small query is done in less time than one of them.
"""

import asyncio
import sqlite3
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import aiosqlite

FETCHED_AT_ONCE: Final = 2_000
"""Rows that come with the execution; a result of more is read on as it is asked for."""

Row = tuple[Any, ...]


class OneTripConnection(aiosqlite.Connection):
    """A connection that is not open before it is awaited."""

    def __init__(self, path: Path) -> None:
        def connect() -> sqlite3.Connection:
            return sqlite3.connect(path, check_same_thread=False)

        super().__init__(connect, iter_chunk_size=64)
        self._asked = self._done = 0
        """Trips; each is counted by one thread only, also those whose caller was cancelled."""
        self._thread.daemon = True  # As SQLAlchemy does: a program that fails still ends.
        self._stopped: asyncio.Future[Any] | None = None

    def cursor(self) -> "Cursor":  # type: ignore[override]
        """Return a cursor; nothing is done yet."""
        return Cursor(self)

    async def rollback(self) -> None:
        """Roll back; SQLAlchemy does once more when a session is over, which needs no trip."""
        if self._done != self._asked or self.in_transaction:
            await super().rollback()

    def stop(self) -> "asyncio.Future[Any] | None":
        """Let the thread end, once: who asked a thread that has ended would wait for ever.

        SQLAlchemy stops a connection whose closing is cancelled; the closing goes on all the same.
        """
        if self._stopped is None:
            self._stopped = super().stop()
        return self._stopped

    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        def work() -> Any:
            try:
                return fn(*args, **kwargs)
            finally:
                self._done += 1

        self._asked += 1
        return await super()._execute(work)  # type: ignore[no-untyped-call]

    async def in_thread(self, work: Callable[..., None], *arguments: Any) -> None:
        """Do something in the thread that alone uses the connection."""
        await self._execute(work, *arguments)


class Cursor:
    """What SQLAlchemy uses of a cursor."""

    def __init__(self, connection: OneTripConnection) -> None:
        self._connection = connection
        self._rows: deque[Row] = deque()
        self._rest: sqlite3.Cursor | None = None
        """Has the rows that were not fetched yet."""
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self.arraysize = 1

    async def __aenter__(self) -> "Cursor":
        return self

    async def execute(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        await self.close()
        await self._connection.in_thread(self._execute, sql, parameters)

    async def executemany(self, sql: str, parameters: Iterable[Sequence[Any]]) -> None:
        await self.close()
        await self._connection.in_thread(self._execute_many, sql, parameters)

    async def fetchone(self) -> Row | None:
        rows = await self.fetchmany(1)
        return rows[0] if rows else None

    async def fetchmany(self, size: int | None = None) -> list[Row]:
        size = self.arraysize if size is None else size
        if len(self._rows) < size and self._rest is not None:
            await self._connection.in_thread(self._fetch, max(size, FETCHED_AT_ONCE))
        return [self._rows.popleft() for _ in range(min(size, len(self._rows)))]

    async def fetchall(self) -> Iterable[Row]:
        if self._rest is not None:
            await self._connection.in_thread(self._fetch, None)
        rows, self._rows = self._rows, deque()
        return rows

    async def close(self) -> None:
        if self._rest is not None:
            await self._connection.in_thread(self._rest.close)
            self._rest = None
        self._rows.clear()

    # What follows runs in the connection's thread.

    def _execute(self, sql: str, parameters: Sequence[Any]) -> None:
        self._rest = self._connection._conn.execute(sql, parameters)
        self.description = self._rest.description
        self._fetch(FETCHED_AT_ONCE)

    def _execute_many(self, sql: str, parameters: Iterable[Sequence[Any]]) -> None:
        cursor = self._connection._conn.executemany(sql, parameters)
        self.rowcount = cursor.rowcount
        cursor.close()

    def _fetch(self, count: int | None) -> None:
        if (cursor := self._rest) is None:
            return
        rows = cursor.fetchall() if count is None else cursor.fetchmany(count)
        self._rows.extend(rows)
        self.rowcount, self.lastrowid = cursor.rowcount, cursor.lastrowid
        if count is None or len(rows) < count:
            cursor.close()
            self._rest = None
