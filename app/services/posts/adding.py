"""Add posts, of one or many authors, with the same number of statements."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Table, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import now
from app.compute.text import guess_language
from app.db.backend import allocate_ids, backend_of
from app.db.word_index import IndexedPost
from app.models import Event, Tweet, User
from app.services.events import append_event
from app.services.posts.new_tweet import NewTweet
from app.services.posts.post_counts import count_posts

SourceKey = tuple[int, str]
"""An author and the platform's own id of a post."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A post to be added, and its author."""

    user_id: int
    post: NewTweet

    @property
    def key(self) -> SourceKey | None:
        return None if self.post.source_id is None else (self.user_id, self.post.source_id)


@dataclass(frozen=True, slots=True)
class AddResult:
    """The ids and events of posts that were added, in the order given."""

    ids: list[int]
    is_new: list[bool]
    event_ids: list[int | None]
    """The event that added or changed each post; None where nothing changed."""

    @property
    def newest_event(self) -> int | None:
        return max(filter(None, self.event_ids), default=None)


async def add_posts(
    session: AsyncSession,
    user_id: int,
    posts: Sequence[NewTweet],
    *,
    default_time: datetime | None = None,
) -> AddResult:
    """Add posts of one author in bulk: one event announces all new ones."""
    arrivals = [Arrival(user_id, post) for post in posts]
    return await _add(session, arrivals, default_time, is_bulk=True)


async def add_arrivals(
    session: AsyncSession, arrivals: Sequence[Arrival], *, default_time: datetime | None = None
) -> AddResult:
    """Add single posts: each new one has an event of its own.

    Posts without a time get `default_time`; a known `source_id` fills empty fields.
    """
    return await _add(session, arrivals, default_time, is_bulk=False)


async def _add(
    session: AsyncSession,
    arrivals: Sequence[Arrival],
    default_time: datetime | None,
    *,
    is_bulk: bool,
) -> AddResult:
    known = await _known(session, [key for each in arrivals if (key := each.key)])
    # The write lock is held: no other transaction adds one of these posts before this one ends.
    first = {each.key: place for place, each in reversed(list(enumerate(arrivals)))}
    is_new = [
        each.key is None or (each.key not in known and first[each.key] == place)
        for place, each in enumerate(arrivals)
    ]
    fresh = [each for each, new in zip(arrivals, is_new, strict=True) if new]
    inserted = iter(await _insert(session, fresh, default_time, is_bulk=is_bulk))
    ids: list[int] = []
    event_ids: list[int | None] = []
    for place, each in enumerate(arrivals):
        if is_new[place]:
            tweet_id, event_id = next(inserted)
            ids.append(tweet_id)
            event_ids.append(event_id)
        else:
            stored = known.get(each.key)
            if stored is None:
                stored = await session.get_one(Tweet, ids[first[each.key]])
            ids.append(stored.id)
            event_ids.append(await _fill(session, stored, each.post))
    return AddResult(ids, is_new, event_ids)


async def _known(session: AsyncSession, keys: Sequence[SourceKey]) -> dict[SourceKey | None, Tweet]:
    """Return the posts that are stored already, by author and source id."""
    by_user: dict[int, list[str]] = {}
    for user_id, source_id in keys:
        by_user.setdefault(user_id, []).append(source_id)
    known: dict[SourceKey | None, Tweet] = {}
    # One statement per author: for a list of pairs SQLite would scan the whole index.
    for user_id, source_ids in by_user.items():
        query = select(Tweet).where(Tweet.user_id == user_id, Tweet.source_id.in_(source_ids))
        for tweet in await session.scalars(query):
            known[user_id, str(tweet.source_id)] = tweet
    return known


async def _insert(
    session: AsyncSession, fresh: Sequence[Arrival], default_time: datetime | None, *, is_bulk: bool
) -> list[tuple[int, int]]:
    """Insert posts and events, update all counts; return the ids of each post and event."""
    if not fresh:
        return []
    ids = await allocate_ids(session, Tweet, len(fresh))
    events = await allocate_ids(session, Event, 1 if is_bulk else len(fresh))
    event_ids = list(events) * len(fresh) if is_bulk else list(events)
    rows = [
        asdict(each.post)
        | {
            "id": tweet_id,
            "user_id": each.user_id,
            "event_id": event_id,
            "created_at": each.post.created_at or default_time,
        }
        for tweet_id, event_id, each in zip(ids, event_ids, fresh, strict=True)
    ]
    await session.execute(insert(cast(Table, Tweet.__table__)), rows)
    indexed = [IndexedPost(row["id"], row["user_id"], row["text"]) for row in rows]
    await backend_of(session).words.add(session, indexed)
    await count_posts(session, [(row["user_id"], row["created_at"], row["lang"]) for row in rows])
    await _raise_tweet_counts(session, Counter(each.user_id for each in fresh))
    if is_bulk:
        announced = [_event("tweets.imported", fresh[0].user_id, events[0], None, len(fresh))]
    else:
        announced = [
            _event("tweet.created", each.user_id, event_id, tweet_id, 1)
            for tweet_id, event_id, each in zip(ids, event_ids, fresh, strict=True)
        ]
    await session.execute(insert(cast(Table, Event.__table__)), announced)
    return list(zip(ids, event_ids, strict=True))


def _event(
    kind: str, user_id: int, event_id: int, tweet_id: int | None, count: int
) -> dict[str, Any]:
    return {
        "id": event_id,
        "kind": kind,
        "user_id": user_id,
        "tweet_id": tweet_id,
        "count": count,
        "created_at": now(),
    }


async def _raise_tweet_counts(session: AsyncSession, added: Counter[int]) -> None:
    by_number: dict[int, list[int]] = {}
    for user_id, number in added.items():
        by_number.setdefault(number, []).append(user_id)
    for number, user_ids in by_number.items():
        counting = update(User).where(User.id.in_(user_ids))
        await session.execute(counting.values(tweet_count=User.tweet_count + number))


async def _fill(session: AsyncSession, tweet: Tweet, post: NewTweet) -> int | None:
    """Fill empty fields of a stored post from its repetition; return the event, if any changed."""
    empty = [
        name
        for name in ("created_at", "lang", "url")
        if getattr(tweet, name) is None and getattr(post, name) is not None
    ]
    if post.lang == guess_language(post.text):
        # A language guessed from the new text says nothing about the stored one.
        empty = [name for name in empty if name != "lang"]
    if not empty:
        return None
    await count_posts(session, [(tweet.user_id, tweet.created_at, tweet.lang)], sign=-1)
    for name in empty:
        setattr(tweet, name, getattr(post, name))
    await session.flush()
    await count_posts(session, [(tweet.user_id, tweet.created_at, tweet.lang)])
    return await append_event(session, "tweet.updated", user_id=tweet.user_id, tweet_id=tweet.id)
