"""Processes that are stopped, not dead, and go on: no answer is stale, no event comes twice.

`python -m tests.trust.stopped serve` stops a worker, and an import's process, for 15 s each time,
while others write and the clock jumps by ten minutes, and then lets a worker reach a limit of its
memory, so that the kernel kills it; `… hypercorn` for 50 s under plain hypercorn; `…
postgresql` also connections of PostgreSQL, with `saywho serve`. `… serve 15 5 7` does so in five
rounds by seed 7.
"""

import contextlib
import http.client
import json
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from random import Random
from typing import Any, Final

from tests.installation import PROGRAM, Installation
from tests.postgresql import Server as DatabaseServer
from tests.server import (
    ESTABLISHED,
    HYPERCORN,
    LISTENING,
    SERVE,
    Server,
    children_of,
    serving,
    sockets_of,
)
from tests.trust.limits import MemoryLimit, memory_limit
from tests.trust.moved_clock import clock_library, set_ahead
from tests.trust.site import queue
from tests.uploading import jsonl

POSTS: Final = "/api/v1/users/ann/tweets"
NEWEST: Final = f"{POSTS}?limit=200"
JUMPS_S: Final = (-600, 0, 600)
LONGEST_S: Final = 35.0
"""In which a request is answered while somebody else is stopped: a writer waits for 30 s."""
IMPORTED: Final = 20_000
SHORT_MIB: Final = 1
"""What a worker may take more than it has."""
ENOUGH: Final = 100
"""Posts after which only pages are requested while a worker runs out of memory: one page holds 200.
"""
KINDS: Final = {"serve": 15.0, "hypercorn": 50.0, "postgresql": 15.0}
"""Ways to serve, and the seconds for which something is stopped: below the 20 s after which `saywho
serve` replaces a worker, and the 60 s after which hypercorn closes a connection that nobody uses.
"""


