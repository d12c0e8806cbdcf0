"""How fast vectors are searched: `python -m benchmarks.nearest [--posts N] [--url URL]`.

Invented posts get vectors of their wording, in place of a model's. Then so many clients
at once ask for the posts nearest to a text, each again as soon as it has its answer.

On SQLite: together (`Batch`), and each alone, as it would be without; the answers are the same,
which is checked first. On PostgreSQL, in the bare database that the URL names: before there is an
index, and with it; with the share of the ten nearest posts that the index finds (recall), with
and without filters. `python -m tests.postgresql` starts a server for that.
"""

import argparse
import asyncio
import itertools
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Select, insert, select, text

from app.compute.wording import wording_vectors
from app.config import Config
from app.db.engine import Database
from app.db.indexes import NearestPosts, Vector, VectorQuery
from app.db.migrate import prepare
from app.db.postgresql.vectors import PostgresqlVectors
from app.db.sqlite.vectors import SqliteVectors
from app.embedders import Vectors
from app.models import Tweet, User
from app.services.posts.users import add_user
from app.services.search.embeddings import Embeddings
from benchmarks.search import made_posts

AUTHORS = 100
CLIENTS = (1, 8, 32)
COUNT = 20
RECALLED = 10
QUERIES = 200
NEWEST = datetime(2026, 1, 1, tzinfo=UTC)
STORED_AT_ONCE = 5_000

Search = Callable[[VectorQuery], Awaitable[NearestPosts]]


class WordingEmbedder:
    """Makes vectors of wording, which cost a tenth of a millisecond each."""

    name = "wording"
    batch = 256

    async def embed(self, texts: Sequence[str], *, is_query: bool = False) -> Vectors:
        return await asyncio.to_thread(wording_vectors, texts)

    async def close(self) -> None:
        pass


async def store(db: Database, texts: Sequence[str]) -> None:
    """Store posts, past the writer, one a minute."""
    async with db.write() as session:
        users = [(await add_user(session, f"author{number}"))[0].id for number in range(AUTHORS)]
    rows = [
        {
            "id": place,
            "text": post,
            "user_id": users[place % AUTHORS],
            "event_id": 1,
            "kind": "post",
            "created_at": NEWEST - timedelta(minutes=len(texts) - place),
        }
        for place, post in enumerate(texts, 1)
    ]
    for start in range(0, len(rows), STORED_AT_ONCE):
        async with db.write() as session:
            await session.execute(insert(Tweet), rows[start : start + STORED_AT_ONCE])


def queries(texts: Sequence[str], seed: int) -> dict[str, list[str]]:
    """Return what may be asked: the whole of a post, and some words of one."""
    chance = random.Random(seed)
    posts = chance.sample(texts, QUERIES)
    words = [" ".join(chance.sample(post.split(), min(4, len(post.split())))) for post in posts]
    return {"a post": posts, "four words of a post": words}


async def measure_batch(embeddings: Embeddings, vectors: Sequence[Vector], seconds: float) -> None:
    """Print what asking together brings."""
    index = embeddings.index
    if not isinstance(index, SqliteVectors):
        raise TypeError

    async def alone(ask: VectorQuery) -> NearestPosts:
        (answer,) = await index.find([ask])
        if isinstance(answer, Exception):
            raise answer
        return answer

    asks = [VectorQuery(vector, COUNT) for vector in vectors]
    both = [await asyncio.gather(*map(way, asks[:64])) for way in (index.nearest, alone)]
    if both[0] != both[1]:
        raise SystemExit("answers differ by what is asked at the same time")
    print("| clients | alone: queries/s | p50, ms | together: queries/s | p50, ms |")
    print("| --- | --- | --- | --- | --- |")
    for clients in CLIENTS:
        figures = [await throughput(way, asks, clients, seconds) for way in (alone, index.nearest)]
        cells = " | ".join(f"{rate:,.0f} | {p50:.0f}" for rate, p50 in figures)
        print(f"| {clients} | {cells} |")


