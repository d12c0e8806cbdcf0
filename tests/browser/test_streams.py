"""Live streams of pages in a real browser: after a proxy's 502, a restart, and a goodbye."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import Page, Route, expect

from tests.installation import Installation
from tests.ports import free_port
from tests.server import SERVE, serving

from .conftest import OpenPage
from .test_games import begin_game, enter, sees
from .website import Website, serve

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

IS_LIVE: Final = {"/": "#newest.is-live", "/dashboard/": "[data-live-state].is-live"}
GONE: Final = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
ROUND_TRIPS: Final = """async () => {
  for (let trip = 0; trip < 20; trip += 1) await fetch("/healthz");
}"""
"""Takes longer than the millisecond after which a browser would open a stream again."""


@pytest.fixture(scope="module")
def club(has_chromium: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Website]:
    """The sample posts, and an operator who hosts games."""
    with serve(tmp_path_factory.mktemp("streams"), has_operator=True) as site:
        yield site


async def refuse_twice(page: Page, status: int) -> list[int]:
    """Answer the first two requests for streams with this status; return the statuses sent."""
    sent: list[int] = []

    async def answer(route: Route) -> None:
        if len(sent) < 2:
            sent.append(status)
            await route.fulfill(status=status, body="away")
        else:
            await route.continue_()

    await page.route(re.compile("/live$"), answer)
    return sent


async def say_goodbye_once(page: Page, data: str) -> list[str]:
    """Answer the first request for a stream with `bye`; return the addresses that are asked for."""
    asked: list[str] = []

    async def answer(route: Route) -> None:
        asked.append(route.request.url)
        if len(asked) == 1:
            body = f"retry: 1\n\nevent: bye\ndata: {data}\n\n"
            await route.fulfill(content_type="text/event-stream", body=body)
        else:
            await route.continue_()

    await page.route(re.compile("/live$"), answer)
    return asked


@pytest.mark.parametrize("path", IS_LIVE)
async def test_a_page_is_live_after_its_stream_was_refused(
    club: Website, open_page: OpenPage, path: str
) -> None:
    page = await open_page(is_new=True)
    sent = await refuse_twice(page, 502)
    await page.goto(club.address(path))
    await expect(page.locator(IS_LIVE[path])).to_be_visible()
    assert sent == [502, 502]


async def test_a_game_goes_on_after_its_streams_were_refused(
    club: Website, open_page: OpenPage
) -> None:
    host = await open_page(locale="en", operator_of=club, is_new=True)
    phone = await open_page(locale="en", width=360, is_new=True)
    sent = [await refuse_twice(page, 503) for page in (host, phone)]
    await enter(phone, club, await begin_game(host, club), "Late")
    await expect(host.locator(".come li")).to_have_text(["Late"])
    await host.keyboard.press("Space")
    await sees(phone, "asking")
    assert sent == [[503, 503]] * 2


async def test_a_page_reconnects_by_itself_when_the_server_said_goodbye(
    club: Website, open_page: OpenPage
) -> None:
    page = await open_page(is_new=True)
    asked = await say_goodbye_once(page, "{}")
    await page.goto(club.address("/dashboard/"))
    await expect(page.locator(IS_LIVE["/dashboard/"])).to_be_visible()
    assert len(asked) >= 2


@pytest.mark.parametrize("sign", ["focus", "pointerdown"])
async def test_a_page_of_too_many_waits_until_it_is_looked_at(
    club: Website, open_page: OpenPage, sign: str
) -> None:
    page = await open_page(is_new=True)
    asked = await say_goodbye_once(page, '{"reason": "too many streams"}')
    await page.goto(club.address("/dashboard/"))
    await expect(page.locator("[data-live-state]:not(.is-live)")).to_be_visible()
    await page.evaluate(ROUND_TRIPS)
    assert len(asked) == 1
    await page.evaluate(f"window.dispatchEvent(new Event('{sign}'))")
    await expect(page.locator(IS_LIVE["/dashboard/"])).to_be_visible()
    assert len(asked) == 2


@contextlib.asynccontextmanager
async def proxy_of(port: int) -> AsyncIterator[int]:
    """Run a proxy that answers 502 while nobody listens at the port; give its own."""

    async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65_536):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def serve_one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)
        except ConnectionError:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(GONE)
            writer.close()
            return
        await asyncio.gather(pipe(reader, inner_writer), pipe(inner_reader, writer))

    server = await asyncio.start_server(serve_one, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def test_a_page_behind_a_proxy_is_live_again_after_a_restart(
    open_page: OpenPage, tmp_path: Path
) -> None:
    page = await open_page(is_new=True)
    installation = Installation(tmp_path / "data", {"SAYWHO_ACCESS_LOG": "0"})
    statuses: list[int] = []
    page.on("response", lambda answer: statuses.append(answer.status))
    port = free_port()
    async with proxy_of(port) as own_port:
        with contextlib.ExitStack() as stack:
            # In threads: the loop of this test is that of the proxy.
            first = await asyncio.to_thread(
                stack.enter_context, serving(installation, *SERVE, "--workers", "1", port=port)
            )
            await page.goto(f"http://127.0.0.1:{own_port}/dashboard/")
            await expect(page.locator(IS_LIVE["/dashboard/"])).to_be_visible()
            await asyncio.to_thread(first.stop)
            await expect(page.locator("[data-live-state]:not(.is-live)")).to_be_visible()
            async with page.expect_event("response", lambda answer: answer.status == 502):
                pass
            await asyncio.to_thread(
                stack.enter_context, serving(installation, *SERVE, "--workers", "1", port=port)
            )
            await expect(page.locator(IS_LIVE["/dashboard/"])).to_be_visible()
    assert 502 in statuses
