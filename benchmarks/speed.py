"""How long imports, comparisons and similar posts take: `python -m benchmarks.speed [FILE]`.

Without a file it makes posts of its own: words drawn by each author's own taste.
"""

import argparse
import asyncio
import itertools
import json
import random
import resource
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from app.config import Config
from app.db.engine import Database
from app.db.migrate import prepare
from app.formats import open_archive
from app.formats.source.file import Source
from app.models import Tweet
from app.services.compare.contenders import contenders_by_name
from app.services.compare.judging import judge
from app.services.compare.materials import Models, gather_material
from app.services.imports.imports import import_archive
from app.services.posts.new_tweet import new_tweet
from app.services.posts.users import list_authors
from app.services.search.similar import similar_posts
from tests.posting import add_posts
from tests.waiting import maintain

TEXT = "새벽부터 바람이 불어요. What a morning for a walk along the harbour, they said :)"


def made_posts(path: Path, *, authors: int = 32, posts: int = 400) -> None:
    """Write JSON lines of invented posts."""
    chance = random.Random(1)
    words = [
        "".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=chance.randint(2, 9)))
        for _ in range(5_000)
    ]
    start = datetime(2025, 1, 1, tzinfo=UTC)
    with path.open("w", encoding="utf-8") as file:
        for author, number in itertools.product(range(authors), range(posts)):
            first = author * 100 % (len(words) - 1_000)
            taste = words[first : first + 1_000]
            text = " ".join(chance.choices(taste, k=18)) + chance.choice([".", "!", " :)", "…"])
            post = {
                "username": f"author{author}",
                "text": text,
                "created_at": (start + timedelta(minutes=number)).isoformat(),
                "id": str(author * posts + number),
            }
            file.write(json.dumps(post) + "\n")


async def measure(db: Database, path: Path, *, comparisons: int) -> None:
    """Import the file twice, compare pairs of its authors, and add posts in between."""
    for name in ("first import", "second import"):
        started = time.perf_counter()
        with Source(path) as source:
            archive = open_archive(source)
            report = await import_archive(db, archive, username=None, on_progress=lambda _: None)
        seconds = time.perf_counter() - started
        stored = report
        print(f"{name}: {seconds:.2f} s, {stored.accepted:,} new, {stored.duplicates:,} known")
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory: {peak_mib:.0f} MiB")

    models = Models()
    async with db.read() as session:
        authors, _ = await list_authors(session, limit=200)
    chance = random.Random(2)
    pairs = [chance.sample([author.username for author in authors], 2) for _ in range(comparisons)]
    await report_times("compare two authors, cold and warm", db, models, pairs)
    await report_times("compare two authors, warm", db, models, pairs)
    everybody: list[list[str]] = [[] for _ in range(30)]
    await report_times("compare all authors", db, models, everybody)
    await maintain(db)
    await report_similar(db, models, times=comparisons)
    await report_times("compare right after a new post", db, models, pairs, adding=True)


async def report_similar(db: Database, models: Models, *, times: int) -> None:
    """Print how long similar posts take, and how many are by the post's own author."""
    async with db.read() as session:
        ids = (await session.scalars(select(Tweet.id))).all()
    times_ms, own, found = [], 0, 0
    for tweet_id in random.Random(4).choices(ids, k=times):
        started = time.perf_counter()
        similar = await similar_posts(db, None, models.backgrounds, tweet_id, limit=10)
        times_ms.append(1000 * (time.perf_counter() - started))
        own += sum(each.username == similar.post.username for each in similar.posts)
        found += len(similar.posts)
    cuts = statistics.quantiles(times_ms, n=100)
    share = own / max(found, 1)
    print(f"similar posts: p50 {cuts[49]:.1f} ms, p99 {cuts[98]:.1f} ms, {share:.1%} by the author")


async def report_times(
    name: str, db: Database, models: Models, pairs: list[list[str]], *, adding: bool = False
) -> None:
    """Print how long comparisons take inside the server, without HTTP."""
    times_ms = []
    for number, pair in enumerate(pairs):
        if adding:
            async with db.write() as session:
                (user, _) = await contenders_by_name(session, pair)
                post = new_tweet(f"{TEXT} {number}", arrived_at=datetime.now(UTC))
                await add_posts(session, user.id, [post])
        started = time.perf_counter()
        async with db.read() as session:
            material = await gather_material(session, models, text=TEXT, usernames=pair)
        await judge(material)
        times_ms.append(1000 * (time.perf_counter() - started))
    cuts = statistics.quantiles(times_ms, n=100)
    print(f"{name}: p50 {cuts[49]:.1f} ms, p99 {cuts[98]:.1f} ms, {len(pairs)} times")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", nargs="?", type=Path)
    parser.add_argument("--authors", type=int, default=32, help="authors to make, without FILE")
    parser.add_argument("--posts", type=int, default=400, help="posts of each, without FILE")
    parser.add_argument("--comparisons", type=int, default=300)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = arguments.file
        if path is None:
            path = Path(folder, "posts.jsonl")
            made_posts(path, authors=arguments.authors, posts=arguments.posts)
        elif not path.is_file():
            sys.exit(f"{path} is not a file")
        config = Config(env="testing", data_dir=Path(folder))
        prepare(config, upgrade_old=False)

        async def run() -> None:
            db = Database(config)
            try:
                await measure(db, path, comparisons=arguments.comparisons)
            finally:
                await db.close()

        asyncio.run(run())


if __name__ == "__main__":
    main()
