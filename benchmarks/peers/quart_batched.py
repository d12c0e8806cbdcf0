"""The naive rewrite, with this program's `Batch` in front of the database, and nothing else of it.

Requests that come together share a session and a query, writes a transaction.
"""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from quart import Quart, abort, jsonify, request
from quart.typing import ResponseReturnValue
from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from app.db.batch import Batch
from app.db.sqlite.backend import SqliteBackend
from app.models import Tweet, User
from app.services.posts.tweets import select_newest
from benchmarks.peers import queries, sqlite

LIMITS: Final = {"max_size": 200, "max_waiting": 5_000, "timeout_s": 30.0}
TIMES: Final = select(Tweet.created_at).where(
    Tweet.user_id == User.id, Tweet.created_at.is_not(None)
)
FIRST: Final = TIMES.order_by(Tweet.created_at, Tweet.id).limit(1).scalar_subquery()
LAST: Final = TIMES.order_by(Tweet.created_at.desc(), Tweet.id.desc()).limit(1).scalar_subquery()
POSTS: Final = select_newest(SqliteBackend.newest_of_each)

Page = tuple[str, list[Row[Any]]]


@dataclass(frozen=True, eq=False)
class NewPost:
    """What a request sends; two are never the same."""

    authorization: str | None
    username: str
    text: str


class Rows:
    """What the batches run: one session for all that wait."""

    def __init__(self, sessions: async_sessionmaker[AsyncSession]) -> None:
        self._sessions = sessions

    async def read_users(self, usernames: Sequence[str]) -> list[dict[str, Any] | None]:
        keys = [username.casefold() for username in usernames]
        query = select(User, FIRST, LAST).where(User.username_key.in_(keys))
        async with self._sessions() as session:
            rows = (await session.execute(query.where(User.deleted_at.is_(None)))).all()
        found = {user.username_key: queries.user_json(user, *times) for user, *times in rows}
        return [found.get(key) for key in keys]

    async def read_pages(self, usernames: Sequence[str]) -> list[Page | None]:
        async with self._sessions() as session:
            keys = msgspec.json.encode([username.casefold() for username in usernames]).decode()
            asked = {"keys": keys, "limit": queries.LISTED + 1}
            found: dict[str, Page] = {}
            for row in await session.execute(POSTS, asked):
                _, posts = found.setdefault(row.username_key, (row.username, []))
                if row.id is not None:
                    posts.append(row)
        return [found.get(username.casefold()) for username in usernames]

    async def store(self, new: Sequence[NewPost]) -> list[dict[str, Any] | int]:
        async with self._sessions() as session:
            await session.connection(execution_options=sqlite.IMMEDIATE)
            tokens = {
                each: await session.scalar(queries.select_token(each))
                for each in {each.authorization for each in new}
            }
            users = await users_by_key(session, [each.username for each in new])
            stored: list[Tweet | int] = []
            for each in new:
                user = users.get(each.username.casefold())
                if tokens[each.authorization] is None or user is None:
                    stored.append(404 if user is None else 401)
                    continue
                event, tweet = queries.new_tweet(user, each.text)
                session.add(event)
                await session.flush()
                tweet.event_id = event.id
                session.add(tweet)
                await session.flush()
                event.tweet_id = tweet.id
                await session.execute(queries.count_tweet(user.id))
                stored.append(tweet)
            await session.commit()
        return [
            each if isinstance(each, int) else queries.tweet_json(each, sent.username)
            for each, sent in zip(stored, new, strict=True)
        ]


def create_app() -> Quart:
    app = Quart(__name__)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    engine = create_async_engine(f"sqlite+aiosqlite:///{sqlite.database()}")
    sqlite.set_up(engine.sync_engine)
    rows = Rows(async_sessionmaker(engine, expire_on_commit=False))
    user_batch: Batch[str, dict[str, Any] | None] = Batch(rows.read_users, **LIMITS)  # type: ignore[arg-type]
    page_batch: Batch[str, Page | None] = Batch(rows.read_pages, **LIMITS)  # type: ignore[arg-type]
    writes: Batch[NewPost, dict[str, Any] | int] = Batch(rows.store, **LIMITS)  # type: ignore[arg-type]

    @app.while_serving
    async def dispose() -> AsyncGenerator[None, None]:
        yield
        for batch in (user_batch, page_batch, writes):
            await batch.close()
        await engine.dispose()

    @app.get("/api/v1/users/<username>")
    async def show_user(username: str) -> ResponseReturnValue:
        return jsonify(await user_batch(username) or abort(404))

    @app.get("/api/v1/users/<username>/tweets")
    async def list_tweets(username: str) -> ResponseReturnValue:
        name, posts = await page_batch(username) or abort(404)
        newest = sorted(posts, key=lambda row: (row.created_at, row.id), reverse=True)
        return jsonify(queries.page_json(newest, name))

    @app.post("/api/v1/users/<username>/tweets")
    async def create_tweet(username: str) -> ResponseReturnValue:
        sent = (await request.get_json())["text"]
        answer = await writes(NewPost(request.headers.get("Authorization"), username, sent))
        if isinstance(answer, int):
            abort(answer)
        return jsonify(answer), 201, {"Location": f"/api/v1/tweets/{answer['id']}"}

    return app


async def users_by_key(session: AsyncSession, usernames: Sequence[str]) -> dict[str, User]:
    keys = {username.casefold() for username in usernames}
    query = select(User).where(User.username_key.in_(keys), User.deleted_at.is_(None))
    return {user.username_key: user for user in await session.scalars(query)}
