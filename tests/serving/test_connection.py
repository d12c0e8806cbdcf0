"""What is ours of hypercorn's connections: idle ones end in time, and heads are sound."""

import asyncio
import contextlib
import gc
import json
import logging
import socket
import ssl
import tomllib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import h2.connection
import pytest
from click.testing import CliRunner
from hypercorn import protocol
from hypercorn.asyncio import run, serve
from hypercorn.config import Config

from app.asgi.edge import Edge
from app.cli import saywho
from app.serving import connection
from app.serving.codec import HttpCodec
from app.serving.connection import Connection, use_cheap_connections
from app.serving.http1 import Http1
from app.serving.server import (
    KNOWN_VERSIONS,
    load_server_config,
    unknown_versions,
    warn_of_unknown_versions,
)
from tests.certificates import make_certificate
from tests.installation import ROOT
from tests.ports import free_port

DEADLINE_S = 60
GET = b"GET / HTTP/1.1\r\nHost: here\r\n\r\n"


def test_the_versions_that_are_installed_are_those_tested_here() -> None:
    found = {name: version(name).rpartition(".")[0] for name in KNOWN_VERSIONS}
    assert found == KNOWN_VERSIONS


def test_the_project_pins_these_versions() -> None:
    pins = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    assert {f"{name}=={known}.*" for name, known in KNOWN_VERSIONS.items()} <= set(pins)


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
        self.beginning = b""
        self.may_go_on = asyncio.Event()
        self.may_go_on.set()
        self.stop = asyncio.Event()
        self.asked = asyncio.Event()
        self.was_left = asyncio.Event()
        self.config = Config()
        self.port = 0
        self.extensions: dict[str, Any] = {}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app(scope, receive, send)

    async def app(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        self.asked.set()
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        if self.beginning:
            await send({"type": "http.response.body", "body": self.beginning, "more_body": True})
            while (await receive())["type"] != "http.disconnect":
                pass
            self.was_left.set()
            return
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


Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def served(
    config: Config | None = None, connect: Callable[[], Awaitable[Streams]] | None = None
) -> AsyncIterator[Site]:
    """Serve on a port of the kernel's choice, or as the settings say."""
    site = Site()
    if config is not None:
        site.config = config
    else:
        config = site.config
        config.bind = ["127.0.0.1:0"]
        for each in config.create_sockets().insecure_sockets:
            site.port = each.getsockname()[1]
            config.bind = [f"fd://{each.detach()}"]
    config.errorlog = None
    # Nothing happens by time alone but what a test shortens.
    config.keep_alive_timeout = config.graceful_timeout = 10 * DEADLINE_S
    serving = asyncio.create_task(serve(site, config, shutdown_trigger=site.stop.wait))
    while not serving.done():
        try:
            (await (connect or site.connect)())[1].close()
            break
        except (ConnectionRefusedError, FileNotFoundError):
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


async def test_requests_that_are_sent_together_are_answered_in_turn() -> None:
    body = GET.replace(b"GET", b"POST", 1)[:-2] + b"Transfer-Encoding: chunked\r\n\r\n"
    chunks = b"3;a=b\r\nabc\r\n0\r\nA: b\r\n\r\n"
    last = GET.replace(b"GET", b"HEAD", 1)[:-2] + b"Connection: close\r\n\r\n"
    async with served() as site:
        answers = await site.all_of(GET + body + chunks + GET + last)
    *whole, head = answers.split(b"HTTP/1.1 200 ")[1:]
    assert [answer.partition(b"\r\n\r\n")[2] for answer in whole] == [b"ok"] * 3
    assert head.endswith(b"connection: close\r\n\r\n")


@pytest.mark.parametrize("chunked", [False, True])
async def test_an_answer_before_the_end_of_a_body_leaves_the_connection_open(chunked: bool) -> None:
    framing = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: 3"
    first, rest = (b"3\r\na", b"bc\r\n0\r\n\r\n") if chunked else (b"a", b"bc")
    async with served() as site:
        reader, writer = await site.connect()
        head = GET.replace(b"GET", b"POST", 1)[:-2] + framing + b"\r\n\r\n"
        for part in (head + first, rest + GET):
            writer.write(part)
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), DEADLINE_S)
            assert head.startswith(b"HTTP/1.1 200 ")
            assert b"connection: close" not in head
            assert await reader.readexactly(2) == b"ok"
        writer.close()


@pytest.mark.parametrize(
    "body", [b"Content-Length: 3\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"]
)
async def test_the_rest_of_a_body_has_the_time_of_an_idle_connection(body: bytes) -> None:
    async with served() as site:
        site.config.keep_alive_timeout = 0.05
        answer = await site.all_of(GET.replace(b"GET", b"POST", 1)[:-2] + body)
        assert answer.endswith(b"\r\n\r\nok")


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
        site.stop.set()
        assert await asyncio.wait_for(reader.read(), DEADLINE_S) == b""
        writer.close()


