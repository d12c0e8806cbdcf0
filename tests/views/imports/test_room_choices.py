"""The chat that a file goes into is shown and chosen before a guest can read it."""

import re
from typing import Any

import pytest
from quart import Quart

from app.services.access.rights import switch_site
from tests.browsing import Browser, body, parts_of
from tests.chats import kakaotalk, said, telegram
from tests.conftest import NDJSON, Client, client_with
from tests.services.imports.test_chosen_rooms import packed
from tests.uploading import choose, ended, jsonl, shown, start, upload
from tests.views.imports.test_import_previews import preview_within
from tests.views.imports.test_reading_choices import selected
from tests.waiting import eventually

HERE = said(("Mom", "Dad", "Minjun", "Hana"), times=5)
OTHER = said(("Mom", "Dad", "Minjun", "Aunt"), times=5, day="2024-02-20")
FAMILY, OTHERS = kakaotalk("Family", *HERE), kakaotalk("Family", *OTHER)
PEOPLE = ["Mom", "Dad", "Minjun", "Aunt"]
FORM: dict[str, str | list[str]] = {
    "timezone": "Asia/Seoul",
    "speaker": PEOPLE,
    "only": PEOPLE,
    "renamed": [""] * len(PEOPLE),
}


async def make_private(app: Quart) -> None:
    async with parts_of(app).db.write() as session:
        await switch_site(session, None, is_public=False)


async def family(app: Quart, browser: Browser) -> None:
    """Make the site private, and import a chat."""
    await make_private(app)
    address = await upload(browser, FAMILY, "chat.txt")
    people = ["Mom", "Dad", "Minjun", "Hana"]
    form = FORM | {"speaker": people, "only": people}
    assert await start(browser, address, **form) == 303
    assert "20 new messages" in shown(await ended(browser, address))


async def invite(browser: Browser, *, room: str = "1") -> None:
    answer = await browser.post("/settings/invitations", form={"name": "Hana", "room": room})
    assert answer.status_code == 200, await body(answer)


async def rooms_of(browser: Browser) -> list[int]:
    answer = await browser.get("/api/v1/rooms")
    return [room["messages"] for room in (await answer.get_json())["items"]]


@pytest.mark.parametrize(("room", "expected"), [("1", [40]), ("new", [20, 20])])
async def test_a_file_goes_into_the_chosen_chat(
    app: Quart, browser: Browser, room: str, expected: list[int]
) -> None:
    await family(app, browser)
    await invite(browser)
    address = await upload(browser, OTHERS, "chat.txt")
    page = await browser.page(address)
    assert "Chat: not chosen yet (Family, 20 messages; guests: Hana)." in shown(page)
    assert "Choose the chat of this file. Nothing is imported until you choose." in shown(page)
    assert selected(page, "room") == ""
    assert await start(browser, address, **FORM) == 422
    assert await rooms_of(browser) == [20]
    assert (await choose(browser, address, **FORM, room=room)).status_code == 303
    page = await browser.page(address)
    assert selected(page, "room") == room
    assert "Nothing is imported until" not in page
    assert await start(browser, address, **FORM, room=room) == 303
    await ended(browser, address)
    assert await rooms_of(browser) == expected


async def test_a_chat_without_guests_is_proposed(app: Quart, browser: Browser) -> None:
    await family(app, browser)
    address = await upload(browser, OTHERS, "chat.txt")
    page = await browser.page(address)
    assert selected(page, "room") == "1"
    assert "Chat: number 1 (Family, 20 messages; title and people are alike)." in shown(page)
    # Without a word about the chat the proposal holds, and the import says so.
    assert await start(browser, address, **FORM) == 303
    assert "Chat: number 1 (Family, 20 messages;" in shown(await ended(browser, address))
    assert await rooms_of(browser) == [40]


async def test_one_of_four_people_proposes_no_chat(app: Quart, browser: Browser) -> None:
    """People who are not here count, too, in the preview as in the import."""
    await family(app, browser)
    await invite(browser)
    people = ["Mom", "Kim", "Lee", "Park"]
    file = kakaotalk("Family", *said(people, times=5, day="2024-02-20"))
    address = await upload(browser, file, "chat.txt")
    assert "not chosen yet" not in shown(await browser.page(address))
    form = FORM | {"speaker": people, "only": people}
    assert await start(browser, address, **form) == 303
    assert "20 new messages" in shown(await ended(browser, address))
    assert await rooms_of(browser) == [20, 20]


