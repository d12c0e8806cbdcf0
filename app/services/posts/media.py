"""Kept media: a folder of files, the posts that need each, and small versions of pictures.

A complete file is named by its content and never changes. Imports share a lock on the folder;
removals lock it exclusively. Small versions, in a deletable folder beside it, are made at first
sight or after an import; until then the original is shown.
"""

import asyncio
import contextlib
import errno
import fcntl
import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from itertools import chain
from pathlib import Path
from tempfile import TemporaryFile
from typing import Final

import msgspec
from sqlalchemy import delete, exists, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.config import Config
from app.db.backend import Sessions, chunks
from app.db.batch import Batch
from app.db.engine import Database
from app.db.lock import file_lock
from app.errors import (
    AppError,
    InvalidInputError,
    RecordError,
    UnavailableError,
    is_out_of_files,
    overloaded,
    unwritable,
)
from app.models import MediaUse, Tweet, User
from app.runtime.sandbox import ReadError, Sandbox
from app.security import make_private_folder, open_private, sync_file
from saywho.clock import monotonic
from saywho.formats.media import small_pictures
from saywho.formats.media.box_files import Span
from saywho.formats.media.file_bytes import START_BYTES, TYPES, suffix_of
from saywho.formats.media.private_notes import without_notes
from saywho.formats.post import StoredMedium
from saywho.sizes import MIB

DRAFT: Final = ".draft-"
LEAST_FREE_BYTES: Final = 256 * MIB
MOST_FREE_BYTES: Final = 2048 * MIB
_DIGEST_LENGTH: Final = 64
_NAME = re.compile(rf"[0-9a-f]{{{_DIGEST_LENGTH}}}\.({'|'.join(TYPES)})")


class NoRoomError(InvalidInputError):
    """No room is left for more media."""


def content_type(name: str) -> str | None:
    """Return a kept file's type; None for other names."""
    match = _NAME.fullmatch(name)
    return TYPES[match[1]] if match else None


def small_folder(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}-small")


