"""Whether maintenance is due, by what came and went since it was done last."""

import pytest

from app.clock import now
from app.db.engine import Database
from app.services.compare.background import FIRST_SNAPSHOT_POSTS, is_outgrown
from app.services.compare.folding import LONGEST_TAIL, LongTails
from app.services.events import prune_events
from app.services.maintenance import Job
from app.services.posts.new_tweet import new_tweet
from app.services.posts.tweets import delete_post
from app.services.posts.users import add_user, delete_user, find_user
from app.services.search.vocabulary import is_vocabulary_old
from tests.posting import add_posts
from tests.waiting import is_due, maintain


async def post(db: Database, username: str, count: int) -> list[int]:
    async with db.write() as session:
        user = await find_user(session, username) or (await add_user(session, username))[0]
        posts = [new_tweet(f"text {number}", arrived_at=now()) for number in range(count)]
        return (await add_posts(session, user.id, posts)).ids


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
    async def are_due() -> tuple[bool, bool]:
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


async def test_the_posts_that_came_and_went_are_those_of_the_log(db: Database) -> None:
    async def outgrown() -> bool:
        async with db.read() as session:
            return await is_outgrown(session)

    await post(db, "ann", FIRST_SNAPSHOT_POSTS - 1)
    assert not await outgrown()
    ids = await post(db, "ben", 1)
    assert await outgrown()
    async with db.write() as session:
        await delete_post(session, ids[0])
    assert not await outgrown()
    await post(db, "ben", 200)
    assert await outgrown()
    await maintain(db)
    assert not await outgrown()
    async with db.write() as session:
        await delete_user(session, "ben")
    assert await outgrown()
    await maintain(db)
    assert not await outgrown()
