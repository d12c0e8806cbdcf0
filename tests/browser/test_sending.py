"""A chat as one file in a real browser: chosen, seen, shared, and opened from a disk."""

from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import Frame, Page, expect

from tests.chats import Said, kakaotalk

from .conftest import OpenPage
from .test_appearance import AXE, AXE_FAULTS, faults_of
from .website import Website

pytestmark = pytest.mark.browser

TAKES_FILES: Final = """
navigator.canShare = (shared) => shared.files?.[0]?.type === "text/html";
navigator.share = async ({ files: [file] }) => {
  window.shared = await file.text();
  document.body.dataset.shared = file.name;
};
"""
"""What a phone's browser has, and this one lacks."""


def chat() -> bytes:
    """Return a chat of two years, of which the later has a day that everybody remembers."""
    said: list[Said] = []
    for year in (2023, 2024):
        said += [
            (f"{year}-04-{day:02} 1{turn}:05", "은별"[turn % 2 :] + "나루", f"{turn}번 배 {day}일")
            for day in range(1, 31)
            for turn in range(4)
        ]
    said += [
        (f"2024-07-06 12:{minute:02}", ("은별나루", "별나루")[minute % 2], f"등대 축제 {minute}번")
        for minute in range(60)
    ]
    return kakaotalk("배 타는 모임", *said)


async def preview_of(page: Page) -> Frame:
    element = await page.wait_for_selector("iframe.report-preview")
    frame = await element.content_frame() if element else None
    assert frame is not None
    return frame


async def test_a_chat_is_sent_as_one_file(
    workshop: Website, open_page: OpenPage, tmp_path: Path
) -> None:
    file = tmp_path / "chat.txt"
    file.write_bytes(chat())
    workshop.command("import", str(file), "--timezone", "Asia/Seoul", "--publish")
    page = await open_page(operator_of=workshop, width=390, is_new=True)
    await page.add_init_script(TAKES_FILES)
    rooms = (await (await page.request.get(workshop.address("/api/v1/rooms"))).json())["items"]
    room = next(each["id"] for each in rooms if each["name"] == "배 타는 모임")
    await page.goto(workshop.address(f"/room/{room}/report"))
    await expect(page.locator("iframe.report-preview")).to_be_hidden()
    await page.get_by_label("A, B, C").check()
    frame = await preview_of(page)
    await expect(frame.locator("#finding")).not_to_be_empty()
    assert "축제 3" not in await frame.locator("body").inner_text()
    assert not await faults_of(page)

    # The messages of the day that the page shows come first, and stand below it once ticked.
    await page.locator("#offered summary").click()
    await expect(page.locator("#offered legend").first).to_have_text("가장 많이 쓴 날")
    ticked = page.locator("#offered .offer").first.locator("label").first
    text = await ticked.locator("span[dir=auto]").inner_text()
    assert text.startswith("등대 축제")
    await ticked.click()
    await expect(frame.locator("[data-question] blockquote")).to_have_text(text)
    await expect(frame.locator("[aria-labelledby=day-heading] blockquote")).to_have_text(text)

    await page.get_by_role("button", name="파일 공유하기").click()
    await expect(page.locator("body")).to_have_attribute("data-shared", "saywho-chat.html")
    saved = tmp_path / "saywho-chat.html"
    saved.write_text(await page.evaluate("() => window.shared"), encoding="utf-8")

    # Another year has other messages to tick.
    await page.locator("#year").select_option("2023")
    await expect(page.locator("#offered", has_text="등대 축제")).to_have_count(0)
    await expect(frame.locator("#year-title")).to_contain_text("2023")

    await page.goto(saved.as_uri())
    await page.get_by_role("button", name="B", exact=True).click()
    await expect(page.locator("[data-verdict]").first).to_contain_text("1")
    await expect(page.locator("[data-question] summary").first).to_be_focused()
    await page.locator("svg[tabindex]").first.focus()
    await page.keyboard.press("End")
    await expect(page.locator(".told-value").first).not_to_be_empty()
    await page.set_viewport_size({"width": 320, "height": 800})
    assert await page.evaluate("document.documentElement.scrollWidth") <= 320
    await page.evaluate(AXE)
    assert await page.evaluate(AXE_FAULTS) == []