async def test_a_longer_export_asks_nothing(app: Quart, browser: Browser) -> None:
    """Its messages are here, in the time zone of the first import."""
    await family(app, browser)
    await invite(browser)
    address = await upload(browser, kakaotalk("Family", *HERE, *OTHER), "chat.txt")
    page = await browser.page(address)
    assert selected(page, "room") is None
    assert "Chat: n" not in shown(page)


async def test_another_time_zone_asks_once_which_chat_and_times(
    app: Quart, browser: Browser
) -> None:
    await family(app, browser)
    await invite(browser)
    people = ["Mom", "Dad", "Minjun", "Hana"]
    form = FORM | {"speaker": people, "only": people, "timezone": "America/New_York"}
    for times in ("file", "new"):
        address = await upload(browser, FAMILY, "chat.txt")
        await browser.page(address)
        # A script sends the zone when it is chosen, just before the button is pressed.
        assert (await choose(browser, address, **form)).status_code == 303
        assert await start(browser, address, **form) == 303
        page = await browser.page(address)
        assert "This chat is already here with other times: Family" in shown(page)
        assert selected(page, "room") is None
        assert 'type="hidden" name="same_room" value="1"' in page
        assert await start(browser, address, **form, same_room="1", same_chat=times) == 303
        await ended(browser, address)
        form["timezone"] = "Asia/Tokyo"
    rooms = (await (await browser.get("/api/v1/rooms")).get_json())["items"]
    zones = {room["tz"]: room["messages"] for room in rooms}
    assert zones == {"America/New_York": 20, "Asia/Tokyo": 20}


@pytest.mark.parametrize(
    ("room", "times", "expected"), [("1", "here", [18, 40]), ("new", "new", [18, 18, 20, 20])]
)
async def test_an_answer_about_times_joins_no_other_chat_of_the_file(
    app: Quart, browser: Browser, room: str, times: str, expected: list[int]
) -> None:
    """Each chat that guests read has its field, and each choice holds."""
    await family(app, browser)
    people = ["Paul", "Ida", "Ben"]
    hike = kakaotalk("Hike", *said(people, times=6, day="2024-03-01"))
    address = await upload(browser, hike, "hike.txt")
    assert await start(browser, address, **FORM | {"speaker": people, "only": people}) == 303
    await ended(browser, address)
    await invite(browser)
    everybody = [*people, *PEOPLE]
    form = FORM | {"speaker": everybody, "only": everybody, "timezone": "Europe/Berlin"}
    form |= {"renamed": [""] * len(everybody)}
    address = await upload(browser, packed(OTHERS, hike), "chats.zip")
    await browser.page(address)
    assert (await choose(browser, address, **form)).status_code == 303
    page = await browser.page(address)
    assert "18 of 38 messages are here already; new: 20, from 2024-02-20 on." in shown(page)
    assert "This chat is already here with other times: Hike" in shown(page)
    assert selected(page, "room") == ""
    assert 'type="hidden" name="same_room" value="2"' in page
    form |= {"same_room": "2", "same_chat": times}
    if times == "here":
        assert await start(browser, address, **form, room="") == 422
    assert await start(browser, address, **form, room=room) == 303
    await ended(browser, address)
    assert sorted(await rooms_of(browser)) == expected


@pytest.mark.usefixtures("own_readers")
async def test_a_file_that_was_not_looked_at_goes_into_a_chat_with_guests(
    app: Quart, browser: Browser
) -> None:
    await family(app, browser)
    await invite(browser)
    preview_within(app, limit_s=1e-6)
    form: dict[str, str | list[str]] = {"unread": "1", "timezone": "Asia/Seoul"}
    address = await upload(browser, OTHERS, "chat.txt")
    rooms = (await browser.page(address)).partition('name="room"')[2]
    assert re.findall(r'<option value="(\w*)">(.*?)<', rooms)[:3] == [
        ("", "detect automatically"),
        ("1", "Family"),
        ("new", "Another chat, which is not here yet"),
    ]
    assert await start(browser, address, **form) == 303
    assert "guests may read (Hana)" in shown(await ended(browser, address))
    address = await upload(browser, OTHERS, "chat.txt")
    assert await start(browser, address, **form, room="1") == 303
    await ended(browser, address)
    assert await rooms_of(browser) == [40]


