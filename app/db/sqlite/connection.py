"""SQLite's engine, and the one way to open a connection."""

import sqlite3
from pathlib import Path
from typing import Final, cast

from sqlalchemy import Connection, event, exc, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from app.db.sqlite.driver import DriverConnection
from app.db.sqlite.indexes import register
from app.errors import AppError, StorageFullError, UnavailableError, unwritable

POOL_SIZE: Final = 5
POOL_TIMEOUT_S: Final = 30
BUSY_TIMEOUT_S: Final = 15.0
PAGE_CACHE_KB: Final = 8_000
"""Of each connection; the system keeps the file's pages for all of them."""


def database_path(url: str) -> Path:
    """Return the file of an SQLite URL."""
    return Path(make_url(url).database or "")


def open_connection(path: Path, *, timeout_s: float = BUSY_TIMEOUT_S) -> sqlite3.Connection:
    """Open a connection on which only statements begin and end transactions."""
    return sqlite3.connect(path, timeout=timeout_s, isolation_level=None, check_same_thread=False)


def make_engine(url: str, *, synchronous: str = "full", foreign_keys: bool = True) -> AsyncEngine:
    """Return an engine whose transactions begin with IMMEDIATE, or as `sqlite_begin` says.

    With plain BEGIN, a transaction that reads and then writes fails with "database is locked" if
    another one wrote in between; no timeout helps.
    """
    path = database_path(url)

    def connection() -> sqlite3.Connection:
        made = open_connection(path)
        register(made)
        for pragma in (
            "journal_mode = WAL",
            f"synchronous = {synchronous}",
            f"foreign_keys = {'ON' if foreign_keys else 'OFF'}",
            "temp_store = MEMORY",
            f"cache_size = {-PAGE_CACHE_KB}",
        ):
            made.execute(f"PRAGMA {pragma}").close()
        return made

    async def connect() -> DriverConnection:
        return await DriverConnection().open(connection)

    engine = create_async_engine(
        url,
        async_creator=connect,
        pool_size=POOL_SIZE,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT_S,
        hide_parameters=True,  # They hold posts and hashes, which no log may get.
    )

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Connection) -> None:
        mode = connection.get_execution_options().get("sqlite_begin", "IMMEDIATE")
        driver = cast(DriverConnection, connection.connection.driver_connection)
        driver.begin = f"BEGIN {mode}"

    return engine


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
