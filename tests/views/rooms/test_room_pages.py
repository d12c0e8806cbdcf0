"""A chat is read as a chat: its page, its days, its search, and the messages around one."""

import re
from html import unescape
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import pytest
from quart import Quart

from app.services.deletion import purge_deleted
from tests.browsing import found_in, parts_of, signed_in
from tests.chats import Said, import_chat, kakaotalk, telegram
from tests.conftest import Client, Shared

MANY = 130
CHAT: list[Said] = [
    *((f"2024-01-{15 + n // 60:02} 15:{n % 60:02}", "하늘 (회사)", f"말 {n}") for n in range(MANY)),
    ("2024-02-01 00:30", "민준", "떡볶이 먹을 사람?"),
    ("2024-02-01 00:30", "하늘 (회사)", "저요 🙋"),
    ("2024-02-03 09:00", "민준", "그때 떡볶이 <b>맛있었다</b>"),
]
SEOUL = "tz=Asia/Seoul"
WORD = quote("떡볶이")


@pytest.fixture(scope="module")
async def chat(shared: Shared) -> Client:
    """Read the pages of a chat, beside which there is another one."""
    db = parts_of(shared.app).db
    await import_chat(db, kakaotalk("동네 떡볶이", *CHAT))
    await import_chat(db, telegram(7, "elsewhere", ("2024-01-15 15:00", "zoe", "떡볶이?")))
    return shared.anybody


def texts(page: str) -> list[str]:
    """Return what is said on a page, in its order."""
    spoken = re.findall(r'<p class="post-text[^>]*>(.*?)</p>', page, re.DOTALL)
    return [re.sub("<[^>]*>", "", text).strip() for text in spoken]


def link(page: str, label: str) -> str:
    """Return where the last link of that name leads."""
    (*_, address) = re.findall(rf'<a [^<>]*?href="([^"]*)"[^<]*>{label}</a>', page)
    return unescape(str(address))


async def test_a_chat_is_read_from_its_first_message_to_its_last(chat: Client) -> None:
    page = first_page = await chat.page(f"/room/1?view=first&{SEOUL}")
    assert "<h1><bdi>동네 떡볶이</bdi></h1>" in page
    assert page.index('role="search"') < page.index("말 0")
    assert 'id="newest"' not in page
    assert "133 messages" in page
    days = ["Monday, January 15, 2024", "Tuesday, January 16, 2024"]
    assert re.findall(r'<li class="new-day"><h2><a[^>]*>(.*?)</a>', page) == days
    first = texts(page)
    assert first == [f"말 {n}" for n in range(100)]
    # The name stands there as people write it, and in the address as the username.
    assert unquote(link(page, "<bdi>하늘 \\(회사\\)</bdi>")) == "/user/하늘_(회사)"
    second = await chat.page(link(page, "Later messages"))
    assert [*first, *texts(second)] == [re.sub("<[^>]*>", "", text) for _, _, text in CHAT]
    assert "continued" in second
    assert texts(await chat.page(link(second, "Earlier messages"))) == first
    newest = await chat.page(f"/room/1?view=newest&{SEOUL}")
    assert texts(newest) == [re.sub("<[^>]*>", "", text) for _, _, text in CHAT[-100:]]
    assert link(newest, "Go to the newest") == "#newest"
    assert newest.index(CHAT[-2][2]) < newest.index('id="newest"') < newest.index("맛있었다")
    # The tab leads there, and what leads elsewhere stands below it.
    assert link(first_page, "Messages") == f"/room/1?view=newest&{SEOUL}#newest"
    assert newest.index("맛있었다") < newest.index('role="search"')
    assert texts(await chat.page(link(newest, "Earlier messages")))[-1] == "말 32"


