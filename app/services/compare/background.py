"""The background counts: one snapshot for all workers, renewed as posts arrive.

Answers with the same version depend on the same background, calibration and impostors. These may
lag behind the posts; the authors' own counts never do.
"""

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

import msgspec
from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import now
from app.compute.background import EMPTY_BACKGROUND, Background, BackgroundCounter
from app.compute.counts import Counts
from app.compute.features import RECIPE
from app.compute.profiles import AuthorProfile
from app.compute.ratio_trials import RatioCalibration, RatioMeasure
from app.compute.verdict import DEFAULT, MOST_IMPOSTORS, Calibration
from app.db.backend import Sessions, backend_of
from app.models import BackgroundSnapshot, Profile, User, Vocabulary
from app.services.compare.calibration import (
    Impostor,
    StoredCalibration,
    calibrate,
    choose_impostors,
    profile_of,
)
from app.services.compare.folding import fold_tails, in_parts, users_with_tails
from app.services.events import LogTotals

FIRST_SNAPSHOT_POSTS: Final = 20
GROWTH: Final = 1.25
"""A snapshot is renewed when the number of posts has grown or shrunk by this factor."""
PAGE_AUTHORS: Final = 2_000
PAGE_POSTS: Final = 20_000


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A background, its calibration and its impostors by user, and their version, 0 for none."""

    version: int
    background: Background
    calibration: Calibration = DEFAULT
    impostors: Mapping[int, AuthorProfile] = field(default_factory=dict)
    koreans: frozenset[int] = frozenset()
    """The impostors who write Korean."""
    ratios: Mapping[str, RatioMeasure] = field(default_factory=dict)
    """The quality of verifications by language: `ko` and `other`."""

    def impostors_for(
        self, *, compared: Collection[int], is_korean: bool, most: int = MOST_IMPOSTORS
    ) -> list[AuthorProfile]:
        """Return the impostors to ask beside these authors, of the language of the text."""
        chosen = choose_impostors(
            ((user_id, user_id in self.koreans) for user_id in self.impostors),
            compared=compared,
            is_korean=is_korean,
            most=most,
        )
        return [self.impostors[user_id] for user_id in chosen]

    def ratios_in(self, *, korean: bool) -> RatioMeasure | None:
        """Return how good verifications in a language are; None until that has been measured."""
        return self.ratios.get("ko" if korean else "other")

    def calibration_in(self, *, korean: bool) -> RatioCalibration | None:
        measure = self.ratios_in(korean=korean)
        return measure.score if measure else None


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
        query = select(
            BackgroundSnapshot.counts, BackgroundSnapshot.calibration, BackgroundSnapshot.impostors
        ).where(BackgroundSnapshot.version == version)
        row = (await session.execute(query)).one()
        snapshot = await asyncio.to_thread(unpacked, version, *row)
        # A session that began earlier may see an older snapshot.
        if version > self.newest.version:
            self.newest = snapshot
        return snapshot


def unpacked(
    version: int, counts: bytes, calibration: bytes | None, impostors: bytes | None
) -> Snapshot:
    stored = msgspec.msgpack.decode(impostors or b"\x90", type=list[Impostor])
    fitted = calibration or b"{}"
    return Snapshot(
        version,
        Background.from_bytes(counts),
        msgspec.json.decode(fitted, type=Calibration),
        {
            impostor.user_id: profile
            for impostor in stored
            if (profile := profile_of(impostor)).counts.keys.size
        },
        frozenset(impostor.user_id for impostor in stored if impostor.is_korean),
        msgspec.json.decode(fitted, type=StoredCalibration).verification,
    )


async def is_outgrown(
    session: AsyncSession, *, growth: float = GROWTH, log: LogTotals | None = None
) -> bool | None:
    """Return whether there are so many times the posts of the background, or as much fewer.

    They are those that the vocabulary was counted of, and what the log says of the time since:
    to add up the posts of 1,000,000 authors takes longer. A `log` that is kept reads events once,
    some at each call, and the result is None until it has read all.
    """
    counted = await session.execute(select(Vocabulary.as_of_event, Vocabulary.tweets))
    as_of_event, posts = counted.one()
    read = log.read_some if log else LogTotals().since
    if (totals := await read(session, as_of_event)) is None:
        return None
    posts += totals["tweet.created"] + totals["tweets.imported"]
    posts -= totals["tweet.deleted"] + totals["user.deleted"]
    query = select(BackgroundSnapshot.posts, BackgroundSnapshot.calibration).where(
        BackgroundSnapshot.recipe == RECIPE
    )
    newest = (
        await session.execute(query.order_by(BackgroundSnapshot.version.desc()).limit(1))
    ).first()
    if newest is None or not newest.posts:
        return posts >= FIRST_SNAPSHOT_POSTS
    if posts >= growth * newest.posts or posts * growth <= newest.posts:
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
        background = await _build(session, posts)
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


async def _build(session: AsyncSession, posts: int) -> Background:
    """Count all stored profiles, some at a time so that memory stays bounded."""
    counter, last = BackgroundCounter(), 0
    authors = select(Profile.user_id, Profile.posts).where(Profile.recipe == RECIPE)
    authors = authors.order_by(Profile.user_id).limit(PAGE_AUTHORS)
    while rows := (await session.execute(authors.where(Profile.user_id > last))).all():
        last = rows[-1].user_id
        page = [(row.user_id, row.posts) for row in rows]
        for part in in_parts(page, most_posts=PAGE_POSTS, most_authors=PAGE_AUTHORS):
            query = select(Profile.counts).where(Profile.user_id.between(part[0], part[-1]))
            blobs = (await session.scalars(query.where(Profile.recipe == RECIPE))).all()
            await asyncio.to_thread(counter.add, map(Counts.from_bytes, blobs))
    return await asyncio.to_thread(counter.background, posts)
