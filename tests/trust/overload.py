"""Four times the load that a server of two workers sustains, and how soon it is back to normal.

`python -m tests.trust.overload 60` overloads it for 60 s. Then come clients that send and read
slowly, and 5,000 connections that do nothing. Everything runs on this machine, the clients as well.
"""

import asyncio
import contextlib
import resource
import statistics
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Final

from tests.serving.test_server import children_of
from tests.trust.site import Site, roomy_site

POSTS: Final = "/api/v1/users/ann/tweets"
WAITING: Final = 16
"""Clients that each wait for an answer before they ask again: what is sustained."""
TIMES: Final = 4
PATIENCE_S: Final = 30.0
USUAL: Final = 40
OUTSTANDING: Final = 8_000
"""Requests without an answer, at most: each has a connection."""
IDLE: Final = 5_000
SLOW: Final = 200


class Load:
    """Sends half reads and half writes, and counts the answers by status."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.answers: Counter[int | str] = Counter()
        self.peak_mb = 0.0
        self._number = 0
        self._wires: list[Wire] = []

    def request(self) -> bytes:
        self._number += 1
        head = f"Host: localhost\r\nAuthorization: Bearer {self.site.token}\r\n"
        if self._number % 2:
            return f"GET {POSTS}?limit=50 HTTP/1.1\r\n{head}\r\n".encode()
        body = b'{"text": "post %d"}' % self._number
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        return f"POST {POSTS} HTTP/1.1\r\n{head}\r\n".encode() + body

    async def connect(self) -> "Wire":
        self._wires.append(
            wire := Wire(*await asyncio.open_connection("127.0.0.1", self.site.port))
        )
        return wire

    async def close(self) -> None:
        for wire in self._wires:
            await wire.close()

    async def ask(self, wires: list["Wire"] | None = None) -> float:
        """Send a request over an idle connection; return the seconds until the answer."""
        began = time.monotonic()
        wire = wires.pop() if wires else await self.connect()
        try:
            async with asyncio.timeout(PATIENCE_S):
                self.answers[await wire.ask(self.request())] += 1
            if wires is not None:
                wires.append(wire)
        except (TimeoutError, OSError, asyncio.IncompleteReadError) as error:
            self.answers[type(error).__name__] += 1
        return time.monotonic() - began

    async def sustain(self, seconds: float) -> float:
        """Return how many requests a second are answered when all clients wait for theirs."""
        end = time.monotonic() + seconds

        async def client() -> int:
            wires, done = [await self.connect()], 0
            while time.monotonic() < end:
                await self.ask(wires)
                done += 1
            return done

        return sum(await asyncio.gather(*(client() for _ in range(WAITING)))) / seconds

    async def overload(self, rate: float, seconds: float) -> None:
        """Send four requests for each that is answered, beginning with a second's load."""
        wires: list[Wire] = []
        end, sent = time.monotonic() + seconds, 0
        async with asyncio.TaskGroup() as group:
            while time.monotonic() < end:
                answered = self.answers.total()
                while sent < min(TIMES * (answered + rate), answered + OUTSTANDING):
                    group.create_task(self.ask(wires))
                    sent += 1
                self.peak_mb = max(self.peak_mb, memory_mb(self.site))
                await asyncio.sleep(0.02)
        assert self.answers.total() == sent

    async def usual_s(self) -> float:
        """Return the median of the seconds that a request takes when nothing else happens."""
        return statistics.median([await self.ask() for _ in range(USUAL)])

    async def back_after_s(self, usual_s: float) -> float:
        """Return the seconds until ten answers in turn take no longer than twice the usual."""
        began = time.monotonic()
        while statistics.median([await self.ask() for _ in range(10)]) > 2 * usual_s:
            assert time.monotonic() - began < PATIENCE_S, "it never came back to normal"
        return time.monotonic() - began


class Wire:
    """A connection that stays open."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self.writer = writer

    async def ask(self, request: bytes) -> int:
        self.writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        await self._reader.readexactly(length)
        return int(head.split(b" ", 2)[1])

    async def until_closed(self) -> None:
        with contextlib.suppress(OSError):
            while await self._reader.read(65_536):
                pass

    async def close(self) -> None:
        self.writer.close()
        with contextlib.suppress(OSError):
            await self.writer.wait_closed()


def memory_mb(site: Site) -> float:
    """Return what the server's processes have in memory; pages that they share count once each."""
    total = 0
    for pid in (site.server.process.pid, *children_of(site.server.process.pid)):
        with contextlib.suppress(OSError):
            pages = Path(f"/proc/{pid}/statm").read_text().split()
            total += (int(pages[1]) - int(pages[2])) * resource.getpagesize()
    return total / 2**20


async def overload(site: Site, seconds: float) -> Load:
    """Overload the site; print what became of it."""
    load = Load(site)
    await load.sustain(1)
    usual_s, before_mb = await load.usual_s(), memory_mb(site)
    rate = await load.sustain(max(2.0, seconds / 10))
    load.answers.clear()
    await load.overload(TIMES * rate, seconds)
    sent, answers = load.answers.total(), dict(load.answers)
    back_s = await load.back_after_s(usual_s)
    print(f"{rate:.0f} requests/s sustained; {TIMES} sent for each answered, for {seconds:.0f} s:")
    print(f"  {sent}: {answers}; back to normal ({usual_s * 1000:.1f} ms) after {back_s:.1f} s")
    print(f"  own memory {before_mb:.0f} MB before, at most {load.peak_mb:.0f} MB")
    await load.close()
    return load


async def dawdle(site: Site, idle: int, slow: int) -> None:
    """Connect and do nothing, or little; others are served meanwhile. Print the figures."""
    load = Load(site)
    usual_s, before_mb = await load.usual_s(), memory_mb(site)
    wires = [await load.connect() for _ in range(idle + 3 * slow)]
    head = f"Host: localhost\r\nAuthorization: Bearer {site.token}\r\n".encode()
    begun = b"POST " + POSTS.encode() + b" HTTP/1.1\r\n" + head
    for number, wire in enumerate(wires[: 3 * slow]):
        kind = b"Content-Type: application/json\r\nContent-Length: 9000\r\n\r\n"
        export = b"GET /api/v1/export HTTP/1.1\r\n" + head + b"\r\n"
        wire.writer.write((begun, begun + kind + b'{"te', export)[number % 3])
    meanwhile_s, held_mb = await load.usual_s(), memory_mb(site)
    assert set(load.answers) <= {200, 201}, load.answers
    began = time.monotonic()
    await asyncio.gather(*(wire.until_closed() for wire in wires))
    print(f"{idle} idle connections, and {slow} each that send a head, a body, or read slowly:")
    print(f"  others {usual_s * 1000:.1f} ms before, {meanwhile_s * 1000:.1f} ms meanwhile")
    print(f"  own memory {before_mb:.0f} MB before, {held_mb:.0f} MB meanwhile")
    print(f"  all were closed {time.monotonic() - began:.0f} s later")
    await load.close()


async def run(site: Site, seconds: float, idle: int, slow: int) -> Load:
    site.server.token = site.token
    assert site.server.send("POST", "/api/v1/users", {"username": "ann"})[0] == 201
    load = await overload(site, seconds)
    await dawdle(site, idle, slow)
    return load


def main(arguments: list[str]) -> None:
    seconds = float(arguments[0]) if arguments else 60.0
    with roomy_site() as (site, _):
        asyncio.run(run(site, seconds, IDLE, SLOW))


if __name__ == "__main__":
    main(sys.argv[1:])
