"""What is ours of hypercorn's connections: idle ones end in time, and heads are sound."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

import pytest
from hypercorn import protocol
from hypercorn.asyncio import run, serve
from hypercorn.config import Config

from app.serving.connection import Connection, Http1, use_cheap_connections
from app.serving.worker import KNOWN_VERSIONS

DEADLINE_S = 60
GET = b"GET / HTTP/1.1\r\nHost: here\r\n\r\n"


def test_the_versions_that_are_installed_are_those_tested_here() -> None:
    assert {name: version(name) for name in KNOWN_VERSIONS} == KNOWN_VERSIONS


@pytest.fixture(autouse=True)
def cheap_connections() -> Iterator[None]:
    before = vars(run)["TCPServer"], vars(protocol)["H11Protocol"]
    use_cheap_connections()
    yield
    vars(run)["TCPServer"], vars(protocol)["H11Protocol"] = before


class Site:
    """A server under way; its app answers with these headers, and a body if there is one."""

    def __init__(self) -> None:
        self.headers: list[tuple[bytes, bytes]] = [(b"content-length", b"2")]
        self.status = 200
        self.may_go_on = asyncio.Event()
        self.may_go_on.set()
        self.stop = asyncio.Event()
        self.asked = asyncio.Event()
        self.config = Config()
        self.port = 0

    async def app(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        self.asked.set()
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        await self.may_go_on.wait()
        await send({"type": "http.response.body", "body": b"ok", "more_body": False})

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.port)

    async def all_of(self, request: bytes) -> bytes:
        """Return all that a connection of its own brings until it is closed."""
        reader, writer = await self.connect()
        writer.write(request)
        answer = await asyncio.wait_for(reader.read(), DEADLINE_S)
        writer.close()
        return answer


@asynccontextmanager
async def served() -> AsyncIterator[Site]:
    site = Site()
    config = site.config
    config.bind, config.errorlog = ["127.0.0.1:0"], None
    # Nothing happens by time alone but what a test shortens.
    config.keep_alive_timeout = config.graceful_timeout = 50
    sockets = config.create_sockets()
    for each in sockets.insecure_sockets:
        site.port = each.getsockname()[1]
        config.bind = [f"fd://{each.detach()}"]
    serving = asyncio.create_task(serve(site.app, config, shutdown_trigger=site.stop.wait))
    while not serving.done():
        try:
            (await site.connect())[1].close()
            break
        except ConnectionRefusedError:
            await asyncio.sleep(0.01)
    yield site
    site.stop.set()
    await asyncio.wait_for(serving, DEADLINE_S)


async def test_hypercorn_serves_with_our_connections() -> None:
    async with served() as site:
        assert vars(run)["TCPServer"] is Connection
        assert vars(protocol)["H11Protocol"] is Http1
        answer = await site.all_of(GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    assert b"\r\ndate: " in head
    assert body == b"ok"


async def test_many_requests_on_one_connection_are_answered_in_turn() -> None:
    async with served() as site:
        reader, writer = await site.connect()
        for number in range(20):
            site.headers = [(b"content-length", b"2"), (b"x-number", b"%d" % number)]
            writer.write(GET)
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), DEADLINE_S)
            assert b"x-number: %d\r\n" % number in head
            assert await reader.readexactly(2) == b"ok"
        writer.close()


async def test_an_idle_connection_is_closed_in_time_and_one_under_way_is_not() -> None:
    async with served() as site:
        reader, writer = await site.connect()
        site.may_go_on.clear()
        writer.write(GET)
        await asyncio.wait_for(site.asked.wait(), DEADLINE_S)
        site.config.keep_alive_timeout = 0.3
        idle = await site.all_of(b"")
        assert idle == b""
        site.may_go_on.set()
        answer = await asyncio.wait_for(reader.read(), DEADLINE_S)
        assert answer.endswith(b"ok")
        writer.close()


async def test_a_stop_closes_idle_connections_at_once() -> None:
    async with served() as site:
        reader, writer = await site.connect()
        writer.write(GET)
        assert await asyncio.wait_for(reader.readuntil(b"ok"), DEADLINE_S)
        began = time.monotonic()
        site.stop.set()
        assert await asyncio.wait_for(reader.read(), DEADLINE_S) == b""
        assert time.monotonic() - began < 40
        writer.close()


@pytest.mark.parametrize(
    "headers",
    [
        [(b"x-injected", b"a\r\nset-cookie: b")],
        [(b"x injected", b"a")],
        [(b"x-request-id", b"a\nb")],
        [(b"content-length", b"2"), (b"content-length", b"3")],
        [(b"content-length", b"two")],
    ],
    ids=["value", "name", "id", "two lengths", "no number"],
)
async def test_a_head_that_is_not_sound_is_not_sent(headers: list[tuple[bytes, bytes]]) -> None:
    async with served() as site:
        site.headers = headers
        for _ in range(2):
            answer = await site.all_of(GET)
            assert b"set-cookie" not in answer
            assert b" 200 " not in answer


@pytest.mark.parametrize(("request_line", "status"), [(b"HEAD", 200), (b"GET", 304)])
async def test_an_answer_without_a_body_is_sent_whole(request_line: bytes, status: int) -> None:
    async with served() as site:
        site.status = status
        request = GET.replace(b"GET", request_line, 1)
        answer = await site.all_of(request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert answer.endswith(b"\r\n\r\n")
