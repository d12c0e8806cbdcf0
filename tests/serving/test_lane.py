"""The lane answers as the long road does, is never stale, and keeps a connection's manners."""

import asyncio
import contextlib
import json
import re
import socket
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from hypercorn.asyncio import run, serve
from hypothesis import given, settings, strategies as st
from quart import Quart

from app import create_app
from app.asgi.cached import AtOnce, Cached, CachedResponse
from app.asgi.edge import Edge
from app.lifespan import cache_of
from app.runtime.logs import Answered
from app.serving.settings import load_server_config
from app.serving.worker import use_own_http1
from tests.certificates import make_certificate
from tests.conftest import MakeConfig, client_with
from tests.ports import free_port
from tests.server import Server, connections_to_every_worker
from tests.waiting import DEADLINE_S, eventually, settle

TEXT = "안녕하세요, this is a post about the harbour. " * 20
PATHS = [
    *(
        "/",
        "/authors",
        "/user/mina",
        "/api/v1/users/mina/tweets",
        "/api/v1/users/mina/tweets?limit=1",
    ),
    *("/search?q=harbour", "/feed.atom", "/static/style.css"),
    *("//", "/user/%6Dina", "/user/mina/", "/user/nobody", "/api/v1/users?%ff=%ff", "/healthz"),
    *("/static/%2e%2e/style.css", "/settings", "http://localhost/authors", "http://other.example/"),
    *("/authors#a", "*", "user/mina", "/\xff", "/a b", f"/search?q={'a' * 2_100}"),
]
METHODS = ["GET", "HEAD", "OPTIONS", "POST", "DELETE", "get", "TRACE", "G ET"]
ENDS = ["\r\n", "\n", "", "\r\nab", "\r\n\r\n"]
HEADERS: dict[str, list[str]] = {
    "accept-language": ["ko", "en-US,en;q=0.5", "de, ko;q=0.1", "x" * 300],
    "accept-encoding": ["gzip", "gzip;q=0", "br, gzip;q=0.5", "*"],
    "cookie": [
        *("saywho_lang=ko", "saywho_lang=en; saywho_zone=Asia/Seoul", "saywho_zone=No/Where"),
        *("saywho_session=abc", "x=\xff; saywho_lang=ko"),
    ],
    "if-none-match": ['"abc"', "*", "KNOWN", "W/*", "W/KNOWN, KNOWN"],
    "saywho-after": ["0", "1", "999999999", "-1", "soon"],
    "x-request-id": ["mine-1", "bad id", "x" * 200],
    "authorization": ["Bearer abc", "Basic abc"],
    "AUTHORIZATION": ["Bearer abc"],
    "host": ["localhost", "other.example", "a b", "127.0.0.1:80", ""],
    "content-length": ["0", "2"],
    "transfer-encoding": ["chunked", "gzip"],
    "expect": ["100-continue"],
    "connection": ["close", "keep-alive", "upgrade", "upgrade, close"],
    "upgrade": ["h2c", "websocket"],
    "x-forwarded-for": ["192.0.2.1", "192.0.2.1, [2001:db8::1]:80"],
    "x-forwarded-proto": ["https", "gopher"],
    "x-forwarded-host": ["other.example", "localhost"],
    "origin": ["https://elsewhere.example", "null"],
    "access-control-request-method": ["GET"],
    "range": ["bytes=0-1"],
    " folded": ["a"],
}


class Counted(AtOnce):
    """The layers, which count what they answer at once."""

    def __init__(self, edge: Edge, cached: Cached) -> None:
        super().__init__(edge, cached)
        self.answered = 0
        self.note = self._count

    def _count(self, answers: Sequence[Answered], seconds: float, client: str | None) -> None:
        self.answered += len(answers)
        self.edge.note(answers, seconds, client)


@pytest.fixture(autouse=True)
def own_http1(monkeypatch: pytest.MonkeyPatch) -> None:
    from hypercorn import protocol

    for module, name in ((run, "TCPServer"), (protocol, "H11Protocol")):
        monkeypatch.setitem(vars(module), name, vars(module)[name])
    use_own_http1()


