"""A vacuum leaves no trace of what was deleted, wherever the program may have written it."""

import asyncio
import contextlib
import io
import json
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from quart import Quart
from sqlalchemy import func, select
from werkzeug.datastructures import FileStorage

from app.db.sqlite.backend import SqliteBackend
from app.models import BackgroundSnapshot, Tweet
from app.services.checks import find_faults
from app.services.compare.background import renew_background
from app.services.search.embeddings import Embeddings
from tests.browsing import Browser, parts_of
from tests.conftest import Client, Outside
from tests.embedding_service import Letters
from tests.installation import Installation
from tests.waiting import eventually

NAME = "Quixzelvan"
WORD = "Zyxwvutse"
KOREAN = "뷁쀍쭑"
MARKS = [mark.encode() for mark in (NAME, NAME.lower(), WORD, WORD.lower(), KOREAN)]
MARKS += [mark.encode("utf-16-le") for mark in (NAME, WORD, KOREAN)]


@pytest.fixture
def installation(app: Quart, outside: Outside) -> Installation:
    return Installation.of(parts_of(app).config)


def traces(installation: Installation, outside: Outside) -> set[str]:
    """Return what still holds a mark: files of the data folder, and tables of the server."""
    files = dict(installation.files().items())
    if outside.kind == "postgresql":
        files |= dict(files_of_tables(outside))
    names = {name for name, content in files.items() if any(mark in content for mark in MARKS)}
    return names | {name for name in files if NAME in name}


def files_of_tables(outside: Outside) -> Iterator[tuple[str, bytes]]:
    """Yield the files of the database on its server, under what they hold."""
    outside.databases.execute(outside.folder, "CHECKPOINT")
    ((folder, database),) = outside.fetch(
        "SELECT setting, (SELECT oid FROM pg_database WHERE datname = current_database())"
        " FROM pg_settings WHERE name = 'data_directory'"
    )
    names = "SELECT relfilenode, relname FROM pg_class"
    known = {str(node): name for node, name in outside.fetch(names)}
    for path in Path(folder, "base", str(database)).iterdir():
        yield known.get(path.name, path.name), path.read_bytes()


async def write_everywhere(client: Client) -> None:
    """Write the marks to every place that takes what a client sends."""
    path = f"/api/v1/users/{NAME}/tweets"
    sent = {"username": NAME, "display_name": f"{NAME} {KOREAN}", "platform": "x"}
    assert (await client.post("/api/v1/users", json=sent)).status_code == 201
    for number in range(8):
        text = f"{WORD} {KOREAN} {number} said {NAME}, of whom we never heard before"
        post = {"text": text, "source_id": f"{WORD}-{number}", "url": f"https://x.com/{NAME}"}
        assert (await client.post(path, json=post)).status_code == 201
    wrong = json.dumps({"username": NAME, "platform": "mastodon", "text": WORD}).encode()
    bulk = {"Content-Type": "application/x-ndjson"}
    report = await client.post("/api/v1/tweets", data=wrong, headers=bulk)
    assert NAME in await report.get_data(as_text=True)
    await import_file(client, wrong)
    assert NAME in await (await client.get("/api/v1/imports")).get_data(as_text=True)


async def import_file(client: Client, content: bytes) -> None:
    answer = await client.post(
        f"/api/v1/imports?username={NAME}",
        files={"file": FileStorage(io.BytesIO(content), f"posts of {NAME}.jsonl")},
    )
    assert answer.status_code == 202, await answer.get_data()

    async def look() -> Any:
        return await (await client.get(answer.headers["Location"])).get_json()

    await eventually(look, until=lambda job: job["state"] != "running")


async def make_what_is_derived(app: Quart) -> None:
    """Make vectors, and count the background."""
    db = parts_of(app).db
    await renew_background(db)
    await Embeddings(db, Letters()).embed_missing(db)


async def vacuum(installation: Installation) -> None:
    assert await asyncio.to_thread(installation.done, "db", "vacuum") == "vacuumed\n"


