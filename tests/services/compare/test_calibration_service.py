"""The calibration and the impostors, made with each snapshot from the installation's own posts."""

import random

import pytest

from app.clock import now
from app.compute.features import features
from app.compute.profiles import profile_of
from app.compute.verdict import DEFAULT
from app.db.engine import Database
from app.services.compare.background import BackgroundStore, Snapshot, is_outgrown, renew_background
from app.services.compare.calibration import (
    FEWEST_POSTS,
    KEPT_IMPOSTORS,
    choose_impostors,
    hold_out,
    newest_own,
)
from app.services.posts.new_tweet import new_tweet
from app.services.posts.users import add_user, delete_user, find_user
from tests.posting import add_posts

WORDS = [
    "lamp",
    "fog",
    "bell",
    "tide",
    "oven",
    "rolls",
    "dawn",
    "moss",
    "fern",
    "owl",
    "rail",
    "horn",
    "mast",
    "reef",
    "salt",
    "pier",
]


KOREAN_WORDS = ["등대", "안개", "종소리", "밀물", "화덕", "새벽", "이끼", "부엉이", "기적", "소금"]


async def write(
    db: Database, username: str, posts: int, *, seed: int, words: list[str] = WORDS
) -> None:
    """Add an author who uses some words more than others."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    own = chance.sample(words, 6)
    texts = [" ".join(chance.choices(own + words, k=9)) for _ in range(posts)]
    async with db.write() as session:
        user, _ = await add_user(session, username)
        await add_posts(session, user.id, [new_tweet(text, arrived_at=now()) for text in texts])


async def snapshot(db: Database) -> Snapshot:
    async with db.read() as session:
        return await BackgroundStore().load(session)


async def test_own_posts_set_temperature_and_alarms(db: Database) -> None:
    for number in range(6):
        await write(db, f"author{number}", 150, seed=number)
    await renew_background(db)
    made = await snapshot(db)
    assert made.calibration.temperature != DEFAULT.temperature
    assert made.calibration.familiar_lead != DEFAULT.familiar_lead
    assert len(made.impostors) == 6
    # The same posts give the same numbers again, whoever computes them.
    assert (await snapshot(db)).calibration == made.calibration
    # So do they for verifications, which need four authors of a language.
    assert made.ratios.keys() == {"other"}
    assert (made.ratios["other"].score.authors, made.ratios["other"].score.posts) == (6, 30)
    assert 0 < made.ratios["other"].score.cllr < 1.5


async def test_of_each_language_there_are_impostors(db: Database) -> None:
    for number in range(3):
        await write(db, f"한국{number}", FEWEST_POSTS, seed=number, words=KOREAN_WORDS)
    for number in range(KEPT_IMPOSTORS + 2):
        await write(db, f"author{number}", FEWEST_POSTS, seed=number)
    await renew_background(db)
    made = await snapshot(db)
    async with db.read() as session:
        koreans = {user.id for n in range(3) if (user := await find_user(session, f"한국{n}"))}
    assert made.koreans == koreans
    assert len(made.impostors) == KEPT_IMPOSTORS + 3


def test_impostors_are_of_the_language_of_the_text_where_there_are_two() -> None:
    known = [(1, True), (2, False), (3, False), (4, True), (5, True)]
    assert choose_impostors(known, compared={1}, is_korean=True) == [4, 5]
    assert choose_impostors(known, compared={1, 4}, is_korean=True) == [2, 3, 5]
    assert choose_impostors(known, compared=(), is_korean=False, most=1) == [2]


async def test_few_posts_leave_the_defaults(db: Database) -> None:
    for number in range(3):
        await write(db, f"author{number}", FEWEST_POSTS, seed=number)
    await write(db, "small", FEWEST_POSTS - 1, seed=9)
    await renew_background(db)
    made = await snapshot(db)
    assert made.calibration == DEFAULT
    assert len(made.impostors) == 3


async def test_a_deleted_author_does_not_stay_an_impostor(db: Database) -> None:
    for number in range(8):
        await write(db, f"author{number}", 30, seed=number)
    await renew_background(db)
    async with db.write() as session:
        user = await find_user(session, "author3")
        assert user is not None
        user_id = user.id
        assert user_id in (await BackgroundStore().load(session)).impostors
        await delete_user(session, "author3")
    async with db.read() as session:
        assert await is_outgrown(session)
    await renew_background(db)
    assert user_id not in (await snapshot(db)).impostors
    async with db.read() as session:
        assert not await is_outgrown(session)


async def test_held_out_posts_leave_the_profile_of_before(db: Database) -> None:
    await write(db, "ann", 12, seed=1)
    async with db.read() as session:
        user = await find_user(session, "ann")
        assert user is not None
        texts = [post.text for post in await newest_own(session, user.id, 12)]
    again = "salt pier at dawn, and again"
    profile = profile_of([*texts, again, again])
    held = hold_out(profile, [[each] for each in (*texts[:4], again)])
    assert held.queries == [features(text) for text in texts[:4]]
    # What was posted before already would be no fair question.
    assert held.profile.counts == profile_of([*texts[4:], again]).counts
    assert held.profile.posts == 10
    with pytest.raises(ValueError, match="does not hold"):
        hold_out(profile, [["never posted"]])
