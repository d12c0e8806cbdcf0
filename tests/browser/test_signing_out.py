"""After signing out, going back shows no page of a private site: not from memory, not from disk."""

from collections.abc import AsyncIterator, Iterator
from typing import Any, Final

import pytest
from playwright.async_api import BrowserContext, CDPSession, Page, expect

from .website import OPERATOR, PASSWORD, Website, chromium, find_chromium, serve

pytestmark = pytest.mark.browser

SECRET: Final = "only for those who sign in"
PATHS: Final = (
    *("/user/mina", "/search?q=only", "/dashboard/", "/imports", "/settings"),
    *("/api/v1/users/mina/tweets", "/feed.atom", "/user/mina/2026/picture.png"),
)


@pytest.fixture(scope="module")
def closed(has_chromium: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Website]:
    """A private installation with an operator and posts."""
    posts: list[dict[str, Any]] = [
        {"username": "mina", "text": f"{number}, {SECRET}", "created_at": "2026-10-01T12:00:00Z"}
        for number in range(20)
    ]
    folder, settings = tmp_path_factory.mktemp("closed"), {"SAYWHO_PUBLIC": "0"}
    with serve(folder, sample=False, records=posts, has_operator=True, settings=settings) as site:
        yield site


@pytest.fixture(params=[True, False], ids=["memory", "disk"])
async def context(request: pytest.FixtureRequest) -> AsyncIterator[BrowserContext]:
    """A browser without scripts, which could hide what is shown again."""
    async with chromium(find_chromium(whole=True), keeps_pages=request.param) as browser:
        yield await browser.new_context(java_script_enabled=False, locale="ko-KR")


async def go_to(session: CDPSession, page: Page, address: str) -> None:
    """Go to an address in the history of a page, as the back button does."""
    history = await session.send("Page.getNavigationHistory")
    (entry,) = [entry for entry in history["entries"] if entry["url"] == address]
    async with page.expect_event("framenavigated"):
        await session.send("Page.navigateToHistoryEntry", {"entryId": entry["id"]})


@pytest.mark.parametrize("elsewhere", [False, True])
async def test_nothing_is_shown_again_after_signing_out(
    closed: Website, context: BrowserContext, *, elsewhere: bool
) -> None:
    page = await context.new_page()
    await page.goto(closed.address("/login"))
    await page.get_by_label("이름").fill(OPERATOR)
    await page.get_by_label("비밀번호").fill(PASSWORD)
    await page.get_by_role("button", name="로그인").click()
    await expect(page).to_have_url(closed.address("/"))
    addresses = [closed.address(path) for path in PATHS]
    for address in addresses:
        answer = await page.goto(address)
        assert answer is not None
        assert answer.status == 200
    await page.goto(closed.address("/settings?now"))
    if elsewhere:
        other = await context.new_page()
        await other.goto(closed.address("/settings?other"))
        await other.get_by_role("button", name="로그아웃", exact=True).click()
        await expect(other.locator("h1")).to_have_text("로그인")
    else:
        await page.get_by_role("button", name="로그아웃", exact=True).click()
        await expect(page.locator("h1")).to_have_text("로그인")
    session = await context.new_cdp_session(page)
    for address in reversed(addresses):
        await go_to(session, page, address)
        assert SECRET not in await page.content(), address
        if "/api/" in address:
            await expect(page.locator("body")).to_contain_text('"status":401')
        else:
            assert page.url.startswith(closed.address("/login?next=")), address
