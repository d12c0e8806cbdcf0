"""In a language that few here write, no place says what was measured in another one."""

import json
from typing import Any, Final
from urllib.parse import urlencode

import pytest

from benchmarks.languages import SENTENCES
from tests.browsing import SAME_ORIGIN
from tests.conftest import Client, Shared, client_with
from tests.services.compare.test_elsewhere import FERRY, MUSEUM
from tests.services.compare.test_other_languages import THREAT
from tests.waiting import settle

LANGUAGES: Final = {
    "pl": "Jeśli do jutra nie oddasz pieniędzy, opowiem wszystkim o wszystkim.",
    "ar": THREAT,
    "ja": "明日までにお金を返さなければ、みんなにすべてを話します。",
}
"""A threat by a stranger."""
UNKNOWN: Final = (
    "saywho knows fewer than eight other people here who write this language, so it cannot say how"
    " usual this is."
)


def names_of(language: str) -> list[str]:
    return [f"{language}-{name}" for name in ("ewa", "leon", "maja")]


@pytest.fixture(scope="module", params=["alone", "beside English"])
async def site(shared: Shared, request: pytest.FixtureRequest) -> Client:
    """Three people of each language; then two English ones, too. It may be read by everybody."""
    if request.param == "alone":
        for language in LANGUAGES:
            rows = (SENTENCES / f"{language}.jsonl").read_text("utf-8").splitlines()
            texts = [json.loads(row)["text"] for row in rows]
            for n, name in enumerate(names_of(language)):
                await shared.writer.add_author(name, *texts[n::3])
    else:
        await shared.writer.add_author("ann", *FERRY)
        await shared.writer.add_author("ben", *MUSEUM)
    await settle(shared.app)
    return await client_with(shared.app, "read")


def query_of(language: str) -> str:
    return "&".join(f"username={name}" for name in names_of(language))


async def sent(client: Client, path: str, **form: Any) -> Any:
    answer = await client.post(path, json=form, status=200)
    return await answer.get_json()


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_comparison_says_that_it_cannot_say_how_usual_it_is(
    site: Client, language: str
) -> None:
    text = LANGUAGES[language]
    for named in ({"usernames": names_of(language)}, {}):
        answer = await sent(site, "/api/v1/compare", text=text, **named)
        assert (answer["verdict"], answer["none"], answer["strangers"]) == ("close", None, None)
        assert answer["more"] is None
        assert "unknown_language" in answer["limits"]
    for query in (query_of(language), f"username={names_of(language)[0]}"):
        page = await site.page(f"/compare?{urlencode({'text': text})}&{query}")
        # Two others write it, so they are too few, not none.
        assert "Too few other people to compare with in this language" in page
        assert UNKNOWN in page
        assert " in 100 " not in page


async def test_a_line_of_enough_words_is_not_called_too_short(site: Client) -> None:
    text, name = LANGUAGES["pl"], names_of("pl")[0]
    answer = await site.post(
        "/compare/table",
        form={"lines": text, "kind": "lines", "username": name},
        headers=SAME_ORIGIN,
    )
    page = await answer.get_data(as_text=True)
    assert "not judged: <b>1</b>" in page
    assert "too few other people of the language are known" in page


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_model_card_says_nothing_of_strangers(site: Client, language: str) -> None:
    card = await site.json(f"/api/v1/compare/card?{query_of(language)}")
    assert (card["strangers"], card["unknown_language"]) == (None, True)
    page = await site.page(f"/compare/card?{query_of(language)}")
    assert "other people are in a language that too few others here write" in page


async def test_the_guide_says_from_when_other_languages_are_named(site: Client) -> None:
    page = await site.page("/about")
    assert "In other languages it needs 79% or more for one text, by language and author" in page
