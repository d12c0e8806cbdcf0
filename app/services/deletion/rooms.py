"""Deleting chats and people who wrote nowhere else."""

import math
from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import aclosing
from typing import Final, NamedTuple

from sqlalchemy import ColumnElement, Select, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import UNTRACKED, Sessions, is_among
from app.errors import ConflictError
from app.models import Room, RoomPerson, Tweet, User
from app.runtime.clock import monotonic
from app.services.access.readers import end_readers
from app.services.deletion.authors import IS_UNFOLLOWED, mark_deleted
from app.services.deletion.posts import remove_posts
from app.services.posts.filling_imports import filling_jobs, mark_cancelled
from app.services.posts.post_rooms import DELETED_APP, IS_KEPT
from app.services.rooms.identity import announce_change
from app.services.rooms.room_facts import RoomFacts, get_room

MESSAGES: Final = 250
"""Messages of staying people in a transaction: some 20 ms of the write lock."""
MOST_MESSAGES: Final = 1_000
"""Messages in a transaction while these take less than SHORT_S: each rewrites profiles."""
SHORT_S: Final = 0.03
LONG_S: Final = 0.08
"""Seconds of the write lock after which the next transaction deletes fewer messages."""


class RoomWriters(NamedTuple):
    """Names of a chat's people, most messages first."""

    only_here: list[str]
    """People deleted with the chat."""
    elsewhere: list[str]
    """People who stay, with other posts."""


async def find_writers(session: AsyncSession, room_id: int) -> RoomWriters:
    """Return a chat's people by what its deletion does to them."""
    ids = set(await session.scalars(select(User.id).where(*_write_only_in(room_id))))
    query = (
        select(User.id, User.username)
        .join(RoomPerson, RoomPerson.user_id == User.id)
        .where(RoomPerson.room_id == room_id, RoomPerson.messages > 0, User.deleted_at.is_(None))
        .order_by(RoomPerson.messages.desc(), User.username_key)
    )
    rows = (await session.execute(query)).all()
    return RoomWriters(
        [username for user_id, username in rows if user_id in ids],
        [username for user_id, username in rows if user_id not in ids],
    )


def _write_only_in(room_id: int) -> list[ColumnElement[bool]]:
    """Return conditions on an unfollowed author with posts in this chat alone."""
    of_room = select(RoomPerson.user_id).where(RoomPerson.room_id == room_id)
    messages = (
        select(RoomPerson.messages)
        .where(RoomPerson.room_id == room_id, RoomPerson.user_id == User.id)
        .correlate(User)
        .scalar_subquery()
    )
    return [
        User.id.in_(of_room.where(RoomPerson.messages > 0)),
        User.tweet_count == messages,
        IS_UNFOLLOWED,
    ]


async def delete_room(session: AsyncSession, room_id: int) -> RoomFacts:
    """Remove a chat, and people who write nowhere else, from every answer; return the chat.

    `delete_messages` removes the others' messages. An import that fills the chat is cancelled; a
    new import of its file makes another chat. Raises NotFoundError.
    """
    room = await get_room(session, room_id)
    for job in await filling_jobs(session, room.id):
        mark_cancelled(job)
    await announce_change(session, room.id)
    await end_readers(session, room.id)
    await mark_deleted(session, *_write_only_in(room.id))
    # Without people it is in no answer; without a title and an id no file is taken for it.
    await session.execute(delete(RoomPerson).where(RoomPerson.room_id == room.id))
    await session.execute(delete(Room).where(Room.joined_to_id == room.id))
    unknown = {"platform": DELETED_APP, "external_id": None, "title": None, "name": room.name}
    await session.execute(
        update(Room).where(Room.id == room.id).values(unknown), execution_options=UNTRACKED
    )
    return room


async def check_kept(session: AsyncSession, room_ids: Collection[int]) -> None:
    """Raise ConflictError if one of the chats was deleted."""
    kept = select(func.count(Room.id)).where(is_among(session, Room.id, room_ids), IS_KEPT)
    if room_ids and await session.scalar(kept) != len(room_ids):
        raise ConflictError("the chat was deleted during its import")


async def delete_messages(db: Sessions, *, at_most_s: float = math.inf) -> None:
    """Delete staying people's messages of deleted chats in chunks, as maintenance does.

    at_most_s: seconds until the last chunk begins.
    """
    end = monotonic() + at_most_s
    async with aclosing(message_removals(db)) as removals:
        async for _ in removals:
            if monotonic() >= end:
                return


async def message_removals(db: Sessions) -> AsyncGenerator[int]:
    """Delete staying people's messages of deleted chats; yield each chunk's number."""
    of_rooms = Tweet.room_id.in_(deleted_rooms()), User.deleted_at.is_(None)
    query = select(Tweet.id, Tweet.user_id).join(User, User.id == Tweet.user_id).where(*of_rooms)
    size = MESSAGES
    while True:
        # Found without the lock: they may lie between many of people who are deleted.
        async with db.read() as session:
            rows = (await session.execute(query.limit(5_000))).all()
        if not rows:
            return
        # By author: in the order of the chat each transaction would rewrite everybody's profile.
        ids = [row.id for row in sorted(rows, key=lambda row: row.user_id)]
        start = 0
        while start < len(ids):
            async with db.write() as session:
                since = monotonic()
                removed = await _delete_posts(session, ids[start : start + size])
            start += size
            size = _next_size(size, monotonic() - since)
            yield removed


def _next_size(size: int, seconds: float) -> int:
    if seconds < SHORT_S:
        return min(2 * size, MOST_MESSAGES)
    return max(size // 2, MESSAGES) if seconds > LONG_S else size


async def _delete_posts(session: AsyncSession, ids: Sequence[int]) -> int:
    """Delete and count posts of deleted chats, and authors with nothing else, unless others deleted
    them meanwhile.
    """
    posts = await remove_posts(session, is_among(session, Tweet.id, ids))
    authors = {post.user_id for post in posts}
    await mark_deleted(session, User.id.in_(authors), User.tweet_count == 0, IS_UNFOLLOWED)
    return len(posts)


def deleted_rooms() -> Select[int]:
    return select(Room.id).where(Room.platform == DELETED_APP)
