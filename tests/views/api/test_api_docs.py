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
    assert "curl -X DELETE" in page


async def test_the_page_is_in_the_visitors_language(anybody: Client) -> None:
    async def language(query: str, accepted: str) -> str:
        answer = await anybody.get(f"/api/v1/docs{query}", headers={"Accept-Language": accepted})
        page = cast(str, await answer.get_data(as_text=True))
        return page.partition('<html lang="')[2][:2]

    assert [await language("", "ko"), await language("", "en")] == ["ko", "en"]
    assert await language("?locale=ko", "en") == "ko"
