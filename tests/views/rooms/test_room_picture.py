"""The picture of a room: sized as programs want it, in the page's colours, whatever the names."""

from io import BytesIO
from zoneinfo import ZoneInfo

import pytest
from PIL import Image, ImageColor
from quart import g
from sqlalchemy import select

from app.models import Room
from app.services.rooms.portrait import read_portrait
from app.views.canvas import MARGIN, PAPER, SIZE, page_colours
from app.views.cast import bound
from app.views.page import cast_on
from app.views.rooms.picture import PicturePerson, RoomPicture, draw_room, picture_of_room
from tests.browsing import parts_of
from tests.chats import Said, import_chat, kakaotalk
from tests.conftest import Client, Shared
from tests.selection import first_of

CHAT: list[Said] = [
    ("2024-01-15 23:50", "하늘 (회사)", "떡볶이 ㅋㅋㅋ"),
    ("2024-01-15 23:55", "מיכל", "저요 🙋 lol"),
    ("2024-01-18 09:00", "하늘 (회사)", "아침"),
]
PAPER_RGB = ImageColor.getrgb(PAPER)
COLOURS = [page_colours()[f"author-{place}"] for place in range(1, 8)]


@pytest.fixture(scope="module")
async def chat(shared: Shared) -> Client:
    await import_chat(parts_of(shared.app).db, kakaotalk("동네 <떡볶이> 🌶️", *CHAT))
    return shared.anybody


def opened(data: bytes) -> Image.Image:
    with Image.open(BytesIO(data)) as image:
        assert (image.format, image.size) == ("PNG", SIZE)
        return image.convert("RGB")


async def test_the_portrait_names_its_picture_and_offers_it(chat: Client) -> None:
    page = await chat.page("/room/1/portrait?tz=Asia/Seoul")
    address = "/room/1/portrait/picture.png?tz=Asia/Seoul&lang=en"
    assert f'property="og:image" content="{address}"' in page.replace("%2F", "/")
    assert f'href="{address}" download="saywho – 동네 <떡볶이> 🌶️.png"' in page.replace("%2F", "/")
    answer = await chat.get(address)
    assert answer.content_type == "image/png"
    image = opened(await answer.get_data())
    drawn = {colour for _, colour in image.getcolors(2**20) or []}
    for hue in ("author-1", "author-2"):  # As on the page.
        assert f'swatch {hue}"' in page
        assert ImageColor.getrgb(page_colours()[hue]) in drawn


async def test_the_picture_follows_the_messages(shared: Shared, chat: Client) -> None:
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


@pytest.mark.parametrize("people", first_of(range(1, 8), 1, 4, 7))
@pytest.mark.parametrize("name", ["ann", "W" * 320, "긴이름" * 90], ids=["short", "wide", "Hangul"])
def test_names_bars_lines_and_foot_keep_apart(people: int, name: str) -> None:
    line = "began 3 times after a silence " * 6
    share = 1 / people
    listed = tuple(
        PicturePerson(name, share, "14%", colour, (line, line)) for colour in COLOURS[:people]
    )
    image = opened(draw_room(RoomPicture(name, line, listed, line)))
    width, height = SIZE

    def is_blank(left: int, top: int, right: int, bottom: int) -> bool:
        box = image.crop((left, top, right, bottom))
        return box.tobytes() == bytes(PAPER_RGB) * box.width * box.height

    assert is_blank(0, 0, MARGIN - 2, height)
    assert is_blank(width - MARGIN + 2, 0, width, height)
    assert is_blank(0, height - 16, width, height)
    rows = [not is_blank(0, top, width, top + 1) for top in range(height)]
    blocks = [top for top in range(1, height) if rows[top] and not rows[top - 1]]
    lines = 2 if people <= 3 else 1 if people <= 5 else 0
    assert len(blocks) == 2 + people * (1 + lines) + 1


async def test_words_and_names_that_the_fonts_lack_leave_no_trace(shared: Shared) -> None:
    db = parts_of(shared.app).db
    words = {"金민수": "今日は 港 へ 行く", "Łukasz": "łódź 海岸 portowa", "하늘": "오늘 산책 가자"}
    chat = [
        (f"2024-01-15 {10 + minute // 60}:{minute % 60:02}", name, f"{text} {minute}")
        for minute, (name, text) in enumerate(list(words.items()) * 25)
    ]
    await import_chat(db, kakaotalk("東京 여행", *chat))
    async with db.read() as session:
        rooms = await session.scalars(select(Room.id).where(Room.title == "東京 여행"))
        portrait = await read_portrait(session, rooms.one(), ZoneInfo("Asia/Seoul"))
    async with shared.app.test_request_context("/"):
        g.locale = "en"
        with bound(await cast_on(portrait)):
            picture = picture_of_room(portrait, ZoneInfo("Asia/Seoul"))
    typical = {
        person.username: {word.text for word in person.typical or []} for person in portrait.people
    }
    assert typical["金민수"] == {"今日は 港 へ 行く"}
    assert any("海岸" in phrase for phrase in typical["Łukasz"])
    told = {person.name: " · ".join(person.lines[:1]) for person in picture.people}
    assert picture.heading == "A chat"
    listed = {name: line.partition("typical: ")[2].split(", ") for name, line in told.items()}
    assert {name: sorted(words) for name, words in listed.items()} == {
        "Person 1": [""],
        "Lukasz": [""],
        "하늘": ["오늘 산책 가자"],
    }
    assert "typical" not in told["Person 1"]
