"""The verification in the API: its answer, what it refuses, and what it rests on."""

import json
import math
import random
from typing import Any, Final
from urllib.parse import quote, urlencode

import pytest

from tests.conftest import Client
from tests.waiting import eventually, settle

VERIFY = "/api/v1/verify"
NUMBERS = ("three", "four", "five", "six", "seven", "nine", "ten")
STYLES = {
    "sailor": "the ferry leaves the {} harbour at {}, wind permitting...",
    "baker": "Fresh rolls, {} trays! Come early, before {} :)",
    "keeper": "Lamp lit {} minutes past {}; nothing to report.",
    "owl": "saw {} stars tonight & {} more at dawn, I think?",
}
KOREAN = {
    "빵집": "오늘도 굽습니다, 호밀빵 {}개 먼저 {} :)",
    "천문대": "관측은 {}시에 시작합니다. 하늘은 {}.",
}


def posts_of(pattern: str, number: int, seed: int = 0) -> list[str]:
    chance = random.Random(seed)  # noqa: S311 - no secret
    return [
        pattern.format(chance.choice(NUMBERS), f"{chance.choice(NUMBERS)} {n}")
        for n in range(number)
    ]


async def fill(writer: Client, posts: dict[str, list[str]]) -> None:
    lines = [json.dumps({"username": name, "text": t}) for name, own in posts.items() for t in own]
    headers = {"Content-Type": "application/x-ndjson"}
    answer = await writer.post("/api/v1/tweets", data="\n".join(lines), headers=headers)
    assert (await answer.get_json())["accepted"] == len(lines)


@pytest.fixture
async def site(admin: Client) -> Client:
    """Four English authors, two Korean ones and one with few posts."""
    own = {name: posts_of(style, 40) for name, style in STYLES.items()}
    own |= {name: posts_of(style, 30) for name, style in KOREAN.items()}
    await fill(admin, own | {"newcomer": posts_of("hello from {}, said {}", 24)})
    # Answers are equal as long as they rest on one background, which maintenance may renew.
    await settle(admin.app)
    return admin


async def verify(client: Client, username: str, *texts: str) -> dict[str, Any]:
    answer = await client.post(VERIFY, json={"texts": list(texts), "username": username})
    assert answer.status_code == 200, await answer.get_data()
    result: dict[str, Any] = await answer.get_json()
    return result


async def test_own_texts_speak_for_the_author_and_those_of_others_against(site: Client) -> None:
    texts = posts_of(STYLES["sailor"], 3, seed=9)
    own = await verify(site, "SAILOR", *texts)
    assert (own["verdict"], own["support"], own["username"]) == ("for", "moderate", "sailor")
    assert own["texts"] == texts
    assert 1 <= own["log10_lr"] <= math.log10(3 * 5)
    assert own["population"] == {"authors": 4, "posts": 3 * 40 + 24}
    assert "about" in own["statement"] or "at least" in own["statement"]
    assert "not the probability" in own["statement"]
    assert own["evidence"]
    for mark in own["evidence"]:
        text = texts[mark["text_index"]]
        assert mark["text"] == text[mark["start"] : mark["end"]]
        assert mark["weight"] != 0
    assert any("only 4 other" in limit for limit in own["limits"])
    assert own["calibration"]["authors"] == 4
    assert 0 <= own["calibration"]["cllr_min"] <= own["calibration"]["cllr"]
    card = await eventually(
        lambda: site.get("/api/v1/compare/card?username=sailor&username=baker"),
        until=lambda answer: answer.status_code == 200,
    )
    assert (await card.get_json())["verification"] == own["calibration"]
    other = await verify(site, "baker", *texts)
    assert other["verdict"] == "against"
    assert -1.5 <= other["log10_lr"] <= -math.log10(2)
    assert any(mark["weight"] < 0 for mark in other["evidence"])
    assert own["model"]["as_of_event"] == other["model"]["as_of_event"]
    # The same state gives the same answer, by GET too.
    query = urlencode([*(("text", text) for text in texts), ("username", "sailor")])
    assert await (await site.get(f"{VERIFY}?{query}")).get_json() == own


