"""Storing posts of many authors with a fixed number of statements.

Single posts that arrive together are stored in one transaction (group commit).

A repeated post completes the stored one, found by `source_id`, or for chat messages by author, time
and text, as far as its sender may (`FieldStorage` in `post_content.py`).
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from operator import attrgetter
from typing import Any, Final, NamedTuple

from msgspec import structs
from sqlalchemy import Select, Subquery, Text, and_, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from app.db.backend import (
    UNTRACKED,
    IndexedPost,
    as_json,
    backend_of,
    insert_columns,
    is_among,
    rows_of,
    table_of,
    update_by_id,
)
from app.db.batch import Batch
from app.db.engine import Database
from app.errors import ConflictError, InvalidInputError
from app.models import Event, RoomPerson, Tweet, User
from app.runtime.work_pool import worked_on
from app.services.access.rights import Scope
from app.services.event_log import NewEvent, append_events, newest_event
from app.services.posts import post_content, post_rooms
from app.services.posts.media import store_uses
from app.services.posts.meetings import note_met
from app.services.posts.post_counts import Moment, count_posts
from app.services.posts.replies import match_replies, store_replies
from app.services.posts.tweets import Post, find_posts, is_plain, plain_post
from app.services.posts.users import CHANGE_USER, names_by_key, unknown_user
from saywho.clock import now
from saywho.formats.post import RoomReference
from saywho.formats.records import FileRoom
from saywho.text import dotted_names, handles_in, username_key

_RAISE: Final = update_by_id(User).values(
    tweet_count=table_of(User).c.tweet_count + bindparam("posts")
)


class Arrival(NamedTuple):
    user_id: int
    post: post_content.NewTweet
    room_id: int | None = None
    """None stores the post without a room."""
    known: int = 0
    """Id of the stored post that it repeats, if it has no `source_id`."""
    scope: Scope = "write"
    """Right of the sender."""
    is_placed: bool = False
    """Whether it gives its room to an `OLD_MESSAGE`."""
    name_id: int | None = None
    """The joined author under whose name it comes."""

    @property
    def key(self) -> post_rooms.SourceKey:
        return self.user_id, self.post.source_id

    @property
    def content(self) -> post_content.NewTweet:
        if self.post.room is None:
            return self.post
        room = RoomReference(id=self.room_id, name="") if self.room_id else None
        return structs.replace(self.post, room=room)

    @property
    def news(self) -> post_content.NewTweet:
        """Content without counts that only say "no reactions", unless API or export sent them."""
        content, counts = self.content, self.post.counts
        if counts is None or not isinstance(self.post.room, FileRoom) or not counts.says_nobody:
            return content
        return structs.replace(content, counts=None)


@dataclass(slots=True, eq=False)
class PostRow:
    user_id: int
    content: post_content.StoredContent
    dated_at: datetime | None = None
    """Set for a new post only."""
    id: int = 0
    event_id: int | None = None
    reply_to_id: int | None = None
    import_id: int | None = None
    name_id: int | None = None


_NUMBERS: Final = "id", "user_id", "event_id", "reply_to_id", "dated_at", "import_id", "name_id"
"""Columns of a row that are no content."""


def _columns(rows: Sequence[PostRow]) -> dict[str, Sequence[Any]]:
    numbers = zip(*map(attrgetter(*_NUMBERS), rows), strict=True)
    content = post_content.encode(map(attrgetter("content"), rows))
    return content | dict(zip(_NUMBERS, numbers, strict=True))


class ArrivalResult(NamedTuple):
    id: int
    is_new: bool
    event_id: int | None
    """None if nothing changed."""
    is_reworded: bool
    """Whether its id is known with other words, or of another minute."""
    content: post_content.StoredContent


def _differ(stored: post_content.StoredContent, sent: post_content.NewTweet) -> bool:
    before, after = stored.created_at, sent.created_at
    # Programs differ in whether times have seconds.
    least = timedelta(minutes=1)
    is_moved = before and after and not sent.dated_at and abs(after - before) >= least
    return bool(is_moved) or stored.text != sent.text


async def add_arrivals(
    session: AsyncSession,
    arrivals: Sequence[Arrival],
    stored_rows: dict[post_rooms.SourceKey, PostRow] | None = None,
    *,
    default_time: datetime | None = None,
    is_bulk: bool = False,
    announced: Sequence[NewEvent] = (),
    import_id: int | None = None,
) -> list[ArrivalResult]:
    """Add or fill posts, return outcomes in order, and announce them: in bulk by author, after
    `announced` events.

    Posts without a time get `default_time`. `stored_rows` is a result of `find_stored`.
    `import_id` is the import that brings the posts, if any.
    """
    # The write lock is held: no other transaction changes what is read here before this one ends.
    if stored_rows is None:
        stored_rows = await find_stored(session, [arrival.key for arrival in arrivals])
    rows_by_key = dict(stored_rows)
    repeated = await _repeated(session, [arrival.known for arrival in arrivals if arrival.known])
    stored = {row.id: row.content for row in (*rows_by_key.values(), *repeated.values())}
    outcomes: list[tuple[PostRow, bool, bool]] = []
    for arrival in arrivals:
        key = arrival.key
        row = repeated.get(arrival.known) or rows_by_key.get(key)
        is_reworded = row is not None and not arrival.known and _differ(row.content, arrival.post)
        row_now = row or _new_row(arrival, default_time, import_id)
        outcomes.append((row_now, row is None, is_reworded))
        if row is not None:
            has_counts = row.content.counts is not None
            sent = arrival.content if has_counts else arrival.news
            is_own = import_id is not None and row.import_id == import_id
            may_fill = is_own or arrival.scope == "admin"
            row.content = post_content.merged_content(row.content, sent, may_fill=may_fill)
            if arrival.is_placed:
                row.content = structs.replace(row.content, room=sent.room)
        elif key[1] is not None:
            rows_by_key[key] = row_now  # It may arrive again.
    await note_met(session, {row.id for row, *_ in outcomes if row.id}, import_id)
    new = [row for row, is_new, _ in outcomes if is_new]
    changed = [
        row
        for row in (*rows_by_key.values(), *repeated.values())
        if row.content is not stored.get(row.id, row.content)
    ]
    await _note_people(session, new)
    if new or changed or announced:
        events, event_ids = await _number(session, new, changed, announced, is_bulk=is_bulk)
        answered, replies = await match_replies(session, [*new, *changed])
        for row, tweet_id in zip((*new, *changed), answered, strict=True):
            row.reply_to_id = tweet_id
        await _insert(session, new)
        await _update(session, changed, stored)
        media = [(row.id, row.content.media) for row in (*new, *changed) if row.content.media]
        await store_uses(session, media)
        await asyncio.sleep(0)  # A thousand counts were raised, and as many events follow.
        await append_events(session, events, event_ids)
        await store_replies(session, replies)
    return [
        ArrivalResult(row.id, is_new, row.event_id, is_reworded, row.content)
        for row, is_new, is_reworded in outcomes
    ]


async def _note_people(session: AsyncSession, new: Sequence[PostRow]) -> None:
    """Note dotted names of people here; in messages, those of the chat, whom its guests know."""
    if not (naming := [row for row in new if "@" in row.content.text]):
        return
    texts = [row.content.text for row in naming]
    names = await worked_on(texts, lambda: [*map(dotted_names, texts)])
    if not (owners := await names_by_key(session, set().union(*names))):
        return
    members = {*filter(None, map(_membership, new))}
    people = select(RoomPerson.room_id, RoomPerson.user_id).where(
        RoomPerson.room_id.in_({room_id for room_id, _ in members}),
        RoomPerson.user_id.in_({owner.user_id for owner in owners.values()}),
    )
    members |= {(room_id, user_id) for room_id, user_id in await session.execute(people)}
    for row, text, named in zip(naming, texts, names, strict=True):
        room, known = row.content.room, named & owners.keys()
        known = {name for name in known if not room or (room.id, owners[name].user_id) in members}
        if known:
            handles = handles_in(text, " ".join([*known, row.content.handles or ""]))
            row.content = structs.replace(row.content, handles=handles)


def _new_row(arrival: Arrival, default_time: datetime | None, import_id: int | None) -> PostRow:
    post = arrival.news
    if post.created_at is None and default_time is not None:
        post = structs.replace(post, created_at=default_time)
    return PostRow(
        arrival.user_id, post, dated_at=post.dated_at, import_id=import_id, name_id=arrival.name_id
    )


async def find_stored(
    session: AsyncSession, keys: Iterable[post_rooms.SourceKey]
) -> dict[post_rooms.SourceKey, PostRow]:
    """Return stored posts by author and source id; free the ids of messages of deleted chats."""
    named = {key for key in keys if key[1] is not None}
    if not named:
        return {}
    backend = backend_of(session)
    values = {"listed": as_json(sorted(named), _KEY, backend.engine.dialect)}
    rows: dict[post_rooms.SourceKey, PostRow] = {}
    ended: list[int] = []
    for is_kept, *stored in await session.execute(_with_keys(backend.rows_in), values):
        row = _stored_row(*stored)
        if is_kept:
            rows[row.user_id, row.content.source_id] = row
        else:
            ended.append(row.id)
    if ended:
        # A post with such an id would be taken for the message, and be deleted with it.
        freed = update(Tweet).where(is_among(session, Tweet.id, ended)).values(source_id=None)
        await session.execute(freed, execution_options=UNTRACKED)
    return rows


_KEY: Final = Tweet.user_id, Tweet.source_id


@cache
def _with_keys(rows_in: Callable[..., Subquery]) -> Select[*tuple[Any, ...]]:
    # Making the statement takes longer than executing it, and each batch does.
    listed = rows_in(bindparam("listed", type_=Text), *_KEY)
    is_listed = and_(Tweet.user_id == listed.c.user_id, Tweet.source_id == listed.c.source_id)
    return select(post_rooms.is_of_kept_room(), *_stored_columns()).join(listed, is_listed)


async def _repeated(session: AsyncSession, ids: Sequence[int]) -> dict[int, PostRow]:
    if not ids:
        return {}
    query = select(*_stored_columns())
    rows = await session.execute(query.where(is_among(session, Tweet.id, ids)))
    return {row.id: row for row in (_stored_row(*values) for values in rows)}


async def link_again(session: AsyncSession, answers: Sequence[int]) -> None:
    """Link stored answers to what they answer, if that is here, after other posts were removed."""
    rows = [*(await _repeated(session, answers)).values()]
    if rows:
        targets, _ = await match_replies(session, rows)
        links = [*zip(rows, targets, strict=True)]
        values = [{"changed": row.id, "reply_to_id": target} for row, target in links]
        await session.execute(update_by_id(Tweet), values)
        # Answers without a target look as before: they never show a removed post.
        linked = [NewEvent("tweet.updated", row.user_id, row.id) for row, target in links if target]
        await append_events(session, linked)


@cache
def _stored_columns() -> tuple[InstrumentedAttribute[Any], ...]:
    return Tweet.id, Tweet.user_id, Tweet.import_id, *post_content.content_columns()


def _stored_row(post_id: int, user_id: int, import_id: int | None, *values: Any) -> PostRow:
    names = (column.key for column in post_content.content_columns())
    content = post_content.decode(dict(zip(names, values, strict=True)))
    return PostRow(user_id, post_content.StoredContent(**content), id=post_id, import_id=import_id)


async def _number(
    session: AsyncSession,
    new: Sequence[PostRow],
    changed: Sequence[PostRow],
    announced: Sequence[NewEvent],
    *,
    is_bulk: bool,
) -> tuple[list[NewEvent], Sequence[int]]:
    rows_by_author: dict[int, list[PostRow]] = defaultdict(list)
    for row in new:
        rows_by_author[row.user_id].append(row)
    groups = list(rows_by_author.values()) if is_bulk else [[row] for row in new]
    counts = {Tweet: len(new), Event: len(announced) + len(groups) + len(changed)}
    ids, event_ids = await backend_of(session).allocate_ids(session, counts)
    for row, tweet_id in zip(new, ids, strict=True):
        row.id = tweet_id
    events = list(announced)
    for group in groups:
        user_id, tweet_id = group[0].user_id, group[0].id
        if is_bulk:
            events.append(NewEvent("tweets.imported", user_id, posts=len(group)))
        else:
            events.append(NewEvent("tweet.created", user_id, tweet_id))
    events += [NewEvent("tweet.updated", row.user_id, row.id) for row in changed]
    groups += [[row] for row in changed]
    for group, event_id in zip(groups, event_ids[len(announced) :], strict=True):
        for row in group:
            row.event_id = event_id
    return events, event_ids


async def _insert(session: AsyncSession, new: Sequence[PostRow]) -> None:
    if not new:
        return
    columns = _columns(new)
    await insert_columns(session, Tweet, columns)
    indexed = map(IndexedPost, *(columns[name] for name in IndexedPost._fields))
    await backend_of(session).words.add(session, indexed)
    raised = Counter(row.user_id for row in new)
    values = [{"changed": user_id, "posts": posts} for user_id, posts in sorted(raised.items())]
    await session.execute(_RAISE, values)
    await count_posts(session, [_moment(row.user_id, row.content) for row in new])
    await post_rooms.count_messages(session, filter(None, map(_membership, new)))


async def _update(
    session: AsyncSession,
    changed: Sequence[PostRow],
    stored: Mapping[int, post_content.StoredContent],
) -> None:
    if not changed:
        return
    columns, names = _columns(changed), (*post_content.repeated_columns(), "room_id", "reply_to_id")
    values = {"changed": columns["id"]} | {name: columns[name] for name in names}
    await session.execute(update_by_id(Tweet), rows_of(values))
    described = [row.id for row in changed if row.content.media != stored[row.id].media]
    if described:
        await backend_of(session).words.renew(session, described)
    moments = [
        (_moment(row.user_id, row.content), _moment(row.user_id, stored[row.id])) for row in changed
    ]
    moved = [(after, before) for after, before in moments if after != before]
    if moved:
        await count_posts(session, [after for after, _ in moved], [before for _, before in moved])
        authors = sorted({user_id for (user_id, _, _), _ in moved})
        await session.execute(CHANGE_USER, [{"changed": user_id} for user_id in authors])
    placed = [_membership(row) for row in changed if stored[row.id].room is None]
    await post_rooms.count_messages(session, filter(None, placed))


def _moment(user_id: int, content: post_content.StoredContent) -> Moment:
    return user_id, content.created_at, content.lang


def _membership(row: PostRow) -> post_rooms.Membership | None:
    room = row.content.room
    return (room.id, row.user_id) if room and room.id else None


@dataclass(frozen=True, slots=True, eq=False)
class PostRequest:
    username: str
    post: post_content.NewTweet
    scope: Scope = "write"
    """Right of the sender."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """The answer to a request: 201 for a new post, 200 for a known post."""

    status: int
    post: Post
    event_id: int


class PostWriter:
    """Stores single posts; acknowledges each after its commit."""

    def __init__(self, db: Database, *, on_batch: Callable[[int], None] = lambda _: None) -> None:
        self._db = db
        self._on_batch = on_batch
        self.add: Batch[PostRequest, Receipt] = Batch(
            self._run, max_size=500, max_waiting=5_000, timeout_s=40
        )
        """Stores a post. Raises NotFoundError."""

    async def add_tweet(self, username: str, text: str) -> Post:
        """Store a public post of an author, in a transaction of its own. Raises NotFoundError,
        InvalidInputError.
        """
        content = post_content.valid_post(post_content.NewTweetForm(text=text), arrived_at=now())
        return (await self.add(PostRequest(username, content))).post

    async def close(self) -> None:
        await self.add.close()

    async def _run(self, requests: Sequence[PostRequest]) -> Sequence[Receipt | Exception]:
        self._on_batch(len(requests))
        settled: dict[PostRequest, Receipt | Exception] = {}
        arrivals: dict[PostRequest, Arrival] = {}
        async with self._db.write() as session:
            keys = {request: username_key(request.username) for request in requests}
            users = await names_by_key(session, {*keys.values()})
            for request in requests:
                if (user := users.get(keys[request])) is None:
                    settled[request] = unknown_user(request.username)
                else:
                    arrivals[request] = Arrival(
                        user.user_id, request.post, scope=request.scope, name_id=user.name_id
                    )
            rows = await find_stored(session, [arrival.key for arrival in arrivals.values()])
            settled |= await _put_into_rooms(session, arrivals, rows)
            added = await add_arrivals(session, list(arrivals.values()), rows, default_time=now())
            posts = {
                each.id: plain_post(each.id, users[keys[request]].username, each.content)
                for request, each in zip(arrivals, added, strict=True)
                if each.is_new and is_plain(each.content)
            }
            posts |= await find_posts(session, [each.id for each in added if each.id not in posts])
            is_told = all(each.event_id for each in added)
            newest = 0 if is_told else await newest_event(session)
        for request, each in zip(arrivals, added, strict=True):
            status = 201 if each.is_new else 200
            settled[request] = Receipt(status, posts[each.id], each.event_id or newest)
        return [settled[request] for request in requests]


async def _put_into_rooms(
    session: AsyncSession,
    arrivals: dict[PostRequest, Arrival],
    rows: dict[post_rooms.SourceKey, PostRow],
) -> dict[PostRequest, Exception]:
    """Give the arrivals their rooms; take out and return those whose room's name is not enough."""
    mentions: dict[PostRequest, post_rooms.RoomMention] = {}
    posts: set[post_rooms.SourceKey] = set()
    for request, arrival in arrivals.items():
        if arrival.post.room is None:
            posts.add(arrival.key)
        elif arrival.post.source_id is None or arrival.key not in posts:
            mentions[request] = post_rooms.RoomMention(arrival.key, arrival.post.room)
    refused: dict[PostRequest, Exception] = {}
    places = await post_rooms.find_named_rooms(session, list(mentions.values()), rows)
    members = [
        (place.room_id, mention.user_id)
        for (request, mention), place in zip(mentions.items(), places, strict=True)
        if place and arrivals[request].name_id
    ]
    unknown = await post_rooms.unknown_to_guests(session, members)
    for (request, mention), place in zip(mentions.items(), places, strict=True):
        if place is None:
            continue
        try:
            if arrivals[request].name_id and (place.room_id, mention.user_id) in unknown:
                raise post_rooms.joined_name_error(request.username, place.room_id)
            place.check(mention.reference.name)
            arrivals[request] = arrivals[request]._replace(room_id=place.room_id)
        except (InvalidInputError, ConflictError) as error:
            refused[request] = error
            del arrivals[request]
    return refused
