"""Group commit, through the writer and through the API."""

import asyncio

import pytest
from quart import Quart
from sqlalchemy import select

from app.clock import now
from app.db.engine import Database
from app.errors import UnavailableError
from app.models import Event, User
from app.services.posts.new_tweet import new_tweet
from app.services.posts.users import add_user
from app.services.posts.writer import PostRequest, PostWriter
from tests.conftest import Client


def sending(username: str, text: str, source_id: str | None = None) -> PostRequest:
    return PostRequest(username, new_tweet(text, arrived_at=now(), source_id=source_id))


@pytest.fixture
async def authors(db: Database) -> list[str]:
    async with db.write() as session:
        return [(await add_user(session, name)).username for name in ("ann", "빵집")]


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
