"""Deleting posts, authors and chats.

Authors, chats and their only people disappear from answers immediately. Rows, and messages of
others, follow in chunks, so that other writers can run in between.
"""

import math
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import aclosing
from datetime import datetime, timedelta
from typing import Final, NamedTuple

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.db.backend import UNTRACKED, Sessions, is_among, table_of, update_by_id
from app.errors import ConflictError
from app.models import (
    IS_GONE,
    ImportJob,
    LiveSource,
    Profile,
    Room,
    RoomMove,
    RoomPerson,
    Site,
    Tweet,
    User,
)
from app.services.access.accounts import end_readers
from app.services.access.rights import Scope, check_scope, select_speakers
from app.services.compare.profiles import subtract_posts
from app.services.event_log import NewEvent, append_events
from app.services.posts.arrivals import link_again
from app.services.posts.post_counts import add_counts, counts_of
from app.services.posts.post_rooms import (
    DELETED_APP,
    IS_KEPT,
    count_messages,
    deleted_rooms,
    is_of_kept_room,
    remove_empty_rooms,
)
from app.services.posts.tweets import AnyRow, get_post
from app.services.posts.users import get_exact
from app.services.rooms.changes import announce_change
from app.services.rooms.chats import RoomFacts, get_room
from saywho.clock import monotonic, now

UNENDED: Final = ("running", "interrupted")
IS_UNFOLLOWED: Final = User.username_key.not_in(sa.select(LiveSource.username_key))
"""Condition on an author without a live source."""


async def forget_examples(session: AsyncSession, *, ended_before: datetime | None = None) -> None:
    """Remove the excerpts of files that imports keep as examples of doubts; by default all."""
    recent = ImportJob.finished_at > now() - timedelta(days=60)  # Older ones have none left.
    query = sa.select(ImportJob.id, ImportJob.notes).where(recent, ImportJob.notes.is_not(None))
    if ended_before is not None:
        query = query.where(ImportJob.finished_at < ended_before)
    for job_id, stored in (await session.execute(query)).all():
        notes = msgspec.json.decode(stored or b"{}")
        doubts = notes.get("doubts", ())
        if any(doubt.get("examples") for doubt in doubts):
            notes["doubts"] = [doubt | {"examples": []} for doubt in doubts]
            job = sa.update(ImportJob).where(ImportJob.id == job_id)
            await session.execute(job.values(notes=msgspec.json.encode(notes)))


async def delete_user(session: AsyncSession, username: str) -> None:
    """Remove the author from every answer, and free the name; `purge_deleted` removes the rows.

    Raises NotFoundError, and ConflictError for a joined name.
    """
    user = await get_exact(session, username)
    # A followed author would come back with the next visit.
    await session.execute(sa.delete(LiveSource).where(LiveSource.username_key == user.username_key))
    await mark_deleted(session, User.id == user.id)


async def delete_everybody(session: AsyncSession) -> None:
    """Delete all authors as `delete_user`, and the choice of an own archive."""
    await mark_deleted(session)
    await session.execute(sa.delete(LiveSource))
    await session.execute(sa.update(Site).values(own_user_id=None, is_own_chosen=False))


async def mark_deleted(session: AsyncSession, *is_meant: sa.ColumnElement[bool]) -> None:
    """Remove the authors that meet the conditions from answers."""
    await forget_examples(session)
    marked = sa.update(User).where(User.deleted_at.is_(None), *is_meant)
    # A key that no name has: names contain no control characters.
    key = "\x01" + sa.cast(User.id, sa.String)
    marked = marked.values(deleted_at=now(), username_key=key, joined_to_id=None)
    rows = await session.execute(
        marked.returning(User.id, User.tweet_count), execution_options=UNTRACKED
    )
    gone = rows.all()
    # Names that joined them go with them; posts that are still on their way stay.
    own_key = sa.case((User.deleted_at.is_(None), User.username_key), else_=key)
    names = sa.update(User).where(User.joined_to_id.in_(deleted_authors()))
    await session.execute(
        names.values(joined_to_id=None, username_key=own_key), execution_options=UNTRACKED
    )
    await session.execute(sa.delete(Profile).where(Profile.user_id.in_(deleted_authors())))
    is_gone = Site.own_user_id.in_(deleted_authors())
    await session.execute(sa.update(Site).where(is_gone).values(own_user_id=None))
    if gone:
        events = [NewEvent("user.deleted", user_id, posts=posts) for user_id, posts in gone]
        await append_events(session, events)


def deleted_authors() -> sa.Select[int]:
    """Return the authors whose rows are removed."""
    return sa.select(User.id).where(IS_GONE)


async def delete_post(session: AsyncSession, tweet_id: int) -> None:
    """Delete a post, also from its author's profile. Raises NotFoundError."""
    await get_post(session, tweet_id)
    await forget_examples(session)
    await remove_posts(session, Tweet.id == tweet_id)


