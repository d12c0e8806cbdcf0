"""The background: one snapshot for all, renewed as posts come and go."""

import asyncio
import random

from sqlalchemy import func, select

from app.db.engine import Database
from app.models import BackgroundSnapshot, User
from app.services.compare import background
from saywho.engine.attribution import build_background
from saywho.engine.features import features
from saywho.engine.fitting import FEWEST_FITTED, fit_corpus
from saywho.population import shipped_authors
from tests.engine.invented import kept, posts_of
from tests.posting import post, remove_author, remove_post
from tests.waiting import maintain


async def version(db: Database, store: background.BackgroundStore | None = None) -> int:
    async with db.read() as session:
        return (await (store or background.BackgroundStore()).load(session)).version


async def outgrown(db: Database) -> bool:
    async with db.read() as session:
        return bool(await background.is_outgrown(session))


async def test_snapshot_holds_all_posts_of_all_authors(db: Database) -> None:
    texts = {"ann": ["one lamp", "two lamps"], "벤": ["등대 하나 😀"]}
    for name, own in texts.items():
        await post(db, name, *own)
    await background.renew_background(db)
    async with db.read() as session:
        snapshot = await background.BackgroundStore().load(session)
    every = [features(text) for own in texts.values() for text in own]
    assert snapshot.version == 1
    joined = shipped_authors().background(build_background(every, 3))
    assert snapshot.background.to_bytes() == joined.to_bytes()
    await asyncio.gather(background.renew_background(db), background.renew_background(db))
    async with db.read() as session:
        again = await background.BackgroundStore().load(session)
    assert again.version in {2, 3}
    assert again.background.to_bytes() == snapshot.background.to_bytes()


async def test_a_snapshot_is_due_when_posts_grow_or_shrink_enough(db: Database) -> None:
    ids = await post(db, "ann", *(f"n{number}" for number in range(FEWEST_FITTED - 1)))
    assert not await outgrown(db)
    ids += await post(db, "ann", "the last one")
    assert await outgrown(db)
    await maintain(db)
    assert await version(db) == 1
    await post(db, "ann", *"abcd")
    assert not await outgrown(db)
    await post(db, "ann", "e")
    assert await outgrown(db)
    await maintain(db)
    assert await version(db) == 2
    for tweet_id in ids[:5]:
        await remove_post(db, tweet_id)
    assert await outgrown(db)
    await remove_author(db, "ann")
    await maintain(db)
    assert not await outgrown(db)  # Else an emptied database would be counted all the time.


async def test_workers_agree_on_the_version_and_few_snapshots_are_kept(db: Database) -> None:
    await post(db, "ann", "hello there", "and again")
    store = background.BackgroundStore()
    for _ in range(4):
        await background.renew_background(db)
        assert await version(db, store) == await version(db)
    async with db.read() as session:
        assert (await session.scalar(select(func.count(BackgroundSnapshot.version))) or 0) <= 2


async def test_a_session_opened_long_ago_takes_no_newer_snapshot_from_others(db: Database) -> None:
    await post(db, "ann", "fog again")
    await background.renew_background(db)
    store = background.BackgroundStore()
    async with db.read() as old:
        assert (await old.scalar(select(func.max(BackgroundSnapshot.version)))) == 1
        await background.renew_background(db)
        assert await version(db, store) == 2
        assert (await store.load(old)).version == 1
    assert store.newest is not None
    assert store.newest.version == 2


async def test_renewing_can_be_cancelled_at_any_point(db: Database) -> None:
    for number in range(30):
        await post(db, f"author{number}", f"text {number}")
    for turns in range(0, 400, 13):
        task = asyncio.create_task(background.renew_background(db))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
    async with asyncio.timeout(40):
        await background.renew_background(db)
        await post(db, "ann", "still writable")
    assert await version(db) >= 1


async def write(db: Database, *usernames: str, posts: int = 12) -> None:
    for name in usernames:
        await post(
            db, name, *(f"{name} says lamp number {number} is lit" for number in range(posts))
        )


