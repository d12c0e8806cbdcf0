"""HTTP/1.1 by our own folder and by hypercorn: the same answers, and what only ours limits."""

import asyncio
import contextlib
import ssl
import tomllib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import h11
import pytest
from hypercorn import protocol
from hypercorn.asyncio import run, serve
from hypercorn.config import Config

from app.asgi import edge
from app.asgi.edge import Edge
from app.serving import http1
from app.serving.http1 import connection
from app.serving.http1.exchange import ResponseWriter
from app.serving.http1.requests import LIMIT_BYTES, Head, RequestReader
from app.serving.worker import load_server_config, use_own_http1
from tests.certificates import make_certificate
from tests.installation import ROOT
from tests.ports import free_port

DEADLINE_S = 60
GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
POST = GET.replace(b"GET", b"POST", 1)[:-2]
LAST = GET[:-2] + b"Connection: close\r\n\r\n"


def test_the_project_pins_the_versions_that_are_known() -> None:
    pins = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    assert {f"{name}=={known}.*" for name, known in http1.KNOWN_VERSIONS.items()} <= set(pins)
    assert all(version(name).startswith(known) for name, known in http1.KNOWN_VERSIONS.items())


def refusal(data: bytes) -> Any:
    reader = RequestReader()
    for place in range(0, len(data), 60_000):
        reader.feed(data[place : place + 60_000])
    return reader.events[-1] if reader.events else None


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"\x16\x03\x01\x02", 400),
        (GET.replace(b"\r", b""), 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (GET[:-2] + b"Host: b\r\n\r\n", 400),
        (GET.replace(b"1.1", b"2.0"), 400),
        (GET.replace(b"/ ", b"/\xed ", 1), 400),
        (GET[:-2] + b"A : b\r\n\r\n", 400),
        (b"CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", 501),
        (POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
        (POST + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (POST + b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n", 400),
        (POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n", 501),
        (POST + b"Transfer-Encoding: chunked\r\n\r\ng\r\n", 400),
        (GET.replace(b"/ ", b"/" + b"a" * LIMIT_BYTES + b" ", 1), 431),
        (GET[:-2] + b"A: " + b"a" * 3 * LIMIT_BYTES, 431),
    ],
)
def test_what_is_refused_names_its_status(data: bytes, status: int) -> None:
    assert refusal(data) == status


@pytest.mark.parametrize("body", [b"", b"abc"])
def test_an_upgrade_is_a_request_like_others(body: bytes) -> None:
    reader = RequestReader()
    length = b"Content-Length: %d\r\n" % len(body)
    reader.feed(POST + b"Connection: upgrade\r\nUpgrade: h2c\r\n" + length + b"\r\n" + body + GET)
    first, *rest, second, end = reader.events
    assert isinstance(first, Head)
    assert isinstance(second, Head)
    assert (first.method, second.method, end) == (b"POST", b"GET", None)
    assert rest == ([bytearray(body)] if body else []) + [None]


@pytest.mark.parametrize("expected", [[b"100-Continue"], [b"100-continue", b"100-continue"], []])
def test_a_client_that_expects_to_be_asked_for_the_body_is_asked(expected: list[bytes]) -> None:
    reader = RequestReader()
    reader.feed(POST + b"".join(b"Expect: %b\r\n" % value for value in expected) + b"\r\n")
    assert isinstance(head := reader.events[0], Head)
    assert head.asks == bool(expected)


HEADERS = [(b"X-A", b"b c"), (b"x-request-id", b"1"), (b"x-empty", b"")]
LENGTH = (b"content-length", b"4")


@pytest.mark.parametrize("is_newer", [False, True])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("status", [200, 204, 304])
@pytest.mark.parametrize(
    "framing", [[LENGTH], [], [(b"Connection", b"close"), LENGTH]], ids=["length", "none", "close"]
)
def test_a_response_is_what_a_client_reads(
    is_newer: bool, method: str, status: int, framing: list[tuple[bytes, bytes]]
) -> None:
    parts = [b"ab", b"", b"cd"] if status == 200 and method == "GET" else []
    writer = ResponseWriter(is_newer=is_newer, is_head=method == "HEAD", keeps_alive=is_newer)
    writer.begin(status, [*HEADERS, *framing])
    written = b"".join([*(writer.write(part, is_last=False) for part in parts)])
    written += writer.write(b"", is_last=True)
    client = h11.Connection(h11.CLIENT)
    client.send(h11.Request(method=method, target="/", headers=[("Host", "a")]))
    client.send(h11.EndOfMessage())
    client.receive_data(written)
    client.receive_data(b"")
    response = client.next_event()
    assert isinstance(response, h11.Response)
    assert response.status_code == status
    assert response.headers.raw_items()[: len(HEADERS)] == HEADERS
    assert status != 204 or b"content-length" not in dict(response.headers)
    body = b""
    while isinstance(event := client.next_event(), h11.Data):
        body += event.data
    assert (type(event), body) == (h11.EndOfMessage, b"".join(parts))
    assert writer.keeps_alive == (is_newer and framing[:1] != [(b"Connection", b"close")])
    assert ((b"connection", b"close") in response.headers) == (not writer.keeps_alive)


@pytest.mark.parametrize("body", [b"abcde", b"abc"])
def test_a_response_of_another_length_than_it_said_is_not_sent(body: bytes) -> None:
    writer = ResponseWriter(is_newer=True, is_head=False, keeps_alive=True)
    writer.begin(200, [LENGTH])
    with pytest.raises(ValueError, match="as long as it said"):
        writer.write(body, is_last=True)


@pytest.fixture(params=["own", "hypercorn"])
def server(request: pytest.FixtureRequest) -> Iterator[str]:
    """Serve with our own HTTP/1.1, and with hypercorn's."""
    before = vars(run)["TCPServer"], vars(protocol)["H11Protocol"]
    if request.param == "own":
        use_own_http1()
        assert vars(run)["TCPServer"] is connection.TimedConnection
    yield request.param
    vars(run)["TCPServer"], vars(protocol)["H11Protocol"] = before


class Site:
    """A server under way, whose app reads the body if it is told to, and answers `ok`."""

    def __init__(self) -> None:
        self.config = load_server_config(workers=1)
        self.config.errorlog = None
        # Nothing happens by time alone but what a test shortens.
        self.config.keep_alive_timeout = self.config.graceful_timeout = 10 * DEADLINE_S
        self.reads = True
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.stop = asyncio.Event()
        self.asked = asyncio.Event()
        self.left = asyncio.Event()

    async def app(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        self.asked.set()
        while self.reads and (await receive()).get("more_body", False):
            pass

        async def until_gone() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass

        gone = asyncio.create_task(until_gone())
        answer = asyncio.create_task(self.may_answer.wait())
        await asyncio.wait([gone, answer], return_when=asyncio.FIRST_COMPLETED)
        if not answer.done():
            self.left.set()
        headers = [(b"content-length", b"2")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"ok", "more_body": False})
        gone.cancel()
        answer.cancel()

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.port)

    @property
    def port(self) -> int:
        return int(self.config.bind[0].rpartition(":")[2])

    async def all_of(self, request: bytes) -> bytes:
        """Return all that a connection of its own brings until it is closed."""
        reader, writer = await self.connect()
        writer.write(request)
        answer = await asyncio.wait_for(reader.read(), DEADLINE_S)
        writer.close()
        return answer


@asynccontextmanager
async def served(config: Config | None = None) -> AsyncIterator[Site]:
    site = Site()
    site.config = config or site.config
    site.config.bind = [f"127.0.0.1:{free_port()}"]
    app = Edge(site.app, log_access=False, trusted_proxies=0)
    serving = asyncio.create_task(serve(app, site.config, shutdown_trigger=site.stop.wait))
    while not serving.done():
        try:
            (await site.connect())[1].close()
            break
        except ConnectionRefusedError:
            await asyncio.sleep(0.01)
    yield site
    site.stop.set()
    await asyncio.wait_for(serving, DEADLINE_S)


@pytest.mark.usefixtures("server")
async def test_requests_on_one_connection_are_answered_in_turn() -> None:
    body = POST + b"Transfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\nA: b\r\n\r\n"
    async with served() as site:
        *whole, head = (
            await site.all_of(GET + body + GET + LAST.replace(b"GET", b"HEAD", 1))
        ).split(b"HTTP/1.1 200 ")[1:]
        assert [answer.partition(b"\r\n\r\n")[2] for answer in whole] == [b"ok"] * 3
        assert b"\r\ndate: " in head
        assert head.endswith(b"\r\n\r\n")
        assert b"connection: close" in head.lower()
        long = LAST.replace(b"/ ", b"/?" + b"%EA" * 20_000 + b" ", 1)
        assert (await site.all_of(long)).endswith(b"ok")
        reader, writer = await site.connect()
        for request in (GET, body, GET):
            writer.write(request)
            await asyncio.wait_for(reader.readuntil(b"\r\n\r\nok"), DEADLINE_S)
        writer.close()


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize("framing", [b"Content-Length: 3", b"Transfer-Encoding: chunked"])
async def test_an_answer_before_the_end_of_a_body_loses_no_request(framing: bytes) -> None:
    is_chunked = b"chunked" in framing
    first, rest = (b"3\r\na", b"bc\r\n0\r\n\r\n") if is_chunked else (b"a", b"bc")
    async with served() as site:
        site.reads = False
        reader, writer = await site.connect()
        writer.write(POST + framing + b"\r\n\r\n" + first)
        await asyncio.wait_for(site.asked.wait(), DEADLINE_S)
        writer.write(rest)
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), DEADLINE_S)
        assert await reader.readexactly(2) == b"ok"
        if b"connection: close" not in head.lower():  # The body came first after all.
            writer.write(LAST)
            assert (await asyncio.wait_for(reader.read(), DEADLINE_S)).endswith(b"ok")
        writer.close()


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize("framing", [b"Content-Length: 3", b"Transfer-Encoding: chunked"])
@pytest.mark.parametrize("path", [b"/imports", b"/compare"])
async def test_an_answer_does_not_wait_for_a_body_that_never_ends(
    monkeypatch: pytest.MonkeyPatch, path: bytes, framing: bytes
) -> None:
    """A slow body is 408 after 30 s, and not when its client has stopped sending."""
    request = POST.replace(b"/", path, 1) + framing + b"\r\n\r\n1"
    async with served() as site:
        site.reads = False
        reader, writer = await site.connect()
        monkeypatch.setattr(edge, "LINGER_S", 10 * DEADLINE_S)
        writer.write(request)
        answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\nok"), DEADLINE_S)
        assert b"connection: close" in answer.lower()
        writer.close()
        monkeypatch.setattr(edge, "LINGER_S", 0.05)
        assert (await site.all_of(request)).endswith(b"\r\n\r\nok")


