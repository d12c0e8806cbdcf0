"""Links from replies to posts, and their conversations.

A reply is linked when the second of the two is stored. A reply that names no author means its own
room, or its own author.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, NamedTuple, Protocol

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.db.backend import as_json, backend_of, update_by_id
from app.db.result_cache import EVERYTHING, depends_on
from app.errors import NotFoundError
from app.models import KEPT_USER_ID, Tweet, User
from app.services.event_log import NewEvent, append_events
from app.services.posts.post_content import StoredContent
from app.services.posts.tweets import Post, find_posts, newest_first
from saywho.engine.fitting import chains_of
from saywho.formats.post import ReplyTarget
from saywho.text import username_key

PostKey = tuple[str | int, str]
"""An author's key or a room's id, with `source_id`."""


# Both databases go on from the posts found first, so these are the nearest ones. UNION leaves out
# what is there already, so that circles end.
_AROUND: Final = sa.text("""
    WITH RECURSIVE found (id, source_id, reply_to_id) AS (
        SELECT post.id, post.source_id, post.reply_to_id FROM "Tweet" AS post
        JOIN "Users" AS author ON author.id = post.user_id AND author.deleted_at IS NULL
        WHERE post.id IN :starts
        UNION
        SELECT post.id, post.source_id, post.reply_to_id FROM found
        JOIN "Tweet" AS post ON post.id = found.reply_to_id
            OR post.reply_to_source_id = found.source_id AND post.reply_to_id = found.id
        JOIN "Users" AS author ON author.id = post.user_id AND author.deleted_at IS NULL
    )
    SELECT id FROM found LIMIT :most
""").bindparams(sa.bindparam("starts", expanding=True))


class StoredReply(NamedTuple):
    id: int
    user_id: int
    reply_to_id: int | None


class ReplyRow(Protocol):
    """A new post, or a stored post with a target that became known."""

    id: int
    user_id: int
    content: StoredContent


async def match_replies(
    session: AsyncSession, rows: Sequence[ReplyRow]
) -> tuple[list[int | None], list[StoredReply]]:
    """Return each post's stored target id, and stored replies to these posts."""
    contents = [row.content for row in rows]
    if not any(content.source_id or content.reply_to for content in contents):
        return [None] * len(rows), []
    keys, earlier = await _authors_and_replies(session, rows)
    ids = _ids_by_key(rows, keys)
    targets = [
        _target(keys[row.user_id], _room_id(row.content), row.content.reply_to) for row in rows
    ]
    missing = {target for target in targets if target and target not in ids}
    # Another person's message with the id of an earlier one takes no answers from it.
    in_rooms = {target for target, _ in earlier if target in ids and isinstance(target[0], int)}
    id_by_key = ids | await _stored(session, missing | in_rooms)
    arrived = {row.id for row in rows}
    replies = sorted(
        StoredReply(reply.id, reply.user_id, id_by_key[target])
        for target, reply in earlier
        if target in ids and reply.reply_to_id != id_by_key[target] and reply.id not in arrived
    )
    return [id_by_key.get(target) if target else None for target in targets], replies


def _ids_by_key(rows: Sequence[ReplyRow], keys: dict[int, str]) -> dict[PostKey, int]:
    ids: dict[PostKey, int] = {}
    for row in rows:
        if source_id := row.content.source_id:
            ids[keys[row.user_id], source_id] = row.id
            if room_id := _room_id(row.content):
                ids.setdefault((room_id, source_id), row.id)
    return ids


def _room_id(content: StoredContent) -> int | None:
    return content.room.id if content.room else None


def _target(author_key: str, room_id: int | None, target: ReplyTarget | None) -> PostKey | None:
    if target is None or target.source_id is None:
        return None
    if target.username:
        return username_key(target.username), target.source_id
    return room_id or author_key, target.source_id


async def _authors_and_replies(
    session: AsyncSession, rows: Sequence[ReplyRow]
) -> tuple[dict[int, str], set[tuple[PostKey | None, StoredReply]]]:
    posts = {(row.user_id, row.content.source_id, _room_id(row.content)) for row in rows}
    authors = {(row.user_id,) for row in rows}
    backend = backend_of(session)
    values = {
        "arrived": as_json([*posts], _ARRIVED, backend.engine.dialect),
        "authors": as_json([*authors], _ARRIVED[:1], backend.engine.dialect),
    }
    keys: dict[int, str] = {}
    replies: set[tuple[PostKey | None, StoredReply]] = set()
    for author_id, key, room_id, username, source_id, *link in await session.execute(
        _authors_and_replies_of(backend.rows_in), values
    ):
        keys[author_id] = key
        if source_id is not None:
            target = _target(key, room_id, ReplyTarget(source_id, username))
            replies.add((target, StoredReply(*link)))
    return keys, replies


