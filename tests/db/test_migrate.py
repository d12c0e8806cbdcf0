"""Migrations: what state a database is in, and how it comes to the newest."""

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import make_url

from app.config import Config
from app.db.migrate import SchemaState, known_state, prepare
from app.db.postgresql.connection import connect
from app.errors import StartError
from app.security import load_secret_keys
from tests.conftest import app_of, client_with
from tests.databases import Databases, SqliteDatabases
from tests.db.schema import schema
from tests.installation import Installation


@pytest.fixture
def config(databases: Databases, tmp_path: Path) -> Iterator[Config]:
    """Settings of an installation without tables."""
    folder = tmp_path / "한글 100%"
    yield Config(env="testing", data_dir=folder, database_url=databases.make_bare(folder))
    databases.drop(folder)


def test_a_fresh_database_is_made_and_is_current_then(config: Config, databases: Databases) -> None:
    assert prepare(config, upgrade_old=False) is SchemaState.FRESH
    assert known_state(config.database_url) is SchemaState.CURRENT
    before = schema(databases, config.data_dir)
    assert prepare(config, upgrade_old=False) is SchemaState.CURRENT
    assert schema(databases, config.data_dir) == before


EVERY = [*(("users",), ("db", "upgrade"), ("db", "downgrade")), ("serve", "--bind", "127.0.0.1:0")]
OLDER = "install version 1.1, run saywho db upgrade, and then install this version again"
BETWEEN = OLDER.replace("1.1", "2.0")


@pytest.mark.parametrize(
    ("revision", "said"),
    [*((old, OLDER) for old in ("0001", "0022", "0036")), ("0048", BETWEEN), ("ffff", "newer")],
)
def test_a_database_of_an_unknown_revision_is_left_alone(
    config: Config, databases: Databases, revision: str, said: str
) -> None:
    prepare(config, upgrade_old=False)
    databases.execute(config.data_dir, f"UPDATE alembic_version SET version_num = '{revision}'")  # noqa: S608
    before = schema(databases, config.data_dir)
    installation = Installation.of(config)
    for command in EVERY:
        result = installation.run(*command)
        assert (result.exit_code, len(result.stderr.splitlines())) == (1, 1)
        assert said in result.stderr
    assert installation.json("db", "current") == {"revision": revision}
    assert schema(databases, config.data_dir) == before


def test_another_programs_database_stops_the_start_and_stays_as_it_is(
    config: Config, databases: Databases
) -> None:
    config.data_dir.mkdir()
    databases.execute(config.data_dir, "CREATE TABLE tweet (id integer)")
    before = schema(databases, config.data_dir)
    with pytest.raises(StartError, match=r"belongs to another program"):
        prepare(config, upgrade_old=True)
    assert schema(databases, config.data_dir) == before


PREPARE = """
import sys
from app.config import Config
from app.db.migrate import prepare
prepare(Config.from_env(), upgrade_old=True)
print("alembic" in sys.modules)
"""


@pytest.mark.databases("sqlite")
def test_a_start_without_anything_to_migrate_does_not_wait_for_alembic(config: Config) -> None:
    for has_to_migrate in (True, False):
        said = subprocess.check_output([sys.executable, "-c", PREPARE], env=config.to_env())
        assert said == f"{has_to_migrate}\n".encode()


@pytest.mark.databases("sqlite", "postgresql")
async def test_several_processes_at_once_migrate_once(config: Config, databases: Databases) -> None:
    program, installation = (sys.executable, "-c", PREPARE), Installation.of(config)
    runs = [asyncio.to_thread(installation.process, *program) for _ in range(2)]
    for done in await asyncio.gather(*runs):
        assert (done.returncode, done.stderr) == (0, "")
    assert databases.fetch(config.data_dir, "SELECT count(*) FROM alembic_version") == [(1,)]


def names(folder: Path) -> list[tuple[str]]:
    return SqliteDatabases(Path()).fetch(folder, 'SELECT username FROM "Users" ORDER BY id')


@pytest.mark.parametrize("folders", [4, 1])
async def test_apps_that_start_together_keep_to_their_folders(tmp_path: Path, folders: int) -> None:
    places = [tmp_path / str(number % folders) for number in range(4)]
    all_serve = asyncio.Barrier(len(places))

    async def serve(number: int, place: Path) -> None:
        async with app_of(Config(env="testing", data_dir=place, access_log=False)) as app:
            await all_serve.wait()
            await (await client_with(app, "write")).add_user(f"user{number}")

    await asyncio.gather(*(serve(number, place) for number, place in enumerate(places)))
    for place in places:
        added = [f"user{number}" for number, each in enumerate(places) if each == place]
        assert sorted(name for (name,) in names(place)) == added


@pytest.mark.full
def test_apps_start_together_in_threads(tmp_path: Path) -> None:
    async def serve(number: int) -> None:
        place = tmp_path / str(number)
        async with app_of(Config(env="testing", data_dir=place, access_log=False)) as app:
            await (await client_with(app, "write")).add_user(f"user{number}")

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda number: asyncio.run(serve(number)), range(4)))
    assert [names(tmp_path / str(number)) for number in range(4)] == [
        [(f"user{number}",)] for number in range(4)
    ]


@pytest.mark.databases("postgresql")
async def test_a_database_that_cannot_hold_all_languages_stops_the_start(config: Config) -> None:
    url = make_url(config.database_url)
    latin = url.set(database=f"{url.database}_latin")
    outside = await connect(config.database_url)
    encoding = "ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0"
    await outside.execute(f"CREATE DATABASE {latin.database} {encoding}")
    of_latin = replace(config, database_url=latin.render_as_string(hide_password=False))
    with pytest.raises(StartError, match=r"cannot be migrated.*LATIN1"):
        await asyncio.to_thread(prepare, of_latin, upgrade_old=False)
    await outside.execute(f"DROP DATABASE {latin.database}")
    await outside.close()


@pytest.mark.databases("sqlite")
def test_nobody_else_can_read_what_is_made(config: Config) -> None:
    prepare(config, upgrade_old=False)
    load_secret_keys(config)
    with closing(sqlite3.connect(config.data_dir / "testing.db")) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute('DELETE FROM "Operator"')
        connection.commit()
        paths = [config.data_dir, *config.data_dir.iterdir()]
        modes = {path.name: path.stat().st_mode & 0o077 for path in paths}
    assert {"testing.db", "testing.db-wal", "testing.db-shm", "secret_key"} < set(modes)
    assert set(modes.values()) == {0}
