"""What must hold on every page, in both languages, light and dark, narrow and wide."""

from collections.abc import Iterable, Iterator
from itertools import product
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.async_api import Page

from tests.archives import VIDEO, picture, x_media, x_media_members, x_zip

from .conftest import OpenPage
from .office import ACCESS_PAGES, OPERATOR_PAGES, READER_PAGES, reach
from .website import PAGES, Website, compare_path, json_lines, serve

pytestmark = pytest.mark.browser

ENGLISH = (
    "Compare",
    "Search",
    "Who would have said this?",
    "Who could it be?",
    "Style is evidence",
    "Skip to the content",
    " posts",
    "More posts",
    "Back to",
    "Sign in",
    "Settings",
    "Import",
    "Delete",
    "Revoke",
    "Upload",
    "Cancel",
)
"""Some of the messages, none of which may be left in a Korean page."""

FOLDER = Path(__file__).parent
FAULTS = (FOLDER / "faults.js").read_text()
AXE = (FOLDER / "axe" / "axe.min.js").read_text()
AXE_FAULTS = (FOLDER / "axe_faults.js").read_text()


WIDTHS = (320, 1280)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
CROWD = {
    "crowd-home": "/",
    "crowd-compare": compare_path("Tea at 5, bread at 7, and rain. Again rain, again bread."),
    "crowd-authors": "/authors",
    "quiz-room": "/quiz?room=1",
    "quiz-room-answered": "/quiz?room=1",
}
EMPTY = {"empty-home": "/", "empty-about": "/about", "empty-authors": "/authors"}
PRIVATE = {
    "private-login": "/login",
    "private-link": "/setup?token=unknown",
    "private-api": "/api/v1/docs",
}
SITES = {
    "website": PAGES,
    "crowd": CROWD | OPERATOR_PAGES | ACCESS_PAGES | READER_PAGES,
    "nobody": EMPTY,
    "private": PRIVATE,
}
"""The pages of the sites that run, under the names of their fixtures."""
INLINE = "inline style or script"
"""Dash starts by a script whose hash the policy names, and plotly makes styles as it runs."""
FIRST_SEEN = {
    *("home", "compare", "search", "author", "tweet", "quiz-answered"),
    *("import-preview", "settings"),
}
"""Pages of each kind, which `make test-later` sees in Korean and narrow."""


async def faults_of(
    page: Page, address: str | None = None, *, widths: Iterable[int] = WIDTHS
) -> list[str]:
    """Look at one page, or the one that is open, light and dark, in each width.

    axe sees each theme at one of the widths.
    """
    if address:
        await page.goto(address)
    await page.evaluate(AXE)
    faults = []
    for width in widths:
        axe_scheme = "dark" if width == 320 else "light"
        await page.set_viewport_size({"width": width, "height": 800})
        for scheme in SCHEMES:
            await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            found = await page.evaluate(FAULTS)
            if scheme == axe_scheme:
                # What stays in sight covers a part of what is behind it where a page is scrolled.
                await page.evaluate("scrollTo({ top: 0, behavior: 'instant' })")
                found += await page.evaluate(AXE_FAULTS)
            faults += [f"{scheme}, {width} px: {fault}" for fault in found]
    return faults


async def left_in_english(page: Page) -> list[str]:
    text = await page.evaluate(
        """() => [document.title, document.querySelector(".site-header").innerText,
          document.querySelector(".site-footer").innerText, ...[...document.querySelectorAll(
            "h1, h2, label, legend, button, .hint, .small, .badge, .soft, .button"
          )].filter(e => !e.closest("main [lang=en]")).map(e => e.innerText)].join("\\n")"""
    )
    text = text.replace("SMS Import / Export", "")  # A program of this name, in every language.
    return [message for message in ENGLISH if message in text]


