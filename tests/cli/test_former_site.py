"""A site of 1.1.0 with all that an upgrade may find on it, and what the present program does."""

import contextlib
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any, Final, NamedTuple

import httpx
import pytest

from tests.installation import PROGRAM, ROOT, Installation, lines
from tests.server import Server, children_of, serving

FORMER: Final = (sys.executable, "-c", "from app.cli import main; main()")
LONG: Final = 10_000
"""Posts of the import that 1.1.0 does not end."""
CHAT: Final = "\n".join(
    f"[1/{day}/24, 10:{minute:02}:00] {name}: {text} {day}.{minute}"
    for day in range(1, 9)
    for minute, name, text in ((1, "Ann", "the lamp is lit"), (2, "Ben", "then leave it so"))
)


class Upgraded(NamedTuple):
    server: Server
    browser: httpx.Client
    preview: str
    """The address of an import that 1.1.0 had read and not begun."""
    began: str
    """The address of an import that 1.1.0 was killed in."""
    backup: Path
    """A backup by 1.1.0, with accounts and tokens."""


def source_of(version: str, folder: Path) -> Path:
    """Lay out the source of a release, whose commit stands in the changelog."""
    changelog, heading = (ROOT / "CHANGELOG.md").read_text(), re.escape(version)
    (commit,) = re.findall(rf"^## {heading}\n\nCommit `(\w{{40}})`", changelog, re.MULTILINE)
    command = ["git", "archive", commit]
    archived = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    if archived.returncode:
        pytest.skip("a shallow clone does not have the commits of earlier releases")
    with tarfile.open(fileobj=BytesIO(archived.stdout)) as tar:
        tar.extractall(folder, filter="data")
    return folder


