"""One process at a time does a kind of work, and none keeps others from it that has died."""

import asyncio
import sys

import pytest
from sqlalchemy import select, text

from app.db.engine import Database, GrantLostError
from app.models import User
from app.services.posts.users import add_user
from tests.conftest import MakeConfig
from tests.waiting import DEADLINE_S

HOLDER = """
import asyncio
from app.config import Config
from app.db.engine import Database

async def main():
    async with Database(Config.from_env()) as db, db.exclusive("work") as grant:
        print("held" if grant else "refused", flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""

END_HOLDER = """
SELECT pg_terminate_backend(pid, 29000) FROM pg_stat_activity
WHERE application_name = 'saywho work' AND datname = current_database()
"""


async def test_a_second_one_is_refused_until_the_first_is_done(db: Database) -> None:
    async with db.exclusive("work") as grant, db.exclusive("work") as refused:
        assert grant is not None
        assert refused is None
        async with db.exclusive("other work") as other:
            assert other is not None
    with pytest.raises(ZeroDivisionError):
        async with db.exclusive("work"):
            raise ZeroDivisionError

    held, left = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        # In turn: a busy server may release the lock a while after its holder has hung up.
        async with db.exclusive_in_turn("work"):
            held.set()
            try:
                await asyncio.Event().wait()
            finally:
                left.set()

    task = asyncio.create_task(work())
    await held.wait()
    task.cancel()
    async with db.exclusive_in_turn("work") as grant:
        # The task itself may end later: the server releases the lock before it hangs up.
        assert left.is_set()
        async with grant.write() as session:
            await add_user(session, "ann")
    await asyncio.gather(task, return_exceptions=True)


async def test_one_of_many_tasks_gets_the_exclusive_lock(db: Database) -> None:
    done = asyncio.Event()

    async def want() -> bool:
        async with db.exclusive("work") as grant:
            if grant is not None:
                await done.wait()
            return grant is not None

    tasks = [asyncio.create_task(want()) for _ in range(5)]
    while sum(task.done() for task in tasks) < 4:
        await asyncio.wait(
            [task for task in tasks if not task.done()], return_when=asyncio.FIRST_COMPLETED
        )
    done.set()
    assert sorted([await task for task in tasks]) == [False] * 4 + [True]


async def test_the_lock_of_a_process_that_is_killed_is_free(make_config: MakeConfig) -> None:
    config = make_config()
    command = [sys.executable, "-c", HOLDER]
    process = await asyncio.create_subprocess_exec(
        *command, env=config.to_env(), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"held\n"
    async with Database(config) as db:
        async with db.exclusive("work") as grant:
            assert grant is None
        process.kill()
        await process.wait()
        async with asyncio.timeout(DEADLINE_S), db.exclusive_in_turn("work"):
            pass


@pytest.mark.databases("postgresql")
async def test_the_writes_of_one_who_lost_it_are_not_stored(db: Database) -> None:
    async with db.exclusive("work") as grant:
        assert grant is not None
        async with grant.write() as session:
            await add_user(session, "in_time")
        async with db.write() as session:
            assert await session.scalar(text(END_HOLDER))
        async with db.exclusive_in_turn("work"):
            with pytest.raises(GrantLostError):
                async with grant.write() as session:
                    await add_user(session, "too_late")
    async with db.read() as session:
        assert list(await session.scalars(select(User.username))) == ["in_time"]
