"""Deleting posts, authors and chats.

Authors are gone from every answer at once, and so is a chat with those who wrote nowhere else. The
rows of authors, and the messages of people who stay, follow in chunks, so that other writers can
run in between.
"""

import math
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing
from typing import Final, NamedTuple
from typing import cast as cast_type

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    Table,
    bindparam,
    cast,
    delete,
    exists,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import monotonic, now
from app.db.backend import Sessions, is_among
from app.models import LiveSource, Profile, Room, RoomPerson, Site, Tweet, User
from app.services.compare.profiles import ProfiledPost, subtract_posts
from app.services.event_log import NewEvent, append_events
from app.services.posts.message_counts import count_messages, remove_empty_rooms
from app.services.posts.named_rooms import DELETED_APP
from app.services.posts.post_counts import count_posts
from app.services.posts.tweets import get_post
from app.services.posts.users import get_user
from app.services.rooms.changing import announce_change
from app.services.rooms.room_facts import RoomFacts, get_room

DELETED_PREFIX: Final = "\x01"
"""First character of a deleted author's key; names hold no control characters."""
CHUNK: Final = 500
"""Most posts, and most authors, deleted by one transaction: some 30 ms of the write lock."""
MESSAGES: Final = 250
"""Most messages of people who stay, deleted by one transaction: some 20 ms of the write lock."""
FOUND_AT_ONCE: Final = 5_000
"""Messages of deleted chats that are looked for at once."""
_UNTRACKED: Final = {"synchronize_session": False}
_IS_UNFOLLOWED: Final = (User.username_key.not_in(select(LiveSource.username_key)),)
_USER: Final = cast_type(Table, User.__table__)
_TAKE_AWAY: Final = (
    update(_USER)
    .where(_USER.c.id == bindparam("changed"))
    .values(
        tweet_count=_USER.c.tweet_count - bindparam("gone"),
        version=_USER.c.version + bindparam("gone"),
    )
)


class RoomWriters(NamedTuple):
    """The names of those who write in a chat, those with the most messages first."""

    only_here: list[str]
    """They go with the chat."""
    elsewhere: list[str]
    """They stay, with what they wrote elsewhere."""


async def is_purge_due(session: AsyncSession) -> bool:
    """Return whether rows are left of deleted authors or chats."""
    authors, rooms = _deleted_authors().limit(1), _deleted_rooms().limit(1)
    left = await session.scalar(authors), await session.scalar(rooms)
    return any(id_ is not None for id_ in left)


async def purge_deleted(
    db: Sessions, *, on_progress: Callable[[int, int], None] = lambda _done, _total: None
) -> None:
    """Remove all rows of what was deleted; report after each chunk how many of all are gone."""
    is_deleted = or_(Tweet.user_id.in_(_deleted_authors()), Tweet.room_id.in_(_deleted_rooms()))
    rows = (select(Tweet.id).where(is_deleted), _deleted_authors(), _deleted_rooms())
    async with db.read() as session:
        counts = [select(func.count()).select_from(each.subquery()) for each in rows]
        total = sum([await session.scalar(count) or 0 for count in counts])
    done = 0
    async for removed in _removals(db):
        done += removed
        on_progress(min(done, total), total)


async def _removals(db: Sessions) -> AsyncIterator[int]:
    """Remove what is left of what was deleted; yield the number of rows of each chunk."""
    async for removed in _message_removals(db):
        yield removed
    while True:
        async with db.write() as session:
            removed = await purge_some(session)
        if not removed:
            return
        yield removed


def _deleted_authors() -> Select[int]:
    return select(User.id).where(User.deleted_at.is_not(None))


def _deleted_rooms() -> Select[int]:
    return select(Room.id).where(Room.platform == DELETED_APP)


async def purge_some(session: AsyncSession) -> int:
    """Remove a chunk of the posts of deleted authors, and authors and chats without posts.

    Returns how many rows are gone.
    """
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
    has_messages = exists().where(Tweet.room_id == Room.id)
    rooms = delete(Room).where(Room.platform == DELETED_APP, ~has_messages).returning(Room.id)
    ended_rooms = (await session.scalars(rooms)).all()
    if removed:
        # Ranks of search results depend on all words, also on those of deleted posts.
        event = NewEvent("rows.removed", max(removed), posts=len(removed))
        await append_events(session, [event])
    return len(removed) + len(ended) + len(ended_rooms)


async def delete_post(session: AsyncSession, tweet_id: int) -> None:
    """Delete a post, and take it out of its author's profile. Raises NotFoundError."""
    await get_post(session, tweet_id)
    tweet = await session.get_one(Tweet, tweet_id)
    await subtract_posts(session, [ProfiledPost(tweet.user_id, tweet.event_id, tweet.text)])
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
    await _mark_deleted(session, User.id == user.id)


async def delete_everybody(session: AsyncSession) -> None:
    """Delete all authors as `delete_user` does; the next one to come may be the site's own."""
    await _mark_deleted(session)
    await session.execute(delete(LiveSource))
    await session.execute(update(Site).values(own_user_id=None, is_own_chosen=False))


