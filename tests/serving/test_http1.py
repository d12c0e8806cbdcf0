"""HTTP/1.1 by our own folder and by hypercorn: the same answers, and what only ours limits."""

import asyncio
import contextlib
import select
import socket
import ssl
import threading
import time
import tomllib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from time import thread_time
from typing import Any, ClassVar

import pytest
from hypercorn import protocol
from hypercorn.asyncio import run, serve

from app import create_app
from app.asgi import edge
from app.asgi.edge import Edge
from app.serving import http1
from app.serving.http1 import connection, exchange
from app.serving.settings import load_server_config
from app.serving.worker import use_own_http1
from tests.certificates import make_certificate
from tests.conftest import MakeConfig
from tests.installation import ROOT
from tests.loop_steps import check_longest, no_garbage_collected
from tests.ports import free_port
from tests.server import rest
from tests.serving.messages import CHUNKED, GET, LAST, POST
from tests.waiting import eventually

DEADLINE_S = 60


def test_the_project_pins_the_versions_that_are_known() -> None:
    pins = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    assert {f"{name}=={known}.*" for name, known in http1.KNOWN_VERSIONS.items()} <= set(pins)
    assert all(version(name).startswith(known) for name, known in http1.KNOWN_VERSIONS.items())


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


OVER_TLS = "own over TLS"


@pytest.fixture(params=["own", OVER_TLS, "hypercorn"])
def server(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Serve with our own HTTP/1.1, with and without TLS, and with hypercorn's."""
    for module, name in ((run, "TCPServer"), (protocol, "H11Protocol")):
        monkeypatch.setitem(vars(module), name, vars(module)[name])
    if request.param != "hypercorn":
        use_own_http1()
        assert vars(run)["TCPServer"] is connection.TimedConnection
    if request.param == OVER_TLS:
        monkeypatch.setattr(Site, "certificate", request.getfixturevalue("certificate"))


ours = pytest.mark.parametrize("server", ["own", OVER_TLS], indirect=True)
ours_without_tls = pytest.mark.parametrize("server", ["own"], indirect=True)
ours_over_tls = pytest.mark.parametrize("server", [OVER_TLS], indirect=True)


class Site:
    """A server under way, whose app reads the body if it is told to, and answers `ok`."""

    certificate: ClassVar[tuple[str, str] | None] = None
    """The files of a certificate and its key, where the site is served over TLS."""

    def __init__(self) -> None:
        self.config = load_server_config(workers=1)
        self.trust: ssl.SSLContext | None = None
        if self.certificate is not None:
            self.config.certfile, self.config.keyfile = self.certificate
            self.trust = ssl.create_default_context(cafile=self.config.certfile)
            self.trust.set_alpn_protocols(["h2", "http/1.1"])
        self.config.errorlog = None
        # Nothing happens by time alone but what a test shortens.
        self.config.keep_alive_timeout = self.config.graceful_timeout = 10 * DEADLINE_S
        self.reads = True
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.stop = asyncio.Event()
        self.asked = asyncio.Event()
        self.answered = threading.Event()
        self.left = asyncio.Event()
        self.parts = [b"ok"]
        self.pours_s = 0.0
        """Seconds for which an answer without end is sent, which is then given up."""
        self.poured_bytes = 0
        """Bytes of such an answer that were taken while its client was there."""

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
        if self.pours_s:
            await self._pour(send, gone)
            gone.cancel()
            return
        answer = asyncio.create_task(self.may_answer.wait())
        await asyncio.wait([gone, answer], return_when=asyncio.FIRST_COMPLETED)
        if not answer.done():
            self.left.set()
        headers = [(b"content-length", b"%d" % sum(map(len, self.parts)))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        *first, last = self.parts
        for part in first:
            await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": last, "more_body": False})
        self.answered.set()
        gone.cancel()
        answer.cancel()

    async def _pour(self, send: Any, gone: "asyncio.Task[None]") -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        size = 2**18
        part = {"type": "http.response.body", "body": b"a" * size, "more_body": True}
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.pours_s):
                while not self.left.is_set():
                    await send(part)
                    self.poured_bytes += 0 if gone.done() else size
                    await asyncio.sleep(0)

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        name = None if self.trust is None else "localhost"
        return await asyncio.open_connection(
            "127.0.0.1", self.port, ssl=self.trust, server_hostname=name
        )

    def wire(self, request: bytes, *, buffer_bytes: int = 0) -> socket.socket:
        """Return a connection, in a thread of its own, on which a request was sent."""
        wire = socket.socket()
        if buffer_bytes:
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer_bytes)
        wire.settimeout(DEADLINE_S)
        wire.connect(("127.0.0.1", self.port))
        if self.trust is not None:
            wire = self.trust.wrap_socket(wire, server_hostname="localhost")
            assert wire.selected_alpn_protocol() == "http/1.1"  # HTTP/2 is for the proxy in front.
        wire.sendall(request)
        return wire

    @property
    def port(self) -> int:
        return int(self.config.bind[0].rpartition(":")[2])

    async def all_of(self, request: bytes) -> bytes:
        """Return all that a connection of its own brings until it is closed."""

        def ask() -> bytes:
            # uvloop's own client over TLS would not see an end beside the bytes.
            with self.wire(request) as wire:
                return rest(wire)

        return await asyncio.to_thread(ask)


