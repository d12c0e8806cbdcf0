"""A chat is deleted on a page that says what goes with it, or by the API."""

from typing import Final
from urllib.parse import quote

import pytest
from quart import Quart

from app.services import deletion as services
from app.views.access import content
from tests.browsing import Browser, missing_in, parts_of, signed_in
from tests.chats import import_chat, kakaotalk, said
from tests.conftest import Client
from tests.listening import listening
from tests.waiting import eventually

ROOM: Final = "/settings/rooms/1/delete"
LINK: Final = f'href="{ROOM}"'


async def two_chats(app: Quart) -> None:
    """Store two chats; Anna writes in both."""
    db = parts_of(app).db
    await import_chat(db, kakaotalk("우리 <b>", *said(("민준 (회사)", "하늘", "Anna"), times=8)))
    later = said(("Anna", "보라"), times=6, day="2024-02-15")
    await import_chat(db, kakaotalk("저쪽", *later))


async def delete(browser: Browser, room_id: int) -> str:
    """Send the form of the page; return the page where it leads."""
    form = {"confirm": "yes"}
    answer = await browser.post(f"/settings/rooms/{room_id}/delete", form=form, status=303)
    return await browser.page(answer.headers["Location"])


async def test_the_page_says_what_goes_and_who_stays(app: Quart, anybody: Client) -> None:
    await two_chats(app)
    browser = await signed_in(app)
    assert LINK in await browser.page("/room/1")
    assert LINK in await browser.page("/settings")
    assert LINK not in await anybody.page("/room/1")
    page = await browser.page(ROOM)
    assert not missing_in(page, "<bdi>우리 &lt;b&gt;</bdi>", "24 messages · 3 people")
    assert "January 15, 2024" in page
    going, staying = page.split("These people stay, with everything they wrote elsewhere:")
    going = going.split("These people wrote only in this chat and are deleted with it:")[1]
    assert [name in going for name in ("민준 (회사)", "하늘", "Anna")] == [True, True, False]
    assert [name in staying for name in ("민준", "하늘", ">Anna<")] == [False, False, True]
    assert "wrote only in this chat" in await browser.page("/settings/rooms/2/delete")


async def test_nothing_is_deleted_without_a_confirmation(app: Quart, anybody: Client) -> None:
    await two_chats(app)
    browser = await signed_in(app)
    for form in ({}, {"confirm": "no"}):
        assert (await browser.post(ROOM, form=form)).status_code == 422
    assert (await anybody.json("/api/v1/rooms/1"))["messages"] == 24


async def test_the_list_of_chats_says_what_was_deleted(app: Quart, anybody: Client) -> None:
    await two_chats(app)
    browser = await signed_in(app)
    page = await delete(browser, 1)
    assert "The chat <bdi>우리 &lt;b&gt;</bdi> and all its messages were deleted." in page
    assert "저쪽" in page
    # The sentence is for the operator alone, wherever the address is sent.
    assert "were deleted" not in await anybody.page("/rooms?deleted=x")
    # Nor does an address say so of what is here.
    for address in (f"/rooms?deleted={quote('저쪽')}", f"/authors?deleted={quote('보라')}"):
        assert "were deleted" not in await browser.page(address)
    assert "<bdi>하늘</bdi> and all" in await browser.page(f"/authors?deleted={quote('하늘')}")
    for path in ("/room/1", ROOM, "/user/하늘"):
        assert (await browser.get(path)).status_code == 404
    assert (await anybody.json("/api/v1/users/Anna"))["tweets"] == 6
    assert "There are no chats here yet." in await delete(browser, 2)
    assert 'href="/rooms"' not in await anybody.page("/")


async def test_a_program_deletes_a_chat_once(app: Quart, admin: Client, writer: Client) -> None:
    await two_chats(app)
    assert (await writer.delete("/api/v1/rooms/1")).status_code == 403
    answer = await admin.delete("/api/v1/rooms/1")
    assert (answer.status_code, await answer.get_data()) == (204, b"")
    following = {"Saywho-After": answer.headers["Saywho-Event"]}
    people = await (await admin.get("/api/v1/users", headers=following)).get_json()
    assert [(user["username"], user["tweets"]) for user in people["items"]] == [
        ("Anna", 6),
        ("보라", 6),
    ]
    again = await admin.delete("/api/v1/rooms/1")
    assert (again.status_code, again.content_type) == (404, "application/problem+json")
    assert (await again.get_json())["detail"] == "There is no chat 1"


async def test_followers_of_the_stream_are_told_what_goes(app: Quart, admin: Client) -> None:
    await two_chats(app)
    messages = (await admin.json("/api/v1/users/Anna/tweets?limit=200"))["items"]
    gone = {message["id"] for message in messages if message["room"]["id"] == 1}
    people = [await admin.json(f"/api/v1/users/{name}") for name in ("하늘", "민준_(회사)")]
    async with listening(app) as (listener,):
        await admin.delete("/api/v1/rooms/1")
        told = [event[1:] for event in await listener.next(len(gone) + len(people))]
    of_people = [data["id"] for kind, data in told if kind == "user.deleted"]
    assert sorted(of_people) == sorted(person["id"] for person in people)
    assert {data["id"] for kind, data in told if kind == "tweet.deleted"} == gone


async def test_of_a_long_chat_the_rest_follows_the_answer(
    app: Quart, admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(content, "LONGEST_WAIT_S", 0.0)
    monkeypatch.setattr(services, "MESSAGES", 1)
    await two_chats(app)
    assert (await admin.delete("/api/v1/rooms/1")).status_code == 204

    async def look() -> int:
        user = await admin.json("/api/v1/users/Anna")
        return int(user["tweets"])

    await eventually(look, until=lambda posts: posts == 6)
    assert len((await admin.json("/api/v1/users/Anna/tweets?limit=200"))["items"]) == 6
