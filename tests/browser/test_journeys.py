"""What people come for, done in a real browser."""

import asyncio
import re
from urllib.parse import parse_qs, quote, unquote, urlsplit

import pytest
from playwright.async_api import Page, Route, expect

from .conftest import WITH_AND_WITHOUT, OpenPage, box_of, go_back
from .website import KOREANS, RIGHT_TO_LEFT, TEXT, Website, compare_path

pytestmark = pytest.mark.browser


async def compare(page: Page, text: str, *usernames: str) -> None:
    await page.locator("#tweet_text").fill(text)
    for username in usernames:
        await page.get_by_role("checkbox", name=username).check()
    await page.get_by_role("button", name="누가 썼는지 알아보기").click()


async def ranking(page: Page) -> list[str]:
    return await page.locator(".ranking li").all_inner_texts()


@WITH_AND_WITHOUT
async def test_asking_about_two_authors_from_the_front_page(
    website: Website, open_page: OpenPage, javascript: bool
) -> None:
    page = await open_page(website.address("/"), javascript=javascript)
    await compare(page, TEXT, *KOREANS)
    verdict = "이 2명 가운데 골목빵집\u2060의 글과 가장 닮았어요"
    await expect(page.locator("h1.answer")).to_have_text(verdict)
    assert await page.title() == f"{verdict} · saywho"
    assert parse_qs(urlsplit(page.url).query) == {"text": [TEXT], "username": list(KOREANS)}
    for text in await page.locator(".judged mark").all_text_contents():
        assert text in TEXT
    assert len(await ranking(page)) == 3
    await expect(page.locator(".ranking")).to_contain_text("다른 사람")
    await page.locator(".trust summary").click()
    await expect(page.locator(".not-for")).to_be_visible()


@WITH_AND_WITHOUT
async def test_a_mark_tells_who_writes_so_and_where(
    website: Website, open_page: OpenPage, javascript: bool
) -> None:
    page = await open_page(website.address(compare_path(TEXT, *KOREANS)), javascript=javascript)
    mark = page.locator(".judged mark a").first
    await mark.focus()
    await page.keyboard.press("Enter")
    told = page.locator(".use-card" if javascript else ".uses li:target")
    await expect(told).to_contain_text(re.compile(r"글 (하나|[\d,]+개)에 (한|[\d.]+) ?번쯤"))
    if javascript:
        await page.keyboard.press("Escape")
        await expect(told).to_have_count(0)
        await expect(mark).to_be_focused()
        await mark.click()
    else:
        await told.locator("summary").click()
    await told.get_by_role("link").first.click()
    await expect(page).to_have_url(re.compile(r"/tweet/\d+$"))


@WITH_AND_WITHOUT
async def test_the_belief_beforehand_moves_the_bars(
    website: Website, open_page: OpenPage, javascript: bool
) -> None:
    page = await open_page(website.address(compare_path(TEXT, *KOREANS)), javascript=javascript)
    before = await shares(page)
    await page.locator(".change > summary").click()
    await page.locator("#sure").focus()
    await page.keyboard.press("Home")
    if javascript:
        await expect(page.locator("output")).to_have_text("1%")
        await page.wait_for_url(re.compile("sure=0.01"))
        await expect(page.locator("#sure")).to_be_focused()
    else:
        await page.get_by_role("button", name="적용").click()
    await expect(page.locator(".model")).to_contain_text("처음 확신: 1%")
    moved = await shares(page)
    assert moved["다른 사람"] > before["다른 사람"]
    heading = await page.locator("h1").inner_text()
    assert (await page.title()).startswith(heading)
    for link in (page.locator("[data-picture]"), page.locator(".model a")):
        assert "sure=0.01" in (await link.get_attribute("href") or "")
    # The numbers that were asked for are in sight, and so they are at the address that is sent on.
    await expect(page.locator(".ranking").first).to_be_visible()
    await page.goto(page.url)
    await expect(page.locator("h1")).to_have_text(heading)
    assert await shares(page) == moved
    await expect(page.locator(".ranking").first).to_be_visible()


