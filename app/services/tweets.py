"""Posts: listing, adding and deleting them."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, cast

import msgspec
from sqlalchemy import Row, Select, Table, and_, delete, insert, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.text import guess_language
from app.db.cache import EVERYTHING, depends_on
from app.db.ids import allocate_ids
from app.errors import NotFoundError
from app.models import Event, Tweet, User
from app.services.events import append_event
from app.services.new_tweet import NewTweet
from app.services.post_counts import count_posts
from app.services.profiles import subtract_tweet

AnySelect = Select[*tuple[Any, ...]]
AnyRow = Row[*tuple[Any, ...]]

TweetKey = tuple[datetime | None, int]
"""A post's place in a list: newest first, equal times by highest id, unknown times last."""


class Post(msgspec.Struct, frozen=True):
    """A post as answers show one."""

    id: int
    username: str
    text: str
    kind: str
    created_at: datetime | None
    lang: str | None
    source_id: str | None
    url: str | None


@dataclass(frozen=True, slots=True)
class Added:
    """What became of posts: ids in the order given, whether each is new, and the newest event."""

    ids: list[int]
    is_new: list[bool]
    event_id: int | None
    inserted_by: int | None
    """The event that brought the new ones."""


def select_posts() -> AnySelect:
    """Return a query for the columns of `Post`."""
    return (
        select(
            Tweet.id,
            User.username,
            Tweet.text,
            Tweet.kind,
            Tweet.created_at,
            Tweet.lang,
            Tweet.source_id,
            Tweet.url,
        )
        .join(User, User.id == Tweet.user_id)
        .where(User.deleted_at.is_(None))
    )


def as_post(row: AnyRow) -> Post:
    return Post(*row)


async def find_post(session: AsyncSession, tweet_id: int) -> Post | None:
    """Return the post of that id."""
    query = select_posts().add_columns(Tweet.user_id).where(Tweet.id == tweet_id)
    row = (await session.execute(query)).first()
    if row is None:
        return None
    depends_on(row.user_id)
    return Post(*row[:-1])


async def get_post(session: AsyncSession, tweet_id: int) -> Post:
    """Return the post of that id. Raises NotFoundError."""
    post = await find_post(session, tweet_id)
    if post is None:
        raise NotFoundError("There is no post {tweet_id}", tweet_id=tweet_id)
    return post


async def list_posts(
    session: AsyncSession, *, user_id: int | None = None, after: TweetKey | None = None, limit: int
) -> tuple[list[Post], TweetKey | None]:
    """Return up to `limit` posts, the newest first, of one author or of all, and the next place."""
    depends_on(EVERYTHING if user_id is None else user_id)
    query = select_posts().order_by(Tweet.created_at.desc().nulls_last(), Tweet.id.desc())
    if user_id is not None:
        query = query.where(Tweet.user_id == user_id)
    if after is not None:
        query = query.where(_older(*after))
    posts = [as_post(row) for row in await session.execute(query.limit(limit + 1))]
    last = posts[limit - 1] if len(posts) > limit else None
    return posts[:limit], (last.created_at, last.id) if last else None


def _older(created_at: datetime | None, tweet_id: int) -> Any:
    if created_at is None:
        return and_(Tweet.created_at.is_(None), Tweet.id < tweet_id)
    older = tuple_(Tweet.created_at, Tweet.id) < tuple_(created_at, tweet_id)
    return or_(older, Tweet.created_at.is_(None))


