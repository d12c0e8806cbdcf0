"""Backups: an installation on SQLite in one tar, made while in use, without an event loop.

The database comes last, after its media, so that a truncated backup has none. Names contain SHA-256
digests.
"""

import asyncio
import hashlib
import os
import sqlite3
import tarfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import IO, Final, NamedTuple

from sqlalchemy import delete, text

from app.config import Config, sqlite_url
from app.db.engine import Database, backend_for
from app.db.migrate import SchemaState, known_state, refuse_half_restored
from app.db.sqlite.backend import SqliteBackend
from app.db.sqlite.connection import open_connection
from app.errors import InvalidInputError, StartError
from app.models import Invitation, LoginFailure, LoginSession, Operator, SetupLink, Token
from app.security import KEY_FILE, open_private
from app.services.checks import LAST_BACKUP
from app.services.posts.media import locked_against_removal, needed_files

DATABASE: Final = "database.db"
MEDIA: Final = "media/"
SECRETS: Final = (LoginSession, SetupLink, Invitation, LoginFailure, Token, Operator)
"""Tables emptied without secrets, in the order of deletion."""


class BackupError(InvalidInputError):
    """The backup cannot be made or restored."""


class BackupSize(NamedTuple):
    files: int
    bytes: int


def make_backup(config: Config, target: Path, *, with_secrets: bool) -> BackupSize:
    """Write a backup of one state of the installation; others may write meanwhile.

    Without secrets it has no accounts, sessions, tokens and keys. Raises BackupError if the target
    exists or there is nothing to back up, StartError if the database cannot be copied.
    """
    if backend_for(config.database_url).is_shared:
        raise _own_dump(config, target)
    refuse_half_restored(config.data_dir)
    if known_state(config.database_url) is SchemaState.FRESH:
        raise BackupError("there is no database yet: nothing to back up")
    try:
        file = open(target, "xb", opener=open_private)  # noqa: SIM115 - closed below
    except FileExistsError as error:
        raise BackupError(f"{target} already exists; choose another file name") from error
    except OSError as error:
        raise BackupError(f"{target} cannot be written: {error.strerror}") from error
    try:
        with file:
            size = _write(config, file, with_secrets=with_secrets)
            file.flush()
            os.fsync(file.fileno())
        (config.data_dir / LAST_BACKUP).touch(mode=0o600)
    except BaseException as error:
        target.unlink(missing_ok=True)
        if isinstance(error, sqlite3.DatabaseError | OSError):
            raise StartError(f"the database cannot be copied: {error}") from error
        raise
    return size


def _own_dump(config: Config, file: Path) -> BackupError:
    # PostgreSQL's driver is installed only where it is used.
    from app.db.postgresql.tools import dump_command

    command = dump_command(config.database_url, file)
    return BackupError("PostgreSQL has its own backup tools; run: {command}", command=command)


def _write(config: Config, file: IO[bytes], *, with_secrets: bool) -> BackupSize:
    original = SqliteBackend(config.database_url, durability=config.durability)
    # Files that the copy needs must stay until they are in the tar.
    with locked_against_removal(config.media_dir), original.copied() as copy:
        media = asyncio.run(_prepare(config, copy, with_secrets))
        # With the mark of a log, it could not be read where nothing may be written.
        with closing(open_connection(copy)) as connection:
            connection.execute("PRAGMA journal_mode = DELETE")
        paths = {MEDIA + name: config.media_dir / name for name in media}
        # What is lost or damaged could not be restored.
        whole = {
            name: path for name, path in paths.items() if path.exists() and digest_of(path) in name
        }
        key = config.data_dir / KEY_FILE
        if with_secrets and key.exists():
            whole[f"{KEY_FILE}.{digest_of(key)}"] = key
        whole[f"{DATABASE}.{digest_of(copy)}"] = copy
        with tarfile.open(fileobj=file, mode="w") as tar:
            for name, path in whole.items():
                member = tarfile.TarInfo(name)  # It names no user of this system.
                member.size, member.mode = path.stat().st_size, 0o600
                with path.open("rb") as content:
                    tar.addfile(member, content)
        return BackupSize(len(whole), sum(path.stat().st_size for path in whole.values()))


async def _prepare(config: Config, copy: Path, with_secrets: bool) -> list[str]:
    """Remove unwanted secrets from a copy; return its posts' media."""
    async with (
        Database(replace(config, database_url=sqlite_url(copy))) as db,
        db.write() as session,
    ):
        if not with_secrets:
            await session.execute(text("PRAGMA secure_delete = ON"))  # From free pages too.
            # A database that is not migrated yet lacks some tables.
            names = set(await session.scalars(text("SELECT name FROM sqlite_master")))
            for table in SECRETS:
                if table.__tablename__ in names:
                    await session.execute(delete(table))
        return await needed_files(session)


def digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
