"""A real server that is stopped, or whose disk or database fails: it heals."""

import asyncio
import contextlib
import dataclasses
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
import requests

from tests.archives import x_media, x_media_members, zip_bytes
from tests.browsing import PASSWORD
from tests.databases import Databases
from tests.installation import PROGRAM
from tests.mounting import fill, in_memory, mounted, read_only
from tests.server import SERVE, half_sent, listen, serving
from tests.trust.site import Site, queue, site_of, upload
from tests.waiting import DEADLINE_S

pytestmark = pytest.mark.full

POSTS = "/api/v1/users/ann/tweets"
DISK_BYTES = 12 * 2**20
WIDE_BYTES = 24 * 2**20
IMAGE_BYTES = 64 * 2**20
IMPORTED = 20_000
OTHERS = """
    SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
"""


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
        assert "Traceback" not in site.server.log(), site.server.log()


def test_a_full_disk_is_507_while_reads_go_on(tmp_path: Path) -> None:
    with (
        mounted(tmp_path, *in_memory(DISK_BYTES)) as place,
        broken_site("sqlite", tmp_path) as site,
    ):
        filler = fill(place)
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


def test_an_import_whose_disk_fills_keeps_what_it_counts_and_says_why(tmp_path: Path) -> None:
    with (
        mounted(tmp_path, *in_memory(WIDE_BYTES)) as place,
        broken_site("sqlite", tmp_path) as site,
    ):
        job = upload(site.server, "fleet", IMPORTED)
        installation = site.installation
        installation.wait_until(lambda: shown(site, job)["accepted"])
        filler = fill(place)
        # Where not even its end can be stored, it rests until it can.
        installation.wait_until(
            lambda: (
                shown(site, job)["state"] == "failed"
                or "later: The disk is full" in site.server.log()
            )
        )
        assert shown(site, job)["accepted"] == installation.count_posts() - 1 < IMPORTED
        filler.unlink()
        installation.wait_until(lambda: shown(site, job)["state"] == "failed")
        ended = shown(site, job)
        assert ended["accepted"] == installation.count_posts() - 1
        assert [error["detail"] for error in ended["errors"]] == ["The disk is full"]
        assert "tried again" not in site.server.log()


def test_pictures_of_an_import_leave_a_small_disk_to_posts(tmp_path: Path) -> None:
    # Two batches: the first one's files came before its posts.
    posts = {n: [x_media(f"https://p.example/{n}.gif")] for n in range(1, 2_001)}
    chance = Random(7)
    files = {f"{n}-{n}.gif": b"GIF89a" + chance.randbytes(2**15) for n in range(1, 401)}
    archive = zip_bytes(x_media_members(posts, files))
    with (
        mounted(tmp_path, *in_memory(len(archive) + DISK_BYTES)),
        broken_site("sqlite", tmp_path) as site,
    ):
        installation = site.installation
        installation.done("operator", "add", "me", "--password-stdin", stdin=f"{PASSWORD}\n")
        job = queue(site.server, archive)
        installation.wait_until(lambda: shown(site, job)["state"] not in {"running", "interrupted"})
        ended = shown(site, job)
        assert (ended["state"], ended["accepted"]) == ("done", len(posts))
        reasons = [error["detail"] for error in ended["errors"]]
        assert reasons == ["the disk is nearly full; no more media are stored"]
        assert not list((installation.data_dir / "media").iterdir())
        form = {"name": "me", "password": PASSWORD}
        signing_in = requests.post(
            f"{site.url()}/login", form, timeout=DEADLINE_S, allow_redirects=False
        )
        assert signing_in.status_code == 303


def shown(site: Site, job: str) -> dict[str, Any]:
    status, _, answer = site.server.send("GET", job)
    assert status == 200
    return dict(answer)


def test_a_file_system_that_becomes_read_only_is_503_while_reads_go_on(tmp_path: Path) -> None:
    image = tmp_path / "image"
    with image.open("wb") as file:
        file.truncate(IMAGE_BYTES)
    if shutil.which("mkfs.ext4") is None:
        pytest.skip("no mkfs.ext4 here")
    subprocess.run(["mkfs.ext4", "-q", "-F", str(image)], check=True)
    mount = ("-o", "loop,errors=remount-ro", str(image))
    with mounted(tmp_path, *mount) as place, site_of("sqlite", tmp_path) as site:
        server = site.server
        server.token = site.token
        assert server.send("POST", "/api/v1/users", {"username": "ann"})[0] == 201
        assert server.send("POST", POSTS, {"text": "before"})[0] == 201
        # As after a fault of the disk; there is no way back without mounting it anew.
        subprocess.run(["mount", "-o", "remount,abort", str(place)], check=True)
        for _ in range(8):
            for path, body in ((POSTS, {"text": "refused"}), ("/api/v1/users", {"username": "bo"})):
                status, headers, _ = server.send("POST", path, body)
                assert (status, bool(headers["Retry-After"])) == (503, True)
            status, _, page = server.send("GET", POSTS)
            assert (status, [post["text"] for post in page["items"]]) == (200, ["before"])
        for command in (("check",), ("backup", tmp_path / "backup.tar")):
            refused = site.installation.process(PROGRAM, *command)
            assert refused.returncode == 1
            assert len(refused.stderr.splitlines()) == 1, refused.stderr
            assert "Read-only file system" in refused.stderr
        assert server.stop() == 0
        assert "Traceback" not in server.log(), server.log()
    with mounted(tmp_path / "again", *mount), site_of("sqlite", tmp_path / "again") as site:
        site.server.token = site.token
        assert site.server.send("POST", POSTS, {"text": "after"})[0] == 201
        assert site.installation.count_posts() == 2
        assert site.installation.json("check") == {"ok": True, "faults": []}


