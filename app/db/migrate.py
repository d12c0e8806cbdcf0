"""Migrations, run where no event loop is running: in a thread or on the command line."""

import sqlite3
from enum import Enum
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.script import ScriptDirectory

from app.config import Config
from app.db.engine import database_path
from app.db.lock import file_lock
from app.errors import StartError

SCRIPTS: Final = Path(__file__).parents[1] / "migrations"


class SchemaState(Enum):
    """How the tables of a database compare with this program."""

    FRESH = "fresh"
    CURRENT = "current"
    BEHIND = "behind"
    UNKNOWN = "unknown"


def alembic_config(url: str) -> AlembicConfig:
    """Return Alembic's configuration; the URL goes beside its file, since `%` is special there."""
    config = AlembicConfig()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.attributes["url"] = url
    return config


def schema_state(url: str) -> SchemaState:
    """Return how the tables stand, without making the file."""
    path = database_path(url)
    if not path.exists() or path.stat().st_size == 0:
        return SchemaState.FRESH
    current = current_revision(path)
    if current is None:
        return SchemaState.FRESH
    scripts = ScriptDirectory.from_config(alembic_config(url))
    if current == scripts.get_current_head():
        return SchemaState.CURRENT
    known = {script.revision for script in scripts.walk_revisions()}
    return SchemaState.BEHIND if current in known else SchemaState.UNKNOWN


def current_revision(path: Path) -> str | None:
    """Return the revision that the database file is at, or None before the first.

    Raises StartError if the file is no database.
    """
    try:
        connection = sqlite3.connect(path, timeout=15)
        try:
            names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
            if names and "alembic_version" not in names:
                raise StartError(f"{path} is another program's database; name another file")
            if not names:
                return None
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        finally:
            connection.close()
    except sqlite3.OperationalError as error:
        raise StartError(f"{path} cannot be read: {error}") from error
    except sqlite3.DatabaseError as error:
        raise StartError(f"{path} is not a database of saywho: {error}") from error
    return str(row[0]) if row else None


def upgrade(url: str, revision: str = "head") -> None:
    """Bring the tables up to the revision; of several processes one does it, the rest wait."""
    path = database_path(url)
    with file_lock(path.with_name(path.name + ".migrate.lock")):
        command.upgrade(alembic_config(url), revision)


def prepare(config: Config, *, upgrade_old: bool) -> SchemaState:
    """Make the data folder and the tables of a fresh database; return the state found.

    With `upgrade_old` a database that is behind is upgraded too. Raises StartError if it is
    behind otherwise, if a newer program made it, or if the folder cannot be written.
    """
    path = database_path(config.database_url)
    for folder in (config.data_dir, path.parent):
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StartError(f"the data folder {folder} cannot be made: {error}") from error
    try:
        probe = config.data_dir / ".writable"
        probe.touch()
        probe.unlink(missing_ok=True)  # Another process that starts may have been faster.
    except OSError as error:
        raise StartError(f"the data folder {config.data_dir} cannot be written: {error}") from error
    state = schema_state(config.database_url)
    if state is SchemaState.UNKNOWN:
        raise StartError(f"{path} was made by a newer saywho; install that one")
    if state is SchemaState.BEHIND and not upgrade_old:
        raise StartError(f"{path} is behind this program; run: saywho db upgrade")
    if state is not SchemaState.CURRENT:
        upgrade(config.database_url)
    return state
