"""Hostile uploads at a real site: `python -m tests.trust.uploads 300` uploads 300 of them.

`python -m tests.trust.uploads 300 postgresql` uploads them to a site on PostgreSQL.

Before them come the files that are known to take much. An operator uploads each in the browser's
form and looks at it; then a token imports it. Pages are asked for meanwhile, and without uploads
before and after, since a busy machine is slow too. Printed is what the site of two workers did.

Memory is counted from when honest files were uploaded, looked at and imported, and each worker has
answered each page: what a site needs for that it takes once, whatever is uploaded. It is what the
server and its workers hold, without pages of files, which they share with other programs; what it
would be with those is printed beside it.
"""

import re
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from html import unescape
from itertools import product
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import httpx

from tests.engine.invented import posts_of
from tests.installation import Installation
from tests.postgresql import Server as DatabaseServer
from tests.server import SERVE, Server, connections_to_every_worker, serving
from tests.trust.feeds import memory_mib
from tests.trust.hostile_files import FILES
from tests.trust.hostile_uploads import hostile_upload
from tests.trust.site import repeated
from tests.uploading import jsonl

LONGEST_S: Final = 120.0
"""Of an answer, a preview in its process among them."""
LONGEST_IMPORT_S: Final = 900.0
BEFORE: Final = 20
"""Honest uploads before memory is measured."""
PAUSE_S: Final = 0.05
READERS: Final = 8
"""Connections that ask without uploads."""
PATHS: Final = ("/", "/search?q=harbour", "/api/v1/users")
QUIET_ROUNDS: Final = 50
"""Requests of each path without uploads, before and after."""
_LINE: Final = re.compile(r'class="(?:alert|notice)"[^>]*>(.*?)</', re.DOTALL)


@dataclass
class Report:
    """What the site did meanwhile."""

    previews: Counter[str] = field(default_factory=Counter)
    imports: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    """Answers of another status, and reasons of several lines."""
    waits_s: list[float] = field(default_factory=list)
    """Times of requests beside uploads."""
    quiet_waits_s: list[float] = field(default_factory=list)
    """Times of the same requests without uploads."""
    grown_mib: list[float] = field(default_factory=list)
    """Memory of the server and its workers, beyond that before the hostile uploads."""
    grown_with_files_mib: float = 0
    """The same at the end, with pages of files."""
    replaced: int = 0

    def __str__(self) -> str:
        lines = [
            f"{self.imports.total()} uploads; workers replaced: {self.replaced}",
            f"memory: {self.grown_mib[-1]:+.1f} MiB at the end,"
            f" {max(self.grown_mib):+.1f} at the most;"
            f" with pages of files {self.grown_with_files_mib:+.1f} at the end",
            f"requests beside uploads: {_spread(self.waits_s)}",
            f"requests without uploads: {_spread(self.quiet_waits_s)}",
            f"previews: {dict(self.previews)}",
            f"imports: {dict(self.imports)}",
            f"{len(self.faults)} faults",
        ]
        return "\n".join([*lines, *self.faults])


def _spread(waits_s: list[float]) -> str:
    p99_s = sorted(waits_s)[int(len(waits_s) * 0.99)]
    median_s, longest_s = statistics.median(waits_s), max(waits_s)
    return (
        f"{len(waits_s)}, median {1000 * median_s:.0f} ms, p99 {1000 * p99_s:.0f} ms,"
        f" longest {1000 * longest_s:.0f} ms"
    )


class Uploader:
    """Somebody who uploads files to a site, in the browser and by the API."""

    def __init__(self, server: Server, report: Report) -> None:
        self.report = report
        base = f"http://127.0.0.1:{server.port}"
        same = {"Sec-Fetch-Site": "same-origin"}
        self._browser = httpx.Client(base_url=base, headers=same, timeout=LONGEST_S)
        token = {"Authorization": f"Bearer {server.token}"}
        self._program = httpx.Client(base_url=base, headers=token, timeout=LONGEST_S)
        link = re.search(r"http://\S+/setup\?token=(\S+)", server.log())
        assert link, server.log()
        form = {"token": link[1], "name": "mina", "password": "invented for tests only"}
        assert self._browser.post("/setup", data=form).status_code == 303

    def close(self) -> None:
        self._browser.close()
        self._program.close()

    def send(self, name: str, data: bytes) -> None:
        """Look at a file, forget it, and import it."""
        self.look(name, data)
        self._import(name, data)

    def look(self, name: str, data: bytes) -> None:
        sent = self._browser.post("/imports", files={"file": (name, data)})
        if not self._is_answered(f"upload of {name}", sent, {303}):
            return
        address = urlsplit(sent.headers["Location"]).path
        page = self._browser.get(address)
        if self._is_answered(f"preview of {name}", page, {200}):
            reasons = [unescape(line).strip() for line in _LINE.findall(page.text)]
            self.report.previews["refused" if reasons else "read"] += 1
            self._compare(name, reasons)
        self._browser.post(f"{address}/cancel")

    def _import(self, name: str, data: bytes) -> None:
        queued = self._program.post("/api/v1/imports", files={"file": (name, data)})
        if not self._is_answered(f"import of {name}", queued, {202}):
            return
        address, began = urlsplit(queued.headers["Location"]).path, time.monotonic()
        while (job := self._program.get(address).json())["state"] in {"queued", "running"}:
            if time.monotonic() - began > LONGEST_IMPORT_S:
                self.report.faults.append(f"import of {name}: still {job['state']}")
                self._program.delete(address)
                return
            time.sleep(PAUSE_S)
        self.report.imports[job["state"]] += 1
        self._compare(name, [error["detail"] for error in job["errors"]])

    def _is_answered(self, what: str, answer: httpx.Response, expected: set[int]) -> bool:
        is_expected = answer.status_code in expected
        if not is_expected and answer.status_code != 422:  # It says what is wrong.
            self.report.faults.append(f"{what}: {answer.status_code}")
        return is_expected

    def _compare(self, name: str, reasons: list[str]) -> None:
        """Note reasons that are no line."""
        bad = [line for line in reasons if "\n" in line or "Traceback" in line or not line]
        self.report.faults += [f"{name}: {line[:200]!r}" for line in bad]


