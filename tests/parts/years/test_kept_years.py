"""A year of a chat is counted once for its page, its picture and their readers."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.db.engine import Database
from app.parts.years import year as years
from app.parts.years.year import RoomYear, open_years, read_room_year
from app.services.rooms.room_facts import get_room
from tests.chats import import_chat, said, telegram

CHAT = said(["ann", "bo", "하늘"], times=15) + said(
    ["ann", "bo", "하늘"], times=20, day="2024-03-02"
)
SEOUL = ZoneInfo("Asia/Seoul")


async def test_a_kept_year_is_read_again_after_a_message_and_after_its_day(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = datetime(2024, 6, 1, 12, tzinfo=UTC)
    monkeypatch.setattr(years, "now", lambda: at)
    async with open_years(None) as kept:

        async def read() -> RoomYear:
            async with db.read() as session:
                return await read_room_year(session, await get_room(session, 1), 2024, SEOUL, kept)

        await import_chat(db, telegram(7, "a chat", *CHAT))
        first = await read()
        assert await read() is first
        assert str(first.until) == "2024-06-01"

        await import_chat(db, telegram(7, "a chat", *CHAT, ("2024-03-02 23:30", "bo", "one more")))
        later = await read()
        assert later.calendar.tweets == first.calendar.tweets + 1
        assert await read() is later

        at += timedelta(hours=2, minutes=59)
        assert await read() is later
        at += timedelta(minutes=1)
        assert str((await read()).until) == "2024-06-02"
