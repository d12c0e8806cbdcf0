"""Many clients of the live stream, as servers connect them: slow and gone ones."""

import asyncio
import random
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest
from quart import Quart

from app import create_app
from app.lifespan import KEY, Resources
from app.services.live import stream as live_module
from tests.conftest import Client, MakeConfig, client_with
from tests.waiting import eventually

PATH = "/api/v1/live"


class Connection:
    """A client as a server hands it to the app; it takes what is sent while `takes` is set."""

    def __init__(self, app: Quart, query: str = "", method: str = "GET") -> None:
        self.takes = asyncio.Event()
        self.takes.set()
        self.messages: list[Any] = []
        self._coming: asyncio.Queue[Any] = asyncio.Queue()
        self._coming.put_nowait({"type": "http.request", "body": b"", "more_body": False})
        scope: Any = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": PATH,
            "raw_path": PATH.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(b"host", b"here")],
            "client": ("127.0.0.1", 1),
            "server": ("here", 80),
            "extensions": {},
        }
        self.answer = asyncio.ensure_future(app(scope, self._coming.get, self._send))

    async def _send(self, message: Any) -> None:
        await self.takes.wait()
        self.messages.append(message)

    def leave(self) -> None:
        self._coming.put_nowait({"type": "http.disconnect"})

    @property
    def text(self) -> str:
        return b"".join(message.get("body", b"") for message in self.messages).decode()

    @property
    def ids(self) -> list[int]:
        return [int(found) for found in re.findall(r"^id: (\d+)$", self.text, re.MULTILINE)]

    async def has(self, count: int) -> None:
        async def ids() -> list[int]:
            return self.ids

        await eventually(ids, until=lambda found: len(found) >= count)


@asynccontextmanager
async def connected(app: Quart, *queries: str) -> AsyncIterator[list[Connection]]:
    """Give connections whose streams have begun."""
    connections = [Connection(app, query) for query in queries]

    async def texts() -> list[str]:
        return [connection.text for connection in connections]

    try:
        await eventually(texts, until=lambda found: all("welcome" in text for text in found))
        yield connections
    finally:
        for connection in connections:
            connection.takes.set()
            connection.leave()
        await asyncio.gather(*(connection.answer for connection in connections))


async def clients(app: Quart) -> int:
    return cast(Resources, app.extensions[KEY]).live.clients


async def test_one_that_does_not_take_what_is_sent_keeps_nobody_waiting(
    app: Quart, writer: Client
) -> None:
    await writer.add_user("a")
    async with connected(app, "", "", "username=a") as (slow, fast, filtered):
        await writer.add_tweet("a", "for all")
        await slow.has(1)
        slow.takes.clear()
        for number in range(5):
            await writer.add_tweet("a", f"text {number}")
            await fast.has(2 + number)
        await filtered.has(6)
        assert len(slow.ids) == 1
        slow.takes.set()
        await slow.has(6)
        assert slow.ids == fast.ids == filtered.ids


async def test_all_get_everything_once_and_in_order_however_they_take_it(
    app: Quart, writer: Client
) -> None:
    await writer.add_user("a")
    chance = random.Random(8)  # noqa: S311 - no secret
    async with connected(app, *[""] * 12) as connections:

        async def hesitate(connection: Connection) -> None:
            while len(connection.ids) < 60:
                connection.takes.clear()
                await asyncio.sleep(chance.random() / 100)
                connection.takes.set()
                await asyncio.sleep(chance.random() / 100)

        async with asyncio.TaskGroup() as tasks:
            for connection in connections[:8]:
                tasks.create_task(hesitate(connection))
            for number in range(60):
                await writer.add_tweet("a", f"text {number}")
        for connection in connections:
            await connection.has(60)
        first = connections[0].ids
        assert first == sorted(set(first))
        assert all(connection.ids == first for connection in connections)


async def test_one_that_takes_nothing_for_long_is_let_go(
    make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_module, "READER_TIMEOUT_S", 0.05)
    monkeypatch.setattr(live_module, "HEARTBEAT_S", 0.02)
    app = create_app(make_config())
    async with app.test_app():
        writer = await client_with(app, "write")
        await writer.add_user("a")
        async with connected(app, "", "") as (stuck, other):
            stuck.takes.clear()
            await writer.add_tweet("a", "text")
            await asyncio.wait_for(stuck.answer, 60)
            assert await clients(app) == 1
            await writer.add_tweet("a", "more")
            await other.has(2)


async def test_one_that_leaves_disturbs_nobody(app: Quart, writer: Client) -> None:
    await writer.add_user("a")
    async with connected(app, "", "") as (left, other):
        left.leave()
        await asyncio.wait_for(left.answer, 60)
        for number in range(3):
            await writer.add_tweet("a", f"text {number}")
        await other.has(3)
        assert await clients(app) == 1


async def test_head_names_no_length_of_a_stream(app: Quart) -> None:
    head = Connection(app, "", "HEAD")
    await asyncio.wait_for(head.answer, 60)
    start, *rest = head.messages
    assert start["status"] == 200
    assert b"content-length" not in dict(start["headers"])
    assert not any(message["body"] for message in rest)


async def test_the_headers_of_every_answer_are_those_of_a_stream_too(app: Quart) -> None:
    async with connected(app, "") as (connection,):
        start = connection.messages[0]
    headers = dict(start["headers"])
    assert start["status"] == 200
    assert b"content-length" not in headers
    assert headers[b"content-type"] == b"text/event-stream; charset=utf-8"
    assert {b"x-request-id", b"x-content-type-options", b"referrer-policy"} <= set(headers)
