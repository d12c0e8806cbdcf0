"""Portraits, years and figures take turns, one at a time, so that all else finds a connection."""

import asyncio
import threading

import pytest
from quart import Quart
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import Sessions
from app.db.engine import MOST_IN_BACKGROUND
from app.errors import UnavailableError
from app.lifespan import LONG_QUERY, LONG_READS, LONG_SEARCHES
from app.runtime import work_pool
from app.runtime.work_pool import MOST_PENDING, POOL_THREADS, Turns, WorkPool
from app.services import maintenance
from app.services.compare.quiz_questions import is_playable
from app.services.maintenance import Job, Maintenance
from app.services.snapshots import Snapshots
from tests.browsing import body, parts_of
from tests.chats import import_chat, said, telegram
from tests.conftest import NDJSON, Client
from tests.parts.mcp.assistants import Plain, switch
from tests.posting import post
from tests.uploading import jsonl
from tests.waiting import eventually, settle

LONG = (
    "/room/1?tz={zone}",
    "/room/1/portrait/picture.png?tz={zone}",
    "/api/v1/rooms/1/portrait?tz={zone}",
    "/user/ann?tz={zone}",
    "/user/ann/portrait/picture.png?tz={zone}",
    "/api/v1/users/ann/portrait?tz={zone}",
    "/api/v1/users/ann/archive?tz={zone}",
    "/user/ann/2024?tz={zone}",
    "/dashboard/table/timeline?tz={zone}",
)
LONG_TOOLS = (
    ("chat", {"chat": 1}),
    ("person", {"person": "A1"}),
    ("person", {"person": "A1", "chat": 1}),
    ("archive", {"person": "A1", "chat": 1}),
    ("archive", {"chat": 1}),
    ("count", {"words": "harbour"}),
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
    app: Quart, anybody: Client, monkeypatch: pytest.MonkeyPatch
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
    await switch(app, "letters")
    assistant = Plain(anybody)
    for tool, arguments in LONG_TOOLS:
        message = assistant.message("tools/call", name=tool, arguments=arguments)
        waiting.append(asyncio.create_task(assistant.send(message)))
    try:
        monkeypatch.setattr(Snapshots, "part_s", 0.05)  # The page says what it lacks.
        async with asyncio.timeout(60):
            for path in ("/search?q=ann", "/api/v1/tweets/1", "/room/1?view=newest", "/"):
                assert (await anybody.get(path)).status_code == 200
        assert not any(request.done() for request in waiting)
    finally:
        are_free.set()
    assert {answer.status_code for answer in await asyncio.gather(*waiting)} == {200}
    await asyncio.gather(*holders)


@pytest.mark.databases("sqlite", "postgresql")
async def test_maintenance_leaves_connections_to_requests(
    app: Quart, anybody: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(maintenance, "REST_S", 0.0)
    await import_chat(parts_of(app).db, telegram(7, "a chat", *said(["ann", "bo"], times=30)))
    are_free, begun = asyncio.Event(), asyncio.Semaphore(0)

    async def hold(session: AsyncSession) -> None:
        await is_playable(session)
        begun.release()
        await are_free.wait()

    async def work(db: Sessions) -> None:
        async with db.read() as session:
            await hold(session)

    due = [Job(f"held {number}", is_playable, work) for number in range(4)]
    looked_at = [Job(f"looked at {number}", hold, work) for number in range(8)]
    working = asyncio.create_task(Maintenance(parts_of(app).db, due + looked_at).run())
    try:
        async with asyncio.timeout(60):
            for _ in range(MOST_IN_BACKGROUND):
                await begun.acquire()
            paths = "/", "/search?q=ann", "/room/1?view=newest", "/api/v1/tweets/1"
            answers = await asyncio.gather(*(anybody.get(path) for path in 3 * paths))
        assert {answer.status_code for answer in answers} == {200}
        assert begun.locked()
    finally:
        are_free.set()
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)


@pytest.mark.databases("sqlite", "postgresql")
async def test_short_work_waits_for_no_long_work(
    app: Quart, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(maintenance, "REST_S", 0.0)
    await import_chat(parts_of(app).db, telegram(7, "a chat", *said(["ann", "bo"], times=30)))
    done, begun = asyncio.Semaphore(0), asyncio.Semaphore(0)

    async def count(db: Sessions) -> None:
        async with db.read() as session:
            await is_playable(session)
            begun.release()
            await asyncio.Event().wait()

    async def delete(db: Sessions) -> None:
        async with db.read() as session:
            await is_playable(session)
        done.release()

    long = [Job(f"long {n}", is_playable, count, is_long=True) for n in range(MOST_IN_BACKGROUND)]
    short = Job("short", is_playable, delete)
    working = asyncio.create_task(Maintenance(parts_of(app).db, [*long, short]).run())
    try:
        async with asyncio.timeout(60):
            for _ in range(MOST_IN_BACKGROUND - 1):
                await begun.acquire()
            for _ in range(30):  # Meanwhile all long work would have begun.
                await done.acquire()
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)


async def test_the_front_page_waits_for_no_thread(
    app: Quart, anybody: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thread that is late, among counts that go on, delays what may be left out alone."""
    words = {"ann": "tide crossing pilot", "bo": "stairs gallery clock"}
    for name, text in words.items():
        long = [f"{text}, so long {number}. " * 300 for number in range(3)]
        await post(parts_of(app).db, name, *(f"{text} {n}, {text}" for n in range(25)), *long)
    await settle(app)

    async def shown() -> str:
        answer = await anybody.get("/", status=200)
        return await body(answer)

    def is_whole(page: str) -> bool:
        return 'id="shown-heading"' in page

    await eventually(shown, until=is_whole)
    are_free, threads = threading.Event(), 40
    loop = asyncio.get_running_loop()
    held = [loop.run_in_executor(None, are_free.wait) for _ in range(threads)]
    try:
        monkeypatch.setattr(Snapshots, "part_s", 0.05)
        await post(parts_of(app).db, "ann", "one post more")
        async with asyncio.timeout(60):
            page = await shown()
        assert not is_whole(page)
        assert "saywho is counting" in page
    finally:
        are_free.set()
    assert await asyncio.gather(*held) == [True] * threads
    await eventually(shown, until=is_whole)


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


LONG_TEXT = "the harbour at noon, and the boats come in. " * 200


async def test_searches_and_comparisons_do_not_wait_for_slow_work(
    app: Quart, anybody: Client, writer: Client
) -> None:
    for name in ("ann", "bo"):
        await post(parts_of(app).db, name, *(f"{LONG_TEXT} {name} {number}" for number in range(5)))
    pool, is_over = parts_of(app).work_pool, threading.Event()
    slow = [asyncio.create_task(pool.run(is_over.wait)) for _ in range(POOL_THREADS)]
    lines = jsonl({"username": "cy", "text": "a post"})
    behind = [
        asyncio.create_task(request)
        for request in (
            writer.post("/api/v1/tweets", data=lines, headers=NDJSON),
            anybody.get("/api/v1/export?format=csv"),
            anybody.get("/compare/picture.png?text=the+boats+come+in&lang=en"),
            anybody.get("/user/ann/portrait/picture.png?format=1080x1920"),
            anybody.post("/api/v1/compare/batch", data=jsonl({"text": LONG_TEXT}), headers=NDJSON),
            anybody.post("/api/v1/compare", json={"texts": [LONG_TEXT] * 8, "reasons": True}),
        )
    ]
    try:
        for path in ("/search?q=harbour", "/compare?text=the+boats+come+in", "/"):
            assert (await anybody.get(path)).status_code == 200
        await anybody.post("/api/v1/compare", json={"text": LONG_TEXT}, status=200)
        assert not any(task.done() for task in behind)
    finally:
        is_over.set()
    assert await asyncio.gather(*slow) == [True] * POOL_THREADS
    assert [answer.status_code for answer in await asyncio.gather(*behind)] == [200] * 6


async def test_two_batches_at_a_time_are_open_to_clients_without_a_token(
    app: Quart, anybody: Client, writer: Client
) -> None:
    for name in ("ann", "bo"):
        await post(parts_of(app).db, name, *(f"{LONG_TEXT} {name} {number}" for number in range(5)))
    pool, is_over = parts_of(app).work_pool, threading.Event()
    slow = [asyncio.create_task(pool.run(is_over.wait)) for _ in range(POOL_THREADS)]
    batch = "/api/v1/compare/batch", jsonl({"text": LONG_TEXT})

    async def judged(client: Client) -> int:
        answer = await client.post(batch[0], data=batch[1], headers=NDJSON, status=200)
        return len((await answer.get_data()).splitlines())

    waiting = [asyncio.create_task(judged(client)) for client in (anybody, anybody, writer)]
    free = parts_of(app).open_batches
    try:
        await eventually(lambda: asyncio.sleep(0, free.number), until=lambda number: not number)
        refused = await anybody.post(batch[0], data=batch[1], headers=NDJSON)
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")
    finally:
        is_over.set()
    assert await asyncio.gather(*waiting) == [1, 1, 1]
    assert await asyncio.gather(*slow) == [True] * POOL_THREADS
    assert await judged(anybody) == 1


async def test_a_full_pool_refuses_work() -> None:
    pool, is_over = WorkPool(1), threading.Event()
    waiting = [asyncio.create_task(pool.run(is_over.wait)) for _ in range(MOST_PENDING)]
    await asyncio.sleep(0)
    with pytest.raises(UnavailableError):
        await pool.run(is_over.wait)
    is_over.set()
    await asyncio.gather(*waiting)
    assert await pool.run(is_over.is_set)
    pool.close()