async def test_a_chat_that_is_known_by_its_id_is_named(app: Quart, browser: Browser) -> None:
    await make_private(app)
    people = ["Mom", "Dad", "Minjun", "Hana"]
    form = FORM | {"speaker": people, "only": people}
    for zone in ("Asia/Seoul", "Europe/Berlin"):
        address = await upload(browser, telegram(7, "Family", *HERE), "result.json")
        await browser.page(address)
        assert (await choose(browser, address, **form | {"timezone": zone})).status_code == 303
        page = await browser.page(address)
        assert ("is already here with other times: Family" in shown(page)) == (zone != "Asia/Seoul")
        answer = {"same_room": "1", "same_chat": "file"} if zone != "Asia/Seoul" else {}
        assert await start(browser, address, **form | {"timezone": zone} | answer) == 303
        await ended(browser, address)
    (room,) = (await (await browser.get("/api/v1/rooms")).get_json())["items"]
    assert (room["messages"], room["tz"]) == (20, "Europe/Berlin")


async def imported(client: Client, path: str, data: bytes) -> Any:
    answer = await client.post(path, data=data, status=202)
    location = answer.headers["Location"]
    return await eventually(
        lambda: client.json(location), until=lambda job: job["state"] != "running"
    )


async def test_the_api_names_the_guests_and_waits_for_a_choice(
    app: Quart, browser: Browser
) -> None:
    await family(app, browser)
    await invite(browser)
    writer = await client_with(app, "write")
    query = "/api/v1/imports?timezone=Asia/Seoul"
    job = await imported(writer, query, OTHERS)
    assert (job["state"], job["accepted"]) == ("failed", 0)
    assert "guests may read (Hana)" in job["errors"][0]["detail"]
    (part,) = job["assumptions"]
    assert (part["kind"], part["value"], part["alternatives"]) == ("room", "", ["1", "new"])
    job = await imported(writer, f"{query}&room=new", OTHERS)
    assert (job["state"], job["accepted"], job["assumptions"]) == ("done", 20, [])
    assert await rooms_of(browser) == [20, 20]
    assert (await writer.post(f"{query}&room=Family", data=OTHERS)).status_code == 400


async def test_later_chats_with_guests_are_found_before_anything_is_stored(
    app: Quart, browser: Browser
) -> None:
    await make_private(app)
    writer = await client_with(app, "write")
    here = [
        {"username": "ann", "text": f"at the {name}", "room": {"name": name}}
        for name in ("pier", "quay", "mole")
    ]
    await imported(writer, "/api/v1/imports", jsonl(*here))
    await invite(browser, room="1")
    await invite(browser, room="2")
    many = [{"username": "ben", "text": f"day {n}", "room": {"name": "work"}} for n in range(1_000)]
    later = [line | {"text": "and later"} for line in here]
    data = jsonl(*many, *later)
    job = await imported(writer, "/api/v1/imports", data)
    assert (job["state"], job["accepted"]) == ("failed", 0)
    open_ones = [part["alternatives"] for part in job["assumptions"] if not part["value"]]
    assert sorted(open_ones) == [["1", "new"], ["2", "new"]]
    assert sorted(await rooms_of(browser)) == [1, 1, 1]
    job = await imported(writer, "/api/v1/imports?room=1&room=2", data)
    assert (job["state"], job["accepted"]) == ("done", 1_003)
    assert sorted(await rooms_of(browser)) == [2, 2, 2, 1_000]


async def test_sent_posts_name_a_chat_with_guests_by_its_id(app: Quart, browser: Browser) -> None:
    writer = await client_with(app, "write")
    pier = {"name": "pier"}
    await writer.add_posts({"username": "ann", "text": "one", "room": pier})
    await invite(browser)
    lines = jsonl(
        {"username": "ben", "text": "two", "room": pier, "source_id": "2"},
        {"username": "ben", "text": "two", "room": pier, "source_id": "2"},
        {"username": "ben", "text": "three", "room": pier | {"id": 1}},
    )
    answer = await writer.post("/api/v1/tweets?publish=1", data=lines, headers=NDJSON)
    report = await answer.get_json()
    assert (report["accepted"], report["rejected"]) == (1, 2)
    assert re.search(r"chat 'pier' has guests.*`id`, 1", report["errors"][0]["detail"])
    for room, status in ((pier, 422), (pier | {"id": 1}, 201), ({"name": "quay"}, 201)):
        answer = await writer.post(
            "/api/v1/users/ben/tweets?publish=1", json={"text": "4", "room": room}, status=status
        )
    assert await rooms_of(browser) == [3, 1]
