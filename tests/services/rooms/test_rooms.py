"""The facts, messages, media and silences of rooms."""

import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from app.db.backend import insert_rows
from app.db.engine import Database
from app.models import Room, RoomPerson
from app.services.posts.filters import WITH_MEDIA
from app.services.posts.selection import Selection
from app.services.posts.tweets import TweetKey
from app.services.posts.users import add_user
from app.services.rooms import chats
from app.services.rooms.chat_portrait import read_overview, read_portrait
from app.services.rooms.messages import END, list_before, list_messages
from app.services.rooms.timeline import long_silences
from app.services.snapshots import Snapshots
from saywho.clock import now
from saywho.formats.post import Reactions, SignCount
from saywho.people.portrait import SilenceSpan
from tests.browsing import parts_of
from tests.chats import import_chat, said, telegram
from tests.conftest import Shared
from tests.posting import remove_author

MANY: Final = 33_000
"""PostgreSQL takes 32,767 values with a statement."""


@pytest.mark.full
@pytest.mark.databases("postgresql")
async def test_all_of_very_many_rooms_are_listed_with_their_people(db: Database) -> None:
    rooms = [
        {"id": number, "platform": "", "title": f"pier {number}", "created_at": now()}
        for number in range(1, MANY + 1)
    ]
    async with db.write() as session:
        user = await add_user(session, "ann")
        await insert_rows(session, Room, rooms)
        people = [{"room_id": room["id"], "user_id": user.id, "messages": 1} for room in rooms]
        await insert_rows(session, RoomPerson, people)
    async with db.read() as session:
        listed, following = await chats.list_rooms(session, limit=2**31)
    assert (len(listed), following) == (MANY, None)
    assert all([person.username for person in room.people] == ["ann"] for room in listed)


@pytest.mark.databases("sqlite", "postgresql")
async def test_a_room_is_that_of_its_people_alone(db: Database) -> None:
    pier, quay = [
        {"id": number, "platform": "", "title": title, "created_at": now()}
        for number, title in enumerate(("pier", "quay"), 1)
    ]
    async with db.write() as session:
        ann, ben, cho = [await add_user(session, name) for name in ("Ann", "Ben", "Cho")]
        await insert_rows(session, Room, [pier, quay])
        written = [(1, ann, 5), (1, ben, 3), (1, cho, 0), (2, ann, 2), (2, ben, 1), (2, cho, 1)]
        people = [{"room_id": id_, "user_id": user.id, "messages": n} for id_, user, n in written]
        await insert_rows(session, RoomPerson, people)
    names: Final = {("ann", "BEN"): "pier", ("Ann", "Ben", "Cho"): "quay", ("ben", "cho"): None}
    async with db.read() as session:
        assert {each: await chats.name_of_room_of(session, each) for each in names} == names
    await remove_author(db, "Cho")
    async with db.read() as session:
        assert await chats.name_of_room_of(session, ("Ann", "Ben")) == "pier"
        assert await chats.name_of_room_of(session, ("Ann", "Ben", "Cho")) is None


def reacted(number: int, likes: int, **signs: int) -> chats.ReactedMessage:
    counts = tuple(SignCount(sign, count) for sign, count in signs.items())
    return chats.ReactedMessage(number, Reactions(likes, signs=counts))


def test_each_sign_has_a_message_of_its_own() -> None:
    messages = [reacted(1, 9, a=9), reacted(2, 8, a=1, b=7), reacted(3, 7, b=3, c=4)]
    assert [*chats.top_messages(messages)] == [(1, 9, None, 0), (2, 7, "b", 0), (3, 4, "c", 0)]
    assert list(chats.top_messages([])) == []


def test_other_messages_with_as_many_are_counted() -> None:
    messages = [reacted(1, 5, a=5), reacted(2, 5, b=4), reacted(3, 5, c=1), reacted(4, 4, b=4)]
    assert list(chats.top_messages(messages)) == [(1, 5, None, 2), (2, 4, "b", 1)]


def test_once_is_too_little_for_a_sign() -> None:
    assert list(chats.top_messages([reacted(1, 3, a=3), reacted(2, 1, b=1)])) == [(1, 3, None, 0)]


def test_at_most_three_signs_are_told() -> None:
    messages = [reacted(number, 20 - number, **{f"s{number}": 20 - number}) for number in range(9)]
    assert [best.id for best in chats.top_messages(messages)] == [0, 1, 2, 3]


