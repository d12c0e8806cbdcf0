"""What a screen reader reads of the main pages, and in which order, by the accessibility tree."""

import re
from collections import Counter
from itertools import pairwise
from typing import Final

import pytest
from playwright.async_api import Page

from tests.waiting import eventually

from .conftest import OpenPage
from .office import OPERATOR_PAGES, reach
from .website import PAGES, Website

pytestmark = pytest.mark.browser

LANDMARKS: Final = ["banner", "main", "contentinfo"]
FOUND: Final = ("room", "author", "year")
"""Pages that begin with a finding, and its drawing."""
NODE: Final = re.compile(
    r"""^ *- '?(?P<role>[a-z]+)(?: "(?P<name>(?:[^"\\]|\\.)*)")?(?P<state>.*)$""", re.MULTILINE
)
NAMED: Final = {
    *("link", "button", "img", "textbox", "searchbox", "spinbutton", "slider", "progressbar"),
    *("checkbox", "radio", "combobox", "navigation", "region", "table"),
}
SHARE: Final = re.compile(r"(?<!\S)[^\s:()]+ \d+%")
TWICE: Final = re.compile(r"(?<![\w.,:])(\d[\d,]*%?) \1(?![\w.,:%])")


def as_read(tree: str) -> str:
    return " ".join(tree.replace('\\"', '"').replace("- 'img ", "- img ").split())


async def nodes_of(page: Page) -> list[dict[str, str]]:
    """Check what holds on every page; return what is read of it, in its order."""
    tree = re.sub(r"^ *- /url: .*\n?", "", await page.locator("body").aria_snapshot(), flags=re.M)
    nodes = [found.groupdict() for found in NODE.finditer(tree)]
    roles = [node["role"] for node in nodes]
    # The way past the menu is first, the menu before the content, the footer last.
    assert roles[0] == "link"
    assert [role for role in roles if role in LANDMARKS] == LANDMARKS
    navigations = [node["name"] for node in nodes if node["role"] == "navigation"]
    assert len({*navigations}) == len(navigations), navigations
    nameless = [node for node in nodes if node["role"] in NAMED and not node["name"]]
    # A link without a name of its own has its text on the lines below it.
    assert all(node["state"].endswith(":") for node in nameless), nameless
    headings = [node for node in nodes if node["role"] == "heading"]
    levels = [int(re.findall(r"level=(\d)", node["state"])[0]) for node in headings]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    content = roles.index("main")
    first = roles.index("heading")
    assert content < first
    assert "img" not in roles[content:first]  # No drawing before the title.
    # A share is told by its drawing or by the list below that. Only a finding is told by both.
    shares = Counter(SHARE.findall(as_read(tree)))
    assert all(count == 1 for count in shares.values()), shares
    assert not TWICE.findall(as_read(re.sub(r"^ *- (?:text: )?", "", tree, flags=re.M)))
    return nodes


@pytest.mark.parametrize("name", ["import-chat", "import-preview", "import-told", "room-owned"])
async def test_the_pages_of_an_operator_are_read_in_order(
    crowd: Website, open_page: OpenPage, name: str
) -> None:
    await nodes_of(await open_page(crowd.address(OPERATOR_PAGES[name]), operator_of=crowd))


@pytest.mark.parametrize("name", ["home", "compare", "search", "quiz", "dashboard", *FOUND])
async def test_a_page_is_read_in_the_order_in_which_it_is_seen(
    website: Website, open_page: OpenPage, name: str
) -> None:
    page = await open_page()
    await reach(page, website, name, PAGES[name])
    nodes = await nodes_of(page)
    if name not in FOUND:
        return

    async def read() -> tuple[str, str]:
        finding = await page.locator("#finding").aria_snapshot()
        return as_read(finding), as_read(await page.locator("body").aria_snapshot())

    # At a first visit, the page is drawn again in the browser's time zone.
    finding, said = await eventually(read, until=lambda seen: "" != seen[0] in seen[1])
    assert len(next(node for node in nodes if node["role"] == "img")["name"]) >= 20
    # The finding is read before its drawing, which has it as name, and no table before both.
    at = said.index(finding)
    assert said.index("heading", said.index("main")) < at < said.index("- img", at)
    assert "- table" not in said[: said.index("- img", at)]
