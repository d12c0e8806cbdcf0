"""The naive rewrite: Flask's views with `async` and `await` in front, on hypercorn."""

from collections.abc import AsyncGenerator

from quart import Quart, abort, jsonify, request
from quart.typing import ResponseReturnValue
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

from app.models import User
from benchmarks.peers import queries, sqlite


def create_app() -> Quart:
    app = Quart(__name__)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    engine = create_async_engine(f"sqlite+aiosqlite:///{sqlite.database()}")
    sqlite.set_up(engine.sync_engine)
    sessions = async_sessionmaker(engine, expire_on_commit=False)

    @app.while_serving
    async def dispose() -> AsyncGenerator[None, None]:
        yield
        await engine.dispose()

    def known(user: User | None) -> User:
        return user or abort(404)

    @app.get("/api/v1/users/<username>")
    async def show_user(username: str) -> ResponseReturnValue:
        async with sessions() as session:
            user = known(await session.scalar(queries.select_user(username)))
            first, newest = (await session.execute(queries.select_times(user.id))).one()
        return jsonify(queries.user_json(user, first, newest))

    @app.get("/api/v1/users/<username>/tweets")
    async def list_tweets(username: str) -> ResponseReturnValue:
        async with sessions() as session:
            user = known(await session.scalar(queries.select_user(username)))
            tweets = (await session.scalars(queries.select_tweets(user.id))).all()
        return jsonify(queries.page_json(tweets, user.username))

    @app.post("/api/v1/users/<username>/tweets")
    async def create_tweet(username: str) -> ResponseReturnValue:
        text = (await request.get_json())["text"]
        token = queries.select_token(request.headers.get("Authorization"))
        async with sessions() as session:
            await session.connection(execution_options=sqlite.IMMEDIATE)
            if await session.scalar(token) is None:
                abort(401)
            user = known(await session.scalar(queries.select_user(username)))
            event, tweet = queries.new_tweet(user, text)
            session.add(event)
            await session.flush()
            tweet.event_id = event.id
            session.add(tweet)
            await session.flush()
            event.tweet_id = tweet.id
            await session.execute(queries.count_tweet(user.id))
            await session.commit()
        answer = queries.tweet_json(tweet, user.username)
        return jsonify(answer), 201, {"Location": f"/api/v1/tweets/{answer['id']}"}

    return app
