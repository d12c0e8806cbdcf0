"""What people are used to: live pages, links that are sent on, the back button, keys, paper."""

import re
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlencode

import pytest
from playwright.async_api import Page, expect

from tests.chats import telegram
from tests.waiting import eventually

from .conftest import OpenPage
from .website import FOG, KOREANS, PAGES, SEVERAL, TEXT, Website, compare_path, crowd_records

pytestmark = pytest.mark.browser

MOST_STOPS: Final = 400
STOP: Final = """() => {
  const found = document.activeElement;
  if (found === document.body) return null;
  const style = getComputedStyle(found.closest(".chip") ?? found);
  const box = found.getBoundingClientRect();
  const isSeen = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
  const isMarked = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  window.stops ??= [];
  if (!window.stops.includes(found)) window.stops.push(found);
  return [window.stops.indexOf(found), isSeen && isMarked, found.outerHTML.slice(0, 100)];
}"""
"""Number and outline of what has the focus; None for the page itself."""
FROM_THE_TOP: Final = "document.body.tabIndex = -1, document.body.focus()"
"""Takes the focus from a field that has it when the page opens."""


@pytest.mark.full
async def test_new_posts_arrive_unless_somebody_is_reading(
    workshop: Website, open_page: OpenPage
) -> None:
    workshop.add_posts("우체국", *(f"{n}번째 편지가 왔어요." for n in range(12)))
    workshop.add_posts("전보국", "두 사람의 글이 있어야 새 글 목록이 있어요.")
    page = await open_page(workshop.address("/"))
    await expect(page.locator("#newest")).to_have_class(re.compile("is-live"))
    workshop.add_posts("우체국", "막 도착한 엽서예요.")
    newest = page.locator("#newest-list")
    await eventually(lambda: has_text(page, "막 도착한 엽서예요."))

    await page.set_viewport_size({"width": 1280, "height": 300})
    await newest.locator("li").last.scroll_into_view_if_needed()
    await page.mouse.wheel(0, 200)
    await eventually(lambda: is_below_the_top(page))
    before = await newest.inner_text()
    workshop.add_posts("우체국", "읽는 동안 온 소포예요.")
    button = page.get_by_role("button", name="새 글 보기")
    await expect(button).to_be_visible()
    assert await newest.inner_text() == before
    await button.click()
    await eventually(lambda: has_text(page, "읽는 동안 온 소포예요."))


@pytest.mark.full
async def test_a_chat_is_in_the_time_zone_of_its_people(
    workshop: Website, open_page: OpenPage, tmp_path: Path
) -> None:
    messages = [("2024-01-15 09:26", "앨리스", "morning"), ("2024-01-15 09:27", "밥", "is it?")]
    file = tmp_path / "result.json"
    file.write_bytes(telegram(1, "런던", *messages))
    workshop.command("import", str(file), "--timezone", "Europe/London", "--publish")
    page = await open_page()  # In Seoul, where it is half past six in the evening.
    await page.goto(workshop.address("/authors"))
    await page.get_by_role("link", name="런던").click()
    await page.locator(".tabs").get_by_role("link", name="메시지").click()
    await expect(page.locator(".when").first).to_have_text(re.compile("오전 9:26"))
    await expect(page.get_by_text("(런던 시간)")).to_have_count(1)
    await page.goto(workshop.address(f"/dashboard/?{urlencode({'username': '앨리스'})}"))
    await expect(page.locator("#hours")).to_contain_text("런던 시간")
    await expect(page.locator("#hours-plot .js-plotly-plot, #hours.is-empty")).to_have_count(1)
    await expect(page.locator("#hours")).to_contain_text("런던 시간")
    # So it is also where other authors are chosen, though no page is loaded.
    workshop.add_posts("역무원", "첫차가 들어와요.")
    await page.goto(workshop.address("/dashboard/"))
    await page.locator("#filters > details > summary").click()
    for name, city, zone in (("역무원", "서울", "Asia/Seoul"), ("앨리스", "런던", "Europe/London")):
        await page.locator(f"#filters [name=username][value={name}]").check()
        await expect(page.locator("#hours")).to_contain_text(f"{city} 시간")
        await expect(page).to_have_url(re.compile(f"tz={quote(zone, safe='')}"))
        await page.locator("#reset").click()


async def has_text(page: Page, text: str) -> bool:
    return text in await page.locator("#newest-list").inner_text()


async def is_below_the_top(page: Page) -> bool:
    top = "document.querySelector('#newest').getBoundingClientRect().top"
    return bool(await page.evaluate(f"{top} < 0"))