async def _mark_deleted(session: AsyncSession, *is_meant: ColumnElement[bool]) -> None:
    """Remove the authors for whom these conditions hold from every answer."""
    marked = update(User).where(User.deleted_at.is_(None), *is_meant)
    gone = (
        await session.execute(
            marked.values(
                deleted_at=now(), username_key=DELETED_PREFIX + cast(User.id, String)
            ).returning(User.id, User.tweet_count),
            execution_options=_UNTRACKED,
        )
    ).all()
    await session.execute(delete(Profile).where(Profile.user_id.in_(_deleted_authors())))
    is_gone = Site.own_user_id.in_(_deleted_authors())
    await session.execute(update(Site).where(is_gone).values(own_user_id=None))
    if gone:
        events = [NewEvent("user.deleted", user_id, posts=posts) for user_id, posts in gone]
        await append_events(session, events)


async def find_writers(session: AsyncSession, room_id: int) -> RoomWriters:
    """Return who writes in a chat, as its deletion tells them apart."""
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
    """Return the conditions on an author who has posts in one chat alone, and is not followed."""
    of_room = select(RoomPerson.user_id).where(RoomPerson.room_id == room_id)
    own = select(RoomPerson.messages).where(RoomPerson.room_id == room_id)
    messages = own.where(RoomPerson.user_id == User.id).correlate(User).scalar_subquery()
    return [
        User.id.in_(of_room.where(RoomPerson.messages > 0)),
        User.tweet_count == messages,
        *_IS_UNFOLLOWED,
    ]


async def delete_room(session: AsyncSession, room_id: int) -> RoomFacts:
    """Remove a chat, and those who write nowhere else, from every answer at once.

    Returns what the chat was. What others wrote in it stays for `delete_messages`. A new import
    of its file makes another chat. Raises NotFoundError.
    """
    room = await get_room(session, room_id)
    await announce_change(session, room.id)
    await _mark_deleted(session, *_write_only_in(room.id))
    # Without people it is in no answer; without a title and an id no file is taken for it.
    await session.execute(delete(RoomPerson).where(RoomPerson.room_id == room.id))
    await session.execute(delete(Room).where(Room.joined_to_id == room.id))
    unknown = {"platform": DELETED_APP, "external_id": None, "title": None, "name": room.name}
    await session.execute(
        update(Room).where(Room.id == room.id).values(unknown), execution_options=_UNTRACKED
    )
    return room


async def delete_messages(db: Sessions, *, at_most_s: float = math.inf) -> None:
    """Delete what people who stay wrote in deleted chats, in chunks; maintenance does so too.

    at_most_s: seconds after which no further chunk is begun.
    """
    end = monotonic() + at_most_s
    async with aclosing(_message_removals(db)) as removals:
        async for _ in removals:
            if monotonic() >= end:
                return


async def _message_removals(db: Sessions) -> AsyncGenerator[int]:
    """Delete what people who stay wrote in deleted chats; yield the number of each chunk."""
    of_rooms = Tweet.room_id.in_(_deleted_rooms()), User.deleted_at.is_(None)
    query = select(Tweet.id).join(User, User.id == Tweet.user_id).where(*of_rooms)
    while True:
        # Found without the lock: they may lie between many of people who are deleted.
        async with db.read() as session:
            ids = (await session.scalars(query.limit(FOUND_AT_ONCE))).all()
        if not ids:
            return
        for start in range(0, len(ids), MESSAGES):
            async with db.write() as session:
                removed = await _delete_posts(session, ids[start : start + MESSAGES])
            yield removed


async def _delete_posts(session: AsyncSession, ids: Sequence[int]) -> int:
    """Delete posts of deleted chats, and those authors who have nothing else; return how many.

    Others may have deleted some of them meanwhile.
    """
    columns = (Tweet.id, Tweet.user_id, Tweet.event_id, Tweet.text, Tweet.created_at, Tweet.lang)
    query = select(*columns).join(User, User.id == Tweet.user_id)
    query = query.where(is_among(session, Tweet.id, ids), User.deleted_at.is_(None))
    rows = (await session.execute(query)).all()
    if not rows:
        return 0
    profiled = [ProfiledPost(user_id, event, text) for _, user_id, event, text, *_ in rows]
    await subtract_posts(session, profiled)
    gone_ids = is_among(session, Tweet.id, [row.id for row in rows])
    await session.execute(delete(Tweet).where(gone_ids), execution_options=_UNTRACKED)
    await count_posts(session, (), [(row.user_id, row.created_at, row.lang) for row in rows])
    gone = Counter(row.user_id for row in rows)
    counts = [{"changed": user_id, "gone": posts} for user_id, posts in gone.items()]
    await session.execute(_TAKE_AWAY, counts)
    await append_events(session, [NewEvent("tweet.deleted", row.user_id, row.id) for row in rows])
    await _mark_deleted(session, User.id.in_(gone), User.tweet_count == 0, *_IS_UNFOLLOWED)
    return len(rows)