class Follower:
    """A client of the live stream, who notes the number of each event."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.events: list[int] = []
        self.created: list[int] = []
        self.is_over = False
        threading.Thread(target=self._keep_listening, daemon=True).start()

    def _keep_listening(self) -> None:
        while not self.is_over:
            with contextlib.suppress(OSError, ValueError):
                self._listen()
            time.sleep(0.1)

    def _listen(self) -> None:
        event, kind, place = 0, "", self.events[-1] if self.events else 0
        wire = self._server.wire()
        resumed = f"Last-Event-ID: {place}\r\n"
        wire.sendall(f"GET /api/v1/live HTTP/1.1\r\nHost: localhost\r\n{resumed}\r\n".encode())
        with wire.makefile("rb") as lines:
            wire.settimeout(None)
            for line in lines:
                name, _, value = line.strip().partition(b": ")
                if name == b"id":
                    event = int(value)
                elif name == b"event":
                    kind = value.decode()
                elif name == b"data" and kind not in {"ready", "reset"}:
                    data = json.loads(value)  # First, as a worker may be killed in its middle.
                    self.events.append(event)
                    if kind == "tweet.created":
                        self.created.append(data["id"])

    def faults(self) -> Iterator[str]:
        if self.events != sorted(set(self.events)):
            yield f"a stream: an event twice, or out of order: {self.events[-20:]}"
        if len(set(self.created)) < len(self.created):
            yield "a stream: a post was announced twice"


class Stops:
    """A site whose processes are stopped, and what is wrong with it."""

    def __init__(self, server: Server, clock: Path, stop_s: float, seed: int) -> None:
        self.server, self._clock, self._stop_s = server, clock, stop_s
        self._chance = Random(seed)
        self._number = 0
        self._is_killed = False
        """Whether a worker is killed, and what it was asked gets no answer."""
        self.said: list[str] = []
        self.faults: list[str] = []
        self.stored: list[int] = []
        """Ids of acknowledged posts, in their order."""
        self.deleted: list[int] = []
        self.followers: list[Follower] = []

    def post(self) -> int:
        """Send a post; return its status, 0 if its worker was killed meanwhile."""
        self._number += 1
        began = time.monotonic()
        try:
            status, _, post = self.server.send("POST", POSTS, {"text": f"number {self._number}"})
        except (OSError, http.client.HTTPException):
            if not self._is_killed:
                self.faults.append("a post got no answer")
            return 0
        if (took := time.monotonic() - began) > LONGEST_S:
            self.faults.append(f"a post took {took:.0f} s")
        if status == 201:
            self.stored.append(post["id"])
        elif status != 503:
            self.faults.append(f"a post was answered {status}")
        return status

    def use(self, posts: int) -> None:
        """Post, delete and set the clock, as long as something is stopped."""
        until = time.monotonic() + self._stop_s
        for _ in range(posts):
            set_ahead(self._clock, self._chance.choice(JUMPS_S))
            self.post()
            if len(self.stored) > 5 and self._chance.random() < 0.3:
                path = f"/api/v1/tweets/{self.stored[-2]}"
                if self.server.send("DELETE", path)[0] == 204:
                    self.deleted.append(self.stored.pop(-2))
        while time.monotonic() < until:  # It is what is tested.
            time.sleep(0.05)
        self.post()

    def stop_a_worker(self) -> None:
        """Stop a worker while others write; what it answers later is as new as it can be."""
        with self._connections() as connections:
            for connection in connections:  # So that each worker keeps an answer.
                self.server.ask(connection, "GET", NEWEST)
            worker = self._chance.choice(self._workers())
            with stopped(worker):
                self.use(10)
                for connection in connections:
                    connection.request("GET", NEWEST, headers=self._token())
            for connection in connections:
                try:
                    answer = connection.getresponse()
                except (OSError, http.client.HTTPException):
                    # On a busy machine it is stopped for longer, and killed.
                    assert worker not in self._workers()
                    continue
                self._compare(json.loads(answer.read()), "after a worker was stopped")
        is_there = worker in self._workers()
        self.said.append("a worker" if is_there else "a worker, which was replaced")

    def limit_a_worker(self, limit: MemoryLimit) -> None:
        """Let the kernel kill a worker while others write, because it needs more memory."""
        worker = self._chance.choice(self._workers())
        limit.take(worker)
        self._is_killed = True

        def is_replaced() -> bool:
            if len(self.stored) < ENOUGH:
                self.post()
            else:
                with contextlib.suppress(OSError, http.client.HTTPException):
                    self.server.send("GET", NEWEST)
            there = self._workers()
            return worker not in there and len(there) > 1

        self.server.installation.wait_until(is_replaced)
        self._is_killed = False
        self._compare(self.server.send("GET", NEWEST)[2], "after a worker was killed")
        self.said.append("a worker that was short of memory")

    def _workers(self) -> list[int]:
        """Return the processes that listen: hypercorn has another child."""
        port = self.server.port
        return [pid for pid in self.server.workers() if sockets_of(pid, port, LISTENING)]

    @contextmanager
    def _connections(self) -> Iterator[list[http.client.HTTPConnection]]:
        """Give open connections of which each worker holds at least one."""
        with ExitStack() as stack:
            connections: list[http.client.HTTPConnection] = []

            def are_enough() -> bool:
                for _ in range(4):
                    connection = stack.enter_context(closing(self.server.connect()))
                    assert self.server.ask(connection, "GET", "/healthz")[0] == 200
                    connections.append(connection)
                held = (sockets_of(pid, self.server.port, ESTABLISHED) for pid in self._workers())
                return all(held)

            self.server.installation.wait_until(are_enough)
            yield connections

    def stop_an_import(self) -> None:
        """Stop the process of an import, which may hold the write lock."""
        author = f"author{self._number}"
        job = queue(self.server, _lines(author), "jsonl")

        process = 0

        def has_stored() -> bool:
            nonlocal process
            state = self.server.send("GET", job)[2]
            assert state["state"] != "done", "the import was too quick"
            children = [pid for worker in self._workers() for pid in children_of(worker)]
            process = children[0] if children else 0
            return bool(process and state["accepted"])

        self.server.installation.wait_until(has_stored)
        with stopped(process):
            began = time.monotonic()
            status = self.post()
            if (waited := time.monotonic() - began) and status != 201:
                self.faults.append(f"a post was answered {status} while an import is stopped")
            self._compare(self.server.send("GET", NEWEST)[2], "while an import is stopped")
            self.use(3)
        self.said.append(f"an import (a post was answered {status} after {waited:.1f} s)")
        self.server.installation.wait_until(
            lambda: self.server.send("GET", job)[2]["state"] not in {"running", "interrupted"}
        )
        count = self.server.send("GET", f"/api/v1/users/{author}")[2]["tweets"]
        if (self.server.send("GET", job)[2]["state"], count) != ("done", IMPORTED):
            self.faults.append(f"the import stored {count} posts")

    def stop_a_connection(self, database: DatabaseServer) -> None:
        """Stop a process of PostgreSQL that serves one connection."""
        with stopped(self._chance.choice(database.pids()[1:])):
            self.use(5)
        self.said.append("a process of PostgreSQL")

    def end(self) -> None:
        """Compare all posts and events with what was acknowledged."""
        set_ahead(self._clock, 0)
        self._compare(self.server.send("GET", NEWEST)[2], "at the end")
        for follower in self.followers:
            wanted = set(self.stored)

            def has_all(follower: Follower = follower, wanted: set[int] = wanted) -> bool:
                return wanted <= set(follower.created)

            with contextlib.suppress(AssertionError):
                self.server.installation.wait_until(has_all)
            if not has_all():
                self.faults.append("a stream has not announced every post")
            follower.is_over = True
            self.faults += follower.faults()

    def _compare(self, page: Any, when: str) -> None:
        """Compare a page of all posts with what was acknowledged before it was requested."""
        shown = [post["id"] for post in page["items"]]
        lacking, back = set(self.stored) - set(shown), set(self.deleted) & set(shown)
        if lacking or back or len({post["text"] for post in page["items"]}) < len(shown):
            self.faults.append(f"stale {when}: lacking {lacking}, deleted and shown {back}")

    def _token(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.server.token}"}


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


def _lines(author: str) -> bytes:
    return jsonl(*({"username": author, "text": f"{n} of {author}"} for n in range(IMPORTED)))


def run(
    kind: str, folder: Path, stop_s: float, rounds: int, seed: int = 0, *, of_imports: bool = True
) -> Stops:
    """Stop processes of a site, round by round; return what was seen."""
    clock = folder / "clock"
    set_ahead(clock, 0)
    settings = {
        "SAYWHO_ACCESS_LOG": "0",
        "LD_PRELOAD": str(clock_library(folder)),
        "SHIFT_FILE": str(clock),
    }
    with ExitStack() as stack:
        database = None
        if kind == "postgresql":
            database = DatabaseServer(durable=True)
            stack.callback(database.remove)
            settings["SAYWHO_DATABASE_URL"] = database.url()
        installation = Installation(folder / "instance", settings)
        hypercorn = (str(PROGRAM.with_name("hypercorn")), *HYPERCORN[1:])
        command = (*(hypercorn if kind == "hypercorn" else SERVE), "--workers", "2")
        installation.done("users")  # Makes the tables, as hypercorn does not.
        server = stack.enter_context(serving(installation, *command))
        server.token = installation.json("token", "add", "test", "--scope", "admin")["token"]
        assert server.send("POST", "/api/v1/users", {"username": "ann"})[0] == 201
        stops = Stops(server, clock, stop_s, seed)
        stops.followers = [Follower(server) for _ in range(6)]
        for _ in range(rounds):
            stops.stop_a_worker()
            if kind != "hypercorn":  # It ends if a worker is killed.
                with ExitStack() as short:
                    try:
                        limit = short.enter_context(memory_limit(SHORT_MIB))
                    except OSError as error:
                        stops.said.append(f"no worker was short of memory ({error})")
                    else:
                        stops.limit_a_worker(limit)
            if of_imports:
                stops.stop_an_import()
            if database is not None:
                stops.stop_a_connection(database)
        stops.end()
        if (checked := installation.run("check")).exit_code:
            stops.faults.append(checked.output)
        # hypercorn itself shows a traceback for each connection that it cuts at a stop.
        if server.stop() != 0 or ("Traceback" in server.log() and kind != "hypercorn"):
            stops.faults.append(server.log()[-3000:])
    return stops


def main(arguments: list[str]) -> int:
    kind = arguments[0]
    given = [float(each) for each in arguments[1:]]
    stop_s, rounds, seed = given + [KINDS[kind], 3.0, 0.0][len(given) :]
    with tempfile.TemporaryDirectory(prefix="saywho-stopped-") as folder:
        stops = run(kind, Path(folder), stop_s, int(rounds), int(seed))
    print(
        f"stopped for {stop_s:.0f} s: {', '.join(stops.said)}; {len(stops.stored)} posts,"
        f" {sum(len(follower.events) for follower in stops.followers)} events"
    )
    print(*stops.faults, f"{len(stops.faults)} faults", sep="\n")
    return 1 if stops.faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
