"""The background counts: one snapshot for all workers, renewed as posts arrive.

Answers with the same version depend on the same background, calibration and impostors. These may
lag behind the posts; the authors' own counts never do.
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import msgspec
from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import now
from app.compute.background import EMPTY_BACKGROUND, Background, build_background
from app.compute.counts import Counts
from app.compute.features import RECIPE
from app.compute.profiles import AuthorProfile
from app.compute.verdict import DEFAULT, Calibration
from app.db.backend import Sessions, backend_of
from app.models import BackgroundSnapshot, Profile, User
from app.services.compare.calibration import Impostor, StoredCalibration, calibrate, profile_of
from app.services.compare.profiles import fold_tails, users_with_tails

FIRST_SNAPSHOT_POSTS: Final = 20
GROWTH: Final = 1.25
"""A snapshot is renewed when the number of posts has grown or shrunk by this factor."""
PAGE: Final = 50
PAGE_TIMEOUT_S: Final = 60


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A background, its calibration and its impostors by user, and their version, 0 for none."""

    version: int
    background: Background
    calibration: Calibration = DEFAULT
    impostors: Mapping[int, AuthorProfile] = field(default_factory=dict)
    koreans: frozenset[int] = frozenset()
    """The impostors who write Korean."""


NO_SNAPSHOT: Final = Snapshot(0, EMPTY_BACKGROUND)


class BackgroundStore:
    """Keeps the newest snapshot in memory."""

    def __init__(self) -> None:
        self.newest = NO_SNAPSHOT

    async def load(self, session: AsyncSession) -> Snapshot:
        """Return the newest snapshot that the session sees."""
        is_ours = BackgroundSnapshot.recipe == RECIPE
        version = await session.scalar(select(func.max(BackgroundSnapshot.version)).where(is_ours))
        if version is None:
            return NO_SNAPSHOT
        if version == self.newest.version:
            return self.newest
        columns = select(
            BackgroundSnapshot.counts, BackgroundSnapshot.calibration, BackgroundSnapshot.impostors
        )
        query = columns.where(BackgroundSnapshot.version == version)
        row = (await session.execute(query)).one()
        snapshot = await asyncio.to_thread(_unpacked, version, *row)
        # A session that began earlier may see an older snapshot.
        if version > self.newest.version:
            self.newest = snapshot
        return snapshot


def _unpacked(
    version: int, counts: bytes, calibration: bytes | None, impostors: bytes | None
) -> Snapshot:
    stored = msgspec.msgpack.decode(impostors or b"\x90", type=list[Impostor])
    return Snapshot(
        version,
        Background.from_bytes(counts),
        msgspec.json.decode(calibration or b"{}", type=Calibration),
        {
            impostor.user_id: profile
            for impostor in stored
            if (profile := profile_of(impostor)).counts.keys.size
        },
        frozenset(impostor.user_id for impostor in stored if impostor.is_korean),
    )


async def is_outgrown(session: AsyncSession) -> bool:
    """Return whether the background should be renewed for the posts there are now."""
    written = select(func.sum(User.tweet_count)).where(User.deleted_at.is_(None))
    posts = await session.scalar(written) or 0
    query = select(BackgroundSnapshot.posts, BackgroundSnapshot.calibration).where(
        BackgroundSnapshot.recipe == RECIPE
    )
    newest = (
        await session.execute(query.order_by(BackgroundSnapshot.version.desc()).limit(1))
    ).first()
    if newest is None or not newest.posts:
        return posts >= FIRST_SNAPSHOT_POSTS
    if posts >= GROWTH * newest.posts or posts * GROWTH <= newest.posts:
        return True
    return await _has_deleted_impostor(session, newest.calibration)


async def _has_deleted_impostor(session: AsyncSession, calibration: bytes | None) -> bool:
    stored = msgspec.json.decode(calibration or b"{}", type=StoredCalibration)
    query = select(func.count()).where(
        User.id.in_(stored.impostor_ids), User.deleted_at.is_(None), User.tweet_count > 0
    )
    return (await session.scalar(query) or 0) < len(stored.impostor_ids)


async def renew_background(db: Sessions) -> None:
    """Fold all tails, and make a new snapshot of all profiles."""
    async with db.read() as session:
        behind = await users_with_tails(session, longer_than=0)
        before = await session.scalar(select(func.max(BackgroundSnapshot.version))) or 0
    await fold_tails(db, behind)
    async with db.read() as session:
        posts = await session.scalar(select(func.sum(Profile.posts))) or 0
        background = await _build(_pages(session), posts)
        calibration, impostors = await calibrate(session, background, seed=before + 1)
    blob = await asyncio.to_thread(background.to_bytes)
    async with db.write() as session:
        # A faster worker may have made this version from the same posts.
        await session.execute(
            backend_of(session)
            .insert(BackgroundSnapshot)
            .values(
                version=before + 1,
                recipe=RECIPE,
                posts=posts,
                counts=blob,
                calibration=msgspec.json.encode(calibration),
                impostors=msgspec.msgpack.encode(impostors),
                created_at=now(),
            )
            .on_conflict_do_nothing()
        )
        await session.execute(delete(BackgroundSnapshot).where(BackgroundSnapshot.version < before))


async def _build(pages: AsyncIterator[list[bytes]], posts: int) -> Background:
    """Build the background in a thread; when this returns or is cancelled, the thread has ended."""
    is_cancelled = threading.Event()
    profiles = _from_thread(pages, asyncio.get_running_loop(), is_cancelled)
    building = asyncio.ensure_future(asyncio.to_thread(build_background, profiles, posts))
    try:
        return await asyncio.shield(building)
    except asyncio.CancelledError:
        # The thread reads with the caller's session, which must stay open until it ends.
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
