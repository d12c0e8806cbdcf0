"""The end of an import, an undo and a join is stored with the last rows: at each moment others, and
whoever comes after a kill, find both or neither.
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from itertools import count
from typing import Any, Final

import pytest
from quart import Quart
from sqlalchemy import Engine, event, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.engine import Database
from app.models import ImportJob, Tweet, User
from app.services.checks import find_faults
from app.services.imports.job_report import ImportReport
from app.services.imports.jobs import ENDED
from app.services.imports.storing_batch import BATCH
from app.services.imports.undo import request_undo, undo_imports
from app.services.joined_names import MOVED_AT_ONCE, join_names, part_names
from tests.browsing import parts_of, signed_in
from tests.chats import kakaotalk, said
from tests.conftest import Client, Outside
from tests.services.imports.test_read_again import Between, StoppedError, imported, numbered
from tests.services.imports.test_replacing import chat
from tests.uploading import jsonl, shown, until_uploads
from tests.waiting import eventually

IMPORTS: Final = "/api/v1/imports"
HELD_S: Final = 0.2
"""Seconds that an import is held up for a request that may wait for its transaction."""


@contextmanager
def moments(look: Callable[[], object]) -> Iterator[None]:
    """Call this whenever an import begins or is about to end a transaction, in its thread."""
    ours = threading.get_ident()

    def happen(*_: object) -> None:
        if threading.get_ident() != ours:
            look()

    names = ("begin", "commit")
    for name in names:
        event.listen(Engine, name, happen)
    try:
        yield
    finally:
        for name in names:
            event.remove(Engine, name, happen)


async def send(admin: Client, body: bytes, query: str = "") -> str:
    answer = await admin.post(f"{IMPORTS}?timezone=Asia/Seoul&{query}", data=body, status=202)
    return str(answer.headers["Location"])


async def ended(admin: Client, address: str) -> dict[str, Any]:
    """Wait until an import, and what follows it, has ended; return it."""

    async def look() -> Any:
        return await admin.json(address)

    job: dict[str, Any] = await eventually(look, until=lambda job: job["state"] in ENDED)
    await until_uploads(admin.app, 0)
    return job


SEEN: Final = """
    SELECT (SELECT count(*) FROM "Tweet"), accepted + duplicates, state, finished_at IS NOT NULL
    FROM "ImportJob"
