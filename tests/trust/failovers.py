"""Failovers of PostgreSQL under eight writers: `python -m tests.trust.failovers 5` does five runs.

In each run a standby takes the place of the primary three times: it dies, is shut down, or hangs.
A site of two workers names both hosts. Each post is answered 201 and stored once, or 503; then it
may be stored once, where the primary ended in the middle of the commit. Reads are 200 or 503.
"""

import asyncio
import itertools
import os
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx

from tests.installation import Installation
from tests.postgresql import Server as DatabaseServer
from tests.server import SERVE, Server, serving
from tests.trust.listener import RETRY_S
from tests.waiting import DEADLINE_S, eventually

WRITERS: Final = 8
FAILOVERS: Final = 3
BETWEEN: Final = 100
"""Posts that are acknowledged before a failover, and after the last one."""
POSTS: Final = "/api/v1/users/ann/tweets"
READ: Final = (POSTS, "/api/v1/stats", "/api/v1/search?q=writes", "/", "/readyz")
STANDBYS: Final = "synchronous_standby_names = '*'"
QUICKLY: Final = "wal_retrieve_retry_interval = '200ms'"


@dataclass
class Report:
    """What clients were answered, and what is stored."""

    answers: Counter[str] = field(default_factory=Counter)
    """By the method or path, and the status."""
    acknowledged: Counter[str] = field(default_factory=Counter)
    """Texts of posts that were answered 201."""
    faults: list[str] = field(default_factory=list)
    unknown: int = 0
    """Posts that were answered 503 and are stored."""

    def __str__(self) -> str:
        answers = ", ".join(f"{name}: {count}" for name, count in sorted(self.answers.items()))
        return "\n".join((f"{answers}; {self.unknown} of 503 are stored", *self.faults))

    def check(self, stored: Counter[str]) -> None:
        """Compare what is stored with what was answered."""
        self.unknown = len(stored.keys() - self.acknowledged.keys())
        lost = sorted(self.acknowledged.keys() - stored.keys())
        twice = sorted(text for text, count in stored.items() if count > 1)
        self.faults += [f"acknowledged and lost: {text}" for text in lost]
        self.faults += [f"stored twice: {text}" for text in twice]


class Pair:
    """A primary and its synchronous standby, which take each other's place."""

    def __init__(self, stack: ExitStack) -> None:
        self.primary = DatabaseServer(durable=True)
        stack.callback(self.primary.remove)
        for setting in (STANDBYS, QUICKLY):
            asyncio.run(self.primary.ask(f"ALTER SYSTEM SET {setting}"))
        self.standby = DatabaseServer(durable=True, primary=self.primary)
        stack.callback(self.standby.remove)
        asyncio.run(self.primary.ask("SELECT pg_reload_conf()"))
        # One thread to the end: a server ends with the thread that started it.
        self._thread = stack.enter_context(ThreadPoolExecutor(1))
        hosts = f"{self.primary.folder},{self.standby.folder}"
        self.url = f"postgresql+asyncpg://postgres@/postgres?host={hosts}"

    async def fail_over(self, number: int) -> None:
        """Promote the standby, and make a standby of what was the primary."""
        ways = (self._die, self._shut_down, self._hang)
        dead, self.primary, self.standby = self.primary, self.standby, self.primary
        await ways[number % len(ways)](dead)
        await asyncio.get_running_loop().run_in_executor(self._thread, dead.follow, self.primary)

    async def _die(self, dead: DatabaseServer) -> None:
        dead.stop(at_once=True)
        await self.primary.ask("SELECT pg_promote()")

    async def _shut_down(self, dead: DatabaseServer) -> None:
        dead.stop()
        await self.primary.ask("SELECT pg_promote()")

    async def _hang(self, dead: DatabaseServer) -> None:
        """Let it go on as if it were still the primary, and then end."""
        processes = dead.pids()
        for pid in processes:
            os.kill(pid, signal.SIGSTOP)
        await self.primary.ask("SELECT pg_promote()")
        for pid in processes:
            os.kill(pid, signal.SIGCONT)