async def test_connections_that_a_stop_cuts_off_are_no_fault() -> None:
    loop, faults = asyncio.get_running_loop(), list[dict[str, Any]]()
    loop.set_exception_handler(lambda _, context: faults.append(context))
    async with served() as site:
        site.config.graceful_timeout = 0.01
        site.may_go_on.clear()
        _, writer = await site.connect()
        writer.write(GET)
        await asyncio.wait_for(site.asked.wait(), DEADLINE_S)
    loop.set_exception_handler(None)
    writer.close()
    assert not faults


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


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"\x16\x03\x01\x02\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (GET[:-2] + b"A : b\r\n\r\n", 400),
        (GET[:-2] + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
        (GET[:-2] + b"Transfer-Encoding: gzip, chunked\r\n\r\n", 501),
        (GET.replace(b"/ ", b"/" + b"a" * 90_000 + b" ", 1), 431),
        (GET[:-2] + b"".join(b"X-%d: a\r\n" % n for n in range(20_000)) + b"\r\n", 431),
    ],
    ids=["tls", "no host", "space", "two lengths", "encoding", "long line", "many headers"],
)
async def test_what_is_no_request_for_the_app_is_refused_in_problem_details(
    request_bytes: bytes, status: int
) -> None:
    async with served() as site:
        answer = await site.all_of(request_bytes)
    assert_problem(answer, status)
    assert not site.asked.is_set()


def assert_problem(answer: bytes, status: int) -> None:
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status)
    for header in (
        b"content-type: application/problem+json",
        b"x-content-type-options: nosniff",
        b"referrer-policy: ",
        b"x-request-id: ",
        b"connection: close",
    ):
        assert b"\r\n" + header in head.lower()
    problem = json.loads(body)
    assert problem["status"] == status
    assert problem["title"]
    assert problem["detail"]


async def test_what_is_refused_before_the_app_is_logged_and_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lines: list[str] = []
    access_log = logging.getLogger("app.access")
    monkeypatch.setattr(access_log, "handle", lambda record: lines.append(record.getMessage()))
    monkeypatch.setattr(access_log, "level", logging.INFO)
    counted: list[tuple[str, int]] = []
    async with served() as site:
        edge = Edge(
            site.app,
            log_access=True,
            trusted_proxies=0,
            on_answer=lambda method, status, _: counted.append((method, status)),
        )
        site.extensions[Edge.KEY] = edge
        await site.all_of(GET[:-2] + b"Transfer-Encoding: gzip, chunked\r\n\r\n")
    assert counted == [("-", 501)]
    assert lines == ["- - 501"]


async def test_a_connection_that_ended_keeps_nothing_that_it_received() -> None:
    async with served() as site:
        gc.collect()
        gc.disable()
        try:
            await site.all_of(GET.replace(b"/ ", b"/" + b"a" * 90_000 + b" ", 1))
            codecs = [each for each in gc.get_objects() if type(each) is HttpCodec]
        finally:
            gc.enable()
    assert codecs
    assert not any(codec.received for codec in codecs)


async def test_a_long_address_and_many_headers_are_no_fault() -> None:
    async with served() as site:
        headers = b"".join(b"X-%d: a\r\n" % n for n in range(1_000))
        long = GET.replace(b"/ ", b"/?" + b"a" * 60_000 + b" ", 1)
        for request in (long, GET[:-2] + headers + b"\r\n"):
            answer = await site.all_of(request.replace(b"Host", b"Connection: close\r\nHost"))
            assert answer.endswith(b"ok")


@pytest.mark.parametrize("before", [b"", GET], ids=["first", "later"])
async def test_a_head_that_comes_too_slowly_is_408(
    before: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "HEAD_S", 0.3)
    loop = asyncio.get_running_loop()

    async def answer(client: socket.socket) -> bytes:
        received = b""
        # What is sent after the end is answered with a reset; the answer came before it.
        with contextlib.suppress(ConnectionResetError):
            while data := await asyncio.wait_for(loop.sock_recv(client, 65_536), DEADLINE_S):
                received += data
        return received

    first = b""
    async with served() as site:
        with socket.create_connection(("127.0.0.1", site.port)) as client:
            client.setblocking(False)
            await loop.sock_sendall(client, before)
            while before and not first.endswith(b"ok"):
                first += await asyncio.wait_for(loop.sock_recv(client, 65_536), DEADLINE_S)
            answering = asyncio.create_task(answer(client))
            await loop.sock_sendall(client, GET[:-2])
            while not answering.done():
                # What follows of the head does not give it more time.
                with contextlib.suppress(ConnectionError):
                    await loop.sock_sendall(client, b"X-A: b\r\n")
                await asyncio.sleep(0.05)
            assert_problem(await answering, 408)


def test_the_head_of_a_request_has_less_time_than_an_idle_connection() -> None:
    assert connection.HEAD_S == 15
    assert load_server_config().keep_alive_timeout == 60


