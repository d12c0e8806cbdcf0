"""PostgreSQL's own tools, called as `saywho backup` and `saywho restore` print it."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import URL, make_url

from app.config import Config
from app.db.migrate import prepare
from tests.databases import Databases
from tests.installation import TIMEOUT_S, Installation, lines
from tests.postgresql import find_programs

pytestmark = pytest.mark.databases("postgresql")
KEPT: Final = "_before"
"""End of the name that the old database gets."""


def shell(command: str, **settings: str) -> None:
    """Run a command as an administrator of the server; fail if it reports anything."""
    path = f"{find_programs()}:{os.environ['PATH']}"
    done = subprocess.run(
        ["sh", "-c", command],
        env=os.environ | {"PATH": path, "PGUSER": "postgres"} | settings,
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT_S,
    )
    assert (done.returncode, done.stderr) == (0, ""), command


def on_server(url: URL, command: str) -> None:
    quiet = "-c client_min_messages=warning"
    shell(command, PGHOST=str(url.query["host"]), PGDATABASE="postgres", PGOPTIONS=quiet)


@pytest.fixture
def url(databases: Databases, tmp_path: Path) -> Iterator[URL]:
    """The URL of a database with its own role, which is no superuser, as the docs say."""
    server = make_url(databases.make_bare(tmp_path))
    name = f"{server.database}-site"
    url = server.set(username=f"{name}-owner", database=name)
    on_server(url, f"createuser {url.username}")
    new = "--encoding UTF8 --locale C.UTF-8 --template template0"
    on_server(url, f"createdb --owner {url.username} {new} {name}")
    on_server(url, f"psql --quiet --dbname {name} --command 'CREATE EXTENSION vector'")
    yield url
    for each in (f"{name}{KEPT}", name):
        on_server(url, f"dropdb --force --if-exists {each}")
    on_server(url, f"dropuser {url.username}")
    databases.drop(tmp_path)


@pytest.fixture
def site(url: URL, tmp_path: Path) -> Installation:
    """An installation on that database, with posts and a token."""
    folder = tmp_path / "instance"
    shown = url.render_as_string(hide_password=False)
    config = Config(env="testing", data_dir=folder, database_url=shown)
    prepare(config, upgrade_old=False)
    site = Installation.of(config)
    records = [{"username": "mina", "text": f"number {n}", "id": str(n)} for n in range(30)]
    site.done("import", lines(tmp_path / "posts.jsonl", *records))
    site.done("token", "add", "mine", "--scope", "read")
    return site


@pytest.mark.parametrize("is_lost", [False, True], ids=["used", "lost"])
def test_the_printed_commands_restore_a_database(
    site: Installation, url: URL, tmp_path: Path, is_lost: bool
) -> None:
    dump = tmp_path / "a dump"
    shell(site.refused("backup", dump).partition("run: ")[2])
    before = site.done("export"), site.json("token", "list")
    site.done("user", "delete", "mina", "--yes")
    site.done("token", "revoke", "1")
    site.done("user", "add", "later")

    commands = site.refused("restore", dump).splitlines()[1:]
    assert [command.split()[0] for command in commands] == [
        "psql",
        "createdb",
        "psql",
        "pg_restore",
    ]
    if is_lost:
        on_server(url, f"dropdb {url.database}")
        del commands[0]
    for command in commands:
        shell(command)
    assert (site.done("export"), site.json("token", "list")) == before
    assert [user["username"] for user in site.json("users")["items"]] == ["mina"]
    assert site.done("check") == "ok\n"
    site.done("user", "add", "afterwards")
