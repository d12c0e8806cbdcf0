"""Comparisons among very many authors, in one process: `python -m benchmarks.scale [--quick]`.

On a database of 1,002,000 posts of 3,000 authors, without HTTP. What is measured is a text among
all of them, among all right after a post of one of them, a file of texts among all, and between
two; by the clock and in processor time, with the longest time for which the event loop was held up
and the memory of the process.
"""

import argparse
import asyncio
import os
import random
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from benchmarks import machine
from benchmarks.databases import Shape, copy, made_texts, username

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from app.config import Config
from app.db.engine import Database
from app.services.compare.batch_compare import open_panel, plain_texts
from app.services.compare.judging import judge
from app.services.compare.material import Models
from app.services.compare.materials import gather_material
from app.services.posts.new_tweet import new_tweet
from app.services.posts.users import get_user
from app.serving.worker import relieve_collector
from tests.posting import add_posts

WHOLE: Final = Shape("million", 3_000, 334, has_profiles=True)
QUICK: Final = Shape("quick-million", 12, 30, has_profiles=True)
TEXTS_OF_A_FILE: Final = 60
BEAT_S: Final = 0.001


class Loop:
    """Watches how long the event loop is held up, by the clock and in its own processor time."""

    def __init__(self) -> None:
        self.longest_s = self.longest_used_s = 0.0

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        async def beat() -> None:
            while True:
                before, used = time.perf_counter(), time.thread_time()
                await asyncio.sleep(BEAT_S)
                self.longest_s = max(self.longest_s, time.perf_counter() - before - BEAT_S)
                self.longest_used_s = max(self.longest_used_s, time.thread_time() - used)

        task = asyncio.create_task(beat())
        try:
            yield
        finally:
            task.cancel()


async def timed(
    name: str, work: Callable[[str], Awaitable[None]], texts: list[str], *, per_call: int = 1
) -> None:
    """Print what one text costs; `work` is called with each."""
    await work(texts[0])
    loop, clock, processor = Loop(), [], []
    async with loop.watched():
        for text in texts:
            started, used = time.perf_counter(), time.process_time()
            await work(text)
            processor.append((time.process_time() - used) / per_call)
            clock.append((time.perf_counter() - started) / per_call)
    print(
        f"- {name}: {1e3 * statistics.median(clock):.1f} ms by the clock, "
        f"{1e3 * statistics.median(processor):.1f} ms of processor time; "
        f"the loop is held up for {1e3 * loop.longest_s:.1f} ms at most, "
        f"{1e3 * loop.longest_used_s:.1f} ms of them by its own work; "
        f"{machine.memory_mib(os.getpid()):.0f} MiB"
    )


async def measure(db: Database, shape: Shape, repeats: int) -> None:
    models = Models()
    chance = random.Random(3)
    texts = chance.sample(made_texts(), repeats)

    async def among_all(text: str) -> None:
        async with db.read() as session:
            material = await gather_material(session, models, [text])
        await judge(material)

    async def after_a_post(text: str) -> None:
        async with db.write() as session:
            user = await get_user(session, username(chance.randrange(shape.authors)))
            await add_posts(session, user.id, [new_tweet(text, arrived_at=datetime.now(UTC))])
        await among_all(text)

    async def between_two(text: str) -> None:
        pair = [username(number) for number in chance.sample(range(shape.authors), 2)]
        async with db.read() as session:
            material = await gather_material(session, models, [text], pair)
        await judge(material)

    async def a_file(text: str) -> None:
        panel = await open_panel(db, models, ())
        async for _ in panel.judge(plain_texts([text] * TEXTS_OF_A_FILE)):
            pass

    print(f"{shape.tweets:,} posts of {shape.authors:,} authors, one process:")
    await timed("among all", among_all, texts)
    await timed("a post, and among all", after_a_post, texts)
    await timed(
        f"each of {TEXTS_OF_A_FILE} in a file, among all",
        a_file,
        texts[: max(2, repeats // 20)],
        per_call=TEXTS_OF_A_FILE,
    )
    await timed("between two", between_two, texts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tiny database")
    parser.add_argument("--repeats", type=int, default=40)
    options = parser.parse_args()
    shape = QUICK if options.quick else WHOLE
    with tempfile.TemporaryDirectory() as folder:
        path = copy(shape, Path(folder))

        async def run() -> None:
            url = f"sqlite+aiosqlite:///{path}"
            db = Database(Config(data_dir=Path(folder), database_url=url))
            relieve_collector()
            try:
                await measure(db, shape, options.repeats)
            finally:
                await db.close()

        asyncio.run(run())


if __name__ == "__main__":
    main()
