"""A picture is chosen in a dialog in a real browser, and on its page without JavaScript."""

import asyncio
import re
from urllib.parse import quote

import pytest
from playwright.async_api import Page, Route, expect

from .conftest import OpenPage
from .website import KOREANS, Website

pytestmark = pytest.mark.browser

PATH = f"/user/{quote(KOREANS[0])}"


async def expect_picture(page: Page, width: int, height: int) -> None:
    """Expect the preview to be a picture of that size, which is the one that is saved."""
    image = page.locator(".preview img")
    await expect(image).to_have_js_property("naturalWidth", width)
    await expect(image).to_have_js_property("naturalHeight", height)
    saved = page.get_by_role("link", name="그림으로 저장")
    assert await saved.get_attribute("href") == await image.get_attribute("src")


async def test_a_dialog_shows_the_picture_that_is_chosen(
    website: Website, open_page: OpenPage
) -> None:
    page = await open_page(website.address(PATH))
    await page.locator(".share summary").press("Enter")
    opens = page.get_by_role("link", name="그림 만들기", exact=True)
    await opens.press("Enter")
    dialog = page.get_by_role("dialog", name="그림 만들기")
    await expect(dialog.get_by_label("링크 미리보기")).to_be_focused()
    await expect_picture(page, 1200, 630)
    story = dialog.get_by_label("스토리")
    await story.press("Space")
    await expect_picture(page, 1080, 1920)
    await expect(story).to_be_focused()
    await dialog.get_by_label("어둡게").check()
    await expect(page.locator(".preview img")).to_have_attribute("src", re.compile("theme=dark"))
    await expect(dialog.get_by_role("button", name="보기")).to_be_hidden()
    await page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)
    await expect(opens).to_be_focused()
    assert page.url == website.address(PATH)


async def test_a_picture_of_a_year_is_chosen_while_the_page_is_loaded_again(
    website: Website, open_page: OpenPage
) -> None:
    page = await open_page(width=390)
    path = f"{PATH}/2026"
    is_open = asyncio.Event()

    async def hold(route: Route) -> None:
        # A first page is loaded again in the days of the browser: here, once the dialog is open.
        if route.request.headers.get("hx-request"):
            await is_open.wait()
        await route.continue_()

    await page.route(re.compile(r"/2026(?:\?|$)"), hold)
    await page.goto(website.address(path))
    await page.locator(".share summary").click()
    opens = page.locator(".share [data-picture]").first
    await opens.click()
    dialog = page.get_by_role("dialog", name="그림 만들기")
    await expect_picture(page, 1080, 1350)
    is_open.set()
    await expect(page.locator("#year")).to_have_attribute("data-zone", "Asia/Seoul")
    await dialog.get_by_label("어둡게").check()
    await expect(page.locator(".preview img")).to_have_attribute("src", re.compile("theme=dark"))
    await expect(dialog.locator(".preview img")).to_have_count(1)
    await page.keyboard.press("Escape")
    await expect(opens).to_be_focused()
    assert page.url == website.address(path)


async def test_a_first_visit_has_the_days_of_the_browser(
    website: Website, open_page: OpenPage
) -> None:
    page = await open_page()
    path = f"/user/{quote(KOREANS[0])}/2026/picture"
    answer = await page.goto(website.address(path))
    assert answer is not None
    assert "picture.png?tz=UTC" in await answer.text()
    image = page.locator(".preview img")
    await expect(image).to_have_attribute("src", re.compile(r"picture\.png\?tz=Asia/Seoul&"))
    await expect_picture(page, 1200, 630)
    # So it is for all that is chosen then, and whoever names a zone gets that one.
    await page.get_by_label("세로").check()
    await expect(image).to_have_attribute("src", re.compile("tz=Asia/Seoul&.*1080x1350"))
    await page.context.clear_cookies()
    await page.goto(website.address(f"{path}?tz=Europe/Paris"))
    await expect(page.get_by_role("button", name="보기")).to_be_hidden()
    await expect(image).to_have_attribute("src", re.compile("tz=Europe/Paris&"))


@pytest.mark.full
async def test_its_page_does_the_same_without_javascript(
    website: Website, open_page: OpenPage
) -> None:
    page = await open_page(website.address(PATH), javascript=False)
    await page.locator(".share summary").click()
    await page.get_by_role("link", name="그림 만들기", exact=True).click()
    await expect_picture(page, 1200, 630)
    await page.get_by_label("세로").check()
    await page.get_by_label("첫 글자").check()
    await page.get_by_role("button", name="보기").click()
    await expect_picture(page, 1080, 1350)
    assert "names=initials" in page.url
    await page.get_by_role("link", name="돌아가기").click()
    assert page.url == website.address(PATH)
