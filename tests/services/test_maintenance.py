"""What maintenance renews and checks."""

import asyncio
import contextlib
import io
import tarfile
import time
from collections.abc import AsyncIterator, Sequence
from functools import partial

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import Sessions
from app.db.engine import Database
from app.models import Event, Profile, Tweet, User
from app.services import maintenance
from app.services.checks import find_faults, find_python_faults
from app.services.compare.background import renew_background
from app.services.compare.profiles import LONGEST_TAIL, fold_long_tails, users_with_tails
from app.services.deletion import delete_user
from app.services.event_log import newest_event
from app.services.imports.job_report import ImportReport
from app.services.imports.storing_batch import BulkPost, store_batch
from app.services.maintenance import Job, Maintenance, jobs
from app.services.posts.users import add_user
from saywho.clock import now
from tests.conftest import MakeConfig, Outside
from tests.posting import add_posts, new_tweet
from tests.waiting import eventually, maintain


async def make_author(db: Database, username: str, posts: int) -> int:
    async with db.write() as session:
        user = await add_user(session, username)
        texts = [new_tweet(f"text {number}", arrived_at=now()) for number in range(posts)]
        await add_posts(session, user.id, texts)
        return user.id


async def folded_posts(db: Database, user_id: int) -> int | None:
    async with db.read() as session:
        return await session.scalar(select(Profile.posts).where(Profile.user_id == user_id))


@contextlib.asynccontextmanager
async def maintained(
    db: Database, done: Sequence[Job] | None = None
) -> AsyncIterator[asyncio.Task[None]]:
    """Maintain the database, as an app does, until the context is left."""
    feed = await db.open_feed()
    started = Maintenance(db, done or jobs())
    feed.subscribe(started.wake)
    following = asyncio.create_task(feed.run())
    working = asyncio.create_task(started.run())
    yield working
    for task in (working, following):
        task.cancel()
        await asyncio.wait([task])
    await feed.close()


async def test_a_job_that_lasts_keeps_no_other_waiting(db: Database) -> None:
    begun, never = asyncio.Event(), asyncio.Event()

    async def is_due(_: AsyncSession) -> bool:
        return True

    async def is_missing(session: AsyncSession) -> bool:
        return not await session.scalar(select(func.count(User.id)))

    async def hang(_: Sessions) -> None:
        begun.set()
        await never.wait()

    async def quick(sessions: Sessions) -> None:
        async with sessions.write() as session:
            await add_user(session, "quick")

    feed = await db.open_feed()
    both = [Job("slow", is_due, hang), Job("quick", is_missing, quick)]
    working = asyncio.create_task(Maintenance(db, both).run())
    await begun.wait()
    await eventually(partial(count_of, db, User))
    working.cancel()
    await asyncio.wait([working])
    await feed.close()


