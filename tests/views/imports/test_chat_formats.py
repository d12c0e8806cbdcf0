"""The page of an upload says in both languages what it holds, for each app of chats."""

import json

import pytest
from quart import Quart
from sqlalchemy import select

from app.models import Room, RoomPerson
from tests.archives import SMALL_FILES, zip_bytes
from tests.browsing import missing_in, parts_of, signed_in
from tests.selection import first_of
from tests.uploading import ended as until_ended, shown, start, upload

APPS = {
    "kakaotalk": ("KakaoTalk", "카카오톡"),
    "line": ("LINE", "라인"),
    "messenger": ("Messenger and Instagram", "메신저와 인스타그램"),
    "signal": ("Signal", "시그널"),
    "slack": ("Slack", "슬랙"),
    "chatlab": ("ChatLab", "ChatLab"),
    "discord": ("Discord", "디스코드"),
    "whatsapp": ("WhatsApp", "왓츠앱"),
    "telegram": ("Telegram", "텔레그램"),
}
PAGES = zip_bytes({"messages/inbox/us_1/message_1.html": b"<html></html>"})


@pytest.mark.usefixtures("own_readers")
@pytest.mark.parametrize("name", first_of(APPS, "kakaotalk"))
async def test_a_chat_is_shown_and_imported_in_both_languages(app: Quart, name: str) -> None:
    browser = await signed_in(app)
    address = await upload(browser, SMALL_FILES[name], "chat.txt")
    for language, label, messages in (("en", 0, "mina 1 message"), ("ko", 1, "mina 메시지 1개")):
        browser.headers["Accept-Language"] = language
        text = shown(await browser.page(address))
        assert not missing_in(text, APPS[name][label], messages, "hi, you")
    assert await start(browser, address, timezone="Asia/Seoul", publish="on", only="mina") == 303
    assert "새 메시지 1개" in shown(await until_ended(browser, address))
    browser.headers["Accept-Language"] = "en"
    assert "1 new message" in shown(await browser.page(address))


async def test_pages_of_meta_are_refused_with_what_to_do(app: Quart) -> None:
    browser = await signed_in(app)
    address = await upload(browser, PAGES, "facebook.zip")
    for language, told in (
        ("en", "choose the format JSON instead of HTML"),
        ("ko", "형식을 HTML 대신 JSON으로 골라 주세요"),
    ):
        browser.headers["Accept-Language"] = language
        assert told in shown(await browser.page(address))


async def test_of_a_download_with_chats_and_posts_the_page_leads_to_the_posts(app: Quart) -> None:
    files = {
        "messages/inbox/us_1/message_1.json": SMALL_FILES["messenger"],
        "media/posts_1.json": SMALL_FILES["meta"].replace(b"hi, you", b"my harbour"),
    }
    browser = await signed_in(app)
    address = await upload(browser, zip_bytes(files), "instagram.zip")
    page = await browser.page(address)
    assert "Posts of Instagram, Facebook and Threads, which is left out this time." in shown(page)
    assert "mina 1 message hi, you" in shown(page)
    assert "my harbour" not in page
    assert f'href="{address}?format=meta"' in page
    posts = await browser.page(f"{address}?format=meta")
    assert "my harbour" in posts
    assert "left out" not in shown(posts)
    assert 'name="format" value="meta"' in posts
    assert await start(browser, address, format="meta", username="mina") == 303
    assert "1 new post" in shown(await until_ended(browser, address))


