"""SQLite's engine on aiosqlite, with one trip to a connection's thread for a statement."""

# For a statement, SQLAlchemy makes a cursor, executes, fetches and closes. aiosqlite makes a trip
# to the connection's thread for each, and a cold read takes a sixth more processor time. So this
# file alone uses protected names of aiosqlite, whose minor version pyproject.toml pins.
# ruff: noqa: SLF001

import asyncio
import contextlib
import sqlite3
import weakref
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Thread
from typing import Any, Final, Self

import aiosqlite
from aiosqlite import core
from sqlalchemy import Connection, PoolProxiedConnection, exc, make_url, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from app.db.one_chat import views
from app.db.sqlite.fts5 import register
from app.errors import AppError, UnavailableError, database_busy, storage_full, unwritable


def database_path(url: str) -> Path:
    return Path(make_url(url).database or "")


def open_connection(path: Path, *, timeout_s: float = 15.0) -> sqlite3.Connection:
    """Open a connection on which only statements begin and end transactions."""
    return sqlite3.connect(
        path,
        timeout=timeout_s,
        isolation_level=None,
        check_same_thread=False,
        factory=Sqlite3Connection,
    )


def open_read_only(path: Path) -> sqlite3.Connection:
    """Open a file to read it; without a log it gets no files beside it."""
    # If it has a log, SQLite reads an immutable file without it.
    has_log = path.with_name(f"{path.name}-wal").exists()
    uri = f"{path.absolute().as_uri()}?mode=ro{'' if has_log else '&immutable=1'}"
    return sqlite3.connect(
        uri, isolation_level=None, check_same_thread=False, uri=True, factory=Sqlite3Connection
    )


