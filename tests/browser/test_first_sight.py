"""What is seen of a portrait and a year before anybody scrolls: the finding, and the drawing."""

from typing import Any, Final
from urllib.parse import quote

import pytest

from .conftest import OpenPage
from .website import KOREANS, Website

SEEN: Final = """() => {
  const finding = document.querySelector(".finding");
  const drawing = document.querySelector("main svg[role=img]");
  const { top, bottom } = drawing.getBoundingClientRect();
  return {
    finding: finding.textContent.trim(),
    name: drawing.getAttribute("aria-labelledby").split(" ")
      .map((id) => document.getElementById(id).textContent.trim()).join(" "),
    before: [...document.querySelectorAll("main :is(h1, .lead, .finding, svg, table, h2)")]
      .slice(0, 3).map((part) => part.localName + (part.classList[0] ?? "")),
    top, bottom,
    height: document.documentElement.scrollHeight,
    tables: [...document.querySelectorAll("main table")]
      .filter((table) => table.checkVisibility()).length,
  };
}"""
WIDER: Final = """() => [...document.querySelectorAll("main table")].filter(
  (table) => table.offsetWidth > table.parentElement.clientWidth).length"""


@pytest.mark.parametrize(
    ("path", "width", "height"),
    [
        ("portrait", 1280, 800),
        ("portrait", 390, 844),
        ("2026", 1280, 800),
        pytest.param("2026", 390, 844, marks=pytest.mark.full),
    ],
)
async def test_a_finding_is_seen_at_once(
    website: Website, open_page: OpenPage, path: str, width: int, height: int
) -> None:
    page = await open_page()
    await page.set_viewport_size({"width": width, "height": height})
    await page.goto(website.address(f"/user/{quote(KOREANS[0])}/{path}"))
    seen: dict[str, Any] = await page.evaluate(SEEN)
    assert seen["before"] == ["h1", "plead", "pfinding"]
    assert len(seen["finding"]) <= 140
    assert seen["name"].startswith(seen["finding"])
    assert len(seen["name"]) >= 20
    assert (seen["bottom"] if width == 1280 else seen["top"]) < height
    assert seen["height"] <= (1_800 if width == 1280 else 3_200)
    assert seen["tables"] == 0
    await page.click("details > summary")
    assert await page.evaluate(WIDER) == 0
