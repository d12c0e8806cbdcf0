"""The times of a chat that was read in another time zone."""

from quart import Quart

from tests.browsing import Browser, parts_of
from tests.chats import import_chat, kakaotalk, said
from tests.conftest import client_with

SUMMER_AND_WINTER = [
    *said(("Mom", "Dad"), times=3),
    *said(("Mom", "Dad"), times=3, day="2024-07-15"),
]


async def test_a_chat_gets_the_times_of_another_zone(app: Quart, browser: Browser) -> None:
    await import_chat(parts_of(app).db, kakaotalk("Family", *SUMMER_AND_WINTER))
    admin, writer = await client_with(app, "admin"), await client_with(app, "write")
    address = "/api/v1/rooms/1"
    before = await admin.json(f"{address}/messages")
    await writer.send("PATCH", address, json={"timezone": "Europe/London"}, status=403)
    for body in ({"timezone": "Asia/Nowhere"}, {"timezone": ""}, {}, {"zone": "UTC"}):
        assert (await admin.send("PATCH", address, json=body)).status_code == 422, body
    await admin.send("PATCH", "/api/v1/rooms/9", json={"timezone": "UTC"}, status=404)
    answer = await admin.send("PATCH", address, json={"timezone": "Europe/London"})
    room = await answer.get_json()
    assert (answer.status_code, room["tz"], room["messages"]) == (200, "Europe/London", 12)
    assert room["first_message_at"] == "2024-01-15T15:00:00Z"
    assert room["newest_message_at"] == "2024-07-15T14:05:00Z"
    assert [
        (each["id"], each["text"]) for each in (await admin.json(f"{address}/messages"))["items"]
    ] == [(each["id"], each["text"]) for each in before["items"]]
    # The same on the page, where a city is enough.
    assert 'name="timezone" value="Europe/London"' in await browser.page("/settings")
    chat = await browser.page("/room/1")
    form = chat[chat.index('id="times"') :]
    assert 'action="/settings/rooms/1/zone"' in form
    assert 'name="timezone" value="Europe/London"' in form
    assert 'id="times"' not in await Browser(app).page("/room/1")
    moved = await browser.post("/settings/rooms/1/zone", form={"timezone": "Seoul"}, status=303)
    assert await admin.json(f"{address}/messages") == before
    told = await browser.page(moved.headers["Location"].partition("#")[0])
    assert "The times of this chat are now " in told
    unknown = await browser.post("/settings/rooms/1/zone", form={"timezone": "Atlantis"})
    page = await browser.page(unknown.headers["Location"].partition("#")[0])
    assert "No city or time zone is called “Atlantis”, so nothing was changed." in page
    assert await admin.json(f"{address}/messages") == before
