"""The background, its temperature and its population: one snapshot for all workers.

Answers with the same version depend on the same three. These may lag behind the posts; the
authors' own counts never do.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

import msgspec
from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import now
from app.compute.background import Background, BackgroundCounter
from app.compute.case import Fitted
from app.compute.counts import Counts
from app.compute.features import RECIPE
from app.compute.fitting import ASKED_AUTHORS, asked_posts, hold_out, temperature_of
from app.compute.judgement import FEWEST_JUDGED
from app.compute.ratios import CountedAuthor, Population, drawn_authors
from app.db.backend import Sessions, backend_of
from app.memo import DERIVED
from app.models import BackgroundSnapshot, Profile, User
from app.services.compare.habits import main_languages, newest_units
from app.services.compare.profiles import fold_tails, in_parts, stored_profiles
from app.services.event_log import NewEvent, append_events

FIRST_SNAPSHOT_POSTS: Final = 20
GROWTH: Final = 1.25
"""A snapshot is renewed when the number of posts has grown or shrunk by this factor."""
SMALL_POPULATION: Final = 100
"""With fewer, each author that comes belongs into the population, so the snapshot is renewed."""

NOT_FITTED: Final = Fitted()
Drawn = tuple[int, int, str | None]
"""Id, posts and language of an author of the population."""
_IS_OURS: Final = BackgroundSnapshot.recipe == RECIPE


class BackgroundStore:
    """Keeps the newest snapshot in memory."""

    def __init__(self) -> None:
        self.newest = NOT_FITTED

    async def load(self, session: AsyncSession) -> Fitted:
        """Return the newest snapshot that the session sees."""
        version = await session.scalar(select(func.max(BackgroundSnapshot.version)).where(_IS_OURS))
        if version is None:
            return NOT_FITTED
        if version == self.newest.version:
            return self.newest
        of_version = select(BackgroundSnapshot).where(BackgroundSnapshot.version == version)
        found = (await session.scalars(of_version)).one()

        def unpacked() -> Fitted:
            members = msgspec.json.decode(found.members, type=list[Drawn])
            blobs = msgspec.msgpack.decode(found.population, type=list[bytes])
            drawn = [
                CountedAuthor(*member, Counts.from_bytes(blob))
                for member, blob in zip(members, blobs, strict=True)
            ]
            background = Background.from_bytes(found.counts)
            return Fitted(background, found.temperature, Population.of(drawn), version)

        fitted = await asyncio.to_thread(unpacked)
        # A session that began earlier may see an older snapshot.
        if version >= self.newest.version:
            self.newest = fitted
        return fitted


async def is_outgrown(session: AsyncSession) -> bool:
    """Return whether posts or authors are no longer those of the background."""
    total = select(func.sum(User.tweet_count)).where(User.deleted_at.is_(None))
    posts = await session.scalar(total) or 0
    columns = (BackgroundSnapshot.posts, BackgroundSnapshot.authors, BackgroundSnapshot.members)
    snapshots = select(*columns).where(_IS_OURS).order_by(BackgroundSnapshot.version.desc())
    newest = (await session.execute(snapshots.limit(1))).first()
    if newest is None or not newest.posts:
        return posts >= FIRST_SNAPSHOT_POSTS
    if posts >= GROWTH * newest.posts or posts * GROWTH <= newest.posts:
        return True
    ids = [member for member, _, _ in msgspec.json.decode(newest.members, type=list[Drawn])]
    here = select(func.count()).where(
        User.id.in_(ids), User.deleted_at.is_(None), User.tweet_count > 0
    )
    if (await session.scalar(here) or 0) < len(ids):
        return True
    return await _few_authors(session) != int(newest.authors)


async def _few_authors(session: AsyncSession) -> int:
    """Return the number of authors with enough posts, counted to 100."""
    few = select(User.id).where(User.deleted_at.is_(None), User.tweet_count >= FEWEST_JUDGED)
    counted = select(func.count()).select_from(few.limit(SMALL_POPULATION).subquery())
    return await session.scalar(counted) or 0


async def renew_background(db: Sessions) -> None:
    """Fold all tails, and make a new snapshot of all profiles."""
    async with db.read() as session:
        before = await session.scalar(select(func.max(BackgroundSnapshot.version))) or 0
    await fold_tails(db)
    version = before + 1
    async with db.read() as session:
        posts = await session.scalar(select(func.sum(Profile.posts))) or 0
        authors = await _few_authors(session)
        background = await _build(session, posts)
        members, blobs = await _draw(session, version)
        drawn = [user_id for user_id, _, _ in members]
        temperature = await _measure_temperature(session, background, drawn, version)
    blob = await asyncio.to_thread(background.to_bytes)
    async with db.write() as session:
        # A faster worker may have made this version from the same posts.
        await session.execute(
            backend_of(session)
            .insert(BackgroundSnapshot)
            .values(
                version=version,
                recipe=RECIPE,
                posts=posts,
                authors=authors,
                counts=blob,
                temperature=temperature,
                members=msgspec.json.encode(members),
                population=msgspec.msgpack.encode(blobs),
                created_at=now(),
            )
            .on_conflict_do_nothing()
        )
        await session.execute(delete(BackgroundSnapshot).where(BackgroundSnapshot.version < before))
        await append_events(session, [NewEvent("background.made", DERIVED, posts=0)])


async def _build(session: AsyncSession, posts: int) -> Background:
    """Count all stored profiles, some at a time so that memory stays bounded."""
    counter = BackgroundCounter()
    authors = select(Profile.user_id, Profile.posts).where(Profile.recipe == RECIPE)
    rows = (await session.execute(authors.order_by(Profile.user_id))).all()
    for part in in_parts(rows):
        query = select(Profile.counts).where(Profile.user_id.between(part[0], part[-1]))
        blobs = (await session.scalars(query.where(Profile.recipe == RECIPE))).all()
        await asyncio.to_thread(counter.add, map(Counts.from_bytes, blobs))
    return await asyncio.to_thread(counter.background, posts)


async def _draw(session: AsyncSession, version: int) -> tuple[list[Drawn], list[bytes]]:
    """Return the authors of a version's population, and their counts."""
    has_posts = select(User.id, User.tweet_count)
    has_posts = has_posts.where(User.deleted_at.is_(None), User.tweet_count > 0)
    languages = await main_languages(session)
    authors = [
        (user_id, posts, languages.get(user_id))
        for user_id, posts in await session.execute(has_posts)
    ]
    drawn = await asyncio.to_thread(drawn_authors, authors, version)
    query = select(Profile.user_id, Profile.posts, Profile.counts).where(
        Profile.user_id.in_(drawn), Profile.recipe == RECIPE
    )
    rows = (await session.execute(query.order_by(Profile.user_id))).all()
    members = [(row.user_id, row.posts, languages.get(row.user_id)) for row in rows]
    return members, [row.counts for row in rows]


async def _measure_temperature(
    session: AsyncSession, background: Background, user_ids: Sequence[int], seed: int
) -> float:
    """Return the temperature that fits the newest posts of some authors, whose tails are folded."""
    samples = []
    for user_id in user_ids[:ASKED_AUTHORS]:
        whole, _ = (await stored_profiles(session, [user_id]))[user_id]
        most = min(asked_posts(len(user_ids)), whole.posts // 4)
        units = await newest_units(session, user_id, most)
        try:
            held_out = await asyncio.to_thread(hold_out, whole, units)
        except ValueError:  # A post that came after the fold is not in the profile.
            continue
        if held_out.profile.counts.keys.size:
            samples.append(held_out)
    return await asyncio.to_thread(temperature_of, samples, background, seed)
