"""Model cards: measured on posts held out, once for all workers, until the posts change."""

import asyncio
import random
from collections.abc import Sequence
from datetime import timedelta

import msgspec
import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import now
from app.db.engine import Database
from app.errors import InvalidInputError, NotFoundError, UnavailableError
from app.models import ModelCard
from app.services.compare.card import Card, measure
from app.services.compare.card_making import MOST_WAITING, CardMaker, read_held_out, select_answers
from app.services.compare.card_posts import read_posts
from app.services.compare.contenders import compared_users
from app.services.compare.materials import Models, load_authors
from app.services.posts.new_tweet import new_tweet
from app.services.posts.tweets import delete_post, list_posts
from app.services.posts.users import add_user, delete_user, find_user
from tests.posting import add_posts
from tests.waiting import eventually

WORDS = {
    "ann": "lamp fog bell tide mast",
    "ben": "oven rolls dawn rye salt",
    "cho": "비 눈 달 별 꽃",
}


async def write(db: Database, username: str, posts: int, *, seed: int = 0) -> None:
    chance = random.Random(seed)  # noqa: S311 - no secret
    own = WORDS[username].split()
    shared = ["and", "the", "of", "it"]
    texts = [" ".join(chance.choices(own + shared, k=7)) for _ in range(posts)]
    async with db.write() as session:
        user = await find_user(session, username) or (await add_user(session, username))[0]
        await add_posts(session, user.id, [new_tweet(text, arrived_at=now()) for text in texts])


async def delete_newest(session: AsyncSession, username: str) -> None:
    user = await find_user(session, username)
    assert user is not None
    posts, _ = await list_posts(session, user_id=user.id, limit=1)
    await delete_post(session, posts[0].id)


async def made(db: Database, *usernames: str) -> Card:
    async with db.read() as session:
        users = await compared_users(session, usernames)
        material = await load_authors(session, Models(), users, is_named=bool(usernames))
        posts = await read_posts(session, material)
    return (await measure(material, posts)).card


async def finished(maker: CardMaker, usernames: Sequence[str]) -> Card:
    card = await eventually(lambda: maker.find_or_ask(usernames), until=lambda card: card)
    assert card is not None
    return card


async def test_a_card_says_how_well_authors_are_told_apart(db: Database) -> None:
    await write(db, "ann", 80)
    await write(db, "ben", 40)
    card = await made(db, "ann", "ben")
    assert card.held_out is not None
    assert card.held_out.asked == 30
    assert card.held_out.low <= card.held_out.accuracy <= card.held_out.high
    assert card.held_out.accuracy > 0.9
    assert card.majority_guess == pytest.approx(20 / 30)
    assert [sum(row) for row in card.confusion] == [20, 10]
    right = sum(card.confusion[i][i] for i in range(2))
    assert right / 30 == pytest.approx(card.held_out.accuracy, abs=1e-4)
    assert [(author.username, author.tweets) for author in card.authors] == [
        ("ann", 80),
        ("ben", 40),
    ]
    assert "lamp" in {word.text for word in card.typical[0].words}
    assert not card.topic_warning
    assert sum(each.asked for each in card.held_out.bins) == 30


async def test_authors_who_changed_their_topic_get_a_warning(db: Database) -> None:
    for first, second in (("ann", "ben"), ("ben", "ann")):
        async with db.write() as session:
            user, _ = await add_user(session, first)
            chance = random.Random(first)  # noqa: S311 - no secret
            # The newest quarter is about what the other one wrote of before.
            for topic, count in ((first, 90), (second, 30)):
                texts = [" ".join(chance.choices(WORDS[topic].split(), k=7)) for _ in range(count)]
                posts = [new_tweet(text, arrived_at=now()) for text in texts]
                await add_posts(session, user.id, posts)
    card = await made(db, "ann", "ben")
    assert card.held_out is not None
    assert card.random_split is not None
    assert card.random_split.accuracy > card.held_out.accuracy + 0.2
    assert card.topic_warning