@pytest.mark.soak  # One more 503 is left where a connection was opened meanwhile and wrote nothing.
def test_a_data_folder_that_is_read_only_for_a_while_is_503_while_reads_go_on(
    tmp_path: Path,
) -> None:
    with broken_site("sqlite", tmp_path) as site:
        server, installation = site.server, site.installation
        installation.done("operator", "add", "me", "--password-stdin", stdin=f"{PASSWORD}\n")
        job = upload(server, "fleet", IMPORTED)
        installation.wait_until(lambda: server.send("GET", job)[2]["accepted"])
        with read_only(installation.data_dir):
            for method, path, body in (
                ("POST", POSTS, {"text": "refused"}),
                ("POST", "/api/v1/imports?format=jsonl", {"username": "ann", "text": "refused"}),
                ("DELETE", "/api/v1/users/ann", None),
            ):
                status, headers, _ = server.send(method, path, body)
                assert (status, bool(headers["Retry-After"])) == (503, True), path
            form = {"name": "me", "password": PASSWORD}
            signing_in = requests.post(f"{site.url()}/login", form, timeout=DEADLINE_S)
            assert (signing_in.status_code, signing_in.headers["Retry-After"]) == (503, "30")
            assert server.send("GET", POSTS)[2]["items"][0]["text"] == "before"
            for command_line in (("backup", tmp_path / "backup.tar"), ("user", "add", "bo")):
                refused = installation.process(PROGRAM, *command_line)
                assert (refused.returncode, len(refused.stderr.splitlines())) == (1, 1)
                assert "Read-only file system" in refused.stderr
            assert installation.process(PROGRAM, "users").returncode == 0
            installation.wait_until(lambda: "goes on later" in server.log())
        installation.wait_until(lambda: server.send("GET", job)[2]["state"] == "done")
        assert server.send("GET", job)[2]["accepted"] == IMPORTED


def test_a_database_that_another_program_locks_is_503_while_reads_go_on(tmp_path: Path) -> None:
    with broken_site("sqlite", tmp_path) as site:
        path = site.installation.database
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            status, headers, _ = site.server.send("POST", POSTS, {"text": "refused"})
            assert (status, bool(headers["Retry-After"])) == (503, True)
            assert site.server.send("GET", POSTS)[0] == 200


@pytest.mark.soak
@pytest.mark.databases("postgresql")
def test_a_database_that_hangs_is_503_until_it_goes_on(
    databases: Databases, tmp_path: Path
) -> None:
    with broken_site(databases.kind, tmp_path) as site:
        anybody = dataclasses.replace(site.server, token="")
        assert site.database is not None
        processes = site.database.pids()
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


@pytest.mark.databases("postgresql")
def test_an_import_goes_on_after_its_connections_broke(
    databases: Databases, tmp_path: Path
) -> None:
    with broken_site(databases.kind, tmp_path) as site:
        posts = IMPORTED // 2  # Nine batches follow the first one.
        job = upload(site.server, "fleet", posts)

        def shown() -> dict[str, Any]:
            status, _, answer = site.server.send("GET", job)
            assert status in {200, 503}
            return dict(answer) if status == 200 else {"state": "", "accepted": 0}

        site.installation.wait_until(lambda: shown()["accepted"])
        assert shown()["accepted"] < posts
        assert site.database is not None
        assert asyncio.run(site.database.ask(OTHERS)) > 0
        site.installation.wait_until(lambda: shown()["state"] not in {"", "running", "interrupted"})
        ended = shown()
        assert (ended["state"], ended["accepted"], ended["duplicates"]) == ("done", posts, 0)
        assert site.server.send("GET", "/api/v1/users/fleet")[2]["tweets"] == posts


def test_a_stop_leaves_nothing_half_done(tmp_path: Path) -> None:
    """Imports, streams, half-sent heads and bodies are under way."""
    with site_of("sqlite", tmp_path) as site, contextlib.ExitStack() as stack:
        server, installation = site.server, site.installation
        server.token = site.token
        location = upload(server, "fleet", IMPORTED)
        installation.wait_until(lambda: server.send("GET", location)[2]["accepted"])
        halves: list[socket.socket] = []
        half = b'{"username": "half", "text": "sent"}\n'
        for _ in range(4):  # So that both workers have some.
            stack.enter_context(listen(server))
            stack.enter_context(contextlib.closing(server.connect())).connect()
            halves += [
                stack.enter_context(half_sent(server, f"/api/v1/{path}", half, size=9000))
                for path in ("imports?format=jsonl", "tweets", "compare")
            ]
        assert server.stop() == 0
        for wire in halves:
            assert wire.recv(4096).startswith(b"HTTP/1.1 503 ")
        assert "Traceback" not in server.log(), server.log()
        with serving(installation, *SERVE) as again:
            again.token = site.token
            installation.wait_until(lambda: again.send("GET", location)[2]["state"] == "done")
            assert again.send("GET", location)[2]["accepted"] == IMPORTED
        assert installation.count_posts() == IMPORTED
        assert installation.json("check") == {"ok": True, "faults": []}