@pytest.mark.parametrize(
    ("query", "said", "neighbours"),
    [
        (f"on=2024-02-01&{SEOUL}", ["떡볶이 먹을 사람?", "저요 🙋"], ["2024-01-17", "2024-02-03"]),
        # In UTC it was the evening before.
        ("on=2024-01-31&tz=UTC", ["떡볶이 먹을 사람?", "저요 🙋"], ["2024-01-17", "2024-02-03"]),
        (f"on=2024-01-20&{SEOUL}", [], ["2024-01-17", "2024-02-01"]),
        (f"on=2024-02-03&{SEOUL}", ["그때 떡볶이 맛있었다"], ["2024-02-01"]),
        (
            f"on=2024-02&{SEOUL}",
            ["떡볶이 먹을 사람?", "저요 🙋", "그때 떡볶이 맛있었다"],
            ["2024-01"],
        ),
        ("on=2024-02&tz=UTC", ["그때 떡볶이 맛있었다"], ["2024-01"]),
        (f"on=2024-03&{SEOUL}", [], ["2024-02"]),
        (f"on=2023&{SEOUL}", [], ["2024"]),
    ],
)
async def test_a_day_a_month_and_a_year_of_a_chat(
    chat: Client, query: str, said: list[str], neighbours: list[str]
) -> None:
    page = await chat.page(f"/room/1?{query}")
    assert texts(page) == said
    ways = page.partition('class="day-ways"')[2]
    assert re.findall(r'href="[^"]*on=([\d-]+)', ways) == neighbours
    is_day = len(query.partition("&")[0]) == len("on=2024-02-01")
    nobody = "No one wrote on this day." if is_day else "No one wrote in this period."
    assert (nobody in page) == (not said)
    items = await chat.walk(f"/api/v1/rooms/1/messages?{query}", 1)
    assert [item["text"].replace("<b>", "").replace("</b>", "") for item in items] == said


async def test_a_link_to_a_period_of_2_0_leads_to_its_first_day(chat: Client) -> None:
    page = await chat.page(f"/room/1?since=2024-02-01&until=2024-03-01&{SEOUL}")
    assert texts(page) == ["떡볶이 먹을 사람?", "저요 🙋"]
    assert "Only messages of February 1, 2024 are shown." in page
    await chat.page("/room/1?since=2024-13-01", status=400)
    await chat.page("/room/1?on=2024-1", status=400)
    assert (await chat.get("/api/v1/rooms/1?since=2024-02-01")).status_code == 400


async def test_later_messages_of_a_month_stay_within_it(chat: Client) -> None:
    page = await chat.page(f"/room/1?on=2024-01&{SEOUL}")
    assert "Only messages of January 2024 are shown." in page
    rest = await chat.page(link(page, "Later messages"))
    assert texts(page) + texts(rest) == [text for _, _, text in CHAT[:MANY]]


async def test_a_search_in_a_chat_finds_the_newest_first_and_leads_to_the_place(
    chat: Client,
) -> None:
    page = await chat.page(f"/room/1?q={WORD}")
    assert texts(page) == ["그때 떡볶이 맛있었다", "떡볶이 먹을 사람?"]
    assert "Newest first" in page
    assert page.count("<mark>떡볶이</mark>") == 2
    place = urlsplit(link(page, "Show this in the chat"))
    shown = await chat.page(f"{place.path}?{place.query}")
    assert re.search(rf'id="{place.fragment}" aria-current="true"', shown)
    assert texts(shown)[20:] == ["떡볶이 먹을 사람?", "저요 🙋", "그때 떡볶이 맛있었다"]
    hits = await chat.json(f"/api/v1/rooms/1/messages?q={WORD}")
    assert [item["highlights"] for item in hits["items"]] == [[[0, 3]], [[3, 6]]]
    assert "Nothing found" in await chat.page("/room/1?q=nobody")


async def test_a_message_shows_ten_before_it_and_ten_after(chat: Client) -> None:
    items = await chat.walk("/api/v1/rooms/1/messages", 100)
    assert [item["text"] for item in items] == [text for _, _, text in CHAT]
    assert items[0]["room"] == {"id": 1, "name": "동네 떡볶이"}
    for place in (0, 50, MANY, len(items) - 1):
        page = await chat.page(f"/tweet/{items[place]['id']}")
        around = page.partition('id="around"')[2].partition("</section>")[0]
        expected = [text for _, _, text in CHAT[max(0, place - 10) : place + 11]]
        assert texts(around) == [re.sub("<[^>]*>", "", text) for text in expected]
        current = re.search(r'aria-current="true">(.*?)</li>', around, re.DOTALL)
        assert current is not None
        assert texts(current[1]) == [re.sub("<[^>]*>", "", CHAT[place][2])]


