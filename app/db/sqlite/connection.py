"""SQLite's engine, and the one way to open a connection.

SQLAlchemy makes a cursor, executes, fetches and closes. With aiosqlite each of these is a trip to
the connection's thread and back, which waits for both threads to wake; a small query takes less
time than one trip. Here each statement is one trip.
"""

import asyncio
import sqlite3
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final, cast

import aiosqlite
from sqlalchemy import Connection, event, exc, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from app.db.sqlite.words import register
from app.errors import AppError, StorageFullError, UnavailableError, unwritable
from app.tasks import opened

POOL_SIZE: Final = 5
POOL_TIMEOUT_S: Final = 30
BUSY_TIMEOUT_S: Final = 15.0
FETCHED_AT_ONCE: Final = 2_000
"""Rows fetched together with the execution; the rest of a larger result is fetched on demand."""

Row = tuple[Any, ...]


def database_path(url: str) -> Path:
    """Return the file of an SQLite URL."""
    return Path(make_url(url).database or "")


def open_connection(path: Path, *, timeout_s: float = BUSY_TIMEOUT_S) -> sqlite3.Connection:
    """Open a connection on which only statements begin and end transactions."""
    return sqlite3.connect(path, timeout=timeout_s, isolation_level=None, check_same_thread=False)


class OneTripConnection(aiosqlite.Connection):
    """A connection with a thread of its own; it opens when it is awaited."""

    def __init__(self, path: Path) -> None:
        super().__init__(lambda: open_connection(path), iter_chunk_size=64)
        self._asked = self._done = 0
        """Trips begun and ended; each is counted by one thread, cancelled ones included."""
        self._thread.daemon = True  # As SQLAlchemy does: a program that fails still ends.
        self._stopped: asyncio.Future[Any] | None = None
        self.begin = ""
        """The statement that begins a transaction, to be run in the trip of the first of it."""

    def cursor(self) -> "OneTripCursor":  # type: ignore[override]
        return OneTripCursor(self)

    async def rollback(self) -> None:
        """Roll back; the second rollback of SQLAlchemy, after a session, needs no trip."""
        self.begin = ""
        if self._done != self._asked or self.in_transaction:
            await super().rollback()

    async def commit(self) -> None:
        self.begin = ""
        await super().commit()

    def stop(self) -> "asyncio.Future[Any] | None":
        """End the thread, once: a caller would wait for ever for a thread that has ended.

        SQLAlchemy stops a connection whose close is cancelled, while the close continues.
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


class OneTripCursor:
    """The part of a cursor that SQLAlchemy uses."""

    def __init__(self, connection: OneTripConnection) -> None:
        self._connection = connection
        self._rows: deque[Row] = deque()
        self._rest: sqlite3.Cursor | None = None
        """Has the rows that are not fetched yet."""
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self.arraysize = 1

    async def __aenter__(self) -> "OneTripCursor":
        return self

    async def execute(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        await self.close()
        await self._connection._execute(self._execute, sql, parameters)

    async def executemany(self, sql: str, parameters: Iterable[Sequence[Any]]) -> None:
        await self.close()
        await self._connection._execute(self._execute_many, sql, parameters)

    async def fetchone(self) -> Row | None:
        rows = await self.fetchmany(1)
        return rows[0] if rows else None

    async def fetchmany(self, size: int | None = None) -> list[Row]:
        size = self.arraysize if size is None else size
        if len(self._rows) < size and self._rest is not None:
            await self._connection._execute(self._fetch, max(size, FETCHED_AT_ONCE))
        return [self._rows.popleft() for _ in range(min(size, len(self._rows)))]

    async def fetchall(self) -> Iterable[Row]:
        if self._rest is not None:
            await self._connection._execute(self._fetch, None)
        rows, self._rows = self._rows, deque()
        return rows

    async def close(self) -> None:
        if self._rest is not None:
            await self._connection._execute(self._rest.close)
            self._rest = None
        self._rows.clear()

    # The methods below run in the connection's thread.

    def _begin(self) -> None:
        begin, self._connection.begin = self._connection.begin, ""
        if begin:
            self._connection._conn.execute(begin)

    def _execute(self, sql: str, parameters: Sequence[Any]) -> None:
        self._begin()
        self._rest = self._connection._conn.execute(sql, parameters)
        self.description = self._rest.description
        self._fetch(FETCHED_AT_ONCE)

    def _execute_many(self, sql: str, parameters: Iterable[Sequence[Any]]) -> None:
        self._begin()
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


def make_engine(url: str, *, synchronous: str = "full", foreign_keys: bool = True) -> AsyncEngine:
    """Return an engine whose transactions begin with IMMEDIATE, or as `sqlite_begin` says.

    With plain BEGIN, a transaction that reads and then writes fails with "database is locked" if
    another one wrote in between; no timeout helps.
    """
    path = database_path(url)
    engine = create_async_engine(
        url,
        async_creator=lambda: _connect(path),
        pool_size=POOL_SIZE,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT_S,
        hide_parameters=True,  # They hold posts and hashes, which no log may get.
    )

    @event.listens_for(engine.sync_engine, "connect")
    def set_pragmas(connection: Any, _record: object) -> None:
        register(connection)
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute(f"PRAGMA synchronous = {synchronous}")
        cursor.execute(f"PRAGMA foreign_keys = {'ON' if foreign_keys else 'OFF'}")
        cursor.execute("PRAGMA temp_store = MEMORY")
        cursor.execute("PRAGMA cache_size = -16000")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Connection) -> None:
        mode = connection.get_execution_options().get("sqlite_begin", "IMMEDIATE")
        driver = cast(OneTripConnection, connection.connection.driver_connection)
        driver.begin = f"BEGIN {mode}"

    return engine


def roll_back_cancelled(engine: AsyncEngine) -> set[asyncio.Task[None]]:
    """Roll back connections whose statement was cancelled; return the rollbacks under way."""
    rollbacks: set[asyncio.Task[None]] = set()

    @event.listens_for(engine.sync_engine, "invalidate")
    def roll_back(connection: Any, _record: object, _error: object) -> None:
        # A connection whose statement was cancelled is closed, but SQLite keeps it, with its
        # transaction and the write lock, until the cursor is collected as garbage. The task
        # begins before the close does, and is not cancelled with its caller.
        task = asyncio.get_running_loop().create_task(connection.driver_connection.rollback())
        rollbacks.add(task)
        task.add_done_callback(rollbacks.discard)

    return rollbacks


async def _connect(path: Path) -> OneTripConnection:
    """Open a connection. The driver would leave the thread of a cancelled one behind."""

    async def connect() -> OneTripConnection:
        return cast(OneTripConnection, await OneTripConnection(path))

    return await opened(connect(), lambda made: made.close())


def as_app_error(error: BaseException) -> AppError | None:
    """Return the app's error for a driver's error that a caller can act on."""
    if not isinstance(error, exc.OperationalError):
        return None
    code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return StorageFullError("The disk is full; nothing was stored")
    if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return UnavailableError("The database is busy; try again soon")
    if code in {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR}:
        return unwritable()
    return None
