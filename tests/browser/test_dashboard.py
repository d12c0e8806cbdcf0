"""The dashboard in a real browser: filters, click-through, live posts, languages, themes, sizes."""

import asyncio
import contextlib
import os
import re
import struct
import sys
from collections import defaultdict
from typing import Final
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.async_api import Locator, Page, Route, expect

from app.parts.dashboard.panels import PANELS
from tests.waiting import eventually

from .conftest import OpenPage, box_of, go_back
from .website import Website

pytestmark = pytest.mark.browser

PATH: Final = "/dashboard/"


async def open_dashboard(page: Page, site: Website, query: str = "") -> None:
    await page.goto(site.address(PATH + query))
    await expect(page.locator("#timeline-plot .bars path").first).to_be_attached()


async def bars(page: Page) -> dict[str, int]:
    """Return how many posts of whom the timeline shows."""
    heights: dict[str, int] = await page.evaluate(
        """() => Object.fromEntries(
            (document.querySelector("#timeline-plot .js-plotly-plot")?.data ?? [])
                .filter((trace) => trace.meta?.posts)
                .map((trace) => [trace.name, trace.meta.posts]))"""
    )
    return heights


async def until_bars(page: Page, expected: dict[str, int]) -> None:
    await eventually(lambda: bars(page), until=lambda heights: heights == expected)


async def until_true(page: Page, expression: str) -> None:
    # The content security policy forbids what Playwright's own waiting does.
    await eventually(lambda: page.evaluate(expression))


async def point_at(
    page: Page, shape: Locator, shown: str = ".hoverlayer .hovertext"
) -> tuple[float, float]:
    """Move the pointer to where a shape is until its label is shown, and return the place.

    Figures further up may still grow, and move the shape from under the pointer.
    """

    async def place() -> tuple[float, float]:
        await shape.scroll_into_view_if_needed()
        box = await box_of(shape)
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    async def is_pointed_at() -> bool:
        x, y = await place()
        await page.mouse.move(x, y)
        await page.evaluate("() => new Promise((seen) => requestAnimationFrame(seen))")
        return await page.locator(shown).is_visible() and (x, y) == await place()

    await eventually(is_pointed_at)
    return await place()


async def click_middle(page: Page, shape: Locator) -> None:
    """Click where a shape is: plotly takes clicks by a layer above it."""
    await page.mouse.click(*await point_at(page, shape))


async def test_filters_change_the_figures_and_the_address(
    website: Website, open_page: OpenPage
) -> None:
    page = await open_page()
    await open_dashboard(page, website)
    everybody = await bars(page)
    assert len(everybody) > 5
    await expect(page.locator(".modebar-btn")).to_have_count(0)
    filtered = page.locator("[data-filtered]")
    assert await filtered.evaluate("words => words.scrollWidth - words.clientWidth") == 0  # Whole.
    await page.locator("#filters > details > summary").click()
    await page.get_by_role("checkbox", name="골목빵집").check()
    await until_bars(page, {"골목빵집": 60})
    assert parse_qs(urlsplit(page.url).query) == {"username": ["골목빵집"], "tz": ["Asia/Seoul"]}
    await page.get_by_label("시작일").fill("2025-01-01")
    await expect(filtered).to_have_text("골목빵집")
    # Somebody to whom the address is sent sees the same, in another language too.
    other = await open_page(page.url, locale="en")
    await until_bars(other, {"골목빵집": 60})
    await expect(other.locator("[data-filtered]")).to_have_text("골목빵집")
    await expect(other.locator("#since")).to_have_value("2025-01-01")
    await go_back(page)
    await expect(page.get_by_label("시작일")).to_have_value("")
    await go_back(page)
    await until_bars(page, everybody)
    await expect(page.get_by_role("checkbox", name="골목빵집")).not_to_be_checked()


