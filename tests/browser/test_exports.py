"""Taking posts out by the pages' buttons, in a real browser."""

import asyncio
import csv
import json
from pathlib import Path

import pytest
from playwright.async_api import Page

from .conftest import OpenPage
from .website import KOREANS, Website

pytestmark = pytest.mark.browser


async def exported(page: Page, format_name: str) -> tuple[str, str]:
    """Press the button; return the name of the file and what is in it."""
    await page.get_by_label("파일 형식").select_option(format_name)
    async with page.expect_download() as waiting:
        await page.get_by_role("button", name="내보내기", exact=True).click()
    download = await waiting.value
    data = await asyncio.to_thread(Path(await download.path()).read_bytes)
    return download.suggested_filename, data.decode()


@pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "no-javascript"])
async def test_an_authors_posts(website: Website, open_page: OpenPage, javascript: bool) -> None:
    page = await open_page(javascript=javascript, width=320)
    await page.goto(website.address(f"/user/{KOREANS[0]}"))
    name, data = await exported(page, "csv")
    assert name == f"saywho-{KOREANS[0]}.csv"
    rows = list(csv.DictReader(data.splitlines(keepends=True)))
    assert len(rows) == 60
    assert {row["username"] for row in rows} == {KOREANS[0]}


async def test_all_posts_from_the_settings(crowd: Website, open_page: OpenPage) -> None:
    page = await open_page(operator_of=crowd)
    await page.goto(crowd.address("/settings"))
    name, data = await exported(page, "mongo")
    assert name == "saywho.json"
    assert len({json.loads(line)["username"] for line in data.splitlines()}) == 45
