"""Deleting single posts, from all that is counted of them too."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple
from typing import cast as cast_type

from sqlalchemy import ColumnElement, Table, bindparam, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import is_among
from app.models import Room, Tweet, User
from app.services.compare.profiles import ProfiledPost, subtract_posts
from app.services.event_log import NewEvent, append_events
from app.services.posts.post_counts import count_posts
from app.services.posts.post_rooms import IS_KEPT, count_messages, remove_empty_rooms
from app.services.posts.tweets import get_post

_UNTRACKED: Final = {"synchronize_session": False}
_USER: Final = cast_type(Table, User.__table__)
_TAKE_AWAY: Final = (
    update(_USER)
    .where(_USER.c.id == bindparam("changed"))
    .values(
        tweet_count=_USER.c.tweet_count - bindparam("gone"),
        version=_USER.c.version + bindparam("gone"),
    )
)


class RemovedPost(NamedTuple):
    """What a post was, as far as something is counted of it."""

    id: int
    user_id: int
    room_id: int | None
    event_id: int
    text: str
    created_at: datetime | None
    lang: str | None


_REMOVED: Final = tuple(getattr(Tweet, name) for name in RemovedPost._fields)


async def delete_post(session: AsyncSession, tweet_id: int) -> None:
    """Delete a post, and take it out of its author's profile. Raises NotFoundError."""
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
    """Remove posts of people who are here, from profiles and counts, too; return what they were."""
    query = select(*_REMOVED).join(User, User.id == Tweet.user_id)
    query = query.where(is_meant, User.deleted_at.is_(None))
    posts = [RemovedPost(*row) for row in await session.execute(query)]
    if not posts:
        return []
    await subtract_posts(
        session, [ProfiledPost(post.user_id, post.event_id, post.text) for post in posts]
    )
    gone_ids = is_among(session, Tweet.id, [post.id for post in posts])
    await session.execute(delete(Tweet).where(gone_ids), execution_options=_UNTRACKED)
    await count_posts(session, (), [(post.user_id, post.created_at, post.lang) for post in posts])
    gone = Counter(post.user_id for post in posts)
    counts = [{"changed": user_id, "gone": number} for user_id, number in gone.items()]
    await session.execute(_TAKE_AWAY, counts)
    events = [NewEvent("tweet.deleted", post.user_id, post.id) for post in posts]
    await append_events(session, events)
    return posts
