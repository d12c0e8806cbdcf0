"""Removing the rows of deleted authors and chats, in chunks."""

from collections.abc import AsyncIterator, Callable
from typing import Final

from sqlalchemy import delete, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import Sessions
from app.models import Room, Tweet, User
from app.services.deletion.authors import deleted_authors
from app.services.deletion.rooms import deleted_rooms, message_removals
from app.services.event_log import NewEvent, append_events
from app.services.posts.post_rooms import DELETED_APP, remove_empty_rooms

CHUNK: Final = 500
"""Posts, and authors, deleted in a transaction: some 30 ms of the write lock."""


async def is_purge_due(session: AsyncSession) -> bool:
    authors, rooms = deleted_authors().limit(1), deleted_rooms().limit(1)
    left = await session.scalar(authors), await session.scalar(rooms)
    return any(id_ is not None for id_ in left)


async def purge_deleted(
    db: Sessions, *, on_progress: Callable[[int, int], None] = lambda _done, _total: None
) -> None:
    """Remove all deleted rows; report removed and total numbers by chunk."""
    is_deleted = or_(Tweet.user_id.in_(deleted_authors()), Tweet.room_id.in_(deleted_rooms()))
    rows = (select(Tweet.id).where(is_deleted), deleted_authors(), deleted_rooms())
    async with db.read() as session:
        counts = [select(func.count()).select_from(query.subquery()) for query in rows]
        total = sum([await session.scalar(count) or 0 for count in counts])
    done = 0
    async for removed in _removals(db):
        done += removed
        on_progress(min(done, total), total)


async def _removals(db: Sessions) -> AsyncIterator[int]:
    async for removed in message_removals(db):
        yield removed
    while True:
        async with db.write() as session:
            removed = await purge_some(session)
        if not removed:
            return
        yield removed


async def purge_some(session: AsyncSession) -> int:
    """Remove and count a chunk of posts of deleted authors, and authors and chats without posts."""
    is_deleted = User.deleted_at.is_not(None)
    posts = select(Tweet.id).where(Tweet.user_id.in_(deleted_authors()))
    posts = posts.order_by(Tweet.user_id).limit(CHUNK)
    gone = delete(Tweet).where(Tweet.id.in_(posts.scalar_subquery())).returning(Tweet.user_id)
    removed = (await session.scalars(gone)).all()
    has_posts = exists().where(Tweet.user_id == User.id)
    empty = select(User.id).where(is_deleted, ~has_posts).limit(CHUNK).scalar_subquery()
    authors = delete(User).where(User.id.in_(empty)).returning(User.id)
    ended = (await session.scalars(authors)).all()
    if ended:
        await remove_empty_rooms(session)
    has_messages = exists().where(Tweet.room_id == Room.id)
    rooms = delete(Room).where(Room.platform == DELETED_APP, ~has_messages).returning(Room.id)
    ended_rooms = (await session.scalars(rooms)).all()
    if removed:
        # Ranks of search results depend on all words, also on those of deleted posts.
        event = NewEvent("rows.removed", max(removed), posts=len(removed))
        await append_events(session, [event])
    return len(removed) + len(ended) + len(ended_rooms)
