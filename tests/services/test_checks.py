"""Whatever is derived and does not agree with the posts is named; what is only behind is not."""

import pytest

from app.db.engine import Database
from app.runtime.clock import now
from app.services.checks import find_faults, find_weaknesses
from app.services.compare.background import renew_background
from app.services.imports.bulk import BulkPost, store_batch
from app.services.imports.report import ImportReport
from tests.conftest import Outside
from tests.posting import new_tweet

COUNTS = "ann is said to have 31 posts and has 30"
PROFILE = "the profile of ann does not agree with the posts"
INDEX = "the word index does not agree with the posts"


async def store(db: Database, *texts: str) -> None:
    posts = [
        BulkPost(place=n, username="ann", post=new_tweet(text, arrived_at=now()))
        for n, text in enumerate(texts)
    ]
    async with db.write() as session:
        await store_batch(session, posts, ImportReport(), default_time=now())


@pytest.fixture
async def counted(db: Database) -> Database:
    """A database in which all that is derived is up to date."""
    await store(db, *(f"post {n} of the sea and its harbours" for n in range(30)))
    await renew_background(db)  # It folds the profile.
    assert await find_faults(db) == []
    return db


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ('UPDATE "Users" SET tweet_count = 31', COUNTS),
        ('UPDATE "Profile" SET posts = 29', PROFILE),
        ('UPDATE "Profile" SET as_of_event = as_of_event - 1', PROFILE),
        ('UPDATE "Profile" SET counts = texts', PROFILE),
        ('UPDATE "Profile" SET texts = counts', PROFILE),
        ('UPDATE "Profile" SET texts = NULL', PROFILE),
    ],
)
async def test_rows_changed_by_hand_are_named(
    counted: Database, outside: Outside, change: str, fault: str
) -> None:
    outside.execute(change)
    assert await find_faults(counted) == [fault]


async def test_lagging_derived_data_is_no_fault(counted: Database, outside: Outside) -> None:
    await store(counted, "a post with zebras, of which nobody has heard")
    assert await find_faults(counted) == []


@pytest.mark.databases("postgresql")
@pytest.mark.parametrize(
    "change", ['DELETE FROM "TweetWords" WHERE id = 3', "UPDATE \"TweetWords\" SET terms = 'x:1'"]
)
async def test_a_wrong_index_is_named(counted: Database, outside: Outside, change: str) -> None:
    outside.execute(change)
    assert INDEX in await find_faults(counted)


@pytest.mark.parametrize(
    ("python", "is_weak"),
    [
        ((3, 11, 0), True),
        ((3, 11, 9), True),
        ((3, 11, 10), False),
        ((3, 12, 5), True),
        ((3, 12, 6), False),
        ((3, 13, 0), False),
        ((3, 14, 0), False),
    ],
)
def test_a_python_whose_tarfile_is_weak_is_named(
    python: tuple[int, int, int], is_weak: bool
) -> None:
    assert bool(find_weaknesses(python)) == is_weak