_ARRIVED: Final = Tweet.user_id, Tweet.source_id, Tweet.room_id


@cache
def _authors_and_replies_of(
    rows_in: Callable[..., sa.Subquery],
) -> sa.CompoundSelect[*tuple[Any, ...]]:
    """Return a query with a row for each author, and one for each reply, which most posts lack."""
    arrived = rows_in(sa.bindparam("arrived", type_=sa.Text), *_ARRIVED)
    authors = rows_in(sa.bindparam("authors", type_=sa.Text), Tweet.user_id)
    is_reply = sa.and_(
        Tweet.reply_to_source_id == arrived.c.source_id,
        sa.or_(
            Tweet.reply_to_username.is_not(None),
            Tweet.room_id == arrived.c.room_id,
            sa.and_(Tweet.room_id.is_(None), Tweet.user_id == arrived.c.user_id),
        ),
    )
    of_post = (
        Tweet.room_id,
        *(Tweet.reply_to_username, Tweet.reply_to_source_id),
        *(Tweet.id, Tweet.user_id, Tweet.reply_to_id),
    )
    return sa.union_all(
        sa.select(User.id, User.username_key, *(sa.null() for _ in of_post)).where(
            User.id.in_(sa.select(authors))
        ),
        sa.select(User.id, User.username_key, *of_post)
        .select_from(arrived)
        .join(User, User.id == arrived.c.user_id)
        .join(Tweet, is_reply),
    )


async def _stored(session: AsyncSession, keys: set[PostKey]) -> dict[PostKey, int]:
    of_authors = [key for key in keys if isinstance(key[0], str)]
    of_rooms = [key for key in keys if isinstance(key[0], int)]
    found: dict[PostKey, int] = {}
    if of_authors:
        listed = backend_of(session).listed(sorted(of_authors), User.username_key, Tweet.source_id)
        is_asked = sa.and_(Tweet.user_id == KEPT_USER_ID, Tweet.source_id == listed.c.source_id)
        query = (
            sa.select(listed.c.username_key, listed.c.source_id, Tweet.id)
            .select_from(listed)
            .join(User, User.username_key == listed.c.username_key)
            .join(Tweet, is_asked)
        )
        found |= {(key, name): post_id for key, name, post_id in await session.execute(query)}
    if of_rooms:
        in_rooms = backend_of(session).listed(sorted(of_rooms), Tweet.room_id, Tweet.source_id)
        messages = (
            sa.select(in_rooms.c.room_id, in_rooms.c.source_id, sa.func.min(Tweet.id))
            .select_from(in_rooms)
            .join(
                Tweet,
                sa.and_(
                    Tweet.room_id == in_rooms.c.room_id, Tweet.source_id == in_rooms.c.source_id
                ),
            )
            .join(User, sa.and_(User.id == Tweet.user_id, User.deleted_at.is_(None)))
            .group_by(in_rooms.c.room_id, in_rooms.c.source_id)
        )
        found |= {(room, name): post_id for room, name, post_id in await session.execute(messages)}
    return found


async def store_replies(session: AsyncSession, replies: Sequence[StoredReply]) -> None:
    if not replies:
        return
    values = [{"changed": reply.id, "reply_to_id": reply.reply_to_id} for reply in replies]
    await session.execute(update_by_id(Tweet), values)
    events = [NewEvent("tweet.updated", reply.user_id, reply.id) for reply in replies]
    await append_events(session, events)


async def own_chains(
    session: AsyncSession, user_id: int, room_id: int | None = None
) -> dict[int, int]:
    """Return the lowest id in each chained post's chain, of one author's answers to their own
    posts, everywhere or within one chat.
    """
    values = {"user_id": user_id} | ({} if room_id is None else {"room_id": room_id})
    rows = await session.execute(_own_answers(is_in_room=room_id is not None), values)
    return chains_of((post, other) for post, other in rows)


