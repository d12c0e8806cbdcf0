"""A report for a case in a real browser: the button, both files, and the pages on paper."""

import json
import re
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.async_api import expect

from .conftest import OpenPage
from .test_appearance import AXE, faults_of
from .website import Website

pytestmark = pytest.mark.browser

TEXT = "새벽 네 시, 호밀빵 반죽이 순해요. 골목이 아직 깜깜해요… 여섯 시 반에 문 열게요 :)"
PAGE = re.compile(rb"/Type\s*/Page\b")


@pytest.mark.parametrize("javascript", [True, False])
async def test_a_report_prints_on_a_page(
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
    asked = urlencode({"text": TEXT, "username": "빵집"})
    await page.goto(workshop.address(f"/compare?{asked}"))
    await page.get_by_role("button", name="글 비교 보고서").click()
    await expect(page.get_by_role("heading", name="글 비교 보고서")).to_be_visible()
    assert page.url == workshop.address("/compare/case")
    if javascript:
        assert not await faults_of(page)
    for name in ("case.html", "case.json"):
        async with page.expect_download() as saved:
            await page.locator(f"a[download='{name}']").click()
        await (await saved.value).save_as(tmp_path / name)
    workshop.command("replay", str(tmp_path / "case.json"))
    report = await open_page(javascript=javascript)
    await report.set_content((tmp_path / "case.html").read_text("utf-8"))
    await expect(report.get_by_text("사람이 검토하지 않았습니다")).to_be_visible()
    assert len(PAGE.findall(await report.pdf(prefer_css_page_size=True))) == 1
    if javascript:
        await report.evaluate(AXE)
        found = await report.evaluate("axe.run().then(found => found.violations.map(v => v.id))")
        assert not found
    for width in (320, 390, 1280):
        await report.set_viewport_size({"width": width, "height": 900})
        wide = await report.evaluate("document.documentElement.scrollWidth")
        assert wide <= width
