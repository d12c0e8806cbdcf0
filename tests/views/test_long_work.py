"""Work that a stranger can prolong has threads of its own: nothing else waits for them."""

import asyncio
import threading

import pytest
from quart import Quart

from app.errors import UnavailableError
from app.runtime.work_pool import MOST_PENDING, POOL_THREADS, WorkPool
from tests.browsing import parts_of
from tests.conftest import NDJSON, Client
from tests.posting import post
from tests.uploading import jsonl
from tests.waiting import eventually

LONG = "the harbour at noon, and the boats come in. " * 200


async def test_searches_and_comparisons_do_not_wait_for_slow_work(
    app: Quart, anybody: Client, writer: Client
) -> None:
    for name in ("ann", "bo"):
        await post(parts_of(app).db, name, *(f"{LONG} {name} {number}" for number in range(5)))
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
            anybody.post("/api/v1/compare/batch", data=jsonl({"text": LONG}), headers=NDJSON),
            anybody.post("/api/v1/compare", json={"texts": [LONG] * 8, "reasons": True}),
        )
    ]
    try:
        for path in ("/search?q=harbour", "/compare?text=the+boats+come+in", "/"):
            assert (await anybody.get(path)).status_code == 200
        answer = await anybody.post("/api/v1/compare", json={"text": LONG})
        assert answer.status_code == 200
        assert not any(task.done() for task in behind)
    finally:
        is_over.set()
    assert await asyncio.gather(*slow) == [True] * POOL_THREADS
    assert [answer.status_code for answer in await asyncio.gather(*behind)] == [200] * 6


async def test_two_batches_at_a_time_are_open_to_clients_without_a_token(
    app: Quart, anybody: Client, writer: Client
) -> None:
    for name in ("ann", "bo"):
        await post(parts_of(app).db, name, *(f"{LONG} {name} {number}" for number in range(5)))
    pool, is_over = parts_of(app).work_pool, threading.Event()
    slow = [asyncio.create_task(pool.run(is_over.wait)) for _ in range(POOL_THREADS)]
    batch = "/api/v1/compare/batch", jsonl({"text": LONG})

    async def judged(client: Client) -> int:
        answer = await client.post(batch[0], data=batch[1], headers=NDJSON)
        assert answer.status_code == 200, await answer.get_data()
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