@cache
def _own_answers(*, is_in_room: bool) -> sa.Select[int, int]:
    author: sa.BindParameter[int] = sa.bindparam("user_id")
    answered = aliased(Tweet)
    is_own = sa.and_(answered.id == Tweet.reply_to_id, answered.user_id == author)
    query = sa.select(Tweet.id, answered.id).join(answered, is_own).where(Tweet.user_id == author)
    if not is_in_room:
        return query
    room: sa.BindParameter[int] = sa.bindparam("room_id")
    return query.where(Tweet.room_id == room, answered.room_id == room)


@dataclass(frozen=True, slots=True)
class ThreadPost:
    post: Post
    level: int
    is_gap_above: bool
    """Whether the answered post is not stored."""


@dataclass(frozen=True, slots=True)
class Conversation:
    posts: list[ThreadPost]
    is_whole: bool
    """Whether all of its posts were read."""

    @property
    def missing(self) -> list[ReplyTarget]:
        gaps = [entry.post.reply_to for entry in self.posts if entry.is_gap_above]
        return list(dict.fromkeys(ReplyTarget(gap.source_id, gap.username) for gap in gaps if gap))


async def read_conversation(
    session: AsyncSession, tweet_id: int, *, most: int, room_id: int | None = None
) -> Conversation:
    """Return up to `most` posts of a conversation, the nearest first chosen, by a fixed number of
    queries.

    `room_id` limits them to a chat. Raises NotFoundError.
    """
    depends_on(EVERYTHING)
    ids = await _around(session, [tweet_id], most + 1)
    if not ids:
        raise NotFoundError("There is no post {tweet_id}", tweet_id=tweet_id)
    posts = await find_posts(session, ids[:most])
    first = next(filter(_has_gap_above, posts.values()), None)
    if first is not None and len(ids) <= most:
        ids += await _around(session, await _beside(session, first), most + 1 - len(ids))
        posts |= await find_posts(session, ids[len(posts) : most])
    shown = [
        post
        for post in posts.values()
        if room_id is None or (post.room and post.room.id == room_id)
    ]
    return Conversation(_in_reading_order(shown), len(ids) <= most)


def _has_gap_above(post: Post) -> bool:
    return post.reply_to is not None and post.reply_to.id is None


async def _around(session: AsyncSession, starts: Sequence[int], most: int) -> list[int]:
    return list(await session.scalars(_AROUND, {"starts": starts, "most": most}))


async def _beside(session: AsyncSession, post: Post) -> list[int]:
    room_id = post.room.id if post.room else None
    target = _target(username_key(post.username), room_id, post.reply_to)
    if target is None:
        return []
    is_beside = (Tweet.reply_to_source_id == target[1], Tweet.id != post.id)
    query = (
        sa.select(Tweet.id, User.username_key, Tweet.room_id)
        .add_columns(Tweet.reply_to_username, Tweet.reply_to_source_id)
        .join(User, User.id == Tweet.user_id)
        .where(*is_beside, User.deleted_at.is_(None))
        .limit(100)  # One of them leads to the others.
    )
    rows = await session.execute(query)
    return [
        tweet_id
        for tweet_id, key, room, name, source_id in rows
        if _target(key, room, ReplyTarget(source_id, name)) == target
    ]


def _in_reading_order(posts: Sequence[Post]) -> list[ThreadPost]:
    """Return the posts in reading order, branches first.

    The author's own next post, or the only answer, continues at the same depth.
    """
    ordered = sorted(posts, key=lambda post: newest_first(post.created_at, post.id))
    ids = {post.id for post in posts}
    starts: list[Post] = []
    replies: dict[int, list[Post]] = defaultdict(list)
    for post in ordered:
        above = post.reply_to.id if post.reply_to else None
        (replies[above] if above in ids else starts).append(post)
    entries: dict[int, ThreadPost] = {}
    # Only posts that answer each other in a circle have no start.
    waiting = [(post, 0) for post in starts or ordered]
    while waiting:
        post, level = waiting.pop()
        if post.id in entries:
            continue
        # Deeper branches are shown at the fourth level.
        entries[post.id] = ThreadPost(post, min(level, 4), _has_gap_above(post))
        next_ones = replies[post.id]
        continuations = [reply for reply in next_ones if reply.username == post.username]
        going_on = (
            continuations[-1] if continuations else next_ones[0] if len(next_ones) == 1 else None
        )
        if going_on is not None:
            waiting.append((going_on, level))
        waiting += [(reply, level + 1) for reply in next_ones if reply is not going_on]
    return list(entries.values())
