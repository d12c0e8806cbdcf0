"""The background, its temperature and its population: one snapshot for all workers.

Answers with the same version depend on the same three. These may lag behind the posts; the
authors' own counts never do. What is stored are counts of posts here, without those of the sample
authors; the shipped authors' are added when it is read.
"""

import asyncio
import zlib
from collections.abc import Collection, Sequence
from typing import Final

import msgspec
from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import now
from app.compute.background import EMPTY_BACKGROUND, Background, BackgroundCounter
from app.compute.case import Fitted
from app.compute.counts import Counts
from app.compute.features import RECIPE
from app.compute.fitting import ASKED_AUTHORS, asked_posts, hold_out, temperature_of
from app.compute.judgement import FEWEST_JUDGED
from app.compute.population import CountedAuthor, Population, drawn_authors
from app.db.backend import Sessions, backend_of, counts_shipped
from app.memo import DERIVED
from app.models import BackgroundSnapshot, Profile, User
from app.population import shipped_authors, shipped_digest
from app.services.compare.habits import main_languages, newest_units
from app.services.compare.profiles import fold_tails, in_parts, stored_profiles
from app.services.event_log import NewEvent, append_events
from app.services.posts.samples import sample_ids

FIRST_SNAPSHOT_POSTS: Final = 20
GROWTH: Final = 1.25
"""A snapshot is renewed when the number of posts has grown or shrunk by this factor."""
SMALL_POPULATION: Final = 100
"""With fewer, each author that comes belongs into the population, so the snapshot is renewed."""

Drawn = tuple[int, int, str | None]
"""Id, posts and language of an author of the population."""
_FORM: Final = 2
"""Version of what a snapshot holds."""


class Members(msgspec.Struct, frozen=True):
    """Whose counts a snapshot holds."""

    drawn: list[Drawn]
    """The sample authors are the last ones."""
    samples: list[int]


class BackgroundStore:
    """Keeps the newest snapshot in memory, with the shipped authors."""

    def __init__(self) -> None:
        self.newest: Fitted | None = None
        """None before the first comparison."""

    def clear(self) -> None:
        """Forget the snapshot."""
        self.newest = None

    async def load(self, session: AsyncSession) -> Fitted:
        """Return the newest snapshot that the session sees; before the first, the shipped alone."""
        is_ours = BackgroundSnapshot.recipe == _recipe(session)
        version = (
            await session.scalar(select(func.max(BackgroundSnapshot.version)).where(is_ours)) or 0
        )
        if self.newest is not None and version == self.newest.version:
            return self.newest
        of_version = select(BackgroundSnapshot).where(BackgroundSnapshot.version == version)
        snapshot = (await session.scalars(of_version)).one_or_none()
        fitted = await asyncio.to_thread(_read, snapshot, is_wanted=counts_shipped(session))
        # A session that began earlier may see an older snapshot.
        if self.newest is None or version >= self.newest.version:
            self.newest = fitted
        return fitted


def _read(snapshot: BackgroundSnapshot | None, *, is_wanted: bool) -> Fitted:
    """Return a snapshot with the shipped authors, if they are wanted; call it in a thread.

    It takes 30 MiB for a moment.
    """
    shipped = shipped_authors(is_wanted=is_wanted)
    populations = dict(shipped.populations)
    if snapshot is None:
        return Fitted(shipped.background(EMPTY_BACKGROUND), shipped=populations)
    members = msgspec.json.decode(snapshot.members, type=Members)
    blobs = msgspec.msgpack.decode(snapshot.population, type=list[bytes])
    drawn = [
        CountedAuthor(*member, Counts.from_bytes(blob))
        for member, blob in zip(members.drawn, blobs, strict=True)
    ]
    return Fitted(
        shipped.background(Background.from_bytes(snapshot.counts)),
        snapshot.temperature,
        Population.of(drawn),
        snapshot.version,
        populations,
        frozenset(members.samples),
    )


def _recipe(session: AsyncSession) -> int:
    """Return a number for all that a snapshot and its temperature were made by."""
    shipped = shipped_digest() if counts_shipped(session) else ""
    return zlib.crc32(f"{_FORM} {RECIPE} {shipped}".encode()) >> 1


