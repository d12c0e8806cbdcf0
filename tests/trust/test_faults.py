"""A real server that is overloaded or stopped, or whose disk or database fails: it heals."""

import asyncio
import contextlib
import dataclasses
import os
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import Databases
from tests.serving.test_server import children_of
from tests.trust.overload import run
from tests.trust.site import Site, site_of
from tests.trust.stops import COMMANDS, stop

POSTS = "/api/v1/users/ann/tweets"
DISK_BYTES = 12 * 2**20


@contextlib.contextmanager
def broken_site(kind: str, folder: Path) -> Iterator[Site]:
    """Give a site with an author and a post; at the end it must be as good as before."""
    with site_of(kind, folder) as site:
        site.server.token = site.token
        assert site.server.send("POST", "/api/v1/users", {"username": "ann"})[0] == 201
        assert site.server.send("POST", POSTS, {"text": "before"})[0] == 201
        workers = site.server.workers()
        yield site
        site.installation.wait_until(lambda: site.server.send("GET", "/readyz")[0] == 200)
        assert site.server.send("POST", POSTS, {"text": "after"})[0] == 201
        texts = [post["text"] for post in site.server.send("GET", POSTS)[2]["items"]]
        assert (texts[0], texts[-1]) == ("after", "before")
        assert site.server.workers() == workers
        assert site.installation.json("check") == {"ok": True, "faults": []}
        assert site.server.stop() == 0
        assert "Traceback" not in site.server.log()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of a few megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "saywho-test", str(folder)]
    if os.geteuid() or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a small disk")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_full_disk_is_507_while_reads_go_on(small_disk: Path) -> None:
    with broken_site("sqlite", small_disk) as site:
        filler = small_disk / "filler"
        with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))
        stored = ["before"]

        def is_full() -> bool:
            text = f"{len(stored)} {'x' * 9_000}"
            status, _, answer = site.server.send("POST", POSTS, {"text": text})
            assert status in {201, 507}, answer
            if status == 201:
                stored.append(text)
            return bool(status == 507)

        site.installation.wait_until(is_full)
        for _ in range(8):
            status, _, page = site.server.send("GET", f"{POSTS}?limit=200")
            assert (status, len(page["items"])) == (200, len(stored))
        assert site.server.send("GET", "/healthz")[0] == 200
        filler.unlink()


def test_a_database_that_another_program_locks_is_503_while_reads_go_on(tmp_path: Path) -> None:
    with broken_site("sqlite", tmp_path) as site:
        path = site.installation.database
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            status, headers, _ = site.server.send("POST", POSTS, {"text": "refused"})
            assert (status, bool(headers["Retry-After"])) == (503, True)
            assert site.server.send("GET", POSTS)[0] == 200


@pytest.mark.databases("postgresql")
def test_a_database_that_hangs_is_503_until_it_goes_on(
    databases: Databases, tmp_path: Path
) -> None:
    with broken_site(databases.kind, tmp_path) as site:
        anybody = dataclasses.replace(site.server, token="")
        processes = [site.postmaster(), *children_of(site.postmaster())]
        for pid in processes:
            os.kill(pid, signal.SIGSTOP)
        try:
            assert anybody.send("GET", "/healthz")[0] == 200
            assert anybody.send("GET", "/readyz")[0] == 503
            for method, body in (
                ("GET", None),
                ("POST", {"text": "nobody knows", "source_id": "1"}),
            ):
                status, headers, _ = site.server.send(method, POSTS, body)
                assert (status, bool(headers["Retry-After"])) == (503, True)
        finally:
            for pid in processes:
                os.kill(pid, signal.SIGCONT)


def test_four_times_the_load_is_answered_or_refused_and_then_all_is_as_before(
    tmp_path: Path,
) -> None:
    with site_of("sqlite", tmp_path) as site:
        load = asyncio.run(run(site, seconds=2, idle=300, slow=20))
        assert load.answers.keys() <= {200, 201, 503}
        assert load.answers[200] > 0
        assert site.server.stop() == 0
        assert "Traceback" not in site.server.log()


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", COMMANDS)
def test_a_stop_leaves_nothing_half_done(name: str, tmp_path: Path) -> None:
    assert stop(name, tmp_path) > 0
