"""Pictures of a chat are shown where they were sent; nobody sees them who may not see the chat."""

import io
import re
from html import unescape

import pytest

from app.services.imports.options import ImportOptions
from app.services.imports.storing import import_records
from app.services.posts.media import keeper_of
from saywho.formats.registry import open_records
from saywho.formats.source.file import Source
from tests.archives import VIDEO, picture, zip_bytes
from tests.browsing import missing_in, parts_of
from tests.chats import ZONE
from tests.conftest import Client, Shared
from tests.formats.test_private_notes import PLACE, heif, photo

LINES = (
    *("hi", "ho", "\u200e<attached: a.png>", "our dog \u200e<attached: b.png>"),
    *("\u200e<attached: c.mp4>", "\u200e<attached: d.opus>", "\u200e<attached: gone.jpg>", "bye"),
)
FILES = {
    "a.png": picture(1),
    "b.png": picture(2),
    "c.mp4": VIDEO,
    "d.opus": b"OggS\0\2" + bytes(90),
}


def chat() -> bytes:
    lines = [f"[15/01/2024, 21:{n:02}:00] Mina: {text}" for n, text in enumerate(LINES)]
    return zip_bytes({"_chat.txt": "\r\n".join([*lines, ""]).encode(), **FILES})


@pytest.fixture(scope="module")
async def reader(shared: Shared) -> Client:
    """Read the pages of a chat with media."""
    parts = parts_of(shared.app)
    with Source(io.BytesIO(chat()), name="WhatsApp Chat - us.zip") as source:
        records = open_records(source, options=ImportOptions(timezone=ZONE))
        keeper = keeper_of(parts.config)
        report = await import_records(parts.db, records, username=None, keeper=keeper)
    assert (report.accepted, report.errors) == (8, [])
    return shared.anybody


def messages(page: str) -> list[str]:
    return re.findall(r'<li class="message .*?\n</li>', page, re.DOTALL)


async def test_media_stand_in_their_place_in_the_conversation(reader: Client) -> None:
    shown = messages(await reader.page("/room/1?on=2024-01-15&tz=Asia/Seoul"))
    assert len(shown) == 8
    assert not missing_in(shown[2], '<img src="/media/', 'alt="picture"')
    assert "post-text" not in shown[2]
    assert not missing_in(shown[3], "our dog", '<img src="/media/')
    assert "<video src=" in shown[4]
    assert "<audio src=" in shown[5]
    assert 'preload="none"' in shown[4]
    assert "The file is not here." in shown[6]
    assert not any("not here" in message for message in [*shown[:6], shown[7]])
    for address in re.findall(r'src="(/media/[^"]*)"', "".join(shown)):
        assert (await reader.get(unescape(address))).status_code == 200


async def test_media_stand_around_a_message(reader: Client) -> None:
    page = await reader.page("/tweet/8")
    around = page.partition('id="around"')[2]
    assert around.count('<img src="/media/') == 2
    assert "The file is not here." in around
    alone = await reader.page("/tweet/3")
    assert "This message has no words, so comparisons leave it out." in alone


async def test_a_portrait_counts_words_of_messages_that_have_some(reader: Client) -> None:
    (person,) = (await reader.json("/api/v1/rooms/1/portrait"))["people"]
    assert (person["messages"], person["words_per_message"]) == (8, 1.25)


async def test_exports_have_what_is_known_of_media(reader: Client) -> None:
    response = await reader.get("/api/v1/export?format=jsonl")
    assert (await response.get_data()).decode().count('"kind":"photo"') == 3


async def test_no_link_preview_shows_a_picture_of_a_chat(reader: Client) -> None:
    for path in ("/room/1", "/tweet/3"):
        page = await reader.page(path)
        previews = re.findall(r'<meta property="og:[^>]*>', page)
        assert previews
        assert "/media/" not in "".join(previews)


async def test_a_wall_has_the_media_of_a_chat_alone(reader: Client) -> None:
    assert "has=media" in await reader.page("/room/1?view=newest")
    page = await reader.page("/room/1?has=media&tz=Asia/Seoul")
    wall = page.partition('id="list"')[2].partition("</ol>")[0]
    assert re.findall(r"<h3>(.*?)\s*<span class=\"soft\">(.*?)</span>", wall) == [
        ("January 2024", "5 items")
    ]
    tiles = re.findall(r'<li><a href="([^"]*)">(.*?)</a>.*?Mina</span></li>', wall, re.DOTALL)
    # The newest first; each leads to a page of its own.
    assert [unescape(address).partition("picture=")[2] for address, _ in tiles] == [
        str(number) for number in (7, 6, 5, 4, 3)
    ]
    shown = [tile for _, tile in tiles]
    assert "missing" in shown[0]
    assert "sound" in shown[1]
    assert "video" in shown[2]
    assert 'alt="our dog"' in shown[3]
    assert 'alt="picture by Mina"' in shown[4]


