"""A copied chat: heads in grey, one of several people, and the slider and marks as ever."""

from typing import Final

import pytest
from playwright.async_api import Page, expect

from .conftest import WITH_AND_WITHOUT, OpenPage
from .website import Website, compare_path

pytestmark = pytest.mark.browser

NAMES: Final = ("saltmarsh_light", "the_night_ferry")
PIECE: Final = "Wind NW 4, backing."
CHAT: Final = (
    "[21:06, 1/15/2024] saltmarsh_light: Fog again since 02:10.\n"
    f"[21:07, 1/15/2024] saltmarsh_light: {PIECE} Lamp steady.\n"
    "[21:08, 1/15/2024] Jun: Do you always stay until the end?"
)


async def unjudged(page: Page) -> list[str]:
    return await page.locator(".judged .unjudged").all_inner_texts()


@WITH_AND_WITHOUT
async def test_one_person_of_a_copied_chat_is_chosen(
    website: Website, open_page: OpenPage, *, javascript: bool
) -> None:
    page = await open_page(locale="en", javascript=javascript)
    await page.goto(website.address(compare_path(CHAT, *NAMES)))
    await expect(page.locator("h1")).to_have_text("Several people wrote this")
    await expect(page.locator(".ranking")).to_have_count(0)
    await page.locator("#answer").get_by_role("link", name="saltmarsh_light (2 messages)").click()
    await expect(page.locator("h1")).to_contain_text("saltmarsh_light")
    assert (await unjudged(page))[-1] == "Do you always stay until the end?"
    await expect(page.locator(".ranking")).not_to_have_count(0)
    # A mark is left out in the text with its heads.
    address = page.url
    await page.goto(f"{address}&without={CHAT.index(PIECE)}-{CHAT.index(PIECE) + len(PIECE)}")
    await expect(page.locator(".judged .struck")).to_have_text(PIECE)
    assert await page.locator(".judged").inner_text() == CHAT


async def test_the_slider_and_the_edited_text_keep_the_chosen_person(
    website: Website, open_page: OpenPage
) -> None:
    page = await open_page(locale="en")
    await page.goto(website.address(compare_path(CHAT, *NAMES) + "&person=saltmarsh_light"))
    before = await page.locator("#bars .share").all_inner_texts()
    await page.locator(".change > summary").click()
    await page.locator("#sure").fill("0.05")
    await expect(page.locator("#bars .share").first).not_to_have_text(before[0])
    assert "person=saltmarsh_light" in page.url
    assert len(await unjudged(page)) == 4
    await page.locator(".edit summary").click()
    field = page.locator(".edit textarea")
    await field.fill(CHAT.replace("Lamp steady.", "Lamp steady, and bright."))
    await expect(page.locator(".judged")).to_contain_text("and bright")
    assert len(await unjudged(page)) == 4
    await field.fill("Jun: nothing is left of the heads here")
    await expect(page.locator(".poke > .alert")).to_contain_text("No message is by")


async def test_heads_are_put_back_and_taken_off(website: Website, open_page: OpenPage) -> None:
    page = await open_page(locale="ko", width=390)
    await page.goto(website.address(compare_path("\n".join(CHAT.split("\n")[:2]), *NAMES)))
    assert len(await unjudged(page)) == 2
    await page.get_by_role("link", name="글 전체를 그대로 보기").click()
    await expect(page.locator(".judged .unjudged")).to_have_count(0)
    await page.get_by_role("link", name="빼고 보기").click()
    await expect(page.locator(".judged .unjudged")).to_have_count(2)
    assert "heads" not in page.url
    is_wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    assert not await page.evaluate(is_wide)
