"""Five sizes of letters, two weights, one scale of space, and one button that leads on."""

from typing import Final

import pytest

from .conftest import OpenPage
from .test_first_sight import SIZES
from .website import PAGES, Website

pytestmark = pytest.mark.browser

LOOKED_AT: Final = (
    *("home", "compare", "compare-several", "room", "author", "year"),
    *("search", "authors", "about", "quiz", "many-texts", "dashboard"),
)
PHONE: Final = 480
"""Width up to which buttons stand in a grid."""
SEEN: Final = """() => {
  const drawn = [...document.querySelectorAll("body *")].filter((part) => part.checkVisibility());
  const written = drawn.filter((part) =>
    [...part.childNodes].some((node) => node.nodeType === 3 && node.data.trim())
    && !part.closest(".visually-hidden, .js-plotly-plot, option, sup"));
  const read = (property) => [...new Set(written.map((part) => getComputedStyle(part)[property]))];
  const names = ["marginTop", "marginBottom", "paddingTop", "paddingBottom", "rowGap"];
  const spaces = drawn.filter((part) => part.matches("main > *, .card, .actions, .columns"))
    .flatMap((part) => names.map((name) => parseFloat(getComputedStyle(part)[name]) || 0));
  const primary = drawn.filter((part) => part.matches("main .button.primary"));
  return {
    sizes: read("fontSize"), weights: read("fontWeight"),
    spaces: [...new Set(spaces)].filter((space) => space % 4),
    primary: primary.map((part) => part.textContent.trim()),
    holes: drawn.filter((part) => part.matches(":is(.actions, .beside-actions)")).flatMap((row) => {
      const buttons = [...row.children].filter((part) => part.matches(".button, .share"));
      const boxes = buttons.filter((part) => part.checkVisibility())
        .map((part) => part.getBoundingClientRect());
      const ends = new Map(boxes.map((box) => [Math.round(box.top), box.right]));
      return [...ends.values()].filter((end) => end < row.getBoundingClientRect().right - 2);
    }),
    links: drawn.filter((part) => part.matches(".actions > a"))
      .filter((part) => getComputedStyle(part).minHeight !== "44px")
      .map((part) => part.textContent.trim()),
    largest: Math.max(...drawn.filter((part) => part.matches("h1:has(~ .finding), .big-name"))
      .map((part) => parseFloat(getComputedStyle(part).fontSize)), 0),
    finding: Math.max(...drawn.filter((part) => part.matches(".finding"))
      .map((part) => parseFloat(getComputedStyle(part).fontSize)), 0),
  };
}"""


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("name", LOOKED_AT)
async def test_pages_have_five_sizes_two_weights_and_one_scale_of_space(
    website: Website, open_page: OpenPage, name: str, width: int, height: int
) -> None:
    page = await open_page()
    await page.set_viewport_size({"width": width, "height": height})
    await page.goto(website.address(PAGES[name]))
    seen = await page.evaluate(SEEN)
    assert {*seen["sizes"]} <= {"13px", "16px", "20px", "26px", "38px"}
    assert {*seen["weights"]} <= {"400", "650"}
    assert seen["spaces"] == []
    assert len(seen["primary"]) <= 1, seen["primary"]
    assert seen["links"] == []
    assert width > PHONE or seen["holes"] == []
    assert seen["largest"] <= seen["finding"]
