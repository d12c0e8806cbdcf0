"""Who wrote it? in a real browser: by mouse, by keys, without JavaScript."""

import re

import pytest
from playwright.async_api import expect

from .conftest import OpenPage
from .website import Website

pytestmark = pytest.mark.browser


async def test_playing_by_keys(website: Website, open_page: OpenPage) -> None:
    page = await open_page(website.address("/quiz"))
    guesses, heading = page.locator(".guesses button"), page.locator("#quiz-heading")
    for _ in range(3):
        await expect(guesses).to_have_count(4)
        await heading.focus()
        if await page.locator(".judged[tabindex]").count():
            await page.keyboard.press("Tab")  # A long post is a tab stop: arrow keys scroll it.
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await expect(heading).to_be_focused()
        await expect(heading).to_have_text(re.compile("글이에요"))
        # Nothing need be reached to go on, nor may what is said at the beginning be said again.
        await page.keyboard.press("Enter")
        await expect(page.locator("#quiz-lead")).to_be_hidden()
        await expect(guesses).to_have_count(4)
        await expect(heading).to_be_focused()


async def test_the_sixth_author_has_a_key_too(website: Website, open_page: OpenPage) -> None:
    page = await open_page()
    users = (await (await page.request.get(website.address("/api/v1/users?limit=6"))).json())[
        "items"
    ]
    first = users[0]["username"]
    path = f"/api/v1/users/{first}/tweets?limit=1"
    post = (await (await page.request.get(website.address(path))).json())["items"][0]
    ids = ".".join(str(user["id"]) for user in users)
    await page.goto(website.address(f"/quiz?set={ids}-{post['id']}"))
    await expect(page.locator(".guesses button")).to_have_count(6)
    await page.keyboard.press("6")
    await expect(page.locator("#quiz-heading")).to_have_text(re.compile("글이에요"))


async def test_a_mark_of_the_answer_opens(website: Website, open_page: OpenPage) -> None:
    page = await open_page(website.address("/quiz"), locale="en")
    marks = page.locator("#quiz mark a")
    for place in range(1, 10):
        await page.locator(".guesses button").first.click()
        await expect(page.locator("#quiz")).to_contain_text(
            re.compile(rf"Post {place} of 10 · You: \d+, saywho: \d+")
        )
        if await marks.count():
            break
        await page.get_by_role("link", name="Next post").click()
    await marks.first.click()
    await expect(page.locator(".use-card")).to_contain_text(re.compile(r"(in [\d,]+|100) posts"))
    await page.keyboard.press("Escape")
    await expect(page.locator(".use-card")).to_have_count(0)


@pytest.mark.full
async def test_a_set_is_shared_at_its_beginning_and_goes_on_after_a_reload(
    website: Website, open_page: OpenPage
) -> None:
    page = await open_page(website.address("/quiz"))
    address = page.url
    copies = page.get_by_role("button", name="링크 복사")
    await expect(copies).to_be_visible()
    for place in range(2, 11):
        await page.locator(".guesses button").first.click()
        await expect(page.locator("#quiz-heading")).to_have_text(re.compile("글이에요"))
        if place == 2:
            told = await page.locator("#quiz-heading").inner_text()
            await page.reload()
            await expect(page.locator("#quiz-heading")).to_have_text(told)
        await page.get_by_role("link", name="다음 글").click()
        await expect(page.locator("#quiz")).to_contain_text(f"{place}/10")
        if place == 2:
            await page.reload()
            await expect(page.locator("#quiz")).to_contain_text("2/10")
            await expect(copies).to_have_count(0)
    await page.locator(".guesses button").first.click()
    await page.get_by_role("link", name="결과 보기").click()
    await expect(page.locator("#squares")).to_contain_text(address)
    squares = await page.locator("#squares").inner_text()
    await page.reload()
    assert await page.locator("#squares").inner_text() == squares
