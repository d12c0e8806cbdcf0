"""A replacement is whole or nothing, in every table, whatever ends it and whoever looks on."""

import json
from typing import Any, Final

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.db.engine import Database
from app.models import Base, ImportJob, Tweet
from app.services.checks import find_faults
from app.services.deletion import delete_post, delete_user, purge_deleted
from app.services.imports.job_report import ImportReport
from app.services.imports.storing_batch import BATCH
from app.services.imports.undo import request_undo, undo_imports
from tests.chats import said, telegram
from tests.services.imports.test_read_again import Between, StoppedError, imported, numbered

pytestmark = pytest.mark.databases("sqlite", "postgresql")

PEOPLE: Final = ("민준", "지우", "서연")
MESSAGES: Final = 90


def chat(*, more: int = 0, **changed: Any) -> bytes:
    """Return a chat in which every third message answers the one before, and so does each of `more`
    messages, the first of which comes from a new person.
    """
    messages = [
        (when, name, f"{text} {n // 60}")
        for day in (15, 16)
        for n, (when, name, text) in enumerate(said(PEOPLE, times=15, day=f"2024-01-{day}"))
    ]
    later = said(PEOPLE, times=1, day="2024-02-15") * (more // 3)
    value = json.loads(telegram(7, "모임", *messages, *later)) | changed
    for message in value["messages"]:
        if message["id"] % 3 == 0 or message["id"] > MESSAGES:
            message["reply_to_message_id"] = message["id"] - 1
    if more:
        value["messages"][MESSAGES] |= {"from": "하나", "from_id": "user-하나"}
    return json.dumps(value, ensure_ascii=False).encode()


async def everything(db: Database) -> dict[str, Any]:
    """Return all rows and indexed words, but for those of the history of imports."""
    tables = [table for table in Base.metadata.sorted_tables if table.name != "ImportJob"]
    async with db.read() as session:
        found: dict[str, Any] = {
            table.name: sorted(map(repr, await session.execute(select(table)))) for table in tables
        }
    pages = db.backend.words.vocabulary(db.read, 5_000)
    return found | {"words": [counts async for page in pages for counts in page]}


async def links(db: Database) -> list[tuple[str, str | None]]:
    """Return the id that each answer names, and that of the post to which it is linked."""
    answered = aliased(Tweet)
    query = select(Tweet.reply_to_source_id, answered.source_id, Tweet.reply_to_id)
    query = query.outerjoin(answered, answered.id == Tweet.reply_to_id)
    async with db.read() as session:
        rows = await session.execute(query.where(Tweet.reply_to_source_id.is_not(None)))
        found = sorted(map(tuple, rows))
    assert all((target is None) == (link is None) for _, target, link in found)
    return [(f"{named}", None if target is None else f"{target}") for named, target, _ in found]


@pytest.mark.parametrize("step", [0, 1, 2], ids=["read", "read on", "stored"])
async def test_whatever_ends_a_replacement_leaves_every_row_as_it_was(
    db: Database, step: int
) -> None:
    await imported(db, chat(), "result.json")
    await imported(db, b'{"username": "mina", "text": "word"}', "posts.jsonl")
    before, steps = await everything(db), iter(range(100))

    async def look() -> None:
        assert await everything(db) == before

    async def note(_session: AsyncSession, _report: ImportReport) -> None:
        await look()  # Others see nothing of what the transaction has stored.
        if next(steps) == step:
            raise StoppedError

    longer, between = chat(more=BATCH + 200, name="새 모임"), Between(db, look)
    with pytest.raises(StoppedError):
        await numbered(db, longer, "result.json", note=note, through=between, replace="1")
    await look()
    await purge_deleted(db)
    await look()


async def test_a_replaced_chat_has_the_links_of_a_new_one(db: Database) -> None:
    await imported(db, chat(), "result.json")
    longer = chat(more=BATCH + 200)
    assert (await numbered(db, longer, "result.json", replace="1"))[0] == MESSAGES + BATCH + 200
    assert all(answered == target for answered, target in await links(db))
    assert len(await links(db)) == MESSAGES // 3 + BATCH + 200
    assert await find_faults(db) == []


async def test_no_answer_names_a_post_that_was_removed(db: Database) -> None:
    """By hand, with its author, with its import, or because another reading lacks it."""
    await imported(db, chat(), "result.json")
    async with db.write() as session:
        answered = select(Tweet.reply_to_id).where(Tweet.reply_to_id.is_not(None))
        await delete_post(session, await session.scalar(answered.limit(1)) or 0)
        await delete_user(session, "지우")
    await purge_deleted(db)
    assert await find_faults(db) == []
    assert {target for _, target in await links(db)} == {None}
    answer = (
        b'{"username": "mina", "text": "yes", "reply_to": {"username": "jun", "source_id": "1"}}'
    )
    await imported(db, answer, "answer.jsonl")
    for text in ("question", "other question"):
        line = {"username": "jun", "text": text, "source_id": "1"}
        await imported(db, json.dumps(line).encode(), "question.jsonl")
        assert ("1", "1") in await links(db)
        async with db.write() as session:
            newest = await session.scalar(select(func.max(ImportJob.id)))
            await request_undo(session, newest or 0, scope="admin")
        await undo_imports(db)
        assert ("1", None) in await links(db)
        assert await find_faults(db) == []