@asynccontextmanager
async def served(app: Any = None) -> AsyncIterator[Site]:
    site = Site()
    site.config.bind = [f"127.0.0.1:{free_port()}"]
    app = app or Edge(site.app, trusted_proxies=0)
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
async def test_an_answer_of_several_parts_comes_whole() -> None:
    async with served() as site:
        site.parts = [bytes([65 + n]) * 2**16 for n in range(24)]
        assert (await site.all_of(GET + LAST)).count(b"".join(site.parts)) == 2


@ours
@pytest.mark.usefixtures("server")
@pytest.mark.parametrize("behind", [GET * 40_000, b"x" * 1_500_000], ids=["requests", "garbage"])
async def test_the_last_answer_comes_whole_to_a_client_that_sends_more(behind: bytes) -> None:
    """A kernel that has unread bytes of a client drops what it has for the client."""

    def taken(site: Site) -> bytes:
        with site.wire(LAST, buffer_bytes=2**16) as wire:
            wire.sendall(behind)
            if site.trust is None:  # Over TLS the kernel takes no answer ahead of its client.
                assert site.answered.wait(DEADLINE_S)
            return rest(wire)

    async with served() as site:
        site.parts = [b"a" * 2**16] * 12
        answer = await asyncio.to_thread(taken, site)
        assert answer.endswith(b"\r\n\r\n" + b"a" * 12 * 2**16)
        assert answer.count(b"HTTP/1.1 ") == 1


@ours
@pytest.mark.usefixtures("server")
async def test_a_stop_does_not_wait_for_a_client_that_has_its_last_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connection, "STOPPING_S", 0.1)
    async with served() as site:
        wire = await asyncio.to_thread(site.wire, LAST)
        assert await asyncio.to_thread(wire.recv, 13) == b"HTTP/1.1 200 "
    wire.close()  # Only now: the server has stopped.


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
@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(
    ("begun", "piece"),
    [(b"4\r\nname\r\n0\r\nA: ", b"a"), (b"4;", b"a"), (b"", b"1;a\r\na\r\n")],
    ids=["trailer", "extension", "body"],
)
async def test_a_body_that_comes_too_slowly_is_408(
    make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch, begun: bytes, piece: bytes
) -> None:
    monkeypatch.setattr(edge, "LINGER_S", 10 * DEADLINE_S)
    app = create_app(make_config())
    assert app.config["BODY_TIMEOUT"] == 30
    app.config["BODY_TIMEOUT"] = 0.1
    kind = b"/login HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded"
    async with served(app=app) as site:
        reader, writer = await site.connect()
        writer.write(CHUNKED.replace(b"/ HTTP/1.1", kind) + begun)
        answer = asyncio.create_task(reader.readuntil(b"\r\n\r\n"))
        while not answer.done():
            writer.write(piece)
            await asyncio.sleep(0.05)
        assert answer.result().startswith(b"HTTP/1.1 408 ")
        with contextlib.suppress(ConnectionResetError):
            await asyncio.wait_for(reader.read(), DEADLINE_S)
        writer.close()


@pytest.mark.usefixtures("server")
@ours
async def test_chunks_of_a_byte_hold_up_nobody() -> None:
    """A turn of the loop takes 10 ms or more for each of the clients, if they are read at once."""
    body = CHUNKED + b"1\r\na\r\n" * 100_000 + b"0\r\n\r\n"

    def answer_of(site: Site) -> bytes:
        with site.wire(body) as wire:
            return wire.recv(13)

    async def longest_turn(site: Site) -> float:
        answering = asyncio.gather(*(asyncio.to_thread(answer_of, site) for _ in range(6)))
        turns = [0.0]
        while not answering.done():
            before = thread_time()  # What others do on the machine does not count.
            await asyncio.sleep(0)
            turns.append(thread_time() - before)
        assert answering.result() == [b"HTTP/1.1 200 "] * 6
        return max(turns)

    async with served() as site:
        with no_garbage_collected():
            await check_longest(lambda _: longest_turn(site), of_steps=4)


@pytest.mark.usefixtures("server")
async def test_broken_requests_are_refused() -> None:
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
        site.config.keep_alive_timeout = 0.1
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
async def test_the_app_is_told_that_its_client_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "PROBE_S", 0.05)
    async with served() as site:
        site.may_answer.clear()
        _, writer = await site.connect()
        writer.write(GET)
        await asyncio.wait_for(site.asked.wait(), DEADLINE_S)
        writer.transport.abort()
        await asyncio.wait_for(site.left.wait(), DEADLINE_S)


