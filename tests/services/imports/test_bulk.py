"""Batches of many authors: as few statements as for one, and the result of one post at a time."""

import asyncio
import io
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, strategies as st
from msgspec import structs
from sqlalchemy import event, func, select

from app.config import Config
from app.db.engine import Database
from app.models import Event, Tweet, User
from app.services.access.rights import Scope
from app.services.checks import find_faults
from app.services.imports import storing_reading
from app.services.imports.job_report import ImportReport
from app.services.imports.jobs import IMPORTING, claim_job, note_progress
from app.services.imports.storing import StoreOptions, import_records
from app.services.imports.storing_batch import BATCH
from saywho.formats.records import FileRoom, Item, Record, RecordStream
from saywho.formats.source.file import Source
from tests.databases import Databases
from tests.services.imports.test_imports import NOON, outcome, record, stream_of
from tests.uploading import queued

MOST_STATEMENTS = 25
POSTS = 500
AHEAD = NOON.replace(year=9000)
MINUTE = timedelta(minutes=1)


def posts(authors: int, *, since: int, until: int) -> list[Record]:
    """Return posts in turn: half with ids, half without, a tenth of these from the future."""
    return [
        record(
            n,
            f"text {n}",
            username=f"author{n % authors}",
            source_id=str(n) if n // authors % 2 else None,
            created_at=None if n % 10 else AHEAD,
        )
        for n in range(since, until)
    ]


