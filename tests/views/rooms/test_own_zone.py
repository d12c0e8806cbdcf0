"""A chat has the time zone of its people: its pages are in it for everybody, and say so once."""

import re
from html import unescape
from typing import Final
from urllib.parse import quote

import pytest
from sqlalchemy import select, update

from app.models import Room
from tests.browsing import missing_in, parts_of
from tests.chats import ZONE, Said, import_chat, kakaotalk, telegram
from tests.conftest import Client, Shared
from tests.waiting import settle

LONDON: Final = {"Cookie": "saywho_lang=en; saywho_zone=Europe/London"}
PEOPLE: Final = ("하늘 (회사)", "민준")
USERS: Final = [quote(name) for name in ("하늘_(회사)", "민준")]
CHAT: Final[list[Said]] = [
    *((f"2024-01-15 09:{n + 26}", PEOPLE[n % 2], f"출근하는 길에 {n}번째 말") for n in range(24)),
    ("2024-02-01 09:00", PEOPLE[1], "아홉 시 정각이에요"),
    ("2025-01-01 00:30", PEOPLE[0], "새해 복 많이 받으세요"),
]
"""The last message is of the year before in London, and of the day before in UTC."""


@pytest.fixture(scope="module")
async def chat(shared: Shared) -> Client:
    """Read the pages of a site of one chat, from London."""
    await import_chat(parts_of(shared.app).db, kakaotalk("동네", *CHAT))
    await settle(shared.app)
    return Client(shared.app, LONDON)


def times(page: str) -> list[str]:
    return re.findall(r'title="[^"]*">(\d+:\d+ [AP]M)</time>', page.replace("\u202f", " "))


async def test_a_message_has_the_time_of_those_who_speak(chat: Client) -> None:
    overview = await chat.page("/room/1")
    assert overview.partition("<details")[0].count("(Seoul time)") == 1
    assert "data-zone" not in overview
    page = await chat.page("/room/1?view=first")
    assert times(page)[0] == "9:26 AM"
    assert page.count("(Seoul time)") == 1
    assert "data-zone" not in page  # No script asks for the viewer's days.
    search = await chat.page(f"/room/1?q={quote('출근하는')}")
    assert times(search)[0] == "9:49 AM"  # The newest of 24, one a minute.
    (message, *_) = re.findall(r'id="m(\d+)"', page)
    alone = await chat.page(f"/tweet/{message}")
    assert times(alone)[:2] == ["9:26 AM"] * 2
    assert alone.count("(Seoul time)") == 1


async def test_a_message_of_midnight_in_utc_has_a_time_too(chat: Client) -> None:
    page = await chat.page(f"/search?q={quote('정각')}")
    (time,) = re.findall(r"<span data-chat=.*?</span></span>", page.replace("\u202f", " "))
    # A script takes the zone away where the viewer's clock shows the same.
    assert re.sub("<[^>]*>", "", time) == "Feb 1, 2024, 9:00 AM (Seoul time)"
    assert 'data-chat="Asia/Seoul"' in time


async def test_lists_have_the_time_of_each_chat(chat: Client) -> None:
    for path in (f"/posts?username={USERS[1]}", f"/search?q=from:{USERS[1]}"):
        page = re.sub("<[^>]*>", "", await chat.page(path)).replace("\u202f", " ")
        assert "Feb 1, 2024, 9:00 AM" in page, path
        assert "12:00 AM" not in page, path


async def test_a_link_that_names_a_zone_is_obeyed(chat: Client) -> None:
    page = await chat.page("/room/1?view=first&tz=Europe/Paris")
    assert times(page)[0] == "1:26 AM"
    assert "(Paris time)" in page


async def test_the_portrait_counts_the_hours_of_the_chat(chat: Client) -> None:
    page = await chat.page("/room/1/portrait/picture")
    assert "picture.png?tz=Asia/Seoul&" in unescape(page)
    assert "data-zone" not in page
    page = await chat.page("/room/1")
    assert {*re.findall(r"<bdi>(\d+:00)</bdi>: [1-9]\d*", page)} == {"9:00", "0:00"}
    assert "data-zone" not in page
    assert (await chat.json("/api/v1/rooms/1"))["tz"] == ZONE


async def test_the_year_of_somebody_of_one_chat_is_there(chat: Client) -> None:
    page = await chat.page(f"/user/{USERS[0]}/2025")
    assert "1 day has messages (Seoul time)" in page
    assert "data-zone" not in page
    assert times(page) == ["12:30 AM"]  # The only message of the year.
    calendar = await chat.page(f"/user/{USERS[0]}?year=2025")
    assert "1 day has messages (Seoul time)" in calendar
    assert "data-zone" not in calendar
    await chat.page(f"/user/{USERS[0]}/2025?tz=Europe/London", status=404)


