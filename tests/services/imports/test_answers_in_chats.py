"""Messages of chats: their order, and whom they answer, however exports overlap."""

import asyncio
import io
import json
import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given, settings, strategies as st
from sqlalchemy import select

from app.config import Config
from app.db.engine import Database
from app.models import Room, Tweet
from app.services.imports import storing_reading
from app.services.imports.storing import import_records
from app.services.posts.exporting import begin_export, exported
from app.services.posts.replies import read_conversation
from app.services.posts.selection import Selection
from app.services.posts.tweets import Post, TweetKey
from app.services.rooms.messages import END, list_before, list_messages, messages_around
from saywho.formats.registry import WRITERS, open_records
from saywho.formats.source.file import Source
from tests.chats import import_chat
from tests.conftest import MakeConfig
from tests.databases import Databases
from tests.formats import chatlab_variants, discord_variants, signal_variants, slack_variants
from tests.formats.invented_rooms import Said

PEOPLE: Final = ("Ines", "Bo", "Ines", "Kaya", "Bo")
ANSWERS: Final = {1: 0, 3: 1, 4: 1}
"""Which message answers which, by their places: the last one that of oneself."""
Numbered = list[tuple[int, str]]
"""Messages of a chat, each with its place and its author."""


def telegram(messages: Numbered) -> bytes:
    values = [
        {"id": 7 + n, "type": "message", "date": "2024-03-05T10:00:00", "from": name}
        | {"date_unixtime": str(1_709_600_000 + n), "from_id": f"user{name}", "text": f"words {n}"}
        | ({"reply_to_message_id": 7 + ANSWERS[n]} if n in ANSWERS else {})
        for n, name in messages
    ]
    return json.dumps(
        {"name": "Boats", "type": "private_group", "id": 9, "messages": values}
    ).encode()


def discord(messages: Numbered) -> bytes:
    rows = []
    for n, name in messages:
        row = discord_variants.message(n, Said(name, datetime(2024, 3, 5, 10, n), f"words {n}"))
        answered = 1_190_000_000_000_000_000 + ANSWERS.get(n, 0)
        rows.append(row | {"reference": {"messageId": str(answered)} if n in ANSWERS else None})
    return discord_variants.document(rows)


def slack(messages: Numbered) -> bytes:
    rows = []
    for n, name in messages:
        # Whatever is written in a thread answers its first message.
        thread = {"thread_ts": f"1709600000.{ANSWERS[n]:06}"} if n in ANSWERS else {}
        rows.append(slack_variants.message(name, f"words {n}", f"1709600000.{n:06}", **thread))
    users = [{"id": name, "name": name} for name in dict.fromkeys(PEOPLE)]
    lists = {"channels": [{"id": "C1", "name": "us"}]}
    return slack_variants.workspace({"us/2024-03-05": rows}, users, lists=lists)


def signal(messages: Numbered) -> bytes:
    names = list(dict.fromkeys(PEOPLE))
    frames = [signal_variants.person(number, name) for number, name in enumerate(names, 2)]
    frames += [signal_variants.group(90, "Boats"), {"chat": {"id": "10", "recipientId": "90"}}]
    for n, name in messages:
        item = signal_variants.item(names.index(name) + 2, 1_709_600_000_000 + n, f"words {n}")
        if n in ANSWERS:
            author = names.index(PEOPLE[ANSWERS[n]]) + 2
            time = str(1_709_600_000_000 + ANSWERS[n])
            quote = {"authorId": str(author), "targetSentTimestamp": time}
            item["chatItem"]["standardMessage"]["quote"] = quote
        frames.append(item)
    return signal_variants.lines(*frames)


def chatlab(messages: Numbered) -> bytes:
    rows: list[dict[str, Any]] = [
        {"sender": name, "accountName": name, "timestamp": 1_709_600_000 + n, "type": 0}
        | {"content": f"words {n}", "platformMessageId": f"m{n}"}
        | ({"replyToMessageId": f"m{ANSWERS[n]}"} if n in ANSWERS else {})
        for n, name in messages
    ]
    return chatlab_variants.in_lines(rows)


async def links(db: Database) -> dict[int, int]:
    """Return which message is linked to which, by their places."""
    async with db.read() as session:
        rows = (await session.execute(select(Tweet.id, Tweet.text, Tweet.reply_to_id))).all()
    places = {tweet_id: int(text.split()[1]) for tweet_id, text, _ in rows}
    return {places[tweet_id]: places[answered] for tweet_id, _, answered in rows if answered}


@pytest.mark.parametrize("write", [telegram, discord, slack, signal, chatlab])
async def test_answers_are_linked_in_whatever_order_messages_come(
    db: Database, write: Callable[[Numbered], bytes]
) -> None:
    messages = list(enumerate(PEOPLE))
    await import_chat(db, write(messages[2:]), name="main.jsonl")
    assert await links(db) == {}
    await import_chat(db, write(messages[:1]), name="main.jsonl")
    assert await links(db) == {}
    await import_chat(db, write(messages), name="main.jsonl")
    assert await links(db) == ANSWERS
    async with db.read() as session:
        conversation = await read_conversation(session, 2, most=50)
    assert len(conversation.posts) == 4
    assert conversation.missing == []


async def test_answers_to_one_missing_message_stand_together(db: Database) -> None:
    await import_chat(db, telegram(list(enumerate(PEOPLE))[3:]))
    async with db.read() as session:
        conversation = await read_conversation(session, 1, most=50)
    assert [entry.post.username for entry in conversation.posts] == ["Kaya", "Bo"]


async def test_an_answer_to_another_chat_is_not_linked_to_a_message_of_that_number(
    db: Database,
) -> None:
    chat = json.loads(telegram(list(enumerate(PEOPLE))))
    chat["messages"][1]["reply_to_peer_id"] = "channel10"
    other = chat | {"id": 10, "name": "Harbour"}
    await import_chat(db, json.dumps(chat).encode())
    await import_chat(db, json.dumps(other).encode())
    assert await links(db) == {3: 1, 4: 1}


async def test_two_chats_with_equal_numbers_keep_apart(db: Database) -> None:
    for number in (9, 10):
        chat = json.loads(telegram(list(enumerate(PEOPLE))))
        await import_chat(db, json.dumps(chat | {"id": number, "name": f"Boats {number}"}).encode())
    async with db.read() as session:
        rows = (await session.execute(select(Tweet.id, Tweet.room_id, Tweet.reply_to_id))).all()
    rooms = {tweet_id: room for tweet_id, room, _ in rows}
    linked = [(room, rooms[target]) for _, room, target in rows if target]
    assert len(linked) == 6
    assert all(room == other for room, other in linked)


SMALL = settings(max_examples=8)
NAMES = "Mina", "Jun"


def whatsapp(minutes: Sequence[int], *, since: int = 0, until: int | None = None) -> bytes:
    """Return an export of messages, which are numbered in the order of the chat."""
    begin = datetime(2024, 1, 15, 21, 5, tzinfo=UTC)
    return "".join(
        f"{begin + timedelta(minutes=minute):%d.%m.%y, %H:%M} - {NAMES[n % 2]}: m{n}\n"
        for n, minute in [*enumerate(minutes)][since:until]
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
        chat = Selection(room_id=(await session.scalars(select(Room.id))).one())
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
        patch.setattr(storing_reading, "BATCH", batch)
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
    minutes = [*[0] * 1_100, 1, 2]  # More than 1,000 of one time are ordered by id.
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
