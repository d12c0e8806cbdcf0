"""In a language that three people here write, beside six English writers, no output names anybody
for a stranger's text, and none says what was measured in English.
"""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

import pytest

from app.views.comparing.verdicts import HEADINGS
from tests.browsing import SAME_ORIGIN, Browser, body, missing_in, signed_in
from tests.conftest import NDJSON, Client, Shared, client_with
from tests.installation import Installation
from tests.parts.games.playing import host_game
from tests.parts.quiz.test_quiz_pages import guessed, new_set
from tests.services.compare.test_other_languages import sentences
from tests.views.comparing.test_languages_of_few import LANGUAGES
from tests.waiting import settle

THREAT: Final = LANGUAGES["pl"]
NAMES: Final = ("ewa", "leon", "maja")
POLISH: Final = sentences("pl", 99)
ENGLISH: Final = {
    "pilot": "runway {} is closed by fog tonight, the violet lantern sank behind Ostrava",
    "poet": "o moon {} o silver o night, how long do you stay with me",
    "clerk": "Form {} must be handed in twice with quarantined marzipan. Thank you.",
    "li": "honestly the deck is wet again and number {} will not be painted before spring",
    "bo": "bring the marmalade crates, crate {} is under the pelican tarpaulin by the stairs",
    "ed": "engine {} coughs like a heron and nobody but the heron seems to care about it",
}
POSTS: Final = {name: POLISH[number::3] for number, name in enumerate(NAMES)} | {
    name: [text.format(number) for number in range(30)] for name, text in ENGLISH.items()
}
ASKED: Final = [("text", THREAT), *(("username", name) for name in NAMES)]
NAMED: Final = [
    heading.format(username=name, count=len(NAMES))
    for heading in HEADINGS["likely"]
    for name in NAMES
]


class Site(NamedTuple):
    api: Client
    operator: Browser


@pytest.fixture(scope="module")
async def site(shared: Shared) -> Site:
    for name, texts in POSTS.items():
        await shared.writer.add_author(name, *texts)
    await settle(shared.app)
    return Site(
        await client_with(shared.app, "admin"),
        await signed_in(shared.app, "operator", role="operator"),
    )


async def sent(site: Site, path: str, **form: Any) -> str:
    headers = {**SAME_ORIGIN, "Content-Type": "application/x-www-form-urlencoded"}
    data = urlencode(form, doseq=True)
    return await body(await site.operator.send("POST", path, data=data, headers=headers))


async def comparison(site: Site) -> str:
    return await site.operator.page(f"/compare?{urlencode(ASKED)}")


async def picture(site: Site) -> str:
    return await site.operator.page(f"/compare/picture?{urlencode(ASKED)}")


async def comparison_by_the_api(site: Site) -> str:
    answer = await site.api.post("/api/v1/compare", json={"text": THREAT, "usernames": NAMES})
    return await body(answer)


async def lines_of_the_api(site: Site) -> str:
    asked = urlencode(ASKED[1:])
    data = json.dumps({"text": THREAT}).encode()
    answer = await site.api.post(f"/api/v1/compare/batch?{asked}", data=data, headers=NDJSON)
    return await body(answer)


async def table(site: Site) -> str:
    page = await sent(site, "/compare/table", username=NAMES, lines=THREAT, kind="lines")
    assert THREAT in page
    return page


async def table_as_csv(site: Site) -> str:
    asked = {"username": NAMES, "lines": THREAT, "kind": "lines", "as": "csv"}
    return await sent(site, "/compare/table", **asked)


async def model_card(site: Site) -> str:
    return await site.operator.page(f"/compare/card?{urlencode(ASKED[1:])}")


async def quiz(site: Site) -> str:
    for _ in range(500):
        page = await site.operator.page(await new_set(site.api))
        if all(f'value="{name}"' in page for name in NAMES):
            return page + await body(await guessed(site.api, page, NAMES[0]))
    raise AssertionError("no post of these people was asked about")


async def game(site: Site) -> str:
    host = await host_game(site.api, *NAMES)
    for action in ("next", "next"):
        await host.does(action)
    return (await site.operator.page(f"/games/{host.game}")) + json.dumps(await host.see())


async def people(site: Site) -> str:
    return "".join([await site.operator.page(f"/user/{name}") for name in NAMES])


OUTPUTS: Final[tuple[Callable[[Site], Awaitable[str]], ...]] = (
    comparison,
    picture,
    comparison_by_the_api,
    lines_of_the_api,
    table,
    table_as_csv,
    model_card,
    quiz,
    game,
    people,
)


def named_in(output: str) -> list[str]:
    """Return what only an answer about a language that was measured may say."""
    plain = " ".join(output.split())
    verdicts = ('"verdict":"likely"', '"verdict": "likely"', ">likely<", ",likely,")
    return [each for each in (*NAMED, *verdicts, " in 100 ") if each in plain]


@pytest.mark.parametrize("output", OUTPUTS, ids=lambda output: output.__name__)
async def test_nobody_is_named_and_nothing_promised(
    site: Site, output: Callable[[Site], Awaitable[str]]
) -> None:
    assert named_in(await output(site)) == []


async def test_an_output_about_english_would_be_told(site: Site) -> None:
    """The words that are looked for above are those that such an output says."""
    asked = urlencode([("text", POSTS["pilot"][0]), ("username", "pilot")])
    page = await site.operator.page(f"/compare?{asked}")
    assert not missing_in(page, HEADINGS["likely"][0].format(username="pilot"), " in 100 ")


def test_commands_name_nobody(installation: Installation, tmp_path: Path) -> None:
    posts, texts = (tmp_path / name for name in ("posts.jsonl", "texts.jsonl"))
    rows = [{"username": name, "text": text} for name, some in POSTS.items() for text in some]
    posts.write_text("\n".join(map(json.dumps, rows)), "utf-8")
    texts.write_text(json.dumps({"text": THREAT}), "utf-8")
    installation.done("import", posts)
    three = [each for name in NAMES for each in ("--username", name)]
    said = installation.done("compare", THREAT, *three)
    said += installation.done("compare", THREAT, *three, "--json")
    said += installation.done("compare", "--file", texts, *three)
    assert named_in(said) == []