"""


async def test_an_import_is_done_with_its_last_batch(admin: Client, outside: Outside) -> None:
    posts = [{"username": f"mina{n % 3}", "text": f"word {n}"} for n in range(2 * BATCH + 5)]
    seen = list[tuple[Any, ...]]()
    with moments(lambda: seen.extend(outside.fetch(SEEN))):
        job = await ended(admin, await send(admin, jsonl(*posts)))
    assert (job["state"], job["accepted"]) == ("done", len(posts))
    assert {rows for rows, *_ in seen} == {0, BATCH, 2 * BATCH, len(posts)}
    for rows, counted, state, has_end in seen:
        assert counted == rows
        assert (state == "done") == bool(has_end) == (rows == len(posts))


async def test_a_file_that_breaks_off_has_failed_with_its_last_batch(
    admin: Client, outside: Outside
) -> None:
    body = jsonl(*({"username": "mina", "text": f"word {n}"} for n in range(BATCH + 5)))
    seen = list[tuple[Any, ...]]()
    with moments(lambda: seen.extend(outside.fetch(SEEN))):
        job = await ended(admin, await send(admin, b"[" + body.replace(b"\n", b",")))
    assert (job["state"], job["accepted"]) == ("failed", BATCH + 5)
    assert "closed" in job["errors"][0]["detail"]
    for rows, counted, state, has_end in seen:
        assert counted == rows
        assert (state == "failed") == bool(has_end) == (rows == BATCH + 5)


async def rows_of(db: Database) -> list[Any]:
    """Return the posts as they are stored, with their authors."""
    query = select(Tweet.__table__, User.username).join(User, User.id == Tweet.user_id)
    async with db.read() as session:
        kept = query.where(User.deleted_at.is_(None)).order_by(Tweet.id)
        return [*map(tuple, await session.execute(kept))]


async def cancelled_at(
    admin: Client, moment: int, body: bytes, query: str
) -> tuple[str, str, list[int]]:
    """Import a file, and cancel the import at the moment of this number; return its address, its
    last state, and what the cancelling was answered, if there is such a moment.
    """
    loop, steps, statuses = asyncio.get_running_loop(), count(), list[int]()
    address = await send(admin, body, query)

    async def cancel() -> None:
        statuses.append((await admin.delete(address)).status_code)

    def look() -> None:
        if next(steps) == moment:
            cancelling = asyncio.run_coroutine_threadsafe(cancel(), loop)
            with suppress(TimeoutError):  # It waits until this transaction has ended.
                cancelling.result(HELD_S)

    with moments(look):
        job = await ended(admin, address)
    if next(steps) > moment:
        await eventually(lambda: asyncio.sleep(0, statuses))
    return address, job["state"], statuses


async def test_a_replacement_that_is_cancelled_at_any_moment_is_whole_or_nothing(
    app: Quart, admin: Client
) -> None:
    """The cancelling is acknowledged only if the rows stay those of before."""
    db, files, fates = parts_of(app).db, [chat(), chat(more=3)], set[int]()
    stored = await send(admin, files[0], "publish=1")
    await ended(admin, stored)
    for moment in count():
        before = await rows_of(db)
        replaced = f"publish=1&replace={stored.split('/')[-1]}"
        sent, state, statuses = await cancelled_at(admin, moment, files[1], replaced)
        if not statuses:
            break
        assert (statuses, state) in [([204], "cancelled"), ([409], "done")]
        assert (await rows_of(db) == before) == (state == "cancelled")
        fates |= {*statuses}
        if state == "done":
            stored, files = sent, files[::-1]
    assert fates == {204, 409}
    assert await find_faults(db) == []


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "This import had already ended, so nothing was cancelled."),
        ("ko", "이 가져오기는 이미 끝나서 취소되지 않았어요."),
    ],
)
async def test_whoever_cancels_too_late_reads_so(
    app: Quart, admin: Client, language: str, sentence: str
) -> None:
    address = await send(admin, jsonl({"username": "mina", "text": "word"}))
    await ended(admin, address)
    refused, browser = await admin.delete(address), await signed_in(app)
    assert (refused.status_code, refused.content_type) == (409, "application/problem+json")
    assert (await refused.get_json())["detail"] == "The import 1 has already ended"
    browser.headers["Accept-Language"] = language
    page = await browser.post("/imports/1/cancel", status=409)
    assert sentence in shown(await page.get_data(as_text=True))


async def talked(db: Database, days: int) -> int:
    """Import a chat of two people; return how many messages each has."""
    said_on = [f"2024-{n // 28 + 1:02}-{n % 28 + 1:02}" for n in range(days)]
    messages = [each for day in said_on for each in said(("민준", "지우"), times=30, day=day)]
    talk = kakaotalk("모임", *messages)
    assert await imported(db, talk, "a.txt", timezone="Asia/Seoul") == (len(messages), 0)
    return len(messages) // 2


async def test_times_are_corrected_with_the_first_posts(db: Database) -> None:
    """An import that was cancelled before changes nothing."""
    talk = kakaotalk("모임", *said(("민준", "지우"), times=15))
    assert await imported(db, talk, "a.txt", timezone="Asia/Seoul") == (30, 0)
    before = await rows_of(db)
    chosen: dict[str, Any] = {"timezone": "Europe/Berlin", "times": "file"}

    async def refuse(_session: AsyncSession, _report: ImportReport) -> None:
        raise StoppedError

    with pytest.raises(StoppedError):
        await numbered(db, talk, "a.txt", note=refuse, **chosen)
    assert await rows_of(db) == before
    assert await imported(db, talk, "a.txt", **chosen) == (0, 30)
    assert await rows_of(db) != before


async def test_an_undo_is_done_with_its_last_posts(db: Database) -> None:
    posts = 2 * await talked(db, days=15)
    async with db.write() as session:
        await request_undo(session, 1, scope="admin")
    seen = list[tuple[int, int, str | None]]()

    async def look() -> None:
        async with db.read() as session:
            job = await session.get_one(ImportJob, 1)
            left = await session.scalar(select(func.count()).select_from(Tweet)) or 0
        seen.append((left, job.removed, job.undo))

    await undo_imports(Between(db, look))
    await look()
    assert len(seen) > 3
    for left, removed, undo in seen:
        assert left + removed == posts
        assert (undo == "done") == (left == 0)


async def test_names_are_joined_and_parted_with_the_last_posts(db: Database) -> None:
    size = await talked(db, days=MOVED_AT_ONCE // 30 + 1)
    seen = list[tuple[int, bool, bool]]()

    async def look() -> None:
        async with db.read() as session:
            name = await session.get_one(User, 1)
            posts = await session.scalar(select(func.count()).where(Tweet.user_id == 1)) or 0
            seen.append((posts, name.joined_to_id is not None, name.deleted_at is not None))
            assert name.tweet_count == posts

    @asynccontextmanager
    async def writing() -> AsyncIterator[AsyncSession]:
        async with db.write() as session:
            yield session
        await look()

    await join_names(writing, "민준", "지우")
    await part_names(writing, "민준")
    assert seen == [
        (size - MOVED_AT_ONCE, True, False),
        (0, True, True),
        (MOVED_AT_ONCE, True, False),
        (size, False, False),
    ]
