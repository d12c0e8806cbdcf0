"""How long it takes to ask whether maintenance is due: `python -m benchmarks.maintenance`.

On both databases, with ten posts and a stored profile of each author, and a log of as many events
since the words were counted as there ever are. The process that asks for the site looks at
everything once when it begins, by many questions, and afterwards at what is new. Printed are how
many questions each look took, the median of them and the longest, and the longest statement.
"""

import argparse
import asyncio
import contextlib
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

from sqlalchemy import Integer, cast, event, insert, literal, select, text, update
from sqlalchemy.types import String

from app.clock import now
from app.compute.features import RECIPE
from app.config import Config
from app.db.engine import Database
from app.db.migrate import prepare
from app.models import BackgroundSnapshot, Event, Profile, User, Vocabulary
from app.models.base import Base
from app.services.maintenance import MOST_EVENTS, Job, jobs, media_job
from benchmarks import machine
from tests.postgresql import NoServerError, Server

POSTS_EACH: Final = 10
NEW_EVENTS: Final = 500
"""Those of a busy second."""
REPEATS: Final = 3


async def insert_many(
    db: Database, model: type[Base], first: int, last: int, **columns: Any
) -> None:
    """Insert a row for each number, by one statement; a column is a value, or made of a number."""
    async with db.write() as session:
        if db.engine.dialect.name == "postgresql":
            await session.execute(text("SET LOCAL statement_timeout = 0"))
        numbers = select(literal(first, Integer).label("n")).cte(recursive=True)
        numbers = numbers.union_all(select(numbers.c.n + 1).where(numbers.c.n < last))
        values = [
            value(numbers.c.n) if callable(value) else literal(value, getattr(model, name).type)
            for name, value in columns.items()
        ]
        await session.execute(insert(model).from_select(list(columns), select(*values)))


def same(number: Any) -> Any:
    return number


def name_of(number: Any) -> Any:
    return literal("author") + cast(number, String)


async def add_events(db: Database, first: int, last: int, authors: int) -> None:
    kind = "tweet.created"
    columns = {"user_id": lambda n: 1 + n % authors, "count": 1, "created_at": now()}
    await insert_many(db, Event, first, last, id=same, kind=kind, **columns)


async def fill(db: Database, authors: int, events: int) -> None:
    names = {"username": name_of, "username_key": name_of, "platform": "local"}
    counts = {"created_at": now(), "tweet_count": POSTS_EACH, "deletion_count": 0}
    await insert_many(db, User, 1, authors, id=same, **names, **counts)
    profile = {"recipe": RECIPE, "as_of_event": 0, "posts": POSTS_EACH, "counts": b""}
    await insert_many(db, Profile, 1, authors, user_id=same, **profile)
    await add_events(db, 1, events, authors)
    async with db.write() as session:
        posts = authors * POSTS_EACH
        await session.execute(update(Vocabulary).values(tweets=posts))
        newest = {"version": 1, "posts": posts, "counts": b"", "created_at": now()}
        await session.execute(insert(BackgroundSnapshot).values(recipe=RECIPE, **newest))
        await session.execute(text("ANALYZE"))


class Times(NamedTuple):
    """How many questions it took until it was known whether a job is due, and milliseconds."""

    questions: int
    median: float
    longest: float
    longest_statement: float


class Stopwatch:
    """Times the statements of a database."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._longest_s = self._began = 0.0
        event.listen(db.engine.sync_engine, "before_cursor_execute", self._begin)
        event.listen(db.engine.sync_engine, "after_cursor_execute", self._end)

    def _begin(self, *_: object) -> None:
        self._began = time.perf_counter()

    def _end(self, *_: object) -> None:
        self._longest_s = max(self._longest_s, time.perf_counter() - self._began)

    async def ask(self, job: Job) -> Times:
        """Ask whether the job is due, until it is known."""
        self._longest_s, took_s, due = 0.0, list[float](), None
        while due is None:
            began = time.perf_counter()
            async with self._db.read() as session:
                due = await job.is_due(session)
            took_s.append(time.perf_counter() - began)
        questions = 1e3 * statistics.median(took_s), 1e3 * max(took_s)
        return Times(len(took_s), *questions, 1e3 * self._longest_s)


async def measure(config: Config, authors: int) -> None:
    events = min(MOST_EVENTS, authors * POSTS_EACH // 20)
    async with Database(config) as db:
        await fill(db, authors, events)
        stopwatch = Stopwatch(db)
        for job in [*jobs(), media_job(config.media_dir)]:
            first, later = await stopwatch.ask(job), []
            for _ in range(REPEATS):
                await add_events(db, events + 1, events + NEW_EVENTS, authors)
                events += NEW_EVENTS
                later.append(await stopwatch.ask(job))
            slowest = Times(*map(max, zip(*later, strict=True)))
            times = " | ".join(f"{each:.4g}" for each in (*first, *slowest))
            print(f"| {db.engine.dialect.name} | {job.name} | {times} |", flush=True)


@contextlib.contextmanager
def databases(folder: Path) -> Iterator[list[Config]]:
    """Give an empty database of each kind, as far as there are any here."""
    configs = [Config(data_dir=folder)]
    with contextlib.ExitStack() as stack:
        try:
            server = Server()
            stack.callback(server.remove)
            configs.append(Config(data_dir=folder, database_url=server.url()))
        except NoServerError as error:
            print(f"PostgreSQL is left out: {error}")
        for config in configs:
            prepare(config, upgrade_old=False)
        yield configs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--authors", type=int, default=1_000_000)
    options = parser.parse_args()
    with machine.work_folder() as folder, databases(folder) as configs:
        print(machine.description())
        print(f"{options.authors:,} authors, in ms:")
        columns = "questions | median | longest | longest statement"
        print(f"| database | job | first: {columns} | later: {columns} |")
        print(f"| --- | --- {8 * '| --: '}|")
        for config in configs:
            asyncio.run(measure(config, options.authors))


if __name__ == "__main__":
    main()
