"""The media of a room are found without looking through its other messages."""

import pytest
from sqlalchemy import text

from app.db.engine import Database

WALL = (
    'SELECT id FROM "Tweet" WHERE room_id = 1 AND media IS NOT NULL AND created_at IS NOT NULL'
    " ORDER BY created_at DESC, place DESC, id DESC LIMIT 25"
)


@pytest.mark.databases("sqlite")
async def test_messages_with_media_have_an_index(db: Database) -> None:
    async with db.read() as session:
        plan = await session.execute(text(f"EXPLAIN QUERY PLAN {WALL}"))
        steps = [row.detail for row in plan]
    assert all("ix_Tweet_room_id_media" in step for step in steps)
