"""The writer: stores posts that arrive together in one transaction (group commit).

Posts of one or many authors take the same number of statements.
"""

import asyncio
from collections import Counter, defaultdict
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
from app.formats.records import Reactions
from app.models import Event, Tweet, User
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
_AUTHOR: Final = update(_USER).where(_USER.c.id == bindparam("author"))
_RAISE: Final = _AUTHOR.values(tweet_count=_USER.c.tweet_count + bindparam("more"))
_OUTDATE: Final = _AUTHOR.values(deletion_count=_USER.c.deletion_count + 1)


class Arrival(NamedTuple):
    """A post to be added, and its author."""

    user_id: int
    post: NewTweet

    @property
    def key(self) -> SourceKey:
        return self.user_id, self.post.source_id


class Added(NamedTuple):
    """What became of an arrival."""

    id: int
    is_new: bool
    event_id: int | None
    """The event that added or changed the post; None where nothing changed."""


async def add_arrivals(
    session: AsyncSession,
    arrivals: Sequence[Arrival],
    *,
    default_time: datetime | None = None,
    is_bulk: bool = False,
    announced: Sequence[NewEvent] = (),
) -> list[Added]:
    """Add posts, of which a known `source_id` fills the stored one, and return them in order.

    Each new post has an event of its own, or in bulk each author. Posts without a time get
    `default_time`. `announced` are events of the same transaction that come first.
    """
    # The write lock is held: no other transaction changes what is read here before this one ends.
    known = await _stored(session, arrivals)
    before = {row["id"]: row.copy() for row in known.values()}
    new: list[Row] = []
    rows: list[Row] = []
    is_new: list[bool] = []
    for arrival in arrivals:
        row = known.get(arrival.key)
        is_new.append(row is None)
        if row is None:
            row = structs.asdict(arrival.post) | {"user_id": arrival.user_id}
            row["created_at"] = row["created_at"] or default_time
            new.append(row)
            if arrival.post.source_id is not None:
                known[arrival.key] = row  # It may arrive again.
        else:
            row.update(missing_values(row, arrival.post))
        rows.append(row)
    changed = [row for row in known.values() if "id" in row and row != before[row["id"]]]
    if new or changed or announced:
        events, event_ids = await _number(session, new, changed, announced, is_bulk=is_bulk)
        links = await link_replies(session, [*new, *changed])
        await _insert(session, new)
        await _update(session, changed, before)
        await store_uses(session, [*new, *changed])
        await asyncio.sleep(0)  # A thousand counts were raised, and as many events follow.
        await append_events(session, events, event_ids)
        await store_links(session, links)
    outcomes = zip(rows, is_new, strict=True)
    return [Added(row["id"], is_first, row.get("event_id")) for row, is_first in outcomes]


async def _stored(session: AsyncSession, arrivals: Sequence[Arrival]) -> dict[SourceKey, Row]:
    """Return the posts that are stored already, by author and source id."""
    keys = {each.key for each in arrivals if each.post.source_id is not None}
    if not keys:
        return {}
    asked = backend_of(session).listed(sorted(keys), Tweet.user_id, Tweet.source_id)
    names = ("id", "user_id", "source_id", *FILLED, *RENEWED)
    is_asked = and_(Tweet.user_id == asked.c.user_id, Tweet.source_id == asked.c.source_id)
    query = select(*(getattr(Tweet, name) for name in names)).join(asked, is_asked)
    stored = (await session.execute(query)).mappings()
    return {(row["user_id"], row["source_id"]): dict(row) for row in stored}


