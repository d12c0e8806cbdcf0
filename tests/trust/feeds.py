"""Hostile feeds and pages at a real site: `python -m tests.trust.feeds 500` follows 500 of them.

Each seed gives one source: sizes, entities, encodings, nesting, compression, and what parsers take
long for. All are followed by a site of two workers, while its pages are asked for. Printed is what
the site did.
"""

import json
import multiprocessing
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

from tests.installation import Installation
from tests.serving.test_server import SERVE, Server, serving
from tests.trust.answers import hostile_answer

HOSTS: Final = 20
"""Addresses of this machine that serve the sources, since each host is asked once a second."""
DEADLINE_S: Final = 3_600.0


@dataclass
class Report:
    """What the site did meanwhile."""

    outcomes: Counter[str] = field(default_factory=Counter)
    waits_s: list[float] = field(default_factory=list)
    """Times of requests beside."""
    replaced: int = 0

    @property
    def median_s(self) -> float:
        return sorted(self.waits_s)[len(self.waits_s) // 2]

    def __str__(self) -> str:
        p99_s = sorted(self.waits_s)[int(len(self.waits_s) * 0.99)]
        return "\n".join(
            (
                f"{self.outcomes.total()} sources; workers replaced: {self.replaced}",
                f"{len(self.waits_s)} requests beside: p99 {1000 * p99_s:.0f} ms,"
                f" longest {1000 * max(self.waits_s):.0f} ms",
                *(f"{count:6} {outcome}" for outcome, count in self.outcomes.most_common()),
            )
        )


class Handler(BaseHTTPRequestHandler):
    """Serves hostile feeds at /SEED, and pages at /api/v1."""

    def do_GET(self) -> None:
        name = self.path.partition("?")[0].rstrip("/").split("/")
        if name[-1] == "lookup":
            seed = self.path.rpartition("=")[2].removeprefix("s")
            headers, body = dict[str, str](), json.dumps({"id": seed}).encode()
        else:
            headers, body = hostile_answer(int(name[-2 if name[-1] == "statuses" else -1]))
        with suppress(ConnectionError):
            self.send_response(200)
            for header, value in headers.items():
                self.send_header(header, value)
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


def _serve(parent: Connection) -> None:
    servers = [ThreadingHTTPServer((f"127.0.1.{n + 1}", 0), Handler) for n in range(HOSTS)]
    for each in servers:
        threading.Thread(target=each.serve_forever, daemon=True).start()
    parent.send([each.server_address[:2] for each in servers])
    with suppress(EOFError):
        parent.recv()


@contextmanager
def hostile_hosts() -> Iterator[list[str]]:
    """Serve sources from a process of their own, so that to make them holds up no measurement."""
    start = multiprocessing.get_context("spawn")
    parent, child = start.Pipe()
    start.Process(target=_serve, args=(child,), daemon=True).start()
    child.close()
    yield [f"{host}:{port}" for host, port in parent.recv()]
    parent.close()


@contextmanager
def _asked_all_the_while(server: Server, report: Report) -> Iterator[None]:
    is_over = threading.Event()

    def ask() -> None:
        while not is_over.wait(0.02):
            for path in ("/healthz", "/api/v1/users", "/"):
                began = time.perf_counter()
                assert server.send("GET", path)[0] == 200
                report.waits_s.append(time.perf_counter() - began)

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        yield
    finally:
        is_over.set()
        asking.join()


def follow(count: int, folder: Path) -> Report:
    """Follow so many sources until all were visited, and return what the site did."""
    report = Report()
    settings = {"SAYWHO_FOLLOW_PRIVATE": "1", "SAYWHO_ACCESS_LOG": "0"}
    installation = Installation(folder / "instance", settings)
    with (
        hostile_hosts() as hosts,
        serving(installation, *SERVE, "--workers", "2", "--sample") as server,
    ):
        server.token = installation.json("token", "add", "test", "--scope", "admin")["token"]
        workers = server.workers()
        with _asked_all_the_while(server, report):
            for seed in range(count):
                where = hosts[seed % HOSTS]
                name = (
                    f"mastodon:s{seed}@{where}" if seed % 5 == 4 else f"rss:http://{where}/{seed}"
                )
                sent = {"source": name, "username": f"author{seed}"}
                assert server.send("POST", "/api/v1/sources", sent)[0] == 201
            visited = _until_all_are_visited(server)
        report.replaced = len({*workers} - {*server.workers()})
        report.outcomes.update(each["last_error"] or "read" for each in visited)
        assert server.stop() == 0
        assert "Traceback" not in server.log(), server.log()
    return report


def _until_all_are_visited(server: Server) -> list[dict[str, Any]]:
    began = time.monotonic()
    while True:
        found = _sources(server)
        if all(each["visited_at"] for each in found):
            return found
        assert time.monotonic() - began < DEADLINE_S
        time.sleep(0.5)


def _sources(server: Server) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        path = f"/api/v1/sources?limit=200{cursor and f'&cursor={cursor}'}"
        page = server.send("GET", path)[2]
        found += page["items"]
        cursor = page["next"]
    return found


def main(count: str = "500") -> None:
    with tempfile.TemporaryDirectory(prefix="saywho-feeds-") as name:
        print(follow(int(count), Path(name)))


if __name__ == "__main__":
    main(*sys.argv[1:])
