"""Transactions: whole or not at all, one writer at a time, readers of one state."""

import asyncio
import gc
import operator
import os
import traceback
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, func, select, text
from sqlalchemy.exc import DBAPIError

from app.db.engine import Database
from app.errors import UnavailableError
from app.models import Event, PostCount
from app.services.posts.users import add_user, count_users
from tests.conftest import MakeConfig, app_of
from tests.waiting import DEADLINE_S, eventually


@pytest.fixture
async def pair(make_config: MakeConfig) -> AsyncIterator[tuple[Database, Database]]:
    """Two workers' databases on one file."""
    databases = Database(make_config()), Database(make_config())
    yield databases
    for db in databases:
        await db.close()


async def add(db: Database, name: str) -> None:
    async with db.write() as session:
        await add_user(session, name)


async def count(db: Database) -> int:
    async with db.read() as session:
        return await count_users(session)


async def test_an_error_says_nothing_of_the_values_in_a_statement(db: Database) -> None:
    statement = text("INSERT INTO nothing VALUES (:value)").bindparams(value="SECRET".lower())
    async with db.read() as session:
        with pytest.raises(DBAPIError) as caught:
            await session.execute(statement)
    assert "secret" not in "".join(traceback.format_exception(caught.value))


async def test_writers_of_two_workers_at_once_all_commit(pair: tuple[Database, Database]) -> None:
    async def read_then_write(db: Database, name: str) -> None:
        async with db.write() as session:
            before = await count_users(session)
            await asyncio.sleep(0)
            await add_user(session, name)
            assert await count_users(session) == before + 1

    async with asyncio.TaskGroup() as group:
        for number in range(30):
            group.create_task(read_then_write(pair[number % 2], f"u{number}"))
    assert [await count(db) for db in pair] == [30, 30]


async def test_an_exception_rolls_back_and_lets_the_next_in(db: Database) -> None:
    async def fail() -> None:
        async with db.write() as session:
            await add_user(session, "ann")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert await count(db) == 0
    await add(db, "ann")
    assert await count(db) == 1


async def test_a_savepoint_before_all_else_is_rolled_back(db: Database) -> None:
    """SQLAlchemy on plain aiosqlite begins no transaction before it, so its rows would stay."""

    async def fail() -> None:
        async with db.write() as session:
            async with session.begin_nested():
                await add_user(session, "ann")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert await count(db) == 0


@pytest.mark.databases("sqlite")
async def test_a_commit_that_fails_is_told_and_undone(db: Database) -> None:
    async def write() -> None:
        async with db.write() as session:
            await session.execute(text("PRAGMA defer_foreign_keys = ON"))
            await add_user(session, "ann")
            session.add(PostCount(user_id=99, slot=0, lang="", posts=1))

    with pytest.raises(DBAPIError):
        await write()
    await add(db, "bob")
    assert await count(db) == 1


async def test_a_cancelled_writer_leaves_nothing_and_releases_the_lock(
    pair: tuple[Database, Database],
) -> None:
    db, other = pair

    async def write(name: str) -> None:
        async with db.write() as session:
            await add_user(session, name)
            await session.execute(text('SELECT count(*) FROM "Users", "Users" AS u'))

    for turns in range(0, 500, 12):
        before = await count(other)
        task = asyncio.create_task(write(f"u{turns}"))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        made = await count(other) - before
        assert made in ({0, 1} if task.cancelled() else {1})
        async with asyncio.timeout(DEADLINE_S):
            await add(other, f"after{turns}")
            await add(db, f"then{turns}")
        assert await count(other) == before + made + 2, "it went on after its end"
        async with db.read() as session:
            events = await session.scalar(select(func.count(Event.id)))
        assert events == before + made + 2, "an author without an event, or the reverse"


async def test_a_read_sees_one_state_to_its_end(pair: tuple[Database, Database]) -> None:
    db, other = pair
    await add(db, "ann")
    async with db.read() as session:
        assert await count_users(session) == 1
        await add(other, "ben")
        await add(db, "cho")
        assert await count_users(session) == 1
    assert await count(db) == 3


async def test_readers_do_not_wait_for_a_writer(pair: tuple[Database, Database]) -> None:
    async with pair[0].write() as session:
        await add_user(session, "ann")
        async with asyncio.timeout(DEADLINE_S):
            assert await count(pair[1]) == 0
            assert await count(pair[0]) == 0


@contextmanager
def connections_take(db: Database, pragma: str) -> Iterator[None]:
    """Let every connection that is taken from the pool take the pragma."""

    def execute(connection: Any, *_: object) -> None:
        connection.cursor().execute(pragma)

    event.listen(db.engine.sync_engine.pool, "checkout", execute)
    yield
    event.remove(db.engine.sync_engine.pool, "checkout", execute)


@pytest.mark.databases("sqlite")
async def test_a_database_locked_from_outside_is_503(db: Database, make_config: MakeConfig) -> None:
    other = Database(make_config())
    with connections_take(other, "PRAGMA busy_timeout = 20"):
        async with db.engine.connect() as connection:  # Past the queue, as another program would.
            await connection.execute(text("SELECT 1"))
            with pytest.raises(UnavailableError) as caught:
                await add(other, "ann")
    assert caught.value.headers["Retry-After"]
    await other.close()


async def test_writers_beyond_the_time_limit_are_503(
    pair: tuple[Database, Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with pair[0].write() as session:
        await add_user(session, "ann")
        with monkeypatch.context() as patched:  # A free lock may take longer on a busy machine.
            patched.setattr("app.db.engine.WRITE_TIMEOUT_S", 0.05)
            for db in pair:
                with pytest.raises(UnavailableError):
                    await add(db, "ben")
    assert await count(pair[0]) == 1
    await add(pair[1], "cho")


@pytest.mark.databases("sqlite")
async def test_settings_of_the_connections_are_those_promised(make_config: MakeConfig) -> None:
    for durability, synchronous in (("full", 2), ("normal", 1)):
        db = Database(make_config(durability=durability))
        async with db.read() as session:
            values = {
                name: await session.scalar(text(f"PRAGMA {name}"))
                for name in ("journal_mode", "synchronous", "foreign_keys")
            }
        assert values == {"journal_mode": "wal", "synchronous": synchronous, "foreign_keys": 1}
        await db.close()


def open_files() -> set[str]:
    folder = "/proc/self/fd"
    names = set()
    for number in os.listdir(folder):
        try:
            names.add(f"{number} {os.readlink(f'{folder}/{number}')}")
        except FileNotFoundError:
            continue
    return names


@pytest.mark.full
@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="needs /proc")
async def test_fifty_lives_of_an_app_leave_no_files_or_tasks(
    make_config: MakeConfig, tmp_path: Path
) -> None:
    tasks = asyncio.all_tasks()
    for number in range(50):
        async with app_of(make_config()) as app:
            if number % 10 == 0:
                assert (await app.test_client().get("/api/v1/users")).status_code == 200
    # A cancelled statement ends in its thread, some time; other tests may still have files open.
    await eventually(lambda: left_behind(tmp_path, tasks), until=operator.not_)


async def left_behind(
    folder: Path, tasks: set["asyncio.Task[Any]"]
) -> tuple[set[str], set["asyncio.Task[Any]"]] | None:
    """Return the open files below the folder and the tasks that were not there before, if any."""
    gc.collect()
    files = {name for name in open_files() if str(folder) in name}
    others = asyncio.all_tasks() - tasks
    return (files, others) if files or others else None
