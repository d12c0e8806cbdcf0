"""Backups: everything of an installation on SQLite in one tar, made while it is in use.

The tar holds a copy of one state of the database, the media that this state needs, and last a
manifest with the digest of each file: a backup that was cut off has none. Both commands run without
an event loop.
"""

import asyncio
import hashlib
import io
import os
import shlex
import shutil
import sqlite3
import tarfile
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import IO, Final, cast

import msgspec
from sqlalchemy import delete, text

from app.clock import now
from app.config import Config
from app.db.engine import Database
from app.db.migrate import SchemaState, current_revision, known_state, prepare
from app.db.sqlite.backend import SqliteBackend
from app.db.sqlite.connection import database_path
from app.errors import InvalidInputError, StartError
from app.models import LoginFailure, LoginSession, Operator, SetupLink, Token
from app.security import KEY_FILE, make_private_folder, open_private
from app.services.checks import LAST_BACKUP, find_faults
from app.services.posts.media import content_type, locked_against_removal, needed_files

LAYOUT: Final = 2
"""Number of the layout of backups; those with a higher one are refused."""
MANIFEST: Final = "manifest.json"
DATABASE: Final = "database.db"
MEDIA: Final = "media/"
STAGING: Final = ".restore"
"""Folder in the data folder where a backup is verified before anything is put in place."""
SECRETS: Final = (LoginSession, SetupLink, LoginFailure, Operator, Token)
"""Tables that are empty in a backup without secrets; those that refer to others come first."""
PG_DUMP: Final = "pg_dump --format=custom --file={file} {url}"
PG_RESTORE: Final = "pg_restore --no-owner --dbname={url} {file}"


class BackupError(InvalidInputError):
    """The backup cannot be made or restored."""


class BackupFile(msgspec.Struct, frozen=True):
    """A file in a backup."""

    name: str
    size: int
    sha256: str


class BackupManifest(msgspec.Struct, frozen=True):
    """What a backup holds, and the program that made it."""

    layout: int
    version: str
    """The program's."""
    revision: str
    """The tables'."""
    made_at: datetime
    with_secrets: bool
    files: list[BackupFile]


def make_backup(config: Config, target: Path, *, with_secrets: bool) -> BackupManifest:
    """Write a backup of one state of the installation; others may write meanwhile.

    Without secrets it holds no operators, sessions, tokens and keys. Raises BackupError where the
    target exists or there is nothing to back up, StartError where the database cannot be copied.
    """
    _refuse_postgresql(config, PG_DUMP, target)
    if known_state(config.database_url) is SchemaState.FRESH:
        raise BackupError("there is no database yet, so there is nothing to back up")
    try:
        with open(target, "xb", opener=open_private) as file:
            try:
                manifest = asyncio.run(_write(config, file, with_secrets=with_secrets))
                file.flush()
                os.fsync(file.fileno())
                (config.data_dir / LAST_BACKUP).touch(mode=0o600)
            except BaseException:
                target.unlink(missing_ok=True)
                raise
    except FileExistsError as error:
        raise BackupError(f"{target} exists; a backup overwrites nothing") from error
    except sqlite3.DatabaseError as error:
        raise StartError(f"the database cannot be copied: {error}") from error
    except (FileNotFoundError, PermissionError, NotADirectoryError) as error:
        raise BackupError(f"{target} cannot be written: {error.strerror}") from error
    return manifest


def _refuse_postgresql(config: Config, command: str, file: Path) -> None:
    """Raise BackupError where the database is PostgreSQL, with the command to use instead."""
    if config.database_url.startswith("postgresql"):
        # Its driver is installed only where it is used.
        from app.db.postgresql.connection import without_password

        where = shlex.quote(without_password(config.database_url))
        command = command.format(file=shlex.quote(str(file)), url=where)
        raise BackupError("PostgreSQL has its own tools; run: {command}", command=command)


async def _write(config: Config, file: IO[bytes], *, with_secrets: bool) -> BackupManifest:
    # Files that the copy needs must stay until they are in the tar.
    with locked_against_removal(config.media_dir):
        async with Database(config) as db, cast(SqliteBackend, db.backend).scratch_copy() as url:
            media = await _prepare_copy(replace(config, database_url=url), with_secrets)
            paths = {DATABASE: database_path(url)}
            paths |= {MEDIA + name: config.media_dir / name for name in media}
            if with_secrets:
                paths[KEY_FILE] = config.data_dir / KEY_FILE
            # `saywho check` tells of media that are missing.
            there = {name: path for name, path in paths.items() if path.exists()}
            return _write_tar(file, there, current_revision(url) or "", with_secrets=with_secrets)


async def _prepare_copy(config: Config, with_secrets: bool) -> list[str]:
    """Remove the secrets from a copy, unless asked for; return the media that its posts need."""
    async with Database(config) as copy, copy.write() as session:
        if not with_secrets:
            await session.execute(text("PRAGMA secure_delete = ON"))  # From free pages too.
            for table in SECRETS:
                await session.execute(delete(table))
        return await needed_files(session)


