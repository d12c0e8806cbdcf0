"""No acknowledged write is missing, and none that was sent with a source_id is stored twice."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from app.clock import now
from app.services.posts.new_tweet import new_tweet
from app.services.posts.users import add_user
from app.services.posts.writer import PostRequest, Receipt
from tests.trust.faults import faulty
from tests.trust.world import AUTHORS, Worker, World

CLIENTS: Final = 3
POSTS: Final = 3
ATTEMPTS: Final = 3
ADDING: Final = 0.4
"""The chance that a client adds an author instead of a post."""
WITHOUT_EVENT: Final = """
    SELECT id FROM "Tweet" WHERE NOT EXISTS (
        SELECT * FROM "Event" WHERE "Event".id = event_id AND tweet_id = "Tweet".id
    )
"""
MISCOUNTED: Final = """
    SELECT id FROM "Users"
    WHERE tweet_count <> (SELECT count(*) FROM "Tweet" WHERE user_id = "Users".id)
"""


@dataclass(slots=True)
class Acknowledged:
    """What the clients were told, by the text that they sent."""

    receipts: dict[str, Receipt] = field(default_factory=dict)
    authors: list[str] = field(default_factory=list)

    def note(self, text: str, receipt: Receipt) -> None:
        assert receipt.post.text == text, f"{text!r} was answered with {receipt.post.text!r}"
        first = self.receipts.setdefault(text, receipt)
        assert first.post.id == receipt.post.id, f"{text!r} has two answers"


async def play(world: World) -> None:
    """Let clients post, and repeat posts that have a source_id until they are acknowledged."""
    told = Acknowledged()
    async with faulty(world):
        await asyncio.gather(*(_write(world, told, client) for client in range(CLIENTS)))
    for worker in world.workers:
        # A statement that began slow may take its time still.
        for attempt in range(ATTEMPTS):
            if await _send(world, told, worker, f"last {attempt} by {worker.name}"):
                break
        else:
            raise AssertionError(f"{worker.name} accepts no post after the faults")
    await world.stop()
    _check(world, told)


async def _write(world: World, told: Acknowledged, client: int) -> None:
    for number in range(POSTS):
        await asyncio.sleep(world.random.choice((0, 0.005, 0.5)))
        text = f"post {number} of client {client}"
        if world.random.random() < ADDING:
            await _add_author(world, told, f"author_{number}_of_{client}")
            continue
        source_id = text if world.random.random() < 0.5 else None
        for _ in range(ATTEMPTS if source_id else 1):
            if await _send(world, told, await world.some_worker(), text, source_id):
                break
            await asyncio.sleep(world.random.uniform(0, 1))


async def _add_author(world: World, told: Acknowledged, name: str) -> None:
    """Write without a batch: the request may be cancelled within its transaction."""
    worker = await world.some_worker()

    async def add() -> bool:
        async with worker.db.write() as session:
            await add_user(session, name)
        return True

    if await world.ask(worker, add()):
        told.authors.append(name)


async def _send(
    world: World, told: Acknowledged, worker: Worker, text: str, source_id: str | None = None
) -> bool:
    post = new_tweet(text, arrived_at=now(), source_id=source_id)
    author = AUTHORS[0] if source_id else world.random.choice(AUTHORS)
    request = PostRequest(author, post)
    receipt = await world.ask(worker, worker.writer.add(request))
    if receipt is not None:
        told.note(text, receipt)
    return receipt is not None


def _check(world: World, told: Acknowledged) -> None:
    stored = world.rows('SELECT id, text FROM "Tweet"')
    texts = dict(stored)
    for text, receipt in told.receipts.items():
        assert texts.get(receipt.post.id) == text, f"{text!r} was acknowledged and is missing"
    names = {name for (name,) in world.rows('SELECT username FROM "Users"')}
    assert names.issuperset(told.authors), "an author was acknowledged and is missing"
    twice = [text for text, times in Counter(texts.values()).items() if times > 1]
    assert not twice, f"stored twice: {twice}"
    assert not world.rows(WITHOUT_EVENT), "a post was stored without its event"
    assert not world.rows(MISCOUNTED), "an author's number of posts is wrong"
