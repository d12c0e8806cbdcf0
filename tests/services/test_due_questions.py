"""Whether maintenance is due is asked without looking at all authors or all of the log."""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import event, insert, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import now
from app.compute.features import RECIPE
from app.compute.profiles import NO_POSTS
from app.db.backend import allocate_ids
from app.db.engine import Database
from app.errors import InvalidInputError
from app.models import Event, Profile, User, Vocabulary
from app.services import events
from app.services.checks import measure_lag
from app.services.compare.background import FIRST_SNAPSHOT_POSTS, is_outgrown
from app.services.compare.folding import LONGEST_TAIL, LongTails
from app.services.events import LogTotals, prune_events
from app.services.maintenance import Job, jobs, media_job
from app.services.posts.new_tweet import new_tweet
from app.services.posts.tweets import delete_post
from app.services.posts.users import add_user, delete_user, find_user
from app.services.search.vocabulary import is_vocabulary_old
from tests.posting import add_posts
from tests.waiting import is_due, maintain

PAGE: Final = 100
AUTHORS: Final = 4_000
"""So many that the databases prefer an index for a page of them."""
MOST_QUERIES: Final = 5
"""Of one question, however many authors and events there are."""
LARGE: Final = {"Users", "Profile", "Event", "Tweet", "MediaUse"}
Executed = list[tuple[str, Any]]


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "TOTALLED_AT_ONCE", PAGE)


@contextmanager
def queries_of(db: Database) -> Iterator[Executed]:
    """Give the queries that are executed meanwhile, with their values."""
    executed: Executed = []

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        if statement.startswith("SELECT"):
            executed.append((statement, values))

    event.listen(db.engine.sync_engine, "before_cursor_execute", note)
    yield executed
    event.remove(db.engine.sync_engine, "before_cursor_execute", note)


