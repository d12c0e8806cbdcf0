"""SQLite's connections, where their event loop ends before them, or their reader gives up."""

import asyncio
import sqlite3
import threading
from functools import partial
from pathlib import Path
from typing import Any

import aiosqlite
import pytest
from sqlalchemy import text

from app.db.engine import Database
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


@pytest.mark.timeout(4 * DEADLINE_S)  # A statement that is not interrupted never ends.
@pytest.mark.databases("sqlite")
async def test_who_stops_waiting_for_a_reading_statement_frees_its_connection(db: Database) -> None:
    if connection.DriverConnection is aiosqlite.Connection:
        pytest.skip("as it comes, aiosqlite waits for the statement")
    loop = asyncio.get_running_loop()

    async def read(begun: asyncio.Event) -> None:
        async with db.read() as session:
            raw = await (await session.connection()).get_raw_connection()
            driver: Any = raw.driver_connection
            tell = partial(loop.call_soon_threadsafe, begun.set)
            await driver.create_function("begun", 0, lambda: tell() and None)
            await session.execute(
                text(
                    "WITH RECURSIVE n(x) AS (SELECT begun() UNION ALL SELECT x FROM n)"
                    " SELECT count(*) FROM n"
                )
            )

    for _ in range(2):
        begun = [asyncio.Event() for _ in range(8)]
        reads = [asyncio.create_task(read(event)) for event in begun]
        for event in begun:
            await event.wait()
        for each in reads:
            each.cancel()
        ended = await asyncio.gather(*reads, return_exceptions=True)
        assert [type(each) for each in ended] == [asyncio.CancelledError] * 8
        async with db.read() as session:
            assert await session.scalar(text("SELECT 1")) == 1
    async with db.write() as session:
        assert await session.scalar(text("SELECT 1")) == 1
