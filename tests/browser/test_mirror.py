"""The mirror in a real browser: with suggestions, and without JavaScript."""

import json
from pathlib import Path

import pytest
from playwright.async_api import expect

from .conftest import OpenPage
from .test_appearance import faults_of
from .website import Website

pytestmark = [pytest.mark.browser, pytest.mark.full]

DRAFT = "새벽 네 시, 호밀빵 반죽이 순해요. 골목이 아직 깜깜해요… 여섯 시 반에 문 열게요 :)"


@pytest.mark.parametrize("javascript", [True, False])
async def test_a_draft_is_changed_in_the_mirror(
    workshop: Website, open_page: OpenPage, tmp_path: Path, javascript: bool
) -> None:
    posts = [
        {
            "username": "빵집",
            "source_id": f"bread-{hour}",
            "text": f"새벽 {hour}시, 호밀빵 반죽을 시작해요… 골목이 깜깜해요. 문 열게요 :)",
        }
        for hour in range(40)
    ]
    file = tmp_path / "posts.jsonl"
    file.write_text("\n".join(map(json.dumps, posts)), encoding="utf-8")
    workshop.command("import", str(file))
    page = await open_page(operator_of=workshop, javascript=javascript)
    await page.goto(workshop.address("/mirror"))
    await page.locator("#username").select_option("빵집")
    await page.locator("#text1").fill(DRAFT)
    await page.get_by_role("button", name="살펴보기").click()
    await expect(page.get_by_text("아직은 다른 누구보다 내 글처럼 읽혀요.")).to_be_visible()
    rows = page.locator(".suggestions > li")
    await expect(rows.first).to_be_visible()
    if javascript:
        assert not await faults_of(page)
    assert page.url == workshop.address("/mirror")
    other = page.get_by_role("textbox", name="“호밀빵” 대신 쓸 말")
    await other.fill("바게트")
    await other.press("Enter")
    await expect(page.locator("#text1")).to_have_value(DRAFT.replace("호밀빵", "바게트"))
    strike = page.locator("button[name=strike]").first
    word = await strike.get_attribute("value") or "?"
    assert word in DRAFT.replace("호밀빵", "바게트")
    await strike.click()
    await expect(page.locator(f"button[name=strike][value='{word}']")).to_have_count(0)
    assert word not in (await page.locator("#text1").input_value()).split()