class Site:
    """An app under way on hypercorn."""

    def __init__(self, app: Quart, *, has_lane: bool) -> None:
        self.app = app
        edge = app.extensions[AtOnce.__name__]
        self.lane = Counted(edge.edge, edge._cached)  # noqa: SLF001
        app.extensions[AtOnce.__name__] = self.lane if has_lane else None
        self.config = load_server_config(workers=1)
        self.config.errorlog = None
        self.config.keep_alive_timeout = 10 * DEADLINE_S
        self.config.bind = [f"127.0.0.1:{free_port()}"]
        self.stop = asyncio.Event()
        self.address = ("127.0.0.1", int(self.config.bind[0].rpartition(":")[2]))

    def say(self, request: bytes, *, is_whole: bool) -> bytes:
        """Send bytes twice, on connections of their own; return all that comes for the second.

        is_whole: whether an answer begins before the client's side ends.
        """
        for _ in range(2):
            with socket.create_connection(self.address, timeout=DEADLINE_S) as wire:
                wire.sendall(request)
                begun = wire.recv(65_536) if is_whole else b""
                wire.shutdown(socket.SHUT_WR)
                answer = begun + b"".join(iter(lambda: wire.recv(65_536), b""))
        return answer


@asynccontextmanager
async def served(app: Quart, *, has_lane: bool = True, **settings: Any) -> AsyncIterator[Site]:
    site = Site(app, has_lane=has_lane)
    for name, value in settings.items():
        setattr(site.config, name, value)
    serving = asyncio.create_task(serve(app, site.config, shutdown_trigger=site.stop.wait))
    while not serving.done():
        with contextlib.suppress(ConnectionRefusedError):
            (await asyncio.open_connection(*site.address))[1].close()
            break
        await asyncio.sleep(0.01)
    try:
        yield site
    finally:
        site.stop.set()
        await asyncio.wait_for(serving, DEADLINE_S)


async def fill(app: Quart) -> None:
    await (await client_with(app, "write")).add_user("mina", TEXT, TEXT)
    await settle(app)


@st.composite
def requests(draw: st.DrawFn) -> tuple[str, str, str, list[tuple[str, str]], str, bool]:
    """Method, target, version, headers and end of a request; every other one is an everyday one."""
    is_everyday = draw(st.booleans())

    def one_of(values: list[str], everyday: int) -> str:
        return draw(st.sampled_from(values[:everyday] if is_everyday else values))

    method, target = one_of(METHODS, 2), one_of(PATHS, 8)
    version, end = (
        one_of(["HTTP/1.1", "HTTP/1.0", "HTTP/1.2", "HTTP/2.0", "HTTP"], 1),
        one_of(ENDS, 1),
    )
    headers = [("host", "localhost")] * int(one_of(["1", "1", "1", "0", "2"], 1))
    for name in draw(
        st.lists(st.sampled_from([*HEADERS][:6] if is_everyday else [*HEADERS]), max_size=4)
    ):
        headers.append((draw(st.sampled_from([name, name.title()])), one_of(HEADERS[name], 3)))
    return method, target, version, draw(st.permutations(headers)), end, is_everyday


CHANGING = re.compile(
    rb"(?<=\r\ndate: )[^\r]+|(?<=\r\nexpires: )[^\r]+|(?<=\r\ncache-status: )[^\r]+"
    rb"|(?<=\r\nx-request-id: )[0-9a-f]{16}"
)
"""What differs each time: the date, a new id, and what a job may change, whether it is cached."""


def parsed(answer: bytes) -> tuple[bytes, list[bytes], bytes]:
    """Return status line, sorted headers and body, without what differs each time."""
    head, _, body = CHANGING.sub(b"", answer).partition(b"\r\n\r\n")
    status, *headers = head.split(b"\r\n")
    return status, sorted(headers), body


