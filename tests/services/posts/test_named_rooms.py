"""Rooms that posts name: the same ones, however the posts are split into requests."""

import asyncio
import json
import tempfile
from collections.abc import Awaitable, Callable, Iterator, Sequence
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, strategies as st
from sqlalchemy import event, select

from app.config import Config
from app.db.engine import Database
from app.models import Room
from app.services.checks import find_faults
from app.services.imports.job_report import ImportReport
from app.services.posts.arrivals import PostRequest, PostWriter
from app.services.posts.users import add_user
from app.services.rooms.changes import join_in_part
from app.services.rooms.chats import list_rooms
from app.views.posts.api import store_lines
from saywho.clock import now
from saywho.formats.post import RoomReference
from tests.chats import import_chat, kakaotalk, said
from tests.databases import Databases
from tests.posting import new_tweet

Sent = dict[str, Any]
Send = Callable[[Database, Sequence[Sent]], Awaitable[object]]
PEOPLE = ("ann", "ben", "하늘")
POSTS = 100


def post_of(sent: Sent) -> PostRequest:
    fields = {name: sent.get(name) for name in ("source_id",)}
    room = RoomReference(**sent["room"]) if sent["room"] else None
    return PostRequest(
        sent["username"], new_tweet(sent["text"], arrived_at=now(), room=room, **fields)
    )


async def send_singly(db: Database, posts: Sequence[Sent]) -> object:
    writer = PostWriter(db)
    return [await writer.add(post_of(sent)) for sent in posts]


async def send_at_once(db: Database, posts: Sequence[Sent]) -> object:
    writer = PostWriter(db)
    return await asyncio.gather(*(writer.add(post_of(sent)) for sent in posts))


async def send_lines(db: Database, posts: Sequence[Sent]) -> object:
    lines = "\n".join(json.dumps(sent) for sent in posts)
    return await store_lines(db, BytesIO(lines.encode()), ImportReport(), asyncio.to_thread)


async def import_file(db: Database, posts: Sequence[Sent]) -> object:
    lines = "\n".join(json.dumps(sent) for sent in posts)
    return await import_chat(db, lines.encode(), name="posts.jsonl") if posts else None


async def rooms_of(db: Database) -> list[tuple[str, list[tuple[str, int]]]]:
    """Return the names of the rooms in their order, and who writes how much in each."""
    async with db.read() as session:
        rooms, _ = await list_rooms(session, limit=200)
        stored = list(await session.scalars(select(Room.id).where(Room.joined_to_id.is_(None))))
    assert len(stored) == len(rooms), "a room without messages"
    assert await find_faults(db) == []
    return [
        (room.name, sorted((person.username, person.messages) for person in room.people))
        for room in rooms
    ]


def parts(posts: Sequence[Sent], cuts: Sequence[int]) -> Iterator[Sequence[Sent]]:
    for start, end in pairwise([0, *sorted(cut % (len(posts) + 1) for cut in cuts), len(posts)]):
        yield posts[start:end]


async def _prepare(db: Database) -> None:
    """Make the authors, a chat of a file, a room of posts, and one that was joined to it."""
    async with db.write() as session:
        for name in PEOPLE:
            await add_user(session, name)
    await import_chat(db, kakaotalk("pier", *said(["ann", "cho"])))
    await send_lines(db, [sent_post("ben", "quay"), sent_post("하늘", "dock")])
    async with db.write() as session:
        await join_in_part(session, 3, 2)


def sent_post(username: str, name: str | None, **fields: Any) -> Sent:
    return {"username": username, "text": "Lanterns out!", "room": name and {"name": name}} | fields


def _outcome(databases: Databases, send: Send, requests: Sequence[Sequence[Sent]]) -> Any:
    """Return the rooms after some requests, one after the other."""

    async def run(folder: Path) -> Any:
        url = databases.make(folder)
        db = Database(Config(env="testing", data_dir=folder, database_url=url, durability="normal"))
        await _prepare(db)
        for posts in requests:
            await send(db, posts)
        rooms = await rooms_of(db)
        await db.close()
        return rooms

    with tempfile.TemporaryDirectory() as name:
        rooms = asyncio.run(run(Path(name)))
        databases.drop(Path(name))
    return rooms


