"""A site of two servers that read three standbys: one 30 s behind, one paused, one that flaps."""

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from random import Random

import httpx

from tests.installation import Installation
from tests.trust.cluster import Cluster, Databases

LATE, PAUSED, FLAPPING = "b", "c", "d"
STATEMENTS = {
    LATE: "ALTER SYSTEM SET recovery_min_apply_delay = '30s'",
    PAUSED: "SELECT pg_wal_replay_pause()",
}


class ReplicaSite(Cluster):
    """The cluster, whose primary stays; a strike is against the standby that flaps."""

    reads_plainly = True

    def __init__(self, installation: Installation, databases: Databases) -> None:
        super().__init__(installation, databases)
        self.kind = "replicas"
        self._read = ""
        for name, statement in STATEMENTS.items():
            asyncio.run(databases.ask(name, statement))
            asyncio.run(databases.ask(name, "SELECT pg_reload_conf()"))

    async def kill(self, number: int, chance: Random) -> None:
        standby = self._databases.servers[FLAPPING]
        for _ in range(3):
            await self._databases.ask(FLAPPING, "SELECT pg_wal_replay_pause()")
            await asyncio.sleep(chance.random() / 2)
            await self._databases.ask(FLAPPING, "SELECT pg_wal_replay_resume()")
            await asyncio.sleep(chance.random() / 2)
        standby.stop(at_once=chance.random() < 0.5)
        await asyncio.sleep(chance.random())
        standby.start()
        self.killed["standby"] += 1
        await self._count()

    async def _count(self) -> None:
        """Count the sessions of both servers so far, by what they read."""
        counts = {"read": 0.0, "replica": 0.0}
        async with httpx.AsyncClient(headers={"Authorization": f"Bearer {self.token}"}) as client:
            for _ in self._servers:
                answer = await client.get(f"{self.url()}/metrics", timeout=60)
                for line in answer.text.splitlines():
                    for kind in counts:
                        if line.startswith(f'saywho_db_seconds_count{{kind="{kind}"}}'):
                            counts[kind] += float(line.rsplit(" ", 1)[1])
        self.from_replicas, total = int(counts["replica"]), int(sum(counts.values()))
        self._read = f"; {self.from_replicas} of {total} sessions read a replica"

    def note(self) -> str:
        return self._read


@contextmanager
def replicas_in(folder: Path) -> Iterator[ReplicaSite]:
    """Give a site in the folder. Raises NoServerError if there is no PostgreSQL to be had."""
    with ExitStack() as stack:
        links = Path(tempfile.mkdtemp(prefix="saywho-links-"))  # Sockets have short addresses.
        stack.callback(shutil.rmtree, links)
        databases = Databases(links, (LATE, PAUSED, FLAPPING))
        stack.callback(databases.close)
        one = "postgresql+asyncpg://postgres@/postgres?host="
        settings = {
            "SAYWHO_ACCESS_LOG": "0",
            "SAYWHO_DATABASE_URL": f"{one}{links / databases.primary}",
            "SAYWHO_REPLICA_URLS": ",".join(f"{one}{links / name}" for name in databases.standbys),
        }
        site = ReplicaSite(Installation(folder / "one" / "instance", settings), databases)
        stack.callback(site.close)
        yield site
