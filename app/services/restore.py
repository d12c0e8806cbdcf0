"""Restoring a backup: into an empty place only, and after all of it was verified."""

import asyncio
import hashlib
import os
import re
import shutil
import tarfile
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Final

import msgspec

from app.config import Config
from app.db.engine import Database
from app.db.lock import file_lock
from app.db.migrate import SchemaState, prepare, schema_state
from app.db.sqlite.connection import database_path
from app.errors import StartError
from app.security import KEY_FILE, make_private_folder, open_private
from app.services.backup import (
    DATABASE,
    LAYOUT,
    MANIFEST,
    MEDIA,
    PG_RESTORE,
    BackupError,
    BackupFile,
    BackupManifest,
    refuse_postgresql,
)
from app.services.checks import find_faults
from app.services.posts.media_files import content_type

STAGING: Final = ".restore"
"""Folder in the data folder where a backup is verified before anything is put in place."""
MOST_MANIFEST_BYTES: Final = 2**28


def restore_backup(config: Config, source: Path) -> BackupManifest:
    """Put the backup in place. Raises BackupError before anything is; StartError with a bad place.

    The tables of an older program are migrated on the way.
    """
    refuse_postgresql(config, PG_RESTORE, source)
    try:
        make_private_folder(config.data_dir)
        with file_lock(config.data_dir, waits=False) as is_alone:
            if not is_alone:
                raise BackupError(f"another restore is under way in {config.data_dir}")
            staging = config.data_dir / STAGING
            shutil.rmtree(staging, ignore_errors=True)
            database = database_path(config.database_url)
            if database.exists() or any(config.data_dir.iterdir()):
                raise BackupError(f"{config.data_dir} is not empty; restoring overwrites nothing")
            if config.media_dir.exists():
                raise BackupError(f"{config.media_dir} exists; restoring overwrites nothing")
            try:
                staging.mkdir(mode=0o700)
                manifest = _unpack(source, staging)
                _verify_database(config, staging / DATABASE)
                if (staging / KEY_FILE).exists():
                    (staging / KEY_FILE).rename(config.data_dir / KEY_FILE)
                if (staging / MEDIA).exists():
                    make_private_folder(config.media_dir.parent)
                    shutil.move(staging / MEDIA, config.media_dir)
                # Last, since without it the place is no installation.
                make_private_folder(database.parent)
                shutil.move(staging / DATABASE, database)
            finally:
                shutil.rmtree(staging, ignore_errors=True)
    except (FileExistsError, PermissionError, NotADirectoryError) as error:
        raise StartError(f"{config.data_dir} cannot be written: {error.strerror}") from error
    return manifest


def _unpack(source: Path, folder: Path) -> BackupManifest:
    """Unpack the files that the manifest names, and compare their digests."""
    try:
        with tarfile.open(source, "r:") as tar:
            members = tar.getmembers()
            manifest = _read_manifest(tar, [each for each in members if each.name == MANIFEST])
            files = {file.name: file for file in manifest.files}
            names = sorted(each.name for each in members if each.name != MANIFEST)
            if names != sorted(files) or DATABASE not in files or not all(map(_is_known, files)):
                raise BackupError(f"{source} does not hold the files of a backup")
            for member in members:
                if member.name != MANIFEST:
                    _unpack_file(tar, member, files[member.name], folder)
    except (tarfile.TarError, EOFError, ValueError, OverflowError) as error:
        raise BackupError(f"{source} is no backup, or is damaged: {error}") from error
    return manifest


def _is_known(name: str) -> bool:
    is_medium = name.startswith(MEDIA) and content_type(name.removeprefix(MEDIA)) is not None
    return is_medium or name in {DATABASE, KEY_FILE}


def _read_manifest(tar: tarfile.TarFile, members: list[tarfile.TarInfo]) -> BackupManifest:
    """Return the manifest. Raises BackupError unless it is one that this program can restore."""
    if len(members) != 1 or not members[0].isreg() or members[0].size > MOST_MANIFEST_BYTES:
        raise BackupError("the file has no manifest: it is no backup, or was cut off")
    content = tar.extractfile(members[0]).read()  # type: ignore[union-attr] # it is a file
    head = msgspec.json.decode(content, type=dict[str, object])
    made_by, layout = head.get("version"), head.get("layout")
    is_newer = isinstance(layout, int) and layout > LAYOUT
    if is_newer or _release(made_by) > _release(version("saywho")):
        raise BackupError(f"the backup was made by saywho {made_by}, a newer one; install that")
    return msgspec.json.decode(content, type=BackupManifest)


def _release(version: object) -> list[int]:
    return [int(number) for number in re.findall(r"\d{1,9}", str(version))[:3]]


def _unpack_file(
    tar: tarfile.TarFile, member: tarfile.TarInfo, file: BackupFile, folder: Path
) -> None:
    digest = None
    if member.type in {tarfile.REGTYPE, tarfile.AREGTYPE} and member.size == file.size:
        (folder / file.name).parent.mkdir(mode=0o700, exist_ok=True)
        with open(folder / file.name, "x+b", opener=open_private) as out:
            shutil.copyfileobj(tar.extractfile(member), out)  # type: ignore[arg-type]
            out.flush()
            os.fsync(out.fileno())
            out.seek(0)
            digest = hashlib.file_digest(out, "sha256").hexdigest()
    if digest != file.sha256:
        raise BackupError(f"{file.name} in the backup was altered or cut off")


def _verify_database(config: Config, path: Path) -> None:
    """Migrate the unpacked database to this program's tables, and check it."""
    staged = replace(config, data_dir=path.parent, database_url=f"sqlite+aiosqlite:///{path}")
    try:
        if schema_state(staged.database_url) is SchemaState.FRESH:
            raise BackupError("the database in the backup is empty")
        prepare(staged, upgrade_old=True)
    except StartError as error:
        raise BackupError(str(error).replace(str(path), "the backup's database")) from error
    if faults := asyncio.run(_find_faults(staged)):
        raise BackupError(f"the backup's database is faulty: {faults[0]}")


async def _find_faults(config: Config) -> list[str]:
    async with Database(config) as db:
        return await find_faults(db)
