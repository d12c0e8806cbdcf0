"""Take the pictures of the documentation: `python -m tests.browser.screenshots docs/images`."""

import asyncio
import sys
import tempfile
from pathlib import Path
from typing import Final, Literal

from playwright.async_api import Browser

from .website import Website, chromium, compare_path, serve

Scheme = Literal["light", "dark"]
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
        if name == "dashboard":
            await page.locator("#timeline").evaluate("figure => figure.scrollIntoView()")
            await page.wait_for_timeout(1_500)
        if name == "quiz":
            await page.locator(".guesses button").first.click()
            await page.locator(".ranking").wait_for()
        await page.screenshot(path=folder / f"{name}.png")
        await page.close()


async def main(folder: Path) -> None:
    async with chromium() as browser:
        with tempfile.TemporaryDirectory() as data, serve(Path(data)) as site:
            await take_pictures(browser, site, folder)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    asyncio.run(main(Path(sys.argv[1])))
