"""The dashboard: `python -m benchmarks.dashboard [--posts 20000] [--viewers 200] [--changes 15]`.

Starts the server with one worker over invented posts. Prints what the first view and a reload
take on the wire, how long each figure takes to be made and to be given out again, and what a new
post costs with one dashboard open and with many: the processor time of the server, and how long
after the post was acknowledged a viewer has the changed figures.
"""

import argparse
import asyncio
import json
import random
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import httpx

from benchmarks import machine
from tests.ports import free_port

AUTHORS: Final = 8
FIGURES: Final = ("timeline", "week", "likeness")
OPEN: Final = ("timeline", "week", "likeness")
"""What fits on a large screen; figures further down are asked for when they come into sight."""
PAUSE_S: Final = 0.12
"""Between an event and asking, as in dashboard.js."""
GZIP: Final = {"Accept-Encoding": "gzip"}
UPDATE: Final = "/dashboard/_dash-update-component"
SAYWHO: Final = (sys.executable, "-c", "from app.cli import main; main()")


def write_posts(path: Path, posts: int) -> None:
    """Write invented posts of a year as JSON lines."""
    chance = random.Random(5)
    words = [
        "".join(chance.choices("abcdefghijklmnop", k=chance.randint(2, 9))) for _ in range(3000)
    ]
    start = datetime(2025, 11, 1, tzinfo=UTC)
    with path.open("w") as file:
        for number in range(posts):
            author = number % AUTHORS
            text = " ".join(chance.choices(words[300 * author : 300 * author + 900], k=16))
            moment = start + timedelta(seconds=chance.randrange(365 * 86_400))
            post = {"username": f"author_{author}", "text": text, "source_id": str(number)}
            file.write(json.dumps(post | {"created_at": moment.isoformat()}) + "\n")


def call(figure: str, after: int | None = None) -> bytes:
    """Return what the browser sends to have a figure drawn."""
    ask = {"view": "tz=Asia%2FSeoul", "after": after}
    body = {
        "output": f"{figure}-drawing.data",
        "outputs": {"id": f"{figure}-drawing", "property": "data"},
        "inputs": [{"id": f"{figure}-ask", "property": "data", "value": ask}],
        "changedPropIds": [f"{figure}-ask.data"],
    }
    return json.dumps(body).encode()


@contextmanager
def site(posts: int) -> Iterator[tuple[str, str, int]]:
    """Serve so many posts; yield address, token and process id."""
    with machine.work_folder() as folder:
        own = {"SAYWHO_DATA_DIR": str(folder / "data"), "SAYWHO_ENV": "testing"}
        own |= {"SAYWHO_ACCESS_LOG": "0"}
        write_posts(folder / "posts.jsonl", posts)

        def saywho(*arguments: str) -> str:
            line = [*SAYWHO, *arguments]
            environ = machine.environment(own)
            done = subprocess.run(line, env=environ, cwd=machine.ROOT, check=True, stdout=-1)
            return done.stdout.decode()

        saywho("import", str(folder / "posts.jsonl"), "--json")
        token = json.loads(saywho("token", "add", "bench", "--scope", "write", "--json"))["token"]
        address = f"http://127.0.0.1:{free_port()}"
        command = [*SAYWHO, "serve", "--bind", urlsplit(address).netloc, "--workers", "1"]
        log = folder / "server.log"
        with machine.running(command, own, on=[machine.SERVER_CORE], log=log) as server:
            machine.wait_until_ready(f"{address}/readyz", server, log)
            yield address, token, server.pid


def first_view(client: httpx.Client) -> None:
    """Print what comes over the wire, heads and bodies, at a first view and at a reload."""
    page = client.get("/dashboard/")
    files = [
        "/dashboard/",
        *re.findall(r'(?:src|href)="(/(?:static|dashboard/_)[^"]+)"', page.text),
    ]
    files += ["/dashboard/_dash-layout", "/dashboard/_dash-dependencies"]
    files.append("/dashboard/_dash-component-suites/dash/dcc/async-graph.js")
    first = again = 0
    for path in dict.fromkeys(files):
        size, answer = fetched(client, path, {})
        first += size
        if "immutable" not in answer.headers.get("Cache-Control", ""):
            again += fetched(client, path, {"If-None-Match": answer.headers["ETag"]})[0]
    drawn = [drawing(client, figure) for figure in OPEN]
    figures = sum(size for size, _ in drawn)
    print(f"first view: {(first + figures) / 1000:.0f} kB on the wire in {len(files) + 3} answers")
    print(f"reload: {(again + figures) / 1000:.0f} kB, of which figures {figures / 1000:.0f} kB")


def fetched(client: httpx.Client, path: str, headers: dict[str, str]) -> tuple[int, httpx.Response]:
    with client.stream("GET", path, headers=headers) as answer:
        body = b"".join(answer.iter_raw())
    assert answer.status_code in {200, 304}, path
    return len(body) + sum(len(n) + len(v) + 4 for n, v in answer.headers.raw), answer


