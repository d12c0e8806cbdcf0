"""Hostile feeds and pages at a real site: `python -m tests.trust.feeds 500` follows 500 of them.

Each seed gives one source: sizes, entities, encodings, nesting, compression, and what parsers take
long for. All are followed by a site of two workers, with an honest source beside them, while its
pages are asked for. Printed is what the site did.
"""

import gzip
import json
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from random import Random
from typing import Any, Final
from xml.sax.saxutils import escape

from tests.installation import Installation
from tests.serving.test_server import SERVE, Server, children_of, serving

HOSTS: Final = 20
"""Addresses of this machine that serve the sources, since each host is asked once a second."""
HONEST: Final = b"<rss version='2.0'><channel><item><title>honest</title></item></channel></rss>"
NO_HEADERS: Final[dict[str, str]] = {}
DEADLINE_S: Final = 3_600.0
Answer = tuple[dict[str, str], bytes]


def hostile_answer(seed: int) -> Answer:
    """Return the headers and the body that this seed stands for."""
    chance = Random(seed)  # The same each time.
    headers = {"Content-Type": chance.choice(["application/xml", "text/xml", "text/html", ""])}
    text = chance.choice(TEXTS)(chance)
    encoding = chance.choice(["utf-8"] * 8 + ["utf-16", "utf-32", "utf-7", "cp037", "euc-kr"])
    body = text.encode(encoding, "replace")
    if chance.random() < 0.1:
        headers["Content-Type"] += f"; charset={chance.choice(['cp037', 'utf-7', 'punycode', 'x'])}"
    if chance.random() < 0.1:
        at = chance.randrange(len(body) + 1)
        body = chance.choice([body[:at], body[:at] + chance.randbytes(99) + body[at:]])
    if chance.random() < 0.4:
        headers["Content-Encoding"] = "gzip"
        packed = gzip.compress(body, 1)
        tail = bytes(chance.randrange(2**24))
        body = chance.choice([packed, packed, packed[: len(packed) // 2], packed + tail, body])
    return headers, body


def _size(chance: Random) -> int:
    return int(10 ** chance.uniform(0, 6.5))


def _feed(head: str, item: str) -> str:
    return f'<?xml version="1.0"?>{head}<rss version="2.0"><channel>{item}</channel></rss>'


def _padded(chance: Random) -> str:
    pad = chance.choice(["\n", " ", "\t", "a", "-", "<!--", "&", "&#", "b ", "x:", "[", "]]>"])
    pad *= _size(chance)
    shapes = [
        _feed(pad, "<item><title>x</title></item>"),
        _feed("", f"<item><author>{escape(pad)}</author><title>x</title></item>"),
        _feed("", f"<item><title>{pad}</title></item>"),
        _feed("", f"<item><description>x{escape(pad)}y</description></item>"),
        _feed("", f"<item><description>&lt;a {escape(pad)}</description></item>"),
        _feed("", f"<item><description>&lt;p style='{escape(pad)}'>x</description></item>"),
        _feed("", f"<item><pubDate>{escape(pad)}</pubDate><title>x</title></item>"),
        _feed("", f"<item><link>{escape(pad)}</link><title>x</title></item>"),
    ]
    return chance.choice(shapes)


def _nested(chance: Random) -> str:
    tag = chance.choice(["a", "item", "description", "div", "rss", "media:content"])
    deep = f"<{tag}>" * min(_size(chance), 2**20)
    html = f"<item><description>{escape('<div>' * _size(chance))}</description></item>"
    return chance.choice([_feed("", deep), deep, _feed("", html)])


def _entities(chance: Random) -> str:
    size, count = _size(chance), chance.randrange(200_000)
    kinds = [f'<!ENTITY e "{"A" * size}">', '<!ENTITY e SYSTEM "file:///etc/passwd">', ""]
    head = f"<!DOCTYPE rss [{chance.choice(kinds)}]>"
    return _feed(head, f"<title>t & </b></title><item><title>x{'&e;' * count}</title></item>")


def _many(chance: Random) -> str:
    text = "word " * chance.randrange(2_000)
    items = f"<item><title>{text}</title></item>" * min(
        _size(chance), 4_000_000 // len(text or "x")
    )
    attributes = " ".join(f'a{n}="1"' for n in range(_size(chance) // 10))
    links = f"<item><description>{escape('<a href=x>y</a>' * 900)}</description></item>" * 99
    base = f'<rss xml:base="http://h/{"b" * _size(chance)}"><channel>{links}</channel></rss>'
    return chance.choice([_feed("", items), _feed("", f"<item {attributes}/>"), base])


def _page(chance: Random) -> str:
    size = _size(chance)
    status = {"id": "1", "visibility": "public", "content": "<p>" + "x \n" * size}
    pages: list[object] = [
        [status | {"id": str(n)} for n in range(min(size, 40))],
        [status | {"content": "<div>" * size}],
        [{"id": f"{n}"} for n in range(size // 20)],
        {f"k{n}": n for n in range(size // 10)},
        [status | {"content": "\ud800" * min(size, 9_999), "spoiler_text": "&" * size}],
    ]
    raw = ["[" * size, "[" + "[]," * size + "[]]", "9" * size, '[{"id":"1"},' * size]
    return chance.choice([*raw, *map(json.dumps, pages)])


TEXTS: Final[list[Callable[[Random], str]]] = [_padded, _nested, _entities, _many, _page]


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
    """Memory of the site at the end, beyond that before, without the process that reads."""
    peak_mib: float = 0.0
    """The most that it had beyond that before."""
    reader_mib: float = 0.0
    """Memory of the process that reads, at the end."""
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
                f"memory: {self.grown_mib:+.1f} MiB at the end, {self.peak_mib:+.1f} at the most;"
                f" the process that reads: {self.reader_mib:.1f}",
                f"{len(self.waits_s)} requests beside: p99 {1000 * self.p99_s:.0f} ms"
                f" ({1000 * self.calm_p99_s:.0f} ms before),"
                f" longest {1000 * max(self.waits_s):.0f} ms",
                f"visits of the honest source beside: {self.honest}",
                *(f"{count:6} {outcome}" for outcome, count in self.outcomes.most_common()),
            )
        )


class HostileHosts:
    """Serve hostile feeds at /SEED, pages at /api/v1, and an honest feed at /honest."""

    def __init__(self) -> None:
        self.honest = 0
        hosts = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                name = self.path.partition("?")[0].rstrip("/").split("/")
                if name[-1] == "lookup":
                    seed = self.path.rpartition("=")[2].removeprefix("s")
                    headers, body = NO_HEADERS, json.dumps({"id": seed}).encode()
                elif name[-1] == "honest":
                    hosts.honest += 1
                    headers, body = NO_HEADERS, HONEST
                else:
                    headers, body = hostile_answer(int(name[-2 if name[-1] == "statuses" else -1]))
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

        self._servers = [
            ThreadingHTTPServer((f"127.0.1.{n + 1}", 0), Handler) for n in range(HOSTS)
        ]
        for each in self._servers:
            threading.Thread(target=each.serve_forever, daemon=True).start()

    def source(self, seed: int) -> str:
        """Return what is followed for a seed: mostly feeds."""
        host, port = self._servers[seed % HOSTS].server_address[:2]
        where = f"{host!s}:{port}"
        return f"mastodon:s{seed}@{where}" if seed % 5 == 4 else f"rss:http://{where}/{seed}"

    def honest_source(self, host: int) -> str:
        """Return what is followed as an honest feed of a host."""
        address = self._servers[host].server_address
        return f"rss:http://{address[0]!s}:{address[1]}/honest"

    def close(self) -> None:
        for each in self._servers:
            each.shutdown()
            each.server_close()


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


def follow_hostile(seeds: range, folder: Path) -> Report:
    """Follow a source for each seed until all were visited, and return what the site did."""
    report, hosts = Report(), HostileHosts()
    settings = {"SAYWHO_FOLLOW_PRIVATE": "1", "SAYWHO_ACCESS_LOG": "0"}
    installation = Installation(folder / "instance", settings)
    with serving(installation, *SERVE, "--workers", "2", "--sample") as server:
        server.token = installation.json("token", "add", "test", "--scope", "admin")["token"]
        for host in range(HOSTS):
            _follow(server, hosts.honest_source(host), f"honest{host}")
        workers = server.workers()
        site = [server.process.pid, *workers]
        calm = Report()
        with _asked_all_the_while(server, calm):  # What is loaded once is there then.
            _wait_for_visits(server)
        report.calm_p99_s = calm.p99_s
        before = memory_mib(site)
        with _asked_all_the_while(server, report):
            for seed in seeds:
                _follow(server, hosts.source(seed), f"author{seed}")
            _wait_for_visits(server, lambda: report.note_memory(memory_mib(site) - before))
        readers = [child for worker in workers for child in children_of(worker)]
        report.reader_mib = memory_mib(readers)
        if "-v" in sys.argv:
            print({pid: memory_mib([pid]) for pid in site})
        report.honest = hosts.honest
        report.replaced = len({*workers} - {*server.workers()})
        report.outcomes.update(each["last_error"] or "read" for each in _visited(server))
        assert server.stop() == 0
        assert "Traceback" not in server.log(), server.log()
    hosts.close()
    return report


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


if __name__ == "__main__":
    count, first = (int(each) for each in (*sys.argv[1:3], *("500", "0")[len(sys.argv) - 1 :]))
    with tempfile.TemporaryDirectory(prefix="saywho-feeds-") as name:
        print(follow_hostile(range(first, first + count), Path(name)))
