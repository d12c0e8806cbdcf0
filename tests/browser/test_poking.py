"""Poking at an answer: a mark is struck out and taken back, and the text is edited in place."""

from typing import Final

import pytest
from playwright.async_api import Page, expect

from .conftest import WITH_AND_WITHOUT, OpenPage
from .website import Website, compare_path

pytestmark = pytest.mark.browser

NAMES: Final = ("saltmarsh_light", "the_night_ferry")
PIECE: Final = "Wind NW 4, backing."
NO_LETTERS: Final = "The text contains no letters, so it cannot be compared"
TEXT: Final = (
    f"👩‍👩‍👧 Fog again since 02:10. {PIECE} Do you always stay until the end? Lamp steady."
)


async def bars(page: Page) -> list[str]:
    return await page.locator("#bars .share").all_inner_texts()


@WITH_AND_WITHOUT
async def test_a_mark_is_struck_out_and_taken_back(
    website: Website, open_page: OpenPage, *, javascript: bool
) -> None:
    page = await open_page(locale="en", javascript=javascript)
    await page.goto(website.address(compare_path(TEXT, *NAMES)))
    before = await bars(page)
    mark = page.locator(".judged mark a", has_text=PIECE)
    await mark.focus()
    await page.keyboard.press("Enter")
    if javascript:
        await page.locator(".use-card [data-strike]").focus()
    else:
        await page.locator(".uses li:target summary").click()
        await page.locator(".uses li:target [data-strike]").focus()
    await page.keyboard.press("Enter")
    struck = page.locator(".judged .struck a")
    await expect(struck).to_have_text(PIECE)
    assert await page.locator(".judged").inner_text() == TEXT
    assert await bars(page) != before
    assert "without=" in page.url
    if javascript:
        await expect(struck).to_be_focused()
    await struck.focus()
    await page.keyboard.press("Enter")
    await expect(struck).to_have_count(0)
    await expect(mark).to_have_count(1)
    assert await bars(page) == before
    if javascript:
        await expect(mark).to_be_focused()


async def test_gaps_move_with_the_text_and_end_where_it_is_edited(
    website: Website, open_page: OpenPage
) -> None:
    page = await open_page(locale="en")
    start = TEXT.index(PIECE)
    address = compare_path(TEXT, *NAMES) + f"&without={start}-{start + len(PIECE)}"
    await page.goto(website.address(address))
    struck, field = page.locator(".judged .struck a"), page.locator(".edit textarea")
    await page.locator(".edit summary").click()
    for place, typed, rest in ((0, "Oh 🙂. ", [PIECE]), (len(TEXT) + 12, " Yes", [PIECE])):
        await field.evaluate("(each, place) => each.setSelectionRange(place, place)", place)
        await field.press_sequentially(typed)
        await expect(page.locator(".judged")).to_contain_text(typed.strip())
        assert await struck.all_inner_texts() == rest
        await expect(field).to_be_focused()
    await field.fill((await field.input_value()).replace("NW 4", "SW 5"))
    await expect(page.locator(".judged")).to_contain_text("SW 5")
    await expect(struck).to_have_count(0)
    await field.fill("…")
    await expect(page.locator(".poke > .alert")).to_have_text(NO_LETTERS)
    await field.fill(TEXT)
    await expect(page.locator(".poke > .alert")).to_be_hidden()
    await expect(page.locator(".judged")).to_have_text(TEXT)


@pytest.mark.full
async def test_a_later_request_takes_the_place_of_the_one_before(
    website: Website, open_page: OpenPage
) -> None:
    page = await open_page(website.address(compare_path(TEXT, *NAMES)), locale="en", is_new=True)
    failed: list[str] = []
    page.on("requestfailed", lambda request: failed.append(request.url))
    marks = page.locator(".uses [data-strike]")
    assert await marks.count() > 1

    async def hold(route: object) -> None:
        """Leave the first request without an answer."""

    for place in range(2):
        await page.locator(".uses summary").nth(place).click()
    await page.route("**/compare?*", hold, times=1)
    await marks.nth(0).click()
    await marks.nth(1).click()
    # The second one says what the first one said too.
    await expect(page.locator(".judged .struck")).to_have_count(2)
    assert len(failed) == 1
