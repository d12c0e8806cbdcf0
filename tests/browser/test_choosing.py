"""Lists of authors to tick: their rows are whole, wherever they are scrolled to."""

from collections.abc import Iterator
from typing import Any, Final

import pytest

from .conftest import WITH_AND_WITHOUT, OpenPage
from .website import Website, compare_path, serve

pytestmark = pytest.mark.browser

PEOPLE: Final = (9, 4, 6)
"""Of two chats, and who writes in none."""
TEXT: Final = "the kettle is on again, and the ferry waits at the pier until the wind turns"
CUT: Final = """() => {
  const [list] = document.querySelectorAll("fieldset .chips");
  const rows = [...list.children];
  const stuck = rows.filter((row) => getComputedStyle(row).position === "sticky");
  const cut = [];
  for (let down = 0; down < list.scrollHeight; down += 35) {
    list.scrollTop = down;
    const { top, bottom } = list.getBoundingClientRect();
    const edges = [top, bottom, ...stuck.map((row) => row.getBoundingClientRect().top)];
    for (const row of rows.filter((each) => !stuck.includes(each))) {
      const box = row.getBoundingClientRect();
      if (edges.some((edge) => box.top < edge - 1 && box.bottom > edge + 1))
        cut.push(`${list.scrollTop}: ${row.textContent.trim()}`);
    }
  }
  list.scrollTop = 0;
  return { cut, folded: list.scrollHeight - list.clientHeight, top: list.scrollTop };
}"""


def messages() -> Iterator[dict[str, Any]]:
    for room, people in enumerate(PEOPLE, 1):
        chat = {"room": {"id": room, "name": f"harbour {room}"}} if room < len(PEOPLE) else {}
        for place in range(people * 12):
            name = f"{'abc'[room - 1]}_person{place % people}"
            text = f"{TEXT.split()[place % 7]} {place} {TEXT}"
            yield {"username": name, "text": text, "source_id": f"{room}-{place}"} | chat


@pytest.fixture(scope="module")
def chats(has_chromium: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Website]:
    with serve(tmp_path_factory.mktemp("chats"), sample=False, records=[*messages()]) as site:
        yield site


@WITH_AND_WITHOUT
async def test_no_list_of_authors_is_cut_through_a_row(
    chats: Website, open_page: OpenPage, javascript: bool
) -> None:
    page = await open_page(locale="en", javascript=javascript)
    for path in ("/", compare_path(TEXT, "a_person1"), compare_path(TEXT, "nobody")):
        for width in (1280, 800, 390, 320):
            await page.set_viewport_size({"width": width, "height": 800})
            await page.goto(chats.address(path))
            if "a_person1" in path:
                await page.get_by_text("Asked: a_person1").click()
            seen = await page.evaluate(CUT)
            assert seen["cut"] == [], (path, width)
            assert seen["folded"] > 0 or width > 390
            assert seen["top"] == 0  # So far it can be taken back.
