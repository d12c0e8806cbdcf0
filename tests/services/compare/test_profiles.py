"""Authors' profiles equal a count of all their posts, whatever happened and in whatever order."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from app.clock import now
from app.compute.counts import Counts, add
from app.compute.features import features
from app.compute.profiles import AuthorProfile
from app.config import Config
from app.db.engine import Database
from app.models import Profile
from app.services.checks import find_faults
from app.services.compare.background import renew_background
from app.services.compare.contenders import contenders_by_name
from app.services.compare.folding import FOLD_FROM, fold_tails, users_with_tails
from app.services.compare.profiles import ProfileStore
from app.services.imports.bulk import BulkPost, ImportReport, count, store_batch
from app.services.posts.deletion import purge_deleted
from app.services.posts.new_tweet import new_tweet
from app.services.posts.tweets import delete_post
from app.services.posts.users import add_user, delete_user, find_user
from tests.conftest import MakeConfig
from tests.databases import Databases
from tests.posting import add_posts

NAMES = ("ann", "벤", "גל")
TEXTS = st.sampled_from(
    ["hello", "HELLO", "안녕하세요 😀", "שלום", "𠜎", "see https://example.org/x"]
)


async def post(db: Database, username: str, *texts: str) -> list[int]:
    """Store posts in one transaction, by an author who is made where there is none."""
    async with db.write() as session:
        user = await find_user(session, username) or (await add_user(session, username))[0]
        posts = [new_tweet(text, arrived_at=now()) for text in texts]
        return (await add_posts(session, user.id, posts, default_time=now())).ids


async def load(db: Database, store: ProfileStore, *names: str) -> list[AuthorProfile]:
    async with db.read() as session:
        return await store.load(session, await contenders_by_name(session, names))


def counted(texts: Sequence[str]) -> Counts:
    """Count each text once, however often it was posted."""
    return add([features(text) for text in set(texts)])


async def fold(db: Database, *names: str) -> None:
    async with db.read() as session:
        users = await contenders_by_name(session, names)
    await fold_tails(db, [user.id for user in users])


class Model:
    """What the database should hold, and two workers that read it."""

    def __init__(self, databases: Sequence[Database]) -> None:
        self.databases = databases
        self.stores = (ProfileStore(), ProfileStore(max_bytes=20_000))
        self.posts: dict[str, dict[int, str]] = {}

    async def run(self, step: tuple[Any, ...]) -> None:
        name, worker, *rest = step
        await getattr(self, name)(self.databases[worker], *rest)

    async def add(self, db: Database, username: str, texts: list[str]) -> None:
        ids = await post(db, username, *texts)
        self.posts.setdefault(username, {}).update(zip(ids, texts, strict=True))

    async def delete(self, db: Database, place: int) -> None:
        every = [(name, tweet_id) for name, own in self.posts.items() for tweet_id in own]
        if every:
            name, tweet_id = every[place % len(every)]
            async with db.write() as session:
                await delete_post(session, tweet_id)
            del self.posts[name][tweet_id]

    async def leave(self, db: Database, username: str) -> None:
        if username in self.posts:
            async with db.write() as session:
                await delete_user(session, username)
            del self.posts[username]

    async def fold(self, db: Database, username: str) -> None:
        if username in self.posts:
            await fold(db, username)

    async def renew(self, db: Database) -> None:
        await renew_background(db)

    async def purge(self, db: Database) -> None:
        await purge_deleted(db)

    async def compare(self, db: Database) -> None:
        for store in self.stores:
            profiles = await load(db, store, *self.posts)
            for profile, own in zip(profiles, self.posts.values(), strict=True):
                assert profile.posts == len(own)
                assert profile.counts == counted(list(own.values()))


WORKER = st.integers(0, 1)
STEPS = st.one_of(
    st.tuples(
        st.just("add"), WORKER, st.sampled_from(NAMES), st.lists(TEXTS, min_size=1, max_size=4)
    ),
    st.tuples(st.just("delete"), WORKER, st.integers(0, 50)),
    st.tuples(st.just("leave"), WORKER, st.sampled_from(NAMES)),
    st.tuples(st.just("fold"), WORKER, st.sampled_from(NAMES)),
    st.tuples(st.just("renew"), WORKER),
    st.tuples(st.just("purge"), WORKER),
    st.tuples(st.just("compare"), WORKER),
)


@asynccontextmanager
async def two_workers(databases: Databases) -> AsyncIterator[list[Database]]:
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder)
        url = databases.make(data_dir)
        config = Config(env="testing", data_dir=data_dir, database_url=url, durability="normal")
        workers = [Database(config), Database(config)]
        yield workers
        for db in workers:
            await db.close()
        databases.drop(data_dir)


@given(st.lists(STEPS, max_size=25))
@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
def test_any_sequence_of_changes_leaves_profiles_equal_to_a_rebuild(
    databases: Databases, steps: list[tuple[Any, ...]]
) -> None:
    async def run() -> None:
        async with two_workers(databases) as workers:
            model = Model(workers)
            for step in [*steps, ("compare", 0), ("compare", 1), ("renew", 0), ("compare", 1)]:
                await model.run(step)
            assert await find_faults(workers[0]) == []

    asyncio.run(run())


async def test_folding_at_once_with_writes_and_deletions_loses_nothing(
    make_config: MakeConfig,
) -> None:
    databases = [Database(make_config()) for _ in range(2)]
    db, other = databases
    kept = [f"kept {number} 🚢" for number in range(30)]
    await post(db, "ann", *kept[:10])
    await fold(db, "ann")
    doomed = await post(db, "ann", *(f"doomed {number}" for number in range(15)))

    async def delete_all() -> None:
        for tweet_id in doomed:
            async with other.write() as session:
                await delete_post(session, tweet_id)

    async def write_all() -> None:
        for text in kept[10:]:
            await post(db, "ann", text)

    async def fold_often(worker: Database) -> None:
        for _ in range(20):
            await fold(worker, "ann")

    async with asyncio.TaskGroup() as group:
        for work in (delete_all(), write_all(), fold_often(db), fold_often(other)):
            group.create_task(work)
    assert await find_faults(db) == []
    for worker in databases:
        (profile,) = await load(worker, ProfileStore(), "ann")
        assert profile.counts == counted(kept)
    for worker in databases:
        await worker.close()


async def test_an_older_session_is_not_shown_newer_posts(db: Database) -> None:
    await post(db, "ann", "old")
    store = ProfileStore()
    async with db.read() as session:
        users = await contenders_by_name(session, ["ann"])
        await post(db, "ann", "new")
        assert (await load(db, store, "ann"))[0].posts == 2
        (profile,) = await store.load(session, users)
        assert (profile.posts, profile.counts) == (1, counted(["old"]))
    (profile,) = await load(db, store, "ann")
    assert (profile.posts, profile.counts) == (2, counted(["old", "new"]))


async def test_counts_of_another_recipe_are_made_anew(db: Database) -> None:
    (tweet_id, _) = await post(db, "ann", "one", "two")
    await fold(db, "ann")
    async with db.write() as session:
        await session.execute(update(Profile).values(recipe=0, counts=b"of another version"))
    assert (await load(db, ProfileStore(), "ann"))[0].counts == counted(["one", "two"])
    async with db.write() as session:
        await delete_post(session, tweet_id)
    assert (await load(db, ProfileStore(), "ann"))[0].counts == counted(["two"])
    await fold(db, "ann")
    assert await find_faults(db) == []
    assert (await load(db, ProfileStore(), "ann"))[0].counts == counted(["two"])


async def test_a_batch_of_many_posts_is_folded_in_its_transaction(db: Database) -> None:
    await post(db, "ann", "before")
    texts = [f"text {number}" for number in range(FOLD_FROM)]
    posts = [new_tweet(text, arrived_at=now()) for text in texts]
    new = [BulkPost(place=n, username="ann", post=post) for n, post in enumerate(posts)]
    count(new[:-1])  # What was not counted beforehand is counted then.
    few = [BulkPost(place=n, username="ben", post=posts[n]) for n in range(3)]
    async with db.write() as session:
        await store_batch(session, [*new, *few], ImportReport())
    async with db.read() as session:
        assert await users_with_tails(session, longer_than=0) == [2]
    assert (await load(db, ProfileStore(), "ann"))[0].counts == counted(["before", *texts])
    assert await find_faults(db) == []