def _write_tar(
    file: IO[bytes], paths: Mapping[str, Path], revision: str, *, with_secrets: bool
) -> BackupManifest:
    files = []
    with tarfile.open(fileobj=file, mode="w") as tar:
        for name, path in paths.items():
            with path.open("rb") as source:
                files.append(_add(tar, name, source))
        manifest = BackupManifest(LAYOUT, version("saywho"), revision, now(), with_secrets, files)
        _add(tar, MANIFEST, io.BytesIO(msgspec.json.encode(manifest)))
    return manifest


def _add(tar: tarfile.TarFile, name: str, content: io.BufferedReader | io.BytesIO) -> BackupFile:
    digest = hashlib.file_digest(content, "sha256").hexdigest()
    member = tarfile.TarInfo(name)
    member.size, member.mode = content.seek(0, os.SEEK_END), 0o600
    member.mtime = int(now().timestamp())
    content.seek(0)
    tar.addfile(member, content)
    return BackupFile(name, member.size, digest)


def restore_backup(config: Config, source: Path) -> BackupManifest:
    """Put the backup in place. Raises BackupError before anything is; StartError with a bad place.

    The tables of an older program are migrated on the way.
    """
    _refuse_postgresql(config, PG_RESTORE, source)
    folder, database = config.data_dir, database_path(config.database_url)
    staging = folder / STAGING
    try:
        make_private_folder(folder)
        shutil.rmtree(staging, ignore_errors=True)  # Of a restore that was killed.
        if database.exists() or any(folder.iterdir()):
            raise BackupError(f"{folder} is not empty; restoring overwrites nothing")
        try:
            staging.mkdir(mode=0o700)
            manifest = _unpack(source, staging)
            _verify_database(config, staging / DATABASE)
            make_private_folder(database.parent)
            # The database is last: without it the place is no installation.
            for name, place in ((KEY_FILE, folder), (MEDIA, folder), (DATABASE, database)):
                if (staging / name).exists():
                    shutil.move(staging / name, place)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
    except (FileExistsError, PermissionError, NotADirectoryError) as error:
        raise StartError(f"{folder} cannot be written: {error.strerror}") from error
    return manifest


def _unpack(source: Path, folder: Path) -> BackupManifest:
    """Unpack a backup, and compare its files with the manifest."""
    try:
        with tarfile.open(source, "r:") as tar:
            unpacked = {_unpack_file(tar, member, folder) for member in tar}
        content = (folder / MANIFEST).read_bytes()
        manifest = msgspec.json.decode(content, type=BackupManifest)
    except FileNotFoundError as error:
        raise BackupError("the file has no manifest: it is no backup, or was cut off") from error
    except (tarfile.TarError, EOFError, ValueError, OverflowError) as error:
        raise BackupError(f"{source} is no backup, or is damaged: {error}") from error
    if manifest.layout > LAYOUT:
        raise BackupError(f"the backup was made by a newer saywho, {manifest.version}")
    files = {file for file in unpacked if file.name != MANIFEST}
    if files != set(manifest.files) or not (folder / DATABASE).exists():
        raise BackupError(f"{source} does not hold the files of its manifest as they were")
    return manifest


def _unpack_file(tar: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> BackupFile:
    target = folder / member.name
    is_plain = member.type in {tarfile.REGTYPE, tarfile.AREGTYPE}
    if not is_plain or not _is_known(member.name) or target.exists():
        raise BackupError("the file holds what no backup does")
    target.parent.mkdir(mode=0o700, exist_ok=True)
    with open(target, "x+b", opener=open_private) as out:
        shutil.copyfileobj(tar.extractfile(member), out)  # type: ignore[arg-type] # it is a file
        out.flush()
        os.fsync(out.fileno())
        out.seek(0)
        digest = hashlib.file_digest(out, "sha256").hexdigest()
    return BackupFile(member.name, member.size, digest)


def _is_known(name: str) -> bool:
    is_medium = name.startswith(MEDIA) and content_type(name.removeprefix(MEDIA)) is not None
    return is_medium or name in {DATABASE, KEY_FILE, MANIFEST}


def _verify_database(config: Config, path: Path) -> None:
    """Migrate the unpacked database to this program's tables, and check it."""
    staged = replace(config, data_dir=path.parent, database_url=f"sqlite+aiosqlite:///{path}")
    try:
        prepare(staged, upgrade_old=True)
    except StartError as error:
        raise BackupError(str(error).replace(str(path), "the backup's database")) from error

    async def faults() -> list[str]:
        async with Database(staged) as db:
            return await find_faults(db)

    if found := asyncio.run(faults()):
        raise BackupError(f"the backup's database is faulty: {found[0]}")
