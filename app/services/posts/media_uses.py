"""The posts that need each kept file, and the removal of files that none needs any more."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from msgspec import json, structs
from sqlalchemy import delete, exists, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import monotonic
from app.db.backend import Sessions, chunks
from app.errors import UnavailableError
from app.formats.records import StoredMedium
from app.models import MediaUse, Tweet, User
from app.services.posts.media_files import (
    DRAFT,
    content_type,
    kept_files,
    locked_against_keeping,
    remove_files,
)

CHUNK: Final = 500
"""Most files removed at a time."""
LOCK_TIMEOUT_S: Final = 60.0
"""Time to wait for imports that are keeping files: they release the lock after each batch."""
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


async def store_unneeded(session: AsyncSession, names: Collection[str]) -> None:
    """Store which of these files no post needs, so that they are removed."""
    known = await _known(session, names)
    if unneeded := [{"name": name, "tweet_id": None} for name in names if name not in known]:
        await session.execute(insert(MediaUse), unneeded)


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


async def remove_unneeded(db: Sessions, folder: Path) -> None:
    """Remove the files that no post needs any more, unless some are being kept just now."""
    with locked_against_keeping(folder) as is_locked:
        while is_locked and (names := await _next_unneeded(db)) is not None:
            await asyncio.to_thread(remove_files, folder, names)


async def remove_every_unneeded(db: Sessions, folder: Path) -> None:
    """Remove all files that no post needs, those too that an import left which was cut off.

    Raises UnavailableError where imports keep files all the time.
    """
    deadline = monotonic() + LOCK_TIMEOUT_S
    while True:
        with locked_against_keeping(folder) as is_locked:
            if is_locked:
                while (names := await _next_unneeded(db)) is not None:
                    await asyncio.to_thread(remove_files, folder, names)
                await asyncio.to_thread(remove_files, folder, await _orphans(db, folder))
                return
        if monotonic() > deadline:
            raise UnavailableError("an import is keeping media; try again when it has ended")
        await asyncio.sleep(LOCK_POLL_S)


async def find_media_faults(db: Sessions, folder: Path) -> list[str]:
    """Compare the files with the posts, unless some are being kept just now."""
    with locked_against_keeping(folder) as is_locked:
        if not is_locked:
            return []
        orphans = await _orphans(db, folder)
        there = set(await asyncio.to_thread(kept_files, folder))
        async with db.read() as session:
            missing = [name for name in await needed_files(session) if name not in there]
    faults = []
    if orphans:
        faults.append(
            f"{len(orphans)} files of media belong to no post, such as {orphans[0]};"
            " saywho db vacuum removes them"
        )
    if missing:
        faults.append(f"{len(missing)} files of media are missing, such as {missing[0]}")
    return faults


async def _orphans(db: Sessions, folder: Path) -> list[str]:
    """Return the files that no row names, and drafts."""
    names = await asyncio.to_thread(kept_files, folder)
    async with db.read() as session:
        known = await _known(session, [name for name in names if content_type(name)])
    return [name for name in names if name.startswith(DRAFT) or name not in known]


async def _known(session: AsyncSession, names: Collection[str]) -> set[str]:
    known: set[str] = set()
    for some in chunks(list(names)):
        known.update(await session.scalars(select(MediaUse.name).where(MediaUse.name.in_(some))))
    return known


async def _next_unneeded(db: Sessions) -> list[str] | None:
    """Delete the next rows without a post; return the files to remove, None without such rows."""
    async with db.write() as session:
        gone = select(MediaUse.name).where(MediaUse.tweet_id.is_(None)).distinct().limit(CHUNK)
        names = list(await session.scalars(gone))
        if not names:
            return None
        needed: set[str] = set()
        for some in chunks(names):
            is_its = MediaUse.name.in_(some)
            needed.update(
                await session.scalars(
                    select(MediaUse.name).where(is_its, MediaUse.tweet_id.is_not(None))
                )
            )
            await session.execute(delete(MediaUse).where(is_its, MediaUse.tweet_id.is_(None)))
        return [name for name in names if name not in needed]
