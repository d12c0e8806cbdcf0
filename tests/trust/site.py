"""A real server of two workers, on SQLite or on a PostgreSQL of its own, that can be killed."""

import json
import os
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from random import Random

import requests

from tests.installation import Installation
from tests.postgresql import Server as DatabaseServer
from tests.server import SERVE, Server, accepts, serving
from tests.waiting import DEADLINE_S, eventually


@contextmanager
def repeated(work: Callable[[], None], pause_s: float) -> Iterator[None]:
    """Do something again and again in a thread, until the block ends."""
    is_over = threading.Event()

    def go_on() -> None:
        while not is_over.wait(pause_s):
            work()

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


class Site:
    """The server under way; its port and its database outlive it."""

    def __init__(self, installation: Installation, database: DatabaseServer | None) -> None:
        self.kind = "sqlite" if database is None else "postgresql"
        self.installation = installation
        self.killed: Counter[str] = Counter()
        self.database = database
        self._stack = ExitStack()
        self._start()
        self.port = self.server.port
        self.token = installation.json("token", "add", "test", "--scope", "admin")["token"]

    def _start(self, port: int = 0) -> None:
        command = (*SERVE, "--workers", "2")
        self.server: Server = self._stack.enter_context(
            serving(self.installation, *command, port=port)
        )

    async def kill(self, number: int, chance: Random) -> None:
        """Kill what is next in turn, and wait until the site is as before."""
        strikes = {"worker": self._kill_worker, "server": self._kill_server}
        if self.database is not None:
            strikes |= {"connection": self._kill_connection, "database": self._kill_database}
        name = list(strikes)[number % len(strikes)]
        await strikes[name](chance)
        self.killed[name] += 1

    async def _kill_worker(self, chance: Random) -> None:
        dead = chance.choice(self.server.workers())
        os.kill(dead, signal.SIGKILL)

        async def workers() -> list[int]:
            return self.server.workers()

        await eventually(workers, until=lambda alive: len(alive) == 2 and dead not in alive)

    async def _kill_server(self, _chance: Random) -> None:
        for pid in (self.server.process.pid, *self.server.workers()):
            os.kill(pid, signal.SIGKILL)
        self._stack.close()
        self.installation.wait_until(lambda: not accepts(self.server))
        self._start(self.port)  # Here, since PostgreSQL would end with another thread.

    async def _kill_connection(self, chance: Random) -> None:
        """Kill one process of the database, which restarts all that are connected."""
        assert self.database is not None
        os.kill(chance.choice(self.database.pids()[1:]), signal.SIGKILL)

    async def _kill_database(self, _chance: Random) -> None:
        assert self.database is not None
        for pid in self.database.pids():
            os.kill(pid, signal.SIGKILL)
        self.database.stop()
        self.database.start()

    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def close(self) -> None:
        self._stack.close()
        if self.database is not None:
            self.database.remove()


def upload(server: Server, author: str, posts: int) -> str:
    """Begin an import; return its address."""
    texts = (f"{author} writes {n}, and more" for n in range(posts))
    rows = ({"username": author, "text": text, "source_id": text} for text in texts)
    return queue(server, b"".join(json.dumps(row).encode() + b"\n" for row in rows), "jsonl")


def queue(server: Server, body: bytes, form: str = "auto") -> str:
    """Begin the import of a file; return its address."""
    own = {"Authorization": f"Bearer {server.token}"}
    address = f"http://127.0.0.1:{server.port}/api/v1/imports?format={form}"
    queued = requests.post(address, body, headers=own, timeout=DEADLINE_S)
    assert queued.status_code == 202, queued.text
    return queued.headers["Location"]


@contextmanager
def site_of(kind: str, folder: Path) -> Iterator[Site]:
    """Give a site in the folder. Raises NoServerError if there is no PostgreSQL to be had."""
    settings = {"SAYWHO_ACCESS_LOG": "0"}
    with ExitStack() as stack:
        database = None
        if kind == "postgresql":
            database = DatabaseServer(durable=True)
            stack.callback(database.remove)
            settings["SAYWHO_DATABASE_URL"] = database.url()
        site = Site(Installation(folder / "instance", settings), database)
        stack.callback(site.close)
        yield site
