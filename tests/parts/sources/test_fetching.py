"""Requests: polite, bounded, and never into the operator's own network."""

import asyncio
import contextlib
import gzip
import socket
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise

import pytest

from app.parts.sources import fetching
from app.parts.sources.fetching import Answer, Fetcher, FetchError, Headers, is_public
from saywho.clock import now
from tests.live_platforms import Fault, Platform, live_platform
from tests.waiting import DEADLINE_S

GZIP = {"Content-Encoding": "gzip"}
MOST = 2**20
"""Bytes of an answer."""


async def get(web: Fetcher, address: str) -> tuple[Answer, bytes]:
    """Return the answer and its body, closed."""
    answer = await web.get(address, most_bytes=MOST)
    with answer.body:
        return answer, answer.body.read()


@pytest.fixture(autouse=True)
def feed(platform: Platform) -> None:
    platform.add("feed", "hello")


async def test_a_host_gets_one_request_at_a_time_and_one_a_second(
    platform: Platform, web: Fetcher
) -> None:
    platform.faults = [Fault(delay_s=0.2)] * 3
    await asyncio.gather(*(get(web, f"{platform.address}/feed") for _ in range(3)))
    times = [at for at, _ in platform.requests]
    assert platform.busiest == 1
    assert all(after - before >= 1.0 for before, after in pairwise(times))


async def test_hosts_do_not_wait_for_each_other(platform: Platform) -> None:
    web = Fetcher(lambda _: True)
    with live_platform("127.0.0.2") as other:
        other.add("feed", "hello")
        platform.faults = [Fault(delay_s=DEADLINE_S)]
        slow = asyncio.create_task(get(web, f"{platform.address}/feed"))
        await asyncio.sleep(0)
        await get(web, f"{other.address}/feed")
        assert not slow.done()
        slow.cancel()
        await asyncio.wait([slow])
    await web.aclose()


@pytest.mark.parametrize(
    ("scheme", "body", "reason"),
    [
        ("https", b"HTTP/1.0 400 No\r\n\r\n", "ConnectError"),
        ("http", b"", "RemoteProtocolError"),
        ("http", b"nonsense\r\n\r\n", "RemoteProtocolError"),
    ],
)
async def test_a_host_that_cannot_be_read_is_named(
    web: Fetcher, scheme: str, body: bytes, reason: str
) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65_536)  # What is left unread would reset the connection.
        writer.write(body)
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(FetchError, match=rf"127.0.0.1 cannot be read \({reason}\)"):
            await get(web, f"{scheme}://127.0.0.1:{port}/")


async def test_a_name_that_is_not_found_may_be_the_fault_of_this_server(web: Fetcher) -> None:
    host = "x" * 64 + ".example"  # No server of names is asked for it.
    with pytest.raises(FetchError, match=f"{host} was not found: .* or this server is offline"):
        await get(web, f"http://{host}/")


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        *(
            (Fault(status=302, headers={"Location": f"http://{host}/"}), "private network")
            for host in ("127.0.0.2", "[::1]", "[::ffff:10.0.0.1]", "2130706434")
        ),
        (Fault(status=301, headers={"Location": "/feed"}), "redirects too many times"),
        (Fault(headers=GZIP, body=gzip.compress(bytes(3 * MOST))), "larger than 1 MB"),
        (Fault(delay_s=DEADLINE_S), "did not respond in time"),
    ],
)
async def test_a_host_that_leads_astray_or_holds_up_is_given_up(
    platform: Platform, web: Fetcher, monkeypatch: pytest.MonkeyPatch, fault: Fault, why: str
) -> None:
    monkeypatch.setattr(fetching, "PAUSE_S", 0.0)
    monkeypatch.setattr(fetching, "TIMEOUT_S", 1.0)
    platform.faults = [fault] * 50
    with pytest.raises(FetchError, match=why):
        await get(web, f"{platform.address}/feed")
    assert len(platform.requests) <= 6


