"""Descriptions of media are searched like the text."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import text, update

from app.db.engine import Database
from app.models import Vocabulary
from app.services.checks import find_faults
from app.services.search.index_terms import renew_vocabulary
from app.services.search.results import ResultPage, SearchQuery, find as find_page
from saywho.formats.post import Medium
from tests.posting import new_tweet, remove_post, store

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)


async def add(db: Database, words: str, *alts: str, source_id: str = "1") -> None:
    media = [Medium("photo", alt=alt) for alt in alts]
    await store(db, "mina", new_tweet(words, arrived_at=NOON, media=media, source_id=source_id))


async def find(db: Database, query: str) -> ResultPage:
    return await find_page(db, None, SearchQuery(query), limit=10)


async def found(db: Database, query: str) -> list[str | None]:
    return [hit.source_id for hit in (await find(db, query)).hits]


async def test_posts_are_found_by_their_descriptions(db: Database) -> None:
    await add(db, "in the morning", "a lamp in the fog", "등대가 보이는 바다", source_id="1")
    await add(db, "", "two ferries", source_id="2")
    await add(db, "ferries and ferries and ferries", source_id="3")
    for query in ("lamp", '"the fog"', "등대", "morning fog", "lamp -ferries"):
        assert await found(db, query) == ["1"], query
    assert await found(db, "ferries") == ["3", "2"]
    assert await found(db, "morning -fog") == []
    (hit,) = (await find(db, "lamp morning")).hits
    assert hit.highlights == [(7, 14)]
    assert await find_faults(db) == []


@pytest.mark.databases("postgresql")
@pytest.mark.parametrize("letters", ["\ufdfa ", "\U00020000\U00020001"])
async def test_a_post_with_very_long_descriptions_is_found_by_its_beginning(
    db: Database, letters: str
) -> None:
    await add(db, "lamp", *[letters * 12_500] * 8)
    assert await found(db, "lamp") == ["1"]
    assert await find_faults(db) == []


async def test_later_descriptions_are_found_and_deleted_ones_are_not(db: Database) -> None:
    await add(db, "in the morning")
    assert await found(db, "lamp") == []
    await add(db, "other words", "a lamp in the fog")
    assert await found(db, "lamp") == ["1"]
    assert await find_faults(db) == []
    await remove_post(db, (await find(db, "lamp")).hits[0].id)
    assert await found(db, "lamp") == []
    assert await find_faults(db) == []


async def test_an_index_of_before_is_rebuilt(db: Database) -> None:
    await add(db, "in the morning", "a lamp in the fog")
    empty = {
        "sqlite": """INSERT INTO "TweetWords" ("TweetWords") VALUES ('delete-all')""",
        "postgresql": 'DELETE FROM "TweetWords"',
    }
    async with db.write() as session:
        await session.execute(text(empty[session.get_bind().dialect.name]))
        await session.execute(update(Vocabulary).values(recipe=1))
    assert await found(db, "lamp") == []
    # It is behind, which is no fault.
    assert await find_faults(db) == []
    await renew_vocabulary(db)
    assert await found(db, "lamp") == ["1"]
    assert await find_faults(db) == []
