"""An import outlives the connections of its process, at a real server."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import Databases
from tests.installation import Installation
from tests.postgresql import Server as DatabaseServer
from tests.server import SERVE, serving
from tests.trust.site import upload

POSTS = 12_000
"""Eleven batches follow the first one, so that there is time to break connections in between."""
OTHERS = """
    SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
"""


@pytest.fixture
def database(databases: Databases) -> Iterator[DatabaseServer]:
    server = DatabaseServer(durable=True)
    yield server
    server.remove()


@pytest.mark.timeout(400)
@pytest.mark.databases("postgresql")
def test_an_import_goes_on_after_its_connections_broke(
    tmp_path: Path, database: DatabaseServer
) -> None:
    installation = Installation(tmp_path / "instance", {"SAYWHO_DATABASE_URL": database.url()})
    with serving(installation, *SERVE, "--workers", "1") as server:
        server.token = installation.json("token", "add", "test", "--scope", "admin")["token"]
        job = upload(server, "ann", POSTS)
        installation.wait_until(lambda: 0 < server.send("GET", job)[2]["accepted"] < POSTS)
        assert asyncio.run(database.ask(OTHERS)) > 0

        def is_done() -> bool:
            status, _, shown = server.send("GET", job)
            assert status == 503 or shown["state"] in {"running", "interrupted", "done"}, shown
            return bool(status == 200 and shown["state"] == "done")

        installation.wait_until(is_done)
        shown = server.send("GET", job)[2]
        assert (shown["accepted"], shown["duplicates"]) == (POSTS, 0), shown
        assert server.send("GET", "/api/v1/users/ann")[2]["tweets"] == POSTS
