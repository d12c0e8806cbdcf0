"""Deleting posts and authors.

They are gone from every answer at once. The rows of authors follow in chunks, so that other writers
can run in between.
"""

from collections.abc import Callable
from typing import Final

from sqlalchemy import Select, String, cast, delete, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import now
from app.db.backend import Sessions
from app.models import LiveSource, Profile, Site, Tweet, User
from app.services.compare.profiles import subtract_tweet
from app.services.event_log import NewEvent, append_events
from app.services.posts.message_counts import count_messages, remove_empty_rooms
from app.services.posts.post_counts import count_posts
from app.services.posts.tweets import get_post
from app.services.posts.users import get_user

DELETED_PREFIX: Final = "\x01"
"""First character of a deleted author's key; names hold no control characters."""
CHUNK: Final = 500
"""Most posts, and most authors, deleted by one transaction: some 30 ms of the write lock."""


async def count_deleted_authors(session: AsyncSession) -> int:
    """Return the number of deleted authors that still have rows."""
    query = select(func.count()).select_from(User).where(User.deleted_at.is_not(None))
    return await session.scalar(query) or 0


async def purge_deleted(
    db: Sessions, *, on_progress: Callable[[int, int], None] = lambda _done, _total: None
) -> None:
    """Remove all rows of deleted authors; report after each chunk how many of all are gone."""
    async with db.read() as session:
        posts = select(Tweet.id).where(Tweet.user_id.in_(_deleted_authors())).subquery()
        total = await session.scalar(select(func.count()).select_from(posts)) or 0
        total += await count_deleted_authors(session)
    done = 0
    while True:
        async with db.write() as session:
            removed = await purge_some(session)
        if not removed:
            return
        done += removed
        on_progress(min(done, total), total)


def _deleted_authors() -> Select[int]:
    return select(User.id).where(User.deleted_at.is_not(None))


async def purge_some(session: AsyncSession) -> int:
    """Remove a chunk of the posts of deleted authors, and those without posts; return how many."""
    is_deleted = User.deleted_at.is_not(None)
    posts = select(Tweet.id).where(Tweet.user_id.in_(_deleted_authors()))
    posts = posts.order_by(Tweet.user_id).limit(CHUNK)
    gone = delete(Tweet).where(Tweet.id.in_(posts.scalar_subquery())).returning(Tweet.user_id)
    removed = (await session.scalars(gone)).all()
    has_posts = exists().where(Tweet.user_id == User.id)
    empty = select(User.id).where(is_deleted, ~has_posts).limit(CHUNK).scalar_subquery()
    authors = delete(User).where(User.id.in_(empty)).returning(User.id)
    ended = (await session.scalars(authors)).all()
    if ended:
        await remove_empty_rooms(session)
    if removed:
        # Ranks of search results depend on all words, also on those of deleted posts.
        event = NewEvent("rows.removed", max(removed), posts=len(removed))
        await append_events(session, [event])
    return len(removed) + len(ended)


async def delete_post(session: AsyncSession, tweet_id: int) -> None:
    """Delete a post, and take it out of its author's profile. Raises NotFoundError."""
    await get_post(session, tweet_id)
    tweet = await session.get_one(Tweet, tweet_id)
    await subtract_tweet(session, tweet)
    await session.execute(delete(Tweet).where(Tweet.id == tweet_id))
    await count_posts(session, (), [(tweet.user_id, tweet.created_at, tweet.lang)])
    if tweet.room_id is not None:
        await count_messages(session, (), [(tweet.room_id, tweet.user_id)])
        await remove_empty_rooms(session, [tweet.room_id])
    await session.execute(
        update(User)
        .where(User.id == tweet.user_id)
        .values(tweet_count=User.tweet_count - 1, version=User.version + 1)
    )
    await append_events(session, [NewEvent("tweet.deleted", tweet.user_id, tweet_id)])


async def delete_user(session: AsyncSession, username: str) -> None:
    """Remove the author and all posts from every answer at once.

    The name is free again; `purge_deleted` removes the rows. Raises NotFoundError.
    """
    user = await get_user(session, username)
    # A followed author would come back with the next visit.
    await session.execute(delete(LiveSource).where(LiveSource.username_key == user.username_key))
    user.deleted_at = now()
    user.username_key = f"{DELETED_PREFIX}{user.id}"
    await session.execute(delete(Profile).where(Profile.user_id == user.id))
    await session.execute(update(Site).where(Site.own_user_id == user.id).values(own_user_id=None))
    await append_events(session, [NewEvent("user.deleted", user.id, posts=user.tweet_count)])


async def delete_everybody(session: AsyncSession) -> None:
    """Delete all authors as `delete_user` does; the next one to come may be the site's own."""
    marked = update(User).where(User.deleted_at.is_(None)).returning(User.id, User.tweet_count)
    gone = (
        await session.execute(
            marked.values(deleted_at=now(), username_key=DELETED_PREFIX + cast(User.id, String)),
            execution_options={"synchronize_session": False},
        )
    ).all()
    await session.execute(delete(Profile))
    await session.execute(delete(LiveSource))
    await session.execute(update(Site).values(own_user_id=None, is_own_chosen=False))
    if gone:
        events = [NewEvent("user.deleted", user_id, posts=posts) for user_id, posts in gone]
        await append_events(session, events)
