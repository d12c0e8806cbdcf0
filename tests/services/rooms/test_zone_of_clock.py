"""A file that gives moments and the clock of its device tells in which zone its chat is."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from app.db.engine import Database
from app.models import Room, Tweet
from app.services.imports.job_report import ImportReport
from app.services.imports.storing_reading import READ_AHEAD
from tests.chats import import_chat

pytestmark = pytest.mark.databases("sqlite", "postgresql")

WINTER: Final = [datetime(2024, 1, 15, 12, minute, tzinfo=UTC) for minute in range(30)]
YEAR: Final = [datetime(2024, 1, 15, 12, tzinfo=UTC) + timedelta(days=day) for day in range(366)]


@pytest.fixture(autouse=True)
def _server_in_utc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Etc/UTC")


def at(zone: str, times: list[datetime]) -> Iterator[tuple[datetime, datetime]]:
    return ((time, time.astimezone(ZoneInfo(zone))) for time in times)


def export(*spoken: tuple[datetime, datetime]) -> bytes:
    """Return a chat of Telegram Desktop, from moments and what the clock showed."""
    messages = [
        {"id": number, "type": "message", "from": name, "from_id": f"user{name}"}
        | {"text": f"words {number}", "date": f"{local:%Y-%m-%dT%H:%M:%S}"}
        | {"date_unixtime": str(int(moment.timestamp()))}
        for number, (moment, local) in enumerate(spoken, 1)
        for name in [("Ida", "Jo")[number % 2]]
    ]
    chat = {"name": "Tea", "type": "private_group", "id": 9, "messages": messages}
    return json.dumps(chat).encode()


def of_discord(*spoken: tuple[datetime, datetime]) -> bytes:
    """Return a channel of DiscordChatExporter, whose times have offsets."""
    messages = [
        {"id": str(number), "type": "Default", "content": f"words {number}"}
        | {"timestamp": local.isoformat(timespec="milliseconds")}
        | {"author": {"id": name, "name": name, "isBot": False}}
        for number, (_, local) in enumerate(spoken, 1)
        for name in [("ida", "jo")[number % 2]]
    ]
    about = {"guild": {"id": "0"}, "channel": {"id": "9", "name": "tea"}}
    return json.dumps(about | {"messages": messages}).encode()


def of_discord_as_table(*spoken: tuple[datetime, datetime]) -> bytes:
    rows = (
        f"{number % 2 + 1},{('ida', 'jo')[number % 2]},{local.isoformat()},words {number},,"
        for number, (_, local) in enumerate(spoken)
    )
    return "\n".join(["AuthorID,Author,Date,Content,Attachments,Reactions", *rows]).encode()


async def imported(
    db: Database, data: bytes, timezone: str | None = None, **options: Any
) -> tuple[list[str | None], ImportReport]:
    """Return the zones of the chats after an import, and its report."""
    name = "result.json" if data.startswith(b"{") else "Tea [9].csv"
    report = await import_chat(db, data, name=name, timezone=timezone, **options)
    async with db.read() as session:
        return list(await session.scalars(select(Room.tz))), report


def assumed(report: ImportReport) -> list[str]:
    return [part.value for part in report.notes.assumptions if part.kind == "timezone"]


@pytest.mark.parametrize(
    ("place", "times", "zone", "is_assumed"),
    [
        ("Europe/Berlin", WINTER, "Etc/GMT-1", False),
        ("Europe/Berlin", YEAR, "Europe/Berlin", True),
        ("Europe/Berlin", YEAR[::-1], "Europe/Berlin", True),
        ("Europe/Paris", YEAR, "Europe/Berlin", True),
        ("America/New_York", YEAR, "America/New_York", True),
        ("Asia/Jerusalem", YEAR, "Asia/Jerusalem", True),
        ("Asia/Seoul", YEAR, "Etc/GMT-9", False),
        ("Asia/Kolkata", YEAR, "Asia/Kolkata", True),
        ("UTC", YEAR, "UTC", False),
    ],
)
async def test_a_chat_has_a_zone_with_all_offsets_of_its_file(
    db: Database, place: str, times: list[datetime], zone: str, *, is_assumed: bool
) -> None:
    zones, report = await imported(db, export(*at(place, times)))
    assert zones == [zone]
    assert assumed(report) == ([zone] if is_assumed else [])


@pytest.mark.parametrize("place", ["Europe/Paris", "Asia/Seoul"])
async def test_the_zone_of_this_machine_is_taken_if_the_file_agrees(
    db: Database, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.setenv("TZ", place)
    zones, report = await imported(db, export(*at(place, YEAR)))
    assert (zones, assumed(report)) == ([place], [])


async def test_a_clock_of_several_places_keeps_its_first_offset(db: Database) -> None:
    spoken = [*at("Asia/Seoul", YEAR[:99]), *at("America/New_York", YEAR[99:])]
    zones, report = await imported(db, export(*spoken))
    assert (zones, assumed(report)) == (["Etc/GMT-9"], ["Etc/GMT-9"])


async def test_a_chosen_zone_is_no_assumption(db: Database) -> None:
    zones, report = await imported(db, export(*at("Europe/Paris", YEAR)), "Europe/Paris")
    assert (zones, assumed(report)) == (["Europe/Paris"], [])


@pytest.mark.full
async def test_a_summer_after_many_messages_counts(db: Database) -> None:
    winter = [WINTER[0] + timedelta(seconds=second) for second in range(READ_AHEAD)]
    zones, _ = await imported(db, export(*at("Europe/Berlin", [*winter, *YEAR])))
    assert zones == ["Europe/Berlin"]


async def test_the_same_chat_from_another_place_stays_one_chat(db: Database) -> None:
    zones, first = await imported(db, export(*at("Europe/Berlin", YEAR)))
    again, second = await imported(db, export(*at("Asia/Seoul", YEAR)))
    assert zones == again == ["Europe/Berlin"]
    assert (first.accepted, second.accepted, second.duplicates) == (len(YEAR), 0, len(YEAR))


@pytest.mark.parametrize("write", [of_discord, of_discord_as_table])
@pytest.mark.parametrize(
    ("place", "times", "zone", "is_assumed"),
    [
        ("Asia/Seoul", YEAR, "Etc/GMT-9", False),
        ("Europe/Berlin", YEAR, "Europe/Berlin", True),
        ("Europe/London", YEAR, "Europe/London", True),
        ("UTC", YEAR, None, False),
    ],
)
async def test_offsets_of_discord_tell_the_zone_of_the_exporter(
    db: Database,
    write: Callable[..., bytes],
    place: str,
    times: list[datetime],
    zone: str | None,
    *,
    is_assumed: bool,
) -> None:
    zones, report = await imported(db, write(*at(place, times)))
    assert (zones, assumed(report)) == ([zone], [zone] if is_assumed else [])
    async with db.read() as session:
        stored = list(await session.scalars(select(Tweet.created_at).order_by(Tweet.created_at)))
    assert stored == times


@pytest.mark.parametrize(
    ("near", "zone", "is_assumed"),
    [
        ("Europe/Paris", "Europe/Paris", True),
        ("Asia/Seoul", "Etc/GMT-1", False),
        ("UTC", "Etc/GMT-1", False),
    ],
)
async def test_the_zone_of_the_browser_is_assumed_if_the_file_agrees(
    db: Database, near: str, zone: str, *, is_assumed: bool
) -> None:
    zones, report = await imported(db, export(*at("Europe/Berlin", WINTER)), near=near)
    assert (zones, assumed(report)) == ([zone], [zone] if is_assumed else [])


async def test_a_year_that_the_browsers_zone_does_not_explain_has_another(db: Database) -> None:
    zones, _ = await imported(db, export(*at("Europe/Berlin", YEAR)), near="Africa/Lagos")
    assert zones == ["Europe/Berlin"]
