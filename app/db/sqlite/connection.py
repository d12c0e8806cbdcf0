"""SQLite's engine, and connections with a thread each, without aiosqlite."""

# For a statement, SQLAlchemy makes a cursor, executes, fetches and closes. With aiosqlite each of
# these is a trip to the connection's thread and back, which takes longer than a small query and a
# quarter more processor time for a cold read. Here each statement is one trip.

import asyncio
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar, cast

from sqlalchemy import Connection, ExceptionContext, event, exc, make_url, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from app.db.one_chat import views
from app.db.sqlite.fts5 import register
from app.errors import AppError, UnavailableError, database_busy, storage_full, unwritable
from app.runtime.work_pool import DaemonThread

Row = tuple[Any, ...]
Result = TypeVar("Result")


def database_path(url: str) -> Path:
    return Path(make_url(url).database or "")


def open_connection(path: Path, *, timeout_s: float = 15.0) -> sqlite3.Connection:
    """Open a connection on which only statements begin and end transactions."""
    return sqlite3.connect(path, timeout=timeout_s, isolation_level=None, check_same_thread=False)


def open_read_only(path: Path) -> sqlite3.Connection:
    """Open a file to read it; without a log it gets no files beside it."""
    # If it has a log, SQLite reads an immutable file without it.
    has_log = path.with_name(f"{path.name}-wal").exists()
    uri = f"{path.absolute().as_uri()}?mode=ro{'' if has_log else '&immutable=1'}"
    return sqlite3.connect(uri, isolation_level=None, check_same_thread=False, uri=True)


SHOW_CHAT: Final = text('UPDATE temp."ShownChat" SET room_id = :room_id')
"""Statement that makes a chat visible on a connection `of_chats`."""


def _show_chats_only(connection: sqlite3.Connection) -> None:
    room, unix = '(SELECT room_id FROM temp."ShownChat")', "CAST(strftime('%s', created_at) AS INT)"
    # Without a hint, SQLite takes a chat for ten messages, and reads all for a post with an ID.
    is_post_here = f"likelihood(room_id = {room}, 0.001)"
    for statement in (
        'CREATE TEMPORARY TABLE "ShownChat" (room_id INTEGER)',
        'INSERT INTO temp."ShownChat" VALUES (NULL)',
        *views(base="main.", room=room, unix=unix, is_post_here=is_post_here),
    ):
        connection.execute(statement).close()


def make_engine(
    url: str,
    *,
    synchronous: str = "full",
    foreign_keys: bool = True,
    of_chats: bool = False,
    opened: Callable[[Path], sqlite3.Connection] = open_connection,
) -> AsyncEngine:
    """Return an engine whose transactions begin with IMMEDIATE, or the option `sqlite_begin`.

    of_chats: its transactions read of one chat at a time (`app/db/one_chat.py`).

    After plain BEGIN, reading and then writing fails with "database is locked" if another
    transaction wrote in between; no timeout helps.
    """
    path = database_path(url)

    def connection() -> sqlite3.Connection:
        made = opened(path)
        register(made)
        for pragma in (
            "journal_mode = WAL",
            f"synchronous = {synchronous}",
            f"foreign_keys = {'ON' if foreign_keys else 'OFF'}",
            "temp_store = MEMORY",
            "secure_delete = ON",  # Some builds leave the bytes of deleted rows in the file.
            # KB; the system caches the file's pages for all connections.
            f"cache_size = {-2000 if of_chats else -8000}",
        ):
            made.execute(f"PRAGMA {pragma}").close()
        if of_chats:
            _show_chats_only(made)
        return made

    async def connect() -> DriverConnection:
        return await DriverConnection().open(connection)

    engine = create_async_engine(
        url,
        async_creator=connect,
        pool_size=5,
        max_overflow=0,
        pool_use_lifo=True,  # Rarely needed connections cache few pages.
        hide_parameters=True,  # Posts and hashes must not reach the log.
    )

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Connection) -> None:
        mode = connection.get_execution_options().get("sqlite_begin", "IMMEDIATE")
        driver = cast(DriverConnection, connection.connection.driver_connection)
        driver.begin = f"BEGIN {mode}"

    @event.listens_for(engine.sync_engine, "handle_error")
    def forget_read_only(context: ExceptionContext) -> None:
        """Drop all connections, as any opened on a read-only disk never writes."""
        code = getattr(context.original_exception, "sqlite_errorcode", 0) & 0xFF
        if code == sqlite3.SQLITE_READONLY:
            context.is_disconnect = True

    return engine


