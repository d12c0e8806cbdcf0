"""The posts that need each kept file, and the removal of files that none needs any more."""

import asyncio
import contextlib
import os
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from msgspec import json, structs
from sqlalchemy import delete, exists, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import monotonic
from app.db.backend import Sessions, chunks
from app.db.lock import file_lock
from app.errors import UnavailableError
from app.formats.records import StoredMedium
from app.models import MediaUse, Tweet, User

LOCK_TIMEOUT_S: Final = 60.0
"""Time to wait for imports that are keeping files."""
LOCK_POLL_S: Final = 0.1


def stored_media(media: str | None) -> list[StoredMedium]:
    """Return the media of a post as it is stored."""
    return json.decode(media, type=list[StoredMedium]) if media else []


def with_files(stored: str, given: str) -> str:
    """Return stored media with the files of the same post's media in an archive, where they lack.

    Media are the same if there are as many of them.
    """
    media, others = stored_media(stored), stored_media(given)
    if len(media) != len(others):
        return stored
    pairs = zip(media, others, strict=True)
    filled = [structs.replace(own, file=own.file or other.file) for own, other in pairs]
    return json.encode(filled).decode() if filled != media else stored


async def store_uses(session: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store which files the posts need; the rows hold all their media."""
    uses = [
        {"name": name, "tweet_id": row["id"]}
        for row in rows
        if row["media"] and '"file"' in row["media"]
        for name in dict.fromkeys(each.file for each in stored_media(row["media"]))
        if name is not None
    ]
    for some in chunks(sorted({use["tweet_id"] for use in uses})):
        await session.execute(delete(MediaUse).where(MediaUse.tweet_id.in_(some)))
    if uses:
        await session.execute(insert(MediaUse), uses)


async def is_needed(session: AsyncSession, name: str) -> bool:
    """Return whether a post that answers may show needs the file."""
    query = select(MediaUse.id).where(MediaUse.name == name, User.deleted_at.is_(None))
    query = query.join(Tweet, Tweet.id == MediaUse.tweet_id).join(User, User.id == Tweet.user_id)
    return await session.scalar(query.limit(1)) is not None


async def needed_files(session: AsyncSession) -> list[str]:
    """Return the names of all files that posts need."""
    query = select(MediaUse.name).where(MediaUse.tweet_id.is_not(None)).distinct()
    return list(await session.scalars(query.order_by(MediaUse.name)))


async def has_unneeded(session: AsyncSession) -> bool:
    """Return whether posts that needed files were deleted."""
    return bool(await session.scalar(select(exists().where(MediaUse.tweet_id.is_(None)))))


async def remove_unneeded(db: Sessions, folder: Path) -> bool:
    """Remove the files that no post needs; return False where some are being kept just now.

    Among them are those that an import kept for posts which it did not store.
    """
    is_there = await asyncio.to_thread(folder.exists)
    with file_lock(folder, waits=False) if is_there else contextlib.nullcontext(True) as is_locked:
        if is_locked:
            async with db.write() as session:
                await session.execute(delete(MediaUse).where(MediaUse.tweet_id.is_(None)))
        if is_locked and is_there:  # Else an import may make it just now, and keep files in it.
            async with db.read() as session:
                needed = set(await needed_files(session))
            await asyncio.to_thread(_remove_others, folder, needed)
        return is_locked


async def remove_every_unneeded(db: Sessions, folder: Path) -> None:
    """Remove the files that no post needs. Raises UnavailableError where imports keep some."""
    deadline = monotonic() + LOCK_TIMEOUT_S
    while not await remove_unneeded(db, folder):
        if monotonic() > deadline:
            raise UnavailableError("an import is keeping media; try again when it has ended")
        await asyncio.sleep(LOCK_POLL_S)


async def find_missing_media(db: Sessions, folder: Path) -> list[str]:
    """Return a line on the files that posts need and that are not there, if there are any."""
    async with db.read() as session:
        needed = await needed_files(session)
    missing = sorted({*needed} - await asyncio.to_thread(_kept_files, folder))
    return [f"{len(missing)} files of media are missing, such as {missing[0]}"] if missing else []


def _kept_files(folder: Path) -> set[str]:
    """Return the names of all files in the folder, drafts too."""
    return set(os.listdir(folder)) if folder.exists() else set()


def _remove_others(folder: Path, needed: Collection[str]) -> None:
    for name in _kept_files(folder).difference(needed):
        (folder / name).unlink(missing_ok=True)