@ours_without_tls
@pytest.mark.usefixtures("server")
async def test_a_client_that_sends_no_more_may_wait_for_its_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(exchange, "PROBE_S", 0.05)
    async with served() as site:
        site.may_answer.clear()
        reader, writer = await site.connect()
        writer.write(GET)
        writer.write_eof()
        for _ in range(exchange.PROBES):
            sign = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), DEADLINE_S)
            assert sign.startswith(b"HTTP/1.1 100 ")
        site.may_answer.set()
        answer = await asyncio.wait_for(reader.read(), DEADLINE_S)
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert answer.endswith(b"ok")
        assert not site.left.is_set()
        writer.close()


@ours_over_tls
@pytest.mark.usefixtures("server")
@pytest.mark.parametrize("ends_tls", [True, False])
async def test_over_tls_a_client_that_sends_no_more_is_gone(ends_tls: bool) -> None:
    async with served() as site:
        site.may_answer.clear()
        wire = await asyncio.to_thread(site.wire, GET)
        await asyncio.wait_for(site.asked.wait(), DEADLINE_S)
        if ends_tls:
            assert isinstance(wire, ssl.SSLSocket)
            wire = await asyncio.to_thread(wire.unwrap)
        else:
            wire.shutdown(socket.SHUT_WR)
        await asyncio.wait_for(site.left.wait(), DEADLINE_S)
        wire.close()


@asynccontextmanager
async def unread(site: Site, request: bytes = GET) -> AsyncIterator[socket.socket]:
    """Give the connection of a client that asks, and reads nothing."""
    with await asyncio.to_thread(site.wire, request, buffer_bytes=4096) as wire:
        yield wire


async def until_reset(wire: socket.socket) -> None:
    """Wait until the server has ended the connection, whether or not all was read."""
    poll = select.poll()
    poll.register(wire, 0)  # These are told in any case.

    async def look() -> bool:
        return any(events & (select.POLLERR | select.POLLHUP) for _, events in poll.poll(0))

    await eventually(look)


@ours
@pytest.mark.usefixtures("server")
async def test_an_abandoned_answer_closes_a_connection_that_reads_nothing() -> None:
    async with served() as site:
        site.pours_s = 0.1
        async with unread(site) as wire:
            await until_reset(wire)


@ours_without_tls
@pytest.mark.usefixtures("server")
async def test_a_connection_that_is_being_closed_has_a_time_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert connection.CLOSING_S == 10
    monkeypatch.setattr(connection, "CLOSING_S", 0.1)
    async with served() as site:
        site.reads, site.pours_s = False, DEADLINE_S
        async with unread(site, CHUNKED) as wire:
            await asyncio.wait_for(site.asked.wait(), DEADLINE_S)
            wire.shutdown(socket.SHUT_WR)
            await until_reset(wire)
        site.left.set()


@ours
@pytest.mark.usefixtures("server")
@pytest.mark.parametrize("sends_more", [True, False])
async def test_a_client_that_takes_nothing_of_its_answer_is_dropped(
    monkeypatch: pytest.MonkeyPatch, sends_more: bool
) -> None:
    assert connection.TAKING_S == 30
    monkeypatch.setattr(connection, "TAKING_S", 0.1)
    async with served() as site:
        site.config.keep_alive_timeout, site.pours_s = 0.1, DEADLINE_S
        async with unread(site) as wire:
            await asyncio.wait_for(site.asked.wait(), DEADLINE_S)
            if not sends_more:
                wire.shutdown(socket.SHUT_WR)
            await until_reset(wire)
        site.left.set()


@ours_over_tls
@pytest.mark.usefixtures("server")
async def test_over_tls_the_kernel_holds_little_of_an_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Closing has a time limit, in which the client has to take what the kernel holds."""
    monkeypatch.setattr(connection, "TAKING_S", 0.1)
    async with served() as site:
        site.config.keep_alive_timeout, site.pours_s = 0.1, DEADLINE_S
        async with unread(site) as wire:
            await until_reset(wire)
        site.left.set()
        assert site.poured_bytes < 2**20


@pytest.mark.full
@ours
@pytest.mark.usefixtures("server")
async def test_the_last_answer_comes_whole_to_a_client_that_takes_it_slowly(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connection, "CLOSING_S", 2)

    def take(site: Site) -> int:
        taken = 0
        with site.wire(LAST) as wire:
            while part := wire.recv(2**16):
                taken += len(part)
                time.sleep(0.1)  # So slow is the client.
        return taken

    async with served() as site:
        site.parts = [b"a" * 2**16] * 60
        assert await asyncio.to_thread(take, site) > 60 * 2**16


@pytest.mark.full
@ours
@pytest.mark.usefixtures("server")
async def test_a_client_that_takes_its_answer_slowly_gets_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connection, "TAKING_S", 1)
    async with served() as site:
        site.config.keep_alive_timeout, site.pours_s = 0.3, DEADLINE_S
        reader, writer = await site.connect()
        writer.write(GET)
        answered_at = time.monotonic()
        while time.monotonic() - answered_at < 4:
            await asyncio.wait_for(reader.readexactly(2**16), DEADLINE_S)
            await asyncio.sleep(0.01)  # So slow is the client.
        site.left.set()
        await asyncio.wait_for(reader.read(), DEADLINE_S)
        writer.close()


@ours
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
