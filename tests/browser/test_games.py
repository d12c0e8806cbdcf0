"""A class plays together, in real browsers: a host, and several phones at once."""

import asyncio
import re
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from typing import Final

import pytest
from playwright.async_api import Error, Locator, Page, expect

from tests.waiting import eventually

from .conftest import OpenPage, box_of
from .test_appearance import faults_of
from .website import Website, serve

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
QUESTIONS: Final = 3
PHONES: Final = 4
"""As many as a question has choices: each is chosen once."""
AUTHORS: Final = ("no9_kettle_cafe", "pier_street_museum", "saltmarsh_light", "the_night_ferry")
"""Of one language: a question offers who writes that of its text."""
PRESSED_MS: Final = 5_000
LEAST_PX: Final = {
    ".code": 200,
    ".where": 40,
    ".come li": 28,
    ".asked-text": 44,
    ".options .option-name": 36,
    ".timer b": 60,
    ".answered b": 48,
    ".late": 28,
    ".tally .option-name": 28,
    ".tally b": 28,
    ".said": 28,
    ".standing .player-name": 28,
    ".podium .player-name": 40,
}
"""Sizes of letters on a wall 1,920 px wide: at 3 m one is seen as if it were 480 px wide."""
LEAST_QR_PX: Final = 440
NOTE_PAUSE: Final = """() => { window.isPaused = new Promise((done) =>
    document.addEventListener("htmx:afterSettle", () => {
        if (document.getElementById("game").dataset.state !== "told") return;
        done(document.querySelector("[data-next] button").disabled);
    })); }"""
"""Lets the host's page note whether its button takes a click as soon as a question was told."""


@pytest.fixture(scope="module")
def club(has_chromium: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Website]:
    """The sample posts, an operator who hosts games, and a proxy that may name the host."""
    settings = {"SAYWHO_TRUSTED_PROXIES": "1"}
    with serve(tmp_path_factory.mktemp("club"), has_operator=True, settings=settings) as site:
        yield site


async def begin_game(host: Page, site: Website, *, seconds: int = 120) -> str:
    """Make a game, with time enough for a busy machine; return its code."""
    await host.goto(site.address("/quiz"))
    await host.get_by_role("link", name="Play together").click()
    for username in AUTHORS:
        await host.locator(f"input[name=username][value={username}]").check()
    await host.get_by_label("Questions").fill(str(QUESTIONS))
    await host.get_by_label("Seconds per question").fill(str(seconds))
    await host.get_by_role("button", name="Create the game").click()
    return await host.locator(".code").inner_text()


async def enter(phone: Page, site: Website, code: str, name: str) -> None:
    await phone.goto(site.address(f"/play?code={code}"))
    await phone.locator("#name").fill(name)
    await phone.locator("main button[type=submit]").click()
    await expect(phone.locator("#play")).to_be_visible()


async def sees(phone: Page, state: str) -> None:
    """Wait until the phone shows this state; one without JavaScript looks again by itself."""
    await expect(phone.locator(f"[data-when={state}]")).to_be_visible()


async def is_sound(page: Page, *widths: int) -> None:
    faults = await faults_of(page, widths=widths)
    assert not faults, "\n".join(faults)


async def is_legible(host: Page) -> None:
    """Check the sizes of what the host's screen shows."""
    for selector, least_px in LEAST_PX.items():
        for part in await host.locator(selector).all():
            px = await part.evaluate("(part) => parseFloat(getComputedStyle(part).fontSize)")
            assert px >= least_px, (selector, px)


