"""The picture of a room: sized and coloured as its address says, whatever the names."""

import re
from html import unescape
from io import BytesIO
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest
from PIL import Image, ImageColor
from quart import g
from sqlalchemy import select

from app import create_app
from app.drawing.drawings import CardRows
from app.drawing.png import ThemeName, theme_of
from app.drawing.poster import Poster
from app.models.content import Room
from app.parts.pictures.picture_page import PeopleArgs, foot_of
from app.parts.pictures.portraits import read_room_poster
from app.services.rooms.chat_portrait import read_portrait
from app.services.rooms.chats import get_room
from app.views.subjects import Chat
from tests.browsing import parts_of
from tests.chats import Said, import_chat, kakaotalk
from tests.conftest import Client, MakeConfig, Shared
from tests.waiting import settle

HOST: Final = {"Host": "a.example"}
CHAT: list[Said] = [
    ("2024-01-15 23:50", "하늘 (회사)", "떡볶이 ㅋㅋㅋ"),
    ("2024-01-15 23:55", "מיכל", "저요 🙋 lol"),
    ("2024-01-18 09:00", "하늘 (회사)", "아침"),
]


@pytest.fixture(scope="module")
async def chat(shared: Shared) -> Client:
    await import_chat(parts_of(shared.app).db, kakaotalk("동네 <떡볶이> 🌶️", *CHAT))
    return shared.anybody


def opened(data: bytes, size: tuple[int, int] = (1200, 630)) -> Image.Image:
    with Image.open(BytesIO(data)) as image:
        assert (image.format, image.size) == ("PNG", size)
        return image.convert("RGB")


def colours_of(image: Image.Image) -> set[object]:
    return {colour for _, colour in image.getcolors(2**20) or []}


async def test_the_chat_names_its_picture_and_offers_it(chat: Client) -> None:
    page = await chat.page("/room/1?tz=Asia/Seoul")
    address = "/room/1/portrait/picture.png?tz=Asia/Seoul&lang=en"
    assert f'property="og:image" content="{address}"' in page.replace("%2F", "/")
    assert 'href="/room/1/portrait/picture?tz=Asia/Seoul" rel="nofollow" data-picture' in (
        page.replace("%2F", "/")
    )
    assert 'href="/room/1/portrait/picture" rel="nofollow" data-picture' in (
        await chat.page("/room/1")
    )
    answer = await chat.get(address)
    assert answer.content_type == "image/png"
    drawn = colours_of(opened(await answer.get_data()))
    assert 'author-1"' in page
    assert ImageColor.getrgb(theme_of("light").hues["author-1"]) in drawn


@pytest.mark.parametrize(
    ("format_", "theme"), [("1080x1350", "light"), ("1080x1920", "dark"), ("1200x630", "dark")]
)
async def test_the_page_of_a_picture_shows_what_its_address_says(
    chat: Client, format_: str, theme: ThemeName
) -> None:
    query = f"format={format_}&theme={theme}&names=initials"
    page = await chat.page(f"/room/1/portrait/picture?{query}&locale=", status=200)
    width, height = map(int, format_.split("x"))
    (image,) = re.findall(r'<img src="([^"]*)" width="(\d+)" height="(\d+)"\s+alt="([^"]+)"', page)
    path, *shown, told = image
    assert shown == [str(width), str(height)]
    assert told == "3 messages of 2 people."
    path = unescape(path).replace("%2F", "/")
    chosen = f"tz=Asia/Seoul&lang=en&{query}"
    assert path == f"/room/1/portrait/picture.png?{chosen}"
    answer = await chat.get(path)
    drawn = opened(await answer.get_data(), (width, height))
    assert answer.headers["Cache-Control"] == "no-cache"
    colours = theme_of(theme).on_ground_of("author-1")
    assert {ImageColor.getrgb(colours.paper), ImageColor.getrgb(colours.hues["author-1"])} <= (
        colours_of(drawn)
    )
    for changed in (path.replace("initials", "names"), path.replace("lang=en", "lang=ko")):
        assert await (await chat.get(changed)).get_data() != await answer.get_data()


@pytest.mark.parametrize("bad", ["format=1x1", "theme=blue", "names=all", "lang=fr"])
@pytest.mark.parametrize("end", ["", ".png"])
async def test_a_picture_that_cannot_be_is_refused(chat: Client, bad: str, end: str) -> None:
    await chat.page(f"/room/1/portrait/picture{end}?{bad}", status=400)


