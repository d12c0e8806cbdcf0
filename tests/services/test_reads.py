"""Batched reads give what plain reads give, to each who asks."""

import asyncio
import random
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text, update

from app.db.engine import Database
from app.models import Token
from app.services.access.rights import add_token
from app.services.posts.post_content import NewTweet
from app.services.posts.tweets import BatchedReads, list_posts, select_newest
from app.services.posts.users import add_user
from saywho.clock import now
from tests.posting import add_posts, new_tweet

START = datetime(2020, 1, 1, tzinfo=UTC)
NAMES = [f"author{number}" for number in range(12)]


def some_post(chance: random.Random) -> NewTweet:
    time = chance.choice([None, START, START + timedelta(days=chance.randrange(400))])
    return new_tweet(f"글 {chance.random()}", arrived_at=now(), created_at=time)


@pytest.fixture
async def user_ids(db: Database) -> dict[str, int]:
    chance = random.Random(5)  # noqa: S311
    ids = {}
    async with db.write() as session:
        for name in NAMES:
            user = await add_user(session, name)
            await add_posts(
                session, user.id, [some_post(chance) for _ in range(chance.randrange(30))]
            )
            ids[name] = user.id
    return ids


async def test_newest_posts_are_those_of_the_list(db: Database, user_ids: dict[str, int]) -> None:
    reads = BatchedReads(db, feed := await db.open_feed())
    asked = [(name, limit) for name in NAMES for limit in (1, 5, 20, 40)]
    pages = await asyncio.gather(
        *(reads.newest_posts(name.upper(), limit=limit) for name, limit in asked)
    )
    async with db.read() as session:
        for (name, limit), page in zip(asked, pages, strict=True):
            assert page == await list_posts(session, user_id=user_ids[name], limit=limit)
    await feed.close()


async def test_a_token_is_the_same_with_and_without_a_feed_that_reads(db: Database) -> None:
    async with db.write() as session:
        _, lasting = await add_token(session, "lasting", "write")
        _, ending = await add_token(session, "ending", "read", ends_at=now() + timedelta(days=1))
        over_id, over = await add_token(session, "over", "read", ends_at=now() + timedelta(days=1))
        await session.execute(update(Token).where(Token.id == over_id).values(ends_at=now()))
    reads = BatchedReads(db, feed := await db.open_feed())
    secrets = lasting, ending, over, "unknown"
    read = [await reads.token(secret) for secret in secrets]
    await feed.close()
    assert [await reads.token(secret) for secret in secrets] == read
    assert [token and token.name for token in read] == ["lasting", "ending", None, None]


@pytest.mark.databases("sqlite")
async def test_newest_posts_are_found_by_the_index(db: Database) -> None:
    async with db.read() as session:
        explain = text(f"EXPLAIN QUERY PLAN {select_newest(db.backend.newest_of_each)}")
        plan = await session.execute(explain, {"keys": '["ann"]', "limit": 21})
        steps = [row.detail for row in plan]
    assert not [step for step in steps if step.startswith("SCAN") and "asked" not in step]
    assert not [step for step in steps if "TEMP B-TREE" in step]


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(
    "query",
    [
        "SELECT text FROM Tweet WHERE id IN (SELECT value FROM json_each('[1, 2]'))",
        "SELECT text FROM Tweet JOIN Users ON Users.id = user_id WHERE user_id = 1"
        " ORDER BY Tweet.created_at DESC NULLS LAST, Tweet.id DESC LIMIT 5",
    ],
)
async def test_posts_of_a_chat_are_found_without_reading_the_chat(db: Database, query: str) -> None:
    async with db.read_chat(1) as session:
        steps = [row.detail for row in await session.execute(text(f"EXPLAIN QUERY PLAN {query}"))]
    posts = [step for step in steps if "Tweet" in step]
    assert [step for step in posts if "SEARCH" in step]
    assert not [step for step in posts if "room_id" in step]
    assert not [step for step in steps if "TEMP B-TREE" in step]