class Storm:
    """Writers and readers of one site."""

    def __init__(self, server: Server) -> None:
        self._address = f"http://127.0.0.1:{server.port}"
        self._token = server.token
        self.report = Report()

    async def rage(self, pair: Pair, failovers: int) -> None:
        async with self._connected() as client, asyncio.TaskGroup() as group:
            clients = [group.create_task(self._write(client, name)) for name in range(WRITERS)]
            clients += [group.create_task(self._read(client, path)) for path in READ]
            clients.append(group.create_task(self._listen(client)))
            for number in range(failovers):
                await self._until_acknowledged()
                await pair.fail_over(number)
            await self._until_acknowledged()
            for task in clients:
                task.cancel()

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[httpx.AsyncClient]:
        async with httpx.AsyncClient(
            base_url=self._address,
            headers={"Authorization": f"Bearer {self._token}"},
            limits=httpx.Limits(keepalive_expiry=0.5),
            timeout=DEADLINE_S,
        ) as client:
            yield client

    async def _until_acknowledged(self) -> None:
        goal = self.report.acknowledged.total() + BETWEEN

        async def acknowledged() -> int:
            return self.report.acknowledged.total()

        await eventually(acknowledged, until=lambda count: count >= goal)

    async def _write(self, client: httpx.AsyncClient, name: int) -> None:
        for number in itertools.count():
            text = f"writer {name} writes {number}"
            answer = await self._send(client, "POST", POSTS, json={"text": text})
            if answer.status_code == 201:
                self.report.acknowledged[text] += 1

    async def _read(self, client: httpx.AsyncClient, path: str) -> None:
        while True:
            await self._send(client, "GET", path)
            await asyncio.sleep(RETRY_S)

    async def _send(
        self, client: httpx.AsyncClient, method: str, path: str, **body: object
    ) -> httpx.Response:
        answer = await client.request(method, path, **body)  # type: ignore[arg-type]
        self.report.answers[f"{method if body else path} {answer.status_code}"] += 1
        if answer.status_code == 503:
            await asyncio.sleep(RETRY_S)
        elif answer.status_code not in {200, 201}:
            self.report.faults.append(f"{method} {path}: {answer.status_code} {answer.text}")
        return answer

    async def _listen(self, client: httpx.AsyncClient) -> None:
        while True:
            async with client.stream("GET", "/api/v1/live") as stream:
                self.report.answers[f"/api/v1/live {stream.status_code}"] += 1
                if stream.status_code not in {200, 503}:
                    self.report.faults.append(f"the live stream: {stream.status_code}")
                async for _ in stream.aiter_lines():
                    pass
            await asyncio.sleep(RETRY_S)


def run(folder: Path, failovers: int = FAILOVERS) -> Report:
    """Return what a site answered during so many failovers."""
    with ExitStack() as stack:
        pair = Pair(stack)
        settings = {
            "SAYWHO_ACCESS_LOG": "0",
            "SAYWHO_DATABASE_URL": pair.url,
            "SAYWHO_DURABILITY": "replicated",
        }
        installation = Installation(folder / "instance", settings)
        server = stack.enter_context(serving(installation, *SERVE, "--workers", "2"))
        server.token = installation.json("token", "add", "test", "--scope", "admin")["token"]
        assert server.send("POST", "/api/v1/users", {"username": "ann"})[0] == 201
        storm = Storm(server)
        asyncio.run(storm.rage(pair, failovers))
        texts = asyncio.run(pair.primary.ask('SELECT array_agg(text) FROM "Tweet"'))
        storm.report.check(Counter(texts))
        assert server.stop() == 0
        if "Traceback" in server.log():
            storm.report.faults.append(server.log())
    return storm.report


def main(runs: str = "5") -> int:
    is_sound = True
    for _ in range(int(runs)):
        with tempfile.TemporaryDirectory(prefix="saywho-trust-") as folder:
            report = run(Path(folder))
        print(report, flush=True)
        is_sound = is_sound and not report.faults
    return 0 if is_sound else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
