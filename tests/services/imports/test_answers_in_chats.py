"""Answers in chats are linked to the messages of other people, in whatever order these come."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

import pytest
from sqlalchemy import select

from app.db.engine import Database
from app.models import Tweet
from app.services.posts.replies import read_conversation
from tests.chats import import_chat
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
