"""Lists of authors to tick: nothing scrolls within the page, and all are shown if asked for."""

import re
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlencode

import pytest
from playwright.async_api import expect

from .conftest import WITH_AND_WITHOUT, OpenPage, box_of
from .website import Website, compare_path, serve

pytestmark = pytest.mark.browser

PEOPLE: Final = (9, 4, 6)
"""Of two chats, and who writes in none."""
TEXT: Final = "the kettle is on again, and the ferry waits at the pier until the wind turns"
LISTS: Final = """() => [...document.querySelectorAll("fieldset .chips")].map((list) => ({
  scrolls: list.scrollHeight > list.clientHeight + 1,
  shown: [...list.children].filter((row) => row.getClientRects().length).length,
  all: list.children.length,
}))"""


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


@pytest.mark.full
@WITH_AND_WITHOUT
async def test_a_long_list_of_names_is_shown_whole_if_asked_for(
    chats: Website, open_page: OpenPage, javascript: bool
) -> None:
    page = await open_page(locale="en", javascript=javascript)
    for path in ("/", compare_path(TEXT, "a_person1"), compare_path(TEXT, "nobody")):
        for width in (1280, 390):
            await page.set_viewport_size({"width": width, "height": 800})
            await page.goto(chats.address(path))
            if "a_person1" in path:
                await page.get_by_text("Compared with: a_person1").click()
            lists = await page.evaluate(LISTS)
            assert not any(each["scrolls"] for each in lists)
            (*_, names) = lists
            # Of those in no chat, a heading stands there, too.
            assert names["shown"] == (path != "/") + (0 if width == 390 else 1 + PEOPLE[2])
            for more in await page.locator(".all-names > summary").all():
                if await more.is_visible():
                    await more.click()
            for each in await page.evaluate(LISTS):
                assert (each["shown"], each["scrolls"]) == (each["all"], False), (path, width)


@pytest.mark.full
async def test_the_tick_of_a_chat_is_that_of_its_people(
    chats: Website, open_page: OpenPage
) -> None:
    page = await open_page(chats.address("/"), locale="en")
    chat = page.get_by_role("checkbox", name="All of harbour 2")
    person = page.get_by_role("checkbox", name="b_person1")
    named = page.locator("[data-chosen]")
    await chat.check()
    await expect(person).to_be_hidden()  # The chat's tick says so.
    await page.get_by_text("Choose single people").click()
    await expect(person).to_be_checked()
    await expect(named).to_have_text(re.compile("b_person1, .* [+]1$"))
    await person.uncheck()
    await expect(chat).not_to_be_checked()
    await expect(named).not_to_have_text(re.compile("b_person1|[+]"))
    await person.check()
    await expect(chat).to_be_checked()
    await chat.uncheck()
    await expect(named).to_have_text("")
    await page.get_by_role("searchbox", name="Find an author").fill("c_")
    await expect(person).to_be_hidden()
    await expect(chat).to_be_visible()


async def test_people_who_are_chosen_tick_the_chat_that_they_fill(
    chats: Website, open_page: OpenPage
) -> None:
    page = await open_page(locale="en")
    people = [f"b_person{place}" for place in range(4)]
    await page.goto(chats.address(f"/?{urlencode({'username': people}, doseq=True)}"))
    await expect(page.get_by_role("checkbox", name="All of harbour 2")).to_be_checked()
    # On a phone, the box of names leaves the button in sight.
    await page.set_viewport_size({"width": 390, "height": 844})
    names = await box_of(page.locator(".compare-form fieldset"))
    button = await box_of(page.get_by_role("button", name="Find the author"))
    assert button["y"] + button["height"] - names["y"] < 660
    await expect(page.get_by_role("checkbox", name="All of harbour 1")).not_to_be_checked()