async def test_all_of_the_answer_follows_the_slider_once_it_rests(
    website: Website, open_page: OpenPage
) -> None:
    page = await open_page(locale="en")
    await page.goto(website.address(compare_path(TEXT)))
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    await page.locator(".change > summary").click()
    await page.locator("#sure").focus()
    for _ in range(12):
        await page.keyboard.press("ArrowLeft")
    await page.wait_for_url(re.compile(r"sure=0\.38"))
    # Moves that follow each other ask once, or twice where the machine was slow.
    assert len([url for url in requests if "/compare?" in url]) < 12
    folded = page.locator(".printed > .ranking .share b")
    shown = await folded.all_text_contents()
    await page.reload()
    assert await folded.all_text_contents() == shown
    assert await page.locator("output").inner_text() == "38%"


@pytest.mark.full
async def test_the_slider_of_a_private_text_leaves_it_out_of_the_address(
    website: Website, open_page: OpenPage
) -> None:
    page = await open_page(website.address("/"))
    await page.locator(".manner > summary").click()
    await page.locator("[name=private]").check()
    await compare(page, TEXT, *KOREANS)
    heading = page.locator("h1.answer")
    before = await heading.inner_text()
    await page.wait_for_load_state()  # Before its scripts run, a move changes nothing.
    await page.locator(".change > summary").click()
    await page.locator("#sure").focus()
    await page.keyboard.press("Home")
    await expect(page.locator(".model")).to_contain_text("1%")
    assert await heading.inner_text() != before
    assert page.url == website.address("/compare")


@pytest.mark.full
async def test_without_an_answer_the_slider_goes_back(
    website: Website, open_page: OpenPage
) -> None:
    page = await open_page(website.address(compare_path(TEXT, *KOREANS)), is_new=True)
    heading = await page.locator("h1").inner_text()
    await page.route("**/compare?*", lambda route: route.abort())
    await page.locator(".change > summary").click()
    await page.locator("#sure").focus()
    await page.keyboard.press("Home")
    await expect(page.locator("output")).to_have_text("50%")
    assert await page.locator("#sure").input_value() == "0.5"
    assert await page.locator("h1").inner_text() == heading


async def test_a_long_text_is_counted_and_not_cut(website: Website, open_page: OpenPage) -> None:
    page = await open_page(website.address("/"), locale="en")
    counter = page.locator(".counter")
    await page.locator("#tweet_text").fill("a" * 19_999)
    await expect(counter).to_be_hidden()
    await page.locator("#tweet_text").fill("😀" * 20_001)
    await expect(counter).to_have_text("20,001 of 25,000 characters")
    await page.locator("#tweet_text").fill("Tea and rain. " * 2_000)
    await expect(counter).to_have_text("28,000 of 25,000 characters")
    await page.locator("#tweet_text").press("Control+Enter")
    await expect(page.get_by_role("alert")).to_contain_text("25,000 characters at most")
    assert len(await page.locator("#tweet_text").input_value()) == 28_000


@pytest.mark.full
async def test_paper_has_the_address_and_the_folded_authors(
    website: Website, open_page: OpenPage
) -> None:
    page = await open_page(website.address(compare_path(TEXT)), locale="en")
    folded = page.locator(".printed > .ranking > li")
    assert await folded.count() > 1
    await expect(folded.last).to_be_hidden()
    await page.emulate_media(media="print")
    await expect(folded.last).to_be_visible()
    # Readable letters: paper is not clicked.
    assert (await page.locator(".address").inner_text()) == unquote(page.url)


