"""A server and a browser for all tests here, whose windows are cleaned between two tests."""

from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, FloatRect, Locator, Page, expect

from .office import add_imports
from .website import (
    Website,
    chromium,
    crowd_records,
    find_chromium,
    odd_records,
    room_records,
    serve,
)

TIMEOUT_MS = 30_000
FAILED = (
    "Failed to load",
    "{message: Callback error",
    "Error: Callback failed: the server did not respond",
    "htmx:afterRequest",
    "htmx:sendError",
    "htmx:sendAbort",
    "htmx:responseError",
)
SCRIPT_OF_DASH = "via clientside function"
"""In what Dash notes of an error in a script of ours, which it keeps to itself otherwise."""
expect.set_options(timeout=TIMEOUT_MS)  # It would be 5 s.


@pytest.fixture(scope="session")
def has_chromium() -> None:
    """Look for it before anything is started."""
    find_chromium()


@pytest.fixture(scope="session")
def website(has_chromium: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Website]:
    """The sample posts, and some odd ones."""
    with serve(tmp_path_factory.mktemp("website"), records=list(odd_records())) as site:
        yield site


@pytest.fixture(scope="session")
def crowd(has_chromium: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Website]:
    """More authors than a form has boxes for, a chat of two of them, an operator, and imports."""
    folder = tmp_path_factory.mktemp("crowd")
    records = [*crowd_records(), *room_records()]
    with serve(
        folder, sample=False, records=records, has_operator=True, prepare=add_imports
    ) as site:
        yield site


@pytest.fixture(scope="session")
def workshop(has_chromium: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Website]:
    """An installation with an operator, whose posts come and go."""
    with serve(tmp_path_factory.mktemp("workshop"), sample=False, has_operator=True) as site:
        yield site


@pytest.fixture(scope="session")
def nobody(has_chromium: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Website]:
    """An installation without posts."""
    with serve(tmp_path_factory.mktemp("nobody"), sample=False) as site:
        yield site


@pytest.fixture(scope="session")
def private(has_chromium: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Website]:
    """A private installation."""
    settings = {"SAYWHO_PUBLIC": "0"}
    with serve(tmp_path_factory.mktemp("private"), sample=False, settings=settings) as site:
        yield site


@pytest.fixture(scope="session")
async def browser(has_chromium: None) -> AsyncIterator[Browser]:
    async with chromium(find_chromium()) as running:
        yield running


@dataclass
class Window:
    """A page of its own context, and what it did that it should not."""

    page: Page
    kind: tuple[str, bool]
    """Its language, and whether it runs JavaScript."""
    faults: list[str] = field(default_factory=list)

    def watch(self) -> None:
        def console(message: Any) -> None:
            # The browser, htmx and Dash note every request that fails there; tests look at those.
            is_status = message.text.startswith(FAILED) and SCRIPT_OF_DASH not in message.text
            if message.type in {"error", "warning"} and not is_status:
                self.faults.append(f"console: {message.text}")

        def request(request: Any) -> None:
            address = urlsplit(request.url)
            if address.scheme != "file" and address.hostname != "127.0.0.1":
                self.faults.append(f"request to another host: {request.url}")

        self.page.on("console", console)
        self.page.on("pageerror", lambda error: self.faults.append(f"uncaught: {error}"))
        self.page.on("request", request)


class Windows:
    """Windows that earlier tests have left: a new one costs a second of processor time.

    Who is given one finds no cookie, permission or stored value, but files that a browser keeps.
    """

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self._left: defaultdict[tuple[str, bool], list[Window]] = defaultdict(list)

    async def take(self, locale: str, *, javascript: bool) -> Window:
        if left := self._left[locale, javascript]:
            return left.pop()
        context = await self.browser.new_context(
            locale=locale, java_script_enabled=javascript, timezone_id="Asia/Seoul"
        )
        page = await context.new_page()
        page.set_default_timeout(TIMEOUT_MS)
        window = Window(page, (locale, javascript))
        window.watch()
        return window

    async def leave(self, window: Window) -> None:
        page = window.page
        if page.url.startswith("http"):
            await page.evaluate("localStorage.clear(), sessionStorage.clear()")
        await page.goto("about:blank")
        await page.context.clear_cookies()
        await page.context.clear_permissions()
        window.faults.clear()
        self._left[window.kind].append(window)


@pytest.fixture(scope="session")
def windows(browser: Browser) -> Windows:
    return Windows(browser)


OpenPage = Callable[..., Awaitable[Page]]
WITH_AND_WITHOUT = pytest.mark.parametrize(
    "javascript",
    [
        pytest.param(True, id="javascript"),
        pytest.param(False, id="no-javascript", marks=pytest.mark.full),
    ],
)


@pytest.fixture
async def open_page(windows: Windows) -> AsyncIterator[OpenPage]:
    """Open a window at an address, of a language and width, with or without JavaScript or sign-in.

    A test that changes what is not cleared after it, such as the network, asks for a new one.
    """
    opened: list[tuple[Window, bool]] = []

    async def open_(
        address: str = "",
        *,
        locale: str = "ko",
        width: int = 1280,
        javascript: bool = True,
        operator_of: Website | None = None,
        reader_of: Website | None = None,
        is_new: bool = False,
    ) -> Page:
        source = Windows(windows.browser) if is_new else windows
        window = await source.take(locale, javascript=javascript)
        opened.append((window, is_new))
        if operator_of:
            await window.page.context.add_cookies([operator_of.session_cookie()])
        if reader_of:
            await window.page.context.add_cookies([reader_of.reader_cookie()])
        await window.page.set_viewport_size({"width": width, "height": 800})
        await window.page.emulate_media(media="null", color_scheme="light", reduced_motion="null")
        if address:
            await window.page.goto(address)
        return window.page

    yield open_
    faults = [fault for window, _ in opened for fault in window.faults]
    for window, is_new in opened:
        if is_new:
            await window.page.context.close()
        else:
            await windows.leave(window)
    assert not faults, "\n".join(faults)


async def box_of(part: Locator) -> FloatRect:
    """Return where that part of a page is, in pixels; it must be seen."""
    box = await part.bounding_box()
    assert box
    return box


async def go_back(page: Page) -> None:
    """Go back as whoever reads does, until the page before is there.

    Playwright's own way asks the browser for its list of pages, which refuses just after one came.
    """
    await page.wait_for_load_state()
    async with page.expect_event("framenavigated"):
        await page.evaluate("() => { setTimeout(() => history.back()); }")