async def test_rooms_are_listed_and_others_are_not_there(chat: Client) -> None:
    rooms = await chat.walk("/api/v1/rooms", 1)
    assert [(room["name"], room["platform"], room["messages"]) for room in rooms] == [
        ("동네 떡볶이", "kakaotalk", len(CHAT)),
        ("elsewhere", "telegram", 1),
    ]
    assert await chat.json("/api/v1/rooms/1") == rooms[0]
    assert rooms[0]["people"] == [
        {"username": "하늘_(회사)", "display_name": "하늘 (회사)", "messages": MANY + 1},
        {"username": "민준", "display_name": "민준", "messages": 2},
    ]
    assert rooms[0]["newest_message_at"] == "2024-02-03T00:00:00Z"
    listed = (await chat.page("/authors")).partition('id="rooms"')[2].partition("</section>")[0]
    assert re.findall(r'href="/room/(\d+)"', listed) == ["1", "2"]
    await chat.page("/room/99", status=404)
    await chat.json("/api/v1/rooms/99/messages", status=404)
    for wrong in ("on=2024-02-31", "on=soon", "cursor=!", "tz=nowhere", "before=1"):
        await chat.json(f"/api/v1/rooms/1/messages?{wrong}", status=400)
    post = (await chat.json("/api/v1/rooms/2/messages"))["items"][0]
    await chat.page(f"/room/1?message={post['id']}", status=404)


