"""Sets of vectors: made by one model, in the order of the posts' ids, kept apart from others."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import and_, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import now
from app.db.backend import Sessions
from app.embedders import EmbedderError
from app.models import Embedding, Tweet, User, VectorSet

REMOVED_AT_ONCE: Final = 2_000
OTHER_LENGTH: Final = "the embedder's vectors have another length; run: saywho embed --all"


async def newest_set(session: AsyncSession, model: str) -> VectorSet | None:
    """Return the model's set that posts are added to; one that was stopped only if there is no
    other."""
    ours = select(VectorSet).where(VectorSet.model == model)
    best = ours.order_by(VectorSet.is_stopped, VectorSet.id.desc()).limit(1)
    return await session.scalar(best)


class StoppedError(Exception):
    """Somebody stopped the making of the vectors."""


async def last_set(session: AsyncSession, model: str) -> VectorSet | None:
    """Return the model's set that was begun last, stopped or not."""
    ours = select(VectorSet).where(VectorSet.model == model)
    return await session.scalar(ours.order_by(VectorSet.id.desc()).limit(1))


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
    """Let the model's set that was stopped go on; return the one begun last."""
    current = await last_set(session, model)
    if current is not None and current.is_stopped:
        current.is_stopped = False
        current.began_at, current.began_to = now(), current.embedded_to
    return current


async def stop_set(session: AsyncSession, model: str) -> bool:
    """Let nobody add to the set that is being made, whoever is at it; return whether one was.

    What was made stays. Each write of the work looks for this in its own transaction.
    """
    current = await newest_set(session, model)
    if current is None or not await is_under_way(session, current):
        return False
    current.is_stopped = True
    return True


async def is_under_way(session: AsyncSession, current: VectorSet) -> bool:
    """Return whether there is something to add to the set, and it was not stopped."""
    if current.is_stopped:
        return False
    return not current.is_complete or await is_behind(session, current)


async def is_behind(session: AsyncSession, current: VectorSet) -> bool:
    """Return whether there are posts that the set has not come to."""
    next_one = select(Tweet.id).where(Tweet.id > current.embedded_to).limit(1)
    return await session.scalar(next_one) is not None


async def next_posts(
    session: AsyncSession, current: VectorSet, limit: int
) -> list[tuple[int, str | None]]:
    """Return the next posts, without the text where their author is deleted."""
    query = (
        select(Tweet.id, Tweet.text, User.deleted_at)
        .join(User, User.id == Tweet.user_id)
        .where(Tweet.id > current.embedded_to)
        .order_by(Tweet.id)
        .limit(limit)
    )
    rows = await session.execute(query)
    return [(row.id, None if row.deleted_at else row.text) for row in rows]


async def store_vectors(
    db: Sessions, current: VectorSet, ids: Sequence[int], vectors: NDArray[np.float32], *, to: int
) -> None:
    """Store the vectors (n, d) of these posts; the set has then come to the post `to`.

    Raises EmbedderError if the set's vectors have another length, and StoppedError.
    """
    dimension = vectors.shape[1] if ids else current.dimension
    if current.dimension not in {None, dimension}:
        raise EmbedderError(OTHER_LENGTH)
    async with db.write() as session:
        await _check_goes_on(session, current)
        # Some may have been deleted since they were read.
        there = set(await session.scalars(select(Tweet.id).where(Tweet.id.in_(ids))))
        stored = delete(Embedding).where(
            Embedding.set_id == current.id, Embedding.tweet_id.in_(ids)
        )
        await session.execute(stored)
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


async def _check_goes_on(session: AsyncSession, current: VectorSet) -> None:
    """Raise StoppedError if the set was stopped."""
    is_stopped = select(VectorSet.is_stopped).where(VectorSet.id == current.id)
    if await session.scalar(is_stopped):
        raise StoppedError


async def complete_set(db: Sessions, current: VectorSet) -> None:
    """Let the set answer, and remove all others, piece by piece; raises StoppedError.

    One that was begun after it and stopped stays, to be gone on with.
    """
    is_newer = and_(VectorSet.model == current.model, VectorSet.id > current.id)
    async with db.read() as session:
        query = select(VectorSet.id).where(VectorSet.id != current.id, ~is_newer)
        others = list(await session.scalars(query))
    if not current.is_complete:
        async with db.write() as session:
            await _check_goes_on(session, current)
            done = update(VectorSet).where(VectorSet.id == current.id)
            await session.execute(done.values(is_complete=True))
        current.is_complete = True
    for other in others:
        await _remove_set(db, other)


async def _remove_set(db: Sessions, set_id: int) -> None:
    """Remove a set, its vectors piece by piece so that others can write in between."""
    while await _remove_some(db, set_id) == REMOVED_AT_ONCE:
        pass
    async with db.write() as session:
        await session.execute(delete(VectorSet).where(VectorSet.id == set_id))


async def _remove_some(db: Sessions, set_id: int) -> int:
    async with db.write() as session:
        piece = select(Embedding.tweet_id).where(Embedding.set_id == set_id).limit(REMOVED_AT_ONCE)
        ids = list(await session.scalars(piece))
        await session.execute(
            delete(Embedding).where(Embedding.set_id == set_id, Embedding.tweet_id.in_(ids))
        )
        return len(ids)


async def count_missing(session: AsyncSession, model: str) -> int:
    """Return how many posts the newest set has not come to."""
    return await count_beyond(session, await newest_set(session, model))


async def count_beyond(session: AsyncSession, current: VectorSet | None) -> int:
    """Return how many posts the set has not come to."""
    reached = current.embedded_to if current else 0
    return await session.scalar(select(func.count(Tweet.id)).where(Tweet.id > reached)) or 0