async def measure_index(
    db: Database,
    embeddings: Embeddings,
    kinds: dict[str, list[Vector]],
    options: argparse.Namespace,
) -> None:
    """Print time and recall with an index of pgvector, and without."""
    index, seconds = embeddings.index, options.seconds
    if not isinstance(index, PostgresqlVectors):
        raise TypeError
    posts = select(Tweet.id).join(User, User.id == Tweet.user_id).where(User.deleted_at.is_(None))
    filters: dict[str, Select[Any] | None] = {
        "none": None,
        "date (half of the posts)": posts.where(
            Tweet.created_at >= NEWEST - timedelta(minutes=options.posts // 2)
        ),
        "author (1 %)": posts.where(User.username_key == "author7"),
    }
    cases: dict[tuple[str, str], list[VectorQuery]] = {
        (kind, name): [VectorQuery(vector, COUNT, among) for vector in vectors]
        for kind, vectors in kinds.items()
        for name, among in filters.items()
    }
    exact = {case: [await index.nearest(ask) for ask in asks] for case, asks in cases.items()}
    before = {
        case: await throughput(index.nearest, asks, 1, seconds) for case, asks in cases.items()
    }
    started = time.perf_counter()
    await index.build()
    print(f"the index was built in {time.perf_counter() - started:.0f} s")
    async with db.read() as session:
        size = text("""SELECT sum(pg_relation_size(indexrelid)) FROM pg_index
            WHERE indexrelid::regclass::text LIKE '%_nearest_%'""")
        print(f"and takes {(await session.scalar(size) or 0) / 2**20:,.0f} MiB")
    print("| query | filter | exact: p50, ms | index: p50, ms | 8 clients: queries/s | recall |")
    print("| --- | --- | --- | --- | --- | --- |")
    for case, asks in cases.items():
        shares = [
            recall(await index.nearest(ask), right)
            for ask, right in zip(asks, exact[case], strict=True)
        ]
        _, p50 = await throughput(index.nearest, asks, 1, seconds)
        rate, _ = await throughput(index.nearest, asks, 8, seconds)
        print(
            f"| {case[0]} | {case[1]} | {before[case][1]:.0f} | {p50:.0f} | {rate:,.0f} "
            f"| {statistics.mean(shares):.3f} |"
        )


def recall(found: NearestPosts, right: NearestPosts) -> float:
    """Return the share of the nearest that was found; what is as near counts as well."""
    wanted = right.posts[:RECALLED]
    if not wanted:
        return 1.0
    least = wanted[-1][0] - 1e-6
    return min(1.0, sum(score >= least for score, _ in found.posts[:RECALLED]) / len(wanted))


async def throughput(
    search: Search, asks: Sequence[VectorQuery], clients: int, seconds: float
) -> tuple[float, float]:
    """Return answers a second, and the median time of one in ms."""
    times: list[float] = []
    following = itertools.cycle(asks)
    end = time.perf_counter() + seconds

    async def ask() -> None:
        while (started := time.perf_counter()) < end:
            await search(next(following))
            times.append(time.perf_counter() - started)

    began = time.perf_counter()
    await asyncio.gather(*(ask() for _ in range(clients)))
    return len(times) / (time.perf_counter() - began), 1000 * statistics.median(times)


async def measure(config: Config, options: argparse.Namespace) -> None:
    db = Database(config)
    embeddings = Embeddings(db, WordingEmbedder())
    try:
        texts = list(made_posts(options.posts, options.seed))
        await store(db, texts)
        started = time.perf_counter()
        await embeddings.embed_missing(db)
        print(f"{len(texts):,} posts have vectors after {time.perf_counter() - started:.0f} s")
        kinds = {
            kind: list(await embeddings.embedder.embed(asked))
            for kind, asked in queries(texts, options.seed).items()
        }
        if options.url:
            await measure_index(db, embeddings, kinds, options)
        else:
            await measure_batch(embeddings, kinds["four words of a post"], options.seconds)
    finally:
        await embeddings.close()
        await db.close()


def main() -> int:
    parser = argparse.ArgumentParser(prog="nearest", description=__doc__)
    parser.add_argument("--posts", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=5, help="each figure is measured for")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--url", default="", help="of a bare database on PostgreSQL")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        config = Config(env="testing", data_dir=Path(folder), database_url=options.url)
        prepare(config, upgrade_old=False)
        asyncio.run(measure(config, options))
    return 0


if __name__ == "__main__":
    sys.exit(main())