async def most_rows(session: AsyncSession, statement: str, values: Any) -> int:
    """Return the most rows that one step of PostgreSQL's plan looked at."""
    connection = await session.connection()
    rows = await connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", values)
    plan = rows.scalar_one()

    def most(step: dict[str, Any]) -> int:
        rows = step["Actual Rows"] + step.get("Rows Removed by Filter", 0)
        return max([int(rows * step["Actual Loops"]), *map(most, step.get("Plans", []))])

    return most((json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"])


async def scanned(session: AsyncSession, statement: str, values: Any) -> set[str]:
    """Return the tables that SQLite reads as a whole."""
    connection = await session.connection()
    steps = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
    details = [step[-1].split() for step in steps.all()]
    return {words[1] for words in details if words[0] == "SCAN"}


async def fill(db: Database) -> None:
    """Store many authors, each with a profile and an event."""
    at, counts = now(), NO_POSTS.counts.to_bytes()
    user = {"platform": "local", "deletion_count": 0, "tweet_count": 1, "created_at": at}
    profile = {"recipe": RECIPE, "as_of_event": 0, "posts": 1, "counts": counts}
    created = {"kind": "tweet.created", "count": 1, "created_at": at}
    async with db.write() as session:
        ids = await allocate_ids(session, User, AUTHORS)
        events = zip(await allocate_ids(session, Event, AUTHORS), ids, strict=True)
        rows = ({"id": n, "username": f"a{n}", "username_key": f"a{n}"} for n in ids)
        await session.execute(insert(User), [row | user for row in rows])
        await session.execute(insert(Profile), [{"user_id": n} | profile for n in ids])
        await session.execute(
            insert(Event), [{"id": n, "user_id": of} | created for n, of in events]
        )
        await session.execute(update(Vocabulary).values(tweets=AUTHORS))
        await session.execute(text("ANALYZE"))


async def post(db: Database, username: str, count: int) -> list[int]:
    async with db.write() as session:
        user = await find_user(session, username) or (await add_user(session, username))[0]
        posts = [new_tweet(f"text {number}", arrived_at=now()) for number in range(count)]
        return (await add_posts(session, user.id, posts)).ids


async def test_no_question_looks_at_many_rows(
    db: Database, small_pages: None, tmp_path: Path
) -> None:
    await fill(db)
    every = [*jobs(), media_job(tmp_path)]
    executed: Executed = []
    for number, job in enumerate((*every, *every)):
        due = None
        while due is None:
            with queries_of(db) as queries:
                async with db.read() as session:
                    due = await job.is_due(session)
            assert len(queries) <= MOST_QUERIES, job.name
            # After a start, tails are looked for among all authors, once.
            executed += [] if number == 0 else queries
    async with db.read() as session:
        for statement, values in executed:
            if db.engine.dialect.name == "sqlite":
                assert not await scanned(session, statement, values) & LARGE, statement
            else:
                assert await most_rows(session, statement, values) <= 3 * PAGE, statement


@pytest.mark.databases("sqlite")
async def test_the_lag_is_measured_without_reading_profiles(db: Database) -> None:
    await fill(db)
    async with db.read() as session:
        with queries_of(db) as executed:
            assert await measure_lag(session) == {"profiles": 0, "background": AUTHORS}
        connection = await session.connection()
        plans = [
            str((await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}", values)).all())
            for query, values in executed
        ]
    assert ["COVERING INDEX ix_Profile_posts" in plan for plan in plans].count(True) == 1


async def found(db: Database, tails: LongTails) -> bool:
    return await is_due(db, Job("profiles", tails.are_there, tails.fold))


@pytest.mark.databases("sqlite")
async def test_all_tails_are_found_at_first_and_then_those_of_new_events(db: Database) -> None:
    await post(db, "old", LONGEST_TAIL - 1)
    tails = LongTails()
    assert not await found(db, tails)
    for name in ("old", "new"):
        await post(db, name, LONGEST_TAIL)
        assert await found(db, tails)
        assert await found(db, LongTails())
        await tails.fold(db)
        assert not await found(db, tails)
        assert not await found(db, LongTails())


async def test_posts_count_though_their_events_were_pruned(db: Database) -> None:
    async def are_due() -> tuple[bool | None, bool | None]:
        async with db.read() as session:
            return await is_vocabulary_old(session), await is_outgrown(session)

    await post(db, "ann", 100)
    await maintain(db)
    for _ in range(30):
        await post(db, "ann", 1)
    await prune_events(db, kept=1)
    assert (await are_due())[0]
    for due in ((False, True), (False, False)):
        await maintain(db)
        assert await are_due() == due


async def test_numbers_that_no_event_got_are_no_posts(db: Database, small_pages: None) -> None:
    log = LogTotals()
    await post(db, "ann", PAGE)
    await maintain(db)
    for _ in range(4):
        with suppress(InvalidInputError):
            async with db.write() as session:
                await allocate_ids(session, Event, PAGE)
                raise InvalidInputError("refused")
        await post(db, "ann", 1)
        async with db.read() as session:
            assert not await is_vocabulary_old(session, log=log)
            assert not await is_vocabulary_old(session)


async def test_the_posts_that_came_and_went_are_those_of_the_log(
    db: Database, small_pages: None
) -> None:
    log = LogTotals()

    async def outgrown() -> bool:
        async with db.read() as session:
            at_once = await is_outgrown(session)
            while (in_pages := await is_outgrown(session, log=log)) is None:
                pass
        assert at_once == in_pages
        return in_pages

    await post(db, "ann", FIRST_SNAPSHOT_POSTS - 1)
    assert not await outgrown()
    ids = await post(db, "ben", 1)
    assert await outgrown()
    async with db.write() as session:
        await delete_post(session, ids[0])
    assert not await outgrown()
    await post(db, "ben", 2 * PAGE)
    assert await outgrown()
    await maintain(db)
    assert not await outgrown()
    async with db.write() as session:
        await delete_user(session, "ben")
    assert await outgrown()
    await maintain(db)
    assert not await outgrown()
