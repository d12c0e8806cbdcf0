"""FastAPI with SQLAlchemy's asyncio, on uvicorn (with uvloop and httptools)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated

from fastapi import Depends, FastAPI, Header, HTTPException, Response
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from app.models import Tweet, User
from benchmarks.peers import queries, sqlite


class UserOut(BaseModel):
    id: int
    username: str
    display_name: str | None
    platform: str
    tweets: int
    first_tweet_at: datetime | None
    newest_tweet_at: datetime | None
    created_at: datetime


class TweetOut(BaseModel):
    id: int
    username: str
    text: str
    kind: str
    created_at: datetime | None
    lang: str | None
    source_id: str | None
    url: str | None
    reply_to: None = None
    media: list[str] = []
    counts: None = None
    room: None = None
    visibility: str | None


class PageOut(BaseModel):
    items: list[TweetOut]
    next: str | None


class TweetIn(BaseModel):
    text: str


engine = create_async_engine(f"sqlite+aiosqlite:///{sqlite.database()}")
sqlite.set_up(engine.sync_engine)
sessions = async_sessionmaker(engine, expire_on_commit=False)


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
    yield
    await engine.dispose()


async def open_session() -> AsyncIterator[AsyncSession]:
    async with sessions() as session:
        yield session


Session = Annotated[AsyncSession, Depends(open_session)]
app = FastAPI(lifespan=lifespan)


async def find_user(session: AsyncSession, username: str) -> User:
    user = await session.scalar(queries.select_user(username))
    if user is None:
        raise HTTPException(404)
    return user


def tweet_out(tweet: Tweet, username: str) -> TweetOut:
    return TweetOut(
        id=tweet.id,
        username=username,
        text=tweet.text,
        kind=tweet.kind,
        created_at=tweet.created_at,
        lang=tweet.lang,
        source_id=tweet.source_id,
        url=tweet.url,
        visibility=tweet.visibility,
    )


@app.get("/api/v1/users/{username}")
async def show_user(username: str, session: Session) -> UserOut:
    user = await find_user(session, username)
    first, newest = (await session.execute(queries.select_times(user.id))).one()
    return UserOut(
        id=user.id,
        username=user.username,
        display_name=user.display_name,
        platform=user.platform,
        tweets=user.tweet_count,
        first_tweet_at=first,
        newest_tweet_at=newest,
        created_at=user.created_at,
    )


@app.get("/api/v1/users/{username}/tweets")
async def list_tweets(username: str, session: Session) -> PageOut:
    user = await find_user(session, username)
    tweets = (await session.scalars(queries.select_tweets(user.id))).all()
    return PageOut(
        items=[tweet_out(tweet, user.username) for tweet in tweets[: queries.LISTED]],
        next=queries.next_cursor(tweets),
    )


@app.post("/api/v1/users/{username}/tweets", status_code=201)
async def create_tweet(
    username: str,
    form: TweetIn,
    session: Session,
    response: Response,
    authorization: Annotated[str | None, Header()] = None,
) -> TweetOut:
    await session.connection(execution_options=sqlite.IMMEDIATE)
    if await session.scalar(queries.select_token(authorization)) is None:
        raise HTTPException(401)
    user = await find_user(session, username)
    event, tweet = queries.new_tweet(user, form.text)
    session.add(event)
    await session.flush()
    tweet.event_id = event.id
    session.add(tweet)
    await session.flush()
    event.tweet_id = tweet.id
    await session.execute(queries.count_tweet(user.id))
    await session.commit()
    response.headers["Location"] = f"/api/v1/tweets/{tweet.id}"
    return tweet_out(tweet, user.username)