async def test_pages_and_programs_count_in_one_zone(chat: Client) -> None:
    user = f"/api/v1/users/{USERS[0]}"
    people = f"/api/v1/rooms/1/people/{USERS[0]}"
    paths = ("/api/v1/rooms/1/portrait", people, f"{user}/portrait", f"{user}/archive")
    assert {path: (await chat.json(path))["tz"] for path in paths} == dict.fromkeys(paths, ZONE)
    # Its only message is of the year before in UTC.
    year = await chat.json(f"{user}/years/2025")
    archive = await chat.json(f"{user}/archive?year=2025")
    for answer in (year, archive):
        (month,) = [each for each in answer["calendar"]["months"] if each["days"]]
        assert [day["date"] for day in month["days"]] == ["2025-01-01"]
    assert year["tz"] == ZONE
    await chat.get(f"{user}/years/2025?tz=Europe/London", status=404)


@pytest.mark.parametrize("path", ["/room/1/portrait", f"/user/{USERS[0]}/2025"])
async def test_its_pictures_are_there(chat: Client, path: str) -> None:
    own, named = [await chat.get(f"{path}/picture.png{query}") for query in ("", f"?tz={ZONE}")]
    assert own.status_code == 200
    assert await own.get_data() == await named.get_data()


@pytest.mark.parametrize("page", ["/room/1", f"/user/{USERS[0]}/2025"])
async def test_the_address_of_a_picture_says_its_language_and_zone(chat: Client, page: str) -> None:
    here = {"Cookie": "saywho_lang=ko; saywho_zone=Asia/Seoul"}
    shown = await chat.page(page, headers=here)
    (choosing,) = re.findall(r'href="([^"]*)"[^>]* data-picture', shown)
    found = [
        *re.findall(r'content="([^"]*picture\.png[^"]*)"', shown),
        *re.findall(r'href="([^"]*picture\.png[^"]*)"', await chat.page(choosing, headers=here)),
    ]
    assert len(found) == 3
    for address in found:
        assert "lang=ko" in address
        assert "tz=Asia/Seoul" in address.replace("%2F", "/")
        # Whoever it is sent to sees the same, in whatever language and zone they are.
        drawn = [await (await chat.get(address, headers=who)).get_data() for who in (here, LONDON)]
        assert drawn[0] == drawn[1]
        assert await (await chat.get(address.replace("lang=ko", "lang=en"))).get_data() != drawn[0]


async def test_the_dashboard_of_a_chat_is_there(chat: Client) -> None:
    for query in ("", "?username={}&username={}".format(*USERS)):
        page = await chat.page(f"/dashboard/{query}")
        assert not missing_in(page, "Hours are in Seoul time.", 'data-chat-zone="Asia/Seoul"')


async def test_where_people_have_several_zones_it_is_the_viewers(shared: Shared) -> None:
    db, reader = parts_of(shared.app).db, Client(shared.app, LONDON)
    await import_chat(db, kakaotalk("동네", *CHAT))
    await shared.writer.add_posts({"username": "hana", "text": "a bowl of tea and rain"})
    assert "Hours are in London time." in await reader.page("/dashboard/")
    assert "Hours are in Seoul time." in await reader.page(f"/dashboard/?username={USERS[1]}")
    elsewhere = telegram(7, "work", ("2024-01-15 15:00", "민준", "회의 시작해요"))
    await import_chat(db, elsewhere, timezone="America/New_York", rename={"민준": PEOPLE[1]})
    assert "Hours are in London time." in await reader.page(f"/dashboard/?username={USERS[1]}")
    assert 'data-zone="Europe/London"' in await reader.page(f"/user/{USERS[1]}/2024")


async def test_a_chat_of_before_learns_its_zone_when_its_file_comes_again(shared: Shared) -> None:
    db, reader = parts_of(shared.app).db, Client(shared.app, LONDON)
    file = telegram(
        8, "club", ("2024-01-15 09:26", "ann", "hello"), ("2024-01-15 09:27", "bo", "hi")
    )
    await import_chat(db, file)
    async with db.write() as session:
        room = await session.scalar(select(Room.id).where(Room.title == "club"))
        await session.execute(update(Room).values(tz=None))
    assert 'data-zone="Europe/London"' in await reader.page(f"/room/{room}?cursor=")
    assert (await import_chat(db, file)).accepted == 0
    assert times(await reader.page(f"/room/{room}?view=first"))[0] == "9:26 AM"
    # The zone in which its people wrote is not what a later import says.
    await import_chat(db, file, timezone="Asia/Tokyo")
    assert "(Seoul time)" in await reader.page(f"/room/{room}")
