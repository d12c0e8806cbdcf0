"""Authors in their order, found in any case, and gone when deleted."""

import pytest

from app.compute.text import username_key
from app.db.engine import Database
from app.services.deletion import delete_user
from app.services.imports.bulk import BulkAuthor, store_authors
from app.services.posts.users import add_user, list_authors
from tests.posting import post

NAMES = ["b", "A", "ab", "a", "é", "가나", "가", "각", "🚢", "ΣΑΣ", "straße", "Z", "_x", "0"]


async def walk(db: Database, limit: int, part: str = "") -> list[str]:
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
    names = [name for name in await walk(named, 50) if key in username_key(name)]
    expected = sorted(names, key=lambda name: not username_key(name).startswith(key))
    assert await walk(named, 2, part) == expected


async def test_the_first_200_are_found_by_a_part(db: Database) -> None:
    async with db.write() as session:
        await store_authors(session, [BulkAuthor(0, f"{n:03}x", "x") for n in range(210)])
        await add_user(session, "x")
    assert await walk(db, 70, "x") == ["x", *(f"{n:03}x" for n in range(199))]


async def test_a_page_goes_on_after_an_author_who_was_deleted(db: Database) -> None:
    for name in ("ab", "b", "cab", "bc"):
        await post(db, name)
    async with db.read() as session:
        authors, after = await list_authors(session, part="b", limit=3)
    assert [author.username for author in authors] == ["b", "bc", "ab"]
    async with db.write() as session:
        await delete_user(session, "ab")
    async with db.read() as session:
        authors, after = await list_authors(session, part="b", after=after, limit=3)
    assert ([author.username for author in authors], after) == (["cab"], None)