def as_app_error(error: BaseException) -> AppError | None:
    if not isinstance(error, exc.DatabaseError):
        return None
    code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return storage_full()
    if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return database_busy()
    if code in {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR}:
        return unwritable()
    if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
        return UnavailableError(
            "The database file is damaged; the operator must restore a backup", retry_after_s=30
        )
    return None


class DriverConnection:
    """A connection whose work runs in one thread, in order."""

    def __init__(self) -> None:
        self.begin = ""
        """Statement that begins a transaction, together with the first statement."""
        self._connection: sqlite3.Connection | None = None
        """The open connection, whose name SQLAlchemy reads, too."""
        self._thread = DaemonThread("sqlite")
        self._last: Future[Any] | None = None
        """The newest work, which ends after all earlier work."""

    async def open(self, opening: Callable[[], sqlite3.Connection]) -> "DriverConnection":
        try:
            closing = sqlite3.Connection.close
            self._connection = await self._thread.obtain(opening, release=closing)
        except BaseException:
            self._thread.stop()
            raise
        return self

    def _submit(self, work: Callable[..., Result], *arguments: Any) -> Future[Result]:
        self._last = future = self._thread.submit(work, *arguments)
        return future

    async def run(self, work: Callable[..., Result], *arguments: Any) -> Result:
        """Return work's result from the thread; begun work ignores cancellation."""
        return await asyncio.wrap_future(self._submit(work, *arguments))

    @property
    def opened(self) -> sqlite3.Connection:
        """The open connection, for its thread. Raises sqlite3.OperationalError."""
        if self._connection is None:
            # SQLAlchemy recognises these words, and replaces the connection.
            raise sqlite3.OperationalError("connection closed")
        return self._connection

    async def create_function(self, *arguments: Any, **options: Any) -> None:
        await self.run(partial(self.opened.create_function, *arguments, **options))

    def cursor(self) -> "DriverCursor":
        return DriverCursor(self)

    async def commit(self) -> None:
        self.begin = ""
        await self.run(self.opened.commit)

    async def rollback(self) -> None:
        """Roll back, without a trip if nothing is open: SQLAlchemy does so twice."""
        self.begin = ""
        if self._connection is None:
            return
        if self._connection.in_transaction or (self._last is not None and not self._last.done()):
            await self.run(self._connection.rollback)

    async def close(self) -> None:
        """Close the connection after its work, and end the thread."""
        self.stop()
        if self._last is not None:
            await asyncio.shield(asyncio.wrap_future(self._last))

    def stop(self) -> None:
        if self._connection is not None:
            self._submit(_end, self._connection)
            self._thread.stop()
            self._connection = None


def _end(connection: sqlite3.Connection) -> None:
    # Without the rollback, SQLite keeps a closed connection's transaction and write lock until the
    # cursor of a cancelled statement is collected as garbage.
    connection.rollback()
    connection.close()


class DriverCursor:
    """The part of a cursor that SQLAlchemy uses, with all rows fetched."""

    arraysize = 1

    def __init__(self, connection: DriverConnection) -> None:
        self._connection = connection
        self._rows: list[Row] = []
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None

    async def __aenter__(self) -> "DriverCursor":
        return self

    async def execute(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        await self._connection.run(self._run, sqlite3.Connection.execute, sql, parameters)

    async def executemany(self, sql: str, parameters: Iterable[Sequence[Any]]) -> None:
        await self._connection.run(self._run, sqlite3.Connection.executemany, sql, parameters)

    async def fetchall(self) -> list[Row]:
        return self._rows

    async def close(self) -> None:
        self._rows = []

    def _run(self, execute: Callable[..., sqlite3.Cursor], sql: str, parameters: Any) -> None:
        begin, self._connection.begin = self._connection.begin, ""
        if begin:
            self._connection.opened.execute(begin)
        cursor = execute(self._connection.opened, sql, parameters)
        self.description = cursor.description
        self._rows = cursor.fetchall()
        self.rowcount, self.lastrowid = cursor.rowcount, cursor.lastrowid
        cursor.close()