async def test_what_is_pressed_is_chosen_in_all_figures(
    website: Website, open_page: OpenPage
) -> None:
    page = await open_page(width=360)
    await open_dashboard(page, website, "?username=골목빵집")
    widths = await page.evaluate(
        "[...document.querySelectorAll('#timeline-plot .bars path')].map(e => e.getBBox().width)"
    )
    assert min(widths) >= 3

    async def counts() -> list[int]:
        """Return the posts that each drawing shows."""
        sums: list[int] = await page.evaluate(
            """["timeline", "authors", "hours"].map((name) =>
                (document.querySelector(`#${name}-plot .js-plotly-plot`)?.data ?? [])
                    .reduce((sum, trace) => sum + trace.meta.posts, 0))"""
        )
        return sums

    told = await page.evaluate(
        "document.querySelector('#timeline-plot .js-plotly-plot').data[0].y[2]"
    )
    await click_middle(page, page.locator("#timeline-plot .bars path").nth(2))
    await page.wait_for_url(re.compile("since="))
    await eventually(counts, until=lambda shown: shown == [told] * 3)
    await expect(page.locator("#posts .post")).to_have_count(min(told, 10))
    await click_middle(page, page.locator("#hours-plot .bars path").first)
    await page.wait_for_url(re.compile("at="))
    # The hours stay, so that another can be chosen; pressed once more, none is.
    await eventually(counts, until=lambda shown: 0 < shown[0] == shown[1] <= shown[2] == told)
    await click_middle(page, page.locator("#hours-plot .bars path").first)
    await expect(page).not_to_have_url(re.compile("at="))
    await eventually(counts, until=lambda shown: shown == [told] * 3)
    whole = page.locator("#posts .actions a")
    await expect(whole).not_to_have_attribute("href", re.compile("at="))
    await whole.click()
    await page.wait_for_url(re.compile("/posts"))
    assert set(parse_qs(urlsplit(page.url).query)) == {"username", "tz", "since", "until"}
    await expect(page.locator(".post")).to_have_count(min(told, 20))


async def test_a_word_is_counted_and_its_posts_are_marked(
    website: Website, open_page: OpenPage
) -> None:
    page = await open_page(locale="en")
    await open_dashboard(page, website)
    whole = sum((await bars(page)).values())
    await page.locator("#q").fill("빵")
    await page.locator("#q").press("Enter")
    await page.wait_for_url(re.compile("q="))
    await expect(page.locator("#timeline-topic")).to_have_text("Posts over time: “빵”")
    await eventually(lambda: bars(page), until=lambda shown: 0 < sum(shown.values()) < whole)
    assert (
        await page.locator("#posts .post").count()
        == await page.locator("#posts .post:has(mark)").count()
    )


@pytest.mark.full
async def test_new_posts_arrive_and_deleted_ones_go(workshop: Website, open_page: OpenPage) -> None:
    page = await open_page(locale="en")
    workshop.send("POST", "/users", username="live_one")
    workshop.send("POST", "/users/live_one/tweets", text="the first")
    await open_dashboard(page, workshop, "?username=live_one")
    await expect(page.locator("[data-live-state]")).to_contain_text("Live")
    await page.evaluate(
        """() => {
            const figure = document.getElementById("timeline");
            window.heights = new Set();
            new ResizeObserver(() => heights.add(figure.offsetHeight)).observe(figure);
        }"""
    )
    workshop.send("POST", "/users/live_one/tweets", text="the second")
    await until_bars(page, {"live_one": 2})
    # What is read further down does not move.
    assert await page.evaluate("heights.size") == 1
    workshop.send("DELETE", "/users/live_one")
    await expect(page.locator("#timeline .figure-note")).to_contain_text("doesn't exist")


@pytest.mark.full
async def test_a_figure_is_drawn_while_posts_go_on_arriving(
    workshop: Website, open_page: OpenPage
) -> None:
    page = await open_page(locale="en")
    workshop.send("POST", "/users", username="live_two")
    workshop.send("POST", "/users/live_two/tweets", text="the first")
    calls: dict[str, list[Route]] = defaultdict(list)

    async def hold_timeline(route: Route) -> None:
        name = (route.request.post_data_json or {})["outputs"]["id"].removesuffix("-drawing")
        calls[name].append(route)
        if name != "timeline":
            await route.continue_()

    async def until_called(name: str, times: int) -> None:
        async def number() -> int:
            return len(calls[name])

        await eventually(number, until=lambda number: number >= times)

    await page.route("**/_dash-update-component", hold_timeline)
    await page.goto(workshop.address(PATH + "?username=live_two"))
    await expect(page.locator("[data-live-state]")).to_contain_text("Live")
    await expect(page.locator("#hours-plot .bars path").first).to_be_attached()
    await until_called("timeline", 1)
    workshop.send("POST", "/users/live_two/tweets", text="the second")
    # Of the event the timeline hears first. Dash drops an answer if the next call has begun.
    await until_called("hours", 2)
    await calls["timeline"][0].continue_()
    await until_bars(page, {"live_two": 2})
    await until_called("timeline", 2)
    await calls["timeline"][1].continue_()
    await page.unroute("**/_dash-update-component")