@contextmanager
def _asked_all_the_while(server: Server, report: Report) -> Iterator[None]:
    with (
        _reader(server) as reader,
        repeated(partial(_ask, reader, report, report.waits_s), PAUSE_S),
    ):
        yield


def _ask_without_uploads(server: Server, report: Report) -> None:
    """Ask on several connections, for the same times beside no upload."""
    with ExitStack() as stack:
        readers = [stack.enter_context(_reader(server)) for _ in range(READERS)]
        for number in range(QUIET_ROUNDS):
            time.sleep(PAUSE_S)
            _ask(readers[number % READERS], report, report.quiet_waits_s)


def _let_each_worker_answer(server: Server) -> None:
    """Let each worker load what the pages need; where it is idle, one answers all connections."""
    with connections_to_every_worker(server) as connections:
        for connection, path in product(connections, PATHS):
            assert server.ask(connection, "GET", path)[0] == 200


def _reader(server: Server) -> httpx.Client:
    return httpx.Client(base_url=f"http://127.0.0.1:{server.port}", timeout=LONGEST_S)


def _ask(reader: httpx.Client, report: Report, waits_s: list[float]) -> None:
    """Ask for each path; note how long the answers took, and those that fail."""
    for path in PATHS:
        began = time.perf_counter()
        status = reader.get(path).status_code
        waits_s.append(time.perf_counter() - began)
        if status != 200:
            report.faults.append(f"{path}: {status}")


def honest_upload(author: int) -> bytes:
    """Return a file with the posts of an invented author."""
    return jsonl(*({"text": post, "username": f"author{author}"} for post in posts_of(author)))


def upload_all(
    count: int, folder: Path, *, before: int = 3, database_url: str | None = None
) -> Report:
    """Upload the files that are known, and so many others; return what the site did."""
    report = Report()
    # Whatever is uploaded, the cache of answers fills up to its own limit.
    settings = {"SAYWHO_ACCESS_LOG": "0", "SAYWHO_CACHE_MB": "1"}
    if database_url:
        settings["SAYWHO_DATABASE_URL"] = database_url
    installation = Installation(folder / "instance", settings)
    with ExitStack() as stack:
        server = stack.enter_context(serving(installation, *SERVE, "--workers", "2", "--sample"))
        server.token = installation.json("token", "add", "test", "--scope", "admin")["token"]
        uploader = stack.enter_context(closing(Uploader(server, Report())))
        with _asked_all_the_while(server, Report()):
            for number in range(before):
                uploader.send(f"{number}.jsonl", honest_upload(number))
        _let_each_worker_answer(server)
        _ask_without_uploads(server, report)
        site = [server.process.pid, *(workers := server.workers())]
        memory, with_files = memory_mib(site), memory_mib(site, ("Pss:",))
        uploader.report = report
        files = [(name, make()) for name, make in FILES.items()]
        with _asked_all_the_while(server, report):
            for number in range(len(files) + count):
                is_known = number < len(files)
                name, data = files[number] if is_known else hostile_upload(number - len(files))
                uploader.send(name, data)
                report.grown_mib.append(memory_mib(site) - memory)
            report.grown_with_files_mib = memory_mib(site, ("Pss:",)) - with_files
        _ask_without_uploads(server, report)
        report.replaced = len({*workers} - {*server.workers()})
        assert server.stop() == 0
        if "Traceback" in server.log() or " replaced" in server.log():
            report.faults.append(server.log()[-3_000:])
    return report


def main(count: str = "300", database: str = "sqlite") -> int:
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="saywho-uploads-"))
        url = None
        if database == "postgresql":
            postgresql = DatabaseServer()
            stack.callback(postgresql.remove)
            url = postgresql.url()
        report = upload_all(int(count), Path(folder), before=BEFORE, database_url=url)
    print(report)
    return 1 if report.faults or report.replaced else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