async def remove_posts(session: AsyncSession, is_meant: sa.ColumnElement[bool]) -> Sequence[AnyRow]:
    """Remove and return existing authors' posts, with what counts them, and chats left empty."""
    query = sa.select(Tweet.id, Tweet.user_id, Tweet.event_id, Tweet.counted)
    query = query.join(User, User.id == Tweet.user_id).where(is_meant, User.deleted_at.is_(None))
    posts = (await session.execute(query)).all()
    if not posts:
        return []
    await subtract_posts(session, posts)
    gone_ids = is_among(session, Tweet.id, [post.id for post in posts])
    going = await tally(session, gone_ids)
    await remove_rows(session, gone_ids)
    await recount(session, PostTally(Counter(), Counter()), going)
    events = [NewEvent("tweet.deleted", post.user_id, post.id) for post in posts]
    await append_events(session, events)
    return posts


async def remove_rows(session: AsyncSession, is_meant: sa.ColumnElement[bool]) -> None:
    """Remove posts alone, so that no stored answer names one of them."""
    answer = aliased(Tweet)
    # The source id has an index; the id says whether this post is meant by it.
    answers = sa.and_(
        answer.reply_to_source_id == Tweet.source_id, answer.reply_to_id == Tweet.id, is_meant
    )
    answering = list(
        await session.scalars(sa.select(answer.id).select_from(Tweet).join(answer, answers))
    )
    await session.execute(sa.delete(Tweet).where(is_meant), execution_options=UNTRACKED)
    await link_again(session, answering)


class PostTally(NamedTuple):
    """What the tables count of some posts."""

    slots: Counter[tuple[int, int, str]]
    """Number of posts by author, quarter hour and language."""
    messages: Counter[tuple[int, int]]
    """Number of messages by chat and author; deleted chats have no people to be counted."""

    @property
    def posts(self) -> Counter[int]:
        posts = Counter[int]()
        for (user_id, *_), count in self.slots.items():
            posts[user_id] += count
        return posts


async def tally(session: AsyncSession, is_meant: sa.ColumnElement[bool]) -> PostTally:
    in_rooms = sa.select(Tweet.room_id, Tweet.user_id, sa.func.count()).where(
        is_meant, Tweet.room_id.is_not(None), is_of_kept_room()
    )
    rows = await session.execute(in_rooms.group_by(Tweet.room_id, Tweet.user_id))
    messages = Counter({(room_id or 0, user_id): n for room_id, user_id, n in rows})
    return PostTally(await counts_of(session, is_meant), messages)


_RECOUNTED: Final = update_by_id(User).values(
    tweet_count=table_of(User).c.tweet_count + sa.bindparam("more", type_=sa.Integer),
    version=table_of(User).c.version + sa.bindparam("gone", type_=sa.Integer),
)


async def recount(session: AsyncSession, coming: PostTally, going: PostTally) -> None:
    """Count posts that came and that went; remove chats that are empty then."""
    await add_counts(session, coming.slots, going.slots)
    await count_messages(session, coming.messages, going.messages)
    more, gone = coming.posts, going.posts
    values = [
        {"changed": user_id, "more": more[user_id] - gone[user_id], "gone": gone[user_id]}
        for user_id in more | gone
    ]
    if values:
        await session.execute(_RECOUNTED, values)
    if going.messages:
        await remove_empty_rooms(session, [room_id for room_id, _ in going.messages])


async def filling_jobs(session: AsyncSession, room_id: int) -> list[ImportJob]:
    """Return unended imports with stored messages of a chat."""
    jobs = await session.scalars(sa.select(ImportJob).where(ImportJob.state.in_(UNENDED)))
    return [
        job
        for job in jobs
        if job.stored and room_id in msgspec.json.decode(job.stored).get("rooms", ())
    ]


def mark_cancelled(job: ImportJob) -> None:
    """Let the import's process end it with what it stored."""
    job.state, job.finished_at = "cancelled", now()


MESSAGES: Final = 250
"""Messages of staying people in a transaction: some 20 ms of the write lock."""
MOST_MESSAGES: Final = 1_000
"""Messages in a transaction while these take less than SHORT_S: each rewrites profiles."""
MOST_FOUND: Final = 5_000
"""Messages that are looked up together."""
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
    ids = set(await session.scalars(sa.select(User.id).where(*_write_only_in(room_id))))
    rows = (await session.execute(select_speakers(room_id))).all()
    return RoomWriters(
        [username for user_id, username in rows if user_id in ids],
        [username for user_id, username in rows if user_id not in ids],
    )


