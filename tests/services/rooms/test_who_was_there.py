"""Who came to a chat and who left it: as a file says, until its import or the chat goes."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from quart import Quart
from sqlalchemy import event, func, select

from app.db.engine import Database
from app.models import RoomMove
from app.services.deletion import delete_room, delete_user, purge_deleted
from app.services.imports.jobs import UploadedFile, add_job, end_job
from app.services.imports.options import ImportOptions
from app.services.imports.storing import StoreOptions, import_records
from app.services.imports.undo import request_undo, undo_imports
from app.services.rooms.changes import change_zone, join_in_part
from app.services.rooms.chat_portrait import read_portrait
from app.services.rooms.chats import get_room
from app.services.snapshots import Snapshots
from saywho.formats.registry import open_records
from saywho.formats.source.file import Source
from tests.browsing import missing_in, parts_of
from tests.conftest import Client

DAYS = 120
LEFT, CAME, AGAIN = 40, 60, 100
"""Days on which Cy leaves, Dee comes, and Ben, who left on the 20th, is back."""


def chat(
    days: int = DAYS, *, has_lines: bool = True, notices: Mapping[int, str] | None = None
) -> bytes:
    """Return a WhatsApp chat of a half hour a day, of which nobody writes while not there."""
    lines = []
    for day in range(days):
        start = datetime(2023, 1, 1, 9, tzinfo=UTC) + timedelta(day)
        told = {20: "Ann removed Ben", LEFT: "Cy left", AGAIN: "Ann added Ben"}
        told |= {CAME: "Dee joined using this group's invite link", **(notices or {})}
        if has_lines and day in told:
            lines.append(f"{start:%d/%m/%y, %H:%M} - {told[day]}")
        people = ["Ann", "Ann", *(["Ben"] if day < 20 or day >= AGAIN else [])]
        people += [*(["Cy"] if day < LEFT else []), *(["Dee"] if day > CAME else [])]
        for minute, name in enumerate(people, 1):
            said = f"{name}: words {day} of {minute}"
            lines.append(f"{start + timedelta(minutes=minute):%d/%m/%y, %H:%M} - {said}")
    return "\n".join(lines).encode()


async def imported(db: Database, data: bytes, name: str = "WhatsApp Chat with Trip.txt") -> int:
    chosen = ImportOptions(timezone="UTC")
    async with db.write() as session:
        job = await add_job(session, UploadedFile("", name, len(data)), is_started=True)
    with Source(BytesIO(data), name=name) as source:
        storing = StoreOptions(options=chosen, import_id=job.id)
        records = open_records(source, options=chosen)
        await import_records(db, records, username=None, storing=storing)
    async with db.write() as session:
        await end_job(session, job.id, None)
    return job.id


async def undone(db: Database, job_id: int) -> None:
    async with db.write() as session:
        await request_undo(session, job_id, scope="admin")
    await undo_imports(db)


async def moves(db: Database) -> int:
    async with db.read() as session:
        return await session.scalar(select(func.count()).select_from(RoomMove)) or 0


async def absences(browser: Client, room: int = 1) -> list[tuple[str, Any, Any]]:
    portrait = await browser.json(f"/api/v1/rooms/{room}/portrait")
    return [(each["username"], each["since"], each["until"]) for each in portrait["absences"]]


def at(day: int, hour: int = 9) -> str:
    return f"{datetime(2023, 1, 1, hour, tzinfo=UTC) + timedelta(day):%Y-%m-%dT%H:%M:%SZ}"


EXPECTED = {("Ben", at(20), at(AGAIN)), ("Cy", at(LEFT), None), ("Dee", None, at(CAME))}


async def test_a_chat_tells_who_came_and_left(app: Quart) -> None:
    browser = Client(app, {"Accept-Language": "en"})
    await imported(parts_of(app).db, chat())
    assert {*await absences(browser)} == EXPECTED
    page = await browser.page("/room/1")
    assert "Cy left on February 10, 2023." in page
    assert "Ben left on January 21, 2023 and came back on April 11, 2023." in page
    assert "Dee joined on March 2, 2023." in page
    year = await browser.page("/room/1/2023")
    assert not missing_in(year, "Who came and who left", "Cy left on February 10, 2023.")
    korean = await browser.page("/room/1", headers={"Accept-Language": "ko"})
    korean = korean.replace("\u2060", "")
    assert "Cy가 2023년 2월 10일에 나갔어요." in korean
    assert "Ben이 2023년 1월 21일에 나갔다가 2023년 4월 11일에 돌아왔어요." in korean


async def test_shares_are_of_the_time_in_which_somebody_was_there(app: Quart) -> None:
    await imported(parts_of(app).db, chat())
    browser = Client(app, {"Accept-Language": "en"})
    portrait = await browser.json("/api/v1/rooms/1/portrait")
    people = {person["username"]: person for person in portrait["people"]}
    said = [line for line in chat().decode().split("\n") if ": words" in line]
    until_cy_left = [line for line in said if int(line.split()[5]) < LEFT]
    assert people["Cy"]["share_there"] == pytest.approx(LEFT / len(until_cy_left))
    assert people["Cy"]["share"] == pytest.approx(LEFT / len(said))
    assert people["Ann"]["share_there"] is None
    shown = f"{LEFT / len(said):.0%} ({LEFT / len(until_cy_left):.0%} while there)"
    assert shown in await browser.page("/room/1")


async def test_without_lines_nothing_is_claimed(app: Quart) -> None:
    await imported(parts_of(app).db, chat(has_lines=False))
    assert await absences(Client(app, {})) == []


async def test_who_writes_after_leaving_was_back(app: Quart) -> None:
    await imported(parts_of(app).db, chat().replace(b"Ann added Ben", b"Ann pinned a message"))
    assert ("Ben", at(20), f"{at(AGAIN)[:-6]}03:00Z") in {*await absences(Client(app, {}))}


@pytest.mark.databases("sqlite", "postgresql")
async def test_many_absences_take_no_more_statements(db: Database) -> None:
    often = {day: f"Ann {'added' if day % 2 else 'removed'} Cy" for day in range(62, 98)}
    statements, counts = list[str](), list[tuple[int, int]]()
    engine = db.engine.sync_engine
    event.listen(engine, "before_cursor_execute", lambda *each: statements.append(each[2]))
    for room_id, notices in enumerate(({}, often), 1):
        await imported(db, chat(notices=notices), f"WhatsApp Chat with {room_id}.txt")
        async with db.read_in_background() as session:
            room = await get_room(session, room_id)
            statements.clear()
            shown = await read_portrait(session, room, ZoneInfo("UTC"), Snapshots())
        counts.append((len(shown.absences), len(statements)))
    (few, first), (many, then) = counts
    assert many > few == 3
    assert then == first


@pytest.mark.databases("sqlite", "postgresql")
async def test_an_undo_takes_the_lines_of_its_import(db: Database) -> None:
    first, second = await imported(db, chat(LEFT + 1)), await imported(db, chat())
    assert await moves(db) == 2 + 4
    await undone(db, second)
    assert await moves(db) == 2
    await undone(db, first)
    assert await moves(db) == 0


@pytest.mark.databases("sqlite", "postgresql")
async def test_lines_go_with_the_chat_and_the_person(db: Database) -> None:
    await imported(db, chat())
    async with db.write() as session:
        await delete_user(session, "Cy")
    await purge_deleted(db)
    assert await moves(db) == 3
    async with db.write() as session:
        await delete_room(session, 1)
    assert await moves(db) == 0


@pytest.mark.databases("sqlite", "postgresql")
async def test_lines_follow_a_joined_chat_and_other_times(db: Database) -> None:
    await imported(db, chat(LEFT + 1))
    other = b"01/01/24, 10:00 - Eva: a\n01/01/24, 10:01 - Fay: b\n01/01/24, 10:02 - Eva left"
    await imported(db, other, "WhatsApp Chat with Tea.txt")
    async with db.write() as session:
        await join_in_part(session, 2, 1)
        await change_zone(session, 1, "Asia/Seoul")
    async with db.read() as session:
        rows = (await session.execute(select(RoomMove.room_id, RoomMove.at))).all()
    assert {row.room_id for row in rows} == {1}
    times = {f"{row.at:%Y-%m-%d %H:%M}" for row in rows}
    assert times == {"2023-01-21 00:00", "2023-02-10 00:00", "2024-01-01 01:02"}