async def test_who_takes_nothing_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "STALLED_S", 0.2)
    monkeypatch.setattr(connection, "LOOK_S", 0.05)
    async with served() as site:
        site.headers, site.beginning = [], bytes(2**24)
        _, writer = await site.connect()
        writer.write(GET)
        await asyncio.wait_for(site.was_left.wait(), DEADLINE_S)
        writer.transport.abort()


@pytest.mark.parametrize("kind", ["unix", "tls"])
async def test_connections_of_another_kind_end_as_others_do(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "LOOK_S", 0.01)
    config = Config()
    config.bind = [f"unix:{tmp_path / 'socket'}"]
    if kind == "tls":
        config.bind = [f"127.0.0.1:{free_port()}"]
        config.certfile, config.keyfile = make_certificate(tmp_path)

    async def connect() -> Streams:
        if kind == "unix":
            return await asyncio.open_unix_connection(tmp_path / "socket")
        port = int(config.bind[0].rpartition(":")[2])
        trust = ssl.create_default_context(cafile=config.certfile)
        return await asyncio.open_connection("localhost", port, ssl=trust)

    async with served(config, connect) as site:
        reader, writer = await connect()
        writer.write(GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        assert (await asyncio.wait_for(reader.read(), DEADLINE_S)).endswith(b"ok")
        writer.close()
        # One leaves before its answer, another one within it; both are looked at meanwhile.
        for site.beginning in (b"", bytes(2**24)):
            site.asked.clear()
            site.may_go_on.clear()
            reader, writer = await connect()
            writer.write(GET)
            await asyncio.wait_for(site.asked.wait(), DEADLINE_S)
            if site.beginning:
                await asyncio.wait_for(reader.readexactly(2), DEADLINE_S)
            else:
                site.headers = []
            writer.transport.abort()
            await asyncio.sleep(10 * connection.LOOK_S)
            site.may_go_on.set()
        await asyncio.wait_for(site.was_left.wait(), DEADLINE_S)
        reader, writer = await connect()
        site.stop.set()
        assert await asyncio.wait_for(reader.read(), DEADLINE_S) == b""
        writer.close()


async def test_who_sends_no_more_still_gets_the_answer() -> None:
    async with served() as site:
        reader, writer = await site.connect()
        site.may_go_on.clear()
        writer.write(GET)
        writer.write_eof()
        await asyncio.wait_for(site.asked.wait(), DEADLINE_S)
        site.may_go_on.set()
        assert (await asyncio.wait_for(reader.read(), DEADLINE_S)).endswith(b"ok")
        writer.close()


async def test_a_stream_ends_when_its_client_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "HALF_CLOSED_S", 10 * DEADLINE_S)
    async with served() as site:
        reader, writer = await site.connect()
        site.headers, site.beginning = [], b"begun"
        writer.write(GET)
        await asyncio.wait_for(reader.readuntil(b"begun"), DEADLINE_S)
        writer.write_eof()
        await asyncio.wait_for(reader.read(), DEADLINE_S)
        writer.close()


@pytest.mark.parametrize("protocol_name", [b"websocket", b"h2c"])
async def test_an_upgrade_is_not_followed(protocol_name: bytes) -> None:
    upgrade = b"Upgrade: %s\r\nConnection: Upgrade, HTTP2-Settings\r\n" % protocol_name
    async with served() as site:
        reader, writer = await site.connect()
        for _ in range(2):
            writer.write(GET[:-2] + upgrade + b"HTTP2-Settings: AAMAAABk\r\n\r\n")
            answer = await asyncio.wait_for(reader.readuntil(b"ok"), DEADLINE_S)
            assert answer.startswith(b"HTTP/1.1 200 ")
        writer.close()


async def test_http_2_is_served_to_who_begins_with_it() -> None:
    async with served() as site:
        reader, writer = await site.connect()
        client = h2.connection.H2Connection()
        client.initiate_connection()
        names = {":method": "GET", ":path": "/", ":scheme": "http", ":authority": "here"}
        client.send_headers(1, list(names.items()), end_stream=True)
        writer.write(client.data_to_send())
        body = b""
        while not body.endswith(b"ok"):
            data = await asyncio.wait_for(reader.read(65_536), DEADLINE_S)
            assert data
            for event in client.receive_data(data):
                body += getattr(event, "data", b"")
        writer.close()


def test_an_unknown_version_says_what_is_lost(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    warn_of_unknown_versions()
    assert not caplog.records
    monkeypatch.setitem(KNOWN_VERSIONS, "hypercorn", "0.1")
    warn_of_unknown_versions()
    (line,) = caplog.messages
    assert "is not the known version 0.1" in line
    assert "problem details" in line


def test_a_missing_package_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(KNOWN_VERSIONS, "no-such-parser", "1.0")
    assert unknown_versions() == ["no-such-parser (not installed) is not the known version 1.0"]


def test_serving_with_an_unknown_version_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(KNOWN_VERSIONS, "h11", "0.1")
    ended = CliRunner().invoke(saywho, ["serve"])
    assert ended.exit_code == 2
    (line,) = ended.output.splitlines()
    assert "is not the known version 0.1" in line