async def test_a_host_and_several_phones(club: Website, open_page: OpenPage) -> None:
    host = await open_page(locale="en", width=1920, operator_of=club)
    # Phones could reach this name, so the page has a QR code.
    await host.set_extra_http_headers({"X-Forwarded-Host": "club.example"})
    code = await begin_game(host, club)
    phones = [
        await open_page(
            locale="ko" if number % 2 else "en",
            width=320,
            javascript=number != PHONES - 1,
            is_new=True,
        )
        for number in range(PHONES)
    ]
    reloading = phones[PHONES - 2]
    await asyncio.gather(
        *(enter(phone, club, code, f"Player {number}") for number, phone in enumerate(phones))
    )
    await expect(host.get_by_text(f"{PHONES} players are here")).to_be_visible()
    names = await host.locator(".come li").all_inner_texts()
    assert sorted(names) == [f"Player {number}" for number in range(PHONES)]
    await is_sound(host, 1920)
    await is_legible(host)
    assert (await box_of(host.locator(".qr-code")))["width"] >= LEAST_QR_PX
    await host.locator("h1").click()
    await host.keyboard.press("Space")
    totals = [0] * PHONES
    for number in range(1, QUESTIONS + 1):
        await expect(host.get_by_role("heading", level=1)).to_have_text(
            f"Question {number} of {QUESTIONS}"
        )
        await asyncio.gather(*(sees(phone, "asking") for phone in phones))
        await reloading.reload()
        await sees(reloading, "asking")
        text = await host.locator(".asked-text").inner_text()
        if "hidden" not in text:
            assert await phones[0].locator(".asked-text").inner_text() == text
        for place, phone in enumerate(phones):
            if number == 1 and place == PHONES - 1:
                await expect(host.locator(".answered")).to_contain_text(f"{PHONES - 1} / {PHONES}")
                await is_sound(host, 1920)
                await is_legible(host)
                await is_sound(phones[0], 320)
            button = phone.locator(".choices li:not([hidden]) button").nth(place % 4)
            if place == PHONES - 1:  # The last answer ends the question.
                await eventually(partial(ends_by, phone, button))
                continue
            await button.click()
            await expect(phone.locator(".choices .is-chosen .tick")).to_be_visible()
            if phone is reloading:
                await reloading.reload()
                await expect(reloading.locator(".choices .is-chosen .tick")).to_be_visible()
        await expect(host.get_by_role("heading", level=1)).to_contain_text("It was")
        assert await host.locator(".tally li b").all_inner_texts() == ["1"] * PHONES
        await asyncio.gather(*(sees(phone, "told") for phone in phones))
        await reloading.reload()
        for place, phone in enumerate(phones):
            totals[place] += await gained(phone)
            await expect(phone.locator("[data-total]")).to_have_text(f"{totals[place]:,}")
        if number == 1:
            await is_sound(host, 320, 1920)
            await is_legible(host)
            await is_sound(phones[1], 320)
        following = "See the winners" if number == QUESTIONS else "Next question"
        await host.get_by_role("button", name=following).click()
    await expect(host.locator(".podium")).to_be_visible()
    await asyncio.gather(*(sees(phone, "ended") for phone in phones))
    outcome = phones[0].get_by_text(re.compile(rf"You got \d of {QUESTIONS} right: "))
    await expect(outcome).to_be_visible()
    await is_sound(host, 320, 1920)
    await is_sound(phones[0], 320)
    await is_legible(host)
    blocks = await host.locator(".podium .place").evaluate_all(
        """(all) => all.map((one) => { const box = one.getBoundingClientRect();
            return {place: +one.textContent, top: box.top, height: box.height, x: box.x}; })"""
    )
    assert len(blocks) == sum(total > 0 for total in totals)
    heights = {block["place"]: block["height"] for block in blocks}
    assert all(block["height"] == heights[block["place"]] for block in blocks)
    assert [*heights.values()] == sorted(heights.values(), reverse=True)
    if len(blocks) == 3:
        first, left, right = blocks
        assert left["x"] < first["x"] < right["x"]
        assert first["top"] <= min(left["top"], right["top"])
    shown = await host.locator(":is(.podium, .standing) .points").all_inner_texts()
    assert [int(points.replace(",", "")) for points in shown] == sorted(totals, reverse=True)


async def ends_by(phone: Page, button: Locator) -> bool:
    """Press a button unless the question is over, and return whether it is.

    Without JavaScript the page is loaded every 4 s, and takes no click just then.
    """
    if await button.is_visible():
        with suppress(Error):
            await button.click(timeout=PRESSED_MS)
    return await phone.locator("[data-when=told]").is_visible()


async def gained(phone: Page) -> int:
    """Return the points of the question that was just told."""
    await expect(phone.locator("[data-gained]")).to_have_text(re.compile(r"\+[\d,]+"))
    return int((await phone.locator("[data-gained]").inner_text()).replace(",", ""))


