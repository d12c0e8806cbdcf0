"""Backups, without an event loop: an installation on SQLite in one tar, made while in use.

The database comes last, after its media, so that a truncated backup has none. Names contain SHA-256
digests. A restore verifies a backup, which may be a stranger's, in a folder of its own, and then
puts it in place step by step. Each step can be taken up again after an interruption.
"""

import asyncio
import contextlib
import errno
import hashlib
import os
import re
import shutil
import sqlite3
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import IO, Final, NamedTuple

import msgspec
from sqlalchemy import delete, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app import security
from app.config import SERVER_FILE, SETTINGS_FILE, Config, sqlite_url
from app.db.engine import Database, backend_for
from app.db.lock import file_lock
from app.db.migrate import RESTORING, SchemaState, known_state, prepare, refuse_half_restored
from app.db.own_folder import MARK
from app.db.sqlite.backend import SqliteBackend
from app.db.sqlite.connection import database_path, open_connection
from app.errors import InvalidInputError, StartError
from app.models import Invitation, LoginFailure, LoginSession, Operator, SetupLink, Token
from app.services.access.accounts import list_accounts, list_invitations
from app.services.access.rights import list_tokens
from app.services.checks import LAST_BACKUP, find_faults
from app.services.posts.media import content_type, locked_against_removal, needed_files
from saywho.formats.source.file import read_some
from saywho.processes import watched

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
    """Write a backup of one state of the installation; other programs may write meanwhile.

    Without secrets it has no accounts, sessions, tokens and keys. Raises BackupError if the target
    exists or there is nothing to back up, StartError if the database cannot be copied.
    """
    if backend_for(config.database_url).is_shared:
        # PostgreSQL's driver is installed only where it is used.
        from app.db.postgresql.tools import dump_command

        command = dump_command(config.database_url, target)
        raise BackupError("PostgreSQL has its own backup tools; run: {command}", command=command)
    refuse_half_restored(config.data_dir)
    if known_state(config.database_url) is SchemaState.FRESH:
        raise BackupError("there is no database yet: nothing to back up")
    try:
        file = open(target, "xb", opener=security.open_private)  # noqa: SIM115 - closed below
    except FileExistsError as error:
        raise BackupError(f"{target} already exists; choose another file name") from error
    except OSError as error:
        raise BackupError(f"{target} cannot be written: {error.strerror}") from error
    try:
        with file:
            size = _write(config, file, with_secrets=with_secrets)
            security.sync_file(file)
        security.sync_folder(target.parent)
        security.write_durably(config.data_dir / LAST_BACKUP, b"")
    except BaseException as error:
        target.unlink(missing_ok=True)
        if isinstance(error, sqlite3.DatabaseError | OSError):
            raise StartError(f"the database cannot be copied: {error}") from error
        raise
    return size


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
        key = config.data_dir / security.KEY_FILE
        if with_secrets and key.exists():
            whole[f"{security.KEY_FILE}.{digest_of(key)}"] = key
        whole[f"{DATABASE}.{digest_of(copy)}"] = copy
        with tarfile.open(fileobj=file, mode="w") as tar:
            for name, path in whole.items():
                member = tarfile.TarInfo(name)  # It names no user of this system.
                member.size, member.mode = path.stat().st_size, 0o600
                with path.open("rb") as content:
                    tar.addfile(member, content)
        return BackupSize(len(whole), sum(path.stat().st_size for path in whole.values()))


async def _prepare(config: Config, copy: Path, with_secrets: bool) -> list[str]:
    url = sqlite_url(copy)
    is_current = known_state(url) is SchemaState.CURRENT
    async with Database(replace(config, database_url=url)) as db, db.write() as session:
        await session.execute(text("PRAGMA secure_delete = ON"))  # From free pages too.
        if is_current:  # Words of deleted posts stay in the index until it is made anew.
            await db.backend.words.rebuild(session)
            known = 'SELECT term FROM "TweetWordsVocabulary"'  # Words that posts have still.
            await session.execute(text(f'DELETE FROM "Word" WHERE word NOT IN ({known})'))  # noqa: S608
        if not with_secrets:
            # A database that is not migrated yet lacks some tables.
            names = set(await session.scalars(text("SELECT name FROM sqlite_master")))
            for table in SECRETS:
                if table.__tablename__ in names:
                    await session.execute(delete(table))
        return await needed_files(session)


def digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


SETTINGS: Final = (SETTINGS_FILE, SERVER_FILE)
KEPT: Final = {*SETTINGS, MARK}
"""Files that may be in the data folder before a restore, which leaves them as they are."""
READY: Final = "ready"
"""File in the folder of a restore with a verified backup."""


class RestoredAccount(msgspec.Struct, frozen=True):
    name: str
    role: str


class RestoredToken(msgspec.Struct, frozen=True):
    name: str
    scope: str


class RestoredAccess(msgspec.Struct, frozen=True):
    """The access to a site that came with its backup."""

    accounts: list[RestoredAccount]
    tokens: list[RestoredToken]
    invitations: int
    """Number of open invitations and set-up links, which make accounts."""


class RestoreResult(msgspec.Struct, frozen=True):
    size: BackupSize
    access: RestoredAccess


class _StagedRestore(msgspec.Struct, frozen=True):
    members: str
    restored: RestoreResult


def restore_backup(config: Config, file: Path) -> RestoreResult:
    """Restore the backup, migrating old tables, or finish its interrupted restore.

    Raises BackupError before anything is put in place; StartError if the place cannot be written.
    """
    if backend_for(config.database_url).is_shared:
        raise _own_restore(config, file)
    folder, database = config.data_dir, database_path(config.database_url)
    try:
        security.make_private_folder(folder)
        with file_lock(folder, waits=False) as is_free:
            if not is_free:
                raise BackupError(f"another restore into {folder} is running")
            staging = folder / RESTORING
            restored = _staged_before(file, staging)
            if restored is None:
                if database.exists() or any(path.name not in KEPT for path in folder.iterdir()):
                    raise BackupError(
                        f"{folder} is not empty; restore into a data folder that is empty"
                        f" or contains only {' and '.join(SETTINGS)}"
                    )
                # Before anything is unpacked, so that nothing is left if it cannot be made.
                security.make_private_folder(database.parent)
                restored = _stage(config, file, staging)
            _put_in_place(
                staging, {security.KEY_FILE: folder / security.KEY_FILE, MEDIA: config.media_dir}
            )
            # The database is last: without it the place is no installation.
            _put_in_place(staging, {DATABASE: database})
            _remove(staging)
    except OSError as error:
        where = error.filename or folder
        raise StartError(f"{where} cannot be written: {error.strerror or error}") from error
    return restored


def _own_restore(config: Config, file: Path) -> BackupError:
    from app.db.postgresql.tools import restore_commands

    return BackupError(
        "PostgreSQL has its own backup tools; stop saywho, then run these commands. The first three"
        " need a superuser; leave out the first one, which keeps the old database, if there is"
        " none:\n  {commands}",
        commands="\n  ".join(restore_commands(config.database_url, file)),
    )


def _staged_before(file: Path, staging: Path) -> RestoreResult | None:
    """Return the verified part of an interrupted restore, or remove its files."""
    try:
        staged = msgspec.json.decode((staging / READY).read_bytes(), type=_StagedRestore)
    except FileNotFoundError:
        shutil.rmtree(staging, ignore_errors=True)
        return None
    with _readable_tar(file) as tar:
        if _digest_of_names(tar.getnames()) != staged.members:
            raise BackupError(
                f"the restore of another backup into {staging.parent} was interrupted; repeat it"
                " with that backup"
            )
    return staged.restored


def _stage(config: Config, file: Path, staging: Path) -> RestoreResult:
    """Unpack and verify a backup, so that its restore can be finished after an interruption."""
    try:
        staging.mkdir(mode=0o700)
        size, members = _unpack(file, staging)
        restored = RestoreResult(size, _verify_database(config, staging / DATABASE))
        for unpacked in (staging / MEDIA, staging):
            if unpacked.exists():
                security.sync_folder(unpacked)
        staged = _StagedRestore(_digest_of_names(members), restored)
        security.write_durably(staging / READY, msgspec.json.encode(staged))
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        raise
    return restored


def _digest_of_names(members: Iterable[str]) -> str:
    """Return the digest of a backup's names, which contain the digests of its files."""
    return hashlib.sha256("\n".join(sorted(members)).encode()).hexdigest()


