"""Many clients of the live stream: `python -m benchmarks.audience ADDRESS CLIENTS`.

Prints a line once all of them listen. Then it reads one line of JSON, event numbers with the
moments when they were committed, waits for stragglers, and prints as JSON how long the events took
to each client, and how many were lost or came twice.
"""

import argparse
import asyncio
import json
import re
import resource
import sys
import time
from array import array
from typing import Any, Final
from urllib.parse import urlsplit

import uvloop

CONNECTING_AT_ONCE: Final = 200
STRAGGLERS_S: Final = 3.0
START_TIMEOUT_S: Final = 120.0
_ID: Final = re.compile(rb"(?:^|\n)id: ?(\d+)\n")


class Arrivals:
    """When each event came to its clients."""

    def __init__(self) -> None:
        self.times: dict[int, array[float]] = {}
        self.is_over = False
        self.lost_connections = 0
        self._ids: dict[bytes, list[int]] = {}
        """Of the last pieces: all clients of a worker get the same bytes."""

    def take(self, data: bytes) -> None:
        now = time.monotonic()
        ids = self._ids.get(data)
        if ids is None:
            if len(self._ids) > 1_000:
                self._ids.clear()
            ids = self._ids[data] = [int(found) for found in _ID.findall(data)]
        for number in ids:
            times = self.times.get(number)
            if times is None:
                times = self.times[number] = array("d")
            times.append(now)


class Listener(asyncio.Protocol):
    def __init__(self, host: str, arrivals: Arrivals, welcomed: asyncio.Future[None]) -> None:
        self._host = host
        self._arrivals = arrivals
        self._welcomed = welcomed
        self._rest = b""

    def connection_made(self, transport: Any) -> None:
        transport.write(b"GET /api/v1/live HTTP/1.1\r\nHost: %s\r\n\r\n" % self._host.encode())

    def data_received(self, data: bytes) -> None:
        if not self._welcomed.done():
            self._rest += data
            if b"welcome" in self._rest:
                self._welcomed.set_result(None)
                self._rest = b""
            return
        if self._rest or not data.endswith(b"\n\n\r\n"):
            # A piece of a chunk; most come whole.
            self._rest += data
            if not self._rest.endswith(b"\n\n\r\n"):
                return
            data, self._rest = self._rest, b""
        self._arrivals.take(data)

    def connection_lost(self, error: Exception | None) -> None:
        self._arrivals.lost_connections += not self._arrivals.is_over
        if not self._welcomed.done():
            self._welcomed.set_exception(error or ConnectionError("closed before the welcome"))


async def listen(address: str, clients: int) -> dict[str, float]:
    parts = urlsplit(address)
    arrivals = Arrivals()
    loop = asyncio.get_running_loop()
    places = asyncio.Semaphore(CONNECTING_AT_ONCE)

    async def connect() -> None:
        async with places:
            welcomed: asyncio.Future[None] = loop.create_future()
            await loop.create_connection(
                lambda: Listener(parts.netloc, arrivals, welcomed),
                parts.hostname or "",
                parts.port or 80,
            )
            await welcomed

    async with asyncio.timeout(START_TIMEOUT_S):
        await asyncio.gather(*(connect() for _ in range(clients)))
    print("listening", flush=True)
    line = await asyncio.to_thread(sys.stdin.readline)
    await asyncio.sleep(STRAGGLERS_S)
    arrivals.is_over = True
    return summary(arrivals, json.loads(line), clients)


def summary(arrivals: Arrivals, committed: dict[str, float], clients: int) -> dict[str, float]:
    """Return percentiles over all events and clients, in milliseconds."""
    waits = sorted(
        1000 * (came - moment)
        for number, moment in committed.items()
        for came in arrivals.times.get(int(number), ())
    )
    counts = [len(arrivals.times.get(int(number), ())) for number in committed]
    return {
        "clients": clients,
        "events": len(committed),
        "deliveries": len(waits),
        "p50_ms": waits[len(waits) // 2],
        "p99_ms": waits[int(0.99 * len(waits))],
        "max_ms": waits[-1],
        "lost": sum(max(0, clients - count) for count in counts),
        "twice": sum(max(0, count - clients) for count in counts),
        "lost_connections": arrivals.lost_connections,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address")
    parser.add_argument("clients", type=int)
    arguments = parser.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    print(json.dumps(uvloop.run(listen(arguments.address, arguments.clients))))


if __name__ == "__main__":
    main()