async def test_too_few_posts_are_said_to_be_too_few(db: Database) -> None:
    await write(db, "ann", 3)
    await write(db, "ben", 1)
    card = await made(db, "ann", "ben")
    assert card.held_out is None
    assert card.majority_guess is None
    assert [author.asked for author in card.authors] == [0, 0]


async def test_a_card_is_made_once_for_all_workers_until_posts_change(db: Database) -> None:
    for name in ("ann", "ben"):
        await write(db, name, 40)
    workers = [CardMaker(db, Models(), rest=timedelta(0)) for _ in range(3)]
    async with asyncio.TaskGroup() as group:
        running = [group.create_task(maker.run()) for maker in workers]
        cards = await asyncio.gather(
            *(
                finished(maker, ["ben", "ann"][:: 1 - 2 * (i % 2)])
                for i, maker in enumerate(workers)
            )
        )
        assert cards[0] == cards[1] == cards[2]
        async with db.read() as session:
            assert await session.scalar(select(func.count()).select_from(ModelCard)) == 1
        await write(db, "ann", 4, seed=1)
        stale = await workers[0].find_or_ask(["ann", "ben"])
        assert stale is not None
        assert (stale.tweets, stale.tweets_since) == (80, 4)
        newer = await eventually(
            lambda: workers[1].find_or_ask(["ann", "ben"]),
            until=lambda card: card and not card.tweets_since,
        )
        assert newer is not None
        assert newer.tweets == 84
        for task in running:
            task.cancel()


async def test_posts_that_were_posted_again_are_not_asked_about(db: Database) -> None:
    await write(db, "ann", 40)
    await write(db, "ben", 40)
    async with db.write() as session:
        user = await find_user(session, "ann")
        assert user is not None
        again = [new_tweet("the lamp is lit", arrived_at=now()) for _ in range(3)]
        repeated = (await add_posts(session, user.id, again)).ids
    maker = CardMaker(db, Models())
    task = asyncio.create_task(maker.run())
    card = await finished(maker, ["ann", "ben"])
    made = await maker.find_answers_or_ask(["ann", "ben"])
    assert made is not None
    assert [author.asked for author in card.authors] == [10 - 3, 10]
    assert len(made.answers) == 10 - 3 + 10
    assert not {answer.tweet_id for answer in made.answers} & set(repeated)
    task.cancel()


async def test_a_card_holds_for_a_while_though_posts_come(db: Database) -> None:
    for name in ("ann", "ben"):
        await write(db, name, 40)
    maker = CardMaker(db, Models(), rest=timedelta(days=1))
    task = asyncio.create_task(maker.run())
    card = await finished(maker, ["ann", "ben"])
    await write(db, "ann", 4, seed=1)
    kept = await maker.find_or_ask(["ben", "ann"])
    assert kept == msgspec.structs.replace(card, tweets_since=4)
    made = await maker.find_answers_or_ask(["ben", "ann"])
    assert made is not None
    assert made.card == kept
    async with db.write() as session:
        await delete_newest(session, "ann")
    assert await maker.find_or_ask(["ann", "ben"]) is None
    task.cancel()


async def test_a_card_is_finished_while_posts_stream_in(db: Database) -> None:
    for name in ("ann", "ben"):
        await write(db, name, 40)
    maker = CardMaker(db, Models())
    task = asyncio.create_task(maker.run())

    async def ask_after_a_post() -> Card | None:
        await write(db, "ann", 1)
        return await maker.find_or_ask(["ann", "ben"])

    card = await eventually(ask_after_a_post, until=lambda card: card)
    assert card is not None
    assert card.authors[0].tweets > 40
    task.cancel()


