"""The background counts: one snapshot for all workers, named by its version, renewed as posts come.

Answers of the same version rest on the same background; it may lag behind the posts, the
authors' own counts never do.
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Final

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.background import EMPTY_BACKGROUND, Background, build_background
from app.compute.counts import Counts
from app.compute.features import RECIPE
from app.db.engine import Database
from app.models import BackgroundSnapshot, Profile, User
from app.services.clock import now
from app.services.profiles import fold_tails, users_with_tails

FIRST_SNAPSHOT_POSTS: Final = 20
GROWTH: Final = 1.25
"""A snapshot is renewed once there are so many times the posts it was made of, or as much fewer."""
PAGE: Final = 50
PAGE_TIMEOUT_S: Final = 60


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A background and its version, 0 for none."""

    version: int
    background: Background


class BackgroundStore:
    """Keeps the newest snapshot in memory."""

    def __init__(self) -> None:
        self._snapshot = Snapshot(0, EMPTY_BACKGROUND)

    async def load(self, session: AsyncSession) -> Snapshot:
        """Return the newest snapshot that the session sees."""
        is_ours = BackgroundSnapshot.recipe == RECIPE
        version = await session.scalar(select(func.max(BackgroundSnapshot.version)).where(is_ours))
        if version is None:
            return Snapshot(0, EMPTY_BACKGROUND)
        if version != self._snapshot.version:
            blob = await session.scalar(
                select(BackgroundSnapshot.counts).where(BackgroundSnapshot.version == version)
            )
            background = await asyncio.to_thread(Background.from_bytes, blob or b"")
            self._snapshot = Snapshot(version, background)
        return self._snapshot


async def is_outgrown(session: AsyncSession) -> bool:
    """Return whether the posts have changed so much that the background should be renewed."""
    written = select(func.sum(User.tweet_count)).where(User.deleted_at.is_(None))
    posts = await session.scalar(written) or 0
    query = select(BackgroundSnapshot.posts).where(BackgroundSnapshot.recipe == RECIPE)
    newest = await session.scalar(query.order_by(BackgroundSnapshot.version.desc()).limit(1))
    if not newest:
        return posts >= FIRST_SNAPSHOT_POSTS
    return posts >= GROWTH * newest or posts * GROWTH <= newest


async def renew_background(db: Database) -> None:
    """Fold all tails, and make a new snapshot of all profiles."""
    async with db.read() as session:
        behind = await users_with_tails(session, longer_than=0)
        before = await session.scalar(select(func.max(BackgroundSnapshot.version))) or 0
    await fold_tails(db, behind)
    async with db.read() as session:
        posts = await session.scalar(select(func.sum(Profile.posts))) or 0
        background = await _build(_pages(session), posts)
    blob = await asyncio.to_thread(background.to_bytes)
    async with db.write() as session:
        # Another worker that was faster has made this version from the same posts.
        await session.execute(
            insert(BackgroundSnapshot)
            .values(version=before + 1, recipe=RECIPE, posts=posts, counts=blob, created_at=now())
            .on_conflict_do_nothing()
        )
        await session.execute(delete(BackgroundSnapshot).where(BackgroundSnapshot.version < before))


async def _build(pages: AsyncIterator[list[bytes]], posts: int) -> Background:
    """Build the background in a thread, which has ended when this ends, even if cancelled."""
    is_cancelled = threading.Event()
    profiles = _from_thread(pages, asyncio.get_running_loop(), is_cancelled)
    building = asyncio.ensure_future(asyncio.to_thread(build_background, profiles, posts))
    try:
        return await asyncio.shield(building)
    except asyncio.CancelledError:
        # The thread reads by the caller's session, which must not be closed under it.
        is_cancelled.set()
        await asyncio.gather(building, return_exceptions=True)
        raise


async def _pages(session: AsyncSession) -> AsyncIterator[list[bytes]]:
    last = 0
    while True:
        query = (
            select(Profile.user_id, Profile.counts)
            .where(Profile.user_id > last, Profile.recipe == RECIPE)
            .order_by(Profile.user_id)
            .limit(PAGE)
        )
        rows = (await session.execute(query)).all()
        if not rows:
            return
        last = rows[-1].user_id
        yield [row.counts for row in rows]


def _from_thread(
    pages: AsyncIterator[list[bytes]],
    loop: asyncio.AbstractEventLoop,
    is_cancelled: threading.Event,
) -> Iterator[Counts]:
    """Yield the profiles in a thread, page by page, so that memory stays bounded."""

    async def next_page() -> list[bytes] | None:
        return await anext(pages, None)

    while not is_cancelled.is_set():
        page = asyncio.run_coroutine_threadsafe(next_page(), loop).result(PAGE_TIMEOUT_S)
        if page is None:
            return
        yield from map(Counts.from_bytes, page)
