"""Who wrote it? in a real browser: by mouse, by keys, without JavaScript."""

import re
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from .conftest import OpenPage
from .test_appearance import faults_of
from .website import Website, json_lines

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def cells(page: Page, who: str) -> list[int]:
    row = page.locator(f"[data-who={who}]")
    return [int(await row.locator(name).inner_text()) for name in (".right", ".wrong")]


async def test_playing_on_the_front_page_by_keys(website: Website, open_page: OpenPage) -> None:
    page = await open_page()
    await page.goto(website.address("/"))
    guesses = page.locator(".guesses button")
    await page.locator("#quiz").scroll_into_view_if_needed()
    await expect(guesses).to_have_count(4)
    await expect(page.locator(".quiz-score")).to_be_hidden()
    await guesses.first.focus()
    for played in (1, 2, 3):
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        heading = page.locator("#quiz-heading")
        await expect(heading).to_be_focused()
        await expect(heading).to_have_text(re.compile("글이에요"))
        await expect(page.locator(".quiz-score")).to_be_visible()
        assert [sum(await cells(page, who)) for who in ("you", "model")] == [played, played]
        await page.get_by_role("link", name="다음 글").press("Enter")
        await expect(guesses).to_have_count(4)
        await expect(heading).to_be_focused()
    you, model = await cells(page, "you"), await cells(page, "model")

    await page.goto(website.address("/quiz"))
    assert (await cells(page, "you"), await cells(page, "model")) == (you, model)
    await page.get_by_role("button", name="처음부터 다시").click()
    await expect(page.locator(".quiz-score")).to_be_hidden()


async def test_a_round_counts_once(website: Website, open_page: OpenPage) -> None:
    page = await open_page()
    await page.goto(website.address("/quiz"))
    question = await page.locator("[name=question]").input_value()
    await page.locator(".guesses button").first.click()
    await expect(page.get_by_role("link", name="다음 글")).to_be_visible()
    first = await cells(page, "you")
    assert sum(first) == 1
    name = await page.locator(".ranking .name").first.inner_text()
    await page.goto(website.address("/quiz"))
    await page.locator("[name=question]").evaluate("(field, q) => { field.value = q; }", question)
    # Whoever knows the answer by now gains nothing from it.
    await page.locator(".guesses button").first.evaluate("(b, name) => { b.value = name; }", name)
    await page.locator(".guesses button").first.click()
    await expect(page.get_by_role("link", name="다음 글")).to_be_visible()
    assert await cells(page, "you") == first


async def test_an_arriving_post_is_asked_before_it_shows_its_author(
    workshop: Website, open_page: OpenPage, tmp_path: Path
) -> None:
    def arrive(username: str, *texts: str) -> None:
        file = tmp_path / "arriving.jsonl"
        file.write_text(json_lines({"username": username, "text": text} for text in texts))
        workshop.command("import", str(file))

    for username in ("등대지기", "찻집"):
        arrive(
            username,
            *(
                f"{place}번째 이야기, 오늘도 바닷가에서 {username}의 하루를 조용히 시작합니다."
                for place in range(20)
            ),
        )
    page = await open_page()
    await page.goto(workshop.address("/"))
    await page.get_by_role("link", name="방금 온 글, 누가 썼을까?").click()
    await page.locator(".guesses button").first.click()
    await page.get_by_role("link", name="다음 글").click()
    await expect(page.locator("#quiz-heading")).to_have_text("다음 글을 기다리는 중")
    assert not await faults_of(page)
    await expect(page.locator("#quiz")).to_have_class(re.compile("is-live"))
    arrive("등대지기", "방금 불을 켰습니다, 안개가 짙어서 배들이 천천히 들어오고 있네요.")
    await expect(page.locator(".guesses button").first).to_be_visible()
    await expect(page.locator("blockquote")).to_have_text(
        "방금 불을 켰습니다, 안개가 짙어서 배들이 천천히 들어오고 있네요."
    )
    await page.get_by_role("button", name="등대지기").click()
    await expect(page.locator("#quiz-heading")).to_have_text("맞아요, 등대지기의 글이에요")


async def test_playing_without_javascript(website: Website, open_page: OpenPage) -> None:
    page = await open_page(javascript=False)
    await page.goto(website.address("/"))
    await page.get_by_role("link", name="모델과 겨루기").click()
    await expect(page.locator("h1")).to_have_text("누가 썼을까?")
    await page.locator(".guesses button").nth(1).click()
    await expect(page.locator("#quiz-heading")).to_have_text(re.compile("글이에요"))
    await expect(page.locator(".ranking li")).to_have_count(4)
    await page.get_by_role("link", name="다음 글").click()
    await expect(page.locator(".guesses button")).to_have_count(4)
