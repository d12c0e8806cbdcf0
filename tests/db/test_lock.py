"""Locks between tasks and processes."""

import asyncio
import errno
import fcntl
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import pytest
from sqlalchemy import select, text

from app.db.engine import Database, GrantLostError
from app.db.lock import FileLock, file_lock
from app.errors import UnavailableError
from app.models import User
from app.services.posts.users import add_user
from tests.conftest import MakeConfig
from tests.waiting import DEADLINE_S

HOLDER = """
import sys
from pathlib import Path
from app.db.lock import file_lock
with file_lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.readline()
"""

COUNTER = """
import asyncio, sys
from pathlib import Path
from app.db.lock import FileLock

async def main():
    lock, number = FileLock(Path(sys.argv[1])), Path(sys.argv[2])
    async def count():
        async with lock.held(timeout_s=30):
            value = int(number.read_text())
            await asyncio.sleep(0)
            number.write_text(str(value + 1))
    await asyncio.gather(*(count() for _ in range(50)))

asyncio.run(main())
"""


class Holder:
    """Another process that holds the lock until it is told to let go."""

    def __init__(self, path: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", HOLDER, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "held\n"

    def let_go(self) -> None:
        self._process.communicate("\n", timeout=40)
        assert self._process.returncode == 0


async def test_tasks_enter_one_at_a_time_in_the_order_in_which_they_asked(tmp_path: Path) -> None:
    lock = FileLock(tmp_path / "lock")
    inside, order = 0, []

    async def work(number: int) -> None:
        nonlocal inside
        async with lock.held(timeout_s=20):
            inside += 1
            assert inside == 1
            await asyncio.sleep(0)
            order.append(number)
            inside -= 1

    await asyncio.gather(*(work(number) for number in range(20)))
    assert order == list(range(20))


async def enter(lock: FileLock, timeout_s: float = 20) -> str:
    async with lock.held(timeout_s=timeout_s):
        return "entered"


def test_processes_exclude_each_other(tmp_path: Path) -> None:
    number = tmp_path / "number"
    number.write_text("0")
    command = [sys.executable, "-c", COUNTER, str(tmp_path / "lock"), str(number)]
    processes = [subprocess.Popen(command) for _ in range(3)]
    assert [process.wait(40) for process in processes] == [0, 0, 0]
    assert number.read_text() == "150"


async def test_a_cancelled_waiter_never_takes_the_lock(tmp_path: Path) -> None:
    holder = Holder(tmp_path / "lock")
    lock = FileLock(tmp_path / "lock")
    gone = [asyncio.create_task(enter(lock)) for _ in range(3)]
    patient = asyncio.create_task(enter(lock))
    await asyncio.sleep(0)  # All have begun to wait.
    for task in gone:
        task.cancel()
    await asyncio.wait(gone)
    assert all(task.cancelled() for task in gone)
    await asyncio.to_thread(holder.let_go)
    async with asyncio.timeout(40):
        assert await patient == "entered"
        assert await enter(lock) == "entered"
        await asyncio.to_thread(take, tmp_path / "lock")


def take(path: Path) -> None:
    with file_lock(path):
        pass


async def test_a_process_that_asks_again_queues_behind_waiting_ones(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    busy, other = FileLock(path), FileLock(path)
    order = []

    async def enter(name: str, lock: FileLock) -> None:
        async with lock.held(timeout_s=30):
            order.append(name)

    async with busy.held(timeout_s=30):
        waiting = asyncio.create_task(enter("other", other))
        is_free = True
        while is_free:
            await asyncio.sleep(0.01)
            with file_lock(path.with_suffix(".turn"), waits=False) as is_free:
                pass
    await enter("busy", busy)
    await waiting
    assert order == ["other", "busy"]
    busy.close()
    other.close()


async def test_a_file_system_without_locks_counts_as_one_that_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: int) -> NoReturn:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", fail)
    with pytest.raises(UnavailableError):
        async with FileLock(tmp_path / "lock").held(timeout_s=1):
            pass


EXCLUSIVE_HOLDER = """
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
    command = [sys.executable, "-c", EXCLUSIVE_HOLDER]
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
