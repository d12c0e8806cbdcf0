"""Take every page in both languages, light and dark, narrow and wide, into a folder.

Run as `python tests/browser/screenshots.py FOLDER [PART OF A NAME]`; with `docs/images pictures` it
takes the pictures of the documentation.
"""

import asyncio
import itertools
import sys
import tempfile
from pathlib import Path
from typing import Any, Final, Literal

from playwright.async_api import Browser

if __package__:
    from .office import ACCESS_PAGES, OPERATOR_PAGES, add_imports, reach
    from .website import PAGES, Website, chromium, compare_path, crowd_records, odd_records, serve
else:
    # As a script it is no part of a package; its folder is on the path then.
    from office import ACCESS_PAGES, OPERATOR_PAGES, add_imports, reach  # type: ignore[import-not-found, no-redef]
    from website import PAGES, Website, chromium, compare_path, crowd_records, odd_records, serve  # type: ignore[import-not-found, no-redef]

Scheme = Literal["light", "dark"]
MOST_RELOADS: Final = 20
"""Until how well authors are told apart has been measured in the background."""
TALLEST_PX: Final = 6_000
"""What of a long page is taken; browsers cannot draw one of any length."""
SCHEMES: Final[tuple[Scheme, ...]] = ("light", "dark")
CROWD: Final = {
    "crowd-home": "/",
    "crowd-compare": compare_path("Tea at 5, bread at 7, and rain. Again rain, again bread."),
    "crowd-authors": "/authors",
}
EMPTY: Final = {"empty-home": "/", "empty-about": "/about", "empty-authors": "/authors"}


PICTURED_TEXT: Final = (
    "Fog lifted at noon. Wind NW 4, vis 12 miles, and the stairs are swept. "
    "come in for tea at three!! there's cake"
)
PICTURED: Final = ("saltmarsh_light", "no9_kettle_cafe", "pier_street_museum")
PICTURES: Final[dict[str, tuple[str, Scheme, str]]] = {
    "compare-light": (compare_path(PICTURED_TEXT, *PICTURED), "light", ".ranking"),
    "compare-dark": (compare_path(PICTURED_TEXT, *PICTURED), "dark", ".ranking"),
    "author": (f"/user/{PICTURED[0]}?tz=Asia/Seoul", "light", "#calendar"),
    "dashboard": ("/dashboard/", "light", "#timeline .bars path"),
    "quiz": ("/quiz", "dark", ".guesses"),
}
"""Address, theme and what must be there; the page of the game is shown answered."""


async def take_pictures(browser: Browser, site: Website, folder: Path) -> None:
    """Write the pictures of the documentation."""
    for name, (path, scheme, awaited) in PICTURES.items():
        page = await browser.new_page(
            locale="en",
            color_scheme=scheme,
            viewport={"width": 1180, "height": 820},
            device_scale_factor=1.5,
            timezone_id="Asia/Seoul",
            reduced_motion="reduce",
        )
        await page.goto(site.address(path))
        await page.locator(awaited).first.wait_for(state="attached")
        for _ in range(MOST_RELOADS):
            if not await page.get_by_text("being measured").count():
                break
            await page.wait_for_timeout(1_000)
            await page.reload()
        if name == "dashboard":
            await page.locator("#timeline").evaluate("figure => figure.scrollIntoView()")
            await page.wait_for_timeout(1_500)
        if name == "quiz":
            await page.locator(".guesses button").first.click()
            await page.locator(".quiz-score").wait_for()
        await page.screenshot(path=folder / f"{name}.png")
        await page.close()


async def take(browser: Browser, site: Website, pages: dict[str, str], folder: Path) -> None:
    """Write a picture of each page in each variant."""
    for locale, scheme, width in itertools.product(("ko", "en"), SCHEMES, (320, 1280)):
        context = await browser.new_context(
            locale=locale,
            color_scheme=scheme,
            viewport={"width": width, "height": 900},
            timezone_id="Asia/Seoul",
        )
        page = await context.new_page()
        for name, path in pages.items():
            if name in OPERATOR_PAGES:
                await context.add_cookies([site.session_cookie()])
            await reach(page, site, name, path)
            target = folder / f"{name}-{locale}-{scheme}-{width}.png"
            height = min(await page.evaluate("document.body.scrollHeight"), TALLEST_PX)
            clip: Any = {"x": 0, "y": 0, "width": width, "height": height}
            await page.screenshot(path=target, full_page=True, clip=clip)
        await context.close()


async def main(folder: Path, part: str) -> None:
    crowd = {"sample": False, "records": list(crowd_records())}
    sites: tuple[tuple[dict[str, str], dict[str, Any]], ...] = (
        (PAGES, {"records": list(odd_records())}),
        (
            CROWD | ACCESS_PAGES | OPERATOR_PAGES,
            crowd | {"has_operator": True, "prepare": add_imports},
        ),
        (EMPTY, {"sample": False}),
    )
    async with chromium() as browser:
        if part == "pictures":
            with tempfile.TemporaryDirectory() as data, serve(Path(data)) as site:
                await take_pictures(browser, site, folder)
            return
        for pages, contents in sites:
            wanted = {name: path for name, path in pages.items() if part in name}
            if not wanted:
                continue
            with tempfile.TemporaryDirectory() as data, serve(Path(data), **contents) as site:
                await take(browser, site, wanted, folder)


if __name__ == "__main__":
    if len(sys.argv) not in {2, 3}:
        sys.exit(__doc__)
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else ""))