def drawing(client: httpx.Client, figure: str) -> tuple[int, float]:
    """Return bytes and seconds of a figure."""
    started = time.perf_counter()
    headers = {"Content-Type": "application/json"}
    with client.stream("POST", UPDATE, content=call(figure), headers=headers) as answer:
        body = b"".join(answer.iter_raw())
    assert answer.status_code == 200, figure
    return len(body), time.perf_counter() - started


def figure_times(client: httpx.Client, token: str) -> None:
    """Print what each figure takes after a new post, and when nothing has changed."""
    for figure in FIGURES:
        made = []
        for number in range(3):
            post(client, token, f"once more {number}")
            size, seconds = drawing(client, figure)
            made.append(seconds)
        again = [drawing(client, figure)[1] for _ in range(20)]
        print(
            f"{figure}: {size / 1000:.0f} kB; made in {1000 * statistics.median(made):.0f} ms, "
            f"given out again in {1000 * statistics.median(again):.1f} ms"
        )


def post(client: httpx.Client, token: str, text: str) -> int:
    """Add a post; return its event."""
    headers = {"Authorization": f"Bearer {token}"}
    path = "/api/v1/users/author_0/tweets"
    answer = client.post(path, json={"text": text}, headers=headers)
    assert answer.status_code == 201
    return int(answer.headers["Saywho-Event"])


@dataclass(slots=True)
class Viewer:
    """An open dashboard: it listens, and asks for its figures when something changed."""

    host: str
    port: int
    seen: dict[int, float] = field(default_factory=dict)
    """When it had the figures with an event."""
    listens: asyncio.Event = field(default_factory=asyncio.Event)
    _newest: int = 0
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def look(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listen())
            tasks.create_task(self._ask())

    async def _listen(self) -> None:
        reader, writer = await asyncio.open_connection(self.host, self.port)
        writer.write(f"GET /api/v1/live HTTP/1.1\r\nHost: {self.host}\r\n\r\n".encode())
        while line := await reader.readline():
            if line.startswith(b": welcome"):
                self.listens.set()
            elif line.startswith(b"id:"):
                self._newest = int(line[3:])
                self._news.set()

    async def _ask(self) -> None:
        reader, writer = await asyncio.open_connection(self.host, self.port)
        while True:
            await self._news.wait()
            await asyncio.sleep(PAUSE_S)
            self._news.clear()
            event = self._newest
            for figure in OPEN:
                body = call(figure, event)
                head = (
                    f"POST {UPDATE} HTTP/1.1\r\nHost: {self.host}\r\nAccept-Encoding: gzip\r\n"
                    f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
                )
                writer.write(head.encode() + body)
                answer = await reader.readuntil(b"\r\n\r\n")
                assert b" 200 " in answer[:15], answer
                length = re.search(rb"content-length: (\d+)", answer)
                assert length
                await reader.readexactly(int(length[1]))
            self.seen[event] = time.perf_counter()


async def watch(address: str, token: str, pid: int, viewers: int, changes: int) -> float:
    """Print what a new post costs with so many dashboards open; return the seconds."""
    parts = urlsplit(address)
    crowd = [Viewer(parts.hostname or "", parts.port or 80) for _ in range(viewers)]
    tasks = [asyncio.create_task(viewer.look()) for viewer in crowd]
    for viewer in crowd:
        await viewer.listens.wait()
    latencies: list[float] = []
    with httpx.Client(base_url=address) as client:
        before = machine.cpu_s([pid])
        started = time.perf_counter()
        for number in range(changes):
            event = await asyncio.to_thread(post, client, token, f"news {number}")
            acknowledged = time.perf_counter()
            deadline = acknowledged + 30
            while not all(max(viewer.seen, default=0) >= event for viewer in crowd):
                assert time.perf_counter() < deadline, "a viewer never saw a post"
                await asyncio.sleep(0.01)
            latencies += [viewer.seen[event] - acknowledged for viewer in crowd]
            await asyncio.sleep(max(0, started + number + 1 - time.perf_counter()))
        spent = machine.cpu_s([pid]) - before
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    latencies.sort()
    print(
        f"{viewers} open, {changes} posts, one a second: {1000 * spent / changes:.0f} ms of "
        f"processor time a post; changed figures after {latencies[len(latencies) // 2]:.2f} s "
        f"(median), {latencies[-1]:.2f} s (last)"
    )
    return spent / changes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--posts", type=int, default=20_000)
    parser.add_argument("--viewers", type=int, default=200)
    parser.add_argument("--changes", type=int, default=15)
    options = parser.parse_args()
    print(f"{machine.description()}; {options.posts} posts of {AUTHORS} authors, one worker")
    with site(options.posts) as (address, token, pid):
        with httpx.Client(base_url=address, headers=GZIP, timeout=60) as client:
            first_view(client)
            figure_times(client, token)
        one = asyncio.run(watch(address, token, pid, 1, options.changes))
        many = asyncio.run(watch(address, token, pid, options.viewers, options.changes))
    each = 1000 * (many - one) / max(1, options.viewers - 1)
    print(
        f"one more dashboard costs {each:.2f} ms of processor time a post: {each / one / 10:.1f}%"
    )


if __name__ == "__main__":
    main()
