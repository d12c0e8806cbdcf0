"""Backups: an installation on SQLite in one tar, made while in use, without an event loop.

The database comes last, after its media, so that a truncated backup has none. Names contain SHA-256
digests.
"""

import asyncio
import hashlib
import os
import re
import shutil
import sqlite3
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import IO, Final, NamedTuple

from sqlalchemy import delete, text

from app.config import SERVER_FILE, SETTINGS_FILE, Config
from app.db.engine import Database, backend_for
from app.db.migrate import SchemaState, known_state, prepare
from app.db.sqlite.backend import SqliteBackend
from app.db.sqlite.connection import database_path
from app.errors import InvalidInputError, StartError
from app.models import Invitation, LoginFailure, LoginSession, Operator, SetupLink, Token
from app.security import KEY_FILE, make_private_folder, open_private
from app.services.checks import LAST_BACKUP, find_faults
from app.services.posts.media import content_type, locked_against_removal, needed_files

DATABASE: Final = "database.db"
MEDIA: Final = "media/"
KEPT: Final = (SETTINGS_FILE, SERVER_FILE)
"""Files that may be in the data folder before a restore, which leaves them as they are."""
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


# PostgreSQL's driver is installed only where it is used.


def _own_dump(config: Config, file: Path) -> BackupError:
    from app.db.postgresql.tools import dump_command

    command = dump_command(config.database_url, file)
    return BackupError("PostgreSQL has its own backup tools; run: {command}", command=command)


def _own_restore(config: Config, file: Path) -> BackupError:
    from app.db.postgresql.tools import restore_commands

    return BackupError(
        "PostgreSQL has its own backup tools; stop saywho, then run these commands. The first three"
        " need a superuser; leave out the first one, which keeps the old database, if there is"
        " none:\n  {commands}",
        commands="\n  ".join(restore_commands(config.database_url, file)),
    )


def _write(config: Config, file: IO[bytes], *, with_secrets: bool) -> BackupSize:
    original = SqliteBackend(config.database_url, durability=config.durability)
    # Files that the copy needs must stay until they are in the tar.
    with locked_against_removal(config.media_dir), original.copied() as copy:
        media = asyncio.run(_prepare(config, copy, with_secrets))
        paths = {MEDIA + name: config.media_dir / name for name in media}
        # What is lost or damaged could not be restored.
        whole = {
            name: path for name, path in paths.items() if path.exists() and _digest(path) in name
        }
        key = config.data_dir / KEY_FILE
        if with_secrets and key.exists():
            whole[f"{KEY_FILE}.{_digest(key)}"] = key
        whole[f"{DATABASE}.{_digest(copy)}"] = copy
        with tarfile.open(fileobj=file, mode="w") as tar:
            for name, path in whole.items():
                member = tarfile.TarInfo(name)  # It names no user of this system.
                member.size, member.mode = path.stat().st_size, 0o600
                with path.open("rb") as content:
                    tar.addfile(member, content)
        return BackupSize(len(whole), sum(path.stat().st_size for path in whole.values()))


async def _prepare(config: Config, copy: Path, with_secrets: bool) -> list[str]:
    """Remove unwanted secrets from a copy; return its posts' media."""
    url = f"sqlite+aiosqlite:///{copy}"
    async with Database(replace(config, database_url=url)) as db, db.write() as session:
        if not with_secrets:
            await session.execute(text("PRAGMA secure_delete = ON"))  # From free pages too.
            # A database that is not migrated yet lacks some tables.
            names = set(await session.scalars(text("SELECT name FROM sqlite_master")))
            for table in SECRETS:
                if table.__tablename__ in names:
                    await session.execute(delete(table))
        return await needed_files(session)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def restore_backup(config: Config, file: Path) -> BackupSize:
    """Restore the backup, migrating old tables.

    Raises BackupError before anything is put in place; StartError if the place cannot be written.
    """
    if backend_for(config.database_url).is_shared:
        raise _own_restore(config, file)
    folder, database = config.data_dir, database_path(config.database_url)
    staging = folder / ".restore"
    try:
        make_private_folder(folder)
        shutil.rmtree(staging, ignore_errors=True)  # Of a restore that was killed.
        if database.exists() or any(path.name not in KEPT for path in folder.iterdir()):
            raise BackupError(
                f"{folder} is not empty; restore into a data folder that is empty"
                f" or contains only {' and '.join(KEPT)}"
            )
        try:
            staging.mkdir(mode=0o700)
            size = _unpack(file, staging)
            _verify_database(config, staging / DATABASE)
            make_private_folder(database.parent)
            # The database is last: without it the place is no installation.
            for name, target in ((KEY_FILE, folder), (MEDIA, folder), (DATABASE, database)):
                if (staging / name).exists():
                    shutil.move(staging / name, target)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
    except OSError as error:
        where = error.filename or folder
        raise StartError(f"{where} cannot be written: {error.strerror or error}") from error
    return size


def _unpack(file: Path, folder: Path) -> BackupSize:
    digests: dict[str, str] = {}
    try:
        with tarfile.open(file, "r:") as tar:
            for member in tar:
                digests[member.name] = _unpack_file(tar, member, folder)
            size = sum(member.size for member in tar)
    except (tarfile.TarError, EOFError, ValueError, OverflowError) as error:
        raise BackupError(f"{file} is not a backup, or is damaged: {error}") from error
    if not (folder / DATABASE).exists():
        raise BackupError(f"{file} contains no database: it is not a backup, or is incomplete")
    for name, digest in digests.items():
        if digest not in name:
            raise BackupError(f"{file} is damaged: {name} does not match its checksum")
    return BackupSize(len(digests), size)


def _unpack_file(tar: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> str:
    """Unpack a file under its own name; return its digest."""
    # Names in backups of version 0.1, whose databases this program cannot migrate.
    if member.name in {DATABASE, "manifest.json"}:
        raise BackupError(
            "the backup was made by an older saywho; restore it with that version, export the posts"
            " (saywho export) and import them here"
        )
    single = re.fullmatch(rf"({DATABASE}|{KEY_FILE})\.[0-9a-f]{{64}}", member.name)
    is_medium = member.name.startswith(MEDIA) and content_type(member.name.removeprefix(MEDIA))
    target = folder / (single[1] if single else member.name)
    # A sparse file of a few bytes may state any size, and would be written in full.
    is_plain = member.type in {tarfile.REGTYPE, tarfile.AREGTYPE} and not member.issparse()
    if not is_plain or not (single or is_medium) or target.exists():
        raise BackupError(
            f"the file contains {member.name[:100]!r}, which does not belong in a backup"
        )
    target.parent.mkdir(mode=0o700, exist_ok=True)
    with open(target, "xb", opener=open_private) as out:
        shutil.copyfileobj(tar.extractfile(member), out)  # type: ignore[arg-type] # it is a file
        out.flush()
        os.fsync(out.fileno())
    return _digest(target)


def _verify_database(config: Config, path: Path) -> None:
    staged = replace(config, data_dir=path.parent, database_url=f"sqlite+aiosqlite:///{path}")
    try:
        prepare(staged, upgrade_old=True)
    except StartError as error:
        raise BackupError(str(error).replace(str(path), "the backup's database")) from error

    async def faults() -> list[str]:
        async with Database(staged) as db:
            return await find_faults(db)

    if damages := asyncio.run(faults()):
        raise BackupError(f"the backup's database is damaged: {damages[0]}")