async def test_a_room_is_renamed_and_joined(app: Quart) -> None:
    db, browser = parts_of(app).db, await signed_in(app)
    kakao, other = kakaotalk("우리", *CHAT[:4]), kakaotalk("새 방", *CHAT[-3:])
    await import_chat(db, kakao)
    await import_chat(db, other)
    # What is kept for visitors names the room, too.
    kept = [await Client(app, {}).page(path) for path in ("/room/1", "/tweet/1")]
    assert all("우리" in page for page in kept)
    assert (await Client(app, {}).json("/api/v1/tweets/1"))["room"]["name"] == "우리"
    form = {"name": "  우리\n반 🏫 "}
    assert (await browser.post("/settings/rooms/1/name", form=form)).status_code == 303
    assert "<bdi>우리 반 🏫</bdi></h1>" in await Client(app, {}).page("/room/1")
    assert "<bdi>우리 반 🏫</bdi></a>" in await Client(app, {}).page("/tweet/1")
    message = await Client(app, {}).json("/api/v1/tweets/1")
    assert message["room"] == {"id": 1, "name": "우리 반 🏫"}
    for into in ("1", "9", "x", ""):
        answer = await browser.post("/settings/rooms/1/join", form={"into": into})
        assert answer.status_code in {404, 422}
    answer = await browser.post("/settings/rooms/2/join", form={"into": "1"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/room/1")
    moved = await browser.get("/room/2")
    assert (moved.status_code, moved.headers["Location"]) == (303, "/room/1")
    moved = await browser.get("/room/2?on=2026-10-03&tz=Asia/Seoul&room_id=7")
    assert moved.headers["Location"] == "/room/1?on=2026-10-03&tz=Asia/Seoul"
    room = await Client(app, {}).json("/api/v1/rooms/2")
    assert (room["id"], room["messages"]) == (1, 7)
    # Both files are known again, whatever the room is called now.
    for data in (kakao, other):
        assert (await import_chat(db, data)).accepted == 0
    assert len((await Client(app, {}).json("/api/v1/rooms"))["items"]) == 1
    await browser.post("/settings/rooms/1/name", form={"name": " "})
    assert "<bdi>우리</bdi></h1>" in await browser.page("/room/1")


async def test_who_is_deleted_leaves_the_others_in_the_room(app: Quart, admin: Client) -> None:
    db = parts_of(app).db
    await import_chat(db, kakaotalk("우리", *CHAT[-3:]))
    assert "저요" in await admin.page("/room/1?view=newest")
    assert "하늘" in await admin.page("/room/1")
    await admin.delete("/api/v1/users/하늘_(회사)")
    for path in ("/room/1", "/room/1?view=newest"):
        page = await admin.page(path)
        assert not found_in(page, "저요", "하늘")
    assert (await admin.json("/api/v1/rooms/1"))["messages"] == 2
    await purge_deleted(db)
    for item in (await admin.json("/api/v1/rooms/1/messages"))["items"]:
        await admin.delete(f"/api/v1/tweets/{item['id']}")
    await admin.page("/room/1", status=404)
    assert (await admin.json("/api/v1/rooms"))["items"] == []


async def test_no_page_leads_to_chats_once_nobody_of_them_is_here(
    app: Quart, admin: Client, anybody: Client
) -> None:
    db, pages = parts_of(app).db, ("/posts?username=ben", "/authors", "/user/ben")
    await admin.add_posts({"username": "ben", "text": "the sea"})

    async def leading_to_chats() -> list[str]:
        await parts_of(app).openness.settle()  # On PostgreSQL kept answers may be behind.
        return [path for path in pages if 'href="/rooms"' in await anybody.page(path)]

    async def come() -> None:
        await import_chat(db, kakaotalk("우리", *CHAT[-3:]))
        assert await leading_to_chats() == [*pages]

    await come()
    async with db.exclusive_in_turn("deletion") as grant:
        for name in ("민준", "하늘_(회사)"):
            await admin.delete(f"/api/v1/users/{name}")
        # The rows of the chat are left, and answers are kept from now on.
        assert await leading_to_chats() == []
        await purge_deleted(grant)
    assert await leading_to_chats() == []
    await come()


async def test_a_request_may_name_a_room(shared: Shared) -> None:
    await shared.writer.add_user("kim")
    await shared.writer.add_user("lee")
    first = await shared.writer.add_tweet("kim", "one", room={"name": "Crew"})
    room = first["room"]
    assert room["name"] == "Crew"
    second = await shared.writer.add_tweet("lee", "two", room=room)
    third = await shared.writer.add_tweet("kim", "three", room={"name": "Crew"})
    assert second["room"] == third["room"] == room
    other = await shared.writer.add_tweet("lee", "four", room={"id": 999, "name": "Deck"})
    assert other["room"]["id"] != room["id"]
    for bad in ({"name": " "}, {"id": 1}, {"id": 0, "name": "x"}, {"name": "x", "more": 1}):
        path = "/api/v1/users/kim/tweets"
        await shared.writer.post(path, json={"text": "five", "room": bad}, status=422)


async def test_days_of_a_person_lead_into_the_chat_that_they_are_of(shared: Shared) -> None:
    def message(at: str, room: str | None) -> dict[str, Any]:
        post = {"username": "roomer", "text": f"said at {at}", "created_at": at}
        return post | ({"room": {"name": room}} if room else {})

    async def leads(tz: str = "UTC") -> dict[str, int | None]:
        archive = await shared.anybody.json(f"/api/v1/users/roomer/archive?tz={tz}")
        days = [day for month in archive["calendar"]["months"] for day in month["days"]]
        page = await shared.anybody.page(f"/user/roomer?tz={tz}")
        for day in days:
            path = f"/room/{day['room']}?on={day['date']}&tz=" if day["room"] else "/posts?username"
            assert f'href="{path}' in page
        return {day["date"]: day["room"] for day in days}

    evening = "2024-05-01T20:00:00Z"
    await shared.writer.add_posts(message(evening, "pier"), message("2024-05-03T09:00:00Z", "pier"))
    pier = (await leads())["2024-05-01"]
    assert pier is not None
    # All that was written is of one chat, then not.
    assert await leads() == {"2024-05-01": pier, "2024-05-03": pier}
    await shared.writer.add_posts(
        message("2024-05-02T09:00:00Z", "quay"),
        message("2024-05-03T10:00:00Z", "quay"),
        message("2024-05-04T10:00:00Z", None),
    )
    days = await leads()
    assert days.pop("2024-05-02") not in (None, pier)
    assert days == {"2024-05-01": pier, "2024-05-03": None, "2024-05-04": None}
    # In Seoul the evening is the morning of the next day, which then has messages of both.
    assert (await leads("Asia/Seoul"))["2024-05-02"] is None
