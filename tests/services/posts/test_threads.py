"""What posts answer, and threads: the same in whatever order the posts come and go."""

import asyncio
import tempfile
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from app.clock import now
from app.compute.text import username_key
from app.config import Config
from app.db.engine import Database
from app.errors import NotFoundError
from app.formats.records import ReplyTarget
from app.models import Event
from app.services.checks import find_faults
from app.services.events import newest_event
from app.services.posts.adding import Arrival, add_arrivals
from app.services.posts.conversations import Conversation, read_conversation
from app.services.posts.new_tweet import NewTweet, new_tweet
from app.services.posts.tweets import delete_post, find_posts, get_post
from app.services.posts.users import add_user, delete_user, find_user
from tests.databases import Databases
from tests.forests import Leaf, forests, places
from tests.posting import add_posts

Ids = dict[tuple[str, int], int]


def post_of(leaf: Leaf) -> NewTweet:
    target = None
    if leaf.answers is not None:
        username, number = leaf.answers
        is_named = leaf.names_author or username != leaf.author
        # Names are found whatever their case.
        target = ReplyTarget(str(number), username.upper() if is_named else None)
    text = f"post {leaf.number}"
    return new_tweet(text, arrived_at=now(), source_id=str(leaf.number), reply_to=target)


async def store(db: Database, leaves: Sequence[Leaf], *, is_bulk: bool = True) -> Ids:
    """Store the posts, those of one author together; return their ids."""
    ids: Ids = {}
    for author, some in groupby(leaves, key=lambda leaf: leaf.author):
        own = list(some)
        async with db.write() as session:
            user = await find_user(session, author) or (await add_user(session, author))[0]
            posts = [post_of(leaf) for leaf in own]
            if is_bulk:
                added = await add_posts(session, user.id, posts)
            else:
                added = await add_arrivals(session, [Arrival(user.id, post) for post in posts])
        ids |= dict(zip((leaf.key for leaf in own), added.ids, strict=True))
    return ids


async def check_places(db: Database, forest: Sequence[Leaf], ids: Ids) -> None:
    async with db.read() as session:
        posts = await find_posts(session, list(ids.values()))
    expected = places(forest, ids)
    for leaf in forest:
        if leaf.key not in ids:
            continue
        post, place = posts[ids[leaf.key]], expected[leaf.key]
        assert post.thread == (ids[place.thread] if place.thread else None), leaf
        assert (post.reply_to is None) == (leaf.answers is None)
        if post.reply_to is not None and leaf.answers is not None:
            assert post.reply_to.source_id == str(leaf.answers[1])
            assert post.reply_to.id == (ids[place.answers] if place.answers else None), leaf


comings_and_goings = (
    forests,
    st.lists(st.integers(1, 6), min_size=1, max_size=5),
    st.booleans(),
    st.lists(st.integers(0, 99), max_size=4),
)


@pytest.mark.databases("sqlite")
@given(*comings_and_goings)
def test_threads_are_rebuilt_in_whatever_order_posts_come_and_go(
    databases: Databases, forest: list[Leaf], sizes: list[int], is_bulk: bool, gone: list[int]
) -> None:
    check_forest(databases, forest, sizes, is_bulk=is_bulk, gone=gone)


@pytest.mark.databases("postgresql")
@settings(max_examples=25)  # A database for each takes its time to make.
@given(*comings_and_goings)
def test_threads_are_rebuilt_on_postgresql(
    databases: Databases, forest: list[Leaf], sizes: list[int], is_bulk: bool, gone: list[int]
) -> None:
    check_forest(databases, forest, sizes, is_bulk=is_bulk, gone=gone)


