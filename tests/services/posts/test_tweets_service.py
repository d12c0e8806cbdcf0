"""Posts and their authors as the services store them."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app.db.engine import Database
from app.errors import UnavailableError
from app.models import Event, User
from app.services.posts.arrivals import PostRequest, PostWriter, Receipt
from app.services.posts.post_content import NewTweet, is_newer
from app.services.posts.tweets import Post, TweetKey, list_posts
from app.services.posts.users import BulkAuthor, add_user, list_authors, store_authors
from saywho.clock import now
from saywho.formats.post import Reactions
from saywho.text import username_key
from tests.posting import new_tweet, post, remove_author, store

START = datetime(2020, 1, 1, tzinfo=UTC)


def made(number: int, created_at: datetime | None, **fields: str | None) -> NewTweet:
    return new_tweet(f"post {number}", arrived_at=START, created_at=created_at, **fields)


async def page(
    db: Database, after: TweetKey | None, limit: int, user_id: int | None = 1
) -> tuple[list[Post], TweetKey | None]:
    async with db.read() as session:
        return await list_posts(session, user_id=user_id, after=after, limit=limit)


async def walk(db: Database, limit: int, user_id: int | None = 1) -> list[Post]:
    posts, after = await page(db, None, limit, user_id)
    while after is not None:
        more, after = await page(db, after, limit, user_id)
        posts += more
    return posts


TIMES = [START, None, START - timedelta(days=1), START, None, START, START - timedelta(days=400)]


@pytest.mark.parametrize("limit", [1, 3, 100])
async def test_newest_first_then_highest_id_then_those_without_a_time(
    db: Database, limit: int
) -> None:
    added = await store(db, "ann", *(made(number, time) for number, time in enumerate(TIMES)))
    ids = [each.id for each in added]
    expected = [ids[place] for place in (5, 3, 0, 2, 6, 4, 1)]
    assert [post.id for post in await walk(db, limit)] == expected
    assert [post.id for post in await walk(db, limit, None)] == expected


async def test_a_walk_shows_each_post_once_while_posts_come(db: Database) -> None:
    added = await store(db, "ann", *(made(number, time) for number, time in enumerate(TIMES * 3)))
    first = [each.id for each in added]
    seen, after = [], None
    for turn in range(100):
        posts, after = await page(db, after, 2)
        seen += [post.id for post in posts]
        if after is None:
            break
        if turn < 12:
            await store(db, "ann", *(made(turn, time) for time in TIMES[turn % 3 : turn % 3 + 2]))
    assert after is None
    assert len(seen) == len(set(seen))
    assert set(first) <= set(seen)


async def test_equal_source_ids_in_one_call_fill_what_the_first_left_empty(db: Database) -> None:
    url = "https://example.org/1"
    await store(db, "ann", made(1, START, source_id="1"), made(2, None, source_id="1", url=url))
    (post,) = await walk(db, 5)
    assert (post.text, post.url) == ("post 1", url)


NAMES = ["b", "A", "ab", "a", "é", "가나", "가", "각", "🚢", "ΣΑΣ", "straße", "Z", "_x", "0"]


async def walk_users(db: Database, limit: int, part: str = "") -> list[str]:
    names: list[str] = []
    after = None
    while True:
        async with db.read() as session:
            authors, after = await list_authors(session, part=part, after=after, limit=limit)
        names += [author.username for author in authors]
        if after is None:
            return names


@pytest.fixture(scope="module")
async def named(shared_db: Database) -> Database:
    """A database with an author of each name."""
    for name in NAMES:
        await post(shared_db, name)
    return shared_db


@pytest.mark.parametrize(
    "part", ["a", "B", "가", "S", "RASS", "ας", "🚢", "é", "e\u0301", "_", "%", "zz", "a" * 60_000]
)
async def test_a_part_finds_exactly_the_names_with_it(named: Database, part: str) -> None:
    key = username_key(part)
    names = [name for name in await walk_users(named, 50) if key in username_key(name)]
    expected = sorted(names, key=lambda name: not username_key(name).startswith(key))
    assert await walk_users(named, 2, part) == expected


async def test_the_first_200_are_found_by_a_part(db: Database) -> None:
    async with db.write() as session:
        await store_authors(session, [BulkAuthor(0, f"{n:03}x", "x") for n in range(210)])
        await add_user(session, "x")
    assert await walk_users(db, 70, "x") == ["x", *(f"{n:03}x" for n in range(199))]


async def test_a_page_goes_on_after_an_author_who_was_deleted(db: Database) -> None:
    for name in ("ab", "b", "cab", "bc"):
        await post(db, name)
    async with db.read() as session:
        authors, after = await list_authors(session, part="b", limit=3)
    assert [author.username for author in authors] == ["b", "bc", "ab"]
    await remove_author(db, "ab")
    async with db.read() as session:
        authors, after = await list_authors(session, part="b", after=after, limit=3)
    assert ([author.username for author in authors], after) == (["cab"], None)


def sending(username: str, text: str, source_id: str | None = None) -> PostRequest:
    return PostRequest(username, new_tweet(text, arrived_at=now(), source_id=source_id))


@pytest.fixture
async def authors(db: Database) -> list[str]:
    async with db.write() as session:
        return [(await add_user(session, name)).username for name in ("ann", "빵집")]


async def test_posts_that_arrive_together_are_one_transaction(
    db: Database, authors: list[str]
) -> None:
    writer = PostWriter(db)
    before = db.commits
    texts = [(name, f"{name} says {n} 🥐") for n in range(50) for name in [*authors, "nobody"]]
    adding = (writer.add(sending(*text)) for text in texts)
    answers = await asyncio.gather(*adding, return_exceptions=True)
    assert db.commits == before + 1
    assert [str(answer) for answer in answers[2::3]] == ["User 'nobody' doesn't exist"] * 50
    receipts = [answer for answer in answers if isinstance(answer, Receipt)]
    own = [(receipt.post.username, receipt.post.text) for receipt in receipts]
    assert own == [text for text in texts if text[0] != "nobody"]
    assert {receipt.status for receipt in receipts} == {201}
    assert len({receipt.post.id for receipt in receipts}) == 100
    async with db.read() as session:
        rows = await session.execute(select(Event.id, Event.tweet_id, Event.kind, Event.count))
        events = {row[0]: tuple(row)[1:] for row in rows}
        counts = list(await session.scalars(select(User.tweet_count)))
    for each in receipts:
        assert events[each.event_id] == (each.post.id, "tweet.created", 1)
    assert counts == [50, 50]


async def test_a_stop_stores_what_waits(db: Database, authors: list[str]) -> None:
    writer = PostWriter(db)
    tasks = [asyncio.create_task(writer.add(sending("ann", f"post {n}"))) for n in range(5)]
    await asyncio.sleep(0)
    await writer.close()
    assert [task.result().status for task in tasks] == [201] * 5
    with pytest.raises(UnavailableError):
        await writer.add(sending("ann", "late"))


MAY, JUNE = datetime(2024, 5, 1, tzinfo=UTC), datetime(2024, 6, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("sent", "stored", "renews"),
    [
        (True, None, True),
        (False, True, True),
        (True, True, False),
        (None, True, False),
        (None, None, False),
        (Reactions(3, as_of=MAY), None, True),
        (None, Reactions(3, as_of=MAY), False),
        (Reactions(2, as_of=MAY), Reactions(3, as_of=JUNE), False),
        (Reactions(5, as_of=JUNE), Reactions(3, as_of=MAY), True),
        (Reactions(3, as_of=JUNE), Reactions(3, as_of=MAY), False),
        (Reactions(5), Reactions(3, as_of=MAY), False),
        (Reactions(5), Reactions(3), True),
    ],
)
def test_what_is_known_and_not_of_before_renews(
    sent: object, stored: object, *, renews: bool
) -> None:
    assert is_newer(sent, stored) is renews
