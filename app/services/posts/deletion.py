"""Remove the rows of deleted authors, in chunks, so that other writers can run in between."""

from collections import Counter
from typing import Final

from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import Sessions
from app.models import Tweet, User
from app.services.event_log import append_event
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


async def purge_deleted(db: Sessions) -> None:
    """Remove all rows of deleted authors."""
    while True:
        async with db.write() as session:
            if not await purge_some(session):
                return


async def purge_some(session: AsyncSession) -> bool:
    """Remove a chunk of the posts of deleted authors, and those without posts; False for none."""
    is_deleted = User.deleted_at.is_not(None)
    some = select(Tweet.id).where(Tweet.user_id.in_(select(User.id).where(is_deleted)))
    some = some.order_by(Tweet.user_id).limit(CHUNK)
    gone = delete(Tweet).where(Tweet.id.in_(some.scalar_subquery())).returning(Tweet.user_id)
    removed = Counter(await session.scalars(gone))
    has_posts = exists().where(Tweet.user_id == User.id)
    empty = select(User.id).where(is_deleted, ~has_posts).limit(CHUNK).scalar_subquery()
    authors = set(await session.scalars(delete(User).where(User.id.in_(empty)).returning(User.id)))
    for user_id in removed.keys() - authors:  # Some of its posts are left.
        await remove_counts(session, user_id, limit=CHUNK)
        count = User.tweet_count - removed[user_id]
        await session.execute(update(User).where(User.id == user_id).values(tweet_count=count))
    if removed:
        # Ranks of search results depend on all words, also on those of deleted posts.
        total = removed.total()
        await append_event(session, "rows.removed", user_id=max(removed), count=total)
    return bool(removed or authors)
