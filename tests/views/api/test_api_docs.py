"""The API's document as a page."""

import re
from collections import Counter
from typing import cast

from tests.conftest import Client
from tests.views.api.conformance import IDS


async def test_the_page_shows_every_operation_without_scripts(anybody: Client) -> None:
    page = await (await anybody.get("/api/v1/docs")).get_data(as_text=True)
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert set(IDS) <= set(ids)
    assert max(Counter(ids).values()) == 1
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(ids)
    assert page.count("<h1") == 1
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=\"/)", page)
    for address in re.findall(r'(?:src|href)="([^"]*)"', page):
        assert re.match(r"#|/(?!/)", address)


async def test_the_page_is_in_the_visitors_language(anybody: Client) -> None:
    async def language(**headers: str) -> str:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        page = await (await anybody.get("/api/v1/docs", headers=named)).get_data(as_text=True)
        return cast(str, page).partition('<html lang="')[2][:2]

    assert [await language(Accept_Language=each) for each in ("ko", "en")] == ["ko", "en"]
    chosen = await anybody.get("/api/v1/docs?locale=ko")
    assert (chosen.status_code, chosen.headers["Location"]) == (303, "/api/v1/docs")
    cookie = chosen.headers["Set-Cookie"].partition(";")[0]
    assert await language(Accept_Language="en", Cookie=cookie) == "ko"
