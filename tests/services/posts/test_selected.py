"""The posts of a selection are listed."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from app.db.engine import Database
from app.services.posts.new_tweet import new_tweet
from app.services.posts.tweets import TweetKey, list_selected
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