def check_forest(
    databases: Databases, forest: list[Leaf], sizes: list[int], *, is_bulk: bool, gone: list[int]
) -> None:
    """Store the posts, so many at once, and delete some; check all places after each step."""

    async def run() -> None:
        with tempfile.TemporaryDirectory() as folder:
            data_dir = Path(folder)
            url = databases.make(data_dir)
            db = Database(Config(data_dir=data_dir, database_url=url, durability="normal"))
            try:
                ids: Ids = {}
                left = list(forest)
                while left:
                    size = sizes[len(ids) % len(sizes)]
                    ids |= await store(db, left[:size], is_bulk=is_bulk)
                    left = left[size:]
                    await check_places(db, forest, ids)
                for number in gone:
                    if ids:
                        key = list(ids)[number % len(ids)]
                        async with db.write() as session:
                            await delete_post(session, ids.pop(key))
                        await check_places(db, forest, ids)
                async with db.read() as session:
                    for key, tweet_id in ids.items():
                        found = await read_conversation(session, tweet_id, most=200)
                        check_conversation(found, key, ids)
                assert await find_faults(db) == []
            finally:
                await db.close()
                databases.drop(data_dir)

    asyncio.run(run())


def check_conversation(found: Conversation, key: tuple[str, int], ids: Ids) -> None:
    shown = [turn.post.id for turn in found.turns]
    assert ids[key] in shown
    assert len(set(shown)) == len(shown)
    assert found.is_whole
    in_circles = 0
    for place, turn in enumerate(found.turns):
        if turn.post.reply_to and turn.post.reply_to.id:
            in_circles += turn.post.reply_to.id not in shown[:place]
    # A conversation has one beginning; only if that is a circle it comes after what it answers.
    assert in_circles <= 1


def leaf(number: int, answers: int | None = None, author: str = "mina", to: str = "mina") -> Leaf:
    target = None if answers is None else (to, answers)
    return Leaf(author, number, target, names_author=False)


async def kinds_after(db: Database, event_id: int) -> list[tuple[str, int | None]]:
    async with db.read() as session:
        query = select(Event.kind, Event.tweet_id).where(Event.id > event_id).order_by(Event.id)
        return [(row.kind, row.tweet_id) for row in await session.execute(query)]


async def last_event(db: Database) -> int:
    async with db.read() as session:
        return await newest_event(session)


async def thread_of(db: Database, tweet_id: int) -> int | None:
    async with db.read() as session:
        return (await get_post(session, tweet_id)).thread


async def test_a_parent_that_comes_later_announces_its_children(db: Database) -> None:
    ids = await store(db, [leaf(2, 1), leaf(3, 2)])
    assert await thread_of(db, 2) == 1
    before = await last_event(db)
    ids |= await store(db, [leaf(1)], is_bulk=False)
    assert await kinds_after(db, before) == [
        ("tweet.created", 3),
        ("tweet.updated", 1),  # It was the first of its thread, and tells of those after it.
    ]
    assert {await thread_of(db, each) for each in ids.values()} == {3}
    assert await find_faults(db) == []


async def test_a_thread_that_comes_newest_first_announces_each_post_once(db: Database) -> None:
    count = 60
    ids: Ids = {}
    for number in range(count, 0, -1):
        ids |= await store(db, [leaf(number, number - 1 or None)], is_bulk=False)
    kinds = [kind for kind, _ in await kinds_after(db, 0)]
    # The first post of until then tells of all those after it.
    assert kinds.count("tweet.updated") == count - 1
    assert {await thread_of(db, each) for each in ids.values()} == {ids["mina", 1]}
    before = await last_event(db)
    async with db.write() as session:
        await delete_post(session, ids["mina", 1])
    assert {await thread_of(db, ids["mina", n]) for n in range(2, count + 1)} == {ids["mina", 2]}
    assert len(await kinds_after(db, before)) == count
    assert await find_faults(db) == []


@pytest.mark.parametrize("numbers", [(4, 3, 2, 9, 8, 5), (9, 8, 4, 3, 2, 5)], ids=["first", "last"])
async def test_threads_that_meet_have_one_beginning(db: Database, numbers: list[int]) -> None:
    answers = {8: 5, 5: 4, 2: 1}
    ids: Ids = {}
    for number in numbers:
        ids |= await store(db, [leaf(number, answers.get(number, number - 1))])
    assert {await thread_of(db, each) for each in ids.values()} == {ids["mina", 2]}
    ids |= await store(db, [leaf(1)])
    assert {await thread_of(db, each) for each in ids.values()} == {ids["mina", 1]}
    assert await find_faults(db) == []


