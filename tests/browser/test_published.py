"""A published website, from the disk and without a network: every link, and how each page looks."""

from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import Browser

from tests.archives import picture, x_file, x_media, x_zip
from tests.installation import Installation

from .conftest import TIMEOUT_MS
from .test_appearance import WIDTHS, faults_of

pytestmark = pytest.mark.browser

KINDS: Final = (*("index.html", "2016.html", "2016-05.html"),)
"""One page of each kind."""
FIRST_SEEN: Final = ("index.html", "2016-05.html")
"""Pages that `make test-later` sees."""


@pytest.fixture
def published(installation: Installation, tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """The website of an archive with pictures, in a language."""
    times = ("Tue May 03 10:00:00 +0000 2016", "Wed May 03 11:00:00 +0000 2017")
    tweets = [
        {
            "id_str": str(number),
            "full_text": f"@jun 바다 #{number} and a long_word_{'x' * 60} https://example.org",
            "created_at": times[number % 2],
            "favorite_count": str(number),
            "in_reply_to_screen_name": "jun",
            "extended_entities": {"media": [x_media(f"https://example.org/P{number}.jpg")]},
        }
        for number in range(1, 13)
    ]
    account = {"username": "mina", "accountDisplayName": "미나"}
    files = {
        f"data/tweets_media/{number}-P{number}.jpg": picture(number * 20, 400, 300)
        for number in range(1, 13)
    }
    members = {
        "data/account.js": x_file("account", {"account": account}),
        "data/tweets.js": x_file("tweets", *({"tweet": tweet} for tweet in tweets)),
        **files,
    }
    installation.done("import", x_zip(tmp_path / "x.zip", members))
    folder = tmp_path / "website"
    options = ("--timezone", "Asia/Seoul", "--language", request.param, "--yes")
    installation.done("publish", folder, "-u", "mina", *options)
    return folder


def pages_in(folder: Path) -> set[str]:
    return {path.as_uri() for path in folder.rglob("*.html")}


@pytest.mark.parametrize(
    ("published", "kinds", "widths"),
    [
        pytest.param("ko", FIRST_SEEN, WIDTHS[:1], id="first"),
        pytest.param("ko", KINDS, WIDTHS, id="ko", marks=pytest.mark.full),
        pytest.param("en", KINDS, WIDTHS, id="en", marks=pytest.mark.full),
    ],
    indirect=["published"],
)
async def test_a_website_is_whole_from_the_disk(
    browser: Browser, published: Path, kinds: tuple[str, ...], widths: tuple[int, ...]
) -> None:
    context = await browser.new_context(offline=True)
    page = await context.new_page()
    faults: list[str] = []
    page.on("console", lambda message: faults.append(f"{page.url}: {message.text}"))
    page.on("pageerror", lambda error: faults.append(f"{page.url}: {error}"))
    context.set_default_timeout(TIMEOUT_MS)
    page.on(
        "request",
        lambda request: (
            None
            if request.url.startswith(published.as_uri())
            else faults.append(f"asks for {request.url}")
        ),
    )
    start = (published / "index.html").as_uri()
    waiting, seen = [start], {start}
    while waiting:
        await page.goto(waiting.pop())
        for link in await page.evaluate("[...document.links].map(link => link.href.split('#')[0])"):
            if link not in seen and not link.startswith("https://example.org"):
                seen.add(link)
                waiting.append(link)
    assert {(published / name).as_uri() for name in KINDS} <= seen
    assert pages_in(published) <= seen, "no link leads to a page"
    assert not faults, "\n".join(faults)
    # axe itself asks for the stylesheet, which a browser refuses from a disk.
    looked = {
        name: found
        for name in kinds
        if (found := await faults_of(page, (published / name).as_uri(), widths=widths))
    }
    await context.close()
    assert looked == {}
