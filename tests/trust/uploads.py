"""A server is killed while it imports an upload, and goes on with it when it is back.

`python -m tests.trust.uploads 5` does so five times, and prints how soon.
"""

import contextlib
import json
import os
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

import requests

from tests.installation import Installation
from tests.postgresql import Server as DatabaseServer
from tests.serving.test_server import SERVE, Server, children_of, serving
from tests.waiting import DEADLINE_S

POSTS: Final = 5_000
"""Whole batches follow the first one of 2,000, so that there is time to kill in between."""


class Uploads:
    """Two servers over one database, each with its own uploads."""

    def __init__(self, folder: Path, database: DatabaseServer) -> None:
        settings = {
            "SAYWHO_ACCESS_LOG": "0",
            "SAYWHO_DATABASE_URL": database.url(),
            "SAYWHO_SECRET_KEY": "the key of both servers",
        }
        self._database = database
        self._installations = [
            Installation(folder / name / "instance", settings) for name in ("one", "other")
        ]
        self._rounds = 0
        self.resumed_s: list[float] = []
        """Seconds from each start after a kill to the first post of the next run."""

    def play(self) -> None:
        """Kill the server that imports, once; the import must end with each post once."""
        author = f"author{self._rounds}"
        self._rounds += 1
        with contextlib.ExitStack() as stack:
            lives = [stack.enter_context(contextlib.ExitStack()) for _ in self._installations]
            servers = [
                life.enter_context(serving(each, *SERVE, "--workers", "1"))
                for life, each in zip(lives, self._installations, strict=True)
            ]
            token = servers[0].installation.json("token", "add", author, "--scope", "admin")
            for server in servers:
                server.token = token["token"]
            job = upload(servers[0], author)
            servers[0].installation.wait_until(
                lambda: 0 < servers[0].send("GET", job)[2]["accepted"] < POSTS
            )
            killed, other = servers
            kill(killed, readers_first=bool(self._rounds % 2))
            lives[0].close()
            before = other.send("GET", job)[2]
            assert before["state"] == "running", before
            assert before["accepted"] < POSTS, "it was over before the kill"
            began = time.monotonic()
            lives[0].enter_context(serving(self._installations[0], *SERVE, "--workers", "1"))
            self._watch(other, job, before["accepted"], began)
            assert other.send("GET", f"/api/v1/users/{author}")[2]["tweets"] == POSTS

    def _watch(self, server: Server, job: str, accepted: int, began: float) -> None:
        """Wait until the import has ended well; note when it went on."""
        resumed_s: float | None = None

        def is_done() -> bool:
            nonlocal resumed_s
            shown = server.send("GET", job)[2]
            assert shown["state"] in {"running", "interrupted", "done"}, shown
            if resumed_s is None and shown["accepted"] > accepted:
                resumed_s = time.monotonic() - began
            if shown["state"] == "done":
                assert (shown["accepted"], shown["duplicates"]) == (POSTS, 0), shown
            return bool(shown["state"] == "done")

        server.installation.wait_until(is_done)
        assert resumed_s is not None
        self.resumed_s.append(resumed_s)


def upload(server: Server, author: str, posts: int = POSTS) -> str:
    """Begin an import; return its address."""
    texts = (f"{author} writes {n}, and more" for n in range(posts))
    rows = ({"username": author, "text": text, "source_id": text} for text in texts)
    body = b"".join(json.dumps(row).encode() + b"\n" for row in rows)
    own = {"Authorization": f"Bearer {server.token}"}
    address = f"http://127.0.0.1:{server.port}/api/v1/imports?format=jsonl"
    queued = requests.post(address, body, headers=own, timeout=DEADLINE_S)
    assert queued.status_code == 202, queued.text
    return queued.headers["Location"]


def descendants(pid: int) -> list[int]:
    """Return the processes that a process started, and those that these started."""
    found = []
    with contextlib.suppress(FileNotFoundError):
        for child in children_of(pid):
            found += [child, *descendants(child)]
    return found


def import_processes(server: Server) -> list[int]:
    """Return the process of the import that the server runs."""
    found = []
    for pid in descendants(server.process.pid):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            if b"app.services.imports.process" in Path(f"/proc/{pid}/cmdline").read_bytes():
                found.append(pid)
    return found


def kill(server: Server, *, readers_first: bool) -> None:
    """Kill all processes of a server, those that it started last first or last."""
    pids = [server.process.pid, *descendants(server.process.pid)]
    for pid in reversed(pids) if readers_first else pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        if readers_first:
            time.sleep(0.05)  # So that the others notice.


def run(rounds: int, folder: Path) -> list[float]:
    """Return how soon imports went on. Raises NoServerError."""
    database = DatabaseServer(durable=True)
    try:
        uploads = Uploads(folder, database)
        for _ in range(rounds):
            uploads.play()
    finally:
        database.remove()
    return uploads.resumed_s


def main() -> None:
    rounds = int(sys.argv[1])
    with tempfile.TemporaryDirectory(prefix="saywho-trust-") as folder:
        resumed_s = run(rounds, Path(folder))
    print(f"{rounds} imports went on after {max(resumed_s):.1f} s at most")


if __name__ == "__main__":
    main()
