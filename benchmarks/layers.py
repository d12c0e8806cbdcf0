"""Where a request's processor time goes: `python -m benchmarks.layers [--requests 3000]`.

The app runs in this process and is called as a server would call it, 64 requests at a time, so
what HTTP costs is not in it. Prints microseconds of processor time (all threads) for each request.
"""

import argparse
import asyncio
import contextlib
import io
import random
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import replace
from typing import Final

import uvloop
from quart import Quart

from app import create_app
from app.config import Config
from app.lifespan import KEY, Resources
from benchmarks import machine, workloads
from benchmarks.asgi import get
from benchmarks.comparison import FULL, QUICK
from benchmarks.databases import Shape, copy, username

AT_ONCE: Final = 64
ROUNDS: Final = 5
POPULAR: Final = 50


async def cpu_us(work: Callable[[int], Awaitable[object]], authors: Sequence[int]) -> float:
    """Return the processor time of one piece of work, many of them at once."""
    left: Iterator[int] = iter(authors)

    async def some() -> None:
        for author in left:
            await work(author)

    before = time.process_time()
    await asyncio.gather(*(some() for _ in range(AT_ONCE)))
    return 1e6 * (time.process_time() - before) / len(authors)


async def report(
    name: str, work: Callable[[int], Awaitable[object]], authors: range, n: int
) -> None:
    chance = random.Random(name)
    drawn = [[chance.randrange(len(authors)) for _ in range(n)] for _ in range(1 + ROUNDS)]
    times = [await cpu_us(work, each) for each in drawn][1:]
    print(f"{name:<58} {statistics.median(times):>5.0f} ({min(times):.0f} to {max(times):.0f})")


async def measure(shape: Shape, config: Config, requests: int) -> None:
    everybody, popular = range(shape.authors), range(min(POPULAR, shape.authors))
    # The log goes where it costs the least; its lines are made all the same.
    with contextlib.redirect_stderr(io.StringIO()):
        app, uncached = create_app(config), create_app(replace(config, cache_mb=0))
    async with app.test_app(), uncached.test_app():
        resources: Resources = uncached.extensions[KEY]

        def through(served: Quart, path: Callable[[int], str]) -> Callable[[int], Awaitable[None]]:
            return lambda author: get(served, path(author))

        for name, work, authors in (
            ("answer from the cache", through(app, workloads.list_path), popular),
            ("Quart and our layers: /healthz", through(uncached, lambda _: "/healthz"), everybody),
            ("an author, cache off", through(uncached, workloads.user_path), everybody),
            ("of it the batched read", lambda n: resources.reads.author(username(n)), everybody),
            ("20 posts, cache off", through(uncached, workloads.list_path), everybody),
            (
                "of it the batched read",
                lambda n: resources.reads.newest_posts(username(n), limit=20),
                everybody,
            ),
        ):
            await report(name, work, authors, requests)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=3_000, help="of each round")
    parser.add_argument("--quick", action="store_true", help="a small database")
    arguments = parser.parse_args()
    shape = QUICK.many if arguments.quick else FULL.many
    print(f"{shape.tweets:,} posts; microseconds a request, medians of {ROUNDS} rounds:")
    with machine.work_folder() as folder:
        url = f"sqlite+aiosqlite:///{copy(shape, folder)}"
        config = Config(data_dir=folder, database_url=url)
        uvloop.run(measure(shape, config, arguments.requests))


if __name__ == "__main__":
    main()
