"""The facts about rooms, of which there may be more than one statement can name."""

from typing import Final, cast

import pytest
from sqlalchemy import Table

from app.clock import now
from app.db.backend import insert_rows
from app.db.engine import Database
from app.models import Room, RoomPerson
from app.services.posts.users import add_user
from app.services.rooms.room_facts import list_rooms

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
        await insert_rows(session, cast(Table, Room.__table__), rooms)
        people = [{"room_id": room["id"], "user_id": user.id, "messages": 1} for room in rooms]
        await insert_rows(session, cast(Table, RoomPerson.__table__), people)
    async with db.read() as session:
        listed, following = await list_rooms(session, limit=2**31)
    assert (len(listed), following) == (MANY, None)
    assert all([person.username for person in room.people] == ["ann"] for room in listed)
