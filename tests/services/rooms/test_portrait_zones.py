"""A room is counted once for the portraits of all time zones, until something is written."""

from zoneinfo import ZoneInfo

from app.db.engine import Database
from app.services.rooms.room_facts import get_room
from app.services.rooms.sight import ChatSight, counted_rooms, read_portrait
from tests.chats import Said, import_chat, said, telegram

ZONES = ("Asia/Seoul", "Asia/Kolkata", "America/New_York", "UTC")


async def test_portraits_of_kept_counts_are_those_of_new_ones(db: Database) -> None:
    chat: list[Said] = [*said(["ann", "bo", "하늘"], times=15)]
    kept = counted_rooms()

    async def portraits(*, anew: bool) -> list[ChatSight]:
        async with db.read() as session:
            room = await get_room(session, 1)
            return [
                await read_portrait(
                    session, room, ZoneInfo(zone), counted_rooms() if anew else kept
                )
                for zone in ZONES
            ]

    await import_chat(db, telegram(7, "a chat", *chat))
    first = await portraits(anew=False)
    assert first == await portraits(anew=True)
    assert len({tuple(one.people[0].hours) for one in first}) > 1
    counted = kept.get(1)
    assert await portraits(anew=False) == first
    assert counted is not None
    assert kept.get(1) is counted

    await import_chat(db, telegram(7, "a chat", *chat, ("2025-03-01 23:30", "bo", "one more")))
    later = await portraits(anew=False)
    assert later == await portraits(anew=True)
    assert sum(person.messages for person in later[0].people) == len(chat) + 1