async def test_the_picture_follows_the_messages(shared: Shared, chat: Client) -> None:
    await settle(shared.app)
    path = "/room/1/portrait/picture.png"
    before = await chat.get(path)
    assert (await chat.get(path)).headers["Cache-Status"] == "saywho; hit"
    more: Said = ("2024-01-19 10:00", "מיכל", "again")
    await import_chat(parts_of(shared.app).db, kakaotalk("동네 <떡볶이> 🌶️", *CHAT, more))
    after = await chat.get(path)
    assert after.headers["ETag"] != before.headers["ETag"]
    assert await after.get_data() != await before.get_data()
    await chat.page("/room/99/portrait/picture.png", status=404)
    await chat.page("/room/1/portrait/picture.png?tz=nowhere", status=400)


async def test_names_that_the_fonts_lack_leave_no_trace(shared: Shared) -> None:
    names = ("Ꮳ민수", "Łukasz", "하늘")
    said = [
        (f"2024-01-{1 + number // 6:02} {number % 6 * 4:02}:10", names[number % 3], f"말 {number}")
        for number in range(90)
    ]
    await import_chat(parts_of(shared.app).db, kakaotalk("ᏣᎳᎩ 여행", *said))
    async with parts_of(shared.app).db.read_in_background() as session:
        rooms = await session.scalars(select(Room.id).where(Room.title == "ᏣᎳᎩ 여행"))
        chat = Chat(await get_room(session, rooms.one()))
        zone, kept = ZoneInfo("Asia/Seoul"), parts_of(shared.app).snapshots
        portrait = await read_portrait(session, chat.room, zone, kept)
    async with shared.app.test_request_context("/", headers=HOST):
        g.locale = "en"
        named, brief = [
            await read_room_poster(chat, portrait, PeopleArgs(names=how))
            for how in ("names", "initials")
        ]
    assert (named.title, named.home) == (
        "A chat",
        (f"a.example/room/{chat.room.id}", f"http://a.example/room/{chat.room.id}"),
    )
    assert named_in(named) == {"Person 2", "Łukasz", "하늘"}
    assert named_in(brief) == {"P", "Ł", "하"}
    assert brief.home == ("a.example", "http://a.example")


def named_in(poster: Poster) -> set[str]:
    assert isinstance(poster.drawing, CardRows)
    return {row.label for row in poster.drawing.rows}


PLAIN: Final = "Free, on your own computer: Python, make, and “make run” in its folder."
HOME: Final = ("b.example/get", "https://b.example/get")


@pytest.mark.parametrize(
    ("settings", "host", "path", "address", "link"),
    [
        (
            {},
            "a.example",
            "/user/%EC%88%98",
            "a.example/user/수",
            "http://a.example/user/%EC%88%98",
        ),
        ({}, "a.example", "/user/%E1%8F%A3", "a.example", "http://a.example"),
        ({}, "localhost", "/room/1", PLAIN, ""),
        ({}, "127.0.0.1:8000", "/room/1", PLAIN, ""),
        ({}, "192.168.0.7:8000", "/room/1", PLAIN, ""),
        ({"public": False}, "a.example", "/room/1", PLAIN, ""),
        ({"home": "https://b.example/get"}, "localhost", "/room/1", *HOME),
        ({"home": "https://b.example/get", "public": False}, "a.example", "/room/1", *HOME),
    ],
)
async def test_a_picture_leads_strangers_to_the_page_else_it_says_how_to_get_saywho(
    make_config: MakeConfig, settings: dict[str, Any], host: str, path: str, address: str, link: str
) -> None:
    app = create_app(make_config(**settings))
    async with app.test_app(), app.test_request_context("/", headers={"Host": host}):
        g.locale = "en"
        assert foot_of(path) == (address, link)


async def test_a_title_of_names_is_not_in_a_picture_of_initials(shared: Shared) -> None:
    chat: list[Said] = [("2024-01-15 10:00", "수진", "안녕"), ("2024-01-15 10:01", "태호", "응")]
    await import_chat(parts_of(shared.app).db, kakaotalk("수진, 태호 🌊", *chat))
    rooms = (await shared.anybody.json("/api/v1/rooms"))["items"]
    (number,) = (room["id"] for room in rooms if "수진" in room["name"])
    named, brief = [
        await shared.anybody.page(f"/room/{number}/portrait/picture?names={names}")
        for names in ("names", "initials")
    ]
    assert "<bdi>수진, 태호 🌊</bdi>" in named
    assert "<bdi>A chat</bdi>" in brief
    assert "수진" not in brief
