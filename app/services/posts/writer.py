"""The writer: stores posts that arrive together in one transaction (group commit).

Posts of one or many authors take the same number of statements.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple, cast

from msgspec import json, structs
from sqlalchemy import Table, and_, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import now
from app.compute.text import guess_language, username_key
from app.db.backend import backend_of, insert_rows
from app.db.batch import Batch
from app.db.engine import Database
from app.db.indexes import IndexedPost
from app.errors import AppError
from app.formats.records import Reactions
from app.models import Event, Tweet, User
from app.services.access.rights import Right, ended_right_error, ended_rights
from app.services.event_log import NewEvent, append_events, newest_event
from app.services.posts.media import store_uses, with_files
from app.services.posts.new_tweet import NewTweet
from app.services.posts.post_counts import Moment, count_posts
from app.services.posts.replies import Row, link_replies, store_links
from app.services.posts.tweets import Post, find_posts
from app.services.posts.users import ids_by_key, unknown_user

SourceKey = tuple[int, str | None]
"""An author and the platform's own id of a post; without one no other post is the same."""

FILLED: Final = ("created_at", "lang", "url", "reply_to_source_id", "reply_to_username", "media")
"""Columns that a repetition of a stored post fills where they are empty."""
RENEWED: Final = ("reply_to_id", "counts")
MOST_POSTS: Final = 500
"""Posts in one transaction."""
MOST_WAITING: Final = 5_000
"""Posts waiting for the next one; more are refused."""
TIMEOUT_S: Final = 40
_TWEET: Final = cast(Table, Tweet.__table__)
_USER: Final = cast(Table, User.__table__)
_FILL: Final = update(_TWEET).where(_TWEET.c.id == bindparam("filled"))
_RAISE: Final = (
    update(_USER)
    .where(_USER.c.id == bindparam("author"))
    .values(tweet_count=_USER.c.tweet_count + bindparam("more"))
)


class Arrival(NamedTuple):
    """A post to be added, and its author."""

    user_id: int
    post: NewTweet


@dataclass(frozen=True, slots=True)
class AddResult:
    """The ids and events of posts that were added, in the order given."""

    ids: list[int]
    is_new: list[bool]
    event_ids: list[int | None]
    """The event that added or changed each post; None where nothing changed."""


async def add_arrivals(
    session: AsyncSession,
    arrivals: Sequence[Arrival],
    *,
    default_time: datetime | None = None,
    is_bulk: bool = False,
    announced: Sequence[NewEvent] = (),
) -> AddResult:
    """Add posts: each new one has an event of its own, or in bulk each author.

    Posts without a time get `default_time`; a known `source_id` fills empty fields. `announced`
    are events of the same transaction that come first.
    """
    keys = [(each.user_id, each.post.source_id) for each in arrivals]
    known = await _known(session, {key for key in keys if key[1] is not None})
    fresh: list[Row] = []
    before: dict[int, Row] = {}
    """Stored posts that change, as they were, by their ids."""
    rows: list[Row] = []
    is_new: list[bool] = []
    # The write lock is held: no other transaction adds one of these posts before this one ends.
    for each, key in zip(arrivals, keys, strict=True):
        row = known.get(key)
        is_new.append(row is None)
        if row is None:
            row = structs.asdict(each.post) | {"user_id": each.user_id}
            row["created_at"] = row["created_at"] or default_time
            fresh.append(row)
            if each.post.source_id is not None:
                known[key] = row
        elif missing := missing_values(row, each.post):
            if "id" in row:
                before.setdefault(row["id"], row.copy())
            row |= missing
        rows.append(row)
    changed = [row for row in known.values() if row.get("id") in before]
    if fresh or changed or announced:
        await _store(session, fresh, changed, announced, is_bulk=is_bulk)
        described = [row["id"] for row in changed if row["media"] != before[row["id"]]["media"]]
        if described:
            await backend_of(session).words.renew(session, described)
        moments = [_moment(row) for row in (*fresh, *changed)]
        await count_posts(session, moments, [_moment(row) for row in before.values()])
    event_ids = [row.get("event_id") for row in rows]
    return AddResult([row["id"] for row in rows], is_new, event_ids)


async def _known(session: AsyncSession, keys: set[SourceKey]) -> dict[SourceKey, Row]:
    """Return the posts that are stored already, by author and source id."""
    if not keys:
        return {}
    asked = backend_of(session).listed(sorted(keys), Tweet.user_id, Tweet.source_id)
    names = ("id", "user_id", "source_id", *FILLED, *RENEWED)
    is_asked = and_(Tweet.user_id == asked.c.user_id, Tweet.source_id == asked.c.source_id)
    query = select(*(getattr(Tweet, name) for name in names)).join(asked, is_asked)
    stored = (await session.execute(query)).mappings()
    return {(row["user_id"], row["source_id"]): dict(row) for row in stored}


def missing_values(row: Row, post: NewTweet) -> Row:
    """Return what a repetition knows of a post and the row does not."""
    missing = {
        name: value
        for name in FILLED
        if row[name] is None and (value := getattr(post, name)) is not None
    }
    if row["media"] and post.media and '"file"' in post.media:
        media = with_files(row["media"], post.media)
        missing |= {"media": media} if media != row["media"] else {}
    if _are_newer(post.counts, row["counts"]):
        missing["counts"] = post.counts
    if "lang" in missing and post.lang == guess_language(post.text):
        # A language guessed from the new text says nothing about the stored one.
        del missing["lang"]
    if row["reply_to_source_id"] or row["reply_to_username"]:
        # Both name one post.
        missing.pop("reply_to_source_id", None)
        missing.pop("reply_to_username", None)
    return missing