async def add_posts(
    session: AsyncSession,
    user_id: int,
    posts: Sequence[NewTweet],
    *,
    default_time: datetime | None = None,
    is_bulk: bool = False,
) -> Added:
    """Store posts of one author with their event; a known `source_id` fills empty fields.

    Posts without a time get `default_time`. A post is announced as `tweet.created`, what comes
    in bulk as `tweets.imported`.
    """
    known = await _known(session, user_id, posts)
    # The write lock is held: what is not known now is not stored before this transaction ends.
    first = {post.source_id: place for place, post in reversed(list(enumerate(posts)))}
    is_new = [
        post.source_id is None or (post.source_id not in known and first[post.source_id] == place)
        for place, post in enumerate(posts)
    ]
    fresh = [post for post, new in zip(posts, is_new, strict=True) if new]
    fresh_ids, inserted_by = await _insert(
        session, user_id, fresh, default_time=default_time, is_single=not is_bulk
    )
    event_id = inserted_by
    remaining = iter(fresh_ids)
    ids: list[int] = []
    for place, post in enumerate(posts):
        if is_new[place]:
            ids.append(next(remaining))
        elif post.source_id in known:
            tweet = known[post.source_id]
            event_id = await _fill(session, tweet, post) or event_id
            ids.append(tweet.id)
        else:
            tweet = await session.get_one(Tweet, ids[first[post.source_id]])
            event_id = await _fill(session, tweet, post) or event_id
            ids.append(tweet.id)
    return Added(ids, is_new, event_id, inserted_by)


async def _known(
    session: AsyncSession, user_id: int, posts: Sequence[NewTweet]
) -> dict[str | None, Tweet]:
    source_ids = [post.source_id for post in posts if post.source_id is not None]
    if not source_ids:
        return {}
    query = select(Tweet).where(Tweet.user_id == user_id, Tweet.source_id.in_(source_ids))
    return {tweet.source_id: tweet for tweet in await session.scalars(query)}


async def _insert(
    session: AsyncSession,
    user_id: int,
    posts: Sequence[NewTweet],
    *,
    default_time: datetime | None,
    is_single: bool,
) -> tuple[range, int | None]:
    if not posts:
        return range(0), None
    ids = await allocate_ids(session, Tweet, len(posts))
    (event_id,) = await allocate_ids(session, Event, 1)
    rows = [
        asdict(post)
        | {
            "id": tweet_id,
            "user_id": user_id,
            "event_id": event_id,
            "created_at": post.created_at or default_time,
        }
        for tweet_id, post in zip(ids, posts, strict=True)
    ]
    await session.execute(insert(cast(Table, Tweet.__table__)), rows)
    await count_posts(session, [(user_id, row["created_at"], row["lang"]) for row in rows])
    count = User.tweet_count + len(posts)
    await session.execute(update(User).where(User.id == user_id).values(tweet_count=count))
    await append_event(
        session,
        "tweet.created" if is_single else "tweets.imported",
        user_id=user_id,
        tweet_id=ids[0] if is_single else None,
        count=len(posts),
        event_id=event_id,
    )
    return ids, event_id


async def _fill(session: AsyncSession, tweet: Tweet, post: NewTweet) -> int | None:
    """Fill the stored post's empty fields from one sent again; return the event if any was."""
    empty = [
        name
        for name in ("created_at", "lang", "url")
        if getattr(tweet, name) is None and getattr(post, name) is not None
    ]
    if post.lang == guess_language(post.text):
        # A guess from this text says nothing of the one that is stored.
        empty = [name for name in empty if name != "lang"]
    if not empty:
        return None
    await count_posts(session, [(tweet.user_id, tweet.created_at, tweet.lang)], sign=-1)
    for name in empty:
        setattr(tweet, name, getattr(post, name))
    await session.flush()
    await count_posts(session, [(tweet.user_id, tweet.created_at, tweet.lang)])
    return await append_event(session, "tweet.updated", user_id=tweet.user_id, tweet_id=tweet.id)


async def delete_post(session: AsyncSession, tweet_id: int) -> int:
    """Delete a post, and take it out of its author's profile; return the event.

    Raises NotFoundError.
    """
    await get_post(session, tweet_id)
    tweet = await session.get_one(Tweet, tweet_id)
    await subtract_tweet(session, tweet)
    await session.execute(delete(Tweet).where(Tweet.id == tweet_id))
    await count_posts(session, [(tweet.user_id, tweet.created_at, tweet.lang)], sign=-1)
    await session.execute(
        update(User)
        .where(User.id == tweet.user_id)
        .values(tweet_count=User.tweet_count - 1, deletion_count=User.deletion_count + 1)
    )
    return await append_event(session, "tweet.deleted", user_id=tweet.user_id, tweet_id=tweet_id)