def test_a_sign_of_which_others_may_have_more_is_not_told() -> None:
    some = [reacted(1, 30, a=30), reacted(2, 7, b=7)]
    some += [reacted(number, 6, b=6) for number in range(3, chats.MOST_LOOKED_AT)]
    last = reacted(chats.MOST_LOOKED_AT, 5, c=4)
    # Further down there may be a message with five of the last one's sign.
    assert [best.sign for best in chats.top_messages([*some, last])] == [None, "b"]
    assert [best.sign for best in chats.top_messages([*some[:-1], last])] == [None, "b", "c"]


ZONES = ("Asia/Seoul", "Asia/Kolkata", "America/New_York", "UTC")


async def test_a_chat_is_counted_in_its_turn_alone(db: Database) -> None:
    """Whoever counts in a session of a short answer would hold the connections of others."""
    await import_chat(db, telegram(7, "a chat", *said(["ann", "bo"], times=15)))
    async with db.read() as session:
        room, zone = await chats.get_room(session, 1), ZoneInfo("UTC")
        for read in (read_portrait, read_overview):
            with pytest.raises(RuntimeError, match="read_long"):
                await read(session, room, zone, Snapshots())


DATED, UNDATED = 5, 4


@pytest.fixture(scope="module")
async def room_id(shared: Shared) -> int:
    """A room of nine messages, of two times and of none, and another one beside it."""
    posts: list[dict[str, Any]] = [
        {"username": name, "text": f"{name} {n}", "source_id": f"{name}{n}", "room": {"name": name}}
        | {"created_at": f"2024-05-0{1 + n // 3}T10:00:00Z" if n < DATED else None}
        for name in ("walked", "beside")
        for n in range(DATED + UNDATED)
    ]
    await shared.writer.add_posts(*posts)
    rooms = await shared.anybody.walk("/api/v1/rooms", 100)
    (walked,) = [room["id"] for room in rooms if room["name"] == "walked"]
    return int(walked)


@pytest.mark.parametrize("limit", range(1, DATED + UNDATED + 1))
async def test_a_room_is_walked_backwards_without_a_gap(
    shared: Shared, room_id: int, limit: int
) -> None:
    whole = Selection(room_id=room_id)
    walked: list[str] = []
    before: TweetKey | None = END
    async with parts_of(shared.app).db.read() as session:
        while before is not None:
            posts, key = await list_before(session, whole, before, limit=limit)
            assert len(posts) == limit or key is None
            walked = [post.text for post in posts] + walked
            before = (posts[0].created_at, posts[0].id) if key else None
        forwards, _ = await list_messages(session, whole, limit=100)
    assert walked == [f"walked {n}" for n in range(DATED + UNDATED)]
    assert walked == [post.text for post in forwards]


async def test_media_alone_are_listed_where_they_are_asked_for(
    shared: Shared, room_id: int
) -> None:
    async with parts_of(shared.app).db.read() as session:
        room = await chats.get_room(session, room_id)
        posts, _ = await list_before(
            session, Selection(room_id=room_id, chosen=WITH_MEDIA), END, limit=9
        )
    assert room.messages == DATED + UNDATED
    assert posts == []


BEGIN = datetime(2024, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


async def test_silences_of_a_chat_are_those_between_its_messages(db: Database) -> None:
    chance = random.Random(7)  # noqa: S311 - Any times do.
    times = [BEGIN + hour * HOUR for hour in sorted(chance.sample(range(2_000), 60))]
    said = [(f"{time:%Y-%m-%d %H:%M}", "ann", str(number)) for number, time in enumerate(times)]
    await import_chat(db, telegram(7, "a chat", *said), timezone="UTC")
    spans = [SilenceSpan(*pair) for pair in pairwise(times) if pair[1] - pair[0] > 48 * HOUR]
    async with db.read() as session:
        silences = await long_silences(session, 1, [])
    assert silences == sorted(spans, key=lambda span: span.since - span.until)
    assert len(silences) > 5


WALL = (
    'SELECT id FROM "Tweet" WHERE room_id = 1 AND media IS NOT NULL AND created_at IS NOT NULL'
    " ORDER BY created_at DESC, place DESC, id DESC LIMIT 25"
)


@pytest.mark.databases("sqlite")
async def test_messages_with_media_have_an_index(db: Database) -> None:
    async with db.read() as session:
        steps = [row.detail for row in await session.execute(text(f"EXPLAIN QUERY PLAN {WALL}"))]
    assert all("ix_Tweet_room_id_media" in step for step in steps)
