"""Migrations, in a thread or on the command line, without an event loop."""

# Alembic is imported only if a database is not current: the import takes longer than a start may.

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from enum import Enum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from app.config import Config
from app.db.engine import backend_for
from app.db.lock import file_lock
from app.errors import StartError, in_one_line
from app.security import make_private_folder

if TYPE_CHECKING:
    from alembic.config import Config as AlembicConfig
    from sqlalchemy import Connection

SCRIPTS: Final = Path(__file__).parents[1] / "migrations"
RESTORING: Final = ".restore"
"""Folder of a restore that has not ended, in the data folder."""


_alembic = threading.Lock()
"""Held by the one migration of the process: Alembic keeps the current one in a module's globals."""


class SchemaState(Enum):
    FRESH = "fresh"
    CURRENT = "current"
    BEHIND = "behind"


def alembic_config(url: str) -> "AlembicConfig":
    """Return Alembic's configuration; the URL is an attribute, since options interpret `%`."""
    from alembic.config import Config as AlembicConfig

    config = AlembicConfig()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.attributes["url"] = url
    return config


def head_revision() -> str:
    return _revisions()[-1]


@cache
def _revisions() -> list[str]:
    # The files' names begin with the revisions' numbers.
    return sorted(path.stem.partition("_")[0] for path in SCRIPTS.glob("versions/*.py"))


def upgrade(url: str) -> None:
    """Migrate to the newest revision while other processes wait. Raises StartError."""
    _migrate(url, "upgrade", "head")


def downgrade(config: Config) -> None:
    """Migrate back by one revision. Raises StartError, and CommandError if it is refused."""
    _migrate(config.database_url, "downgrade", "-1")


def _migrate(url: str, command: str, *words: object, **options: object) -> None:
    import alembic.command

    with _alembic, _one_line_errors(url):
        getattr(alembic.command, command)(alembic_config(url), *words, **options)


def run_alembic(config: Config, command: str, *words: object, **options: object) -> None:
    """Run a command of Alembic on this database. Raises StartError, and Alembic's CommandError."""
    _migrate(config.database_url, command, *words, **options)


def find_losses(config: Config) -> dict[str, int]:
    """Return the data that a downgrade by one revision deletes, with the number of its rows.

    Raises StartError.
    """
    from alembic.script import ScriptDirectory

    backend = backend_for(config.database_url)
    if (current := backend.current_revision()) is None:
        return {}
    scripts = ScriptDirectory.from_config(alembic_config(config.database_url))
    revision: Any = scripts.get_revision(current).module

    def count(connection: "Connection") -> dict[str, int]:
        lost = getattr(revision, "LOST", {}).items()
        return {what: connection.exec_driver_sql(rows).scalar_one() for what, rows in lost}

    async def ask() -> dict[str, int]:
        async with backend.migrations() as connection:
            return await connection.run_sync(count)

    with _one_line_errors(config.database_url):
        counts = asyncio.run(ask())
    return {what: number for what, number in counts.items() if number}


@contextlib.contextmanager
def _one_line_errors(url: str) -> Iterator[None]:
    from sqlalchemy.exc import DBAPIError

    backend = backend_for(url)
    try:
        yield
    except DBAPIError as error:
        cause = backend.as_app_error(error) or error.orig or error
        reason = in_one_line(cause.__cause__ or cause)
        raise StartError(f"{backend.name} cannot be migrated: {reason}") from error


def known_state(url: str, *, only_reads: bool = False) -> SchemaState:
    """Create the files and return the tables' state.

    Raises StartError for a newer version, one too old to migrate, or foreign triggers.
    """
    backend = backend_for(url, only_reads=only_reads)
    backend.prepare_files()
    current = backend.current_revision()
    if current is None:
        return SchemaState.FRESH
    if current in _revisions():
        backend.refuse_foreign()
        return SchemaState.CURRENT if current == head_revision() else SchemaState.BEHIND
    if current < head_revision():
        version = "1.1" if current < _revisions()[0] else "2.0"
        raise StartError(
            f"{backend.name} is from a saywho too old to migrate; install version {version}, run"
            " saywho db upgrade, and then install this version again"
        )
    raise StartError(f"{backend.name} is from a newer saywho; install that version")


def _make_writable(folder: Path) -> None:
    try:
        make_private_folder(folder)
        probe = folder / ".writable"
        probe.touch()
        probe.unlink(missing_ok=True)  # Another process that starts may have removed it.
    except OSError as error:
        raise StartError(f"the data folder {folder} cannot be written: {error.strerror}") from error


def refuse_half_restored(folder: Path) -> None:
    """Raise StartError if a restore into the folder has not ended."""
    staging = folder / RESTORING
    if not staging.exists():
        return
    with file_lock(folder, waits=False) as is_free:
        if is_free:  # Empty, it is left from the very end of a restore.
            with contextlib.suppress(OSError):
                staging.rmdir()
    if staging.exists():
        raise StartError(
            f"a restore into {folder} was interrupted, or is running; finish it with the same"
            " backup: saywho restore FILE"
        )


def prepare(config: Config, *, upgrade_old: bool, only_reads: bool = False) -> SchemaState:
    """Create a fresh database's folder and tables, or upgrade with `upgrade_old`; return the state
    found.

    Raises StartError for other old or newer versions, and if the folder is not writable, unless
    the program `only_reads` and the folder exists.
    """
    if not (only_reads and config.data_dir.is_dir()):
        _make_writable(config.data_dir)
    refuse_half_restored(config.data_dir)
    state = known_state(config.database_url, only_reads=only_reads)
    if state is SchemaState.BEHIND and not upgrade_old:
        name = backend_for(config.database_url).name
        raise StartError(f"{name} must be migrated; run: saywho db upgrade")
    if state is not SchemaState.CURRENT:
        upgrade(config.database_url)
    return state
