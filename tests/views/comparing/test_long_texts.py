"""A text counts by its words: a few essays are as much as many short posts."""

import random

from tests.conftest import Shared

WORDS = {
    "anna": "harbour lantern because moreover quietly evening window letter kettle therefore",
    "lea": "rocket banana totally awesome friday pizza skate music honestly whatever",
}


def essay(name: str, seed: int) -> str:
    chance, words = random.Random(seed), WORDS[name].split()  # noqa: S311 - an example
    sentences = (" ".join(chance.choices(words, k=10)) for _ in range(20))
    return ". ".join(sentences) + "."


async def test_four_essays_of_200_words_are_enough_to_be_judged(shared: Shared) -> None:
    await shared.writer.add_posts(
        *({"username": name, "text": essay(name, n)} for name in WORDS for n in range(4))
    )
    asked = {"text": essay("lea", 50), "usernames": ["anna", "lea"]}
    answer = await shared.writer.post("/api/v1/compare", json=asked)
    told = await answer.get_json()
    assert told["verdict"] != "short"
    assert [(one["username"], one["tweets"]) for one in told["ranking"]] == [
        ("lea", 4),
        ("anna", 4),
    ]
    assert all(one["pieces"] >= 10 for one in told["ranking"])
