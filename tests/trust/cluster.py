"""A site of two servers over a PostgreSQL primary and two standbys, whose primary is killed.

What Patroni or a managed service does is done here by hand: the standby that has most of the log
is promoted, the other one follows it, and the dead one is made anew.
"""

import asyncio
import itertools
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from random import Random
from typing import Any

import httpx

from tests.installation import Installation
from tests.postgresql import Server as DatabaseServer
from tests.serving.test_server import SERVE, Server, children_of, serving
from tests.trust.site import Site
from tests.waiting import eventually


class Databases:
    """A primary and two standbys, each at an address that outlives it."""

    def __init__(self, folder: Path, standbys: tuple[str, ...] = ("b", "c")) -> None:
        self._folder = folder
        self.standbys = standbys
        self.servers = {"a": DatabaseServer(durable=True)}
        self.primary = "a"
        self._link("a")
        asyncio.run(self.ask("a", "ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 (*)'"))
        asyncio.run(self.ask("a", "ALTER SYSTEM SET wal_retrieve_retry_interval = '500ms'"))
        asyncio.run(self.ask("a", "SELECT pg_reload_conf()"))
        for name in standbys:
            self.make_standby(name)

    @property
    def url(self) -> str:
        hosts = ",".join(str(self._folder / name) for name in ("a", *self.standbys))
        return f"postgresql+asyncpg://postgres@/postgres?host={hosts}"

    def _link(self, name: str) -> None:
        link = self._folder / name
        link.unlink(missing_ok=True)
        link.symlink_to(self.servers[name].folder)

    def make_standby(self, name: str) -> None:
        self.servers[name] = DatabaseServer(
            durable=True, primary=self.servers[self.primary], name=name
        )
        self._link(name)

    async def ask(self, name: str, statement: str) -> Any:
        return await self.servers[name].ask(statement)

    def kill_primary(self) -> None:
        data = self.servers[self.primary].folder / "data"
        postmaster = int((data / "postmaster.pid").read_text().split()[0])
        for pid in (postmaster, *children_of(postmaster)):
            os.kill(pid, signal.SIGKILL)
        self.servers.pop(self.primary).remove()

    async def promote(self) -> None:
        """Promote the standby that has received most, and let the other one follow it."""
        received = "SELECT pg_last_wal_receive_lsn() - '0/0'::pg_lsn"
        has = {name: await self.ask(name, received) for name in self.servers}
        self.primary, other = sorted(has, key=lambda name: has[name], reverse=True)
        await self.ask(self.primary, "SELECT pg_promote()")
        source = f"host={self.servers[self.primary].folder} user=postgres application_name={other}"
        await self.ask(other, f"ALTER SYSTEM SET primary_conninfo = '{source}'")
        await self.ask(other, "SELECT pg_reload_conf()")

    def close(self) -> None:
        for server in self.servers.values():
            server.remove()


class Cluster(Site):
    """Two servers of one worker each; a strike replaces the primary, or kills a server."""

    reads_plainly = True

    def __init__(self, installation: Installation, databases: Databases) -> None:
        self._databases = databases
        self.recovered_s: list[float] = []
        """Seconds from each promotion to the first acknowledged write."""
        super().__init__(installation, None)
        self.kind = "cluster"
        settings = installation.settings | {
            "SAYWHO_SECRET_KEY": (installation.data_dir / "secret_key").read_text()
        }
        self._other = Installation(installation.data_dir.with_name("other") / "instance", settings)
        self._servers = [self.server, self._stack.enter_context(self._serving_other())]
        self._turns = itertools.count()

    def _serving_other(self) -> Any:
        return serving(self._other, *SERVE, "--workers", "1")

    def url(self) -> str:
        """Return the address of the server whose turn it is, as a balancer would."""
        server: Server = self._servers[next(self._turns) % len(self._servers)]
        return f"http://127.0.0.1:{server.port}"

    def note(self) -> str:
        return f"; {max(self.recovered_s):.1f} s at most from a promotion to the first write"

    async def kill(self, number: int, chance: Random) -> None:
        dead = self._databases.primary
        self._databases.kill_primary()
        await asyncio.sleep(chance.random())  # Until whoever watches the primary notices.
        await self._databases.promote()
        began = time.monotonic()
        async with httpx.AsyncClient(headers={"Authorization": f"Bearer {self.token}"}) as client:

            async def write() -> int:
                answer = await client.post(
                    f"{self.url()}/api/v1/users", json={"username": f"probe{number}"}, timeout=60
                )
                return answer.status_code

            await eventually(write, until=lambda status: status in {201, 409})
        self.recovered_s.append(time.monotonic() - began)
        self._databases.make_standby(dead)  # Here, since it would end with another thread.
        self.killed["primary"] += 1

    def close(self) -> None:
        super().close()
        self._databases.close()


@contextmanager
def cluster_in(folder: Path) -> Iterator[Cluster]:
    """Give a site in the folder. Raises NoServerError if there is no PostgreSQL to be had."""
    with ExitStack() as stack:
        links = Path(tempfile.mkdtemp(prefix="saywho-links-"))  # Sockets have short addresses.
        stack.callback(shutil.rmtree, links)
        databases = Databases(links)
        stack.callback(databases.close)
        settings = {
            "SAYWHO_ACCESS_LOG": "0",
            "SAYWHO_DATABASE_URL": databases.url,
            "SAYWHO_DURABILITY": "replicated",
        }
        cluster = Cluster(Installation(folder / "one" / "instance", settings), databases)
        stack.callback(cluster.close)
        yield cluster
