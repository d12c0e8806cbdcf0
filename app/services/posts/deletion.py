"""Remove the rows of deleted authors, in chunks, so that other writers can run in between."""

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Final

from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import Sessions, chunks
from app.models import Tweet, User
from app.services.events import append_event
from app.services.posts.post_counts import remove_counts

CHUNK: Final = 500
"""Most posts, and most authors, deleted by one transaction: some 30 ms of the write lock."""


async def count_deleted(session: AsyncSession) -> int:
    """Return the number of posts of deleted authors that have not been removed yet."""
    query = select(func.sum(User.tweet_count)).where(User.deleted_at.is_not(None))
    return await session.scalar(query) or 0


async def count_deleted_authors(session: AsyncSession) -> int:
    """Return the number of deleted authors that still have rows."""
    query = select(func.count()).select_from(User).where(User.deleted_at.is_not(None))
    return await session.scalar(query) or 0


async def purge_deleted(
    db: Sessions, *, on_progress: Callable[[int], None] = lambda _: None
) -> None:
    """Remove all rows of deleted authors; report the posts removed so far after each chunk."""
    gone = 0
    while True:
        async with db.write() as session:
            user_ids = await _next_deleted(session)
            if not user_ids:
                return
            gone += await _remove_posts(session, user_ids)
        on_progress(gone)


async def _next_deleted(session: AsyncSession) -> Sequence[int]:
    """Return the deleted authors of the next chunk: one, or several with few posts."""
    query = select(User.id, User.tweet_count).where(User.deleted_at.is_not(None))
    users = (await session.execute(query.order_by(User.id).limit(CHUNK))).all()
    before = accumulate((user.tweet_count for user in users), initial=0)
    return [user.id for user, posts in zip(users, before, strict=False) if posts < CHUNK]


async def _remove_posts(session: AsyncSession, user_ids: Sequence[int]) -> int:
    """Remove the first posts of these authors, and the authors without posts.

    Return the number of posts removed.
    """
    removed: Counter[int] = Counter()
    empty: list[int] = []
    for some in chunks(user_ids):
        chunk = select(Tweet.id).where(Tweet.user_id.in_(some)).limit(CHUNK - removed.total())
        gone = delete(Tweet).where(Tweet.id.in_(chunk.scalar_subquery())).returning(Tweet.user_id)
        removed.update(await session.scalars(gone))
        has_posts = exists().where(Tweet.user_id == User.id)
        empty += await session.scalars(select(User.id).where(User.id.in_(some), ~has_posts))
    for user_id in removed.keys() - set(empty):
        await remove_counts(session, user_id, limit=CHUNK)
        count = User.tweet_count - removed[user_id]
        await session.execute(update(User).where(User.id == user_id).values(tweet_count=count))
    for some in chunks(empty):
        await session.execute(delete(User).where(User.id.in_(some)))
    if removed:
        # Ranks of search results depend on all words, also on those of deleted posts.
        total = removed.total()
        await append_event(session, "rows.removed", user_id=max(removed), count=total)
    return removed.total()
