"""The follower of the log: it hears of every commit, of any process, once and in order."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Sequence
from functools import cache

import pytest
from sqlalchemy import text

from app.db.engine import Database
from app.db.feed import Change, Feed
from app.errors import ConflictError
from app.services.posts.users import add_user
from tests.conftest import MakeConfig
from tests.waiting import eventually

DEADLINE_S = 40


class Listener:
    """Keeps the events that it hears of."""

    def __init__(self, feed: Feed) -> None:
        self.feed = feed
        self.heard: list[Change] = []
        self._news = asyncio.Event()
        self.feed.subscribe(self._hear)

    def _hear(self, changes: Sequence[Change]) -> None:
        self.heard += changes
        self._news.set()

    async def until(self, count: int) -> None:
        async with asyncio.timeout(DEADLINE_S):
            while len(self.heard) < count:
                self._news.clear()
                await self._news.wait()


async def add(db: Database, *names: str) -> None:
    async with db.write() as session:
        for name in names:
            await add_user(session, name)


async def test_a_commit_is_heard_of_by_the_next_question(db: Database) -> None:
    await add(db, "before")
    listener = Listener(await db.open_feed())
    with pytest.raises(ConflictError):
        await add(db, "rolled_back", "ROLLED_BACK")
    await add(db, "a", "b")
    assert await listener.feed.catch_up()
    assert await listener.feed.catch_up()
    assert [change.kind for change in listener.heard] == ["user.created", "user.created"]
    assert listener.feed.newest == listener.heard[-1].id
    await listener.feed.close()


async def test_a_commit_of_another_process_is_heard_of_by_a_question_of_a_later_turn(
    db: Database, make_config: MakeConfig
) -> None:
    if db.backend.is_shared:
        pytest.skip("there, others' commits are seen after a while")
    listener = Listener(await db.open_feed())
    async with Database(make_config()) as other:
        for number in range(6):
            # Questions of one turn of the loop share a look.
            assert all([await listener.feed.catch_up() for _ in range(3)])
            await add(other, f"author{number}")
            if number % 2:  # Also after the log of pages was emptied.
                assert await other.backend.clear_log()
            assert await listener.feed.catch_up()
            assert len(listener.heard) == number + 1
            if number % 3:
                assert await db.backend.clear_log()
                assert await listener.feed.catch_up()
    await listener.feed.close()


async def test_a_file_system_that_shows_no_mapped_memory_hides_no_commit(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    if db.backend.is_shared:
        pytest.skip("there, no memory of other processes is read")
    listener = Listener(await db.open_feed())
    monkeypatch.setattr("os.pread", cache(os.pread))  # What was read first is read forever.
    assert await listener.feed.look()
    await add(db, "a")
    assert await listener.feed.look()
    assert len(listener.heard) == 1
    await add(db, "b")
    assert listener.feed.catch_up_at_once()
    assert len(listener.heard) == 2
    await listener.feed.close()


async def test_writers_at_once_are_heard_of_in_the_order_of_their_commits(
    db: Database, make_config: MakeConfig
) -> None:
    listener, other = Listener(await db.open_feed()), Database(make_config())
    following = asyncio.create_task(listener.feed.run())
    await asyncio.gather(
        *(
            add(each, f"{place}-{number}")
            for number in range(20)
            for place, each in (("here", db), ("there", other))
        )
    )
    await listener.until(40)
    ids = [change.id for change in listener.heard]
    assert ids == sorted(set(ids))
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    await listener.feed.close()
    await other.close()


@pytest.mark.databases("postgresql")
@pytest.mark.parametrize("behind_after_s", [3_600, 0])
async def test_a_log_that_cannot_be_read_is_an_error_only_if_that_lasts(
    db: Database,
    behind_after_s: float,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    if not db.backend.is_shared:
        pytest.skip("there, no reader waits for a writer")
    monkeypatch.setattr("app.db.feed.BEHIND_AFTER_S", behind_after_s)
    monkeypatch.setattr("app.db.postgresql.feed.LOOK_TIMEOUT_S", 0.2)
    listener = Listener(await db.open_feed())
    following = asyncio.create_task(listener.feed.run())

    async def told() -> list[str]:
        return [each.getMessage() for each in caplog.records if each.name == "app.db.feed"]

    async with db.write() as session:
        await session.execute(text('LOCK TABLE "Event" IN ACCESS EXCLUSIVE MODE'))
        assert not await listener.feed.look()
        assert not await listener.feed.look()
        if not behind_after_s:
            assert "no answer in time" in (await eventually(told))[0]
    await add(db, "after")
    await listener.until(1)
    if behind_after_s:
        assert await told() == []
    else:
        (_, again) = await eventually(told, until=lambda lines: len(lines) > 1)
        assert again == "the log can be read again"
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    await listener.feed.close()


async def test_a_commit_of_another_process_is_heard_of_without_a_question(
    db: Database, make_config: MakeConfig
) -> None:
    listener = Listener(await db.open_feed())
    following = asyncio.create_task(listener.feed.run())
    program = "from app.cli import main; main()"
    await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", program, "user", "add", "멀리"],
        env=make_config().to_env(),
        check=True,
        capture_output=True,
    )
    await listener.until(1)
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    await listener.feed.close()
