"""Portraits, years and figures take turns, one at a time, so that all else finds a connection."""

import asyncio

import pytest
from quart import Quart

from app.errors import UnavailableError
from app.lifespan import LONG_QUERY, LONG_READS, LONG_SEARCHES
from app.runtime import work_pool
from app.runtime.work_pool import Turns
from tests.browsing import parts_of
from tests.chats import import_chat, said, telegram
from tests.conftest import Client

LONG = (
    "/room/1/portrait?tz={zone}",
    "/room/1/portrait/picture.png?tz={zone}",
    "/api/v1/rooms/1/portrait?tz={zone}",
    "/user/ann/portrait?tz={zone}",
    "/user/ann/portrait/picture.png?tz={zone}",
    "/api/v1/users/ann/portrait?tz={zone}",
    "/api/v1/users/ann/archive?tz={zone}",
    "/user/ann/2024?tz={zone}",
    "/dashboard/table/timeline?tz={zone}",
)
ZONES = ("Asia/Seoul", "Europe/London")
WORDS = "+".join(["harbour"] * (LONG_QUERY // 7))
LONG_SEARCH = (
    f"/search?q={WORDS}",
    f"/api/v1/search?q={WORDS}",
    f"/room/1?q={WORDS}",
    f"/api/v1/rooms/1/messages?q={WORDS}",
)


@pytest.mark.databases("sqlite", "postgresql")
async def test_searches_and_pages_pass_by_those_that_wait_for_a_turn(
    app: Quart, anybody: Client
) -> None:
    parts = parts_of(app)
    await import_chat(parts.db, telegram(7, "a chat", *said(["ann", "bo"], times=30)))
    are_free, taken = asyncio.Event(), asyncio.Semaphore(0)

    async def hold(turns: Turns) -> None:
        async with turns.turn():
            taken.release()
            await are_free.wait()

    held = [parts.long_reads] * LONG_READS + [parts.long_searches] * LONG_SEARCHES
    holders = [asyncio.create_task(hold(turns)) for turns in held]
    for _ in holders:
        await taken.acquire()
    paths = [path.format(zone=zone) for path in LONG for zone in ZONES]
    waiting = [asyncio.create_task(anybody.get(path)) for path in (*paths, *LONG_SEARCH)]
    try:
        async with asyncio.timeout(60):
            for path in ("/search?q=ann", "/api/v1/tweets/1", "/room/1?view=newest", "/"):
                assert (await anybody.get(path)).status_code == 200
        assert not any(request.done() for request in waiting)
    finally:
        are_free.set()
    answers = await asyncio.gather(*waiting)
    assert {answer.status_code for answer in answers} == {200}
    await asyncio.gather(*holders)


async def test_turn_is_given_back_and_refused_where_too_many_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(work_pool, "MOST_WAITING", 1)
    turns, order = Turns(1), list[str]()

    async def wait(name: str) -> None:
        async with turns.turn():
            order.append(name)

    async with turns.turn():
        cancelled = asyncio.create_task(wait("cancelled"))
        await asyncio.sleep(0)
        with pytest.raises(UnavailableError):
            await wait("refused")
        cancelled.cancel()
        await asyncio.gather(cancelled, return_exceptions=True)
        waiting = asyncio.create_task(wait("waiting"))
        await asyncio.sleep(0)
        assert order == []
    await waiting
    await wait("next")
    assert order == ["waiting", "next"]


async def test_turn_that_does_not_come_is_an_overload(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work_pool, "LONGEST_WAIT_S", 0.01)
    turns = Turns(1)
    async with turns.turn():
        with pytest.raises(UnavailableError):
            async with turns.turn():
                raise AssertionError
    async with turns.turn():
        pass
