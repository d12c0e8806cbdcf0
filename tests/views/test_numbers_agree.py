"""Numbers of people, messages and dates are the same on every page, and those of the database."""

import re
from collections import Counter
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest
from quart import Quart
from sqlalchemy import select

from app.models import Tweet, User
from tests.browsing import parts_of
from tests.chats import ZONE, import_chat, telegram
from tests.conftest import Client

PEOPLE: Final = (*("ann", "bo", "cem", "dee", "eva", "fay", "gil", "hal"),)
CHAT: Final = [
    # In the zone of the chat some of these are of the next day, month or year.
    (
        f"{2024 + n // 160}-{1 + n // 40 % 4 * 3:02}-{1 + n % 28:02} {n * 7 % 24:02}:15",
        name,
        "so it is",
    )
    for n, name in enumerate(PEOPLE[n % 5 * n % 8] for n in range(320))
]
ARCHIVE: Final = [
    {"username": "juno", "text": f"a walk by the sea, {n}", "created_at": f"{day}T23:30:00Z"}
    for n, day in enumerate(f"{2023 + n % 2}-{1 + n % 11:02}-{1 + n % 28:02}" for n in range(130))
]
SITES: Final = {"chat": (CHAT, []), "archive": ([], ARCHIVE), "both": (CHAT, ARCHIVE)}


class Written:
    """What the database has of somebody, or of a chat, in a zone."""

    def __init__(self, times: list[datetime], zone: str) -> None:
        days = [time.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)) for time in times]
        self.count = len(days)
        self.years = Counter(day.year for day in days)
        self.months = Counter(f"{day:%B} {day.year}" for day in days)
        self.hours = Counter(f"{day.hour}:00" for day in days)
        self.first, self.last = (
            f"{day:%B} {day.day}, {day.year}" for day in (min(days), max(days))
        )


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub("<[^>]*>", " ", page.partition("<main")[2]))


def rows_of(page: str, heading: str) -> dict[str, int]:
    """Return the first column of the numbers under a heading, by the names of its rows."""
    table = page.partition(f'id="{heading}"')[2].partition("</table>")[0]
    cells = re.findall(
        r'<th scope="row">(?:<a .*?>)?(?:<bdi>)?(.*?)(?:</bdi>)?(?:</a>)?</th>\s*<td>([\d,]+)</td>',
        table,
    )
    return {name: int(count.replace(",", "")) for name, count in cells}


async def written_by(app: Quart, zones: dict[str, str]) -> dict[str, Written]:
    times: dict[str, list[datetime]] = {}
    query = select(User.username, Tweet.created_at).join(Tweet, Tweet.user_id == User.id)
    async with parts_of(app).db.read() as session:
        for username, time in await session.execute(query):
            assert time is not None
            times.setdefault(username, []).append(time)
    everyone = [time for name in PEOPLE for time in times.get(name, [])]
    found = {name: Written(of_one, zones.get(name, ZONE)) for name, of_one in times.items()}
    return found | ({"": Written(everyone, ZONE)} if everyone else {})


@pytest.mark.parametrize("name", SITES)
async def test_numbers_agree_on_every_page(name: str, app: Quart, writer: Client) -> None:
    chat, archive = SITES[name]
    if chat:
        await import_chat(parts_of(app).db, telegram(1, "the eight", *chat), name="result.json")
    if archive:
        await writer.add_posts(*archive)
    written = await written_by(app, {"juno": "UTC"})
    authors = text_of(await writer.page("/authors"))
    users: dict[str, Any] = {
        user["username"]: user for user in await writer.walk("/api/v1/users", 50)
    }
    assert {name: user["tweets"] for name, user in users.items()} == {
        name: of_one.count for name, of_one in written.items() if name
    }
    for username in ("juno", "ann") if archive and chat else [next(iter(users))]:
        own, noun = written[username], "posts" if username == "juno" else "messages"
        assert re.search(rf"\b{username} .*?{own.count} {noun}", authors)
        page = await writer.page(f"/user/{username}?tz=UTC" if username == "juno" else "/user/ann")
        assert f"{own.count} {noun}" in text_of(page).partition("·")[0]
        assert {hour: n for hour, n in rows_of(page, "rows-1").items() if n} == own.hours
        assert sum(rows_of(page, "rows-2").values()) == own.count
        year, count = own.years.most_common(1)[0]
        assert f"{count} {noun} in {year}" in text_of(
            await writer.page(f"/user/{username}/{year}?tz={'UTC' if username == 'juno' else ZONE}")
        )
    if chat:
        await check_chat(writer, written)


async def check_chat(writer: Client, written: dict[str, Written]) -> None:
    room = written[""]
    counts = {name: one.count for name, one in written.items() if name in PEOPLE}
    assert f"the eight {room.count} messages" in text_of(await writer.page("/rooms"))
    page = await writer.page("/room/1")
    shown = page.partition("people-cards")[2].partition("<details")[0]
    cards = re.findall(
        r'(?s)href="\s*/user/(\w+)">[^/]*</bdi></a>\s*<span class="count">(\d+) ', shown
    )
    assert {name: int(count) for name, count in cards}.items() <= counts.items()
    assert cards
    assert set(re.findall(r'href="\s*/user/(\w+)">', shown)) == counts.keys()
    assert sum(rows_of(page, "amount-numbers").values()) == room.count
    period = f"{room.count} messages · {len(counts)} people · {room.first} – {room.last}"
    assert period in text_of(page).replace("\u2009", " ").replace("  ", " ")
    assert {month: n for month, n in rows_of(page, "months-numbers").items() if n} == room.months
    titles = re.findall(r"<title>(\w+ \d{4}): (\d+) messages?", page)
    assert {month: int(n) for month, n in titles if int(n)} == room.months
    assert re.findall(r'class="most"[^>]*>(\d+)<', page) == [str(max(room.months.values()))]
    for year, count in room.years.items():
        if count >= 100:
            assert f"{count} messages" in text_of(await writer.page(f"/room/1/{year}"))
    api = await writer.json("/api/v1/rooms/1/portrait")
    people = [*(person for person in api["people"] if person["username"]), *api["others"]]
    assert {person["username"]: person["messages"] for person in people} == counts
    csv = await (await writer.get("/dashboard/table/timeline.csv")).get_data(as_text=True)
    of_chat = [line.rsplit(",", 2)[-2:] for line in csv.splitlines()[1:]]
    told = Counter[str]()
    for who, posts in of_chat:
        told[who] += int(posts)
    assert {name: told[name] for name in counts} == counts