def reserved_bytes(disk_bytes: int) -> int:
    """Return the bytes that media leave free: 1/20 of the disk, within two limits."""
    return min(max(LEAST_FREE_BYTES, disk_bytes // 20), MOST_FREE_BYTES)


def is_nearly_full(folder: Path, size: int = 0) -> bool:
    """Return whether the disk lacks room for `size` bytes. Raises OSError."""
    disk = shutil.disk_usage(folder)
    # Some file systems of networks do not say how large they are.
    return disk.total > 0 and disk.free - size < reserved_bytes(disk.total)


class MediaKeeper:
    """Keeps an import's media within a limit, for one thread at a time, under a shared lock until
    `close`.

    Simultaneous imports may exceed the limit together.
    """

    def __init__(self, folder: Path, limit_bytes: int) -> None:
        self._folder = folder
        self._limit_bytes = limit_bytes
        self.used_bytes = 0
        self._lock: int | None = None

    def keep(self, chunks: Iterable[bytes], name: str) -> str:
        """Return the name of a file's copy without private notes; `name` is for messages.

        Raises RecordError for an unsupported file, NoRoomError at the limit of media or disk, and
        errors of reading.
        """
        try:
            if self._lock is None:
                self._begin()
            return self._copy(chunks, name)
        except OSError as error:
            if error.errno in {errno.ENOSPC, errno.EDQUOT}:
                raise NoRoomError("the disk is full; no more media are stored") from error
            raise NoRoomError(
                "media cannot be written: {why}; no more media are stored", why=error.strerror
            ) from error

    def sync(self) -> None:
        """Sync the names before rows that need the files are committed."""
        if self._lock is not None:
            os.fsync(self._lock)

    def close(self) -> None:
        """Release the lock, to allow the removal of unneeded files."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _begin(self) -> None:
        make_private_folder(self._folder)
        self._lock = os.open(self._folder, os.O_RDONLY)
        fcntl.flock(self._lock, fcntl.LOCK_SH)
        with os.scandir(self._folder) as entries:
            self.used_bytes = sum(entry.stat().st_size for entry in entries)

    def _copy(self, content: Iterable[bytes], name: str) -> str:
        chunks, start = iter(content), b""
        while len(start) < START_BYTES and (chunk := next(chunks, b"")):
            start += chunk
        if (suffix := suffix_of(start)) is None:
            raise RecordError("{name} is not a supported picture, video or sound file", name=name)
        digest, size, late = hashlib.sha256(), 0, list[Span]()
        draft = self._folder / f"{DRAFT}{secrets.token_hex(8)}"
        try:
            with open(draft, "xb+", opener=open_private) as file:
                for chunk in without_notes(chain([start], chunks), suffix, late):
                    digest.update(chunk)
                    size += len(chunk)
                    if self.used_bytes + size > self._limit_bytes:
                        raise NoRoomError(
                            "the limit SAYWHO_MAX_MEDIA_GB is reached; no more media are stored"
                        )
                    if is_nearly_full(self._folder, len(chunk)):
                        raise NoRoomError("the disk is nearly full; no more media are stored")
                    file.write(chunk)
                if late:
                    for span in late:
                        file.seek(span.start)
                        file.writelines(span.pieces())
                    file.seek(0)
                    digest = hashlib.file_digest(file, "sha256")
                file_name = f"{digest.hexdigest()}.{suffix}"
                if not (self._folder / file_name).exists():
                    sync_file(file)
                    draft.rename(self._folder / file_name)
                    self.used_bytes += size
        finally:
            draft.unlink(missing_ok=True)
        return file_name


def is_medium(path: Path) -> bool:
    """Return whether a kept file is a supported medium: earlier versions kept by suffix alone."""
    try:
        return _suffix_in(path) is not None
    except OSError as error:
        if is_out_of_files(error):
            raise
        return False


def _suffix_in(path: Path) -> str | None:
    with path.open("rb") as file:
        return suffix_of(file.read(START_BYTES))


def keeper_of(config: Config) -> MediaKeeper | None:
    if not config.max_media_gb:
        return None
    return MediaKeeper(config.media_dir, config.max_media_gb * 1024 * MIB)


def locked_against_removal(folder: Path) -> contextlib.AbstractContextManager[bool]:
    """Prevent removals of files meanwhile; imports may still add some."""
    return file_lock(folder, is_shared=True) if folder.exists() else contextlib.nullcontext(True)


async def store_uses(
    session: AsyncSession, posts: Sequence[tuple[int, Sequence[StoredMedium]]]
) -> None:
    uses = [
        {"name": name, "tweet_id": tweet_id}
        for tweet_id, media in posts
        for name in dict.fromkeys(medium.file for medium in media)
        if name is not None
    ]
    for ids in chunks(sorted({tweet_id for tweet_id, media in posts if media})):
        await session.execute(delete(MediaUse).where(MediaUse.tweet_id.in_(ids)))
    if uses:
        await session.execute(insert(MediaUse), uses)


async def is_needed(session: AsyncSession, name: str) -> bool:
    query = select(MediaUse.id).where(MediaUse.name == name, User.deleted_at.is_(None))
    query = query.join(Tweet, Tweet.id == MediaUse.tweet_id).join(User, User.id == Tweet.user_id)
    return await session.scalar(query.limit(1)) is not None


async def needed_files(session: AsyncSession) -> list[str]:
    query = select(MediaUse.name).where(MediaUse.tweet_id.is_not(None)).distinct()
    return list(await session.scalars(query.order_by(MediaUse.name)))


async def has_unneeded(session: AsyncSession) -> bool:
    return bool(await session.scalar(select(exists().where(MediaUse.tweet_id.is_(None)))))


async def remove_unneeded(db: Sessions, folder: Path) -> int | None:
    """Remove unneeded files and their small versions; return the folder's change time, None during
    imports.

    Raises OSError, StorageFullError.
    """
    await asyncio.to_thread(make_private_folder, folder)
    with file_lock(folder, waits=False) as is_locked:
        if not is_locked:
            return None
        async with db.read() as session:
            needed, has_rows = set(await needed_files(session)), await has_unneeded(session)
        changed_at = await asyncio.to_thread(_remove_others, folder, needed)
        # After the files: a full disk may take no change of a row before they are gone.
        if has_rows:
            async with db.write() as session:
                await session.execute(delete(MediaUse).where(MediaUse.tweet_id.is_(None)))
        return changed_at


async def remove_if_full(db: Sessions, folder: Path) -> None:
    with contextlib.suppress(OSError, AppError):
        if await asyncio.to_thread(is_nearly_full, folder):
            await remove_unneeded(db, folder)


async def remove_every_unneeded(db: Sessions, folder: Path) -> None:
    """Remove unneeded files. Raises OSError, and UnavailableError during imports."""
    deadline = monotonic() + 60.0
    while await remove_unneeded(db, folder) is None:
        if monotonic() > deadline:
            raise UnavailableError("an import is storing media; try again when it has finished")
        await asyncio.sleep(0.1)


async def find_foreign_files(db: Sessions, folder: Path) -> list[str]:
    names = await asyncio.to_thread(_foreign_files, folder)
    async with db.read() as session:
        return [
            f"{folder / name} (of {await _posts_with(session, name)}) is no {content_type(name)}:"
            " a link in an imported folder may have led to another file of this machine; look at"
            " it, replace the passwords and keys that it holds, and remove it"
            for name in names
        ]


async def find_missing_files(db: Database, folder: Path) -> list[str]:
    """Return a sentence on missing files; servers with a common database may each have some."""
    if db.backend.is_shared:
        return []
    async with contextlib.AsyncExitStack() as stack:
        # Files come before the rows of their posts; none goes while this lock is held.
        await asyncio.to_thread(stack.enter_context, locked_against_removal(folder))
        async with db.read() as session:
            needed = await needed_files(session)
            there = set(await asyncio.to_thread(_names, folder))
            missing = [name for name in needed if name not in there]
            if not missing:
                return []
            posts = await _posts_with(session, missing[0])
    return [
        f"{len(missing):,} kept files are missing, such as {folder / missing[0]} (of {posts}):"
        " import their archives again, or restore a backup"
    ]


def _names(folder: Path) -> list[str]:
    return os.listdir(folder) if folder.exists() else []


def _foreign_files(folder: Path) -> list[str]:
    names = []
    for name in sorted(filter(_NAME.fullmatch, _names(folder))):
        with contextlib.suppress(OSError):  # It may be gone by now.
            if _suffix_in(folder / name) != name.rpartition(".")[2]:
                names.append(name)
    return names


async def _posts_with(session: AsyncSession, name: str) -> str:
    query = select(MediaUse.tweet_id).where(MediaUse.name == name, MediaUse.tweet_id.is_not(None))
    ids = await session.scalars(query.order_by(MediaUse.tweet_id).limit(5))
    return ", ".join(f"post {tweet_id}" for tweet_id in ids) or "no post"


def changed_at(folder: Path) -> int:
    """Return when a file was added or removed, in nanoseconds; 0 without a folder."""
    try:
        return folder.stat().st_mtime_ns
    except OSError:
        return 0


def is_in_use(folder: Path) -> bool:
    if not folder.exists():
        return False
    with file_lock(folder, waits=False) as is_free:
        return not is_free


def _remove_others(folder: Path, needed: Collection[str]) -> int:
    for name in set(os.listdir(folder)).difference(needed):
        (folder / name).unlink(missing_ok=True)
    time = changed_at(folder)
    small, stems = small_folder(folder), {name.partition(".")[0] for name in needed}
    for name in _names(small):
        if name[:_DIGEST_LENGTH] not in stems:
            (small / name).unlink(missing_ok=True)
    return time


AT_A_TIME: Final = 8
"""Pictures in a run; its process starts in 0.2 s."""
_NONE: Final = b"-"
"""Content that stands for "no small version"; a crash may leave empty files."""


class SmallPictures:
    def __init__(self, folder: Path, limit_s: float = 30.0) -> None:
        self._folder, self._target = folder, small_folder(folder)
        self._sandbox = Sandbox(limit_s, 512 * MIB)  # 100 million pixels take 400 MB.
        self._given_up: set[str] = set()
        """Pictures that killed their decoding process."""
        self._done_at: int | None = None
        """Change time of the folder before the last complete run."""
        # After 5 s a page shows the original.
        self._waiting = Batch(self._make, max_size=AT_A_TIME, max_waiting=100, timeout_s=5.0)

    async def obtain(self, name: str, width: int) -> Path | None:
        """Return the file of a small version; None for the original.

        Raises UnavailableError if too many pictures wait, or the disk is full or read-only.
        """
        path = self._path(name, width)
        content_size = await asyncio.to_thread(_size, path)
        if not content_size:
            await self._waiting(name)
            content_size = await asyncio.to_thread(_size, path)
        if not content_size:
            raise overloaded()
        return path if content_size > len(_NONE) else None

    async def close(self) -> None:
        await self._waiting.close()

    def is_due(self) -> bool:
        is_changed = changed_at(self._folder) not in {0, self._done_at}
        return is_changed and not is_in_use(self._folder) and self._can_write()

    async def make_missing(self) -> None:
        began_at = changed_at(self._folder)
        missing = await asyncio.to_thread(self._missing)
        for start in range(0, len(missing), AT_A_TIME):
            await self._make(missing[start : start + AT_A_TIME])
        self._done_at = began_at

    def _path(self, name: str, width: int) -> Path:
        return self._target / f"{name.partition('.')[0]}-{width}.{small_pictures.SMALL_SUFFIX}"

    def _missing(self) -> list[str]:
        names = filter(has_small_versions, os.listdir(self._folder))
        return [
            name
            for name in names
            if name not in self._given_up
            and not all(_size(self._path(name, width)) for width in small_pictures.WIDTHS)
        ]

    def _can_write(self) -> bool:
        try:
            make_private_folder(self._target)
            return os.access(self._target, os.W_OK) and not is_nearly_full(self._target)
        except OSError:
            return False

    async def _make(self, names: Sequence[str]) -> Sequence[None]:
        """Make these pictures' versions. Raises UnavailableError."""
        if not await asyncio.to_thread(self._can_write):
            raise unwritable()
        try:
            versions = await self._read(names)
            await asyncio.to_thread(self._write, versions)
        except OSError as error:
            raise unwritable() from error
        except ReadError:
            for name in names if len(names) > 1 else ():
                await self._make([name])
            if len(names) == 1:
                if len(self._given_up) >= 10_000:
                    self._given_up.clear()
                self._given_up.add(names[0])
        return [None] * len(names)

    async def _read(self, names: Iterable[str]) -> list[small_pictures.SmallVersion]:
        """Decode pictures in a separate process. Raises OSError, ReadError."""
        paths = [str(self._folder / name) for name in names if name not in self._given_up]
        if not paths:
            return []
        with TemporaryFile() as body:
            body.write(msgspec.json.encode(small_pictures.SmallRequest(paths)))
            body.flush()
            async with self._sandbox.read(small_pictures.small_versions, body) as lines:
                return [
                    msgspec.json.decode(line, type=small_pictures.SmallVersion) for line in lines
                ]

    def _write(self, versions: Iterable[small_pictures.SmallVersion]) -> None:
        """Store versions, except of deleted pictures. Raises OSError."""
        # Removals would take the drafts, too.
        with locked_against_removal(self._folder):
            for version in versions:
                path = self._path(version.name, version.width)
                draft = self._target / f"{DRAFT}{secrets.token_hex(8)}"
                try:
                    with open(draft, "xb", opener=open_private) as file:
                        file.write(version.content or _NONE)
                        sync_file(file)  # A part of it would be shown for good.
                    draft.rename(path)
                finally:
                    draft.unlink(missing_ok=True)
                if not (self._folder / version.name).exists():
                    path.unlink(missing_ok=True)


def has_small_versions(name: str) -> bool:
    return content_type(name) is not None and name.rpartition(".")[2] in small_pictures.DECODERS


def _size(path: Path) -> int:
    with suppress(OSError):
        return path.stat().st_size
    return 0
