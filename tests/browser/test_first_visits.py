"""What is drawn for a visitor of another time zone: at first, then, and without cookies."""

from collections.abc import AsyncIterator, Iterator
from typing import Any, Final
from urllib.parse import quote

import pytest
from playwright.async_api import Browser, BrowserContext, Page

from app.parts.dashboard.panels import PANELS
from tests.chats import telegram
from tests.waiting import eventually

from .conftest import FAILED, TIMEOUT_MS
from .office import reach
from .website import PAGES, Website, serve

pytestmark = pytest.mark.browser

ZONE: Final = "America/Adak"
"""No chat of these tests is from there, and its days are never those of UTC and Seoul alike."""
WORDS: Final = {
    "서연": (
        "ㅋㅋㅋ 그래 그럼 거기서 봐!!",
        "헐 진짜? 나도 갈래 ㅋㅋ",
        "늦을 것 같아 미안미안 ㅠㅠ",
    ),
    "도윤": ("네. 일곱 시까지 가겠습니다.", "표는 제가 사 두었습니다.", "비가 온다고 합니다."),
}
CHAT_PAGES: Final = {
    "chat-home": "/",
    "chat-dashboard": "/dashboard/",
    "chat-dashboard-of-one": f"/dashboard/?username={quote('서연')}",
    "chat-rooms": "/rooms",
    "chat-overview": "/room/1",
    "chat-messages": "/room/1?view=first",
    "chat-author": f"/user/{quote('서연')}",
    "chat-year": f"/user/{quote('서연')}/2025",
}
SITES: Final = {"chat": CHAT_PAGES, "website": PAGES}
WITHOUT_COOKIES: Final = """Object.defineProperty(Document.prototype, "cookie", {
  get() { return ""; }, set() {},
})"""
IS_IN_ZONE: Final = f"""() => document.readyState === "complete"
  && !document.querySelector(".htmx-request, [hx-trigger^=load]")
  && (new URLSearchParams(location.search).has("tz")
    || ![...document.querySelectorAll("[data-zone]")]
      .some((part) => part.dataset.zone !== "{ZONE}"))"""
DRAWN: Final = """() => Object.fromEntries([
  ["drawings", document.querySelectorAll("main :is(svg, img):not(.js-plotly-plot *)").length],
  ["shapes", document.querySelectorAll("main svg:not(.js-plotly-plot *) > *").length],
  ...[...document.querySelectorAll(".figure-card:not(.is-empty, .posts-card)")].map(({ id }) => [
    id, document.querySelectorAll(`#${id}-plot .point`).length]),
])"""


@pytest.fixture(scope="module")
def chat(has_chromium: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Website]:
    """A site of one chat from Korea."""
    folder = tmp_path_factory.mktemp("chat")
    names = list(WORDS)
    messages = [
        (
            f"2025-{number // 20 + 1:02}-{number % 28 + 1:02} {number * 5 % 24:02}:30",
            names[number % 2],
            f"{WORDS[names[number % 2]][number % 3]} {number}",
        )
        for number in range(200)
    ]
    messages.sort()
    file = folder / "result.json"
    file.write_bytes(telegram(1, "우리 둘", *messages))
    with serve(folder, sample=False) as site:
        site.command("import", str(file), "--timezone", "Asia/Seoul", "--publish")
        yield site


class Visitor:
    """A window in another time zone, that can be made new."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.faults: list[str] = []
        page.on("pageerror", lambda error: self.faults.append(f"uncaught: {error}"))
        page.on("console", self._note)

    def _note(self, message: Any) -> None:
        if message.type in {"error", "warning"} and not message.text.startswith(FAILED):
            self.faults.append(message.text)

    async def forget(self) -> None:
        """Leave the site, and come back as someone it has never seen."""
        await self.page.goto("about:blank")
        await self.page.context.clear_cookies()

    async def drawn(self, site: Website, name: str) -> dict[str, int]:
        """Return how much is drawn on a page once it shows the days of the visitor's zone."""
        await reach(self.page, site, name.removeprefix("chat-"), SITES_OF[name])
        await eventually(lambda: self.page.evaluate(IS_IN_ZONE))

        async def count() -> dict[str, int]:
            found: dict[str, int] = await self.page.evaluate(DRAWN)
            return found

        return await eventually(
            count, until=lambda found: all(found[n] for n in PANELS if n in found)
        )


SITES_OF: Final = CHAT_PAGES | PAGES


async def window(context: BrowserContext) -> Visitor:
    page = await context.new_page()
    page.set_default_timeout(TIMEOUT_MS)
    return Visitor(page)


@pytest.fixture(scope="module")
async def visitor(browser: Browser) -> AsyncIterator[Visitor]:
    context = await browser.new_context(locale="en", timezone_id=ZONE)
    yield await window(context)
    await context.close()


@pytest.fixture(scope="module")
async def stranger(browser: Browser) -> AsyncIterator[Visitor]:
    """A visitor whose browser keeps no cookies of scripts."""
    context = await browser.new_context(locale="en", timezone_id=ZONE)
    await context.add_init_script(WITHOUT_COOKIES)
    yield await window(context)
    await context.close()


@pytest.mark.parametrize(
    ("site", "name"),
    [pytest.param(site, name, id=name) for site, pages in SITES.items() for name in pages],
)
async def test_all_is_drawn_at_the_first_visit_from_another_zone(
    site: str, name: str, visitor: Visitor, stranger: Visitor, request: pytest.FixtureRequest
) -> None:
    website: Website = request.getfixturevalue(site)
    await visitor.forget()
    first = await visitor.drawn(website, name)
    cookies = {cookie["name"] for cookie in await visitor.page.context.cookies()}
    again = await visitor.drawn(website, name)
    without = await stranger.drawn(website, name)
    assert "saywho_zone" in cookies
    assert first == again == without
    assert visitor.faults == stranger.faults == []
    if "dashboard" in {name, name.removeprefix("chat-")}:
        assert PANELS.keys() & first.keys()
