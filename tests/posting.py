"""Posts as the services store them, without a server."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import Sessions
from app.db.engine import Database
from app.services.deletion import delete_post, delete_user
from app.services.posts.arrivals import Arrival, ArrivalResult, add_arrivals
from app.services.posts.post_content import NewTweet, valid_post
from app.services.posts.users import add_user, find_user
from saywho.clock import now
from saywho.formats.post import PlainPost


def new_tweet(text: str, *, arrived_at: datetime, **fields: Any) -> NewTweet:
    """Return a valid post. Raises InvalidInputError."""
    return valid_post(PlainPost(text=text, **fields), arrived_at=arrived_at)


async def add_posts(
    session: AsyncSession,
    user_id: int,
    posts: Sequence[NewTweet],
    *,
    default_time: datetime | None = None,
) -> list[ArrivalResult]:
    """Add posts of one author in bulk: one event announces all new ones."""
    arrivals = [Arrival(user_id, post, scope="admin") for post in posts]
    return await add_arrivals(session, arrivals, default_time=default_time, is_bulk=True)


async def store(db: Database, username: str, *posts: NewTweet) -> list[ArrivalResult]:
    """Store posts of an author, who is made where there is none."""
    async with db.write() as session:
        user = await find_user(session, username) or await add_user(session, username)
        return await add_posts(session, user.id, posts)


async def post(db: Database, username: str, *texts: str, **fields: Any) -> list[int]:
    """Store posts of a text and perhaps the same fields likewise; return their ids."""
    posts = (new_tweet(text, arrived_at=now(), **fields) for text in texts)
    added = await store(db, username, *posts)
    return [each.id for each in added]


async def remove_author(db: Sessions, username: str) -> None:
    """Delete an author in a transaction of its own."""
    async with db.write() as session:
        await delete_user(session, username)


async def remove_post(db: Sessions, tweet_id: int) -> None:
    """Delete a post likewise."""
    async with db.write() as session:
        await delete_post(session, tweet_id)
