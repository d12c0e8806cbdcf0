"""What a comparison rests on is kept in memory, and yet as new as the database."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable
from datetime import timedelta
from typing import Any

import pytest

from app.db.engine import Database
from app.errors import AppError, InvalidInputError, NotFoundError
from app.services.compare.background import renew_background
from app.services.compare.comparing import MOST_NAMES, Comparer, answer, case_of
from app.services.compare.habits import Models
from app.services.imports.job_report import ImportReport
from app.services.imports.storing_batch import BulkPost, ImportMemory, store_batch
from app.services.posts.users import add_user
from saywho.clock import now
from saywho.comparing.question import Question
from saywho.comparing.verdict import Comparison
from saywho.engine.case import RATED, Case
from tests.conftest import MakeConfig
from tests.posting import new_tweet, post, remove_author, remove_post
from tests.selection import first_of

TEXT = "the sea and 등대지기 again"
NAMES = ("ann", "ben", "cem")


@pytest.fixture
def sessions() -> list[str]:
    """The kinds of the sessions that the comparer has opened."""
    return []


@pytest.fixture
async def comparer(
    db: Database, make_config: MakeConfig, sessions: list[str]
) -> AsyncIterator[Comparer]:
    """What one worker keeps, while `db` is another."""
    own = Database(make_config(), on_session=lambda kind, _: sessions.append(kind))
    feed = await own.open_feed()
    kept = Comparer(own, feed, Models())
    yield kept
    await kept.close()
    await feed.close()
    await own.close()


async def told(case: Awaitable[Case]) -> Comparison | str:
    try:
        return await answer(await case)
    except AppError as error:
        return error.detail


async def fresh(db: Database, *usernames: str) -> Comparison | str:
    """Return the answer of somebody who keeps nothing."""
    async with db.read() as session:
        return await told(case_of(session, Models(), Question([TEXT], usernames)))


async def kept(comparer: Comparer, *usernames: str) -> Comparison | str:
    return await told(comparer.case_of(Question([TEXT], usernames)))


@pytest.mark.parametrize("seed", first_of(range(4), 0))
async def test_comparisons_after_a_change_are_those_without_a_cache(
    db: Database, comparer: Comparer, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311
    ids: dict[str, list[int]] = {name: [] for name in NAMES}
    for step in range(40):
        name = chance.choice(NAMES)
        change = chance.random()
        if change < 0.6 or not ids[name]:
            ids[name] += await post(db, name, f"{chance.choice(TEXT.split())} {step} by {name}")
        elif change < 0.8:
            await remove_post(db, ids[name].pop())
        elif change < 0.9:
            await remove_author(db, name)
            ids[name] = []
        else:
            await renew_background(db)
        pair = chance.sample(NAMES, 2)
        assert await kept(comparer, *pair) == await fresh(db, *pair)


async def test_filled_fields_count_at_once(db: Database, comparer: Comparer) -> None:
    async def send(platform: str | None, **known: Any) -> None:
        batch = [
            BulkPost(
                place=place,
                username=name,
                platform=platform,
                post=new_tweet("the sea", arrived_at=now(), source_id=str(place), **known),
            )
            for place in range(3)
            for name in ("ann", "ben")
        ]
        async with db.write() as session:
            await store_batch(session, batch, ImportReport(), memory=ImportMemory(scope="admin"))

    def habits(case: Case) -> list[Any]:
        found = [suspect.habit for suspect in case.suspects if suspect.habit]
        return [(each.written, each.platform, each.first_at) for each in found]

    seen = []
    for platform, known in ((None, {}), ("x", {"created_at": (now() - timedelta(days=900))})):
        await send(platform, **known)
        seen.append(habits(await comparer.case_of(Question([TEXT], ["ann", "ben"]))))
        async with db.read() as session:
            assert seen[-1] == habits(
                await case_of(session, Models(), Question([TEXT], ["ann", "ben"]))
            )
    assert [len(each) for each in seen] == [2, 2]
    assert seen[0] != seen[1]


async def test_languages_are_of_the_posts_that_are_here_now(db: Database) -> None:
    async def languages() -> list[frozenset[str] | None]:
        async with db.read() as session:
            case = await case_of(session, Models(), Question([TEXT], ["ann", "ben"]))
        return [suspect.written for suspect in case.suspects]

    english = [f"The ferry that left at {hour} is still at sea." for hour in range(24)]
    ids = await post(db, "ann", *english)
    await post(db, "ben", *english, "...")
    await renew_background(db)
    assert await languages() == [frozenset({"en"}), frozenset({"en"})]
    # As many others as before, and nothing of the background is new.
    for post_id in ids:
        await remove_post(db, post_id)
    await post(db, "ann", *(f"{hour}시에 떠난 배는 아직 바다에 있어요." for hour in range(24)))
    assert await languages() == [frozenset({"ko"}), frozenset({"en"})]


async def test_comparisons_that_come_together_are_read_together(
    db: Database, comparer: Comparer, sessions: list[str]
) -> None:
    for name in NAMES:
        await post(db, name, "the sea", "a lamp")
    pairs = [("ann", "ben"), ("ben", "cem"), ("ann", "cem"), ("ann", "nobody"), ("ann", "ANN")] * 4
    answers = await asyncio.gather(*(kept(comparer, *pair) for pair in pairs))
    assert sessions.count("read") <= 2
    assert answers == [await fresh(db, *pair) for pair in pairs]


@pytest.mark.databases("sqlite")
async def test_a_comparison_again_needs_nothing_of_the_database(
    db: Database, comparer: Comparer, sessions: list[str]
) -> None:
    for name in NAMES:
        await post(db, name, "the sea", "a lamp")
    first = await kept(comparer, "ann", "ben")
    assert sessions.count("read") == 1
    assert await kept(comparer, "Ann", "BEN") == first
    assert sessions.count("read") == 1
    await post(db, "cem", "the sea again")
    await kept(comparer, "ann", "ben")
    # Whether there is a new background is all that is looked up.
    assert sessions.count("read") == 2
    assert await kept(comparer, "ann", "ben") == await fresh(db, "ann", "ben")
    assert sessions.count("read") == 2


async def test_an_impossible_comparison_is_refused_each_time(
    db: Database, comparer: Comparer
) -> None:
    await post(db, "ann", "the sea")
    await post(db, "ben", "RT @cem a lamp")
    await post(db, "mute", "> said by others")
    async with db.write() as session:
        await add_user(session, "empty")
    for _ in range(2):
        with pytest.raises(NotFoundError):
            await comparer.case_of(Question([TEXT], ["ann", "nobody"]))
        for names in (["empty"], ["ann", "Ann"], ["ann", "empty"], ["ben", "mute"]):
            with pytest.raises(InvalidInputError):
                await comparer.case_of(Question([TEXT], names))
        with pytest.raises(InvalidInputError):
            await comparer.case_of(Question(["..."], ["ann", "ben"]))
    assert await kept(comparer, "ann", "ben") == await fresh(db, "ann", "ben")


async def test_all_authors_and_many_named_are_compared_too(
    db: Database, comparer: Comparer
) -> None:
    names = [f"author{number}" for number in range(RATED + 1)]
    for name in names:
        await post(db, name, f"the sea of {name}")
    for count in (MOST_NAMES, MOST_NAMES + 1, RATED, RATED + 1):
        assert await kept(comparer, *names[:count]) == await fresh(db, *names[:count])
        await post(db, names[0], "the sea again")
        assert await kept(comparer, *names[:count]) == await fresh(db, *names[:count])
        with pytest.raises(NotFoundError):
            await comparer.case_of(Question([TEXT], [*names[: count - 1], "nobody"]))
    assert await kept(comparer) == await fresh(db)


@pytest.mark.databases("sqlite")
async def test_many_named_need_nothing_of_the_database_again(
    db: Database, comparer: Comparer, sessions: list[str]
) -> None:
    names = [f"author{number}" for number in range(MOST_NAMES + 1)]
    for name in names:
        await post(db, name, f"the sea of {name}")
    first = await kept(comparer, *names)
    assert sessions.count("read") == 1
    assert await kept(comparer, *names) == first
    assert sessions.count("read") == 1
