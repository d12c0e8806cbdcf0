"""The preview of an upload of which not all is read, and of one that takes too much."""

from pathlib import Path

import pytest
from quart import Quart

from app.runtime.sandbox import LIMIT_S
from app.services.imports.preview import Previewer
from saywho.preview import CHAT_S
from tests.browsing import missing_in, parts_of, signed_in
from tests.chats import kakaotalk, said
from tests.conftest import MakeConfig, app_of
from tests.never_ending import AT_ONCE, LATER, plant
from tests.selection import first_of
from tests.uploading import ended, jsonl, shown, start, upload

pytestmark = pytest.mark.usefixtures("own_readers")

CHAT = (
    b"KakaoTalk Chats with us\n\n"
    b"January 15, 2024, 3:10 PM, mina : at the harbour\n"
    b"January 15, 2024, 3:11 PM, You : on my way\n"
)


def preview_within(app: Quart, *, limit_s: float = LIMIT_S, chat_s: float = CHAT_S) -> None:
    """Let looks of the app take so long at most."""
    parts = parts_of(app)
    parts.previewer = Previewer(parts.config, limit_s=limit_s, chat_s=chat_s)


async def test_of_a_long_chat_the_page_says_how_much_was_read(app: Quart) -> None:
    preview_within(app, chat_s=0)
    browser = await signed_in(app)
    address = await upload(browser, CHAT, "chat.txt")
    text = shown(await browser.page(address))
    assert "This page shows only the first 1 message; the import reads them all." in text
    assert "mina 1 message at the harbour" in text
    assert "on my way" not in text
    preview_within(app)
    text = shown(await browser.page(address))
    assert "This page shows only the first" not in text
    assert not missing_in(text, "on my way", "Messages 2")
    assert "Posts" not in text


@pytest.mark.parametrize("data", first_of([AT_ONCE, LATER], AT_ONCE), ids=str)
async def test_a_look_whose_reading_does_not_end_is_ended(
    app: Quart, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: bytes
) -> None:
    plant(tmp_path, monkeypatch)
    preview_within(app, limit_s=1)
    browser = await signed_in(app)
    page = shown(await browser.page(await upload(browser, data, "notes.txt")))
    assert not missing_in(page, "notes.txt", "This file is too large or too complex to preview.")


async def test_a_chat_is_imported_without_a_look_at_it(app: Quart) -> None:
    preview_within(app, limit_s=1e-6)
    browser = await signed_in(app)
    form = {"unread": "1", "timezone": "Asia/Seoul", "username": "zoe"}
    for extra, told in (
        ({}, "this is a chat, and anyone can read this site"),
        ({"publish": "on"}, "2 new messages"),
    ):
        address = await upload(browser, CHAT, "chat.txt")
        page = await browser.page(address)
        assert "too large or too complex to preview" in shown(page)
        for name in form | {"publish": "on"}:
            assert f'name="{name}"' in page
        assert "required" not in page.partition('id="start"')[2].partition("</form>")[0]
        assert await start(browser, address, **form, **extra) == 303
        assert told in shown(await ended(browser, address))
    (post,) = (await (await browser.get("/api/v1/users/zoe/tweets")).get_json())["items"]
    assert (post["text"], post["created_at"]) == ("on my way", "2024-01-15T06:11:00Z")


async def test_a_chat_that_is_here_with_other_times_needs_no_look_at_it(app: Quart) -> None:
    preview_within(app, limit_s=1e-6)
    browser = await signed_in(app)
    form = {"unread": "1", "username": "zoe", "publish": "on"}
    for zone, answer, told in (
        ("Asia/Seoul", "", "20 new messages"),
        ("Europe/London", "", "so nothing is stored"),
        ("Europe/London", "here", "20 already stored"),
        ("Europe/London", "file", "20 already stored"),
    ):
        address = await upload(browser, kakaotalk("us", *said(("mina", "jun"), times=10)), "us.txt")
        page = await browser.page(address)
        assert f'<option value="{answer}"' in page.partition('name="same_chat"')[2]
        form |= {"timezone": zone, "same_chat": answer}
        assert await start(browser, address, **form) == 303
        assert told in shown(await ended(browser, address))
    room = await (await browser.get("/api/v1/rooms/1")).get_json()
    assert (room["messages"], room["tz"]) == (20, "Europe/London")


async def test_a_look_that_has_no_turn_in_time_is_refused(app: Quart) -> None:
    parts = parts_of(app)
    parts.previewer = Previewer(parts.config, most_s=0)
    browser = await signed_in(app)
    answer = await browser.get(await upload(browser, CHAT, "chat.txt"), status=503)
    assert "Reload the page in a moment." in await answer.get_data(as_text=True)


@pytest.mark.parametrize("is_public", [True, False])
async def test_posts_are_imported_without_a_look_at_them(
    make_config: MakeConfig, is_public: bool
) -> None:
    async with app_of(make_config(public=is_public)) as app:
        preview_within(app, limit_s=1e-6)
        browser = await signed_in(app)
        address = await upload(browser, jsonl({"username": "ann", "text": "the harbour"}))
        assert ('name="publish"' in await browser.page(address)) is is_public
        assert await start(browser, address, unread="1", timezone="", username="") == 303
        assert "1 new post" in shown(await ended(browser, address))


async def test_several_files_are_one_import_whose_authors_are_chosen(app: Quart) -> None:
    browser = await signed_in(app)
    files = [("Keeper_Lamp.txt", "The lamp is old."), ("Keeper_Log.txt", "Wind NW 4.")]
    files += [("Pilot_Log.txt", "The soup is hot."), ("Pilot_Log.txt", "My dear friend")]
    parts = [
        f'--xxx\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n{text}\r\n'
        for name, text in files
    ]
    headers = browser.headers | {"Content-Type": "multipart/form-data; boundary=xxx"}
    body = "".join([*parts, "--xxx--\r\n"])
    answer = await browser.post("/imports", data=body, headers=headers)
    address = answer.headers["Location"]
    page = shown(await browser.page(address))
    assert not missing_in(page, "Keeper_Lamp + 3.zip", "Keeper (2), Pilot (2)")
    assert "Author of each file: the beginning of the file’s name, a guess" in page
    browser.headers["Accept-Language"] = "ko"
    page = shown(await browser.page(address))
    assert "파일마다 작성자: 파일 이름의 앞부분으로 짐작했어요 (작성자 2명, 파일 4개)." in page
    headers["Content-Type"] = "application/x-www-form-urlencoded"
    await browser.post(f"{address}/choices", data="pick=author%3Dnone", headers=headers)
    assert "작성자가 어디에 있는지 아래에서 고르거나" in shown(await browser.page(address))
    await browser.post(f"{address}/choices", data="pick=author%3Dfile-start", headers=headers)
    assert "파일마다 작성자" in shown(await browser.page(address))
    assert await start(browser, address, pick="author=file-start", username="mina") == 303
    page = shown(await ended(browser, address))
    assert all(part in page for part in ("새 글 4개", "Keeper", "Pilot"))
