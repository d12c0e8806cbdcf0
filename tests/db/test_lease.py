"""One process at a time has the lease, and none keeps it that has died."""

import asyncio
import os

import pytest
from sqlalchemy import select, update

from app.db.engine import Database
from app.db.lease import DEAD_AFTER_S, Lease, LeaseLostError
from app.models import LeaseRow, User
from app.services.posts.users import add_user
from tests.waiting import eventually


async def row(db: Database) -> LeaseRow:
    async with db.read() as session:
        return (await session.scalars(select(LeaseRow))).one()


@pytest.mark.databases("sqlite")
async def test_a_holder_that_cannot_release_is_cancelled_all_the_same(db: Database) -> None:
    held = asyncio.Event()

    async def work() -> None:
        async with Lease(db, "work").held():
            held.set()
            await asyncio.Event().wait()

    working = asyncio.create_task(work())
    await held.wait()
    # No lock can be acquired where a folder has the place of its file.
    turn = f"{db.engine.url.database}.turn"
    os.unlink(turn)
    os.mkdir(turn)
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working
    os.rmdir(turn)


async def test_a_second_one_is_refused_until_the_first_is_done(db: Database) -> None:
    first, second = Lease(db, "work"), Lease(db, "work")
    async with first.held() as grant, second.held() as refused:
        assert grant is not None
        assert refused is None
    assert (await row(db)).holder is None
    async with second.held() as grant:
        assert grant is not None
        assert (await row(db)).epoch == 2


async def test_different_work_has_different_leases(db: Database) -> None:
    async with Lease(db, "one").held() as one, Lease(db, "other").held() as other:
        assert one is not None
        assert other is not None


async def test_of_many_who_want_it_at_once_one_gets_it(db: Database) -> None:
    done = asyncio.Event()

    async def want() -> bool:
        async with Lease(db, "work").held() as grant:
            if grant is not None:
                await done.wait()
            return grant is not None

    tasks = [asyncio.create_task(want()) for _ in range(5)]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    while sum(task.done() for task in tasks) < 4:
        await asyncio.wait(
            [task for task in tasks if not task.done()], return_when=asyncio.FIRST_COMPLETED
        )
    done.set()
    assert sorted([await task for task in tasks]) == [False] * 4 + [True]


async def test_it_is_given_back_when_the_work_fails_or_is_cancelled(db: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        async with Lease(db, "work").held():
            raise ZeroDivisionError
    assert (await row(db)).holder is None

    async def work() -> None:
        async with Lease(db, "work").held():
            await asyncio.Event().wait()

    task = asyncio.create_task(work())
    await eventually(lambda: row(db), until=lambda seen: seen.holder)
    task.cancel()
    await asyncio.wait([task])
    assert (await row(db)).holder is None


@pytest.mark.parametrize("lost", ["epoch", "holder"])
async def test_the_writes_of_one_who_lost_it_are_not_stored(db: Database, lost: str) -> None:
    """After a failover, another holder may have the same epoch."""
    async with Lease(db, "work").held() as grant:
        assert grant is not None
        async with grant.write() as session:
            await add_user(session, "in_time")
        async with db.write() as session:
            lease = await session.get_one(LeaseRow, "work")
            lease.epoch += lost == "epoch"
            lease.holder = "another"
        with pytest.raises(LeaseLostError):
            async with grant.write() as session:
                await add_user(session, "too_late")
    async with db.read() as session:
        assert list(await session.scalars(select(User.username))) == ["in_time"]
        # Giving back what one has lost takes nothing from the new holder.
        assert (await session.get_one(LeaseRow, "work")).holder is not None


async def test_the_beat_of_a_holder_changes(db: Database) -> None:
    async with Lease(db, "work").held():
        await eventually(lambda: row(db), until=lambda seen: seen.beat > 0)


async def test_a_holder_is_replaced_once_its_beat_has_not_changed_for_four_seconds(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0
    monkeypatch.setattr("app.db.lease.monotonic", lambda: now)
    async with db.write() as session:
        session.add(LeaseRow(name="work", holder="another", epoch=1, beat=0))
    lease = Lease(db, "work")

    async def acquires() -> bool:
        async with lease.held() as grant:
            return grant is not None

    for _ in range(3):
        assert not await acquires()
        now += DEAD_AFTER_S - 0.1
        assert not await acquires()
        async with db.write() as session:
            await session.execute(update(LeaseRow).values(beat=LeaseRow.beat + 1))
    assert not await acquires()
    now += DEAD_AFTER_S + 0.1
    assert await acquires()