async def test_a_text_counts_once_and_little_text_gets_no_number(site: Client) -> None:
    text = posts_of(STYLES["sailor"], 1, seed=9)[0]
    assert await verify(site, "sailor", text, text) == await verify(site, "sailor", text)
    short = await verify(site, "sailor", "the ferry")
    assert (short["verdict"], short["log10_lr"], short["support"]) == ("short", None, None)
    assert "12 are needed" in short["statement"]
    assert short["evidence"] == []
    assert short["limits"]


async def test_a_post_of_the_author_is_taken_out_first(site: Client) -> None:
    text = "Quokkas by the jetty, wind permitting, and a lantern for each of them."
    before = await verify(site, "sailor", text)
    tweet = await site.add_tweet("sailor", text)
    again = await verify(site, "sailor", text)
    assert again["model"]["as_of_event"] > before["model"]["as_of_event"]
    assert again["tweets"] == before["tweets"] == 40
    assert any("taken out first" in limit for limit in again["limits"])
    for answer in (before, again):  # The number of posts is that of the state.
        del answer["model"], answer["limits"]
    assert again == before
    # Another text of the same words does profit from the post, at once.
    near = "Quokkas by the jetty and a lantern for each of them"
    with_it = await verify(site, "owl", near)
    await site.delete(f"/api/v1/tweets/{tweet['id']}")
    without = await verify(site, "owl", near)
    assert with_it["parts"]["others"] < without["parts"]["others"]


async def test_authors_who_come_and_go_count_at_once(site: Client) -> None:
    text = posts_of(KOREAN["빵집"], 1, seed=5)[0]
    body = {"texts": [text], "username": "빵집"}
    refused = await site.post(VERIFY, json=body)
    assert refused.status_code == 422
    assert "at least 2" in (await refused.get_json())["detail"]
    await site.add_user("도서관", "오늘은 책을 읽어요, 조용히.")
    found = await verify(site, "빵집", text)
    assert found["population"] == {"authors": 2, "posts": 31}
    assert found["log10_lr"] <= math.log10(9)
    assert found["support"] != "moderate"
    await site.delete("/api/v1/users/" + quote("도서관"))
    assert (await site.post(VERIFY, json=body)).status_code == 422


GUESSES: Final[tuple[tuple[int, str, list[str], str], ...]] = (
    (404, "nobody", ["some text in English"], "nobody"),
    (422, "newcomer", ["some text in English"], "25 are needed"),
    (422, "sailor", ["오늘은 비가 와요. 내일은 그쳐요."], "different languages"),
    (422, "sailor", [], "1 to 100"),
    (422, "sailor", ["text"] * 101, "1 to 100"),
    (422, "sailor", ["fine text", ""], "empty"),
    (422, "sailor", ["1234 🚢 !?"], "letters"),
    (422, "sailor", ["a" * 25_001], "25,000"),
    (422, "sailor", [f"{n} " + "a" * 24_000 for n in range(5)], "together"),
    (422, "", ["some text in English"], "author"),
)


async def test_where_a_number_would_be_a_guess_there_is_none(site: Client) -> None:
    for status, username, texts, said in GUESSES:
        posted = await site.post(VERIFY, json={"texts": texts, "username": username})
        assert posted.status_code == status, said
        problem = await posted.get_json()
        assert said in problem["detail"]
        if len(str(texts)) < 2_000:
            query = urlencode([*(("text", text) for text in texts), ("username", username)])
            got = await site.get(f"{VERIFY}?{query}")
            of_address = await got.get_json()
            assert (got.status_code, of_address["detail"]) == (status, problem["detail"])
            assert {each["loc"] for each in of_address.get("errors", [])} <= {"text", "username"}


async def test_a_body_that_is_no_verification_is_422(anybody: Client) -> None:
    for body in (
        {},
        {"texts": ["a"]},
        {"texts": "a", "username": "b"},
        {"texts": [1], "username": "b"},
        {"text": "a", "username": "b"},
    ):
        assert (await anybody.post(VERIFY, json=body)).status_code == 422, body
