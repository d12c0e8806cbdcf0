"""What a screen reader reads of the main pages, and in which order, by the accessibility tree."""

import re
from itertools import pairwise
from typing import Final

import pytest

from tests.waiting import eventually

from .conftest import OpenPage
from .website import PAGES, Website

pytestmark = pytest.mark.browser

FOUND: Final = ("room", "author", "year")
"""Pages that begin with a finding, and its drawing."""
NODE: Final = re.compile(
    r"""^ *- '?(?P<role>[a-z]+)(?: "(?P<name>(?:[^"\\]|\\.)*)")?(?P<state>.*)$""", re.MULTILINE
)
NAMED: Final = {"link", "button", "img", "textbox", "checkbox", "radio", "combobox", "navigation"}


def as_read(tree: str) -> str:
    return " ".join(tree.replace('\\"', '"').split())


@pytest.mark.parametrize("name", ["home", "compare", "search", "quiz", *FOUND])
async def test_a_page_is_read_in_the_order_in_which_it_is_seen(
    website: Website, open_page: OpenPage, name: str
) -> None:
    page = await open_page()
    await page.goto(website.address(PAGES[name]))
    tree = await page.locator("body").aria_snapshot()
    nodes = [found.groupdict() for found in NODE.finditer(tree)]
    roles = [node["role"] for node in nodes]
    # The way past the menu is first, the menu before the content, the footer last.
    assert roles[0] == "link"
    assert roles.index("banner") < roles.index("main") < roles.index("contentinfo")
    nameless = [node for node in nodes if node["role"] in NAMED and not node["name"]]
    # A link without a name of its own has its text on the lines below it.
    assert all(node["state"].endswith(":") for node in nameless), nameless
    headings = [node for node in nodes if node["role"] == "heading"]
    levels = [int(re.findall(r"level=(\d)", node["state"])[0]) for node in headings]
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    content = roles.index("main")
    first = next(place for place, role in enumerate(roles) if role == "heading")
    assert roles[content + 1 :][: first - content].count("img") == 0  # No drawing before the title.
    if name not in FOUND:
        return

    async def read() -> tuple[str, str]:
        finding = await page.locator("#finding").aria_snapshot()
        return as_read(finding), as_read(await page.locator("body").aria_snapshot())

    # At a first visit, the page is drawn again in the browser's time zone.
    finding, said = await eventually(read, until=lambda seen: "" != seen[0] in seen[1])
    drawing = next(node for node in nodes if node["role"] == "img")
    assert len(drawing["name"]) >= 20
    # The finding is read before its drawing, which has it as name, and no table before both.
    at = said.index(finding)
    assert said.index("heading", said.index("main")) < at < said.index("- img", at)
    assert "- table" not in said[: said.index("- img", at)]