def looks() -> Iterator[Any]:
    """Yield each page in each language and width: its site, name and path, language and width."""
    for site, pages in SITES.items():
        for (name, path), locale, width in product(pages.items(), ("ko", "en"), WIDTHS):
            is_first = (locale, width) == ("ko", min(WIDTHS)) and name in FIRST_SEEN
            is_tried = (locale, width) in {("ko", min(WIDTHS)), ("en", max(WIDTHS))}
            mark = pytest.mark.full if is_tried else pytest.mark.soak
            yield pytest.param(
                *(site, name, path, locale, width),
                id=f"{site}: {name}-{locale}-{width}",
                marks=[] if is_first else [mark],
            )


@pytest.mark.parametrize(("fixture", "name", "path", "locale", "width"), [*looks()])
async def test_page_is_sound(
    request: pytest.FixtureRequest,
    open_page: OpenPage,
    fixture: str,
    name: str,
    path: str,
    locale: str,
    width: int,
) -> None:
    site: Website = request.getfixturevalue(fixture)
    page = await open_page(
        locale=locale,
        operator_of=site if name in OPERATOR_PAGES else None,
        reader_of=site if name in READER_PAGES else None,
    )
    await reach(page, site, name, path)
    faults = await faults_of(page, widths=[width])
    if name.startswith("dashboard"):
        faults = [fault for fault in faults if not fault.endswith(INLINE)]
    assert not faults, "\n".join(faults)
    assert await page.locator("html").get_attribute("lang") == locale
    if locale == "ko":
        assert await left_in_english(page) == []


def conversation() -> Iterator[dict[str, Any]]:
    """Yield posts with branches and with answers to one that is not here."""
    for number, answers in ((1, None), (2, 1), (3, 2), (4, 1), (5, 4), (6, 99), (7, 99)):
        author, answered = (("골목빵집", "언덕천문대")[n % 2] for n in (number, answers or 0))
        target = answers and {"source_id": str(answers), "username": answered}
        text = f"{number}번 글: 오늘도 굽습니다, 관측은 내일쯤요 :)"
        yield {"author": author, "source_id": str(number), "text": text, "reply_to": target}


def media(path: Path) -> Path:
    """Write an archive with pictures and films of any shape, and one whose file is not there."""
    name = "A picture with a long description of all that is to be seen in it, to its last corner"
    sizes = {201: (300, 1200), 202: (1600, 200), 203: (40, 30), 204: (640, 400)}
    files = {f"{number}-p{number}.png": picture(number, *sizes[number]) for number in sizes}
    posts = {
        number: [x_media(f"https://p.example/p{number}.png", ext_alt_text=f"{name} ({number})")]
        for number in (*sizes, 205)
    }
    shapes: list[dict[str, int]] = [
        {},
        {"width": 640, "height": 480},
        {"width": 720, "height": 1280},
    ]
    films = [
        x_media(f"https://p.example/film{number}.mp4", "video", original_info=shape)
        for number, shape in enumerate(shapes)
    ]
    files |= {f"206-film{number}.mp4": VIDEO for number in range(len(films))}
    posts[206] = films
    return x_zip(path, x_media_members(posts, files))


ALONE = (
    "/",
    "/compare",
    "/compare?text=" + "words " * 9,
    "/user/mina",
    "/user/mina?year=2023&tz=Asia/Seoul",
    "/user/mina/2023",
    "/posts?username=mina&has=media",
    "/authors",
    "/about",
    "/quiz",
)
"""What shows an author who is compared with people from elsewhere alone."""


@pytest.mark.full
async def test_pages_of_an_author_a_conversation_and_media_are_sound(
    has_chromium: None, open_page: OpenPage, tmp_path: Path
) -> None:
    async def look(*paths: str) -> None:
        for path in paths:
            faults = await faults_of(page, site.address(path))
            assert not faults, "\n".join([path, *faults])
            assert await left_in_english(page) == []

    with serve(tmp_path, sample=False) as site:
        page = await open_page()
        site.command("import", str(media(tmp_path / "x.zip")))
        await look(*ALONE)
        (tmp_path / "posts.jsonl").write_text(json_lines(conversation()))
        site.command("import", str(tmp_path / "posts.jsonl"))
        await look(*(f"/tweet/{number}" for number in (1, 6, 7, 12)), "/search?q=corner")