async def test_a_picture_of_a_wall_leads_to_the_next_and_to_its_place(reader: Client) -> None:
    for wall in ("/room/1?has=media", "/posts?username=Mina&has=media"):
        ways = {}
        for number in (7, 4, 3):
            page = await reader.page(f"{wall}&picture={number}")
            found = re.findall(r'picture=(\d+)" rel="(\w+)"', page)
            ways[number] = {way: int(other) for other, way in found}
        assert ways == {7: {"next": 6}, 4: {"prev": 5, "next": 3}, 3: {"prev": 4}}
    page = await reader.page("/room/1?has=media&picture=4&tz=Asia/Seoul")
    assert not missing_in(page, "our dog", 'srcset="/media/')
    (place,) = re.findall(r'<a href="([^"]*)">See it in the chat</a>', page)
    place, _, mark = unescape(place).partition("#")
    assert f'id="{mark}" aria-current="true"' in await reader.page(place)
    for other in ("/room/1?has=media&picture=1", "/posts?has=media&picture=1"):
        assert (await reader.get(other)).status_code == 404
    assert (await reader.get("/room/1?has=media&picture=x")).status_code == 400


async def test_what_browsers_cannot_show_is_to_be_saved(shared: Shared, reader: Client) -> None:
    files = {"p.heic": heif(0, 1), "q.avif": photo("avif"), "r.wav": b"RIFF\4\0\0\0WAVE"}
    lines = [
        f"[16/01/2024, 21:0{place}:00] Jun: \u200e<attached: {name}>"
        for place, name in enumerate((*files, "s.heic"))
    ]
    files |= {"s.heic": heif(2, 1), "_chat.txt": "\r\n".join([*lines, ""]).encode()}
    parts = parts_of(shared.app)
    with Source(io.BytesIO(zip_bytes(files)), name="WhatsApp Chat - Jun.zip") as source:
        records = open_records(source, options=ImportOptions(timezone=ZONE))
        keeper = keeper_of(parts.config)
        report = await import_records(parts.db, records, username=None, keeper=keeper)
    assert report.accepted == 4
    assert [str(fault.detail) for fault in report.errors] == [
        "the place of the camera's notes in it could not be found"
    ]
    apple, wide, sound, untold = messages(await reader.page("/room/2?view=newest"))
    assert re.search(r'<a href="/media/\w+\.heic" download>Save the picture \(HEIC\)</a>', apple)
    assert "Only Safari can show this picture." in apple
    assert re.search(r'<img src="/media/\w+\.avif"', wide)
    assert re.search(r'<audio src="/media/\w+\.wav"', sound)
    assert "The file is not here." in untold
    assert '.heic"' not in await reader.page("/room/2?has=media")
    for ending, type_ in (("heic", "image/heic"), ("avif", "image/avif"), ("wav", "audio/wav")):
        (address,) = set(re.findall(rf"/media/\w+\.{ending}", apple + wide + sound))
        response = await reader.get(address)
        assert (response.status_code, response.content_type) == (200, type_)
        assert PLACE not in await response.get_data()


async def test_the_api_lists_messages_with_media(reader: Client) -> None:
    listed = await reader.walk("/api/v1/rooms/1/messages?has=media", 2)
    assert [message["id"] for message in listed] == [3, 4, 5, 6, 7]


async def test_a_wall_counts_pictures_of_messages_with_several(shared: Shared) -> None:
    photo = {"kind": "photo", "source_url": "https://example.org/1.jpg"}
    times = {"2023-05-01T12:00:00Z": 2, "2023-05-02T12:00:00Z": 1, "2023-06-01T12:00:00Z": 1}
    await shared.writer.add_posts(
        *(
            {"username": "Ada", "text": f"kiln {time}", "created_at": time, "source_id": time}
            | {"room": {"name": "kilns"}, "media": [photo] * pictures}
            for time, pictures in times.items()
        )
    )
    rooms = await shared.writer.walk("/api/v1/rooms", 20)
    (number,) = (room["id"] for room in rooms if room["name"] == "kilns")
    page = await shared.writer.page(f"/room/{number}?has=media")
    chips = page.partition("wall-months")[2].partition("</details>")[0]
    wall = page.partition('id="list"')[2].partition("</ol>")[0]
    told = ["1 picture", "3 pictures"]
    assert re.findall(r'<span class="soft">(.*?)</span></a>', chips) == told
    assert re.findall(r'<span class="soft">(.*?)</span></h3>', wall) == told


async def test_a_month_that_goes_on_has_its_number_once(shared: Shared) -> None:
    photo = {"kind": "photo", "source_url": "https://example.org/1.jpg"}
    posts = (
        {"username": "Ada", "text": f"oven {n}", "created_at": f"2022-05-{1 + n:02}T12:00:00Z"}
        | {"source_id": f"oven {n}", "room": {"name": "ovens"}, "media": [photo]}
        for n in range(30)
    )
    await shared.writer.add_posts(*posts)
    rooms = await shared.writer.walk("/api/v1/rooms", 20)
    (number,) = (room["id"] for room in rooms if room["name"] == "ovens")
    first = await shared.writer.page(f"/room/{number}?has=media")
    (following,) = re.findall(r'<a class="button" href="([^"]*cursor=[^"]*)"', first)
    second = await shared.writer.page(unescape(following))
    korean = await shared.writer.get(unescape(following), headers={"Accept-Language": "ko"})
    pages = first, second, await korean.get_data(as_text=True)
    told = [re.findall(r'<span class="soft">([^<]*)</span></h3>', page) for page in pages]
    assert told == [["30 pictures"], ["continued"], ["이어서"]]
