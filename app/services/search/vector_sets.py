"""Sets of vectors: made by one model, in the order of the posts' ids, and kept apart."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Select, and_, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import now
from app.db.backend import Sessions
from app.embedders import EmbedderError
from app.models import Embedding, Tweet, User, VectorSet

REMOVED_AT_ONCE: Final = 2_000
OTHER_LENGTH: Final = "the embedder's vectors have another length; run: saywho embed --all"


class StoppedError(Exception):
    """An operator stopped the making of the vectors."""


async def newest_set(session: AsyncSession, model: str) -> VectorSet | None:
    """Return the model's newest set; a stopped one only if there is no other."""
    return await session.scalar(_of(model).order_by(VectorSet.is_stopped, VectorSet.id.desc()))


async def _last_set(session: AsyncSession, model: str) -> VectorSet | None:
    return await session.scalar(_of(model).order_by(VectorSet.id.desc()))


def _of(model: str) -> Select[VectorSet]:
    return select(VectorSet).where(VectorSet.model == model).limit(1)


async def begin_set(db: Sessions, model: str) -> VectorSet:
    """Return a new set of the model, or the one that is not complete yet."""
    async with db.write() as session:
        current = await resume_set(session, model)
        if current is None or current.is_complete:
            current = VectorSet(
                model=model, dimension=None, embedded_to=0, is_complete=False, began_at=now()
            )
            session.add(current)
        return current


async def resume_set(session: AsyncSession, model: str) -> VectorSet | None:
    """Resume the model's newest set if it was stopped; return that set."""
    current = await _last_set(session, model)
    if current is not None and current.is_stopped:
        current.is_stopped = False
        current.began_at, current.began_to = now(), current.embedded_to
    return current


async def stop_set(session: AsyncSession, model: str) -> bool:
    """Stop the set that is being made, by whichever process; return whether one was.

    Stored vectors stay. Each write of the work checks for this in its own transaction.
    """
    current = await newest_set(session, model)
    if current is None or not await is_under_way(session, current):
        return False
    current.is_stopped = True
    return True


async def is_under_way(session: AsyncSession, current: VectorSet) -> bool:
    """Return whether the set lacks posts or completion, and was not stopped."""
    return not current.is_stopped and await _is_unfinished(session, current)


async def _is_unfinished(session: AsyncSession, current: VectorSet) -> bool:
    following = select(Tweet.id).where(Tweet.id > current.embedded_to).limit(1)
    return not current.is_complete or await session.scalar(following) is not None


async def next_posts(
    session: AsyncSession, current: VectorSet, limit: int
) -> list[tuple[int, str | None]]:
    """Return the next posts, without a text where there is none, or the author is deleted."""
    query = (
        select(Tweet.id, Tweet.text, User.deleted_at)
        .join(User, User.id == Tweet.user_id)
        .where(Tweet.id > current.embedded_to)
        .order_by(Tweet.id)
        .limit(limit)
    )
    rows = await session.execute(query)
    return [(row.id, None if row.deleted_at else row.text or None) for row in rows]


async def store_vectors(
    db: Sessions, current: VectorSet, ids: Sequence[int], vectors: NDArray[np.float32], *, to: int
) -> None:
    """Store the vectors (n, d) of these posts; the set then covers posts up to `to`.

    Raises EmbedderError if the set's vectors have another length, and StoppedError.
    """
    dimension = vectors.shape[1] if ids else current.dimension
    if current.dimension not in {None, dimension}:
        raise EmbedderError(OTHER_LENGTH)
    async with db.write() as session:
        await _check_not_stopped(session, current)
        # Some may have been deleted since they were read.
        there = set(await session.scalars(select(Tweet.id).where(Tweet.id.in_(ids))))
        is_repeated = Embedding.tweet_id.in_(ids)
        await session.execute(delete(Embedding).where(Embedding.set_id == current.id, is_repeated))
        rows = [
            {"tweet_id": tweet_id, "set_id": current.id, "vector": vector}
            for tweet_id, vector in zip(ids, vectors, strict=True)
            if tweet_id in there
        ]
        if rows:
            await session.execute(insert(Embedding), rows)
        moved = update(VectorSet).where(VectorSet.id == current.id)
        await session.execute(moved.values(embedded_to=to, dimension=dimension))
    current.embedded_to, current.dimension = to, dimension