async def test_a_circle_begins_at_its_lowest_id_however_it_closes(db: Database) -> None:
    # The lowest id is neither the first of the chain until then, nor beside what closes it.
    ids = await store(db, [leaf(3, 2), leaf(5, 4), leaf(4, 3), leaf(2, 1)])
    assert await thread_of(db, ids["mina", 3]) == ids["mina", 2]
    ids |= await store(db, [leaf(1, 5)])
    assert {await thread_of(db, each) for each in ids.values()} == {ids["mina", 3]}
    assert await find_faults(db) == []


async def test_a_known_post_learns_what_it_answers(db: Database) -> None:
    ids = await store(db, [leaf(1), leaf(2), leaf(3, 2)])
    assert [await thread_of(db, each) for each in ids.values()] == [None, 2, 2]
    before = await last_event(db)
    # Another file tells more of the second post than the first one did.
    await store(db, [leaf(2, 1), leaf(1)])
    assert [await thread_of(db, each) for each in ids.values()] == [1, 1, 1]
    assert {kind for kind, _ in await kinds_after(db, before)} == {"tweet.updated"}
    before = await last_event(db)
    await store(db, [leaf(2, 1), leaf(2, 7), leaf(3)])
    assert await kinds_after(db, before) == []


async def test_an_answered_author_who_is_deleted_leaves_a_gap(db: Database) -> None:
    ids = await store(db, [leaf(1), leaf(2, 1, author="Jiho")])
    async with db.read() as session:
        answered = (await get_post(session, 2)).reply_to
    assert answered is not None
    assert answered.id == ids["mina", 1]
    async with db.write() as session:
        await delete_user(session, "mina")
    async with db.read() as session:
        answered = (await get_post(session, 2)).reply_to
        found = await read_conversation(session, 2, most=10)
    assert answered is not None
    assert (answered.id, answered.username) == (None, "MINA")
    assert found.missing == [ReplyTarget("1", "MINA")]
    assert [turn.post.id for turn in found.turns] == [2]
    with pytest.raises(NotFoundError):
        async with db.read() as session:
            await read_conversation(session, 1, most=10)


def order(found: Conversation) -> list[tuple[str | None, int]]:
    return [(turn.post.source_id, turn.level) for turn in found.turns]


async def test_a_conversation_reads_branch_by_branch(db: Database) -> None:
    mine = [leaf(1), leaf(2, 1), leaf(3, 2)]
    others = [leaf(11, 1, author="Jiho"), leaf(12, 11, author="Jiho", to="Jiho")]
    await store(db, [*mine, *others, leaf(4, 11, to="Jiho")])
    async with db.read() as session:
        for tweet_id in range(1, 7):
            found = await read_conversation(session, tweet_id, most=50)
            # What the author wrote next stands at the same depth, after the branch.
            assert order(found) == [("1", 0), ("11", 1), ("4", 2), ("12", 1), ("2", 0), ("3", 0)]
            assert found.missing == []


async def test_answers_to_the_same_missing_post_are_one_conversation(db: Database) -> None:
    await store(db, [leaf(2, 1), leaf(3, 1, author="Jiho"), leaf(4, 1, author="Jiho", to="Jiho")])
    async with db.read() as session:
        found = await read_conversation(session, 1, most=50)
    assert [turn.post.id for turn in found.turns] == [1, 2]
    assert [turn.answers_missing for turn in found.turns] == [True, True]
    assert {username_key(each.username or "mina") for each in found.missing} == {"mina"}


async def test_a_long_conversation_is_bounded_to_what_is_near(db: Database) -> None:
    await store(db, [leaf(n, n - 1 or None) for n in range(1, 41)])
    async with db.read() as session:
        found = await read_conversation(session, 20, most=10)
    shown = [turn.post.id for turn in found.turns]
    assert not found.is_whole
    assert shown == sorted(shown)
    assert len(shown) == 10
    assert {16, 17, 18, 19, 20, 21, 22, 23} < set(shown)