@pytest.mark.full
async def test_a_figure_says_what_it_waits_for(website: Website, open_page: OpenPage) -> None:
    page = await open_page(locale="en", is_new=True)
    let_go = asyncio.Event()

    async def hold(route: Route) -> None:
        await let_go.wait()
        await route.continue_()

    await page.route("**/_dash-update-component", hold)
    await page.goto(website.address(PATH + "?username=골목빵집&username=언덕천문대"))
    # What is cheap to count stands in the page, before any script has run.
    await expect(page.locator("#timeline h2")).to_contain_text("120")
    await expect(page.locator("#hours h2")).not_to_be_empty()
    graph = page.locator("#timeline .graph")
    covered = "e => getComputedStyle(e, '::after').content.includes('Drawing the chart')"
    await eventually(lambda: graph.evaluate(covered))
    let_go.set()
    await expect(page.locator("#timeline-plot .bars path").first).to_be_attached()
    let_go.clear()
    await page.locator("#filters > details > summary").click()
    await page.get_by_role("checkbox", name="골목빵집").uncheck()
    # The figure of the other view is covered until this one is there, and so is what it says.
    await eventually(lambda: graph.evaluate(covered))
    await expect(page.locator("#timeline .figure-words")).to_be_hidden()
    let_go.set()
    await until_bars(page, {"언덕천문대": 60})
    await expect(page.locator("#timeline")).to_have_attribute("aria-busy", "false")
    for name in PANELS:
        await expect(page.locator(f"#{name} h2")).to_be_visible()


@pytest.mark.full
@pytest.mark.parametrize("is_answered", [True, False], ids=["with-500", "without-an-answer"])
async def test_a_figure_whose_call_fails_says_so(
    website: Website, open_page: OpenPage, is_answered: bool
) -> None:
    page = await open_page(locale="en", is_new=True)
    await open_dashboard(page, website)
    fails = True

    async def fail(route: Route) -> None:
        if not fails:
            await route.continue_()
        elif is_answered:
            await route.fulfill(status=500, body="it-was-me")
        else:
            await route.abort("connectionreset")

    await page.route("**/_dash-update-component", fail)
    await page.locator("#filters > details > summary").click()
    await page.get_by_role("checkbox", name="골목빵집").check()
    sentence = "Something went wrong on the server. Please try again."
    await expect(page.locator("#timeline .figure-note")).to_have_text(sentence)
    await expect(page.locator("#timeline")).to_have_attribute("aria-busy", "false")
    fails = False
    await page.get_by_role("checkbox", name="골목빵집").uncheck()
    await expect(page.locator("#timeline .figure-words")).not_to_contain_text(sentence)
    await expect(page.locator("#timeline-plot .bars path").first).to_be_visible()


@pytest.mark.full
async def test_a_figure_whose_call_failed_asks_again_by_itself(
    website: Website, open_page: OpenPage
) -> None:
    page = await open_page(locale="en", is_new=True)
    failures = 0

    async def fail_twice(route: Route) -> None:
        nonlocal failures
        if "hours-drawing" in (route.request.post_data or "") and failures < 2:
            failures += 1
            await route.fulfill(status=503, body="overloaded")
        else:
            await route.continue_()

    await page.route("**/_dash-update-component", fail_twice)
    await page.goto(website.address(PATH))
    await expect(page.locator("#hours-plot .bars path").first).to_be_visible()
    assert failures == 2
    await expect(page.locator("#hours")).not_to_have_class(re.compile("has-problem"))


IN_DASH: Final = """() =>
[...document.querySelectorAll(".figure-card:not(.posts-card)")].map(card => [card.id,
  card.classList.contains("is-empty") ? null
  : document.querySelectorAll(`#react-entry-point #${card.id}-plot .point`).length])"""
"""Points of each figure; null for a figure without a finding, which is not drawn."""
OVER_ITS_PLACE: Final = """() =>
[...document.querySelectorAll(".figure-card:not(.is-empty, .posts-card)")].map(({ id }) => {
  const box = (selector) => document.querySelector(selector).getBoundingClientRect();
  const [drawing, place] = [box(`#${id}-graph`), box(`#${id} .graph`)];
  return [id, Math.abs(drawing.top - place.top) + Math.abs(drawing.bottom - place.bottom)
    + Math.abs(drawing.left - place.left)];
})"""


async def until_all_are_drawn(page: Page) -> None:
    shown = await eventually(
        lambda: page.evaluate(IN_DASH),
        until=lambda shown: len(shown) == len(PANELS) and 0 not in dict(shown).values(),
    )
    assert [name for name, _ in shown] == list(PANELS)
    assert sum(points is not None for _, points in shown) > 1


@pytest.mark.full
@pytest.mark.parametrize("width", [360, 1280])
async def test_dash_draws_in_its_own_part_of_the_page_over_the_place_in_a_section(
    website: Website, open_page: OpenPage, width: int
) -> None:
    page = await open_page(website.address(PATH), width=width)
    await until_all_are_drawn(page)
    for name, distance in await page.evaluate(OVER_ITS_PLACE):
        assert distance < 1, name


