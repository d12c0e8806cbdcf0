"""One server and one browser for all tests here, and a fresh window for each test."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, Page

from .office import add_imports
from .website import CHROMIUM, Website, chromium, crowd_records, odd_records, serve

TIMEOUT_MS = 30_000


@pytest.fixture(scope="session")
def has_chromium() -> None:
    """Skip before anything is started, or fail where everything must be there."""
    if CHROMIUM.exists():
        return
    reason = f"browser tests need Chromium at {CHROMIUM}; run: bash tests/install-chromium.sh"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def website(has_chromium: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Website]:
    """The sample posts, and some odd ones."""
    with serve(tmp_path_factory.mktemp("website"), records=list(odd_records())) as site:
        yield site


@pytest.fixture(scope="session")
def crowd(has_chromium: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Website]:
    """More authors than a form has boxes for, an operator, and an import in each state."""
    folder = tmp_path_factory.mktemp("crowd")
    records = list(crowd_records())
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
async def browser(has_chromium: None) -> AsyncIterator[Browser]:
    async with chromium() as running:
        yield running


@dataclass
class Faults:
    """What a page did that it should not."""

    found: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        def console(message: Any) -> None:
            # The browser notes every answer with a failing status there; tests look at those.
            is_status = message.text.startswith("Failed to load resource")
            if message.type in {"error", "warning"} and not is_status:
                self.found.append(f"console: {message.text}")

        def request(request: Any) -> None:
            if urlsplit(request.url).hostname != "127.0.0.1":
                self.found.append(f"request to another host: {request.url}")

        page.on("console", console)
        page.on("pageerror", lambda error: self.found.append(f"uncaught: {error}"))
        page.on("request", request)


OpenPage = Callable[..., Awaitable[Page]]


@pytest.fixture
async def open_page(browser: Browser) -> AsyncIterator[OpenPage]:
    """Open a window of a language, scheme and width, with or without JavaScript or sign-in."""
    faults, contexts = Faults(), []

    async def open_(
        *,
        locale: str = "ko",
        scheme: Any = "light",
        width: int = 1280,
        javascript: bool = True,
        operator_of: Website | None = None,
    ) -> Page:
        context = await browser.new_context(
            locale=locale,
            color_scheme=scheme,
            viewport={"width": width, "height": 800},
            java_script_enabled=javascript,
            timezone_id="Asia/Seoul",
        )
        contexts.append(context)
        if operator_of:
            await context.add_cookies([operator_of.session_cookie()])
        page = await context.new_page()
        page.set_default_timeout(TIMEOUT_MS)
        faults.watch(page)
        return page

    yield open_
    for context in contexts:
        await context.close()
    assert not faults.found, "\n".join(faults.found)
