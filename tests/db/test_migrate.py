"""Migrations: what state a database is in, and how it comes to the newest."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from app.config import Config
from app.db.migrate import SchemaState, known_state, prepare
from app.errors import StartError
from app.security import load_secret_keys

OLDER = r"^.*export.* old version .*import.*$"


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """Settings of an installation without a database."""
    return Config(env="testing", data_dir=tmp_path / "한글 100%")


def path_of(config: Config) -> Path:
    return config.data_dir / "testing.db"


def schema(config: Config) -> dict[str, str]:
    """Return every table, index and trigger, and how it is made, in any spacing."""
    with closing(sqlite3.connect(path_of(config))) as connection:
        rows = connection.execute("SELECT type || ' ' || name, sql FROM sqlite_master")
        return {name: " ".join((sql or "").split()) for name, sql in rows}


def execute(config: Config, *statements: str) -> None:
    config.data_dir.mkdir(exist_ok=True)
    with closing(sqlite3.connect(path_of(config))) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def test_a_fresh_database_is_made_and_is_current_then(config: Config) -> None:
    assert prepare(config, upgrade_old=False) is SchemaState.FRESH
    assert known_state(config.database_url) is SchemaState.CURRENT
    before = schema(config)
    assert prepare(config, upgrade_old=False) is SchemaState.CURRENT
    assert schema(config) == before


@pytest.mark.parametrize(
    ("revision", "said"), [("0001", OLDER), ("0022", OLDER), ("0023", OLDER), ("9999", "newer")]
)
def test_one_of_another_version_stops_the_start_and_stays_as_it_is(
    config: Config, revision: str, said: str
) -> None:
    prepare(config, upgrade_old=False)
    execute(config, f"UPDATE alembic_version SET version_num = '{revision}'")  # noqa: S608
    before = schema(config)
    for upgrade_old in (False, True):
        with pytest.raises(StartError, match=said):
            prepare(config, upgrade_old=upgrade_old)
    assert schema(config) == before


def test_another_programs_database_stops_the_start_and_stays_as_it_is(config: Config) -> None:
    execute(config, "CREATE TABLE tweet (id)", "CREATE TABLE user (id)")
    before = schema(config)
    with pytest.raises(StartError, match="another program's database"):
        prepare(config, upgrade_old=True)
    assert schema(config) == before


PREPARE = """
import sys
from pathlib import Path
from app.config import Config
from app.db.migrate import prepare
prepare(Config(env="testing", data_dir=Path(sys.argv[1])), upgrade_old=True)
print("alembic" in sys.modules)
"""


def test_a_start_without_anything_to_migrate_does_not_wait_for_alembic(config: Config) -> None:
    for has_to_migrate in (True, False):
        said = subprocess.check_output([sys.executable, "-c", PREPARE, str(config.data_dir)])
        assert said == f"{has_to_migrate}\n".encode()


def test_several_processes_at_once_migrate_once(config: Config) -> None:
    command_line = [sys.executable, "-c", PREPARE, str(config.data_dir)]
    processes = [
        subprocess.Popen(command_line, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        for _ in range(4)
    ]
    errors = [process.communicate(timeout=50)[1] for process in processes]
    assert errors == [b""] * 4
    assert [process.returncode for process in processes] == [0] * 4
    assert known_state(config.database_url) is SchemaState.CURRENT
    with closing(sqlite3.connect(path_of(config))) as connection:
        assert connection.execute("SELECT count(*) FROM alembic_version").fetchone() == (1,)


def modes(config: Config) -> dict[str, int]:
    """Return what others may do with the data folder and with all that lies in it at its top."""
    found = [config.data_dir, *config.data_dir.iterdir()]
    return {path.name: path.stat().st_mode & 0o077 for path in found}


def test_nobody_else_can_read_what_is_made(config: Config) -> None:
    prepare(config, upgrade_old=False)
    load_secret_keys(config)
    with closing(sqlite3.connect(path_of(config))) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute('DELETE FROM "Operator"')
        connection.commit()
        seen = modes(config)
    assert {"testing.db", "testing.db-wal", "testing.db-shm", "secret_key"} < set(seen)
    assert set(seen.values()) == {0}
