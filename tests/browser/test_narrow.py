"""What has little room is not cut off."""

from collections.abc import Iterator
from itertools import product
from typing import Any, Final
from urllib.parse import quote

import pytest
from playwright.async_api import expect

from .conftest import OpenPage
from .test_appearance import FAULTS
from .website import Website, serve

pytestmark = pytest.mark.browser

TEXT: Final = "kettle is on again and the ferry waits at the pier"
CUT: Final = """() => [...document.querySelectorAll(".habits :is(a, .value, .usual)")]
  .filter((label) => label.scrollWidth > label.clientWidth + 1 && label.clientWidth)
  .map((label) => label.textContent)"""
SHOWN: Final = """() => [...document.querySelectorAll(".habits .value")]
  .map((value) => value.innerText)"""


def messages() -> Iterator[dict[str, Any]]:
    room = {"id": 1, "name": "harbour"}
    for place in range(120):
        # Nearly all of one, and none of the other.
        first = "The" if place in {7, 71} else "the"
        ends = "" if place in {9, 73} else "!"
        for name, text in (("ann", f"{first} {TEXT}{ends}"), ("ben", f"The {TEXT}")):
            yield {"username": name, "text": text, "source_id": f"{name}{place}", "room": room}


@pytest.fixture(scope="module")
def chat(has_chromium: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Website]:
    with serve(
        tmp_path_factory.mktemp("chat"), sample=False, records=[*messages(), *club(), *garden()]
    ) as site:
        yield site


@pytest.mark.parametrize(
    ("locale", "whole"), [("en", "in almost every message"), ("ko", "거의 모든 메시지")]
)
@pytest.mark.full
async def test_how_somebody_writes_is_said_in_whole_words(
    chat: Website, open_page: OpenPage, locale: str, whole: str
) -> None:
    page = await open_page(locale=locale)
    for width in (390, 320):
        await page.set_viewport_size({"width": width, "height": 800})
        await page.goto(chat.address("/user/ann"))
        assert await page.evaluate(CUT) == [], width
        shown = await page.evaluate(SHOWN)
        assert shown.count(whole) == 2, (width, shown)


def club() -> Iterator[dict[str, Any]]:
    """Messages of nine people, of whom those who write least have a habit of their own."""
    ends = {"Sofia": "!!", "Amélie Dupont": " haha", "Jiwoo Park": "."}
    people = [*ends, "정우진", "Liam O'Connor", "Noah", "Ada", "김채원", "Ben"]
    for place in range(60):
        for number, name in enumerate(people):
            if name in ends and place > 40:
                continue
            words = TEXT.split()[place % 5 :]
            text = f"{' '.join(words)} {place}{ends.get(name, '')}"
            sent = f"2026-03-{place % 28 + 1:02}T10:{number:02}:{place:02}Z"
            source = f"club-{number}-{place}"
            said = {"username": name, "text": text, "source_id": source, "created_at": sent}
            yield said | {"room": {"id": 2, "name": "club"}}


GARDEN: Final = ("Imogen Clarke", "Theo", "Bartholomew Featherstonehaugh")
TORN: Final = """() => [...document.querySelectorAll(":is(th, .guesses, .answer-row) bdi")]
  .filter((name) => name.checkVisibility()).map((name) => name.firstChild)
  .flatMap((text) => [...text.data.matchAll(/\\S+/g)].filter(({ 0: word, index }) => {
    const range = new Range();
    range.setStart(text, index);
    range.setEnd(text, index + word.length);
    return new Set([...range.getClientRects()].map((box) => box.top)).size > 1;
  }).map(([word]) => word))"""


def garden() -> Iterator[dict[str, Any]]:
    """Messages at all hours of three people, of whom one has a long name and words of their own."""
    for place, (number, name) in product(range(80), enumerate(GARDEN)):
        words = f"whoever wants the {TEXT}!!" if number == 2 else " ".join(TEXT.split()[number::3])
        clock = f"{place % 24:02}:{(number + place) % 3:02}:{place % 60:02}"
        sent = f"2026-04-{place % 28 + 1:02}T{clock}Z"
        said = {"username": name, "text": f"{words} {place}", "source_id": f"{name}{place}"}
        yield said | {"created_at": sent, "room": {"id": 3, "name": "garden"}}


@pytest.mark.parametrize("locale", ["en", "ko"])
async def test_long_names_are_whole_wherever_a_chat_shows_them(
    chat: Website, open_page: OpenPage, locale: str
) -> None:
    page = await open_page(locale=locale)
    await page.set_viewport_size({"width": 390, "height": 800})
    for path in ("/room/3", "/", f"/user/{quote(GARDEN[2])}"):
        await page.goto(chat.address(path))
        await page.evaluate("for (const one of document.querySelectorAll('details')) one.open = 1")
        assert await page.evaluate(FAULTS) == [], path
        assert await page.evaluate(TORN) == [], path
    await page.goto(chat.address("/room/3"))
    await expect(page.locator("#finding")).to_contain_text(GARDEN[2])


async def test_hours_of_people_are_beside_each_other_not_in_a_line(
    chat: Website, open_page: OpenPage
) -> None:
    page = await open_page()
    await page.set_viewport_size({"width": 390, "height": 800})
    await page.goto(chat.address("/room/3"))
    await page.locator(".counted > summary").click()
    hours = page.locator(".each .many").first.locator("li")
    await expect(hours).to_have_count(24)
    boxes = [await hours.nth(place).bounding_box() for place in range(24)]
    assert len({round(box["x"]) for box in boxes if box}) == 4


@pytest.mark.parametrize("locale", ["en", "ko"])
async def test_no_name_in_a_large_chat_is_torn_beside_free_space(
    chat: Website, open_page: OpenPage, locale: str
) -> None:
    page = await open_page(chat.address("/room/2"), locale=locale)
    single = page.locator(".people-alike .habit")
    assert await single.count() >= 2, await page.locator("main").inner_text()
    for width in (720, 500, 390, 320):
        await page.set_viewport_size({"width": width, "height": 800})
        assert await page.evaluate(FAULTS) == [], width


async def test_the_answers_of_a_table_are_in_view_on_a_phone(
    chat: Website, open_page: OpenPage
) -> None:
    page = await open_page(locale="en")
    await page.set_viewport_size({"width": 390, "height": 800})
    await page.goto(chat.address("/compare/table"))
    await page.locator("[name=lines]").first.fill(f"the {TEXT}!\nThe {TEXT} again\nHello there")
    await page.get_by_role("button", name="Find the authors").click()
    await expect(page.locator(".judged-lines td.word")).to_have_count(3)
    hidden = await page.evaluate("""() => {
      const shown = document.querySelector(".scrolled:has(.judged-lines)");
      const edge = shown.getBoundingClientRect().right;
      return [...document.querySelectorAll(".judged-lines td.word")].filter(cell => {
        const range = new Range();
        range.selectNodeContents(cell);
        return range.getBoundingClientRect().right > edge;
      }).map(cell => cell.textContent);
    }""")
    assert hidden == []