@pytest.mark.full
async def test_an_author_among_many_is_found_by_typing(
    workshop: Website, open_page: OpenPage
) -> None:
    for record in crowd_records(authors=14):
        workshop.add_posts(record["username"], record["text"])
    page = await open_page(workshop.address("/"))
    for folded in await page.locator(".one-by-one > summary").all():
        await folded.click()  # There are chats, whose people stand behind their chat.
    field = page.get_by_role("searchbox", name="작성자 찾기")
    chips = page.locator(".chips:not(.whole) .chip:visible")
    await field.fill("BOUR_13")
    await expect(chips).to_have_count(1)
    await field.press("Enter")
    await page.keyboard.press("Space")
    await field.fill("_02")
    await expect(chips).to_have_count(2)  # What is ticked stays in sight.
    await field.press("Enter")
    await page.keyboard.press("Space")
    await page.get_by_label("글", exact=True).fill("Tea at 5, bread at 7, and rain.")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("h1.answer")).to_be_visible()
    page = await open_page(workshop.address("/"), javascript=False)
    await expect(page.locator(".chip-filter")).to_be_hidden()


async def test_single_keys_answer_and_search_until_turned_off(
    website: Website, open_page: OpenPage
) -> None:
    page = await open_page(website.address("/quiz"))
    await page.keyboard.press("2")
    await expect(page.locator("#quiz-heading")).to_have_text(re.compile("글이에요"))
    await page.keyboard.press("/")
    await page.wait_for_url(website.address("/search"))
    # The cursor is in the field; `/` leads back to it from elsewhere on the page.
    await page.locator("h1").click()
    await page.keyboard.press("/")
    await page.keyboard.type("1/2")
    await expect(page.locator("#q")).to_have_value("1/2")
    await page.goto(website.address("/about"))
    await page.get_by_label("한 글자 단축키").uncheck()
    await page.goto(website.address("/quiz"))
    await page.keyboard.press("2")
    await page.keyboard.press("/")
    await expect(page.locator(".guesses button")).to_have_count(4)
    await expect(page.locator(".key").first).to_be_hidden()


@pytest.mark.parametrize(
    "name",
    [
        "compare",
        *(
            pytest.param(name, marks=pytest.mark.full)
            for name in ("home", "compare-all", "search", "author", "quiz", "not-found")
        ),
    ],
)
async def test_the_tab_key_leads_through_the_page_in_plain_sight(
    website: Website, open_page: OpenPage, name: str
) -> None:
    page = await open_page(website.address(PAGES[name]))
    await page.evaluate(FROM_THE_TOP)
    stops: list[tuple[int, bool, str]] = []
    for _ in range(MOST_STOPS):
        await page.keyboard.press("Tab")
        stop = await page.evaluate(STOP)
        if stop is None or stop[0] < len(stops) - 1:
            break
        # A field for a date has several places of its own.
        if not stops or stop[0] != stops[-1][0]:
            stops.append(stop)
    else:
        raise AssertionError(f"the focus never leaves: {stops[-3:]}")
    assert 'class="skip"' in stops[0][2]
    assert [number for number, _, _ in stops] == list(range(len(stops)))
    assert len(stops) > 8
    assert [html for _, is_seen, html in stops if not is_seen] == []


@pytest.mark.full
async def test_paper_is_white_and_carries_what_was_found(
    website: Website, open_page: OpenPage
) -> None:
    page = await open_page(website.address(compare_path(TEXT, *KOREANS)))
    await page.emulate_media(media="print", color_scheme="dark")
    style = "getComputedStyle(document.body)"
    assert await page.evaluate(f"[{style}.backgroundColor, {style}.color]") == [
        "rgb(255, 255, 255)",
        "rgb(28, 27, 26)",
    ]
    for name in (".judged", ".ranking", "h1", ".uses", ".not-for"):
        await expect(page.locator(name).first).to_be_visible()
    for name in (".site-nav", ".compare-form", ".site-footer"):
        await expect(page.locator(name)).to_be_hidden()
    # Where no number is shown the names compared stand, and no card goes to page 2 as a whole.
    await page.emulate_media(media="screen")
    await page.goto(website.address(compare_path(FOG * 30, *SEVERAL)))
    await expect(page.locator(".on-paper")).to_be_hidden()
    await page.emulate_media(media="print")
    for name in SEVERAL:
        await expect(page.locator(".on-paper")).to_contain_text(name)
    await expect(page.locator(".on-paper")).to_be_visible()
    for card in await page.locator(".judged, .columns > .card").all():
        await expect(card).to_have_css("break-inside", "auto")