@pytest.mark.timeout(1_800)
@pytest.mark.parametrize(
    "loads", [pytest.param(5, marks=pytest.mark.full), pytest.param(50, marks=pytest.mark.soak)]
)
async def test_all_figures_are_drawn_each_time_beside_busy_processes(
    website: Website, open_page: OpenPage, loads: int
) -> None:
    page = await open_page()
    spin = (sys.executable, "-c", "while True: pass")
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(os.cpu_count() or 1):
            process = await asyncio.create_subprocess_exec(*spin)
            stack.push_async_callback(process.wait)
            stack.callback(process.kill)
        for _ in range(loads):
            await page.goto(website.address(PATH))
            await until_all_are_drawn(page)


@pytest.mark.full
async def test_colours_follow_the_theme(website: Website, open_page: OpenPage) -> None:
    page = await open_page()
    await open_dashboard(page, website)
    colour = "document.querySelector('#timeline-plot .js-plotly-plot').data[0].marker.color"
    light = await page.evaluate(colour)
    await page.emulate_media(color_scheme="dark")
    await until_true(page, f"{colour} !== '{light}'")
    months = await page.locator("#timeline-plot .xaxislayer-above text").all_text_contents()
    assert all("월" in month for month in months)


@pytest.mark.full
async def test_keyboard_alone_reaches_filters_and_tables(
    website: Website, open_page: OpenPage
) -> None:
    page = await open_page()
    await open_dashboard(page, website)
    await page.locator("#filters > details > summary").focus()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Space")
    await until_true(page, "location.search.includes('username=')")
    reached = set()
    for _ in range(60):
        await page.keyboard.press("Tab")
        reached.add(
            await page.evaluate("document.activeElement.id || document.activeElement.pathname")
        )
    assert {"since", "through", "reset"} <= reached
    # A card without a drawing has no table, and says in its place what is lacking.
    drawn = [name for name in PANELS if await page.locator(f"#{name} .figure-actions").is_visible()]
    assert drawn
    for ending in ("", ".csv"):
        assert {f"/dashboard/table/{name}{ending}" for name in drawn} <= reached
    for name in {*PANELS} - {*drawn}:
        await expect(page.locator(f"#{name} .figure-note")).to_be_visible()


@pytest.mark.full
@pytest.mark.parametrize("locale", ["ko", "en"])
async def test_no_label_is_outside_of_its_picture_on_a_phone(
    website: Website, open_page: OpenPage, locale: str
) -> None:
    page = await open_page(width=360, locale=locale)
    await open_dashboard(page, website)
    await until_all_are_drawn(page)
    beyond = await page.locator(".js-plotly-plot text").evaluate_all(
        """texts => texts.filter((text) => {
          const own = text.getBoundingClientRect();
          const whole = text.closest(".js-plotly-plot").getBoundingClientRect();
          const isBeside = own.left < whole.left - 1 || own.right > whole.right + 1;
          return own.width && (isBeside || own.bottom > whole.bottom + 1);
        }).map((text) => text.textContent)"""
    )
    assert beyond == []


@pytest.mark.full
async def test_a_figure_is_saved_as_a_picture_and_as_a_file(
    website: Website, open_page: OpenPage
) -> None:
    page = await open_page(locale="en")
    await open_dashboard(page, website, "?username=골목빵집")
    async with page.expect_download() as picture:
        await page.locator("#timeline [data-save]").click()
    download = await picture.value
    assert download.suggested_filename == "saywho-timeline.png"
    data = (await download.path()).read_bytes()
    assert data.startswith(b"\x89PNG")
    width, height = struct.unpack(">II", data[16:24])
    assert width > 1_000
    assert height > 200
    async with page.expect_download() as table:
        await page.locator("#timeline a[download]").click()
    rows = (await (await table.value).path()).read_text("utf-8-sig").splitlines()
    assert rows[0] == "Period,Author,Posts"
    assert sum(int(row.rpartition(",")[2]) for row in rows[1:]) == 60


@pytest.mark.full
async def test_a_screen_reader_meets_one_picture_for_each_figure(
    website: Website, open_page: OpenPage
) -> None:
    page = await open_page(locale="en")
    await open_dashboard(page, website, "?username=골목빵집")
    title = await page.locator("#timeline h2").inner_text()
    snapshot = await page.locator("#timeline").aria_snapshot()
    assert snapshot.count("- img ") == 1
    assert f'- img "{title}"' in snapshot
    assert "graphics" not in snapshot
