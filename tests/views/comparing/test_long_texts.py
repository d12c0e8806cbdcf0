"""A text counts by its words: a class with four essays each is compared, measured and played with.

A question shows a piece, and no other piece of its essay is known to saywho: every essay of a pair
who write alike is about a thing of its own, which gives its writer away to anyone who reads on.
"""

import random
import re
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest

from app.services.imports.storing import load_samples
from saywho.text import pieces_of, word_count
from tests.browsing import missing_in, parts_of
from tests.conftest import Shared
from tests.parts.games.playing import host_game

WORDS = {
    "anna": "harbour lantern because moreover quietly evening window letter kettle therefore",
    "lea": "rocket banana totally awesome friday pizza skate music honestly whatever",
    "omar": "river bicycle although perhaps market pepper journey cousin football winter",
    "tom": "computer engine simply obviously metal rather garden yellow mountain plastic",
}
ALIKE = ("ida", "una")
PUPILS = [*WORDS, *ALIKE]
THINGS = ["violin", "submarine", "penguin", "volcano", "umbrella", "dragon", "castle", "pineapple"]


def essay(name: str, number: int) -> str:
    """Return 20 sentences of 10 words; the pair repeat one thing in each essay."""
    chance = random.Random(f"{name} {number}")  # noqa: S311 - an example
    words = WORDS.get(name, WORDS["anna"]).split()
    thing = [THINGS[4 * ALIKE.index(name) + number]] if name in ALIKE and number < 4 else []
    sentences = (" ".join([*chance.choices(words, k=8), *thing * 2]) for _ in range(20))
    return ". ".join(sentences) + "."


ESSAYS = {name: [essay(name, number) for number in range(4)] for name in PUPILS}


@pytest.fixture(scope="module", autouse=True)
async def school(shared: Shared) -> None:
    await load_samples(parts_of(shared.app).db)
    posts = ({"username": name, "text": text} for name in PUPILS for text in ESSAYS[name])
    await shared.writer.add_posts(*posts)


async def test_four_essays_of_200_words_are_enough_to_be_judged(shared: Shared) -> None:
    asked = {"text": essay("lea", 50), "usernames": ["anna", "lea"]}
    answer = await shared.writer.post("/api/v1/compare", json=asked)
    told = await answer.get_json()
    assert [(one["username"], one["tweets"]) for one in told["ranking"]] == [
        ("lea", 4),
        ("anna", 4),
    ]
    assert all(one["pieces"] >= 10 for one in told["ranking"])
    # How usual an essay is for someone is not known by four of them.
    assert (told["verdict"], told["none"]) == ("close", None)
    pairs = [("text", asked["text"]), *(("username", name) for name in asked["usernames"])]
    page = await shared.writer.page(f"/compare?{urlencode(pairs)}")
    (heading,) = re.findall(r"<h1[^>]*>(.*?)</h1>", page)
    assert not missing_in(heading, "If one of these 2 wrote it, it is most like", "lea")


async def test_whole_essays_are_left_out_when_their_pieces_are_judged(shared: Shared) -> None:
    names = urlencode([("username", name) for name in PUPILS])
    card = await shared.writer.json(f"/api/v1/compare/card?{names}")
    measured, of_each = card["held_out"], {one["username"]: one for one in card["authors"]}
    hidden = {
        name: [piece for text in ESSAYS[name][2:] for piece in pieces_of(text)] for name in PUPILS
    }
    assert {name: one["asked"] for name, one in of_each.items()} == {
        name: len(pieces) for name, pieces in hidden.items()
    }
    right = sum(one["right"] for one in of_each.values())
    assert measured["posts"] == 2 * len(PUPILS)
    assert measured["in_pieces"]
    assert round(measured["right"] * measured["asked"]) == right
    assert all(of_each[name]["right"] == of_each[name]["asked"] for name in ("lea", "omar", "tom"))
    # The things of the hidden essays are in no other.
    assert all(of_each[name]["right"] < of_each[name]["asked"] for name in ALIKE)
    page = await shared.writer.page(f"/compare/card?{names}")
    told = f"the right author for <b>{right} of {measured['asked']}</b> hidden texts."
    assert told in page


def _is_piece(text: str) -> bool:
    """Return whether a text is whole sentences of one essay, and not all of it."""
    text = " ".join(text.split())
    essays = (essay for of_one in ESSAYS.values() for essay in of_one)
    return 20 <= word_count(text) <= 60 and any(
        f" {text} " in f" {essay} " and f". {text}" in f". {essay}" for essay in essays
    )


def _shown(page: str) -> Iterator[str]:
    for text in re.findall(r"<blockquote[^>]*>(.*?)</blockquote>", page, re.DOTALL):
        yield " ".join(re.sub(r"<[^>]+>", "", text).split())


async def test_a_quiz_asks_about_pieces_of_essays(shared: Shared) -> None:
    (answer,) = [await shared.writer.get("/quiz")]
    page = await shared.writer.page(answer.headers["location"])
    # Four pupils can be played with, so the samples are left out, here and on the front page.
    asked = [*_shown(page)]
    assert asked
    assert all(map(_is_piece, asked)), asked
    assert "no9_kettle_cafe" not in await shared.writer.page("/")


async def test_a_game_knows_no_other_piece_of_the_asked_essay(shared: Shared) -> None:
    host = await host_game(shared.admin, *ALIKE, questions=8)
    right = 0
    view = await host.does("next")
    while view["state"] != "ended":
        assert _is_piece(view["text"]), view["text"]
        if view["state"] == "told":
            right += view["saywho"]["username"] == view["truth"]
        view = await host.does("next")
    assert right < 8