_SHOW_CHAT: Final = text('UPDATE temp."ShownChat" SET room_id = :room_id')
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
    """Return an engine whose transactions begin with IMMEDIATE, unless `begin_with` said otherwise.

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

    def connect() -> aiosqlite.Connection:
        return DriverConnection(connection, iter_chunk_size=64)

    engine = create_async_engine(
        url,
        async_creator=connect,
        pool_size=5 if of_chats else 8,
        max_overflow=0,
        pool_use_lifo=True,  # Rarely needed connections cache few pages.
        hide_parameters=True,  # Posts and hashes must not reach the log.
    )
    dialect: Any = engine.dialect
    dialect.supports_server_side_cursors = False  # A statement has fetched all its rows.
    # Events of the engine would take a tenth of a request's calls: a listener to one makes
    # SQLAlchemy look for those to all, at each statement.
    is_disconnect = dialect.is_disconnect

    def is_lost(error: Any, *where: Any) -> bool:
        """Drop all connections, too, as any opened on a read-only disk never writes."""
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        return code == sqlite3.SQLITE_READONLY or bool(is_disconnect(error, *where))

    dialect.do_begin, dialect.is_disconnect = begin_with, is_lost
    return engine


def begin_with(connection: PoolProxiedConnection, mode: str = "IMMEDIATE") -> None:
    """Let the connection begin its transaction so, together with its first statement."""
    driver: Any = connection.driver_connection
    driver.only_reads = mode == "DEFERRED"
    driver._conn.begin = f"BEGIN {mode}"


def begin_read(connection: Connection, room_id: int | None) -> None:
    begin_with(connection.connection, "DEFERRED")
    if room_id is not None:
        connection.execute(_SHOW_CHAT, {"room_id": room_id})


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


class Sqlite3Connection(sqlite3.Connection):
    """A connection that rolls back when it closes, and can begin with a statement."""

    begin = ""
    """Statement that begins a transaction, in one trip with the next statement."""

    def cursor(self) -> "Sqlite3Cursor":  # type: ignore[override]
        return Sqlite3Cursor(self)

    def rollback(self) -> None:
        self.begin = ""
        super().rollback()

    def close(self) -> None:
        # Without the rollback, SQLite keeps a closed connection's transaction and write lock until
        # the cursor of a cancelled statement is collected as garbage.
        self.rollback()
        super().close()


class Sqlite3Cursor(sqlite3.Cursor):
    connection: Sqlite3Connection

    def execute(self, sql: str, parameters: Any = ()) -> Self:
        self._begin()
        return super().execute(sql, parameters)

    def executemany(self, sql: str, parameters: Any) -> Self:
        self._begin()
        return super().executemany(sql, parameters)

    def _begin(self) -> None:
        begin, self.connection.begin = self.connection.begin, ""
        if begin:
            super().execute(begin)


def _work(
    calls: core._TxQueue,
    opened: Sequence[sqlite3.Connection],
    driver: "weakref.ref[DriverConnection]",
) -> None:
    """Make the calls of a connection in its thread.

    aiosqlite's own loop logs each call, and ends with the first result that cannot be delivered: a
    call that was cancelled may end after the event loop has closed. The calls behind it close the
    connection.
    """
    has_ended = False
    while not has_ended:
        future, call = calls.get()
        deliver: Callable[[Any, Any], None] = core.set_result
        try:
            result: Any = call()
        except BaseException as error:
            result, deliver = error, core.set_exception
        has_ended = result is core._STOP_RUNNING_SENTINEL
        try:
            if future:
                future.get_loop().call_soon_threadsafe(deliver, future, result)
        except RuntimeError:
            connection = driver()
            has_ended |= connection is None or (not connection._running and calls.empty())
            del connection
        del future, call, result  # An error holds the frames of its callers.
    for each in opened:
        with contextlib.suppress(sqlite3.ProgrammingError):  # It is closed, as usual.
            each.close()


class DriverConnection(aiosqlite.Connection):
    """A connection whose cursors make one trip for a statement."""

    only_reads = False
    """Whether the transaction writes nothing, so that its end waits for no disk."""
    _is_busy = False
    """Whether a call is under way, or its end was not seen: its caller may have been cancelled."""

    def __init__(self, connector: Callable[[], sqlite3.Connection], **options: Any) -> None:
        opened = list[sqlite3.Connection]()

        def connect() -> sqlite3.Connection:
            opened.append(connector())
            return opened[0]

        super().__init__(connect, **options)
        # The end of the program does not wait for a daemon.
        self._thread = Thread(target=_work, args=(self._tx, opened, weakref.ref(self)), daemon=True)

    async def _connect(self) -> Self:
        opening = asyncio.ensure_future(super()._connect())
        try:
            await asyncio.shield(opening)
        except asyncio.CancelledError:
            opening.add_done_callback(lambda _: self.stop())  # It closes what has been opened.
            raise
        return self

    def cursor(self) -> "DriverCursor":  # type: ignore[override]
        return DriverCursor(self, self._conn.cursor())

    async def _execute(self, fn: Callable[..., Any], *args: Any, **named: Any) -> Any:
        self._is_busy = True
        try:
            result = await super()._execute(fn, *args, **named)  # type: ignore[no-untyped-call]
        except asyncio.CancelledError:
            # Whoever stopped waiting would wait for its end, and others for the connection.
            if self.only_reads:
                with contextlib.suppress(sqlite3.ProgrammingError):  # It is being closed.
                    self._conn.interrupt()
            raise
        self._is_busy = False
        return result

    async def rollback(self) -> None:
        """Roll back, with a trip only for what was written or may still be under way."""
        if self._is_busy or (self._conn.in_transaction and not self.only_reads):
            await super().rollback()
        else:
            self._conn.rollback()


class DriverCursor(aiosqlite.Cursor):
    """A cursor that fetches all rows with its statement, after which there is nothing to close."""

    _conn: DriverConnection
    _rows: Sequence[Any] = ()

    async def execute(self, sql: str, parameters: Any = ()) -> Self:
        await self._conn._execute(self._run, "execute", sql, parameters)
        return self

    async def executemany(self, sql: str, parameters: Any) -> Self:
        await self._conn._execute(self._run, "executemany", sql, parameters)
        return self

    def _run(self, method: str, sql: str, parameters: Any) -> None:
        self._rows = getattr(self._cursor, method)(sql, parameters).fetchall()

    async def fetchall(self) -> Sequence[Any]:
        return self._rows

    async def close(self) -> None:
        self._rows = ()
