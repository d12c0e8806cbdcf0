"""Posts in their order, whatever their times, and each once on every walk."""

from datetime import UTC, datetime, timedelta

import pytest

from app.db.engine import Database
from app.services.posts.post_content import NewTweet
from app.services.posts.tweets import Post, TweetKey, list_posts
from tests.posting import new_tweet, store

START = datetime(2020, 1, 1, tzinfo=UTC)


def made(number: int, created_at: datetime | None, **fields: str | None) -> NewTweet:
    return new_tweet(f"post {number}", arrived_at=START, created_at=created_at, **fields)


async def page(
    db: Database, after: TweetKey | None, limit: int, user_id: int | None = 1
) -> tuple[list[Post], TweetKey | None]:
    async with db.read() as session:
        return await list_posts(session, user_id=user_id, after=after, limit=limit)


async def walk(db: Database, limit: int, user_id: int | None = 1) -> list[Post]:
    posts, after = await page(db, None, limit, user_id)
    while after is not None:
        more, after = await page(db, after, limit, user_id)
        posts += more
    return posts


TIMES = [START, None, START - timedelta(days=1), START, None, START, START - timedelta(days=400)]


@pytest.mark.parametrize("limit", [1, 3, 100])
async def test_newest_first_then_highest_id_then_those_without_a_time(
    db: Database, limit: int
) -> None:
    added = await store(db, "ann", *(made(number, time) for number, time in enumerate(TIMES)))
    ids = [each.id for each in added]
    expected = [ids[place] for place in (5, 3, 0, 2, 6, 4, 1)]
    assert [post.id for post in await walk(db, limit)] == expected
    assert [post.id for post in await walk(db, limit, None)] == expected


async def test_a_walk_shows_each_post_once_while_posts_come(db: Database) -> None:
    added = await store(db, "ann", *(made(number, time) for number, time in enumerate(TIMES * 3)))
    first = [each.id for each in added]
    seen, after = [], None
    for turn in range(100):
        posts, after = await page(db, after, 2)
        seen += [post.id for post in posts]
        if after is None:
            break
        if turn < 12:
            await store(db, "ann", *(made(turn, time) for time in TIMES[turn % 3 : turn % 3 + 2]))
    assert after is None
    assert len(seen) == len(set(seen))
    assert set(first) <= set(seen)


async def test_equal_source_ids_in_one_call_fill_what_the_first_left_empty(db: Database) -> None:
    url = "https://example.org/1"
    await store(db, "ann", made(1, START, source_id="1"), made(2, None, source_id="1", url=url))
    (post,) = await walk(db, 5)
    assert (post.text, post.url) == ("post 1", url)