ROOMS: st.SearchStrategy[Any] = st.none() | st.builds(
    dict, name=st.sampled_from(["pier", "quay", "dock", "mole"])
)
SENT = st.lists(
    st.builds(
        lambda **fields: fields,
        username=st.sampled_from(PEOPLE),
        text=st.just("한마디"),
        room=ROOMS,
        source_id=st.none() | st.sampled_from(["1", "2"]),
    ),
    max_size=10,
)
CUTS = st.lists(st.integers(0, 10), max_size=3)


@pytest.mark.full
@pytest.mark.databases("sqlite", "postgresql")
@given(SENT, CUTS)
def test_rooms_are_the_same_however_posts_are_split_into_requests(
    databases: Databases, sent: list[Sent], cuts: list[int]
) -> None:
    posts = [fields | {"text": f"{fields['text']} {n}"} for n, fields in enumerate(sent)]
    requests = list(parts(posts, cuts))
    singly = _outcome(databases, send_singly, [posts])
    for send in (send_at_once, send_lines, import_file):
        assert _outcome(databases, send, requests) == singly, send


IDS = ROOMS | st.sampled_from(
    [
        {"id": 1, "name": "pier"},
        {"id": 2, "name": "quay"},
        {"id": 3, "name": "dock"},
        {"id": 4, "name": "mole"},
        {"id": 1, "name": "quay"},
    ]
)


@pytest.mark.full
@pytest.mark.databases("sqlite", "postgresql")
@given(st.lists(st.tuples(st.sampled_from(PEOPLE), IDS), max_size=10), CUTS)
@example([("ben", {"id": 1, "name": "pier"}), ("ben", {"name": "pier"})], [])
def test_a_room_named_by_its_id_is_the_same_however_posts_are_split(
    databases: Databases, sent: list[tuple[str, Any]], cuts: list[int]
) -> None:
    posts = [sent_post(name, None, text=f"{n}", room=room) for n, (name, room) in enumerate(sent)]
    requests = list(parts(posts, cuts))
    singly = _outcome(databases, send_singly, [posts])
    for send in (send_at_once, send_lines):
        assert _outcome(databases, send, requests) == singly, send


@pytest.mark.databases("sqlite", "postgresql")
async def test_a_hundred_messages_of_a_new_chat_at_once_make_one_room(db: Database) -> None:
    async with db.write() as session:
        for name in PEOPLE:
            await add_user(session, name)
    await send_at_once(db, [sent_post(PEOPLE[n % 2], "pier", text=f"{n}") for n in range(POSTS)])
    assert await rooms_of(db) == [("pier", [("ann", 50), ("ben", 50)])]


@pytest.mark.databases("sqlite", "postgresql")
async def test_a_name_means_the_room_of_its_author_and_else_the_first_that_posts_named_so(
    db: Database,
) -> None:
    await _prepare(db)
    for name, room in (("ann", "pier"), ("ben", "pier"), ("하늘", "pier"), ("ann", "dock")):
        await send_singly(db, [sent_post(name, room)])
    assert await rooms_of(db) == [
        ("pier", [("ann", 2), ("cho", 1)]),
        ("quay", [("ann", 1), ("ben", 1), ("하늘", 1)]),
        ("pier", [("ben", 1), ("하늘", 1)]),
    ]


@pytest.mark.databases("sqlite", "postgresql")
@pytest.mark.parametrize("with_ids", [False, True])
async def test_messages_that_arrive_together_take_few_more_statements_than_posts(
    db: Database, with_ids: bool
) -> None:
    async with db.write() as session:
        for name in PEOPLE:
            await add_user(session, name)
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    event.listen(db.engine.sync_engine, "before_cursor_execute", note)
    counts: list[int] = []
    for room in (None, "pier", "pier"):
        statements.clear()
        ids = [f"{room} {len(counts)} {n}" if with_ids else None for n in range(POSTS)]
        await send_at_once(
            db, [sent_post(PEOPLE[n % 3], room, source_id=ids[n]) for n in range(POSTS)]
        )
        counts.append(len(statements))
    plain, first, later = counts
    # The room is looked for, its people are counted, and the posts are read. A new room is made,
    # and the first of a site is announced to all: whether it is the first, what was counted before
    # it, the id of the event, the event.
    assert (first, later) == (plain + 8, plain + 3)
