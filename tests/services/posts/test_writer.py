"""Group commit: posts that arrive together are stored together, each answered with its own."""

import asyncio

import pytest
from sqlalchemy import select

from app.db.engine import Database
from app.errors import UnavailableError
from app.models import Event, User
from app.runtime.clock import now
from app.services.posts.arrivals import PostRequest, PostWriter, Receipt
from app.services.posts.users import add_user
from tests.posting import new_tweet


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
    texts = [(name, f"{name} says {n} 🥐") for n in range(50) for name in [*authors, "nobody"]]
    adding = (writer.add(sending(*text)) for text in texts)
    answers = await asyncio.gather(*adding, return_exceptions=True)
    assert db.commits == before + 1
    assert [str(answer) for answer in answers[2::3]] == ["User 'nobody' doesn't exist"] * 50
    receipts = [answer for answer in answers if isinstance(answer, Receipt)]
    own = [(receipt.post.username, receipt.post.text) for receipt in receipts]
    assert own == [text for text in texts if text[0] != "nobody"]
    assert {receipt.status for receipt in receipts} == {201}
    assert len({receipt.post.id for receipt in receipts}) == 100
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
