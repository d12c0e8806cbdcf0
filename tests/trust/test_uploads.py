"""An import outlives the server that runs it, and the connections of its process."""

import asyncio
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from app.db.postgresql.connection import data_source
from tests.databases import Databases
from tests.installation import Installation
from tests.postgresql import Server as DatabaseServer
from tests.serving.test_server import SERVE, serving
from tests.trust.uploads import POSTS, import_processes, run, upload

pytestmark = [pytest.mark.databases("postgresql"), pytest.mark.timeout(400)]
OTHERS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
"""


@pytest.fixture
def database(databases: Databases) -> Iterator[DatabaseServer]:
    server = DatabaseServer(durable=True)
    yield server
    server.remove()


def test_an_import_goes_on_after_its_server_was_killed(
    tmp_path: Path, databases: Databases
) -> None:
    assert len(run(1, tmp_path)) == 1


async def end_connections(database: DatabaseServer) -> None:
    connection = await asyncpg.connect(data_source(database.url()))
    await connection.execute(OTHERS)
    await connection.close()


@pytest.mark.parametrize("strike", ["connections", "process"])
def test_an_import_goes_on_after(strike: str, database: DatabaseServer, tmp_path: Path) -> None:
    installation = Installation(tmp_path / "instance", {"SAYWHO_DATABASE_URL": database.url()})
    with serving(installation, *SERVE, "--workers", "1") as server:
        server.token = installation.json("token", "add", "test", "--scope", "admin")["token"]
        job = upload(server, "ann")
        strikes = 0

        def is_done() -> bool:
            nonlocal strikes
            status, _, shown = server.send("GET", job)
            if status == 503:
                return False
            assert shown["state"] in {"running", "interrupted", "done"}, shown
            if strikes == 0 and 0 < shown["accepted"] < POSTS:
                if strike == "connections":
                    asyncio.run(end_connections(database))
                    strikes += 1
                elif pids := import_processes(server):
                    os.kill(pids[-1], signal.SIGKILL)
                    strikes += 1
            return bool(shown["state"] == "done")

        installation.wait_until(is_done)
        assert strikes == 1
        assert server.send("GET", job)[2]["duplicates"] == 0
        assert server.send("GET", "/api/v1/users/ann")[2]["tweets"] == POSTS