async def is_outgrown(session: AsyncSession) -> bool:
    """Return whether posts or authors are no longer those of the background."""
    samples = await sample_ids(session)
    total = select(func.sum(User.tweet_count)).where(User.deleted_at.is_(None))
    posts = await session.scalar(total.where(User.id.not_in(samples))) or 0
    columns = (BackgroundSnapshot.posts, BackgroundSnapshot.authors, BackgroundSnapshot.members)
    is_ours = BackgroundSnapshot.recipe == _recipe(session)
    snapshots = select(*columns).where(is_ours).order_by(BackgroundSnapshot.version.desc())
    newest = (await session.execute(snapshots.limit(1))).first()
    if newest is None:
        return posts >= FIRST_SNAPSHOT_POSTS or bool(samples)
    members = msgspec.json.decode(newest.members, type=Members)
    if samples != members.samples:
        return True
    if not newest.posts:
        return posts >= FIRST_SNAPSHOT_POSTS
    if posts >= GROWTH * newest.posts or posts * GROWTH <= newest.posts:
        return True
    ids = [member for member, _, _ in members.drawn]
    here = select(func.count()).where(
        User.id.in_(ids), User.deleted_at.is_(None), User.tweet_count > 0
    )
    if (await session.scalar(here) or 0) < len(ids):
        return True
    return await _few_authors(session, samples) != int(newest.authors)


async def _few_authors(session: AsyncSession, samples: Collection[int]) -> int:
    """Return the number of authors with enough posts, without the samples, counted to 100."""
    few = select(User.id).where(User.deleted_at.is_(None), User.tweet_count >= FEWEST_JUDGED)
    few = few.where(User.id.not_in(samples))
    counted = select(func.count()).select_from(few.limit(SMALL_POPULATION).subquery())
    return await session.scalar(counted) or 0


async def renew_background(db: Sessions) -> None:
    """Fold all tails, and make a new snapshot of all profiles."""
    async with db.read() as session:
        before = await session.scalar(select(func.max(BackgroundSnapshot.version))) or 0
    await fold_tails(db)
    async with db.read() as session:
        is_wanted, recipe = counts_shipped(session), _recipe(session)
        shipped = await asyncio.to_thread(shipped_authors, is_wanted=is_wanted)
        samples = await sample_ids(session)
        total = select(func.sum(Profile.posts)).where(Profile.user_id.not_in(samples))
        posts = await session.scalar(total) or 0
        authors = await _few_authors(session, samples)
        fresh = await _build(session, posts, samples)
        # By the same posts the same authors and temperature, whatever samples there are.
        members, blobs = await _draw(session, samples, seed=posts)
        counted = [user_id for user_id, _, _ in members.drawn if user_id not in samples]
        joined = await asyncio.to_thread(shipped.background, fresh)
        temperature = await _measure_temperature(session, joined, counted, seed=posts)
    blob = await asyncio.to_thread(fresh.to_bytes)
    async with db.write() as session:
        # A faster worker may have made this version from the same posts.
        await session.execute(
            backend_of(session)
            .insert(BackgroundSnapshot)
            .values(
                version=before + 1,
                recipe=recipe,
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


async def _build(session: AsyncSession, posts: int, samples: Collection[int]) -> Background:
    """Count all stored profiles but the samples', some at a time so that memory stays bounded."""
    counter = BackgroundCounter()
    counted = (Profile.recipe == RECIPE, Profile.user_id.not_in(samples))
    authors = select(Profile.user_id, Profile.posts).where(*counted)
    rows = (await session.execute(authors.order_by(Profile.user_id))).all()
    for part in in_parts(rows):
        query = select(Profile.counts).where(Profile.user_id.between(part[0], part[-1]))
        blobs = (await session.scalars(query.where(*counted))).all()
        await asyncio.to_thread(counter.add, map(Counts.from_bytes, blobs))
    return await asyncio.to_thread(counter.background, posts)


async def _draw(
    session: AsyncSession, samples: Collection[int], seed: int
) -> tuple[Members, list[bytes]]:
    """Return the authors of a population, then the samples, and the counts of all."""
    has_posts = select(User.id, User.tweet_count)
    has_posts = has_posts.where(User.deleted_at.is_(None), User.tweet_count > 0)
    languages = await main_languages(session)
    authors = [
        (user_id, posts, languages.get(user_id))
        for user_id, posts in await session.execute(has_posts)
        if user_id not in samples
    ]
    drawn = [*await asyncio.to_thread(drawn_authors, authors, seed), *samples]
    query = select(Profile.user_id, Profile.posts, Profile.counts).where(
        Profile.user_id.in_(drawn), Profile.recipe == RECIPE
    )
    order = (Profile.user_id.in_(samples), Profile.user_id)
    rows = (await session.execute(query.order_by(*order))).all()
    members = [(row.user_id, row.posts, languages.get(row.user_id)) for row in rows]
    return Members(members, list(samples)), [row.counts for row in rows]


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
