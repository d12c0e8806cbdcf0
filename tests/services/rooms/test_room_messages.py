"""The messages of a room, page by page, with a time and without."""

from typing import Any

import pytest

from app.services.posts.selection import Selection
from app.services.posts.tweets import TweetKey
from app.services.rooms.messages import END, list_before, list_messages
from app.services.rooms.room_facts import get_room
from tests.browsing import parts_of
from tests.conftest import Shared

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
        room = await get_room(session, room_id)
        posts, _ = await list_before(session, Selection(room_id=room_id, has="media"), END, limit=9)
    assert room.messages == DATED + UNDATED
    assert posts == []
