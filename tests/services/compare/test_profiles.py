"""Authors' profiles equal a count of all their posts, whatever happened and in whatever order."""

import asyncio
import random
from collections.abc import Sequence

import pytest
from sqlalchemy import update

from app.db.engine import Database
from app.models import Profile
from app.services.checks import find_faults
from app.services.compare.background import renew_background
from app.services.compare.profiles import ProfileStore, fold_tails, newest_texts
from app.services.deletion import purge_deleted
from app.services.posts.selection import scan
from app.services.posts.users import rows_by_name
from saywho.engine.features import Counts, add, features
from saywho.engine.profiles import AuthorProfile
from tests.conftest import MakeConfig
from tests.posting import post, remove_author, remove_post
from tests.selection import first_of

NAMES = ("ann", "벤", "גל")
TEXTS = ["hello", "HELLO", "안녕하세요 😀", "שלום", "𠜎", "see https://example.org/x", "hi @su.me!"]


async def load(db: Database, store: ProfileStore, *names: str) -> list[AuthorProfile]:
    async with db.read() as session:
        return await store.load(session, await rows_by_name(session, names))


def counted(texts: Sequence[str]) -> Counts:
    """Count each text once, however often it was posted."""
    return add([features(text) for text in set(texts)])


class History:
    """Random changes by two workers, and what the database should hold after them."""

    def __init__(self, databases: Sequence[Database], chance: random.Random) -> None:
        self.chance = chance
        self.databases = databases
        self.stores = (ProfileStore(), ProfileStore(max_bytes=20_000))
        self.kept: dict[str, dict[int, str]] = {}

    async def add(self, db: Database, name: str) -> None:
        texts = self.chance.choices(TEXTS, k=self.chance.randint(1, 4))
        ids = await post(db, name, *texts, handles=(handles := self.chance.choice((None, "su.me"))))
        bare = [text.replace("su.me", "su") if handles else text for text in texts]
        self.kept.setdefault(name, {}).update(zip(ids, bare, strict=True))

    async def delete(self, db: Database, name: str) -> None:
        if own := self.kept.get(name):
            await remove_post(db, gone := self.chance.choice(list(own)))
            del own[gone]

    async def leave(self, db: Database, name: str) -> None:
        if self.kept.pop(name, None) is not None:
            await remove_author(db, name)

    async def fold(self, db: Database, _: str) -> None:
        await fold_tails(db)

    async def renew(self, db: Database, _: str) -> None:
        await renew_background(db)
        await purge_deleted(db)

    async def compare(self, *_: object) -> None:
        for db, store in zip(self.databases, self.stores, strict=True):
            profiles = await load(db, store, *self.kept)
            for profile, own in zip(profiles, self.kept.values(), strict=True):
                assert profile.posts == len(own)
                assert profile.counts == counted(list(own.values()))


@pytest.mark.parametrize("seed", first_of(range(6), 0))
async def test_any_sequence_of_changes_leaves_profiles_equal_to_a_rebuild(
    make_config: MakeConfig, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 - no secret
    databases = [Database(make_config()) for _ in range(2)]
    history = History(databases, chance)
    steps = ["add", "add", "delete", "delete", "leave", "fold", "renew", "compare"]
    for step in [*chance.choices(steps, k=30), "compare", "renew", "compare"]:
        await getattr(history, step)(chance.choice(databases), chance.choice(NAMES))
    assert await find_faults(databases[0]) == []
    for db in databases:
        await db.close()


@pytest.mark.databases("sqlite", "postgresql")
async def test_whatever_counts_reads_no_host_of_a_handle(db: Database) -> None:
    await post(db, "ann", "hi @su.me!", handles="su.me")
    async with db.read() as session:
        (user,) = await rows_by_name(session, ["ann"])
        assert (await scan(session, columns=("text",))).text == ["hi @su!"]
        assert await newest_texts(session, user.id, 1) == ["hi @su!"]


async def test_counts_of_another_recipe_are_made_anew(db: Database) -> None:
    (tweet_id, _) = await post(db, "ann", "one", "two")
    await fold_tails(db)
    async with db.write() as session:
        await session.execute(update(Profile).values(recipe=0, counts=b"of another version"))
    assert (await load(db, ProfileStore(), "ann"))[0].counts == counted(["one", "two"])
    await remove_post(db, tweet_id)
    assert (await load(db, ProfileStore(), "ann"))[0].counts == counted(["two"])
    await fold_tails(db)
    assert await find_faults(db) == []
    assert (await load(db, ProfileStore(), "ann"))[0].counts == counted(["two"])


async def test_an_older_session_is_not_shown_newer_posts(db: Database) -> None:
    await post(db, "ann", "old")
    store = ProfileStore()
    async with db.read() as session:
        users = await rows_by_name(session, ["ann"])
        await post(db, "ann", "new")
        assert (await load(db, store, "ann"))[0].posts == 2
        (profile,) = await store.load(session, users)
        assert (profile.posts, profile.counts) == (1, counted(["old"]))


async def test_folding_at_once_with_writes_and_deletions_loses_nothing(
    make_config: MakeConfig,
) -> None:
    databases = [Database(make_config()) for _ in range(2)]
    db, other = databases
    kept = [f"kept {number} 🚢" for number in range(30)]
    await post(db, "ann", *kept[:10])
    await fold_tails(db)
    doomed = await post(db, "ann", *(f"doomed {number}" for number in range(15)))

    async def delete_all() -> None:
        for tweet_id in doomed:
            await remove_post(other, tweet_id)

    async def write_all() -> None:
        for text in kept[10:]:
            await post(db, "ann", text)

    async def fold_often(worker: Database) -> None:
        for _ in range(20):
            await fold_tails(worker)

    async with asyncio.TaskGroup() as group:
        for work in (delete_all(), write_all(), fold_often(db), fold_often(other)):
            group.create_task(work)
    assert await find_faults(db) == []
    for worker in databases:
        (profile,) = await load(worker, ProfileStore(), "ann")
        assert profile.counts == counted(kept)
    for worker in databases:
        await worker.close()