@pytest.mark.databases("sqlite", "postgresql")
async def test_nothing_of_a_deleted_author_is_left(
    app: Quart, admin: Client, installation: Installation, outside: Outside
) -> None:
    texts = [f"a post that stays, for all to find: {number}" for number in range(30)]
    await admin.add_author("stays", *texts)
    await write_everywhere(admin)
    await Browser(app).post("/login", form={"name": NAME, "password": WORD})
    await make_what_is_derived(app)
    backend = parts_of(app).db.backend
    if isinstance(backend, SqliteBackend):  # A backup that was killed leaves its copy.
        with backend.copied() as copy:
            shutil.copytree(copy.parent, f"{copy.parent}-killed")
    assert traces(installation, outside) != set()
    assert (await admin.delete(f"/api/v1/users/{NAME}")).status_code == 204
    await vacuum(installation)
    assert traces(installation, outside) == set()
    async with parts_of(app).db.read() as session:
        assert list(await session.scalars(select(BackgroundSnapshot.posts))) == [30]
    # All else is as it was.
    page = await (await admin.get("/api/v1/search?q=stays&limit=200")).get_json()
    assert len(page["items"]) == 30
    (job,) = (await (await admin.get("/api/v1/imports")).get_json())["items"]
    assert (job["state"], job["rejected"], job["errors"]) == ("done", 1, [])
    assert await find_faults(parts_of(app).db) == []


@pytest.mark.databases("sqlite")
async def test_a_vacuum_waits_for_another_checkpoint(app: Quart, admin: Client) -> None:
    """Such as that after a deletion: SQLite itself does not wait for it."""
    await admin.add_author("mina", *(f"post {number}" for number in range(300)))
    backend = parts_of(app).db.backend
    assert isinstance(backend, SqliteBackend)
    are_vacuumed = threading.Event()

    def copy_pages() -> None:
        with contextlib.closing(sqlite3.connect(backend.path, isolation_level=None)) as connection:
            while not are_vacuumed.is_set():
                connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()

    others = [asyncio.create_task(asyncio.to_thread(copy_pages)) for _ in range(2)]
    try:
        for _ in range(10):
            await asyncio.to_thread(backend.compact)
    finally:
        are_vacuumed.set()
        await asyncio.gather(*others)


@pytest.mark.databases("sqlite")
async def test_a_deleted_text_leaves_file_and_log_after_the_last_reader(
    app: Quart, admin: Client, installation: Installation
) -> None:
    """Without a vacuum, which would also remove its words from the index."""
    text = f"{WORD} {KOREAN} was here"
    await admin.add_author("mina", "another post")
    post = await admin.add_tweet("mina", text)
    db, log = parts_of(app).db, f"{installation.database.name}-wal"

    async def files() -> set[str]:
        contents = await asyncio.to_thread(installation.files)
        return {name for name, content in contents.items() if text.encode() in content}

    async with db.read() as session:
        assert await session.scalar(select(func.count()).select_from(Tweet)) == 2
        assert (await admin.delete(f"/api/v1/tweets/{post['id']}")).status_code == 204
        assert not await db.backend.clear_log()
        assert log in await files()
    async with asyncio.timeout(30):
        await eventually(files, until=lambda names: not names)


@pytest.mark.full
@pytest.mark.databases("postgresql")
async def test_vacuum_waits_for_old_transactions(
    app: Quart, admin: Client, installation: Installation, outside: Outside
) -> None:
    await write_everywhere(admin)
    await renew_background(parts_of(app).db)
    await outside.execute("ANALYZE")

    async def is_waiting() -> bool:
        query = "SELECT FROM pg_stat_activity WHERE query LIKE '%age(backend_xmin)%'"
        return bool(outside.fetch(f"{query} AND pid <> pg_backend_pid()"))

    async with parts_of(app).db.read() as session:
        assert await session.scalar(select(func.count()).select_from(Tweet)) != 0
        assert (await admin.post("/reset", form={"confirm": "yes"})).status_code == 303
        vacuuming = asyncio.create_task(vacuum(installation))
        await eventually(is_waiting)
    await vacuuming
    assert traces(installation, outside) == set()


@pytest.mark.databases("sqlite", "postgresql")
async def test_nothing_of_a_deleted_post_is_left(
    app: Quart, admin: Client, installation: Installation, outside: Outside
) -> None:
    await admin.add_author("stays", *(f"number {number}, that stays" for number in range(30)))
    post = await admin.add_tweet("stays", f"{WORD} {KOREAN}", source_id=NAME)
    await renew_background(parts_of(app).db)
    await outside.execute("ANALYZE")
    assert (await admin.delete(f"/api/v1/tweets/{post['id']}")).status_code == 204
    await vacuum(installation)
    assert traces(installation, outside) == set()
    async with parts_of(app).db.read() as session:
        assert list(await session.scalars(select(BackgroundSnapshot.posts))) == [30]
    assert await find_faults(parts_of(app).db) == []