@pytest.fixture(scope="module")
def former(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return source_of("1.1.0", tmp_path_factory.mktemp("former"))


UNDER_WAY: Final = """
    SELECT 1 FROM "ImportJob" WHERE state = 'running' AND accepted > 500 AND accepted < ?
"""


def stop(pid: int) -> list[int]:
    """Stop a process, and then all that it has begun; return their ids."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGSTOP)
    return [pid, *(each for child in children_of(pid) for each in stop(child))]


def kill_within_an_import(server: Server) -> bool:
    """Kill a server and all that it has begun, if an import has stored some posts and not all.

    All is stopped for the look, so that the import cannot end between that and the kill.
    """
    pids = stop(server.process.pid)
    database = f"{server.installation.database.as_uri()}?mode=ro"
    with contextlib.closing(sqlite3.connect(database, uri=True)) as connection:
        is_under_way = connection.execute(UNDER_WAY, [LONG]).fetchone() is not None
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL if is_under_way else signal.SIGCONT)
    return is_under_way


@pytest.fixture(scope="module")
def upgraded(former: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Upgraded]:
    """A server on a site that 1.1.0 made, with the settings that it had there."""
    folder = tmp_path_factory.mktemp("site")
    settings = {
        "PYTHONPATH": str(former),
        "SAYWHO_PUBLIC": "0",
        "SAYWHO_WITHOUT": "explain,evidence",
    }
    old = Installation(folder / "data", settings)
    chat = folder / "chat.txt"
    chat.write_text(CHAT)

    def done(*arguments: str | Path, **options: Any) -> str:
        ended = old.process(*FORMER, *arguments, **options)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    done("import", chat, "--dates", "month-first")
    done("operator", "add", "jo", "--password-stdin", input="a long password of jo\n", stdin=None)
    token = json.loads(done("token", "add", "script", "--scope", "admin", "--json"))["token"]
    done("backup", backup := folder / "before-upgrade.tar", "--with-secrets")
    posts = [{"username": "cleo", "text": f"every stair counts, {n} said"} for n in range(LONG)]
    opened = contextlib.ExitStack()
    with serving(old, *FORMER, "serve", "--workers", "1") as server:
        server.token = token
        browser = httpx.Client(headers={"Sec-Fetch-Site": "same-origin"}, timeout=90)
        opened.callback(browser.close)
        url = f"http://127.0.0.1:{server.port}"
        entered = browser.post(
            f"{url}/login", data={"name": "jo", "password": "a long password of jo"}
        )
        assert entered.status_code == 303, entered.text
        form = {
            "file": ("other.txt", CHAT.replace("lamp", "stove").replace("leave", "mend").encode())
        }
        preview = browser.post(f"{url}/imports", files=form).headers["Location"]
        old.wait_until(lambda: "stove" in browser.get(url + preview).text)
        content = lines(folder / "long.jsonl", *posts).read_bytes()
        headers = {"Authorization": f"Bearer {token}"}
        answer = httpx.post(f"{url}/api/v1/imports", content=content, headers=headers, timeout=90)
        began = answer.headers["Location"]
        old.wait_until(lambda: kill_within_an_import(server))
    new = Installation(old.data_dir, settings | {"PYTHONPATH": str(ROOT)})
    with serving(new, str(PROGRAM), "serve", "--workers", "1") as server, opened:
        server.token = token
        browser.base_url = httpx.URL(f"http://127.0.0.1:{server.port}")
        yield Upgraded(server, browser, preview, began, backup)


def test_an_interrupted_import_goes_on_and_stores_each_post_once(upgraded: Upgraded) -> None:
    server = upgraded.server
    ended = lambda: server.send("GET", upgraded.began)[2]["state"] != "running"  # noqa: E731
    server.installation.wait_until(ended)
    report = server.send("GET", upgraded.began)[2]
    assert (report["state"], report["rejected"]) == ("done", 0)
    exported = server.send("GET", "/api/v1/export?username=cleo")[2]
    assert len(exported.splitlines()) == len({*exported.splitlines()}) == LONG


def test_whoever_was_signed_in_starts_what_was_previewed(upgraded: Upgraded) -> None:
    browser = upgraded.browser
    assert "stove" in browser.get(upgraded.preview).text
    assert browser.post(f"{upgraded.preview}/start").status_code == 303
    path = f"/api/v1{upgraded.preview}"
    upgraded.server.installation.wait_until(lambda: browser.get(path).json()["state"] == "done")
    assert browser.get(path).json()["accepted"] == 16


def test_a_part_that_went_is_ignored_with_one_line(upgraded: Upgraded) -> None:
    assert len(re.findall(r".*SAYWHO_WITHOUT.*explain.*", upgraded.server.log())) == 1
    assert upgraded.server.send("GET", "/compare/table")[0] == 404


def test_a_script_of_1_1_gets_what_it_got_or_one_sentence(upgraded: Upgraded) -> None:
    server = upgraded.server
    for path in ("/api/v1/users", "/api/v1/rooms", "/api/v1/stats", "/api/v1/imports"):
        assert server.send("GET", path)[0] == 200
    posted = server.send("POST", "/api/v1/users/cleo/tweets", {"text": "one more of mine"})
    assert (posted[0], "Location" in posted[1]) == (201, True)
    wanted = {"usernames": ["Ann", "Ben"], "questions": 3, "seconds": 20}
    status, headers, gone = server.send("POST", "/api/v1/games", wanted)
    assert (status, headers.get_content_type()) == (410, "application/problem+json")
    assert gone["detail"].startswith("This address is gone.")
    assert upgraded.browser.get(f"{upgraded.preview}/explanation").status_code == 404


def test_a_backup_of_1_1_is_restored_with_its_chat_and_rights(
    upgraded: Upgraded, tmp_path: Path
) -> None:
    installation = Installation(tmp_path / "data")
    ended = installation.process(PROGRAM, "restore", upgraded.backup)
    assert ended.returncode == 0, ended.stderr
    assert "accounts jo (operator); tokens script (admin)" in ended.stdout + ended.stderr
    assert installation.done("check") == "ok\n"
    messages = [json.loads(line) for line in installation.done("export").splitlines()]
    stored = {f"{message['username']}: {message['text']}" for message in messages}
    assert stored == {line.partition("] ")[2] for line in CHAT.splitlines()}


def test_an_option_that_went_ends_with_the_way(upgraded: Upgraded, tmp_path: Path) -> None:
    (tmp_path / "lines.txt").write_text("the lamp is lit again\n")
    installation = upgraded.server.installation
    command = ("compare", "-u", "Ann", "--file", tmp_path / "lines.txt", "--share", "auto")
    ended = installation.process(PROGRAM, *command)
    assert ended.returncode == 2
    assert ended.stderr.startswith("saywho: Give a share from 0.01 to 0.99")
    assert "Traceback" not in ended.stderr


def test_the_site_is_sound(upgraded: Upgraded) -> None:
    checked = upgraded.server.installation.process(PROGRAM, "check", "--json")
    assert (checked.returncode, checked.stdout) == (0, '{"ok":true,"faults":[]}\n')


@pytest.mark.parametrize("releases", [("0.2.0", "1.1.0"), ("1.0.0",)], ids="-".join)
def test_earlier_sites_are_upgraded_as_documented(
    releases: tuple[str, ...], tmp_path: Path
) -> None:
    """From 0.2.0 by way of 1.1, and from 1.0.0 at once, also by a backup (docs/operations.md)."""
    own = Installation(tmp_path / "data")
    own.data_dir.mkdir()

    def done(source: Path, *arguments: str | Path, own: Installation = own) -> str:
        env = own.environment() | {"PYTHONPATH": str(source), "PYTHONSAFEPATH": "1"}
        del env["SAYWHO_ENV_FILE"]  # 0.2.0 does not know it.
        ended = own.process(*FORMER, *arguments, env=env)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    def posts(source: Path, own: Installation = own) -> list[tuple[str, str, str]]:
        rows = map(json.loads, done(source, "export", own=own).splitlines())
        return sorted((row["username"], row["text"], row["created_at"]) for row in rows)

    sources = [source_of(version, tmp_path / version) for version in releases]
    done(sources[0], "demo")
    stored = posts(sources[0])
    assert len(stored) > 100
    for source in sources[1:]:
        done(source, "db", "upgrade")
    done(sources[-1], "backup", tmp_path / "before-upgrade.tar")
    done(ROOT, "db", "upgrade")
    assert done(ROOT, "check") == "ok\n"
    assert posts(ROOT) == stored
    again = Installation(tmp_path / "again")
    done(ROOT, "restore", tmp_path / "before-upgrade.tar", own=again)
    assert done(ROOT, "check", own=again) == "ok\n"
    assert posts(ROOT, own=again) == stored