@pytest.mark.databases("sqlite", "postgresql")
@pytest.mark.parametrize("authors", [1, 500])
async def test_a_transaction_has_few_statements_whatever_its_number_of_authors(
    db: Database, authors: int, tmp_path: Path
) -> None:
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    event.listen(db.engine.sync_engine, "before_cursor_execute", note)
    async with db.exclusive(IMPORTING) as grant:
        assert grant is not None
        # New ones, then known ones and more, by authors who are known or not.
        for since, until in ((0, POSTS), (POSTS // 2, POSTS + POSTS // 2)):
            job = await queued(db, tmp_path, b"")
            async with grant.write() as session:
                claimed = await claim_job(session, job.id)
            noting = partial(_noted, job=claimed)
            statements.clear()
            report = await import_records(
                grant,
                stream_of(*posts(authors, since=since, until=until)),
                username=None,
                storing=StoreOptions(note=noting),
            )
            assert report.accepted == until - max(since, POSTS * bool(since))
            assert len(statements) <= MOST_STATEMENTS, statements
    assert await find_faults(db) == []


async def _noted(session: Any, report: Any, *, job: Any) -> None:
    with Source(io.BytesIO()) as source:
        await note_progress(session, job, source, report)


"""Two authors have equal posts here, which would be one author's whose name was misread."""
RECORDS = st.lists(
    st.builds(
        lambda **fields: fields,
        text=st.sampled_from(["one", "two", "세 번째"]),
        username=st.sampled_from(["ann", "Ann", "ben", "cho"]),
        platform=st.sampled_from([None, None, "local", "x"]),
        display_name=st.sampled_from([None, "Name"]),
        source_id=st.sampled_from(["1", "2", "3"]),
        created_at=st.sampled_from([None, NOON, NOON + timedelta(hours=1), AHEAD]),
        lang=st.sampled_from([None, "ko", "en"]),
        url=st.sampled_from([None, "https://example.org/1"]),
    ),
    max_size=8,
)


def _record(place: int, prefix: str, fields: dict[str, Any]) -> Record:
    fields = fields | {"username": prefix + fields["username"]}
    if not fields["username"].endswith("ben"):
        del fields["source_id"]
    return record(place, **fields)


@given(RECORDS, st.integers(2, 8), st.integers(0, 8), st.sampled_from(["write", "admin"]))
@example(
    [{"username": "ben", "source_id": "1", "text": text} for text in ("one", "two")], 2, 0, "write"
)
def test_batches_store_what_one_post_at_a_time_does(
    databases: Databases, given_records: list[dict[str, Any]], size: int, before: int, scope: Scope
) -> None:
    async def compare(folder: Path, patch: pytest.MonkeyPatch) -> None:
        url = databases.make(folder)
        db = Database(Config(env="testing", data_dir=folder, database_url=url, durability="normal"))
        results = []
        for prefix, batch in (("one-", 1), ("many-", size)):
            patch.setattr(storing_reading, "BATCH", batch)
            records = [_record(n, prefix, each) for n, each in enumerate(given_records, start=1)]
            reports = [
                await import_records(
                    db, stream_of(*some), username=None, storing=StoreOptions(scope=scope)
                )
                for some in (records[:before], records)
            ]
            rejected = [[error.record for error in report.in_order()] for report in reports]
            results.append((list(map(outcome, reports)), rejected, await _stored(db, prefix)))
        faults = await find_faults(db)
        await db.close()
        assert results[1] == results[0]
        assert faults == []

    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        asyncio.run(compare(folder, patch))
        databases.drop(folder)


async def _stored(db: Database, prefix: str) -> list[Any]:
    """Return the posts of authors whose names begin so, and how many posts events announced."""
    columns = (Tweet.text, Tweet.lang, Tweet.source_id, Tweet.url, Tweet.created_at)
    query = select(User.username, User.platform, User.display_name, *columns).join(User.tweets)
    own = User.username.startswith(prefix)
    announced = select(func.sum(Event.count)).join(User, User.id == Event.user_id)
    async with db.read() as session:
        rows: list[list[Any]] = [
            list(row) for row in await session.execute(query.where(own).order_by(Tweet.id))
        ]
        count = await session.scalar(announced.where(own, Event.kind == "tweets.imported"))
    for row in rows:
        row[0] = row[0].removeprefix(prefix)
        if row[-1] is not None and row[-1] > NOON + timedelta(days=1):
            row[-1] = "on arrival"
    return [count, *rows]


@pytest.mark.databases("sqlite", "postgresql")
@pytest.mark.parametrize("is_other_part", [False, True])
async def test_what_another_reading_brings_into_a_new_chat_is_stored_once(
    db: Database, is_other_part: bool
) -> None:
    """Between two batches of a chat comes a part of it: from the same file, or from another one."""
    loop = asyncio.get_running_loop()
    room, other = (FileRoom(name="Chat", platform="telegram", file=name) for name in "ab")
    messages = [
        record(n, f"text {n}", username=f"author{n % 3}", room=room, created_at=NOON + n * MINUTE)
        for n in range(2 * BATCH + 1)
    ]
    later = [structs.replace(each, room=other) for each in messages[BATCH:]]

    def chat() -> Iterator[Item]:
        if is_other_part:
            yield from [*messages[:BATCH], *later, *messages[BATCH:]]
        else:
            yield from messages[: BATCH + 1]  # One more tells that the first batch is not all.
            between = import_records(db, stream_of(*later), username=None)
            asyncio.run_coroutine_threadsafe(between, loop).result(60)
            yield from messages[BATCH + 1 :]

    stream = RecordStream("telegram", "record", None, chat(), is_chat=True)
    await import_records(db, stream, username=None)
    async with db.read() as session:
        query = select(Tweet.text).order_by(Tweet.created_at, Tweet.place, Tweet.id)
        assert list(await session.scalars(query)) == [each.text for each in messages]


@pytest.mark.databases("sqlite", "postgresql")
async def test_posts_of_new_authors_that_come_twice_are_stored_once(db: Database) -> None:
    """Between two batches, another import brings what follows; and a post with an id repeats."""
    loop = asyncio.get_running_loop()
    posts = [
        record(n, f"text {n}", username=f"author{n % 3}", created_at=NOON + n * MINUTE)
        for n in range(2 * BATCH + 1)
    ]
    later = posts[BATCH : BATCH + 10]

    def items() -> Iterator[Item]:
        yield from posts[: BATCH + 1]
        between = import_records(db, stream_of(*later), username=None)
        asyncio.run_coroutine_threadsafe(between, loop).result(60)
        yield from posts[BATCH + 1 :]

    assert outcome(await store_all(db, items())) == (len(posts) - 10, 10, 0)
    named = [structs.replace(each, username="mina") for each in posts]
    with_id = structs.replace(named[0], source_id="1")
    report = await store_all(db, iter([with_id, *named[1 : BATCH + 1], named[0]]))
    assert outcome(report) == (BATCH + 1, 1, 0)


async def store_all(db: Database, items: Iterator[Item]) -> ImportReport:
    return await import_records(db, RecordStream("jsonl", "line", None, items), username=None)
