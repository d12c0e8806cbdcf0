"""Removing the rows of deleted authors, in pieces that leave room for other writers."""

from collections.abc import Callable
from typing import Final

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.lease import Sessions
from app.models import Tweet, User
from app.services.events import append_event
from app.services.post_counts import remove_counts

PIECE: Final = 500
"""Posts deleted by one transaction, words and all: some 30 ms of the write lock."""


async def count_deleted(session: AsyncSession) -> int:
    """Return how many posts of deleted authors are still to be removed."""
    query = select(func.sum(User.tweet_count)).where(User.deleted_at.is_not(None))
    return await session.scalar(query) or 0


async def count_deleted_authors(session: AsyncSession) -> int:
    """Return how many deleted authors still have rows."""
    query = select(func.count()).select_from(User).where(User.deleted_at.is_not(None))
    return await session.scalar(query) or 0


async def purge_deleted(
    db: Sessions, *, on_progress: Callable[[int], None] = lambda _: None
) -> None:
    """Remove all rows of deleted authors; tell after each piece how many posts are gone by now."""
    gone = 0
    while (user_id := await _next_deleted(db)) is not None:
        async with db.write() as session:
            piece = select(Tweet.id).where(Tweet.user_id == user_id).limit(PIECE)
            ids = await session.scalars(
                delete(Tweet).where(Tweet.id.in_(piece.scalar_subquery())).returning(Tweet.id)
            )
            removed = len(ids.all())
            await remove_counts(session, user_id, limit=PIECE)
            if removed:
                count = User.tweet_count - removed
                changed = update(User).where(User.id == user_id).values(tweet_count=count)
                await session.execute(changed)
                # Ranks of search results rest on all words, those of deleted posts included.
                await append_event(session, "rows.removed", user_id=user_id, count=removed)
            else:
                await session.execute(delete(User).where(User.id == user_id))
        gone += removed
        on_progress(gone)


async def _next_deleted(db: Sessions) -> int | None:
    async with db.read() as session:
        query = select(User.id).where(User.deleted_at.is_not(None)).limit(1)
        return await session.scalar(query)