def _write_only_in(room_id: int) -> list[sa.ColumnElement[bool]]:
    """Return conditions on an unfollowed author with posts in this chat alone."""
    of_room = sa.select(RoomPerson.user_id).where(RoomPerson.room_id == room_id)
    messages = (
        sa.select(RoomPerson.messages)
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
    for table in (RoomPerson, RoomMove):
        await session.execute(sa.delete(table).where(table.room_id == room.id))
    await session.execute(sa.delete(Room).where(Room.joined_to_id == room.id))
    unknown = {"platform": DELETED_APP, "external_id": None, "title": None, "name": room.name}
    await session.execute(
        sa.update(Room).where(Room.id == room.id).values(unknown), execution_options=UNTRACKED
    )
    return room


async def check_kept(session: AsyncSession, room_ids: Collection[int]) -> None:
    """Raise ConflictError if one of the chats was deleted."""
    kept = sa.select(sa.func.count(Room.id)).where(is_among(session, Room.id, room_ids), IS_KEPT)
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


def message_removals(db: Sessions) -> AsyncGenerator[int]:
    """Delete staying people's messages of deleted chats; yield each chunk's number."""
    is_meant = Tweet.room_id.in_(deleted_rooms())
    return post_removals(db, is_meant, scope="admin")  # Deleting the chat needed it.


async def post_removals(
    db: Sessions,
    is_meant: sa.ColumnElement[bool],
    *,
    scope: Scope,
    is_leaving: sa.ColumnElement[bool] | None = None,
    note: Callable[[AsyncSession, int, bool], Awaitable[object]] | None = None,
) -> AsyncGenerator[int]:
    """Delete posts that meet a condition, and unfollowed authors without other posts; yield each
    chunk's number.

    scope: right of the person or program that decided it. is_leaving: condition on such an author,
    if some stay. note: called in each transaction with the number of its posts, and whether they
    are the last. Raises ForbiddenError without the scope `admin`.
    """
    check_scope(scope, "admin")
    query = sa.select(Tweet.id, Tweet.user_id).join(User, User.id == Tweet.user_id)
    query = query.where(is_meant, User.deleted_at.is_(None))
    may_leave = [IS_UNFOLLOWED] if is_leaving is None else [IS_UNFOLLOWED, is_leaving]
    size = MESSAGES
    while True:
        # Found without the lock: they may lie between many of people who are deleted.
        async with db.read() as session:
            rows = (await session.execute(query.limit(MOST_FOUND))).all()
        if not rows:
            return
        # By author: in the order of the chat each transaction would rewrite everybody's profile.
        ids = [row.id for row in sorted(rows, key=lambda row: row.user_id)]
        start = 0
        while start < len(ids):
            async with db.write() as session:
                since = monotonic()
                # Others may have deleted some meanwhile, or an import may have met some again.
                chunk = is_among(session, Tweet.id, ids[start : start + size])
                posts = await remove_posts(session, sa.and_(chunk, is_meant))
                is_author = User.id.in_({post.user_id for post in posts})
                await mark_deleted(session, is_author, User.tweet_count == 0, *may_leave)
                if note is not None:
                    is_last = len(rows) < MOST_FOUND and start + size >= len(ids)
                    await note(session, len(posts), is_last)
            start += size
            if (seconds := monotonic() - since) < SHORT_S:
                size = min(2 * size, MOST_MESSAGES)
            elif seconds > LONG_S:
                size = max(size // 2, MESSAGES)
            yield len(posts)


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
    is_deleted = sa.or_(Tweet.user_id.in_(deleted_authors()), Tweet.room_id.in_(deleted_rooms()))
    rows = (sa.select(Tweet.id).where(is_deleted), deleted_authors(), deleted_rooms())
    async with db.read() as session:
        counts = [sa.select(sa.func.count()).select_from(query.subquery()) for query in rows]
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
    posts = sa.select(Tweet.id, Tweet.user_id).where(Tweet.user_id.in_(deleted_authors()))
    posts = posts.order_by(Tweet.user_id).limit(CHUNK)
    removed = (await session.execute(posts)).all()
    await remove_rows(session, is_among(session, Tweet.id, [row.id for row in removed]))
    has_posts = sa.exists().where(Tweet.user_id == User.id)
    empty = deleted_authors().where(~has_posts).limit(CHUNK).scalar_subquery()
    authors = sa.delete(User).where(User.id.in_(empty)).returning(User.id)
    ended = (await session.scalars(authors)).all()
    if ended:
        await remove_empty_rooms(session)
    has_messages = sa.exists().where(Tweet.room_id == Room.id)
    rooms = sa.delete(Room).where(Room.platform == DELETED_APP, ~has_messages).returning(Room.id)
    ended_rooms = (await session.scalars(rooms)).all()
    if removed:
        # Ranks of search results depend on all words, also on those of deleted posts.
        event = NewEvent("rows.removed", removed[-1].user_id, posts=len(removed))
        await append_events(session, [event], concerned={row.user_id for row in removed})
    return len(removed) + len(ended) + len(ended_rooms)