async def shares(page: Page) -> dict[str, int]:
    """Return the bars' percentages; less than one is none."""
    names = await page.locator(".ranking .who > :first-child").all_text_contents()
    shown = await page.locator(".ranking .share b").all_text_contents()
    told = {"<1%": 0, ">99%": 100}
    return {
        name.strip(): told.get(share, int(share.strip("<>%")))
        for name, share in zip(names, shown, strict=True)
    }


@pytest.mark.full
async def test_going_back_from_an_answer_keeps_what_was_typed_and_ticked(
    website: Website, crowd: Website, open_page: OpenPage
) -> None:
    page = await open_page()
    text, several = page.locator("#tweet_text"), page.locator("[name=each_line]")
    await page.goto(website.address("/"))
    await page.locator(".manner > summary").click()
    await several.check()
    await compare(page, f"{TEXT}\n오늘도 굽습니다.", *KOREANS)
    assert parse_qs(urlsplit(page.url).query)["text"] == [TEXT, "오늘도 굽습니다."]
    await go_back(page)
    await expect(text).to_have_value(f"{TEXT}\n오늘도 굽습니다.")
    await expect(several).to_be_checked()
    await expect(page.get_by_role("checkbox", name=KOREANS[0])).to_be_checked()
    await expect(page.locator("[data-chosen]")).to_have_text(", ".join(KOREANS))
    await page.goto(crowd.address("/"))
    await page.locator("#username1").fill("neighbour_07")
    await compare(page, "Tea at 5, bread at 7, and rain.")
    await expect(page.locator("h1.answer")).to_be_visible()
    await go_back(page)
    await expect(page.locator("#username1")).to_have_value("neighbour_07")


@WITH_AND_WITHOUT
async def test_search_marks_what_matches(
    website: Website, open_page: OpenPage, javascript: bool
) -> None:
    page = await open_page(website.address("/search"), javascript=javascript)
    await page.get_by_role("searchbox", name="검색어").fill("호밀")
    await page.get_by_role("combobox", name="작성자").fill("골목빵집")
    await page.locator("#since").fill("2025-11-02")
    await page.get_by_role("button", name="검색").click()
    await expect(page.locator(".post mark").first).to_be_visible()
    marks = await page.locator(".post mark").all_text_contents()
    assert all(text.startswith("호밀") for text in marks)
    assert parse_qs(urlsplit(page.url).query)["tz"] == ["Asia/Seoul" if javascript else "UTC"]
    # Other filters work by address, stay, and stand in sight until they are dropped.
    await page.goto(f"{page.url}&lang=ko&kind=post")
    await page.get_by_role("button", name="검색").click()
    asked = parse_qs(urlsplit(page.url).query)
    assert (asked["lang"], asked["kind"]) == (["ko"], ["post"])
    await expect(page.locator(".narrowed")).to_contain_text("글, 한국어")
    await page.locator(".narrowed a").click()
    await expect(page.locator(".narrowed")).to_have_count(0)
    await expect(page.get_by_role("combobox", name="작성자")).to_have_value("골목빵집")
    await page.goto(f"{page.url}&platform=mastodon")
    await page.get_by_role("button", name="검색").click()
    await expect(page.get_by_role("heading", name="맞는 글이 없어요")).to_be_visible()


async def test_more_posts_are_appended(website: Website, open_page: OpenPage) -> None:
    page = await open_page(website.address("/user/" + quote("골목빵집")))
    posts, more = page.locator("#list > li"), page.get_by_role("link", name="글 더 보기")
    await expect(posts).to_have_count(4)
    await more.click()
    await expect(posts).to_have_count(24)
    await expect(posts.nth(4).locator(".when")).to_be_focused()
    assert "UTC" not in await posts.nth(18).inner_text()
    await more.click()
    await expect(posts).to_have_count(44)
    await more.click()
    await expect(posts).to_have_count(60)
    await expect(more).to_have_count(0)
    links = await page.locator("#list .when").evaluate_all("all => all.map(link => link.href)")
    assert len(set(links)) == 60


