"""Deleting single posts, and their counts."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Integer, bindparam, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import UNTRACKED, is_among, table_of, update_by_id
from app.models import Room, Tweet, User
from app.services.compare.profiles import ProfiledPost, subtract_posts
from app.services.event_log import NewEvent, append_events
from app.services.posts.post_counts import count_posts
from app.services.posts.post_rooms import IS_KEPT, count_messages, remove_empty_rooms
from app.services.posts.tweets import get_post


class RemovedPost(NamedTuple):
    id: int
    user_id: int
    room_id: int | None
    event_id: int
    text: str
    created_at: datetime | None
    lang: str | None


async def delete_post(session: AsyncSession, tweet_id: int) -> None:
    """Delete a post, also from its author's profile. Raises NotFoundError."""
    await get_post(session, tweet_id)
    [post] = await remove_posts(session, Tweet.id == tweet_id)
    # A deleted room has no people any more whose messages could be counted.
    of_kept = select(Room.id).where(Room.id == post.room_id, IS_KEPT)
    if (room_id := await session.scalar(of_kept)) is not None:
        await count_messages(session, (), [(room_id, post.user_id)])
        await remove_empty_rooms(session, [room_id])


async def remove_posts(
    session: AsyncSession, is_meant: ColumnElement[bool]
) -> Sequence[RemovedPost]:
    """Remove and return existing authors' posts, also from profiles and counts."""
    query = select(*(getattr(Tweet, name) for name in RemovedPost._fields)).join(
        User, User.id == Tweet.user_id
    )
    query = query.where(is_meant, User.deleted_at.is_(None))
    posts = [RemovedPost(*row) for row in await session.execute(query)]
    if not posts:
        return []
    await subtract_posts(
        session, [ProfiledPost(post.user_id, post.event_id, post.text) for post in posts]
    )
    gone_ids = is_among(session, Tweet.id, [post.id for post in posts])
    await session.execute(delete(Tweet).where(gone_ids), execution_options=UNTRACKED)
    await count_posts(session, (), [(post.user_id, post.created_at, post.lang) for post in posts])
    gone = Counter(post.user_id for post in posts)
    counts = [{"changed": user_id, "gone": number} for user_id, number in gone.items()]
    table, number = table_of(User), bindparam("gone", type_=Integer)
    fewer = {"tweet_count": table.c.tweet_count - number, "version": table.c.version + number}
    await session.execute(update_by_id(User).values(fewer), counts)
    events = [NewEvent("tweet.deleted", post.user_id, post.id) for post in posts]
    await append_events(session, events)
    return posts