@pytest.mark.usefixtures("server")
async def test_what_is_no_request_is_refused() -> None:
    many = GET[:-2] + b"".join(b"X-%d: a\r\n" % n for n in range(20_000)) + b"\r\n"
    async with served() as site:
        for request, status in ((b"GET / HTTP/1.1\r\n\r\n", 400), (many, 431)):
            answer = await site.all_of(request)
            assert answer.startswith(b"HTTP/1.1 %d " % status)
            assert answer.count(b"HTTP/1.1 ") == 1
    assert not site.asked.is_set()


@pytest.mark.usefixtures("server")
async def test_an_idle_connection_is_closed_in_time_and_one_under_way_is_not() -> None:
    assert load_server_config().keep_alive_timeout == 60
    async with served() as site:
        reader, writer = await site.connect()
        site.may_answer.clear()
        writer.write(GET)
        await asyncio.wait_for(site.asked.wait(), DEADLINE_S)
        site.config.keep_alive_timeout = 0.3
        assert await site.all_of(b"") == b""
        site.may_answer.set()
        assert (await asyncio.wait_for(reader.read(), DEADLINE_S)).endswith(b"ok")
        writer.close()


@pytest.mark.usefixtures("server")
async def test_a_stop_closes_idle_connections_at_once_and_finishes_the_others() -> None:
    async with served() as site:
        idle, under_way = await site.connect(), await site.connect()
        idle[1].write(GET)
        await asyncio.wait_for(idle[0].readuntil(b"\r\n\r\nok"), DEADLINE_S)
        site.asked.clear()
        site.may_answer.clear()
        under_way[1].write(GET)
        await asyncio.wait_for(site.asked.wait(), DEADLINE_S)
        site.stop.set()
        assert await asyncio.wait_for(idle[0].read(), DEADLINE_S) == b""
        site.may_answer.set()
        assert (await asyncio.wait_for(under_way[0].read(), DEADLINE_S)).endswith(b"ok")
        for _, writer in (idle, under_way):
            writer.close()


