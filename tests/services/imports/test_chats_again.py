"""Chats of every app are stored whole, once, and a longer export adds what is new."""

from collections import Counter
from datetime import UTC
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from app.db.engine import Database
from app.models import Room, Tweet
from app.services.checks import find_faults
from tests.chats import ZONE, import_chat
from tests.formats import chat_variants, meta_variants
from tests.formats.invented_rooms import Said, messages_in

VARIANTS = chat_variants.VARIANTS | meta_variants.VARIANTS
WITH_FILES = chat_variants.WITH_FILES | meta_variants.WITH_FILES
APP_OF = {"chatlab lines": "wechat"}
APPS = (
    *("kakaotalk android ko", "whatsapp ios", "telegram", "line ja", "line en us", "discord zip"),
    *("signal zip", "chatlab lines", "slack"),
    *("messenger", "instagram", "messenger encrypted zip"),
)


async def stored(db: Database) -> Counter[tuple[str, float]]:
    """Return the texts of all messages with their times."""
    async with db.read() as session:
        rows = await session.execute(select(Tweet.text, Tweet.created_at))
        return Counter((text, time.timestamp()) for text, time in rows if time)


def expected(variant: str, room: list[Said]) -> Counter[tuple[str, float]]:
    zone = ZoneInfo(ZONE)
    messages = messages_in(room, has_files=variant in WITH_FILES)
    times = ((said.text, said.when.replace(tzinfo=zone).astimezone(UTC)) for said in messages)
    return Counter((text, time.timestamp()) for text, time in times)


@pytest.mark.parametrize("variant", APPS)
async def test_a_chat_is_stored_whole_and_once(db: Database, variant: str) -> None:
    room = [
        said._replace(text=said.text.replace("\n", " "))
        for seed in (5, 6)
        for said in chat_variants.room_of(variant, seed)
    ]
    room.sort(key=lambda said: said.when)
    known, total = expected(variant, room[: len(room) // 2]), expected(variant, room)
    for part, new in ((room[: len(room) // 2], known), (room, total - known), (room, Counter())):
        report = await import_chat(db, VARIANTS[variant](part), name="chat.zip")
        assert (report.accepted, report.rejected, report.broken) == (new.total(), 0, None)
    assert report.duplicates == total.total()
    assert await stored(db) == total
    async with db.read() as session:
        assert list(await session.scalars(select(Room.platform))) == [
            APP_OF.get(variant, variant.split()[0])
        ]
    assert await find_faults(db) == []
