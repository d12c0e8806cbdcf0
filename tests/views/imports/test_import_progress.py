"""An import of chats is called as they are, and ends with what was found about them."""

import re
from html import unescape

import pytest
from quart import Quart

from app.services.imports.jobs import IMPORTING
from tests.archives import zip_bytes
from tests.browsing import Browser, parts_of
from tests.chats import kakaotalk, said
from tests.uploading import ended, jsonl, shown, start, upload

FAMILY = ("엄마", "아빠", "지호")
TITLE = "우리 <가족> 🏡"
MESSAGES = [
    message
    for day in range(10, 31)
    for message in said((FAMILY[0], FAMILY[0], *FAMILY, FAMILY[0]), day=f"2024-01-{day}")
]


def heading(page: str) -> str:
    (text,) = re.findall(r'<div id="named"><h1[^>]*>(.*?)</div>', page, re.DOTALL)
    return unescape(" ".join(re.sub(r"<[^>]+>", " ", text).split()))


def finding(page: str) -> str:
    (text,) = re.findall(r'<p class="finding[^>]*>(.*?)</p>', page, re.DOTALL)
    return str(text)


async def begin(browser: Browser, address: str) -> None:
    """Send the form of a preview as it is shown."""
    page = await browser.page(address)
    fields = re.findall(r'<input type="hidden" name="title" value="([^"]*)">', page)
    sent: dict[str, str | list[str]] = {"timezone": "Asia/Seoul", "publish": "on"}
    sent |= {"only": [*FAMILY], "title": [unescape(title) for title in fields]}
    assert await start(browser, address, **sent) == 303


@pytest.mark.full
async def test_an_import_is_called_as_its_chat_before_anything_is_read(
    app: Quart, browser: Browser
) -> None:
    async with parts_of(app).db.exclusive(IMPORTING) as grant:
        assert grant is not None
        address = await upload(browser, kakaotalk(TITLE, *MESSAGES), "chat (3).txt")
        await begin(browser, address)
        page = await browser.page(address)
        assert heading(page) == f"Import: {TITLE} chat (3).txt"
        assert "0 new messages" in shown(page)
        assert 'class="finding"' not in page
        # Of several chats none has the name of all.
        files = {f"{n}.txt": kakaotalk(f"{TITLE}{n}", *MESSAGES) for n in range(2)}
        several = await upload(browser, zip_bytes(files), "chats.zip")
        await begin(browser, several)
        assert heading(await browser.page(several)) == "Import: chats.zip"
    assert heading(await ended(browser, address)) == f"Import: {TITLE}"


async def test_an_import_ends_with_what_was_found(browser: Browser) -> None:
    address = await upload(browser, kakaotalk(TITLE, *MESSAGES), "chat.txt")
    await begin(browser, address)
    await ended(browser, address)
    for language in ("en", "ko"):
        browser.headers["Accept-Language"] = language
        page, overview = await browser.page(address), await browser.page("/room/1")
        assert finding(page) == finding(overview)
        assert "엄마" in finding(page)
        (bar, *_), (same, *_) = (
            re.findall(r'<svg class="stacked".*?</svg>\n', text, re.DOTALL)
            for text in (page, overview)
        )
        assert bar == same
        (first,) = re.findall(r'<a class="button primary" href="([^"]+)"', page)
        assert first == "/room/1"
        assert page.index(finding(page)) < page.index(first)
    # Again, with nothing new: it is told all the same.
    again = await upload(browser, kakaotalk(TITLE, *MESSAGES), "chat.txt")
    await begin(browser, again)
    assert finding(await ended(browser, again)) == finding(overview)


async def test_an_import_of_one_author_ends_with_what_was_found(browser: Browser) -> None:
    days = [f"2024-{month:02}-0{day}" for month in (3, 4, 4, 5) for day in range(1, 8)]
    posts = [
        {"username": "mina", "text": f"the harbour {place}", "created_at": f"{day}T05:00:00Z"}
        for place, day in enumerate(days)
    ]
    address = await upload(browser, jsonl(*posts), "posts.jsonl")
    await begin(browser, address)
    await ended(browser, address)
    for language in ("en", "ko"):
        browser.headers["Accept-Language"] = language
        page = await browser.page(address)
        assert "14" in finding(page)  # Of the busiest month.
        assert heading(page) == {"en": "Import: mina", "ko": "가져오기: mina"}[language]
        assert re.findall(r'class="button primary" href="([^"]+)"', page) == ["/user/mina"]
    # Of several authors nothing is said.
    both = jsonl(
        *(
            post | {"username": name, "text": "tea"}
            for name in ("mina", "두리")
            for post in posts[:1]
        )
    )
    several = await upload(browser, both, "posts.jsonl")
    await begin(browser, several)
    assert 'class="finding"' not in await ended(browser, several)


async def test_of_several_chats_each_is_listed_with_what_was_found(browser: Browser) -> None:
    few = said(FAMILY, times=2)
    files = {"few.txt": kakaotalk("나들이", *few), "many.txt": kakaotalk(TITLE, *MESSAGES)}
    address = await upload(browser, zip_bytes(files), "chats.zip")
    await begin(browser, address)
    page = await ended(browser, address)
    assert 'class="finding"' not in page
    listed = re.findall(
        r'<li>.*?href="(/room/\d+)"><bdi>(.*?)</bdi>.*?<p class="found">(.*?)</p>', page, re.DOTALL
    )
    assert [unescape(name) for _, name, _ in listed] == [TITLE, "나들이"]
    for path, _, told in listed:
        assert told == finding(await browser.page(path))
    assert re.findall(r'<a class="button primary" href="([^"]+)"', page) == ["/rooms"]


async def test_empty_pages_tell_how_far_an_import_is(app: Quart, browser: Browser) -> None:
    paths = ("/", "/rooms", "/authors", "/posts", "/search")
    told = "An import is running. 0% of the file is read."
    async with parts_of(app).db.exclusive(IMPORTING) as grant:
        assert grant is not None
        address = await upload(browser, kakaotalk(TITLE, *MESSAGES), "chat.txt")
        await begin(browser, address)
        pages = [await browser.page(path) for path in paths]
        refused = await browser.get("/compare?text=tea")
        pages.append(await refused.get_data(as_text=True))
        assert all(told in page and f'href="{address}"' in page for page in pages)
        assert not any("no chats here" in page or "Nothing here" in page for page in pages)
    await ended(browser, address)
    for path in paths:
        page = await browser.page(path)
        assert told not in page
        if path in {"/", "/rooms", "/authors"}:
            assert unescape(TITLE.split()[0]) in page