async def test_a_second_tab_and_a_lost_line_lead_to_the_same_point(
    club: Website, open_page: OpenPage
) -> None:
    host = await open_page(locale="en", operator_of=club)
    code = await begin_game(host, club)
    phone = await open_page(locale="en", width=320, is_new=True)
    await enter(phone, club, code, "Mina")
    await host.get_by_role("button", name="Start the game").click()
    await sees(phone, "asking")
    await host.evaluate(NOTE_PAUSE)
    await phone.locator(".choices li:not([hidden]) button").first.click()
    # The question ended by itself: a click that was to end it must not leave its answer out.
    assert await host.evaluate("window.isPaused")
    other = await phone.context.new_page()
    await other.goto(phone.url)
    await sees(other, "told")
    await host.get_by_role("button", name="Next question").click()
    await sees(phone, "asking")
    await phone.context.set_offline(True)
    await phone.locator(".choices li:not([hidden]) button").nth(2).click()
    await expect(phone.get_by_text("No connection")).to_be_visible()
    await phone.context.set_offline(False)
    await sees(phone, "told")
    await host.get_by_role("button", name="Next question").click()
    await sees(phone, "asking")
    await sees(other, "asking")
    await other.locator(".choices li:not([hidden]) button").nth(1).click()
    await sees(phone, "told")
    assert await gained(phone) == await gained(other)


async def test_a_question_that_is_asked_again_can_be_answered_again(
    club: Website, open_page: OpenPage
) -> None:
    host = await open_page(locale="en", operator_of=club)
    code = await begin_game(host, club)
    phone = await open_page(locale="en", width=320, is_new=True)
    slow = await open_page(locale="en", width=320, is_new=True)
    await enter(phone, club, code, "Mina")
    await enter(slow, club, code, "Jun")
    await host.get_by_role("button", name="Start the game").click()
    chosen = phone.locator(".choices .is-chosen")
    for _ in range(2):
        await phone.locator(".choices li:not([hidden]) button").first.click()
        await expect(chosen.locator(".tick")).to_be_visible()
        await host.locator(".leading summary").first.click()
        await host.get_by_role("button", name="Ask again").click()
        await expect(chosen).to_have_count(0)
    await phone.locator(".choices li:not([hidden]) button").nth(2).click()
    await slow.locator(".choices li:not([hidden]) button").nth(2).click()
    await sees(phone, "told")
    await expect(host.locator(".tally li b").nth(2)).to_have_text("2")
    await host.set_viewport_size({"width": 1280, "height": 800})
    assert await host.locator(".tally li").count() == len(AUTHORS)
    # The page is laid out anew, and the height of the columns moves to its new value.
    is_laid_out = "innerWidth == 1280 && document.querySelector('.tally').offsetHeight < 420"
    # Playwright's own wait is an `eval`, which the site's policy forbids from the second look on.
    await eventually(lambda: host.evaluate(is_laid_out))
    # The host goes on without scrolling, on a low screen too.
    await host.set_viewport_size({"width": 1366, "height": 420})
    following = host.get_by_role("button", name=re.compile("Next question|See the winners"))
    await expect(following).to_be_in_viewport(ratio=1)


async def test_whoever_is_removed_is_asked_for_a_name_and_a_deleted_game_leads_to_the_others(
    club: Website, open_page: OpenPage
) -> None:
    host = await open_page(locale="en", operator_of=club)
    code = await begin_game(host, club)
    phone = await open_page(locale="en", width=320, is_new=True)
    await enter(phone, club, code, "Rude")
    await expect(host.get_by_text("1 player is here")).to_be_visible()
    await host.locator(".leading summary").first.click()
    await host.get_by_role("button", name="Remove from the game").click()
    await expect(phone.get_by_text("You are not in this game")).to_be_visible()
    await expect(phone.get_by_label("Your name")).to_be_visible()
    await expect(host.get_by_text("No one has joined yet")).to_be_visible()
    await host.locator(".leading summary").first.click()
    await host.get_by_text("Delete the game", exact=True).click()
    await host.get_by_role("button", name="Yes, delete the game").click()
    await expect(host.get_by_role("heading", name="Play together")).to_be_visible()