async def test_after_events_only_jobs_that_follow_them_are_looked_at(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(maintenance, "REST_S", 0.0)
    looks = {"follows": 0, "waits": 0}

    def job(name: str, *, follows_events: bool) -> Job:
        async def is_due(_: AsyncSession) -> bool:
            looks[name] += 1
            return False

        return Job(name, is_due, fold_long_tails, 3_600, follows_events)

    async def looked() -> int:
        return looks["follows"]

    both = [job("waits", follows_events=False), job("follows", follows_events=True)]
    async with maintained(db, both) as working:
        for number in range(3):
            before = looks["follows"]
            await make_author(db, f"author{number}", 1)
            await eventually(looked, until=before.__lt__)
        assert looks["waits"] == 1
        assert not working.done()


async def count_of(db: Database, model: type[Tweet | User]) -> int:
    async with db.read() as session:
        return await session.scalar(select(func.count(model.id))) or 0


async def test_a_failure_does_not_end_it(db: Database, make_config: MakeConfig) -> None:
    async with db.write() as session:
        await session.execute(text('ALTER TABLE "Vocabulary" RENAME TO away'))
    async with maintained(db) as task:
        user_id = await make_author(db, "ann", LONGEST_TAIL)
        await eventually(
            partial(folded_posts, db, user_id), until=lambda posts: posts == LONGEST_TAIL
        )
        assert not task.done()
        async with db.write() as session:
            await session.execute(text('ALTER TABLE away RENAME TO "Vocabulary"'))
            await delete_user(session, "ann")
        await eventually(partial(count_of, db, Tweet), until=lambda count: count == 0)


async def test_the_log_keeps_so_many_events_and_ids_go_on(db: Database) -> None:
    async with db.write() as session:
        for number in range(60):
            await add_user(session, f"user{number}")
    await maintain(db, kept_events=50)
    async with db.read() as session:
        ids = list(await session.scalars(select(Event.id).order_by(Event.id)))
    assert ids == list(range(11, 61))
    async with db.write() as session:
        await add_user(session, "next")
        assert await newest_event(session) == 61


async def test_long_tails_are_found_and_folded(db: Database) -> None:
    async def are_found() -> bool:
        async with db.read() as session:
            return bool(await users_with_tails(session, only_long=True))

    await make_author(db, "short", LONGEST_TAIL - 1)
    assert not await are_found()
    await make_author(db, "long", LONGEST_TAIL)
    assert await are_found()
    await fold_long_tails(db)
    assert not await are_found()


COUNTS = "ann is said to have 31 posts and has 30"
PROFILE = "the profile of ann does not agree with the posts"
INDEX = "the word index does not agree with the posts"


async def store_posts(db: Database, *texts: str) -> None:
    posts = [
        BulkPost(place=n, username="ann", post=new_tweet(text, arrived_at=now()))
        for n, text in enumerate(texts)
    ]
    async with db.write() as session:
        await store_batch(session, posts, ImportReport(), default_time=now())


@pytest.fixture
async def counted(db: Database) -> Database:
    """A database in which all that is derived is up to date."""
    await store_posts(db, *(f"post {n} of the sea and its harbours" for n in range(30)))
    await renew_background(db)  # It folds the profile.
    assert await find_faults(db) == []
    return db


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ('UPDATE "Users" SET tweet_count = 31', COUNTS),
        ('UPDATE "Profile" SET posts = 29', PROFILE),
        ('UPDATE "Profile" SET as_of_event = as_of_event - 1', PROFILE),
        ('UPDATE "Profile" SET counts = texts', PROFILE),
        ('UPDATE "Profile" SET texts = counts', PROFILE),
        ('UPDATE "Profile" SET texts = NULL', PROFILE),
    ],
)
async def test_rows_changed_by_hand_are_named(
    counted: Database, outside: Outside, change: str, fault: str
) -> None:
    await outside.execute(change)
    assert await find_faults(counted) == [fault]


async def test_lagging_derived_data_is_no_fault(counted: Database, outside: Outside) -> None:
    await store_posts(counted, "a post with zebras, of which nobody has heard")
    assert await find_faults(counted) == []


@pytest.mark.databases("postgresql")
@pytest.mark.parametrize(
    "change", ['DELETE FROM "TweetWords" WHERE id = 3', "UPDATE \"TweetWords\" SET terms = 'x:1'"]
)
async def test_a_wrong_index_is_named(counted: Database, outside: Outside, change: str) -> None:
    await outside.execute(change)
    assert INDEX in await find_faults(counted)


def test_a_python_whose_tarfile_is_slow_is_named() -> None:
    """A header of digits takes time that grows with the square of their number, or none."""
    header = tarfile.TarInfo("header")
    header.type, header.size = tarfile.XHDTYPE, 8 * 1024
    blocks = header.tobuf() + b"1" * header.size + tarfile.TarInfo("member").tobuf()
    began = time.thread_time()
    with contextlib.suppress(tarfile.ReadError):
        tarfile.open(fileobj=io.BytesIO(blocks), mode="r:").close()
    is_slow = time.thread_time() - began > 0.02
    assert bool(find_python_faults()) == is_slow
