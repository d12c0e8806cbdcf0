"""What is seen of an author or a chat before anybody scrolls: the finding, the drawing."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import pytest
from playwright.async_api import Page, expect

from .conftest import WITH_AND_WITHOUT, OpenPage, box_of
from .test_appearance import faults_of
from .website import KOREANS, PAGES, TEXT, Website, compare_path, serve

pytestmark = pytest.mark.browser

ROOMS: Final = (2, 4, 9, 40)
"""The people of each room, by its number less one."""
WORDS: Final = (
    "찻집 앞에서 봐요",
    "ㅋㅋㅋ 그래",
    "the kettle is on again!",
    "네… 내일 아침에 가요~",
)
SIZES: Final = [(1280, 800), (390, 844)]
HIGHEST: Final = {1280: 1_800, 390: 3_200}
"""Pixels of a whole page by the width of the window."""
HIGHEST_CHAT: Final = {1280: 1_700, 390: 3_000}
SMALL_CARD: Final = {1280: 8, 390: 40}
"""Pixels that each person after the first six adds, who has a small card."""

SEEN: Final = """() => {
  const CARDS = ".people-cards > *, .overview > .card-row > *, .newest > *";
  const shifts = new PerformanceObserver(() => {});
  shifts.observe({ type: "layout-shift", buffered: true });
  const drawing = [...document.querySelectorAll("main svg[role=img][aria-labelledby]")]
    .find((svg) => svg.checkVisibility());
  const { top, bottom } = drawing.getBoundingClientRect();
  return {
    finding: document.querySelector(".finding").textContent.trim(),
    name: drawing.getAttribute("aria-labelledby").split(" ")
      .map((id) => document.getElementById(id).textContent.trim()).join(" "),
    before: [...document.querySelectorAll("main :is(h1, .lead, .finding, svg, table, h2)")]
      .slice(0, 3).map((part) => part.localName + (part.classList[0] ?? "")),
    top, bottom,
    height: document.documentElement.scrollHeight,
    cut: [...document.querySelectorAll(".weeks text, .period-columns > text")].filter((text) =>
      text.getBoundingClientRect().right > text.ownerSVGElement.getBoundingClientRect().right + 0.5,
    ).length,
    holes: [...document.querySelectorAll(CARDS)].map((card) => [
      card.getBoundingClientRect(), card.parentElement.getBoundingClientRect().right,
    ]).sort(([one], [other]) => one.top - other.top || one.left - other.left)
    .map(([card, right], place, cards) => [card, cards[place + 1]?.[0], right])
    .filter(([card, next, right]) => next?.top !== card.top && right - card.right > 1).length,
    uneven: Math.max(0, ...[...document.querySelectorAll("main .columns")]
      .filter((columns) => columns.checkVisibility())
      .map((columns) => [...columns.children]
        .map((column) => column.matches(".card") ? column : column.lastElementChild)
        .map((last) => last.getBoundingClientRect().bottom))
      .map((ends) => Math.max(...ends) - Math.min(...ends))),
    shift: shifts.takeRecords().reduce((sum, entry) => sum + entry.value, 0),
    torn: [...document.querySelectorAll(".unbroken")]
      .filter((part) => part.getClientRects().length > 1).length,
    tables: [...document.querySelectorAll("main table")]
      .filter((table) => table.checkVisibility()).length,
  };
}"""
SHIFT: Final = """async () => {
  // What the scripts of a page do is drawn two frames later at the latest.
  for (let frame = 0; frame < 2; frame += 1) await new Promise(requestAnimationFrame);
  const shifts = new PerformanceObserver(() => {});
  shifts.observe({ type: "layout-shift", buffered: true });
  return shifts.takeRecords().reduce((sum, entry) => sum + entry.value, 0);
}"""
CUT_HINTS: Final = """() => [...document.querySelectorAll("main input[placeholder]")]
  .filter((input) => input.checkVisibility()).filter((input) => {
    const style = getComputedStyle(input);
    const pen = document.createElement("canvas").getContext("2d");
    pen.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
    const room = input.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    return pen.measureText(input.placeholder).width > room;
  }).map((input) => input.placeholder)"""
"""What stands in a field before anybody writes there, where it is cut off."""
ENDS: Final = """() => {
  const ends = [".asked > .compare-form", ".asked > .side > :last-child"]
    .map((card) => document.querySelector(card).getBoundingClientRect().bottom);
  return innerWidth < 760 ? 0 : Math.abs(ends[0] - ends[1]);
}"""
"""How far one column of the front page ends before the other."""
FREE_ABOVE: Final = """(one) => one.getBoundingClientRect().top
  - one.previousElementSibling.getBoundingClientRect().bottom"""
WIDER: Final = """() => [...document.querySelectorAll("main table")].filter(
  (table) => table.offsetWidth > table.parentElement.clientWidth).length"""


def messages() -> Iterator[dict[str, Any]]:
    """Yield messages of a year in rooms of few and of many."""
    for room, people in enumerate(ROOMS, 1):
        for number in range(max(240, 13 * people)):
            person = number % (people if number % 2 else min(people, 3))
            day = f"{1 + number % 12:02}-{1 + number % 28:02}"
            yield {
                "username": f"방{room}_사람{person + 1}",
                "text": f"{WORDS[person % len(WORDS)]} {number}",
                "created_at": f"2025-{day}T{number // 2 * 5 % 24:02}:00:00Z",
                "source_id": f"{room}-{number}",
                "room": {"id": room, "name": f"{people}명이 모이는 방 🏮"},
            }


def archive() -> Iterator[dict[str, Any]]:
    """Yield posts of somebody in no chat, of this day in earlier years."""
    for number in range(30):
        day = datetime.now(UTC) + timedelta(days=number % 3 - 1)
        yield {
            "username": "a_light_of_the_harbour",
            "text": f"{' '.join(WORDS)} {' '.join(WORDS)} {number}",
            "created_at": f"{day.year - 1 - number // 3}{day:-%m-%d}T12:00:00Z",
            "source_id": f"light-{number}",
        }


@pytest.fixture(scope="module")
def rooms(has_chromium: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Website]:
    records = [*messages(), *archive()]
    with serve(tmp_path_factory.mktemp("rooms"), sample=False, records=records) as site:
        yield site


async def seen_at(page: Page, address: str, width: int, height: int) -> dict[str, Any]:
    """Return what is seen of a page; its finding and its drawing are where they must be."""
    await page.set_viewport_size({"width": width, "height": height})
    await page.goto(address)
    seen: dict[str, Any] = await page.evaluate(SEEN)
    assert len(seen["finding"]) <= 140
    assert seen["name"].startswith(seen["finding"])
    assert len(seen["name"]) >= 20
    assert (seen["bottom"] if width == 1280 else seen["top"]) < height
    assert seen["shift"] < 0.05
    assert (seen["tables"], seen["cut"], seen["holes"], seen["torn"]) == (0, 0, 0, 0)
    return seen


@pytest.mark.parametrize(
    ("path", "width", "height"),
    [
        ("/2026", 1280, 800),
        pytest.param("/2026", 390, 844, marks=pytest.mark.full),
        ("", 1280, 800),
        ("", 390, 844),
    ],
)
async def test_a_finding_is_seen_at_once(
    website: Website, open_page: OpenPage, path: str, width: int, height: int
) -> None:
    page = await open_page()
    seen = await seen_at(page, website.address(f"/user/{quote(KOREANS[0])}{path}"), width, height)
    assert seen["before"] == ["h1", "plead", "pfinding"]
    assert path or await page.locator("main > :has(> .share) + *").evaluate(FREE_ABOVE) >= 16
    if path:  # The drawing stands right below, and what is sent below that.
        await expect(page.locator(".finding + .year-drawing")).to_have_count(1)
        assert seen["height"] <= HIGHEST[width]
        await page.click(".year-lead .share > summary")
        buttons = page.locator(".year-lead .share > .actions .button:visible")
        tops = await buttons.evaluate_all("all => all.map(one => one.getBoundingClientRect().top)")
        assert len(tops) > 1
        assert width < 1280 or len({*tops}) == 1
    assert width < 1280 or path or seen["uneven"] < 170
    await page.click(".counted > summary")
    assert await page.evaluate(WIDER) == 0


@pytest.mark.full
@pytest.mark.parametrize(("width", "height"), SIZES)
async def test_nothing_moves_while_a_page_comes(
    website: Website, open_page: OpenPage, width: int, height: int
) -> None:
    page = await open_page()
    await page.set_viewport_size({"width": width, "height": height})
    author, year = PAGES["author"], PAGES["year"]
    pictures = [
        f"{author}/portrait/picture",
        f"{author}/portrait/picture?format=1080x1350",
        f"{year}/picture?format=1080x1920",
        compare_path(TEXT, *KOREANS).replace("?", "/picture?"),
    ]
    for path in (author, year, PAGES["search"], PAGES["compare"], *pictures):
        await page.goto(website.address(path))
        assert await page.evaluate(SHIFT) < 0.01, path


@pytest.mark.full
@WITH_AND_WITHOUT
@pytest.mark.parametrize(
    "room",
    [1, pytest.param(2, marks=pytest.mark.soak), pytest.param(3, marks=pytest.mark.soak), 4],
    ids=map(str, ROOMS),
)
async def test_a_chat_is_seen_at_once(
    rooms: Website, open_page: OpenPage, javascript: bool, room: int
) -> None:
    page = await open_page(javascript=javascript)
    address = rooms.address(f"/room/{room}")
    for width, height in SIZES if javascript else SIZES[:1]:
        seen = await seen_at(page, address, width, height)
        assert seen["before"] == ["h1", "pfinding", "svgstacked"]
        others = max(ROOMS[room - 1] - 6, 0)
        assert seen["height"] <= HIGHEST_CHAT[width] + SMALL_CARD[width] * others
    # A large group has cards only for whom something sets apart, and everybody in the groups.
    people = len({one["username"] for one in messages() if one["room"]["id"] == room})
    assert await page.locator(".people-cards li").count() <= min(people, 6)
    named = await page.locator(".apart a.name").evaluate_all("all => all.map(one => one.href)")
    assert len({*named}) == people
    assert await page.locator(".hour-strip p").count() == 0  # No hours stand out here.
    for width in (1280, 800, 390, 320):
        await page.set_viewport_size({"width": width, "height": 800})
        assert await page.evaluate(CUT_HINTS) == [], width
    await page.click("details > summary")
    assert await page.evaluate(WIDER) == 0
    if javascript:
        assert await faults_of(page) == []


@pytest.mark.parametrize("locale", ["en", "ko"])
@pytest.mark.full
async def test_the_front_page_is_not_three_screens_high(
    rooms: Website, open_page: OpenPage, locale: str
) -> None:
    page = await open_page(rooms.address("/"), locale=locale, width=390)
    for part in [".told >> nth=2", "#tweet_text", "#quiz .button", "#today article", "#archive a"]:
        await expect(page.locator(part).first).to_be_visible()
    await expect(page.locator("#today[data-zone='Asia/Seoul']")).to_be_attached()
    assert await page.locator("main details:not(.all-names)").count() == 1
    assert await page.locator("a").count() <= 60
    assert await page.evaluate("document.documentElement.scrollHeight") < 3 * 844


@pytest.mark.full
@pytest.mark.parametrize("locale", ["en", "ko"])
async def test_the_front_page_has_one_field_and_one_button_and_then_the_chats(
    rooms: Website, open_page: OpenPage, locale: str
) -> None:
    page = await open_page(locale=locale)
    for width, height in SIZES:
        await page.set_viewport_size({"width": width, "height": height})
        await page.goto(rooms.address("/"))
        (chats, box, button) = [
            await box_of(page.locator(part))
            for part in ("#rooms", "#tweet_text", "main .button.primary")
        ]
        assert await page.locator("main .button.primary").count() == 1
        assert box["y"] + box["height"] < button["y"]
        assert button["y"] + button["height"] <= height
        assert chats["y"] > button["y"] if width == 390 else chats["y"] < box["y"]
        fields = page.locator("main :is(input:not([type=checkbox]), textarea):visible")
        assert await fields.count() == 1
        assert await page.evaluate(ENDS) < 2
    # On a phone fifty authors take a row each.
    await page.goto(rooms.address("/authors"))
    authors = await box_of(page.locator("#list"))
    assert authors["height"] < 55 * await page.locator("#list > li").count()


@pytest.mark.full
async def test_the_dashboard_begins_with_rows_that_read(
    rooms: Website, open_page: OpenPage
) -> None:
    page = await open_page(locale="en")
    for width, height in SIZES:
        await page.set_viewport_size({"width": width, "height": height})
        await page.goto(rooms.address("/dashboard/?username="))
        names = page.locator("#timeline-plot .legendtext")
        await expect(names.last).to_have_text("31 others")
        await expect(names).to_have_count(8)
        graph = await box_of(page.locator("#timeline .graph"))
        assert (graph["y"] + graph["height"] if width == 1280 else graph["y"]) < height
        assert len(await page.locator("#timeline h2").inner_text()) <= 140
        assert await page.evaluate(SHIFT) < 0.01
    # The months of a long table are folded, but for the newest.
    await page.goto(rooms.address("/dashboard/table/timeline"))
    parts = page.locator("details.rows-part")
    assert await parts.count() > 5
    assert await page.evaluate("document.documentElement.scrollHeight") < 6_000
    await parts.nth(1).locator("summary").click()
    await expect(parts.nth(1).locator("tbody tr").first).to_be_visible()


@pytest.mark.full
async def test_the_day_stays_in_sight_while_a_chat_is_read(
    rooms: Website, open_page: OpenPage
) -> None:
    page = await open_page(rooms.address("/room/4?view=first&tz=Asia/Seoul"))
    await page.locator(".message").nth(50).scroll_into_view_if_needed()
    tabs = await box_of(page.locator(".tabs"))
    assert tabs["y"] == 0
    tops = await page.locator(".new-day").evaluate_all(
        "(days) => days.map((day) => day.getBoundingClientRect().top)"
    )
    assert round(tabs["height"]) - 1 in map(round, tops)


@pytest.mark.full
@WITH_AND_WITHOUT
@pytest.mark.parametrize(("width", "height"), SIZES)
async def test_the_tab_of_messages_opens_at_the_newest(
    rooms: Website, open_page: OpenPage, width: int, height: int, javascript: bool
) -> None:
    page = await open_page(javascript=javascript, locale="en")
    await page.set_viewport_size({"width": width, "height": height})
    await page.goto(rooms.address("/room/4"))
    await page.get_by_role("link", name="Messages", exact=True).click()
    await expect(page.locator("#newest")).to_be_in_viewport(ratio=1)
    await expect(page.locator(".message").last.locator("#newest")).to_have_count(1)
    await expect(page.get_by_role("link", name="Overview")).to_be_in_viewport(ratio=1)
    await expect(page.locator(".message")).to_have_count(100)
    if javascript:
        assert await page.evaluate(SHIFT) < 0.01
        await page.goto(rooms.address("/room/4?view=newest"))
        assert await faults_of(page) == []


@pytest.mark.parametrize(("width", "height"), SIZES)
async def test_an_answer_says_why_before_how_far_to_trust_it(
    website: Website, open_page: OpenPage, width: int, height: int
) -> None:
    page = await open_page()
    await page.set_viewport_size({"width": width, "height": height})
    await page.goto(website.address(PAGES["compare"]))
    why = await box_of(page.locator(".uses > li").first)
    bars, slider, trust = [
        await box_of(page.locator(part)) for part in ("#bars", ".change", ".trust")
    ]
    assert why["y"] < trust["y"]
    if width != SIZES[0][0]:
        assert bars["y"] < why["y"] < slider["y"] < trust["y"]
    if width == SIZES[0][0]:
        assert why["y"] + why["height"] < height


@pytest.mark.full
async def test_an_example_is_seen_beside_the_box(
    has_chromium: None, tmp_path: Path, open_page: OpenPage
) -> None:
    page = await open_page()
    await page.set_viewport_size({"width": 1280, "height": 800})
    with serve(tmp_path) as samples:
        await page.goto(samples.address("/"))
        assert await page.locator(".card-row > .shown .ranking > li").first.bounding_box()
        assert await page.evaluate(ENDS) < 2