@pytest.mark.usefixtures("server")
async def test_the_app_is_told_that_its_client_is_gone() -> None:
    async with served() as site:
        site.may_answer.clear()
        _, writer = await site.connect()
        writer.write(GET)
        await asyncio.wait_for(site.asked.wait(), DEADLINE_S)
        writer.transport.abort()
        await asyncio.wait_for(site.left.wait(), DEADLINE_S)


@pytest.mark.usefixtures("server")
async def test_it_is_served_over_tls(tmp_path: Path) -> None:
    config = Config()
    config.certfile, config.keyfile = make_certificate(tmp_path)
    trust = ssl.create_default_context(cafile=config.certfile)
    async with served(config) as site:
        reader, writer = await asyncio.open_connection("localhost", site.port, ssl=trust)
        writer.write(LAST)
        assert (await asyncio.wait_for(reader.read(), DEADLINE_S)).endswith(b"ok")
        writer.close()


@pytest.mark.parametrize("server", ["own"], indirect=True)
@pytest.mark.usefixtures("server")
@pytest.mark.parametrize("before", [b"", GET], ids=["first", "later"])
async def test_a_head_that_comes_too_slowly_is_408(
    before: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert connection.HEAD_S == 15
    monkeypatch.setattr(connection, "HEAD_S", 0.3)
    async with served() as site:
        reader, writer = await site.connect()
        writer.write(before)
        if before:
            await asyncio.wait_for(reader.readuntil(b"\r\n\r\nok"), DEADLINE_S)
        writer.write(GET[:-2])
        answer = asyncio.create_task(reader.read())
        while not answer.done():
            # What follows of the head does not give it more time.
            writer.write(b"X-A: b\r\n")
            await asyncio.sleep(0.05)
        with contextlib.suppress(ConnectionResetError):
            assert answer.result().startswith(b"HTTP/1.1 408 ")
        writer.close()