async def test_the_calendar_is_walked_by_keys_in_the_days_of_the_viewer(
    website: Website, open_page: OpenPage
) -> None:
    page = await open_page(website.address("/user/" + quote("골목빵집")))
    calendar = page.locator("#calendar")
    await expect(calendar).to_have_attribute("data-zone", "Asia/Seoul")
    await calendar.get_by_text("날짜별로 보기").click()
    await expect(calendar.locator("a.day[tabindex='0']")).to_have_count(1)
    await calendar.locator("a.day[tabindex='0']").focus()
    await page.keyboard.press("Home")
    first = await page.evaluate("document.activeElement.href")
    assert "since=2026-01-" in first
    await page.keyboard.press("ArrowDown")
    assert await page.evaluate("document.activeElement.href") > first
    title = await page.evaluate("document.activeElement.textContent")
    await page.keyboard.press("Enter")
    await expect(page.locator("h1")).to_contain_text(title.partition(":")[0])
    await expect(page.locator("#list > li")).to_have_count(int(re.findall(r"(\d+)개", title)[0]))


async def test_days_are_those_of_the_viewer_from_the_second_page_on(
    website: Website, open_page: OpenPage
) -> None:
    year = website.address(f"/user/{quote('골목빵집')}/2026")
    page = await open_page()
    answer = await page.goto(year)
    assert answer
    assert 'data-zone="UTC"' in await answer.text()
    await expect(page.locator("#year")).to_have_attribute("data-zone", "Asia/Seoul")
    for address in (year, website.address("/room/1")):
        answer = await page.goto(address)
        assert answer
        assert 'data-zone="Asia/Seoul"' in await answer.text(), address
    await expect((await open_page(year, javascript=False)).locator("#year")).to_contain_text("UTC")


async def tab_to(page: Page, selector: str) -> None:
    for _ in range(40):
        await page.keyboard.press("Tab")
        if await page.evaluate("s => document.activeElement.matches(s)", selector):
            return
    raise AssertionError(f"no stop leads to {selector}")


async def test_the_keyboard_is_enough(website: Website, open_page: OpenPage) -> None:
    page = await open_page(website.address("/authors"))
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="본문으로 건너뛰기")).to_be_focused()
    await page.keyboard.press("Enter")
    await page.goto(website.address("/"))  # Its search has the focus.
    await tab_to(page, "#tweet_text")
    await page.keyboard.insert_text("시청 앞 5분 지연, 양해 바랍니다")
    await tab_to(page, "[name=username]")
    await page.keyboard.press("Space")
    await page.keyboard.press("ArrowRight")
    await page.keyboard.press("Space")
    # The authors are one stop, however many they are.
    await page.keyboard.press("Tab")
    await expect(page.get_by_text("한 사람씩 고르기")).to_be_focused()
    await page.keyboard.press("Tab")
    await expect(page.locator("[name=sure]")).to_be_focused()
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("button", name="누가 썼는지 알아보기")).to_be_focused()
    # What is asked seldom comes after the button.
    for selector in ("[href='/compare/example']", ".manner summary"):
        await page.keyboard.press("Tab")
        await expect(page.locator(selector)).to_be_focused()
    await page.keyboard.press("Enter")
    for name in ("한 줄이 메시지 하나예요", "링크와 브라우저 기록에 남기지 않기"):
        await page.keyboard.press("Tab")
        await expect(page.get_by_label(name)).to_be_focused()
    await page.locator("main .button.primary").press("Enter")
    await expect(page.locator("h1.answer")).to_be_visible()


