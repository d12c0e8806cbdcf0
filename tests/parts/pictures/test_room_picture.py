"""The picture of a room: sized and coloured as its address says, whatever the names."""

import re
from collections.abc import Sequence
from html import unescape
from io import BytesIO
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from PIL import Image, ImageColor
from quart import g
from sqlalchemy import select

from app.drawing.drawings import Bars, NamedBar
from app.drawing.png import ThemeName, theme_of
from app.drawing.poster import Poster
from app.models.content import Room
from app.parts.pictures.picture_page import PictureArgs, cast_in_picture, short_address
from app.parts.pictures.portraits import poster_of_room
from app.services.rooms.chat_portrait import read_portrait
from app.services.rooms.chats import get_room
from app.views.cast import bound
from app.views.page import cast_on
from app.views.subjects import Chat
from tests.browsing import parts_of
from tests.chats import Said, import_chat, kakaotalk
from tests.conftest import Client, Shared
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
    page = await chat.page(f"/room/1/portrait/picture?{query}&words=1&locale=", status=200)
    width, height = map(int, format_.split("x"))
    (image,) = re.findall(r'<img src="([^"]*)" width="(\d+)" height="(\d+)"\s+alt="([^"]+)"', page)
    path, *shown, told = image
    assert shown == [str(width), str(height)]
    assert told == "3 messages of 2 people."
    path = unescape(path).replace("%2F", "/")
    chosen = f"tz=Asia/Seoul&lang=en&{query}&words=1"
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


@pytest.mark.parametrize("bad", ["format=1x1", "theme=blue", "names=all", "words=2", "lang=fr"])
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


async def test_words_and_names_that_the_fonts_lack_leave_no_trace(shared: Shared) -> None:
    db = parts_of(shared.app).db
    words = {"Ꮳ민수": "ᎢᎦ ᎠᎹ ᎾᎥ ᎡᎦ", "Łukasz": "łódź ᎠᎹᏳ portowa", "하늘": "오늘 산책 가자"}
    # Words are compared with others of the language, who write more words.
    beside = {"ㄱ": ("ᏑᎾᎴ ᏥᏳ", "ᎣᏓᎸ", "ᎠᎺᏉ"), "ㄴ": ("a", "b", "c"), "ㄷ": ("내일", "영화", "보자")}
    texts = [*words.items()] * 25 + [
        (name, text) for name, of_one in beside.items() for text in of_one * 8
    ]
    chat = [
        (f"2024-01-{1 + number % 25:02} 10:{number % 60:02}", name, f"{text} {number}")
        for number, (name, text) in enumerate(texts)
    ]
    await import_chat(db, kakaotalk("ᏣᎳᎩ 여행", *chat))
    async with db.read_in_background() as session:
        rooms = await session.scalars(select(Room.id).where(Room.title == "ᏣᎳᎩ 여행"))
        zone, kept = ZoneInfo("Asia/Seoul"), parts_of(shared.app).snapshots
        portrait = await read_portrait(session, await get_room(session, rooms.one()), zone, kept)
    typical = {
        person.username: {word.text for word in person.typical or []} for person in portrait.people
    }
    assert typical["Ꮳ민수"] == {"ᎢᎦ ᎠᎹ ᎾᎥ ᎡᎦ"}
    assert any("ᎠᎹᏳ" in phrase for phrase in typical["Łukasz"])
    usernames = [person.username or "" for person in portrait.people]
    async with shared.app.test_request_context("/", headers=HOST):
        g.locale = "en"
        cast = await cast_on(portrait)
        with bound(cast_in_picture(cast, usernames, has_names=True)):
            poster = poster_of_room(Chat(portrait.room), portrait, PictureArgs(words="1"))
            silent = poster_of_room(Chat(portrait.room), portrait, PictureArgs())
        with bound(cast_in_picture(cast, usernames, has_names=False)):
            brief = poster_of_room(Chat(portrait.room), portrait, PictureArgs(names="initials"))
    assert (poster.title, poster.address) == ("A chat", f"a.example/room/{portrait.room.id}")
    told = {bar.name: " · ".join(bar.note) for bar in rows_of(poster)}
    assert {name: re.findall("“(.*?)”", told[name]) for name in told if name not in beside} == {
        "Person 2": [],
        "Łukasz": [],
        "하늘": ["오늘 산책 가자"],
    }
    # What somebody wrote stands there only where that is wanted, and their names likewise.
    assert not any("산책" in part for bar in rows_of(silent) for part in bar.note)
    assert {bar.name for bar in rows_of(brief)} == {"P", "Ł", "하", *beside}
    assert brief.address == "a.example"


def rows_of(poster: Poster) -> Sequence[NamedBar]:
    assert isinstance(poster.drawing, Bars)
    return poster.drawing.rows


async def test_an_address_is_whole_or_that_of_the_site(shared: Shared) -> None:
    async with shared.app.test_request_context("/", headers=HOST):
        assert short_address("/user/%EC%88%98%EC%A7%84/2024") == "a.example/user/수진/2024"
        assert short_address("/user/%E1%8F%A3%E1%8E%B3%E1%8E%A9/2024") == "a.example"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8000"])
async def test_an_address_that_leads_nobody_else_there_is_in_no_picture(
    shared: Shared, host: str
) -> None:
    async with shared.app.test_request_context("/", headers={"Host": host}):
        g.locale = "en"
        assert short_address("/room/1") == "Free: ask whoever sent you this."


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


async def test_an_upright_picture_has_the_months_by_person(shared: Shared) -> None:
    chat: list[Said] = [
        (f"2024-0{month}-15 10:0{minute}", name, f"안녕 {month}")
        for month in (1, 2, 3)
        for minute, name in enumerate(("수진", "태호"))
    ]
    await import_chat(parts_of(shared.app).db, kakaotalk("달마다", *chat))
    rooms = (await shared.anybody.json("/api/v1/rooms"))["items"]
    (number,) = (room["id"] for room in rooms if room["name"] == "달마다")
    answer = await shared.anybody.get(f"/room/{number}/portrait/picture.png?format=1080x1920")
    image = opened(await answer.get_data(), (1080, 1920))
    pixels = np.asarray(image)
    ground = theme_of("light").on_ground_of("author-1")
    hues = [ground.hues[hue] for hue in ("author-1", "author-2")]
    first, second = ((pixels == ImageColor.getrgb(hue)).all(axis=2) for hue in hues)
    # Above are the shares, below the months, of which each is of both.
    assert first[700:1100].any()
    of_both = first[1100:1600].any(axis=0) & second[1100:1600].any(axis=0)
    assert of_both.sum() > 600
