"""Hostile feeds and pages at a real site: `python -m tests.trust.feeds 500` follows 500 of them.

Each seed gives one source: sizes, entities, encodings, nesting, compression, and what parsers take
long for. All are followed by a site of two workers, while its pages are asked for. It follows
honest sources before: then it has loaded what posts need. Printed is what the site did.
"""

import json
import multiprocessing
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

from tests.installation import Installation
from tests.server import SERVE, Server, serving
from tests.trust.answers import honest_answer, hostile_answer
from tests.trust.site import repeated

HOSTS: Final = 20
"""Addresses of this machine that serve the sources, since each host is asked once a second."""
BEFORE: Final = 200
"""Honest sources that a site follows before the hostile ones."""
DEADLINE_S: Final = 3_600.0
PAUSE_S: Final = 0.02


@dataclass
class Report:
    """What the site did meanwhile."""

    outcomes: Counter[str] = field(default_factory=Counter)
    waits_s: list[float] = field(default_factory=list)
    """Times of requests beside."""
    replaced: int = 0
    grown_mib: list[float] = field(default_factory=list)
    """Memory of the server and its workers, beyond that before the hostile sources."""

    @property
    def median_s(self) -> float:
        return sorted(self.waits_s)[len(self.waits_s) // 2]

    def __str__(self) -> str:
        p99_s = sorted(self.waits_s)[int(len(self.waits_s) * 0.99)]
        return "\n".join(
            (
                f"{self.outcomes.total()} sources; workers replaced: {self.replaced}",
                f"memory: {self.grown_mib[-1]:+.1f} MiB at the end,"
                f" {max(self.grown_mib):+.1f} at the most",
                f"{len(self.waits_s)} requests beside: p99 {1000 * p99_s:.0f} ms,"
                f" longest {1000 * max(self.waits_s):.0f} ms",
                *(f"{count:6} {outcome}" for outcome, count in self.outcomes.most_common()),
            )
        )


class Handler(BaseHTTPRequestHandler):
    """Serves hostile feeds at /SEED, honest ones at /honest/SEED, and pages at /api/v1."""

    def do_GET(self) -> None:
        name = self.path.partition("?")[0].rstrip("/").split("/")
        if name[-1] == "lookup":
            seed = self.path.rpartition("=")[2].removeprefix("s")
            headers, body = dict[str, str](), json.dumps({"id": seed}).encode()
        elif name[-2] == "honest":
            headers, body = honest_answer(int(name[-1]))
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
    parent.send([server.server_address[:2] for server in servers])
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


def _ask(server: Server, report: Report) -> None:
    for path in ("/healthz", "/api/v1/users", "/"):
        began = time.perf_counter()
        assert server.send("GET", path)[0] == 200
        report.waits_s.append(time.perf_counter() - began)


def memory_mib(pids: list[int], kinds: tuple[str, ...] = ("Pss_Anon:", "Pss_Shmem:")) -> float:
    """Return the memory that processes hold; what some share is divided among them.

    Without `Pss_File`, the pages of files: those of the interpreter and of libraries belong to all
    programs that run, so that a process has 5 MiB more or less as others end or start.
    """
    total = 0
    for pid in pids:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        total += sum(int(line.split()[1]) for line in lines if line.startswith(kinds))
    return total / 1024


def follow(count: int, folder: Path, *, before: int = 0) -> Report:
    """Follow so many sources until all were visited, and return what the site did."""
    report = Report()
    settings = {"SAYWHO_FOLLOW_PRIVATE": "1", "SAYWHO_ACCESS_LOG": "0"}
    installation = Installation(folder / "instance", settings)
    with (
        hostile_hosts() as hosts,
        serving(installation, *SERVE, "--workers", "2", "--sample") as server,
    ):
        server.token = installation.json("token", "add", "test", "--scope", "admin")["token"]
        site = [server.process.pid, *(workers := server.workers())]

        def add(name: str, username: str) -> None:
            sent = {"source": name, "username": username}
            assert server.send("POST", "/api/v1/sources", sent)[0] == 201

        with repeated(partial(_ask, server, Report()), PAUSE_S):
            for seed in range(before):
                add(f"rss:http://{hosts[seed % HOSTS]}/honest/{seed}", f"before{seed}")
            _until_all_are_visited(server)
        memory = memory_mib(site)
        with repeated(partial(_ask, server, report), PAUSE_S):
            for seed in range(count):
                where = hosts[seed % HOSTS]
                is_mastodon = seed % 5 == 4
                add(
                    f"mastodon:s{seed}@{where}" if is_mastodon else f"rss:http://{where}/{seed}",
                    f"author{seed}",
                )
            visited = _until_all_are_visited(
                server, lambda: report.grown_mib.append(memory_mib(site) - memory)
            )
        report.replaced = len({*workers} - {*server.workers()})
        report.outcomes.update(each["last_error"] or "read" for each in visited)
        assert server.stop() == 0
        assert "Traceback" not in server.log(), server.log()
    return report


def _until_all_are_visited(
    server: Server, look: Callable[[], None] = lambda: None
) -> list[dict[str, Any]]:
    began = time.monotonic()
    while True:
        sources = _sources(server)
        look()
        if all(each["visited_at"] for each in sources):
            return sources
        assert time.monotonic() - began < DEADLINE_S
        time.sleep(0.5)


def _sources(server: Server) -> list[dict[str, Any]]:
    sources: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        page = server.send("GET", f"/api/v1/sources?limit=200{cursor and f'&cursor={cursor}'}")[2]
        sources += page["items"]
        cursor = page["next"]
    return sources


def main(count: str = "500") -> None:
    with tempfile.TemporaryDirectory(prefix="saywho-feeds-") as name:
        print(follow(int(count), Path(name), before=BEFORE))


if __name__ == "__main__":
    main(*sys.argv[1:])
