"""Servers over one PostgreSQL of which one has the right time; the others are an hour off."""

import asyncio
import contextlib
import itertools
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Final

import pytest
import requests

from tests.browsing import PASSWORD, SAME_ORIGIN
from tests.databases import Databases, PostgresqlDatabases
from tests.installation import Installation
from tests.postgresql import ask
from tests.serving.test_server import SERVE, Server, serving
from tests.trust.uploads import upload
from tests.waiting import DEADLINE_S

HOUR_S: Final = 3600
SHIFTS_S: Final = {"right": 0, "ahead": HOUR_S, "behind": -HOUR_S}
CLOCK: Final = """
    #define _GNU_SOURCE
    #include <dlfcn.h>
    #include <sys/time.h>
    #include <time.h>

    int clock_gettime(clockid_t clock, struct timespec *now) {
        int (*real)(clockid_t, struct timespec *) = dlsym(RTLD_NEXT, "clock_gettime");
        int failed = real(clock, now);
        if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE) now->tv_sec += SHIFT_S;
        return failed;
    }

    int gettimeofday(struct timeval *restrict now, void *restrict zone) {
        struct timespec exact;
        int failed = clock_gettime(CLOCK_REALTIME, &exact);
        now->tv_sec = exact.tv_sec;
        now->tv_usec = exact.tv_nsec / 1000;
        return failed;
    }

    time_t time(time_t *seconds) {
        struct timespec exact;
        clock_gettime(CLOCK_REALTIME, &exact);
        if (seconds) *seconds = exact.tv_sec;
        return exact.tv_sec;
    }
"""
"""The functions that all programs take the time of day from; the kernel's clock stays as it is."""
POSTS: Final = 1_500


def shifted_clock(folder: Path, shift_s: int) -> str:
    """Return a library that shifts the clock of the program that it is loaded into."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("there is no C compiler to make another clock with")
    library = folder / f"clock{shift_s}.so"
    command = [compiler, "-shared", "-fPIC", f"-DSHIFT_S={shift_s}", "-x", "c", "-", "-ldl"]
    subprocess.run([*command, "-o", library], input=CLOCK.encode(), check=True)
    return str(library)


@pytest.fixture
def servers(databases: Databases, tmp_path: Path) -> Iterator[dict[str, Server]]:
    """The servers, by what is said of their clocks."""
    assert isinstance(databases, PostgresqlDatabases)
    bare = tmp_path / "database"
    settings = {
        "SAYWHO_DATABASE_URL": databases.make_bare(bare),
        "SAYWHO_SECRET_KEY": "the key of all servers of the site",
    }
    found: dict[str, Server] = {}
    with contextlib.ExitStack() as stack:
        stack.callback(databases.drop, tmp_path)
        for name, shift_s in SHIFTS_S.items():
            clock = {"LD_PRELOAD": shifted_clock(tmp_path, shift_s)} if shift_s else {}
            installation = Installation(tmp_path / name / "instance", settings | clock)
            found[name] = stack.enter_context(serving(installation, *SERVE, "--workers", "1"))
        right = found["right"].installation
        right.done("operator", "add", "ann", "--password-stdin", stdin=PASSWORD)
        token = right.json("token", "add", "test", "--scope", "admin")["token"]
        for server in found.values():
            server.token = token
        yield found


def sign_in(visitor: requests.Session, server: Server, name: str, password: str) -> int:
    """Return the status of the answer to the form."""
    sent = visitor.post(
        f"http://127.0.0.1:{server.port}/login",
        {"name": name, "password": password},
        headers=SAME_ORIGIN,
        timeout=DEADLINE_S,
        allow_redirects=False,
    )
    return sent.status_code


def is_signed_in(visitor: requests.Session, server: Server) -> bool:
    page = visitor.get(
        f"http://127.0.0.1:{server.port}/settings", timeout=DEADLINE_S, allow_redirects=False
    )
    return page.status_code == 200


def ended(server: Server, job: str) -> Any:
    """Return an import once it has ended."""

    def answer() -> Any:
        return server.send("GET", job)[2]

    server.installation.wait_until(lambda: answer()["state"] != "running")
    return answer()


@pytest.mark.databases("postgresql")
@pytest.mark.timeout(300)
def test_a_server_whose_clock_is_an_hour_off_disturbs_nobody(servers: dict[str, Server]) -> None:
    url = servers["right"].installation.settings["SAYWHO_DATABASE_URL"]
    for name, server in servers.items():
        said = parsedate_to_datetime(server.send("GET", "/healthz")[1]["Date"])
        assert abs((said - datetime.now(UTC)).total_seconds() - SHIFTS_S[name]) < DEADLINE_S
        assert server.send("POST", "/api/v1/users", {"username": name})[0] == 201
    jobs = {name: upload(server, name, POSTS) for name, server in servers.items()}
    for first, second in itertools.permutations(servers.values(), 2):
        with requests.Session() as visitor:
            assert sign_in(visitor, first, "ann", PASSWORD) == 303
            assert is_signed_in(visitor, second)
            assert is_signed_in(visitor, first)
        path, text = "/api/v1/users/right/tweets", {"text": f"{first.port} and {second.port}"}
        assert first.send("POST", path, text)[0] == 201
    for name, server in servers.items():
        done = ended(server, jobs[name])
        assert (done["state"], done["accepted"], done["duplicates"]) == ("done", POSTS, 0)
        assert "taken over" not in server.log()
    stored = asyncio.run(ask(url, 'SELECT count(*) FROM "Tweet"'))
    assert stored == len(servers) * POSTS + 6


@pytest.mark.databases("postgresql")
@pytest.mark.timeout(300)
def test_failed_sign_ins_at_one_server_count_at_one_whose_clock_is_off(
    servers: dict[str, Server],
) -> None:
    for first, second in (("right", "ahead"), ("behind", "right")):
        with requests.Session() as visitor:
            for _ in range(5):
                assert sign_in(visitor, servers[first], first, "wrong") == 401
            assert sign_in(visitor, servers[second], first, "wrong") == 429