async def test_the_arrow_keys_walk_the_days_of_a_chat(
    website: Website, open_page: OpenPage
) -> None:
    """They lead into the chat, not to lists of posts."""
    page = await open_page()
    is_opened = asyncio.Event()

    async def wait(route: Route) -> None:
        await is_opened.wait()
        await route.continue_()

    # The days of the viewer's zone come after the page; what was opened before stays open.
    await page.route(re.compile(r"\?year="), wait)
    await page.goto(website.address(f"/user/{quote(RIGHT_TO_LEFT)}"))
    await page.locator("#calendar summary").press("Enter")
    is_opened.set()
    await expect(page.locator("#calendar")).to_have_attribute("data-zone", "Asia/Seoul")
    stop = page.locator("#calendar a.day[tabindex='0']")
    await expect(stop).to_have_attribute("href", re.compile("on=2026-10-03"))
    await stop.press("ArrowUp")
    await expect(stop).to_have_attribute("href", re.compile("on=2026-10-02"))
    await expect(stop).to_be_focused()


@pytest.mark.parametrize("path", ["/", pytest.param("/search", marks=pytest.mark.full)])
async def test_typing_suggests_authors_among_all(
    crowd: Website, open_page: OpenPage, path: str
) -> None:
    page = await open_page(crowd.address(path))
    names = page.locator("#known_authors option")
    await expect(names.and_(page.locator("[value=neighbour_45]"))).to_have_count(0)
    await page.locator("input[list=known_authors]").first.press_sequentially("R_45")
    await expect(names).to_have_count(1)
    await expect(names).to_have_attribute("value", "neighbour_45")


async def test_the_box_is_seen_whole_before_any_scrolling(
    website: Website, open_page: OpenPage
) -> None:
    page = await open_page()
    await page.set_viewport_size({"width": 1280, "height": 800})
    await page.goto(website.address("/"))
    box = await box_of(page.locator("#tweet_text"))
    assert box["y"] + box["height"] <= 800


PARTICLE_ROWS = """() => {
  const torn = [];
  const walker = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
  const signs = [];
  while (walker.nextNode()) {
    const { currentNode: node } = walker;
    for (let at = 0; at < node.length; at++) signs.push([node, at]);
  }
  const top = ([node, at]) => {
    const range = document.createRange();
    range.setStart(node, at);
    range.setEnd(node, at + 1);
    return Math.round(range.getBoundingClientRect().bottom);
  };
  signs.forEach(([node, at], place) => {
    if (node.data[at] !== "\u2060") return;
    torn.push(Math.abs(top(signs[place - 1]) - top(signs[place + 1])) > 12);
  });
  return torn;
}"""
"""Of each particle on the page, whether it is in another row than the end of its name."""
COPIED = """() => {
  const main = document.querySelector("main");
  getSelection().selectAllChildren(main);
  const seen = String(getSelection());
  const clipboardData = new DataTransfer();
  const told = { clipboardData, bubbles: true, cancelable: true };
  main.dispatchEvent(new ClipboardEvent("copy", told));
  getSelection().removeAllRanges();
  return [seen, clipboardData.getData("text/plain")];
}"""
"""The text in sight on a page, and what is copied of it, empty if the browser does as it likes."""


async def test_no_line_begins_with_a_particle(workshop: Website, open_page: OpenPage) -> None:
    posts = [f"{word} 이야기를 오늘도 길게 적어 봅니다" for word in ("빵", "별", "배", "책")] * 5
    workshop.add_posts("하나🌸", *posts)
    workshop.add_posts("두리🌿", *posts)
    page = await open_page()
    checked = held = 0
    asked = compare_path("오늘 빵 이야기를 적어요", "하나🌸")
    for path in ("/user/" + quote("하나🌸"), asked, "/search?q=" + quote("구름과 달")):
        await page.goto(workshop.address(path))
        seen, copied = await page.evaluate(COPIED)
        held += seen.count("\u2060")
        assert copied == (seen.replace("\u2060", "") if "\u2060" in seen else "")
        for width in range(320, 460, 6):
            await page.set_viewport_size({"width": width, "height": 800})
            torn = await page.evaluate(PARTICLE_ROWS)
            checked += len(torn)
            assert not any(torn), (path, width)
    assert checked
    assert held
