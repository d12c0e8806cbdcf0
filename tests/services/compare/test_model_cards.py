"""Model cards: measured on posts held out when they are asked for, and kept for a while."""

import asyncio
import random
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from app.db.engine import Database
from app.errors import NotFoundError
from app.services.compare.background import renew_background
from app.services.compare.habits import Models
from app.services.compare.model_card import Card, Cards
from tests.posting import post, remove_post


async def write(db: Database, username: str, posts: int, *, more: str = "") -> list[int]:
    chance = random.Random(username)  # noqa: S311 - no secret
    own = {
        "ann": "lamp fog bell tide mast",
        "ben": "oven rolls dawn rye salt",
        "dan": "soup leek broth spoon pepper",
        "eve": "runway pilot wing cloud gate",
    }[username].split()
    texts = [" ".join(chance.choices([*own, "and", "the", "of"], k=7)) + more for _ in range(posts)]
    return await post(db, username, *texts)


def posts_of(card: Card) -> int:
    return sum(author.tweets for author in card.authors)


@pytest.fixture
async def cards(db: Database) -> AsyncIterator[Cards]:
    made = Cards(db, Models(), pause=timedelta(0))
    yield made
    await made.close()


async def test_a_card_has_its_figures(db: Database, cards: Cards) -> None:
    for name, posts in (("ann", 80), ("ben", 40), ("dan", 40), ("eve", 40)):
        await write(db, name, posts)
    await post(db, "ann", *(f"@bell https://t.co/{n}" for n in range(4)))
    await renew_background(db)
    card = await cards.get(["ann", "ben"])
    held_out = card.held_out
    assert held_out is not None
    assert (held_out.posts, held_out.asked) == (31, 27)
    assert held_out.right > 0.9
    assert held_out.by_chance == pytest.approx(17 / 27, abs=1e-4)
    assert [sum(row) for row in card.confusion] == [17, 10]
    assert sum(card.confusion[i][i] for i in range(2)) / 27 == pytest.approx(
        held_out.right, abs=1e-4
    )
    assert [(author.username, author.tweets) for author in card.authors] == [
        ("ann", 84),
        ("ben", 40),
    ]
    assert card.strangers is not None
    assert (card.strangers.asked, card.strangers.given) == (20, 0)
    alone = await cards.get(["ann"])
    assert alone.held_out is None
    assert alone.strangers is not None
    assert 25 < alone.strangers.asked <= 30  # Some look like another language.
    assert [author.tweets for author in (await cards.get([])).authors] == [84, 40, 40, 40]


async def test_too_few_posts_are_said_to_be_too_few(db: Database, cards: Cards) -> None:
    await write(db, "ann", 3)
    await write(db, "ben", 1)
    card = await cards.get(["ann", "ben"])
    assert card.held_out is None
    assert card.strangers is None
    assert [author.asked for author in card.authors] == [0, 0]


async def test_a_card_is_kept_until_posts_come_and_forgotten_when_one_goes(
    db: Database, cards: Cards
) -> None:
    for name in ("ann", "ben"):
        await write(db, name, 40)
    first, *others = await asyncio.gather(*(cards.get(["ann", "ben"]) for _ in range(3)))
    assert others == [first, first]
    assert await cards.get(["ben", "ANN"]) == first
    lazy = Cards(db, Models(), pause=timedelta(minutes=1))
    assert posts_of(await lazy.get(["ann", "ben"])) == 80
    ids = await write(db, "ann", 4, more=" again")
    assert posts_of(await lazy.get(["ann", "ben"])) == 80
    assert posts_of(await cards.get(["ann", "ben"])) == 84
    await remove_post(db, ids[0])
    assert posts_of(await lazy.get(["ann", "ben"])) == 83
    await lazy.close()
    with pytest.raises(NotFoundError):
        await cards.get(["ann", "nobody"])
