"""Messages of one minute are in the order of the file, however its exports overlap."""

import asyncio
import io
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from app.config import Config
from app.db.engine import Database
from app.formats.registry import WRITERS, open_records
from app.formats.source.file import Source
from app.models import Room
from app.services.imports import post_reader
from app.services.imports.earlier_reading import MOST_ORDERED
from app.services.imports.storing import import_records
from app.services.posts.exporting import begin_export, exported
from app.services.posts.selection import Selection
from app.services.posts.tweets import Post, TweetKey
from app.services.rooms.messages import END, list_before, list_messages, messages_around
from tests.chats import import_chat
from tests.conftest import MakeConfig
from tests.databases import Databases

SMALL = settings(max_examples=8)
NAMES = "Mina", "Jun"


def whatsapp(minutes: Sequence[int], *, since: int = 0, until: int | None = None) -> bytes:
    """Return an export of messages, which are numbered in the order of the chat."""
    begin = datetime(2024, 1, 15, 21, 5, tzinfo=UTC)
    messages = [*enumerate(minutes)][since:until]
    return "".join(
        f"{begin + timedelta(minutes=minute):%d.%m.%y, %H:%M} - {NAMES[n % 2]}: m{n}\n"
        for n, minute in messages
    ).encode()


@st.composite
def exports(draw: st.DrawFn) -> tuple[list[int], list[tuple[int, int]]]:
    """Return the minutes of a chat's messages, and exports of two minutes or more that overlap."""
    sizes = draw(st.lists(st.integers(1, 5), min_size=4, max_size=8))
    minutes = [minute for minute, size in enumerate(sizes) for _ in range(size)]
    cuts = sorted(draw(st.sets(st.integers(1, len(minutes) - 1), max_size=3)))
    parts = []
    for start, end in zip([0, *cuts], [*cuts, len(minutes)], strict=True):
        # Two people write in turn: a chat is known again by them.
        first, last = draw(st.integers(max(0, start - 3), start)), end
        while first and minutes[first] == minutes[last - 1]:
            first -= 1
        while last < len(minutes) and minutes[first] == minutes[last - 1]:
            last += 1
        parts.append((max(0, first - 1), last))
    return minutes, draw(st.permutations(parts))


async def order_here(db: Database) -> list[str]:
    """Return the texts of the chat, after each way to read it gave the same order."""
    async with db.read() as session:
        room_id = (await session.scalars(select(Room.id))).one()
        chat = Selection(room_id=room_id)
        posts, _ = await list_messages(session, chat, limit=1_000)
        above, _ = await list_before(session, chat, END, limit=1_000)
        assert above == posts
        pages: list[Post] = []
        key: TweetKey | None = None
        while not pages or key:
            page, key = await list_messages(session, chat, after=key, limit=2)
            pages += page
        assert pages == posts
        for place, post in enumerate(posts):
            around = posts[max(0, place - 10) : place + 11]
            assert await messages_around(session, post) == around
    return [post.text for post in posts]


@SMALL
@given(exports(), st.sampled_from([2, 3, 1_000]))
def test_overlapping_exports_give_the_order_of_the_file(
    databases: Databases, split: tuple[list[int], list[tuple[int, int]]], batch: int
) -> None:
    async def check(folder: Path, patch: pytest.MonkeyPatch) -> None:
        patch.setattr(post_reader, "BATCH", batch)
        minutes, parts = split
        url = databases.make(folder)
        db = Database(Config(env="testing", data_dir=folder, database_url=url, durability="normal"))
        for since, until in parts:
            report = await import_chat(db, whatsapp(minutes, since=since, until=until))
            assert report.broken is None
        order = await order_here(db)
        assert order == [f"m{n}" for n in range(len(minutes))]
        report = await import_chat(db, whatsapp(minutes))
        assert (report.accepted, await order_here(db)) == (0, order)
        await db.close()

    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as name:
        asyncio.run(check(Path(name), patch))
        databases.drop(Path(name))


async def test_very_many_messages_of_one_minute_are_all_here_once(db: Database) -> None:
    minutes = [*[0] * (MOST_ORDERED + 100), 1, 2]
    await import_chat(db, whatsapp(minutes, since=5))
    await import_chat(db, whatsapp(minutes))
    report = await import_chat(db, whatsapp(minutes))
    async with db.read() as session:
        chat = Selection(room_id=(await session.scalars(select(Room.id))).one())
        posts, _ = await list_messages(session, chat, limit=len(minutes))
    assert report.accepted == 0
    # The first export's come first: so many messages keep the order in which they were stored.
    texts = [f"m{n}" for n in range(len(minutes))]
    assert [post.text for post in posts] == [*texts[5:-2], *texts[:5], *texts[-2:]]


async def test_an_export_keeps_the_order_of_a_chat(
    db: Database, make_config: MakeConfig, tmp_path: Path
) -> None:
    minutes = [0, 0, 0, 0, 1, 2, 2, 3]
    other_db = Database(make_config(data_dir=tmp_path / "second"))
    await import_chat(db, whatsapp(minutes, since=2))
    await import_chat(db, whatsapp(minutes))
    async with db.read() as session:
        export = await begin_export(session, None)
    data = b"".join([piece async for piece in exported(db, export, WRITERS["jsonl"])])
    with Source(io.BytesIO(data), name="posts.jsonl") as source:
        await import_records(other_db, open_records(source), username=None)
    try:
        assert await order_here(other_db) == await order_here(db) == [f"m{n}" for n in range(8)]
    finally:
        await other_db.close()
