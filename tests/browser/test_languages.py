"""A Spanish and an Arabic chat beside an English one, read on a phone: nobody there is accused of
what people elsewhere say in their language.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import pytest

from tests.chats import telegram

from .conftest import OpenPage
from .website import Website, serve

pytestmark = [pytest.mark.browser, pytest.mark.full]

SENTENCES: Final = Path(__file__).parents[2] / "benchmarks" / "sentences"
PEOPLE: Final = {
    "en": ("The hikers", "Ann", "Ben", "Cora"),
    "es": ("Los primos", "Lucía", "Mateo", "Carmen"),
    "ar": ("العائلة", "ليلى", "عمر", "نور"),
}
STRANGE: Final = {"en": 0, "es": 25, "ar": 15}
"""Sentences of each language that nobody here has said."""
FEW: Final = "Too few other people to compare with in this language"
UNKNOWN: Final = "fewer than eight other people here who write this language"


def read(language: str) -> tuple[list[str], list[str]]:
    """Return what the people of a chat said, and what nobody here said."""
    lines = (SENTENCES / f"{language}.jsonl").read_text("utf-8").splitlines()
    texts = list(dict.fromkeys(json.loads(line)["text"] for line in lines))
    known = len(texts) - STRANGE[language]
    return texts[:known], texts[known:]


def chat(number: int, language: str, said: Sequence[str]) -> bytes:
    title, *people = PEOPLE[language]
    messages = (
        (f"2026-03-{place // 20 + 1:02} {place % 20:02}:15", people[place % len(people)], text)
        for place, text in enumerate(said)
    )
    return telegram(number, title, *messages)


@pytest.fixture(scope="module")
def family(has_chromium: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Website]:
    folder = tmp_path_factory.mktemp("family")
    with serve(folder, sample=False) as site:
        for number, language in enumerate(PEOPLE, 1):
            path = folder / f"{language}.json"
            path.write_bytes(chat(number, language, read(language)[0]))
            site.command("import", "--timezone", "UTC", "--publish", "--accept-doubts", str(path))
        yield site


@pytest.mark.parametrize("language", ["es", "ar"])
async def test_nobody_is_accused_of_a_stranger_s_sentence(
    family: Website, open_page: OpenPage, language: str
) -> None:
    page = await open_page(family.address("/rooms"), locale="en", width=390)
    await page.get_by_role("link", name=PEOPLE[language][0]).first.click()
    await page.get_by_role("link", name="Who would have said this?").click()
    form, reasons = page.url, 0
    for text in read(language)[1]:
        await page.goto(form)
        await page.get_by_label("The text", exact=True).fill(text)
        await page.get_by_role("button", name="Find the author").click()
        heading = await page.locator("#result-heading").inner_text()
        answer = await page.inner_text("main")
        assert heading in {FEW, "Too little to go on"}, (text, heading)
        # There are no bars, and no sentence that names somebody for it.
        assert "%" not in answer, (text, answer)
        assert await page.evaluate("document.documentElement.scrollWidth") <= 390, text
        reasons += UNKNOWN in answer
    assert reasons > STRANGE[language] // 2
