"""SQLite's engine: how connections are opened, transactions begin, and errors are told apart."""

import asyncio
import sqlite3
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, event, exc, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from app.db.sqlite.connection import OneTripConnection
from app.db.sqlite.words import register
from app.errors import AppError, StorageFullError, UnavailableError

POOL_SIZE: Final = 5
POOL_TIMEOUT_S: Final = 30
RETRY_AFTER: Final = {"Retry-After": "1"}


def database_path(url: str) -> Path:
    """Return the file of an SQLite URL."""
    return Path(make_url(url).database or "")


def make_engine(url: str, *, synchronous: str = "full", foreign_keys: bool = True) -> AsyncEngine:
    """Return an engine whose transactions begin with IMMEDIATE, or as `sqlite_begin` says.

    With plain BEGIN, a unit that reads and then writes fails with "database is locked" as soon
    as another one wrote in between; no timeout helps.
    """
    path = database_path(url)
    engine = create_async_engine(
        url,
        async_creator=lambda: _connect(path),
        pool_size=POOL_SIZE,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT_S,
    )

    @event.listens_for(engine.sync_engine, "connect")
    def set_pragmas(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # The driver would emit BEGIN of its own.
        register(connection)
        cursor = connection.cursor()
        # The timeout comes first: the switch to WAL itself can meet a lock.
        cursor.execute("PRAGMA busy_timeout = 15000")
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute(f"PRAGMA synchronous = {synchronous}")
        cursor.execute(f"PRAGMA foreign_keys = {'ON' if foreign_keys else 'OFF'}")
        cursor.execute("PRAGMA temp_store = MEMORY")
        cursor.execute("PRAGMA cache_size = -16000")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Connection) -> None:
        mode = connection.get_execution_options().get("sqlite_begin", "IMMEDIATE")
        connection.exec_driver_sql(f"BEGIN {mode}")

    return engine


def roll_back_cancelled(engine: AsyncEngine) -> set[asyncio.Task[None]]:
    """Roll back connections that a cancelled statement gave up; return what is under way."""
    rollbacks: set[asyncio.Task[None]] = set()

    @event.listens_for(engine.sync_engine, "invalidate")
    def roll_back(connection: Any, _record: object, _error: object) -> None:
        # A connection whose statement was cancelled is closed, but SQLite keeps it, with its
        # transaction and the write lock, until the cursor is collected as garbage. The task
        # begins before the close does, and ends whoever is cancelled.
        task = asyncio.get_running_loop().create_task(connection.driver_connection.rollback())
        rollbacks.add(task)
        task.add_done_callback(rollbacks.discard)

    return rollbacks


async def _connect(path: Path) -> OneTripConnection:
    """Open a connection; one that is given up while it opens is closed before this returns.

    The driver would leave its thread behind, which fails once the loop has ended.
    """

    async def connect() -> OneTripConnection:
        await connection
        return connection

    connection = OneTripConnection(path)
    opening = asyncio.ensure_future(connect())
    try:
        return await asyncio.shield(opening)
    except asyncio.CancelledError:
        await (await opening).close()
        raise


def as_app_error(error: BaseException) -> AppError | None:
    """Return ours for the driver's errors that a caller can act on."""
    if not isinstance(error, exc.OperationalError):
        return None
    code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return StorageFullError("The disk is full; nothing was stored")
    if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return UnavailableError("The database is busy; try again soon", headers=RETRY_AFTER)
    if code in {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR}:
        return UnavailableError(
            "The database cannot be written or read at the moment", headers={"Retry-After": "30"}
        )
    return None
