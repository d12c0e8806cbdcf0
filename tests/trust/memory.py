"""A site with little memory: `python -m tests.trust.memory 512` gives it 512 MB for all it does.

Two workers import 100,000 posts, while files are looked at, 500 clients listen, and somebody asks
for pages, figures, searches and comparisons. Where all that needs more, the kernel kills processes;
a server that it killed is started again, as systemd does. Then the file is imported once more, with
memory enough, and the database is checked. Printed is what the site took and did.
"""

import sys
import tempfile
import time
from collections import Counter
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx
import requests

from tests.installation import Installation
from tests.server import SERVE, Server, serving
from tests.trust.crowd import PAUSE_S, Crowd, fleet
from tests.trust.limits import MemoryLimit, memory_limit
from tests.trust.site import repeated
from tests.trust.uploads import Report as UploadReport, Uploader
from tests.waiting import DEADLINE_S

POSTS: Final = 100_000
ENOUGH_MIB: Final = 4_096
LONGEST_S: Final = 1_800.0
CAN_NOT: Final = 2


@dataclass
class Report:
    """What the site took and did."""

    taken_mib: float = 0
    """The most at once, without pages of files."""
    kills: int = 0
    starts: int = 0
    """Of the server, after it was killed."""
    crowd: str = ""
    previews: Counter[str] = field(default_factory=Counter)
    imports: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        lines = [
            f"at most {self.taken_mib:.0f} MB taken; processes killed: {self.kills};"
            f" server started again: {self.starts}",
            self.crowd,
            f"previews: {dict(self.previews)}",
            *self.imports,
            f"{len(self.faults)} faults",
        ]
        return "\n".join([*lines, *self.faults])


class Site:
    """A server with little memory, started again when it was killed."""

    def __init__(self, folder: Path, limit: MemoryLimit, report: Report) -> None:
        self._limit, self._report = limit, report
        self.installation = Installation(folder / "instance", {"SAYWHO_ACCESS_LOG": "0"})
        self._stack = ExitStack()
        self.server = self._started()
        self.server.token = self.installation.json("token", "add", "x", "--scope", "admin")["token"]
        self.crowd = Crowd(lambda: self.server)
        self.taken_mib: list[float] = []

    def _started(self, port: int = 0) -> Server:
        command = self._limit.under(*SERVE, "--workers", "2", "--sample")
        return self._stack.enter_context(serving(self.installation, *command, port=port))

    def close(self) -> None:
        self._stack.close()

    def watched(self) -> AbstractContextManager[None]:
        """Note what is taken meanwhile, and start the server again when it was killed."""
        return repeated(self._watch, PAUSE_S)

    def _watch(self) -> None:
        self.taken_mib.append(self._limit.taken_mib())
        if self.server.process.poll() is not None:
            with suppress(AssertionError):  # It was killed before it answered.
                self._start_again()

    def _start_again(self) -> None:
        self._limit.clear()
        self._stack.close()
        token = self.server.token
        self.server = self._started(self.server.port)
        self.server.token = token
        self._report.starts += 1

    def import_file(self, data: bytes) -> dict[str, Any]:
        """Import a file; return what the site tells when that has ended. Raises TimeoutError."""
        own = {"Authorization": f"Bearer {self.server.token}"}
        url = f"http://127.0.0.1:{self.server.port}/api/v1/imports?format=jsonl"
        address, until = "", time.monotonic() + LONGEST_S
        while time.monotonic() < until:
            time.sleep(PAUSE_S)
            if not address:
                with suppress(requests.RequestException):
                    queued = requests.post(url, data, headers=own, timeout=DEADLINE_S)
                    address = queued.headers.get("Location", "")
            elif (job := self.crowd.send("GET", address) or {}).get("state") in {"done", "failed"}:
                reasons = "; ".join(error["detail"] for error in job["errors"])
                self._report.imports.append(
                    f"import {job['state']}: {job['accepted']:,} posts new,"
                    f" {job['duplicates']:,} known{reasons and f': {reasons}'}"
                )
                return dict(job)
        raise TimeoutError("the import has no end")


def run(limit: MemoryLimit, folder: Path, *, posts: int = POSTS) -> Report:
    """Use a site in all ways within the limit; return what it took and did."""
    report, data = Report(), fleet(posts)
    with ExitStack() as stack:
        try:
            site = Site(folder, limit, report)
            stack.callback(site.close)
            uploader = Uploader(site.server, UploadReport())
        except (AssertionError, httpx.TransportError):
            report.faults.append("nobody can sign in: a worker is killed, or the server")
            return report
        crowd, samples = site.crowd, site.installation.count_posts()
        with site.watched(), crowd.acting(uploader):
            stored = site.import_file(data)["accepted"]
            report.previews = uploader.report.previews
        report.taken_mib = max(site.taken_mib)
        report.kills, report.crowd = limit.kills(), f"{crowd}"
        limit.set(ENOUGH_MIB)
        with site.watched():
            again = site.import_file(data)
        report.faults += crowd.faults
        if again["state"] != "done" or again["accepted"] + stored != posts:
            report.faults.append(f"{stored} posts were counted before the last import")
        if (there := site.installation.count_posts() - samples) != posts:
            report.faults.append(f"{there} posts are there instead of {posts}")
        if crowd.unanswered and not report.kills:
            report.faults.append("requests got no answer, and nothing was killed")
        report.faults += map(str, site.installation.json("check")["faults"])
        if site.server.stop() or "Traceback" in site.server.log():
            report.faults.append(site.server.log()[-3_000:])
    return report


def main(mib: str = "512") -> int:
    with ExitStack() as stack:
        try:
            limit = stack.enter_context(memory_limit(int(mib)))
        except OSError as error:
            print(f"no memory can be limited here: {error}", file=sys.stderr)
            return CAN_NOT
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="saywho-memory-"))
        report = run(limit, Path(folder))
    print(report)
    return 1 if report.faults else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
