"""A small HTTP client for load: `python -m benchmarks.client ADDRESS REQUESTS`.

For answers that have to be looked at, and where there is no wrk. Prints JSON. With `--check` each
list of posts is held against what was acknowledged before it was asked for: every such post that
belongs into it must be there.
"""

import argparse
import asyncio
import json
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
import uvloop

GRACE_S: Final = 5.0
"""Requests under way at the end may take so long."""


LISTED: Final = 20

Known = tuple[tuple[str, int], ...]
"""Time and id of posts, the oldest first."""


class Post(msgspec.Struct):
    id: int
    created_at: str


class Page(msgspec.Struct):
    items: list[Post]


_page = msgspec.json.Decoder(Page)
_post = msgspec.json.Decoder(Post)


@dataclass(frozen=True, slots=True)
class Request:
    """A line of the file of requests: method, path and body, with tabs between them."""

    method: str
    path: str
    data: bytes
    author: str

    @classmethod
    def from_line(cls, line: str, host: str, token: str, reads: str = "") -> "Request":
        """Return the request of a line; reads: header of a request without a body."""
        method, path, body = (*line.rstrip("\n").split("\t"), "")[:3]
        head = [f"{method} {path} HTTP/1.1", f"Host: {host}"]
        content = body.encode()
        if content:
            head += ["Content-Type: application/json", f"Content-Length: {len(content)}"]
            head.append(f"Authorization: Bearer {token}")
        elif reads:
            head.append(reads)
        author = path.removeprefix("/api/v1/users/").partition("/")[0]
        return cls(method, path, "\r\n".join([*head, "", ""]).encode() + content, author)


@dataclass(slots=True)
class Tally:
    """What became of the requests."""

    times_s: list[float] = field(default_factory=list)
    errors: int = 0
    stale: int = 0
    checked: int = 0
    acknowledged: dict[str, Known] = field(default_factory=lambda: defaultdict(tuple))
    """Each author's newest posts of those that were acknowledged."""

    def check(self, request: Request, known: Known, body: bytes) -> None:
        """Take note of a new post, or hold a list against what was known when it was asked for."""
        if request.method == "POST":
            post = _post.decode(body)
            newest = sorted((*self.acknowledged[request.author], (post.created_at, post.id)))
            self.acknowledged[request.author] = tuple(newest[-LISTED:])
            return
        listed = {(post.created_at, post.id) for post in _page.decode(body).items}
        oldest = min(listed)
        self.checked += 1
        self.stale += any(post > oldest and post not in listed for post in known)


class Connection(asyncio.Protocol):
    """Sends the next request when the answer to the last one has come."""

    def __init__(self, requests: Iterator[Request], tally: Tally, *, checks: bool) -> None:
        self._requests = requests
        self._tally = tally
        self._checks = checks
        self._buffer = b""
        self._wanted = -1
        """Bytes of head and body together, -1 while the head has not come."""
        self._closes = False
        self.is_ending = False
        self.is_asking = False
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._ask()

    def _ask(self) -> None:
        if self.is_ending:
            self._transport.close()
            return
        self._request = next(self._requests)
        if self._checks:
            self._known = self._tally.acknowledged[self._request.author]
        self.is_asking = True
        self._started = time.perf_counter()
        self._transport.write(self._request.data)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if self._wanted < 0:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            self._status = self._buffer[9:12]
            self._head = end + 4
            head = self._buffer[:end].lower()
            self._closes = b"connection: close" in head
            _, _, rest = head.partition(b"\r\ncontent-length:")
            self._wanted = self._head + int(rest.partition(b"\r\n")[0] or 0)
        if len(self._buffer) >= self._wanted:
            self._answered()

    def _answered(self) -> None:
        tally = self._tally
        tally.times_s.append(time.perf_counter() - self._started)
        self.is_asking = False
        if self._status >= b"400":
            tally.errors += 1
        elif self._checks:
            tally.check(self._request, self._known, self._buffer[self._head :])
        self._buffer, self._wanted = b"", -1
        if self._closes:
            self._transport.close()
        else:
            self._ask()

    def connection_lost(self, error: Exception | None) -> None:
        # A worker that is replaced may close an idle connection; a request without answer counts.
        self._tally.errors += self.is_asking
        self.is_asking = False
        if not self.closed.done():
            self.closed.set_result(None)


async def load(
    address: str, requests: Sequence[Request], *, connections: int, seconds: float, checks: bool
) -> tuple[Tally, float]:
    """Ask for so long over so many connections; return the tally and how long it really took."""
    parts = urlsplit(address)
    tally = Tally()
    endless = cycle(requests)
    is_over = asyncio.Event()
    running: set[Connection] = set()

    async def keep_asking() -> None:
        while not is_over.is_set():
            _, connection = await asyncio.get_running_loop().create_connection(
                lambda: Connection(endless, tally, checks=checks),
                parts.hostname or "",
                parts.port or 80,
            )
            running.add(connection)
            await connection.closed
            running.discard(connection)

    started = time.perf_counter()
    tasks = [asyncio.create_task(keep_asking()) for _ in range(connections)]
    await asyncio.sleep(seconds)
    is_over.set()
    elapsed, asked = time.perf_counter() - started, len(tally.times_s)
    for connection in running:
        connection.is_ending = True
    done, late = await asyncio.wait(tasks, timeout=GRACE_S)
    for task in late:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    tally.errors += len(late) + sum(task.exception() is not None for task in done)
    del tally.times_s[asked:]
    return tally, elapsed


def percentile_ms(ordered: Sequence[float], share: float) -> float:
    """Return a percentile of sorted seconds, in milliseconds; 0 of none."""
    return 1000 * ordered[min(int(share * len(ordered)), len(ordered) - 1)] if ordered else 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address")
    parser.add_argument("requests", type=Path, help="a file of lines: METHOD, PATH, BODY by tabs")
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--token", default="")
    parser.add_argument("--cookie", default="", help="of half of the reads, beside tokens")
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    host = urlsplit(arguments.address).netloc
    with arguments.requests.open(encoding="utf-8") as lines:
        signed = f"Cookie: {arguments.cookie}", f"Authorization: Bearer {arguments.token}"
        requests = [
            Request.from_line(
                line, host, arguments.token, signed[number % 2] if arguments.cookie else ""
            )
            for number, line in enumerate(lines)
        ]
    tally, elapsed = uvloop.run(
        load(
            arguments.address,
            requests,
            connections=arguments.connections,
            seconds=arguments.seconds,
            checks=arguments.check,
        )
    )
    ordered = sorted(tally.times_s)
    result = {
        "requests": len(ordered),
        "per_second": len(ordered) / elapsed,
        "p50_ms": percentile_ms(ordered, 0.5),
        "p99_ms": percentile_ms(ordered, 0.99),
        "errors": tally.errors,
        "checked": tally.checked,
        "stale": tally.stale,
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