async def _number(
    session: AsyncSession,
    new: Sequence[Row],
    changed: Sequence[Row],
    announced: Sequence[NewEvent],
    *,
    is_bulk: bool,
) -> tuple[list[NewEvent], Sequence[int]]:
    """Give the new posts their ids, and all posts their events; return these and their ids."""
    of_each: dict[int, list[Row]] = defaultdict(list)
    for row in new:
        of_each[row["user_id"]].append(row)
    groups = list(of_each.values()) if is_bulk else [[row] for row in new]
    counts = {Tweet: len(new), Event: len(announced) + len(groups) + len(changed)}
    ids, event_ids = await backend_of(session).allocate_ids(session, counts)
    for row, tweet_id in zip(new, ids, strict=True):
        row["id"] = tweet_id
    events = list(announced)
    for group in groups:
        user_id, tweet_id = group[0]["user_id"], group[0]["id"]
        if is_bulk:
            events.append(NewEvent("tweets.imported", user_id, posts=len(group)))
        else:
            events.append(NewEvent("tweet.created", user_id, tweet_id))
    events += [NewEvent("tweet.updated", row["user_id"], row["id"]) for row in changed]
    groups += [[row] for row in changed]
    for group, event_id in zip(groups, event_ids[len(announced) :], strict=True):
        for row in group:
            row["event_id"] = event_id
    return events, event_ids


async def _insert(session: AsyncSession, new: Sequence[Row]) -> None:
    """Insert new posts into the table and the word index, and count them."""
    if not new:
        return
    await insert_rows(session, _TWEET, new)
    indexed = (IndexedPost(*(row[name] for name in IndexedPost._fields)) for row in new)
    await backend_of(session).words.add(session, indexed)
    raised = Counter(row["user_id"] for row in new)
    values = [{"author": user_id, "more": posts} for user_id, posts in sorted(raised.items())]
    await session.execute(_RAISE, values)
    await count_posts(session, map(_moment, new))


async def _update(session: AsyncSession, changed: Sequence[Row], before: Mapping[int, Row]) -> None:
    """Update stored posts, what is searched of them, and the counts of their time and language."""
    if not changed:
        return
    names = (*FILLED, *RENEWED)
    values = [{"filled": row["id"]} | {name: row[name] for name in names} for row in changed]
    await session.execute(_FILL, values)
    described = [row["id"] for row in changed if row["media"] != before[row["id"]]["media"]]
    if described:
        await backend_of(session).words.renew(session, described)
    moved = [row for row in changed if _moment(row) != _moment(before[row["id"]])]
    if moved:
        await count_posts(
            session, map(_moment, moved), [_moment(before[row["id"]]) for row in moved]
        )
        authors = sorted({row["user_id"] for row in moved})
        await session.execute(_OUTDATE, [{"author": user_id} for user_id in authors])


def _moment(row: Row) -> Moment:
    return row["user_id"], row["created_at"], row["lang"]


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


@dataclass(frozen=True, slots=True, eq=False)
class PostRequest:
    """A post that a request sends."""

    username: str
    post: NewTweet


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
        """Store a post. Raises NotFoundError."""

    async def close(self) -> None:
        await self.add.close()

    async def _run(self, requests: Sequence[PostRequest]) -> Sequence[Receipt | Exception]:
        """Store the posts together; those without an author are left out."""
        self._on_batch(len(requests))
        settled: dict[PostRequest, Receipt | Exception] = {}
        arrivals: dict[PostRequest, Arrival] = {}
        async with self._db.write() as session:
            users = await ids_by_key(session, {username_key(each.username) for each in requests})
            for each in requests:
                user_id = users.get(username_key(each.username))
                if user_id is None:
                    settled[each] = unknown_user(each.username)
                else:
                    arrivals[each] = Arrival(user_id, each.post)
            added = await add_arrivals(session, list(arrivals.values()), default_time=now())
            posts = await find_posts(session, [tweet_id for tweet_id, _, _ in added])
            is_told = all(event_id for _, _, event_id in added)
            newest = 0 if is_told else await newest_event(session)
        for each, (tweet_id, is_new, event_id) in zip(arrivals, added, strict=True):
            status = 201 if is_new else 200
            settled[each] = Receipt(status, posts[tweet_id], event_id or newest)
        return [settled[each] for each in requests]
