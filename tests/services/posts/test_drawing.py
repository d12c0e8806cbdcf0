"""Posts are drawn evenly over authors, always the same; those of a selection are listed."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.db.engine import Database
from app.errors import NotFoundError
from app.services.posts.drawing import DrawnPost, draw_posts, list_selected
from app.services.posts.new_tweet import new_tweet
from app.services.posts.tweets import TweetKey, delete_post
from app.services.posts.users import add_user
from app.services.selection import Selection
from tests.posting import add_posts

START = datetime(2026, 3, 1, tzinfo=UTC)
SEOUL = ZoneInfo("Asia/Seoul")


async def store(db: Database, username: str, count: int, *, dated: bool = True) -> None:
    posts = [
        new_tweet(
            f"{username} {number}",
            arrived_at=START + timedelta(days=365),
            created_at=START + timedelta(hours=7 * number) if dated else None,
        )
        for number in range(count)
    ]
    async with db.write() as session:
        user, _ = await add_user(session, username)
        await add_posts(session, user.id, posts)


async def draw(db: Database, most: int, **selection: object) -> list[DrawnPost]:
    async with db.read() as session:
        drawn, _ = await draw_posts(session, Selection(**selection), most=most)  # type: ignore[arg-type]
        return drawn


async def test_each_author_gives_as_many_as_any_other_who_has_them(db: Database) -> None:
    for username, count in (("ann", 90), ("ben", 40), ("carl", 3)):
        await store(db, username, count)
    drawn = await draw(db, 63)
    assert Counter(post.username for post in drawn) == {"ann": 30, "ben": 30, "carl": 3}
    assert drawn == await draw(db, 63)
    assert len(await draw(db, 500)) == 133
    # Old posts and new ones have the same chance.
    places = [int(post.text.split()[1]) for post in drawn if post.username == "ann"]
    assert min(places) < 20
    assert max(places) > 70


async def test_a_post_that_goes_changes_the_lot_of_one_other(db: Database) -> None:
    await store(db, "ann", 90)
    before = {post.id for post in await draw(db, 30)}
    async with db.write() as session:
        await delete_post(session, next(iter(before)))
    after = {post.id for post in await draw(db, 30)}
    assert len(after) == 30
    assert len(after - before) == 1


async def test_only_what_is_selected_is_drawn(db: Database) -> None:
    await store(db, "ann", 20)
    await store(db, "ben", 20, dated=False)
    assert {post.username for post in await draw(db, 10, usernames=("BEN",))} == {"ben"}
    since = START + timedelta(hours=7 * 15)
    assert len(await draw(db, 100, since=since)) == 5
    assert await draw(db, 100, platform="x") == []
    with pytest.raises(NotFoundError):
        await draw(db, 10, usernames=("nobody",))


async def listed(db: Database, selection: Selection, hour: int | None = None) -> list[str]:
    texts: list[str] = []
    after: TweetKey | None = None
    async with db.read() as session:
        while True:
            posts, after = await list_selected(
                session, selection, hour=hour, zone=SEOUL, after=after, limit=7
            )
            texts += [post.text for post in posts]
            if after is None:
                return texts


async def test_the_posts_of_an_hour_of_the_week_are_those_written_then(db: Database) -> None:
    await store(db, "ann", 200)
    await store(db, "ben", 5, dated=False)
    local = [(START + timedelta(hours=7 * n)).astimezone(SEOUL) for n in range(200)]
    for hour in (0, 9, 167):
        expected = [n for n in range(200) if 24 * local[n].weekday() + local[n].hour == hour]
        assert await listed(db, Selection(), hour) == [f"ann {n}" for n in reversed(expected)]
    assert len(await listed(db, Selection())) == 205
    assert len(await listed(db, Selection(usernames=("ann", "ben"), until=START))) == 0
