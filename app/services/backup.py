"""Backups: everything of an installation on SQLite in one tar, made while it is in use.

The tar holds the database, as a copy of one state of it, the files of media that this state needs,
and last a manifest that names every file with its digest: a backup without one was cut off. Making
and restoring run on the command line, without an event loop.
"""

import asyncio
import hashlib
import io
import os
import secrets
import shlex
import sqlite3
import tarfile
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import IO, Final

import msgspec
from sqlalchemy import URL, delete, make_url, text

from app.clock import now
from app.config import Config
from app.db.backend import Backend
from app.db.engine import Database, backend_for
from app.db.migrate import current_revision, known_state
from app.db.sqlite.connection import database_path
from app.errors import InvalidInputError, StartError
from app.models import LoginFailure, LoginSession, Operator, SetupLink, Token
from app.security import KEY_FILE, open_private
from app.services.posts.media_files import locked_against_removal
from app.services.posts.media_uses import needed_files

LAYOUT: Final = 2
"""Number of the layout of backups; a program refuses those with a higher one."""
MANIFEST: Final = "manifest.json"
DATABASE: Final = "database.db"
MEDIA: Final = "media/"
"""Folder of kept media, whose files have the names that they have here."""
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
    refuse_postgresql(config, PG_DUMP, target)
    _refuse_existing(target)
    if current_revision(config.database_url) is None:
        raise BackupError("there is no database yet, so there is nothing to back up")
    known_state(config.database_url)
    draft = target.with_name(f".{target.name}-{secrets.token_hex(4)}.part")
    try:
        with open(draft, "xb", opener=open_private) as file:
            manifest = asyncio.run(_write(config, file, with_secrets=with_secrets))
            file.flush()
            os.fsync(file.fileno())
        _refuse_existing(target)
        draft.rename(target)
    except sqlite3.OperationalError as error:
        raise StartError(f"the database cannot be copied: {error}") from error
    except (FileNotFoundError, PermissionError, NotADirectoryError) as error:
        raise BackupError(f"{target} cannot be written: {error.strerror}") from error
    finally:
        draft.unlink(missing_ok=True)
    return manifest


def refuse_postgresql(config: Config, command: str, file: Path) -> None:
    """Raise BackupError where the database is PostgreSQL, with the command to use instead."""
    url = make_url(config.database_url)
    if url.get_backend_name() == "postgresql":
        shown = URL.create("postgresql", url.username, None, url.host, url.port, url.database)
        where = shlex.quote(shown.render_as_string())
        command = command.format(file=shlex.quote(str(file)), url=where)
        raise BackupError("PostgreSQL has its own tools; run: {command}", command=command)


def _refuse_existing(target: Path) -> None:
    if os.path.lexists(target):
        raise BackupError(f"{target} exists; a backup overwrites nothing")


async def _write(config: Config, file: IO[bytes], *, with_secrets: bool) -> BackupManifest:
    backend = backend_for(config.database_url)
    try:
        # Files that the copy needs must stay until they are in the tar.
        with locked_against_removal(config.media_dir):
            return await _write_state(backend, config, file, with_secrets=with_secrets)
    finally:
        await backend.close()


async def _write_state(
    backend: Backend, config: Config, file: IO[bytes], *, with_secrets: bool
) -> BackupManifest:
    async with backend.scratch_copy() as url:
        if not with_secrets:
            await _remove_secrets(replace(config, database_url=url))
        paths = {DATABASE: database_path(url)}
        paths |= await _needed_media(replace(config, database_url=url))
        key = config.data_dir / KEY_FILE
        if with_secrets and key.exists():
            paths[KEY_FILE] = key
        return _write_tar(file, paths, current_revision(url) or "", with_secrets=with_secrets)


async def _needed_media(copy: Config) -> dict[str, Path]:
    """Return the files that the copied posts need; `saywho check` tells of missing ones."""
    async with Database(copy) as db, db.read() as session:
        paths = {MEDIA + name: copy.media_dir / name for name in await needed_files(session)}
    return {name: path for name, path in paths.items() if path.exists()}


async def _remove_secrets(config: Config) -> None:
    """Remove the secrets from a copy, and from the free pages of its file."""
    async with Database(config) as db, db.write() as session:
        await session.execute(text("PRAGMA secure_delete = ON"))
        for table in SECRETS:
            await session.execute(delete(table))


def _write_tar(
    file: IO[bytes], paths: Mapping[str, Path], revision: str, *, with_secrets: bool
) -> BackupManifest:
    with tarfile.open(fileobj=file, mode="w") as tar:
        files = [_add(tar, name, path) for name, path in paths.items()]
        manifest = BackupManifest(LAYOUT, version("saywho"), revision, now(), with_secrets, files)
        content = msgspec.json.encode(manifest)
        tar.addfile(_member(MANIFEST, len(content)), io.BytesIO(content))
    return manifest


def _add(tar: tarfile.TarFile, name: str, path: Path) -> BackupFile:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
        tar.addfile(_member(name, size), file)
    return BackupFile(name, size, digest)


def _member(name: str, size: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.mode, member.mtime = size, 0o600, int(now().timestamp())
    return member
