"""Hostile feeds and pages at a real site: `python -m tests.trust.feeds 500` follows 500 of them.

Each seed gives one source: sizes, entities, encodings, nesting, compression, and what parsers take
long for. All are followed by a site of two workers, with an honest source beside them, while its
pages are asked for. Printed is what the site did. `honest 500` gives the same by feeds of the same
sizes that mean no harm, `known` by each feed for which a parser took long, alone.
"""

import json
import multiprocessing
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from typing import Any, Final

from tests.installation import Installation
from tests.serving.test_server import SERVE, Server, serving
from tests.trust.answers import HONEST, KNOWN, NO_HEADERS, PACKED, answer

HOSTS: Final = 20
"""Addresses of this machine that serve the sources, since each host is asked once a second."""
BEFORE: Final = 200
"""Honest sources with posts that a site follows before the hostile ones."""
DEADLINE_S: Final = 3_600.0
REQUESTS: Final = 1_000
"""Requests beside each known feed, at least."""


@dataclass
class Report:
    """What the site did meanwhile."""

    outcomes: Counter[str] = field(default_factory=Counter)
    waits_s: list[float] = field(default_factory=list)
    """Times of requests beside."""
    calm_p99_s: float = 0.0
    """Of such requests before, beside honest sources."""
    replaced: int = 0
    grown_mib: float = 0.0
    """Memory of the server and its workers at the end, beyond that before."""
    peak_mib: float = 0.0
    """The most that it had beyond that before."""
    honest: int = 0
    """Visits of the honest source."""

    @property
    def p99_s(self) -> float:
        return sorted(self.waits_s)[int(len(self.waits_s) * 0.99)]

    @property
    def median_s(self) -> float:
        return sorted(self.waits_s)[len(self.waits_s) // 2]

    def note_memory(self, grown_mib: float) -> None:
        self.grown_mib = grown_mib
        self.peak_mib = max(self.peak_mib, grown_mib)

    def __str__(self) -> str:
        return "\n".join(
            (
                f"{self.outcomes.total()} sources; workers replaced: {self.replaced}",
                f"memory: {self.grown_mib:+.1f} MiB at the end, {self.peak_mib:+.1f} at the most",
                f"{len(self.waits_s)} requests beside: p99 {1000 * self.p99_s:.0f} ms"
                f" ({1000 * self.calm_p99_s:.0f} ms before),"
                f" longest {1000 * max(self.waits_s):.0f} ms",
                f"visits of the honest source beside: {self.honest}",
                *(f"{count:6} {outcome}" for outcome, count in self.outcomes.most_common()),
            )
        )


class Handler(BaseHTTPRequestHandler):
    """Serves hostile feeds at /SEED, pages at /api/v1, and an honest feed at /honest."""

    visits: "Synchronized[int]"
    """Of the honest feed."""

    def do_GET(self) -> None:
        name = self.path.partition("?")[0].rstrip("/").split("/")
        if name[-1] == "lookup":
            seed = self.path.rpartition("=")[2].removeprefix("s")
            headers, body = NO_HEADERS, json.dumps({"id": seed}).encode()
        elif name[-1] == "honest":
            with self.visits.get_lock():
                self.visits.value += 1
            headers, body = NO_HEADERS, HONEST
        else:
            headers, body = answer(name[-2 if name[-1] == "statuses" else -1])
        try:
            self.send_response(200)
            for header, value in headers.items():
                self.send_header(header, value)
            self.end_headers()
            self.wfile.write(body)
        except ConnectionError:
            pass

    def log_message(self, *_: Any) -> None:
        pass


def _serve(parent: Connection, visits: "Synchronized[int]") -> None:
    Handler.visits = visits
    servers = [ThreadingHTTPServer((f"127.0.1.{n + 1}", 0), Handler) for n in range(HOSTS)]
    for each in servers:
        threading.Thread(target=each.serve_forever, daemon=True).start()
    parent.send([each.server_address[:2] for each in servers])
    with suppress(EOFError):
        parent.recv()


class HostileHosts:
    """Serve sources from a process of their own, so that to make them holds up no measurement."""

    def __init__(self) -> None:
        start = multiprocessing.get_context("spawn")
        self._visits = start.Value("l", 0)
        self._child, child = start.Pipe()
        start.Process(target=_serve, args=(child, self._visits), daemon=True).start()
        child.close()
        self._hosts = [f"{host}:{port}" for host, port in self._child.recv()]

    @property
    def honest(self) -> int:
        """Return the visits of the honest feed."""
        return int(self._visits.value)

    def source(self, name: str) -> str:
        """Return what is followed by a name or a seed: mostly feeds."""
        seed = int(name.removeprefix("honest") or 0) if name[-1].isdecimal() else 0
        where = self._hosts[seed % HOSTS]
        is_mastodon = name.isdecimal() and seed % 5 == 4
        return f"mastodon:s{seed}@{where}" if is_mastodon else f"rss:http://{where}/{name}"

    def honest_source(self, host: int) -> str:
        """Return what is followed as an honest feed of a host."""
        return f"rss:http://{self._hosts[host]}/honest"

    def close(self) -> None:
        self._child.close()


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


def memory_mib(pids: list[int]) -> float:
    """Return the proportional share of memory of processes that may end meanwhile."""
    total = 0
    for pid in pids:
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        except (FileNotFoundError, ProcessLookupError):
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1024


@contextmanager
def _followed(folder: Path) -> Iterator[tuple[Server, HostileHosts]]:
    """Run a site that follows an honest source of each host, and was asked meanwhile."""
    hosts = HostileHosts()
    settings = {"SAYWHO_FOLLOW_PRIVATE": "1", "SAYWHO_ACCESS_LOG": "0"}
    installation = Installation(folder / "instance", settings)
    with serving(installation, *SERVE, "--workers", "2", "--sample") as server:
        server.token = installation.json("token", "add", "test", "--scope", "admin")["token"]
        for host in range(HOSTS):
            _follow(server, hosts.honest_source(host), f"honest{host}")
        yield server, hosts
        assert server.stop() == 0
        assert "Traceback" not in server.log(), server.log()
    hosts.close()


def follow(names: Sequence[str], folder: Path, *, before: int = 0) -> Report:
    """Follow a source for each name until all were visited, and return what the site did.

    It follows some honest ones with posts before: then it has loaded what it needs for posts, and
    its workers share fewer pages.
    """
    report, calm = Report(), Report()
    with _followed(folder) as (server, hosts):
        site = [server.process.pid, *(workers := server.workers())]
        with _asked_all_the_while(server, calm):
            for seed in range(before):
                _follow(server, hosts.source(f"honest{seed}"), f"before{seed}")
            _wait_for_visits(server)
        report.calm_p99_s = calm.p99_s
        memory = memory_mib(site)
        with _asked_all_the_while(server, report):
            for name in names:
                _follow(server, hosts.source(name), f"author{name}")
            _wait_for_visits(server, lambda: report.note_memory(memory_mib(site) - memory))
        report.honest = hosts.honest
        report.replaced = len({*workers} - {*server.workers()})
        report.outcomes.update(each["last_error"] or "read" for each in _visited(server))
    return report


def follow_known(folder: Path) -> Iterator[str]:
    """Follow each of the known hostile feeds, alone, and say what the site did."""
    with _followed(folder) as (server, hosts):
        workers = server.workers()
        for name in ["honest0", *KNOWN, PACKED]:
            report = Report()
            with _asked_all_the_while(server, report):
                _follow(server, hosts.source(name), name)
                _wait_for_visits(server)
                while len(report.waits_s) < REQUESTS:
                    time.sleep(0.1)
            yield f"{name}: p99 {1000 * report.p99_s:.0f} ms of {len(report.waits_s)} requests"
        yield f"workers replaced: {len({*workers} - {*server.workers()})}"


def _follow(server: Server, source: str, username: str) -> None:
    sent = {"source": source, "username": username}
    assert server.send("POST", "/api/v1/sources", sent)[0] == 201


def _wait_for_visits(server: Server, look: Callable[[], None] = lambda: None) -> None:
    began = time.monotonic()
    while not all(each["visited_at"] for each in _visited(server)):
        assert time.monotonic() - began < DEADLINE_S
        look()
        time.sleep(0.5)
    look()


def _visited(server: Server) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        path = f"/api/v1/sources?limit=200{cursor and f'&cursor={cursor}'}"
        page = server.send("GET", path)[2]
        found += page["items"]
        cursor = page["next"]
    return found


def main(kind: str = "500", count: str = "500") -> None:
    with tempfile.TemporaryDirectory(prefix="saywho-feeds-") as name:
        if kind == "known":
            for line in follow_known(Path(name)):
                print(line, flush=True)
        elif kind == "honest":
            names = [f"honest{seed}" for seed in range(1_000, 1_000 + int(count))]
            print(follow(names, Path(name), before=BEFORE))
        else:
            print(follow([str(seed) for seed in range(int(kind))], Path(name), before=BEFORE))


if __name__ == "__main__":
    main(*sys.argv[1:])