@pytest.mark.parametrize(
    ("address", "is_open"),
    [
        ("93.184.216.34", True),
        ("2606:4700::1111", True),
        ("127.0.0.1", False),
        ("10.0.0.1", False),
        ("100.64.0.1", False),
        ("169.254.169.254", False),
        ("0.0.0.0", False),  # noqa: S104 # Nothing is bound.
        ("224.0.0.1", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("::ffff:192.168.1.1", False),
        ("64:ff9b::10.0.0.1", False),
        ("fec0::1", False),
        ("::10.0.0.1", False),
        ("::ffff:0:10.0.0.1", False),
        ("5f00::1", False),
        ("3fff::1", False),
        ("192.88.99.1", False),
        ("2002:7f00:1::", False),
    ],
)
def test_only_addresses_of_the_public_network_are_open(address: str, is_open: bool) -> None:
    assert is_public(address) is is_open


async def test_the_address_that_was_checked_is_the_one_that_is_asked(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that leads elsewhere at the second look (DNS rebinding) is looked up once."""
    looked = 0
    real = socket.getaddrinfo

    def resolve(host: str, *given: object, **named: object) -> object:
        nonlocal looked
        if host == "rebound.example":
            looked += 1
            host = "127.0.0.1" if looked == 1 else "127.0.0.2"
        return real(host, *given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    web = Fetcher(lambda address: address == "127.0.0.1")
    port = platform.address.rpartition(":")[2]
    answer, _ = await get(web, f"http://rebound.example:{port}/feed")
    assert (answer.status, looked) == (200, 1)
    await web.aclose()


async def test_bytes_after_the_end_of_gzip_are_not_read(web: Fetcher) -> None:
    sent = 0

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n"
        # More comes with the end, while less than all of what is before it has been unpacked.
        writer.write(head + gzip.compress(bytes(900_000)) + bytes(10_000))
        with contextlib.suppress(ConnectionError):
            while True:
                writer.write(bytes(2**16))
                await writer.drain()
                sent += 2**16

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with asyncio.timeout(DEADLINE_S):
            _, body = await get(web, f"http://127.0.0.1:{port}/")
    assert body == bytes(900_000)
    assert sent < 16 * 2**20


async def test_cookies_of_one_host_are_sent_to_none(
    platform: Platform, web: Fetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = socket.getaddrinfo

    def resolve(host: str, *given: object, **named: object) -> object:
        return real("127.0.0.1", *given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(fetching, "PAUSE_S", 0.0)
    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    platform.faults = [Fault(headers={"Set-Cookie": "track=abc; Path=/"})]
    for host in ("127.0.0.1", "other.example", "127.0.0.1"):
        address = platform.address.replace("127.0.0.1", host)
        await get(web, f"{address}/feed")
    assert platform.cookies == [None, None, None]


LATER = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=5)
"""So far ahead that it has not come when the test runs."""
ISO = LATER.strftime("%Y-%m-%dT%H:%M:%S.000000Z")
EPOCH = str(int(LATER.timestamp()))


@pytest.mark.parametrize(
    ("status", "headers", "until"),
    [
        (429, {"Retry-After": "120"}, 120),
        (503, {"Retry-After": format_datetime(LATER, usegmt=True)}, LATER),
        (429, {}, 300),
        (429, {"Retry-After": "nonsense"}, 300),
        (429, {"Retry-After": "99999999"}, 86_400),
        (503, {}, 0),
        (200, {"Retry-After": "60"}, None),
        (200, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": LATER.isoformat()}, LATER),
        (200, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": ISO}, LATER),
        (304, {"RateLimit-Remaining": "0", "RateLimit-Reset": EPOCH}, LATER),
        (200, {"ratelimit-remaining": "0", "ratelimit-reset": "90"}, 90),
        (200, {"RateLimit-Remaining": "0", "RateLimit-Reset": "99999999999999999"}, 300),
        (200, {"RateLimit-Remaining": "0", "RateLimit-Reset": "9999999999"}, 86_400),
        (200, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "2020-01-01T00:00:00Z"}, 0),
        (200, {"X-RateLimit-Remaining": "0"}, 300),
        (200, {"X-RateLimit-Remaining": "1", "X-RateLimit-Reset": LATER.isoformat()}, None),
        (429, {"Retry-After": "5", "RateLimit-Remaining": "0", "RateLimit-Reset": EPOCH}, LATER),
    ],
)
async def test_a_host_that_wants_a_pause_gets_it(
    platform: Platform, web: Fetcher, status: int, headers: Headers, until: datetime | int | None
) -> None:
    platform.faults = [Fault(status=status, headers={**headers})]
    answer, _ = await get(web, f"{platform.address}/feed")
    if until is None:
        assert answer.not_before is None
        return
    assert answer.not_before is not None
    if isinstance(until, int):
        until = now() + timedelta(seconds=until)
    assert abs(answer.not_before - until) < timedelta(seconds=30)


@pytest.mark.parametrize(
    ("name", "value"),
    [("TIMEOUT_S", 0.2), ("TIMEOUTS", {**fetching.TIMEOUTS, "connect": 0.2})],
    ids=["the request", "the connection"],
)
async def test_a_host_that_never_ends_its_handshake_is_hung_up_on(
    monkeypatch: pytest.MonkeyPatch, name: str, value: object
) -> None:
    is_reached, is_closed = asyncio.Event(), asyncio.Event()

    async def be_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        is_reached.set()
        await reader.read()  # To the end.
        is_closed.set()
        writer.close()

    web = Fetcher(lambda _: True)
    monkeypatch.setattr(fetching, name, value)
    async with await asyncio.start_server(be_silent, "127.0.0.1") as server:
        port = server.sockets[0].getsockname()[1]
        async with asyncio.timeout(DEADLINE_S):
            while not is_reached.is_set():  # On a busy machine that may take all of the time.
                with pytest.raises(FetchError, match="did not respond in time"):
                    await get(web, f"https://127.0.0.1:{port}/feed")
                await asyncio.sleep(0)
            await is_closed.wait()
    await web.aclose()
