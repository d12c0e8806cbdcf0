"""SQLite's connections, where their event loop ends before them."""

import asyncio
import sqlite3
import threading
from pathlib import Path

import pytest

from app.db.sqlite import connection
from app.db.sqlite.connection import DriverConnection, Sqlite3Connection, make_engine
from tests.waiting import DEADLINE_S


def test_a_connection_that_opens_after_its_loop_has_closed_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An exception in its thread would be a warning, which is an error here."""
    # Tests on aiosqlite as it comes, which loses such a connection, may run before this one.
    monkeypatch.setattr(connection, "DriverConnection", DriverConnection)
    has_closed = threading.Event()
    closed: list[bool] = []

    class Watched(Sqlite3Connection):
        def close(self) -> None:
            super().close()
            closed.append(True)

    async def give_up() -> None:
        loop, limit = asyncio.get_running_loop(), asyncio.timeout(DEADLINE_S)

        def opened(path: Path) -> sqlite3.Connection:
            loop.call_soon_threadsafe(limit.reschedule, loop.time())  # The time is over.
            assert has_closed.wait(DEADLINE_S)
            return sqlite3.connect(
                path, isolation_level=None, check_same_thread=False, factory=Watched
            )

        engine = make_engine(f"sqlite+aiosqlite:///{tmp_path / 'posts.db'}", opened=opened)
        with pytest.raises(TimeoutError):
            async with limit, engine.connect():
                pass

    before = {*threading.enumerate()}
    asyncio.run(give_up())
    (thread,) = {*threading.enumerate()} - before
    has_closed.set()
    thread.join(DEADLINE_S)
    assert (thread.is_alive(), closed) == (False, [True])
