"""A deleted author is out of every answer at once, and out of the files in the end."""

import asyncio
import json
from typing import Any, cast

import pytest
from quart import Quart
from sqlalchemy import func, select

from app.db.backend import Terms
from app.db.engine import Database
from app.models import Profile, Tweet, User
from app.services.checks import find_faults
from app.services.compare.background import renew_background
from app.services.compare.profiles import fold_tails
from app.services.deletion import CHUNK, delete_everybody, purge_deleted, purge_some
from app.services.imports.storing_batch import BATCH
from app.services.posts.users import count_users, list_authors
from tests.browsing import parts_of
from tests.conftest import Client
from tests.posting import post, remove_author
from tests.waiting import eventually, until_some_are_imported


async def store(db: Database, username: str, count: int, *, of: str = "sea") -> None:
    """Store so many posts of an author, made if new."""
    await post(db, username, *(f"{username} wrote post {n} of the {of}" for n in range(count)))


async def count_rows(db: Database) -> dict[str, int]:
    """Return the number of rows of what belongs to authors."""
    async with db.read() as session:
        rows = {
            name: await session.scalar(select(func.count()).select_from(model)) or 0
            for name, model in {"users": User, "posts": Tweet, "profiles": Profile}.items()
        }
        query = db.backend.words.matching(Terms(("sea",)))
        return rows | {"words": await session.scalar(select(func.count()).select_from(query)) or 0}


async def test_rows_words_profiles_and_counts_follow(db: Database) -> None:
    await store(db, "ann", CHUNK + 7)
    await store(db, "ben", 5)
    await renew_background(db)
    await remove_author(db, "ann")
    # The profile, which quotes the texts as numbers, goes at once.
    assert (await count_rows(db))["profiles"] == 1
    await purge_deleted(db)
    assert await count_rows(db) == {"users": 1, "posts": 5, "profiles": 1, "words": 5}
    assert await find_faults(db) == []


async def test_a_piece_ends_within_an_author_and_goes_on_with_the_next(db: Database) -> None:
    for name, posts in (("ann", CHUNK - 3), ("ben", 10), ("cho", 0), ("dan", 4)):
        await store(db, name, posts)
    async with db.write() as session:
        await delete_everybody(session)
    async with db.read() as session:
        assert (await list_authors(session, limit=9), await count_users(session)) == (([], None), 0)
    async with db.write() as session:
        await delete_everybody(session)  # There is nobody.
    async with db.write() as session:
        assert await purge_some(session)
    assert (await count_rows(db))["posts"] == 11
    assert await find_faults(db) == []
    # Two workers at once do the rest together.
    await asyncio.gather(purge_deleted(db), purge_deleted(db))
    assert await count_rows(db) == {"users": 0, "posts": 0, "profiles": 0, "words": 0}
    assert await find_faults(db) == []


@pytest.mark.parametrize("deletes_first", [True, False], ids=["deletion-first", "fold-first"])
async def test_fold_under_way_leaves_no_profile_of_the_deleted(
    db: Database, deletes_first: bool
) -> None:
    async def remove() -> None:
        await remove_author(db, "ann")

    for generation in range(3):
        await store(db, "ann", 150, of=f"sea, generation {generation}")
        work = [remove(), fold_tails(db)]
        await asyncio.gather(*(work if deletes_first else reversed(work)))
        assert (await count_rows(db))["profiles"] == 0
        await purge_deleted(db)
        assert await find_faults(db) == []


async def test_the_name_is_nobodys_at_once(app: Quart, admin: Client, anybody: Client) -> None:
    await store(parts_of(app).db, "ann", 1200)
    await store(parts_of(app).db, "ben", 30, of="hills")
    newest = (await (await anybody.get("/api/v1/users/ann/tweets?limit=1")).get_json())["items"][0]
    user_id = (await (await anybody.get("/api/v1/users/ann")).get_json())["id"]
    compared = "/api/v1/compare?text=the+sea+and+the+hills"
    assert "ann" in await (await anybody.get(compared)).get_data(as_text=True)
    answer = await admin.delete("/api/v1/users/ann", status=204)
    assert answer.headers["Saywho-Event"]
    gone = [f"/api/v1/tweets/{newest['id']}", f"/tweet/{newest['id']}", "/user/ann"]
    gone += ["/api/v1/users/ann", "/api/v1/users/ann/tweets", "/get_user?username=ann"]
    gone += ["/api/v1/search?q=sea&username=ann", f"{compared}&username=ann&username=ben"]
    gone += ["/compare?text=the+sea&username=ann&username=ben", "/search?q=sea&username=ann"]
    # Nor under the name that the row bears until it is removed.
    gone += [f"/api/v1/users/%01{user_id}", f"/api/v1/users/%01{user_id}/tweets"]
    gone += [f"/api/v1/search?q=sea&username=%01{user_id}"]
    for path in gone:
        assert (await anybody.get(path)).status_code == 404, path
    # The name is free, and whoever takes it begins with nothing.
    again = await admin.add_user("Ann")
    assert (again["tweets"], again["first_tweet_at"]) == (0, None)
    assert again["id"] > user_id
    page = await (await anybody.get("/api/v1/users/ann/tweets")).get_json()
    assert page == {"items": [], "next": None}
    await wait_until_purged(parts_of(app).db)
    assert await find_faults(parts_of(app).db) == []


async def wait_until_purged(db: Database) -> None:
    async def left() -> int:
        async with db.read() as session:
            deleted = select(func.count()).where(User.deleted_at.is_not(None))
            return await session.scalar(deleted) or 0

    await eventually(left, until=lambda count: count == 0)


@pytest.mark.databases("sqlite", "postgresql")
async def test_deletion_while_an_import_runs(app: Quart, admin: Client) -> None:
    body = "".join(
        json.dumps({"username": "ann", "text": f"post {n} of the sea", "source_id": str(n)}) + "\n"
        for n in range(3 * BATCH)
    )
    address = (await admin.post("/api/v1/imports", data=body)).headers["Location"]

    async def look() -> dict[str, Any]:
        return cast(dict[str, Any], await (await admin.get(address)).get_json())

    await until_some_are_imported(parts_of(app).db)
    assert (await admin.delete("/api/v1/users/ann")).status_code == 204
    job = await eventually(look, until=lambda job: job["state"] != "running")
    # All were stored; those from before the deletion are gone with the author.
    assert (job["state"], job["accepted"], job["duplicates"]) == ("done", 3 * BATCH, 0)
    await wait_until_purged(parts_of(app).db)
    answer = await admin.get("/api/v1/users/ann")
    rows = await count_rows(parts_of(app).db)
    if answer.status_code == 200:
        assert 0 < (await answer.get_json())["tweets"] == rows["posts"] < 3 * BATCH
    else:
        assert rows["posts"] == 0
    assert await find_faults(parts_of(app).db) == []
