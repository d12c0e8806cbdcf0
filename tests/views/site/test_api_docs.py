"""The API's document as a page."""

import re
import shlex
from collections import Counter
from html import unescape
from typing import cast

import pytest
from quart import Quart

from app.services.imports.storing import load_samples
from tests.browsing import parts_of
from tests.conftest import Client
from tests.views.conformance import IDS, OF_GAMES

EXCEPTIONS = {("cancel_import", 409)}
"""Operations that ask for what the samples do not have: the import has ended then."""


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


async def test_a_body_shows_types_and_what_it_needs(anybody: Client) -> None:
    page = await (await anybody.get("/api/v1/docs")).get_data(as_text=True)
    (shown,) = re.findall(r'<article class="card" id="create_tweet">(.*?)</article>', page, re.S)
    assert re.search(r"<code>text</code> <span[^>]*><span[^>]*>string</span>, required", shown)
    assert re.search(r"<code>lang</code> <span[^>]*><span[^>]*>string or null</span></span>", shown)
    assert "<summary>Example</summary>" in shown


@pytest.mark.databases("sqlite")
async def test_the_requests_that_are_shown_are_answered(app: Quart, admin: Client) -> None:
    await load_samples(parts_of(app).db)
    message = {"username": "ann", "text": "Lanterns out!", "room": {"name": "Crew"}}
    dated = message | {"created_at": "2026-02-01T12:00:00Z"}
    await admin.add_posts(message, *[dated] * 100)
    page = await (await admin.get("/api/v1/docs")).get_data(as_text=True)
    shown = re.findall(r'<article class="card" id="(\w+)">.*?<pre><code>(.*?)</code>', page, re.S)
    requests = {name: Shown(unescape(command)) for name, command in shown}
    assert sorted(requests) == IDS
    for name in (OF_GAMES - {"create_game"}) | {"live_stream"}:
        del requests[name]
    # What is read or added to is deleted last, a post before its author.
    order = ["POST", "GET", "DELETE"]
    for name in sorted(requests, key=lambda name: (order.index(requests[name].method), name)):
        status = await requests[name].send(admin)
        assert 200 <= status < 300 or (name, status) in EXCEPTIONS, (
            name,
            status,
            requests[name].path,
        )


class Shown:
    """A request that the page shows as a command for curl."""

    def __init__(self, command: str) -> None:
        program, *words = shlex.split(command.replace("\\\n", ""))
        *options, address = words
        pairs = list(zip(options[::2], options[1::2], strict=True))
        given = dict(pairs)
        assert program == "curl"
        self.headers = dict(value.split(": ", 1) for name, value in pairs if name == "-H")
        self.headers.pop("Authorization", None)  # The client's own token is sent.
        self.path = address.removeprefix("http://localhost")
        self.data = given.get("--data-binary")
        self.method = given.get("-X", "GET" if self.data is None else "POST")

    async def send(self, client: Client) -> int:
        """Return the status of the answer."""
        data = b'{"text": "x", "username": "li"}' if self.data == "@posts.jsonl" else self.data
        answer = await client.send(self.method, self.path, headers=self.headers, data=data)
        await answer.get_data()
        return int(answer.status_code)


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