def _are_newer(counts: str | None, stored: str | None) -> bool:
    """Return whether counts tell more than the stored ones: other figures, not of before."""
    if counts is None or stored is None or counts == stored:
        return counts is not None and counts != stored
    new, old = (json.decode(each, type=Reactions) for each in (counts, stored))
    is_later = old.as_of is None or (new.as_of is not None and new.as_of >= old.as_of)
    return is_later and new.figures != old.figures


def _moment(row: Row) -> Moment:
    return row["user_id"], row["created_at"], row["lang"]


async def _store(
    session: AsyncSession,
    fresh: Sequence[Row],
    changed: Sequence[Row],
    announced: Sequence[NewEvent],
    *,
    is_bulk: bool,
) -> None:
    """Insert new posts, fill stored ones, and log everything.

    The rows get their ids, and the events that added or changed them.
    """
    of_each = Counter(row["user_id"] for row in fresh)
    news = len(of_each) if is_bulk else len(fresh)
    counts = {Tweet: len(fresh), Event: len(announced) + news + len(changed)}
    ids, event_ids = await backend_of(session).allocate_ids(session, counts)
    for row, tweet_id in zip(fresh, ids, strict=True):
        row["id"] = tweet_id
    events = list(announced)
    if is_bulk:
        events += [NewEvent("tweets.imported", each, posts=n) for each, n in of_each.items()]
    else:
        events += [NewEvent("tweet.created", row["user_id"], row["id"]) for row in fresh]
    events += [NewEvent("tweet.updated", row["user_id"], row["id"]) for row in changed]
    # In bulk an author's new posts share the key of the author's own event, which comes before.
    event_of = {each[1:3]: number for each, number in zip(events, event_ids, strict=True)}
    for row in fresh:
        row["event_id"] = event_of[row["user_id"], None if is_bulk else row["id"]]
    for row in changed:
        row["event_id"] = event_of[row["user_id"], row["id"]]
    links = await link_replies(session, [*fresh, *changed])
    await _insert(session, fresh, of_each)
    if changed:
        names = (*FILLED, *RENEWED)
        values = [{"filled": row["id"]} | {name: row[name] for name in names} for row in changed]
        await session.execute(_FILL, values)
    await store_uses(session, [*fresh, *changed])
    await asyncio.sleep(0)  # A thousand counts were raised, and as many events follow.
    await append_events(session, events, event_ids)
    await store_links(session, links)


async def _insert(session: AsyncSession, fresh: Sequence[Row], of_each: Mapping[int, int]) -> None:
    """Insert new posts into the table and the word index, and count them."""
    if not fresh:
        return
    await insert_rows(session, _TWEET, fresh)
    indexed = (IndexedPost(*(row[name] for name in IndexedPost._fields)) for row in fresh)
    await backend_of(session).words.add(session, indexed)
    raised = [{"author": user_id, "more": posts} for user_id, posts in sorted(of_each.items())]
    await session.execute(_RAISE, raised)


@dataclass(frozen=True, slots=True, eq=False)
class PostRequest:
    """A post that a request sends."""

    username: str
    post: NewTweet
    right: Right | None = None
    """The right of the sender; if it has ended, nothing is stored."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """The answer to a request: 201 for a new post, 200 for a known one."""

    status: int
    post: Post
    event_id: int


class PostWriter:
    """Stores single posts; each is acknowledged after its commit."""

    def __init__(self, db: Database, *, on_batch: Callable[[int], None] = lambda _: None) -> None:
        self._db = db
        self._on_batch = on_batch
        self.add: Batch[PostRequest, Receipt] = Batch(
            self._run, max_size=MOST_POSTS, max_waiting=MOST_WAITING, timeout_s=TIMEOUT_S
        )
        """Store a post. Raises NotFoundError, and UnauthorizedError once the right has ended."""

    async def close(self) -> None:
        await self.add.close()

    async def _run(self, requests: Sequence[PostRequest]) -> Sequence[Receipt | Exception]:
        self._on_batch(len(requests))
        async with self._db.write() as session:
            return await _store_requests(session, requests)


async def _store_requests(
    session: AsyncSession, requests: Sequence[PostRequest]
) -> list[Receipt | AppError]:
    """Store the posts together; those without an author or a right are left out."""
    users = await ids_by_key(session, {username_key(each.username) for each in requests})
    rights = {each.right for each in requests if each.right is not None}
    ended = await ended_rights(session, rights)
    settled: dict[PostRequest, Receipt | AppError] = {}
    for each in requests:
        if each.right in ended:
            settled[each] = ended_right_error()
        elif username_key(each.username) not in users:
            settled[each] = unknown_user(each.username)
    new = [each for each in requests if each not in settled]
    arrivals = [Arrival(users[username_key(each.username)], each.post) for each in new]
    added = await add_arrivals(session, arrivals, default_time=now())
    posts = await find_posts(session, added.ids)
    newest = 0 if all(added.event_ids) else await newest_event(session)
    outcomes = zip(added.ids, added.is_new, added.event_ids, strict=True)
    for each, (tweet_id, is_new, event_id) in zip(new, outcomes, strict=True):
        status = 201 if is_new else 200
        settled[each] = Receipt(status, posts[tweet_id], event_id or newest)
    return [settled[each] for each in requests]