async def _check_not_stopped(session: AsyncSession, current: VectorSet) -> None:
    if await session.scalar(select(VectorSet.is_stopped).where(VectorSet.id == current.id)):
        raise StoppedError


async def complete_set(db: Sessions, current: VectorSet) -> None:
    """Answer from this set, and remove all others in parts. Raises StoppedError.

    A stopped set that was begun after this one stays, since it can be resumed.
    """
    is_newer = and_(VectorSet.model == current.model, VectorSet.id > current.id)
    async with db.read() as session:
        query = select(VectorSet.id).where(VectorSet.id != current.id, ~is_newer)
        others = list(await session.scalars(query))
    if not current.is_complete:
        async with db.write() as session:
            await _check_not_stopped(session, current)
            done = update(VectorSet).where(VectorSet.id == current.id)
            await session.execute(done.values(is_complete=True))
        current.is_complete = True
    for other in others:
        while await _remove_vectors(db, other) == REMOVED_AT_ONCE:
            pass
        async with db.write() as session:
            await session.execute(delete(VectorSet).where(VectorSet.id == other))


async def _remove_vectors(db: Sessions, set_id: int) -> int:
    """Remove some vectors of a set, so that others can write in between; return how many."""
    async with db.write() as session:
        some = select(Embedding.tweet_id).where(Embedding.set_id == set_id).limit(REMOVED_AT_ONCE)
        ids = list(await session.scalars(some))
        is_one = Embedding.tweet_id.in_(ids)
        await session.execute(delete(Embedding).where(Embedding.set_id == set_id, is_one))
        return len(ids)


async def count_missing(session: AsyncSession, model: str) -> int:
    """Return the number of posts that the newest set does not cover."""
    return await _count_beyond(session, await newest_set(session, model))


async def _count_beyond(session: AsyncSession, current: VectorSet | None) -> int:
    reached = current.embedded_to if current else 0
    return await session.scalar(select(func.count(Tweet.id)).where(Tweet.id > reached)) or 0


@dataclass(frozen=True, slots=True)
class VectorState:
    """The progress of a model's vectors."""

    name: Literal["nothing", "complete", "under way", "stopped"]
    posts: int
    done: int
    """Posts that the newest set covers."""
    has_older: bool
    """Whether an older set answers meanwhile."""
    began_at: datetime | None
    """When the run began or was resumed; None unless an operator began it."""
    share_since: float
    """Share of what was missing then that is done, in [0, 1]."""

    @property
    def share(self) -> float:
        """Share of all posts that is done, in [0, 1]."""
        return self.done / self.posts if self.posts else 1.0


async def vector_state(session: AsyncSession, model: str) -> VectorState:
    """Return the progress of the model's vectors."""
    posts = await session.scalar(select(func.sum(User.tweet_count))) or 0
    current = await _last_set(session, model)
    if current is None:
        return VectorState("under way" if posts else "nothing", posts, 0, False, None, 0.0)
    name: Literal["complete", "under way", "stopped"] = "complete"
    if current.is_stopped:
        name = "stopped"
    elif await _is_unfinished(session, current):
        name = "under way"
    is_older = VectorSet.is_complete & (VectorSet.id < current.id)
    # By ids, which need no counting.
    newest = await session.scalar(select(func.max(Tweet.id))) or 0
    missing = newest - current.began_to
    return VectorState(
        name,
        posts,
        max(0, posts - await _count_beyond(session, current)),
        not current.is_complete and await session.scalar(_of(model).where(is_older)) is not None,
        current.began_at if not current.is_complete else None,
        (current.embedded_to - current.began_to) / missing if missing > 0 else 1.0,
    )