async def population(db: Database) -> set[str]:
    async with db.read() as session:
        snapshot = await background.BackgroundStore().load(session)
        ids = [member for member, _, _ in snapshot.population.members]
        return set(await session.scalars(select(User.username).where(User.id.in_(ids))))


async def test_each_author_of_a_few_is_in_the_population_until_deleted(db: Database) -> None:
    await write(db, "ann", "ben", posts=60)
    await maintain(db)
    assert await population(db) == {"ann", "ben"}
    await write(db, "cho")
    assert await outgrown(db)
    await maintain(db)
    assert await population(db) == {"ann", "ben", "cho"}
    assert not await outgrown(db)
    await remove_author(db, "cho")
    # What has a version stays as it is.
    assert await population(db) == {"ann", "ben", "cho"}
    assert await outgrown(db)
    await maintain(db)
    assert await population(db) == {"ann", "ben"}
    assert not await outgrown(db)


async def test_own_posts_set_the_temperature(db: Database) -> None:
    chance = random.Random(1)  # noqa: S311 - no secret
    words = [f"{first}{second}" for first in ("la", "fo", "be", "ti") for second in "mnrstk"]
    for number in range(6):
        own = [*words, *chance.sample(words, 6)]
        await post(db, f"author{number}", *[" ".join(chance.choices(own, k=9)) for _ in range(150)])
    await background.renew_background(db)
    async with db.read() as session:
        assert (await background.BackgroundStore().load(session)).temperature != 1


async def test_an_installation_fits_what_a_corpus_of_its_posts_does(db: Database) -> None:
    posts = {f"author{number}": posts_of(number)[:60] for number in range(16, 0, -1)}
    for name, own in posts.items():
        await post(db, name, *own)
    await maintain(db)
    async with db.read() as session:
        fitted = await background.BackgroundStore().load(session)
        rows = await session.execute(select(User.id, User.username))
        names = {row.id: row.username for row in rows}
    corpus = fit_corpus({name: kept(own) for name, own in posts.items()}, shipped_authors())
    assert fitted.temperature == corpus.fitted.temperature != 1
    assert fitted.background.to_bytes() == corpus.fitted.background.to_bytes()
    members = {(names[user_id], posts) for user_id, posts, _ in fitted.population.members}
    assert members == {(name, 60) for name in posts}


async def test_a_snapshot_says_that_it_is_outgrown_until_it_is_renewed(db: Database) -> None:
    store = background.BackgroundStore()

    async def is_outgrown_now() -> bool:
        async with db.read() as session:
            fitted = await store.load(session)
        assert fitted is store.newest
        return fitted.is_outgrown

    assert not await is_outgrown_now()
    ids = await post(db, "ann", *(f"fog {number}" for number in range(FEWEST_FITTED)))
    assert await is_outgrown_now()
    await background.renew_if_outgrown(db)
    assert not await is_outgrown_now()
    await post(db, "ann", "one", "more")
    assert not await is_outgrown_now()
    await post(db, "ann", *"abc")
    assert await is_outgrown_now()
    for tweet_id in ids[:5]:
        await remove_post(db, tweet_id)
    assert not await is_outgrown_now()
    await remove_author(db, "ann")
    assert await is_outgrown_now()
    await background.renew_if_outgrown(db)
    assert (await version(db), await is_outgrown_now()) == (2, False)


async def test_who_renews_after_another_counts_the_last_posts_too(db: Database) -> None:
    await write(db, "ann", "ben")
    async with db.exclusive(background.BACKGROUND) as grant:
        assert grant is not None
        renewing = asyncio.create_task(background.renew_if_outgrown(db))
        await background.renew_background(grant)
        await write(db, "cho")
        await asyncio.sleep(0)
        assert not renewing.done()
    await renewing
    assert not await outgrown(db)
    assert await population(db) == {"ann", "ben", "cho"}
    await background.renew_if_outgrown(db)
    assert await version(db) == 2
