"""No answer is older than the last write acknowledged, or shown, before it was asked for."""

import asyncio
from collections import defaultdict
from typing import Final

from app.clock import now
from app.memo import MemoRun, cacheable
from app.services.posts.new_tweet import new_tweet
from app.services.posts.tweets import Page
from app.services.posts.writer import PostRequest
from tests.trust.faults import faulty
from tests.trust.world import AUTHORS, Worker, World

CLIENTS: Final = 3
ROUNDS: Final = 4
LIMIT: Final = 100
WRITING: Final = 0.3
PAUSES_S: Final = (0.0, 0.0, 0.003, 0.3)

Known = defaultdict[str, set[int]]
"""The posts of each author of which a client was told, by a receipt or by an answer."""


async def play(world: World) -> None:
    """Let clients post, and ask all workers for the pages of the same authors."""
    known: Known = defaultdict(set)
    async with faulty(world):
        await asyncio.gather(*(_take_turns(world, known) for _ in range(CLIENTS)))
    for worker in world.workers:
        for author in AUTHORS:
            await _read(world, known, worker, author)
    await world.stop()


async def _take_turns(world: World, known: Known) -> None:
    for _ in range(ROUNDS):
        author = world.random.choice(AUTHORS)
        if world.random.random() < WRITING:
            await _write(world, known, author)
        for _ in range(2):
            await _read(world, known, await world.some_worker(), author)
            await asyncio.sleep(world.random.choice(PAUSES_S))


async def _write(world: World, known: Known, author: str) -> None:
    worker = await world.some_worker()
    request = PostRequest(author, new_tweet("news", arrived_at=now()))
    if receipt := await world.ask(worker, worker.writer.add(request)):
        known[author].add(receipt.post.id)


async def _read(world: World, known: Known, worker: Worker, author: str) -> None:
    needed = set(known[author])
    page = await world.ask(worker, _page(worker, author))
    if page is not None:
        shown = {post.id for post in page[0]}
        missing = needed - shown
        assert not missing, f"{worker.name} shows {author} without {missing}"
        known[author] |= shown


async def _page(worker: Worker, author: str) -> Page | None:
    """Answer as the layer of the cache and a view do."""

    async def make(_: MemoRun[Page]) -> Page:
        page = await worker.reads.newest_posts(author, limit=LIMIT)
        cacheable()
        return page

    if not await worker.feed.catch_up():
        return await worker.reads.newest_posts(author, limit=LIMIT)
    return await worker.pages.get_or_make(author, make)
