"""Removing the rows of deleted authors, in pieces that leave room for other writers."""

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Final

from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.chunks import chunks
from app.db.sessions import Sessions
from app.models import Tweet, User
from app.services.events import append_event
from app.services.posts.post_counts import remove_counts

PIECE: Final = 500
"""Posts deleted by one transaction, words and all: some 30 ms of the write lock. Authors too."""


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
    while True:
        async with db.write() as session:
            user_ids = await _next_deleted(session)
            if not user_ids:
                return
            gone += await _remove_posts(session, user_ids)
        on_progress(gone)


async def _next_deleted(session: AsyncSession) -> Sequence[int]:
    """Return the deleted authors of the next piece: one, or several who have few posts."""
    query = select(User.id, User.tweet_count).where(User.deleted_at.is_not(None))
    users = (await session.execute(query.order_by(User.id).limit(PIECE))).all()
    before = accumulate((user.tweet_count for user in users), initial=0)
    return [user.id for user, posts in zip(users, before, strict=False) if posts < PIECE]


async def _remove_posts(session: AsyncSession, user_ids: Sequence[int]) -> int:
    """Remove the first posts of these authors, and the authors that have none left.

    Return how many posts there were.
    """
    removed: Counter[int] = Counter()
    empty: list[int] = []
    for some in chunks(user_ids):
        piece = select(Tweet.id).where(Tweet.user_id.in_(some)).limit(PIECE - removed.total())
        gone = delete(Tweet).where(Tweet.id.in_(piece.scalar_subquery())).returning(Tweet.user_id)
        removed.update(await session.scalars(gone))
        has_posts = exists().where(Tweet.user_id == User.id)
        empty += await session.scalars(select(User.id).where(User.id.in_(some), ~has_posts))
    for user_id in removed.keys() - set(empty):
        await remove_counts(session, user_id, limit=PIECE)
        count = User.tweet_count - removed[user_id]
        await session.execute(update(User).where(User.id == user_id).values(tweet_count=count))
    for some in chunks(empty):
        await session.execute(delete(User).where(User.id.in_(some)))
    if removed:
        # Ranks of search results rest on all words, those of deleted posts included.
        total = removed.total()
        await append_event(session, "rows.removed", user_id=max(removed), count=total)
    return removed.total()
