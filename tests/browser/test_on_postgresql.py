"""What people come for, in a real browser, on PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.databases import Databases

from .conftest import OpenPage
from .website import KOREANS, TEXT, Website, compare_path, json_lines, serve

pytestmark = [pytest.mark.browser, pytest.mark.databases("postgresql")]


@pytest.fixture
def on_postgresql(has_chromium: None, databases: Databases, tmp_path: Path) -> Iterator[Website]:
    settings = {"SAYWHO_DATABASE_URL": databases.make(tmp_path)}
    with serve(tmp_path, settings=settings) as site:
        yield site
    databases.drop(tmp_path)


async def test_comparing_searching_arriving_and_the_dashboard(
    on_postgresql: Website, open_page: OpenPage, tmp_path: Path
) -> None:
    site = on_postgresql
    page = await open_page()
    await page.goto(site.address(compare_path(TEXT, *KOREANS)))
    await expect(page.locator("h1.answer")).to_have_text(
        "이 2명 가운데 골목빵집의 글과 가장 닮았어요"
    )
    await expect(page.locator(".judged mark").first).to_be_visible()

    await page.goto(site.address("/search?q=빵"))
    await expect(page.locator("mark").first).to_contain_text("빵")

    await page.goto(site.address("/"))
    await expect(page.locator("[data-live]")).to_be_visible()
    new = tmp_path / "new.jsonl"
    post = {"username": KOREANS[0], "text": "방금 도착한 글 🌊"}
    post |= {"created_at": "2026-11-19T09:00:00Z"}
    new.write_text(json_lines([post]))
    site.command("import", str(new))
    await expect(page.get_by_text("방금 도착한 글 🌊")).to_be_visible()

    await page.goto(site.address("/dashboard/"))
    await expect(page.locator("#timeline .trace").first).to_be_attached()
