"""The facts about rooms, of which there may be more than one statement can name."""

from typing import Final

import pytest

from app.db.backend import insert_rows
from app.db.engine import Database
from app.models import Room, RoomPerson
from app.runtime.clock import now
from app.services.deletion import delete_user
from app.services.posts.users import add_user
from app.services.rooms.room_facts import list_rooms, name_of_room_of

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
        listed, following = await list_rooms(session, limit=2**31)
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
        assert {each: await name_of_room_of(session, each) for each in names} == names
    async with db.write() as session:
        await delete_user(session, "Cho")
    async with db.read() as session:
        assert await name_of_room_of(session, ("Ann", "Ben")) == "pier"
        assert await name_of_room_of(session, ("Ann", "Ben", "Cho")) is None