def assert_same(site: Site, other: Site, drawn: Any) -> None:
    method, target, version, headers, end, is_whole = drawn
    if any("KNOWN" in value for _, value in headers):
        known = f"GET {target} HTTP/1.1\r\nhost: localhost\r\n\r\n".encode("latin-1")
        found = re.search(rb"\r\netag: ([^\r]+)", other.say(known, is_whole=False))
        tag = found[1].decode() if found else '"none"'
        headers = [(name, value.replace("KNOWN", tag)) for name, value in headers]
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
    request = f"{method} {target} {version}\r\n{lines}{end}".encode("latin-1")
    answers = [parsed(each.say(request, is_whole=is_whole)) for each in (site, other)]
    assert answers[0] == answers[1], request


@pytest.mark.parametrize(
    "chosen",
    [{}, {"trusted_proxies": 1}, {"url": "https://other.example", "public": True}],
    ids=str,
)
async def test_every_request_is_answered_as_on_the_long_road(
    make_config: MakeConfig, chosen: dict[str, Any]
) -> None:
    config = make_config(cors=frozenset({"https://elsewhere.example"}), **chosen)
    short, long = create_app(config), create_app(config)
    async with served(short) as site, served(long, has_lane=False) as other:
        await fill(long)

        @settings(max_examples=40)
        @given(requests())
        def compare(drawn: Any) -> None:
            assert_same(site, other, drawn)

        def compare_plain() -> None:
            for target in PATHS[:8]:
                headers = [("host", "localhost")]
                assert_same(site, other, ("GET", target, "HTTP/1.1", headers, "\r\n", True))

        await asyncio.to_thread(compare)

        async def answered_at_once() -> int:
            await asyncio.to_thread(compare_plain)
            return site.lane.answered

        # While jobs of both apps commit, requests take the long road, which looks for news.
        await eventually(answered_at_once, until=lambda count: count > 3)
        assert other.lane.answered == 0


LONG: Final = (pytest.mark.full, pytest.mark.timeout(600))
"""A slow machine takes 20 ms a post and its four answers."""


@pytest.mark.parametrize("posts", [60, pytest.param(7_500, marks=LONG)])
def test_no_answer_is_older_than_a_commit_of_any_worker(server: Server, posts: int) -> None:
    token = server.installation.json("token", "add", "test", "--scope", "write")["token"]
    written = {"Authorization": f"Bearer {token}"}
    assert server.send("POST", "/api/v1/users", {"username": "mina"}, **written)[0] == 201
    path, hits = "/api/v1/users/mina/tweets", 0
    with connections_to_every_worker(server) as connections:
        for number in range(posts):
            writer, *_ = connections[number % len(connections) :]
            status, _, post = server.ask(
                writer, "POST", path, {"text": f"post {number}"}, **written
            )
            assert status == 201
            for connection in connections:
                for _ in range(2):
                    _, headers, page = server.ask(connection, "GET", path)
                    assert page["items"][0]["id"] == post["id"]
                hits += headers["Cache-Status"] == "saywho; hit"
    assert hits > posts


def test_each_answer_has_its_line_in_the_log_also_at_a_stop(server: Server) -> None:
    names = [f"mine-{number}" for number in range(200)]
    with contextlib.closing(server.connect()) as connection:
        for name in names:
            headers = server.ask(connection, "GET", "/api/v1/users", X_Request_Id=name)[1]
            assert headers["X-Request-Id"] == name
    assert headers["Cache-Status"] == "saywho; hit"
    assert server.stop() == 0
    lines = [json.loads(line) for line in server.log().splitlines() if line.startswith("{")]
    of_tests = [line for line in lines if line["request_id"].startswith("mine-")]
    assert [line["request_id"] for line in of_tests] == names
    assert {line["message"] for line in of_tests} == {"GET /api/v1/users 200"}
    assert all(set(line) == set(of_tests[0]) and line["duration_ms"] >= 0 for line in of_tests)


@pytest.fixture(params=[False, True], ids=["plain", "tls"])
def certificate(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, Any]:
    if not request.param:
        return {}
    return dict(zip(("certfile", "keyfile"), make_certificate(tmp_path), strict=True))


