"""Group commit, through the writer and through the API."""

import asyncio

import pytest
from quart import Quart
from sqlalchemy import func, select

from app.clock import now
from app.db.engine import Database
from app.errors import UnavailableError
from app.models import Event, Tweet, User
from app.services.posts.new_tweet import new_tweet
from app.services.posts.users import add_user
from app.services.posts.writer import PostRequest, PostWriter, Receipt
from tests.conftest import Client, Outside


def sending(username: str, text: str, source_id: str | None = None) -> PostRequest:
    return PostRequest(username, new_tweet(text, arrived_at=now(), source_id=source_id))


@pytest.fixture
async def authors(db: Database) -> list[str]:
    async with db.write() as session:
        return [(await add_user(session, name))[0].username for name in ("ann", "빵집")]


async def test_posts_that_arrive_together_are_one_transaction(
    db: Database, authors: list[str]
) -> None:
    writer = PostWriter(db)
    before = db.commits
    texts = [(name, f"{name} says {number}") for number in range(50) for name in authors]
    receipts = await asyncio.gather(*(writer.add(sending(*each)) for each in texts))
    assert db.commits == before + 1
    assert [(each.post.username, each.post.text) for each in receipts] == texts
    assert {each.status for each in receipts} == {201}
    assert len({each.post.id for each in receipts}) == 100
    async with db.read() as session:
        rows = await session.execute(select(Event.id, Event.tweet_id, Event.kind, Event.count))
        events = {row[0]: tuple(row)[1:] for row in rows}
        counts = list(await session.scalars(select(User.tweet_count)))
    for each in receipts:
        assert events[each.event_id] == (each.post.id, "tweet.created", 1)
    assert counts == [50, 50]


async def test_a_row_that_the_database_refuses_fails_alone(
    db: Database, authors: list[str], outside: Outside
) -> None:
    if outside.kind == "sqlite":
        outside.execute(
            "CREATE TRIGGER refuse BEFORE INSERT ON \"Tweet\" WHEN new.text LIKE '%refused%'"
            " BEGIN SELECT RAISE(ABORT, 'refused'); END"
        )
    else:
        outside.execute("ALTER TABLE \"Tweet\" ADD CHECK (text NOT LIKE '%refused%')")
    writer = PostWriter(db)
    texts = [f"refused {n}" if n % 5 == 0 else f"good {n}" for n in range(20)]
    results = await asyncio.gather(
        *(writer.add(sending("ann", text)) for text in texts), return_exceptions=True
    )
    for text, result in zip(texts, results, strict=True):
        assert isinstance(result, Receipt) == text.startswith("good")
    async with db.read() as session:
        stored = list(await session.scalars(select(Tweet.text).order_by(Tweet.id)))
        count = await session.scalar(select(User.tweet_count).where(User.username == "ann"))
        events = await session.scalar(
            select(func.count()).select_from(Event).where(Event.kind == "tweet.created")
        )
    assert stored == [text for text in texts if text.startswith("good")]
    assert count == events == len(stored)


async def test_a_stop_stores_what_waits(db: Database, authors: list[str]) -> None:
    writer = PostWriter(db)
    tasks = [asyncio.create_task(writer.add(sending("ann", f"post {n}"))) for n in range(5)]
    await asyncio.sleep(0)
    await writer.close()
    assert [task.result().status for task in tasks] == [201] * 5
    with pytest.raises(UnavailableError):
        await writer.add(sending("ann", "late"))


async def test_requests_at_once_are_each_answered_with_their_own_post(
    app: Quart, writer: Client
) -> None:
    for name in ("ann", "빵집"):
        await writer.add_user(name)
    answers = await asyncio.gather(
        *(
            writer.post(f"/api/v1/users/{name}/tweets", json={"text": f"{name} {n} 🥐"})
            for n in range(20)
            for name in ("ann", "빵집", "nobody")
        )
    )
    for place, answer in enumerate(answers):
        name, number = ("ann", "빵집", "nobody")[place % 3], place // 3
        assert answer.status_code == (404 if name == "nobody" else 201)
        if name != "nobody":
            post = await answer.get_json()
            assert (post["username"], post["text"]) == (name, f"{name} {number} 🥐")
            assert answer.headers["Location"] == f"/api/v1/tweets/{post['id']}"
            assert int(answer.headers["Saywho-Event"]) > 0