async def test_every_figure_of_a_card_knows_its_posts(db: Database) -> None:
    for name in WORDS:
        await write(db, name, 40)
    maker = CardMaker(db, Models())
    task = asyncio.create_task(maker.run())
    card = await finished(maker, ["ann", "cho", "ben"])
    made = await maker.find_answers_or_ask(["ben", "ann", "cho"])
    assert made is not None
    assert made.card == card
    names = [author.username for author in card.authors]
    for true, row in enumerate(card.confusion):
        for said, times in enumerate(row):
            found = select_answers(made, written_by=names[true].upper(), taken_for=names[said])
            assert len(found) == times
            async with db.read() as session:
                posts = await read_held_out(session, made, found)
            assert {asked.post.username for asked in posts} <= {names[true]}
            assert {asked.taken_for for asked in posts} <= {names[said]}
    assert card.held_out is not None
    for each in card.held_out.bins:
        found = select_answers(made, tenth=round(each.at_least * 10))
        assert len(found) == each.asked
        right = [answer.author == answer.taken_for for answer in found]
        assert sum(right) / len(right) == pytest.approx(each.right, abs=1e-4)
        assert sum(answer.claimed for answer in found) / len(found) == pytest.approx(
            each.claimed, abs=1e-3
        )
    assert len({answer.tweet_id for answer in made.answers}) == card.held_out.asked
    task.cancel()


async def test_a_deletion_takes_the_cards_of_the_author_along(db: Database) -> None:
    for name in ("ann", "ben", "cho"):
        await write(db, name, 20)
    maker = CardMaker(db, Models())
    task = asyncio.create_task(maker.run())
    for names in (["ann", "ben"], ["ben", "cho"]):
        await finished(maker, names)
    async with db.write() as session:
        await delete_newest(session, "ann")
        assert await session.scalar(select(func.count()).select_from(ModelCard)) == 1
        await delete_user(session, "cho")
        assert await session.scalar(select(func.count()).select_from(ModelCard)) == 0
    with pytest.raises(NotFoundError):
        await maker.find_or_ask(["ben", "cho"])
    with pytest.raises(InvalidInputError):
        await maker.find_or_ask(["ben"])
    task.cancel()


async def test_only_so_many_cards_may_wait(db: Database) -> None:
    await write(db, "ann", 4)
    others = [f"author{number}" for number in range(MOST_WAITING + 1)]
    async with db.write() as session:
        for name in others:
            user, _ = await add_user(session, name)
            await add_posts(session, user.id, [new_tweet("hello there", arrived_at=now())])
    maker = CardMaker(db, Models())
    for name in others[:-1]:
        assert await maker.find_or_ask(["ann", name]) is None
        # Asked for again, it waits already; whatever has come meanwhile.
        await write(db, "ann", 1)
        assert await maker.find_or_ask([name, "Ann"]) is None
    with pytest.raises(UnavailableError):
        await maker.find_or_ask(["ann", others[-1]])
    # A page that shows a card beside something else does without it.
    assert await maker.find_or_ask(["ann", others[-1]], is_aside=True) is None


async def test_posts_by_somebody_else_are_asked_about_too(db: Database) -> None:
    for name in ("ann", "ben"):
        await write(db, name, 40)
    card = await made(db, "ann", "ben")
    assert card.strangers is None  # Of two authors nobody can be left out.
    async with db.write() as session:
        # What is in another language says nothing of comparisons of these two.
        korean, _ = await add_user(session, "cho")
        await add_posts(session, korean.id, [new_tweet("오늘도 별을 보았다", arrived_at=now())])
        user, _ = await add_user(session, "dee")
        texts = [f"the lamp and the oven, {number} of it" for number in range(20)]
        posts = [new_tweet(text, arrived_at=now()) for text in texts]
        await add_posts(session, user.id, posts[:9])
    assert (await made(db, "ann", "ben")).strangers is None  # A share of nine says nothing.
    async with db.write() as session:
        await add_posts(session, user.id, posts[9:])
    strangers = (await made(db, "ann", "ben")).strangers
    assert strangers is not None
    assert (strangers.asked, strangers.authors) == (10, 1)
    assert 0 <= strangers.missed <= 10
    # Among all, each author is left out once.
    of_all = (await made(db)).strangers
    assert of_all is not None
    assert (of_all.asked, of_all.authors) == (30, 3)
