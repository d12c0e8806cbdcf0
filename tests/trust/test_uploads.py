"""An import outlives the server that runs it, and the connections of its process."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import Databases
from tests.installation import Installation
from tests.postgresql import Server as DatabaseServer
from tests.serving.test_server import SERVE, Server, children_of, serving
from tests.trust.site import upload

pytestmark = [pytest.mark.databases("postgresql"), pytest.mark.timeout(400)]
POSTS = 12_000
"""Eleven batches follow the first one, so that there is time to kill in between."""
OTHERS = """
    SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
"""


@pytest.fixture
def database(databases: Databases) -> Iterator[DatabaseServer]:
    server = DatabaseServer(durable=True)
    yield server
    server.remove()


def descendants(pid: int) -> list[int]:
    """Return the processes that a process started, and those that these started."""
    found = []
    with contextlib.suppress(FileNotFoundError):
        for child in children_of(pid):
            found += [child, *descendants(child)]
    return found


def wait_until_half_done(server: Server, job: str) -> None:
    server.installation.wait_until(lambda: 0 < server.send("GET", job)[2]["accepted"] < POSTS)


def wait_until_done(server: Server, job: str) -> None:
    """Wait until the import has ended well, with each post once."""

    def is_done() -> bool:
        status, _, shown = server.send("GET", job)
        if status == 503:
            return False
        assert shown["state"] in {"running", "interrupted", "done"}, shown
        return bool(shown["state"] == "done")

    server.installation.wait_until(is_done)
    shown = server.send("GET", job)[2]
    assert (shown["accepted"], shown["duplicates"]) == (POSTS, 0), shown
    assert server.send("GET", "/api/v1/users/ann")[2]["tweets"] == POSTS


def test_an_import_goes_on_after_its_server_was_killed(
    tmp_path: Path, database: DatabaseServer
) -> None:
    settings = {
        "SAYWHO_DATABASE_URL": database.url(),
        "SAYWHO_SECRET_KEY": "the key of both servers",
    }
    killed, other = (Installation(tmp_path / name / "instance", settings) for name in "ab")
    command = (*SERVE, "--workers", "1")
    with serving(other, *command) as beside:
        with serving(killed, *command) as server:
            beside.token = killed.json("token", "add", "test", "--scope", "admin")["token"]
            server.token = beside.token
            job = upload(server, "ann", POSTS)
            wait_until_half_done(server, job)
            for pid in (server.process.pid, *descendants(server.process.pid)):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        shown = beside.send("GET", job)[2]
        assert (shown["state"], shown["accepted"] < POSTS) == ("running", True), shown
        with serving(killed, *command):
            wait_until_done(beside, job)


def test_an_import_goes_on_after_its_connections_broke(
    tmp_path: Path, database: DatabaseServer
) -> None:
    installation = Installation(tmp_path / "instance", {"SAYWHO_DATABASE_URL": database.url()})
    with serving(installation, *SERVE, "--workers", "1") as server:
        server.token = installation.json("token", "add", "test", "--scope", "admin")["token"]
        job = upload(server, "ann", POSTS)
        wait_until_half_done(server, job)
        assert asyncio.run(database.ask(OTHERS)) > 0
        wait_until_done(server, job)