async def test_of_an_archive_with_chats_of_several_apps_all_are_read(app: Quart) -> None:
    """Only those of the first app that was recognised were."""
    files = {
        "porch [22].json": SMALL_FILES["discord"].replace(b"hi, you", b"on the porch"),
        "phone/main.jsonl": SMALL_FILES["signal"].replace(b"hi, you", b"on the phone"),
        "us/result.json": SMALL_FILES["telegram"],
        "us/files/note.txt": SMALL_FILES["kakaotalk"].replace(b"hi, you", b"in a text"),
    }
    browser = await signed_in(app)
    address = await upload(browser, zip_bytes(files), "everything.zip")
    page = await browser.page(address)
    assert "Chats of several apps: Telegram, Signal, Discord" in shown(page)
    assert "KakaoTalk, which is left out this time." in shown(page)
    assert "in a text" not in page
    assert all(text in shown(page) for text in ("hi, you", "on the phone", "on the porch"))
    assert f'href="{address}?format=kakaotalk"' in page
    people = {"only": ["mina", "mina_2", "mina_3"]}
    assert await start(browser, address, timezone="Asia/Seoul", publish="on", **people) == 303
    assert "3 new messages" in shown(await until_ended(browser, address))
    async with parts_of(app).db.read() as session:
        query = select(Room.platform, RoomPerson.messages).join(RoomPerson)
        rooms = [tuple(row) for row in await session.execute(query.order_by(Room.platform))]
    assert rooms == [("discord", 1), ("signal", 1), ("telegram", 1)]


async def test_of_several_apps_one_without_messages_is_not_said_to_be_read(app: Quart) -> None:
    telegram = json.loads(SMALL_FILES["telegram"])
    for message in telegram["messages"]:
        message["type"] = "service"
    files = {
        "porch [22].json": SMALL_FILES["discord"],
        "phone/main.jsonl": SMALL_FILES["signal"],
        "us/result.json": json.dumps(telegram).encode(),
    }
    browser = await signed_in(app)
    page = await browser.page(await upload(browser, zip_bytes(files), "everything.zip"))
    assert "Chats of several apps: Signal, Discord" in shown(page)
    assert "Telegram" not in shown(page)


@pytest.mark.parametrize("beside", [{}, {"porch [22].json": SMALL_FILES["discord"]}], ids=str)
async def test_all_that_is_left_out_beside_chats_is_named(
    app: Quart, beside: dict[str, bytes]
) -> None:
    """Posts of Instagram beside chats were left out without a word where a text lay there too."""
    files = {
        "messages/inbox/us_1/message_1.json": SMALL_FILES["messenger"],
        "media/posts_1.json": SMALL_FILES["meta"].replace(b"hi, you", b"my harbour"),
        "us/note.txt": SMALL_FILES["kakaotalk"].replace(b"hi, you", b"in a text"),
    }
    browser = await signed_in(app)
    address = await upload(browser, zip_bytes(files | beside), "everything.zip")
    page = await browser.page(address)
    assert "Posts of Instagram, Facebook and Threads, which is left out this time." in shown(page)
    assert "KakaoTalk, which is left out this time." in shown(page)
    for name in ("meta", "kakaotalk"):
        assert f'href="{address}?format={name}"' in page
    people = {"only": ["mina", "mina_2"]}
    assert await start(browser, address, timezone="Asia/Seoul", publish="on", **people) == 303
    ended = shown(await until_ended(browser, address))
    assert "own posts, which the format meta reads, are left out" in ended
    assert "chats in text are left out of everything.zip, which the format kakaotalk reads" in ended


async def test_a_damaged_chat_beside_a_readable_one_is_named(app: Quart) -> None:
    """It was left out without a word."""
    name = "messages/inbox/us_1/message_1.json"
    files = {"us/result.json": SMALL_FILES["telegram"], name: SMALL_FILES["messenger"][:40]}
    browser = await signed_in(app)
    address = await upload(browser, zip_bytes(files), "everything.zip")
    fault = f"{name} is truncated or damaged in line 1, column 1: a value is not closed"
    assert f"{fault}; this file is left out" in shown(await browser.page(address))
    assert await start(browser, address, timezone="Asia/Seoul", publish="on", only="mina") == 303
    ended = shown(await until_ended(browser, address))
    assert not missing_in(ended, "1 new message", f"{fault}; this file is left out")
    facts = await (await browser.get(f"/api/v1{address}")).get_json()
    assert [error["detail"] for error in facts["errors"]] == [f"{fault}; this file is left out"]
    browser.headers["Accept-Language"] = "ko"
    korean = f"{name}: 1번째 줄 1번째 글자에서 끊겼거나 손상되었어요: 값이 닫히지 않았어요"
    assert f"{korean}. 이 파일은 뺐어요" in shown(await browser.page(address))
