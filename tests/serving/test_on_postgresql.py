"""The server as it really runs, on PostgreSQL: a worker is lost, and then the database."""

import contextlib
import dataclasses
import itertools
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.databases import Databases, PostgresqlDatabases
from tests.installation import Installation
from tests.postgresql import Server as DatabaseServer
from tests.serving.test_server import SERVE, Server, serving

pytestmark = pytest.mark.databases("postgresql")

POSTS = "/api/v1/users/ann/tweets"


@pytest.fixture
def installation(databases: Databases, tmp_path: Path) -> Iterator[Installation]:
    """An installation whose database has no tables yet."""
    assert isinstance(databases, PostgresqlDatabases)
    folder = tmp_path / "instance"
    yield Installation(folder, {"SAYWHO_DATABASE_URL": databases.make_bare(folder)})
    databases.drop(tmp_path)


def begin(server: Server) -> None:
    """Let the test write, and add an author."""
    added = server.installation.json("token", "add", "test", "--scope", "admin")
    server.token = added["token"]
    assert server.send("POST", "/api/v1/users", {"username": "ann"})[0] == 201


@contextlib.contextmanager
def using(server: Server) -> Iterator[list[tuple[int, Any]]]:
    """Read and write until the block ends; collect the statuses and bodies of the answers."""
    answers: list[tuple[int, Any]] = []
    is_over = threading.Event()

    def use() -> None:
        for number in itertools.count():
            answers.append(server.send("POST", POSTS, {"text": f"post {number}"})[::2])
            paths = (POSTS, "/", "/api/v1/search?q=post", "/user/ann", "/readyz")
            answers.extend(server.send("GET", path)[::2] for path in paths)
            if is_over.is_set():
                return

    user = threading.Thread(target=use)
    user.start()
    try:
        yield answers
    finally:
        is_over.set()
        user.join()


def test_a_database_that_crashes_under_load_is_503_until_it_is_back(
    databases: Databases, tmp_path: Path
) -> None:
    database = DatabaseServer(durable=True)
    try:
        settings = {"SAYWHO_DATABASE_URL": database.url(), "SAYWHO_ACCESS_LOG": "0"}
        installation = Installation(tmp_path / "instance", settings)
        with serving(installation, *SERVE, "--workers", "2") as server:
            begin(server)
            workers = server.workers()
            acknowledged = write_until_refused(server, lambda: database.stop(at_once=True))
            anybody = dataclasses.replace(server, token="")
            assert anybody.send("GET", "/healthz")[0] == 200
            assert anybody.send("GET", "/readyz")[0] == 503
            database.start()
            installation.wait_until(lambda: anybody.send("GET", "/readyz")[0] == 200)
            installation.wait_until(
                lambda: server.send("POST", POSTS, {"text": "again", "source_id": "1"})[0] < 300
            )
            page = server.send("GET", f"{POSTS}?limit=200")[2]
            assert acknowledged <= {post["text"] for post in page["items"]}
            assert server.workers() == workers
            assert server.stop() == 0
    finally:
        database.remove()


def write_until_refused(server: Server, stop: Callable[[], None]) -> set[str]:
    """Write posts, stop the database in between; return what was acknowledged."""
    acknowledged: set[str] = set()
    stopper = threading.Thread(target=stop)
    deadline = time.monotonic() + 40
    while time.monotonic() < deadline:
        text = f"post {len(acknowledged)}"
        status, headers, _ = server.send("POST", POSTS, {"text": text})
        if status == 503:
            assert headers["Retry-After"]
            stopper.join()
            return acknowledged
        assert status == 201
        acknowledged.add(text)
        if len(acknowledged) == 20:
            stopper.start()
    raise AssertionError("writing was never refused")