def _put_in_place(staging: Path, targets: Mapping[str, Path]) -> None:
    for name, target in targets.items():
        if not (staging / name).exists():
            continue
        try:
            os.rename(staging / name, target)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            # The database is on another disk.
            with (staging / name).open("rb") as source, security.durable_file(target) as copy:
                shutil.copyfileobj(source, copy)
        security.sync_folder(target.parent)


def _copy(source: IO[bytes], path: Path) -> str:
    """Copy a file, and return the digest of its bytes."""
    digest = hashlib.sha256()
    with open(path, "wb", opener=security.open_private) as out:
        while chunk := read_some(source):
            digest.update(chunk)
            out.write(chunk)
        security.sync_file(out)
    return digest.hexdigest()


def _remove(staging: Path) -> None:
    """Remove a finished restore's folder, and last the file that lets the restore be finished."""
    for path in staging.iterdir():
        if path.name != READY:
            path.unlink()
    (staging / READY).unlink()
    staging.rmdir()
    security.sync_folder(staging.parent)


@contextlib.contextmanager
def _readable_tar(file: Path) -> Iterator[tarfile.TarFile]:
    try:
        with watched, tarfile.open(file, "r:") as tar:
            yield tar
    except (tarfile.TarError, EOFError, ValueError, OverflowError) as error:
        raise BackupError(f"{file} is not a backup, or is damaged: {error}") from error


def _unpack(file: Path, folder: Path) -> tuple[BackupSize, Iterable[str]]:
    digests: dict[str, str] = {}
    with _readable_tar(file) as tar:
        for member in tar:
            digests[member.name] = _unpack_file(tar, member, folder)
        size = sum(member.size for member in tar)
    if not (folder / DATABASE).exists():
        raise BackupError(f"{file} contains no database: it is not a backup, or is incomplete")
    for name, digest in digests.items():
        if digest not in name:
            raise BackupError(f"{file} is damaged: {name} does not match its checksum")
    return BackupSize(len(digests), size), digests


def _unpack_file(tar: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> str:
    # Names in backups of version 0.1, whose databases this program cannot migrate.
    if member.name in {DATABASE, "manifest.json"}:
        raise BackupError(
            "the backup was made by an older saywho; restore it with that version, export the posts"
            " (saywho export) and import them here"
        )
    single = re.fullmatch(rf"({DATABASE}|{security.KEY_FILE})\.[0-9a-f]{{64}}", member.name)
    is_medium = member.name.startswith(MEDIA) and content_type(member.name.removeprefix(MEDIA))
    target = folder / (single[1] if single else member.name)
    # A sparse file of a few bytes may state any size, and would be written in full.
    is_plain = member.type in {tarfile.REGTYPE, tarfile.AREGTYPE} and not member.issparse()
    if not is_plain or not (single or is_medium) or target.exists():
        raise BackupError(
            f"the file contains {member.name[:100]!r}, which does not belong in a backup"
        )
    target.parent.mkdir(mode=0o700, exist_ok=True)
    return _copy(tar.extractfile(member), target)  # type: ignore[arg-type] # it is a file


def _verify_database(config: Config, path: Path) -> RestoredAccess:
    """Migrate and check a backup's database; return the access that it brings."""
    staged = replace(config, data_dir=path.parent, database_url=sqlite_url(path))
    try:
        prepare(staged, upgrade_old=True)
    except StartError as error:
        raise BackupError(str(error).replace(str(path), "the backup's database")) from error

    async def examine() -> RestoredAccess:
        async with Database(staged) as db:
            if faults := await find_faults(db):
                raise BackupError(f"the backup's database is damaged: {faults[0]}")
            async with db.read() as session:
                return await _access(session)

    return asyncio.run(examine())


async def _access(session: AsyncSession) -> RestoredAccess:
    links = await session.scalar(select(func.count()).select_from(SetupLink))
    return RestoredAccess(
        [RestoredAccount(account.name, account.role) for account in await list_accounts(session)],
        [RestoredToken(token.name, token.scope) for token in await list_tokens(session)],
        invitations=len(await list_invitations(session)) + (links or 0),
    )
