"""How fast vectors are searched: `python -m benchmarks.nearest [--posts N]`.

Invented posts get their vectors from the built-in embedder. Then so many clients at once ask for
the posts nearest to a text, each again as soon as it has its answer: together (`Batch`), and each
alone, as it would be without. The answers are the same; that is checked first.
"""

import argparse
import asyncio
import itertools
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from app.config import Config
from app.db.engine import Database
from app.db.migrate import prepare
from app.db.sqlite.vectors import Asked, SqliteVectors
from app.db.vectors import Ask, Nearest, Vector
from app.embedders.builtin import Builtin
from app.services.embeddings import Embeddings
from app.services.users import add_user
from benchmarks.search import AUTHORS, database_path, fill, made_posts

CLIENTS = (1, 8, 32)
COUNT = 20
QUERIES = 200

Search = Callable[[Vector], Awaitable[Nearest]]


async def measure(db: Database, options: argparse.Namespace) -> None:
    """Print queries a second, and how long one waits."""
    async with db.write() as session:
        for number in range(AUTHORS):
            await add_user(session, f"author{number}")
    fill(database_path(db), made_posts(options.posts, options.seed))
    embeddings = Embeddings(db, Builtin())
    started = time.perf_counter()
    await embeddings.embed_missing(db)
    print(f"{options.posts:,} posts have vectors after {time.perf_counter() - started:.0f} s")
    texts = list(itertools.islice(made_posts(QUERIES, options.seed + 1), QUERIES))
    vectors = list(await embeddings.embedder.embed(texts))
    index = SqliteVectors(db, embeddings.embedder.name)

    async def together(vector: Vector) -> Nearest:
        return await index.nearest(Ask(vector, COUNT))

    async def alone(vector: Vector) -> Nearest:
        (answer,) = await index.find([Asked(vector, COUNT)])
        if isinstance(answer, Exception):
            raise answer
        return answer

    both = [await asyncio.gather(*map(way, vectors[:64])) for way in (together, alone)]
    if both[0] != both[1]:
        raise SystemExit("answers differ by what is asked at the same time")
    print("| clients | alone: queries/s | p50, ms | together: queries/s | p50, ms |")
    print("| --- | --- | --- | --- | --- |")
    for clients in CLIENTS:
        figures = [
            await throughput(way, vectors, clients, options.seconds) for way in (alone, together)
        ]
        cells = " | ".join(f"{rate:,.0f} | {p50:.0f}" for rate, p50 in figures)
        print(f"| {clients} | {cells} |")


async def throughput(
    search: Search, vectors: Sequence[Vector], clients: int, seconds: float
) -> tuple[float, float]:
    """Return answers a second, and the median time of one in ms."""
    times: list[float] = []
    following = itertools.cycle(vectors)
    end = time.perf_counter() + seconds

    async def ask() -> None:
        while (started := time.perf_counter()) < end:
            await search(next(following))
            times.append(time.perf_counter() - started)

    began = time.perf_counter()
    await asyncio.gather(*(ask() for _ in range(clients)))
    return len(times) / (time.perf_counter() - began), 1000 * statistics.median(times)


def main() -> int:
    parser = argparse.ArgumentParser(prog="nearest", description=__doc__)
    parser.add_argument("--posts", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=5, help="each figure is measured for")
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        config = Config(env="testing", data_dir=Path(folder))
        prepare(config, upgrade_old=False)

        async def run() -> None:
            db = Database(config)
            try:
                await measure(db, options)
            finally:
                await db.close()

        asyncio.run(run())
    return 0


if __name__ == "__main__":
    sys.exit(main())
