"""The people of a chat on its page, and its portrait in the API."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from urllib.parse import unquote

import pytest
from sqlalchemy import update

from app.models import Tweet
from tests.browsing import missing_in, parts_of
from tests.chats import Said, import_chat, kakaotalk
from tests.conftest import Client, Shared
from tests.sentences import blocks_of

CHAT: list[Said] = [
    ("2024-01-15 23:50", "하늘 (회사)", "떡볶이 ㅋㅋㅋ"),
    ("2024-01-15 23:55", "민준", "저요 🙋 lol"),
    ("2024-01-16 00:05", "하늘 (회사)", "그래 가자 ㅋㅋ"),
    ("2024-01-18 09:00", "민준", "<b>아침</b>"),
]
OTHERS = "abcdefgh"


@pytest.fixture(scope="module")
async def chats(shared: Shared) -> Client:
    """Read the portraits of chats: of two people, of eight, and of two who use other words."""
    db = parts_of(shared.app).db
    await import_chat(db, kakaotalk("동네 <떡볶이>", *CHAT))
    many = [(f"2024-03-01 10:{place:02}", name, f"hi {place}") for place, name in enumerate(OTHERS)]
    await import_chat(db, kakaotalk("many", *many, ("2024-03-01 10:30", "a", "haha")))
    spoken = (("tea", "the kettle sings"), ("light", "the lantern swings"))
    worded = [
        (f"2024-04-{1 + number // 2:02} 10:{number % 2:02}", name, text)
        for number in range(40)
        for name, text in spoken
    ]
    await import_chat(db, kakaotalk("words", *worded))
    nearly = [
        (f"2024-05-01 {number // 60:02}:{number % 60:02}", name, "tea time" if number else "tea")
        for number, name in enumerate(["near", "far"] * 198 + ["near"] * 4)
    ]
    await import_chat(db, kakaotalk("nearly", *nearly))
    return shared.anybody


def cells(page: str) -> list[list[str]]:
    """Return the rows of the tables with names."""
    return [
        [" ".join(unescape(re.sub("<[^>]*>", " ", cell)).split()) for cell in row.split("<td>")]
        for row in re.findall(r'<tr><th scope="row">(.*?)</tr>', page, re.DOTALL)
    ]


async def test_two_people_are_shown_side_by_side(chats: Client) -> None:
    page = await (await chats.get("/room/1?tz=Asia/Seoul")).get_data(as_text=True)
    assert "<h1><bdi>동네 &lt;떡볶이&gt;</bdi></h1>" in page
    shown = cells(page)
    for row in (["하늘 (회사)", "2", "50%"], ["민준", "2", "50%"]):
        assert row in shown
    # What somebody never did is not told.
    for told in (
        "Words a message: 2.5 Replies to other people: 1 Time to reply: 10 minutes ㅋㅋ: 2",
        "Words a message: 2 Starts: 1 Replies to other people: 1 Time to reply: 5 minutes lol: 1"
        " Emoji: 🙋 1",
    ):
        numbers = re.sub("<[^>]*>", " ", page.partition('id="amount-numbers"')[2])
        assert told in " ".join(numbers.replace(" :", ":").split())
    assert "<bdi>23:00</bdi>: 1<" in page
    assert "There are too few messages in the same language to compare words." in page


async def test_numbers_that_only_round_to_the_same_are_not_called_equal(chats: Client) -> None:
    """Of 202 and 198 messages, each is half of all."""
    page = await chats.page("/room/4")
    for row in (["near", "202", "50%"], ["far", "198", "50%"]):
        assert row in cells(page)


async def test_the_finding_comes_first_and_numbers_in_rows_are_folded(chats: Client) -> None:
    page = await chats.page("/room/3")
    told = "Busiest between [^<]*"
    assert re.search(rf'</nav>\s*<p class="finding" id="finding">{told}</p>', page)
    first, *_ = re.findall(r'<svg[^>]*role="img"[^>]*>', page.partition("<main")[2])
    assert 'aria-labelledby="finding"' in first
    above, _, folded = page.partition('<details class="counted')
    assert "<table" not in above
    assert "<table" in folded
    cards = above.partition('class="people-cards ')[2]
    for word, other in (("the kettle sings", "light"), ("the lantern swings", "tea")):
        assert not missing_in(cards, f"Says “{word}” more often than {other}", "in every message")


async def test_the_old_address_of_the_portrait_leads_to_the_page(chats: Client) -> None:
    for asked, address in (("", "/room/1"), ("?tz=Asia/Tokyo", "/room/1?tz=Asia/Tokyo")):
        answer = await chats.get(f"/room/1/portrait{asked}")
        assert (answer.status_code, unquote(answer.headers["Location"])) == (308, address)


async def test_the_api_tells_the_same(chats: Client) -> None:
    portrait = await chats.json("/api/v1/rooms/1/portrait?tz=Asia/Seoul")
    assert portrait["room"] == await chats.json("/api/v1/rooms/1")
    assert portrait["longest_silence"] == {
        "since": "2024-01-15T15:05:00Z",
        "until": "2024-01-18T00:00:00Z",
    }
    second, first = portrait["people"]  # With as many messages, by name.
    assert (first["username"], first["display_name"]) == ("하늘_(회사)", "하늘 (회사)")
    assert [hour for hour, count in enumerate(first["hours"]) if count] == [0, 23]
    assert second["laughs"] == [{"text": "ㅋㅋ", "messages": 0}, {"text": "lol", "messages": 1}]
    # Without a zone, hours are those of the chat, as in its years.
    assert (await chats.json("/api/v1/rooms/1/portrait"))["people"][1]["hours"] == first["hours"]
    utc = await chats.json("/api/v1/rooms/1/portrait?tz=UTC")
    assert [hour for hour, count in enumerate(utc["people"][1]["hours"]) if count] == [14, 15]
    await chats.json("/api/v1/rooms/1/portrait?tz=nowhere", status=400)
    await chats.json("/api/v1/rooms/99/portrait", status=404)


async def test_of_many_people_six_are_named(chats: Client) -> None:
    portrait = await chats.json("/api/v1/rooms/2/portrait")
    named = [(person["username"], person["people"]) for person in portrait["people"]]
    assert named == [*((name, 1) for name in "abcdef"), (None, 2)]
    assert sum(person["share"] for person in portrait["people"]) == pytest.approx(1, 1e-5)
    page = await chats.page("/room/2")
    assert "2 others" in page
    # A crowd has no habits: no card shows it as a person. Everybody is in a group.
    assert 'class="people-cards' not in page
    groups = page.partition('class="card people-alike"')[2].partition("</ul>\n</section>")[0]
    (group,) = portrait["alike"]
    assert re.findall(r'href="/user/(.)"', groups) == group["usernames"] == [*"abcdefgh"]
    assert group["has_few"]
    assert "Too few messages to compare 8 people" in blocks_of(page)


async def test_of_a_long_room_the_newest_messages_are_looked_through(
    shared: Shared, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.services.rooms.chat_portrait.MOST_SCANNED", 4)
    start = datetime(2024, 5, 1, tzinfo=UTC)
    times = [(start + timedelta(hours=n)).isoformat() for n in range(5)]
    await shared.writer.add_dated("long", "말 {n}", times, room={"name": "long"})
    async with parts_of(shared.app).db.write() as session:
        undated = Tweet.text.in_(("말 0", "말 4"))
        await session.execute(update(Tweet).where(undated).values(created_at=None))
    rooms = await shared.anybody.walk("/api/v1/rooms", 100)
    (room,) = [room["id"] for room in rooms if room["name"] == "long"]
    portrait = await shared.anybody.json(f"/api/v1/rooms/{room}/portrait")
    assert (portrait["scanned"], portrait["room"]["messages"]) == (4, 5)
    assert [hour for hour, count in enumerate(portrait["people"][0]["hours"]) if count] == [1, 2, 3]
    page = await shared.anybody.page(f"/room/{room}")
    assert "whom they reply to is based on the newest 4 messages" in page