def head(path: str = "/api/v1/users/mina/tweets") -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


async def answer_on(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """Read one response; return its head and body."""
    start = await reader.readuntil(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", start)
    assert length is not None
    return start, await reader.readexactly(int(length[1]))


@asynccontextmanager
async def connected(site: Site) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    trust = None
    if site.config.certfile:
        trust = ssl.create_default_context(cafile=site.config.certfile)
    name = "localhost" if trust else None
    reader, writer = await asyncio.open_connection(*site.address, ssl=trust, server_hostname=name)
    try:
        async with asyncio.timeout(DEADLINE_S):
            yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def test_heads_in_one_piece_or_many_are_answered_in_turn(
    make_config: MakeConfig, certificate: dict[str, Any]
) -> None:
    app = create_app(make_config())
    async with served(app, **certificate) as site, connected(site) as (reader, writer):
        await fill(app)
        writer.write(head())
        first = await answer_on(reader)
        for pieces in ([head()], [head()[:9], head()[9:]], [head() + head()[:30], head()[30:]]):
            before = site.lane.answered
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0)  # Each has the chance to arrive alone.
            for _ in range(sum(map(len, pieces)) // len(head())):
                assert (await answer_on(reader))[1] == first[1]
            assert site.lane.answered - before == (len(pieces) == 1)


async def test_a_connection_is_idle_after_an_answer_at_once(
    make_config: MakeConfig, certificate: dict[str, Any]
) -> None:
    app = create_app(make_config())
    async with served(app, **certificate) as site:
        await fill(app)
        async with connected(site) as (reader, writer):
            for _ in range(2):
                writer.write(head())
                await answer_on(reader)
            assert site.lane.answered == 1
            site.config.keep_alive_timeout = 0.1
            writer.write(head())
            await answer_on(reader)
            assert await reader.read() == b""
        async with connected(site) as (reader, writer):
            site.config.keep_alive_timeout = 10 * DEADLINE_S
            writer.write(head())
            await answer_on(reader)
            site.stop.set()
            assert await reader.read() == b""


async def test_a_client_that_reads_late_gets_the_whole_answer(
    make_config: MakeConfig, certificate: dict[str, Any]
) -> None:
    app = create_app(make_config(cache_mb=512))
    size = 30_000_000
    held = CachedResponse("tag", ((b"content-length", b"%d" % size),), b"a" * size)
    async with served(app, **certificate) as site:
        await fill(app)
        memo = cache_of(app)
        scope: dict[str, Any] = {"type": "http", "http_version": "1.1", "method": "GET"}
        scope |= {"scheme": "https" if site.config.certfile else "http"}
        scope |= {"path": "/api/v1/users", "query_string": b"", "headers": [], "server": None}
        prompt = site.lane.prompt(scope)
        assert prompt is not None
        assert memo is not None
        # Over PostgreSQL, a lane that was not told for a while leaves the answer to the long road.
        async with asyncio.timeout(DEADLINE_S):
            while site.lane.answered == 0:
                site.config.keep_alive_timeout = 10 * DEADLINE_S
                async with connected(site) as late, connected(site) as other:
                    # No event outdates it.
                    memo.put(prompt.question.keys[0], held, (), began=memo.time)
                    site.config.keep_alive_timeout = 0.3
                    await read_late(site, late, other, size)


Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def read_late(site: Site, late: Streams, other: Streams, size: int) -> None:
    """Ask for the long answer; if the lane gives it, read it when an idle connection was closed."""
    late[1].write(head("/api/v1/users"))
    start = await late[0].readuntil(b"\r\n\r\n")  # The reader takes some 100 KB on its own.
    assert b"content-length: %d\r\n" % size in start
    if site.lane.answered == 0:
        return
    # Idle since later: when it is closed, the first one would have been, too.
    other[1].write(head())
    await answer_on(other[0])
    assert await other[0].read() == b""
    assert len(await late[0].readexactly(size)) == size
