"""The comparison in the API."""

import asyncio
import json
import math
from typing import Any
from urllib.parse import quote

import pytest
from quart import Quart
from sqlalchemy import insert

from app.clock import now
from app.models import User
from tests.conftest import Client, Shared
from tests.waiting import settle

COMPARE = "/api/v1/compare"
SAILOR = [
    f"The ferry leaves the northern harbour at {hour}, wind permitting." for hour in range(12)
]
BAKER = [f"오늘도 갓 구운 빵 {number}개가 나왔어요! 어서 오세요 🥐" for number in range(12)]


@pytest.fixture(scope="module")
async def pair(shared: Shared) -> Client:
    """Compare the two who have something to say, beside whom are quiet and empty."""
    await shared.writer.add_user("sailor", *SAILOR)
    await shared.writer.add_user("빵집", *BAKER)
    await shared.writer.add_user("quiet", "one post only")
    await shared.writer.add_user("empty")
    # Answers of before and after are equal as long as they rest on one background.
    await settle(shared.app)
    return shared.writer


async def compare(client: Client, text: str, *usernames: str, **fields: Any) -> dict[str, Any]:
    body = {"text": text} | ({"usernames": list(usernames)} if usernames else {}) | fields
    answer = await client.post(COMPARE, json=body)
    assert answer.status_code == 200, await answer.get_data()
    result: dict[str, Any] = await answer.get_json()
    return result


async def test_author_of_such_posts_leads_with_evidence(pair: Client) -> None:
    text = "🌊 The ferry leaves the harbour tonight, wind permitting."
    result = await compare(pair, text, "빵집", "sailor")
    assert result["text"] == text
    assert result["verdict"] == "likely"
    assert [ranked["username"] for ranked in result["ranking"]] == ["sailor", "빵집"]
    assert [ranked["tweets"] for ranked in result["ranking"]] == [12, 12]
    chances = [ranked["probability"] for ranked in result["ranking"]]
    assert chances == sorted(chances, reverse=True)
    assert math.isclose(sum(chances), 1)
    assert result["evidence"]
    place = 0
    for mark in result["evidence"]:
        assert place <= mark["start"] < mark["end"] <= len(text)
        assert mark["text"] == text[mark["start"] : mark["end"]]
        assert mark["username"] in {"sailor", "빵집"}
        place = mark["end"]


async def test_get_and_post_agree(pair: Client) -> None:
    posted = await compare(pair, "빵이 나왔어요", "sailor", "빵집")
    address = f"{COMPARE}?text={quote('빵이 나왔어요')}&username=sailor&username={quote('빵집')}"
    answer = await pair.get(address)
    assert await answer.get_json() == posted


async def test_evidence_can_be_turned_off(pair: Client) -> None:
    assert (await compare(pair, "The ferry leaves", explain=False))["evidence"] == []
    answer = await pair.get(f"{COMPARE}?text=The%20ferry%20leaves&explain=0")
    assert (await answer.get_json())["evidence"] == []


async def test_names_are_found_in_any_case(pair: Client) -> None:
    result = await compare(pair, "The ferry leaves", "SAILOR", "빵집")
    assert result["ranking"][0]["username"] == "sailor"


async def test_without_names_all_with_posts_are_compared_and_twenty_shown(writer: Client) -> None:
    await writer.add_user("nothing")
    for number in range(23):
        await writer.add_user(f"author{number}", f"A word about subject {number}")
    await settle(writer.app)
    result = await compare(writer, "A word about subject 7")
    assert len(result["ranking"]) == 20
    assert sum(ranked["probability"] for ranked in result["ranking"]) < 1
    names = [f"author{number}" for number in range(23)]
    named = await compare(writer, "A word about subject 7", *names)
    assert len(named["ranking"]) == 23
    assert math.isclose(sum(ranked["probability"] for ranked in named["ranking"]), 1)
    for one, other in zip(named["ranking"], result["ranking"], strict=False):
        assert one["username"] == other["username"]
        assert math.isclose(one["probability"], other["probability"], rel_tol=1e-9)


async def test_little_text_or_few_posts_are_called_short(pair: Client) -> None:
    assert (await compare(pair, "a ferry"))["verdict"] == "short"
    text = "The ferry leaves the northern harbour at noon"
    assert (await compare(pair, text, "sailor", "quiet"))["verdict"] == "short"
    # Among all, one who is out of the question by probability spoils nobody's answer.
    assert (await compare(pair, text))["ranking"][0]["username"] == "sailor"
    assert (await compare(pair, text))["verdict"] == "likely"


async def test_a_new_post_counts_in_the_very_next_comparison(admin: Client) -> None:
    await admin.add_user("a", "plain words here")
    await admin.add_user("b", "plain words here")
    text = "zyzzyva quokka axolotl"
    before = await compare(admin, text, "a", "b")
    assert before["ranking"][0]["probability"] == before["ranking"][1]["probability"]
    answer = await admin.post("/api/v1/users/b/tweets", json={"text": text})
    after = await compare(admin, text, "a", "b")
    assert after["ranking"][0]["username"] == "b"
    assert after["ranking"][0]["tweets"] == 2
    assert after["model"]["as_of_event"] == int(answer.headers["Saywho-Event"])
    tweet = await answer.get_json()
    await admin.delete(f"/api/v1/tweets/{tweet['id']}")
    again = await compare(admin, text, "a", "b")
    assert again["ranking"] == before["ranking"]
    assert again["model"]["as_of_event"] > after["model"]["as_of_event"]


@pytest.mark.parametrize(
    ("status", "text", "usernames"),
    [
        (404, "some text", ["sailor", "nobody"]),
        (422, "some text", ["sailor"]),
        (422, "some text", ["sailor", "SAILOR"]),
        (422, "some text", ["sailor", "sailor", "빵집"]),
        (422, "some text", ["sailor", "empty"]),
        (422, "", ["sailor", "빵집"]),
        (422, "1234 🚢 !?", ["sailor", "빵집"]),
        (422, "a" * 25_001, ["sailor", "빵집"]),
        (422, "bad\u0000text", ["sailor", "빵집"]),
    ],
    ids=["unknown", "alone", "twice", "thrice", "no posts", "empty", "no letters", "long", "nul"],
)
async def test_get_and_post_refuse_alike(
    pair: Client, status: int, text: str, usernames: list[str]
) -> None:
    posted = await pair.post(COMPARE, json={"text": text, "usernames": usernames})
    query = "".join(f"&username={quote(name)}" for name in usernames)
    got = await pair.get(f"{COMPARE}?text={quote(text)}{query}")
    assert posted.status_code == got.status_code == status
    problem, of_address = await posted.get_json(), await got.get_json()
    assert problem["detail"] == of_address["detail"]
    if status == 422:
        place = "username" if text == "some text" else "text"
        assert [each["loc"] for each in of_address["errors"]] == [place]
        assert [each["loc"] for each in problem["errors"]] == [place.replace("name", "names")]
    if text == "some text":
        culprit = {"nobody", "sailor", "SAILOR", "empty"} & set(usernames)
        assert any(name in problem["detail"] for name in culprit)


@pytest.mark.parametrize(
    ("method", "address", "place"),
    [
        ("GET", f"{COMPARE}/card?username=sailor", "username"),
        ("POST", f"{COMPARE}/batch?username=sailor", "username"),
        ("GET", "/api/v1/verify?text=1234&username=sailor", "text"),
    ],
    ids=["card", "batch", "verify"],
)
async def test_errors_name_parameters_as_the_address_does(
    pair: Client, method: str, address: str, place: str
) -> None:
    answer = await pair.send(method, address, headers={"Content-Type": "application/x-ndjson"})
    assert answer.status_code == 422
    assert [each["loc"] for each in (await answer.get_json())["errors"]] == [place]


async def test_an_error_that_requests_share_names_the_parameters_of_each(pair: Client) -> None:
    names = ["sailor", "SAILOR", "nobody"]  # One is unknown, and so they are read each time.
    address = f"{COMPARE}?text=hello&" + "&".join(f"username={name}" for name in names)

    async def ask(place: str, requests_before: int) -> None:
        for _ in range(requests_before):
            await pair.get("/healthz")
        if place == "username":
            answer = await pair.get(address)
        else:
            answer = await pair.post(COMPARE, json={"text": "hello", "usernames": names})
        assert [each["loc"] for each in (await answer.get_json())["errors"]] == [place]

    places = ("username", "usernames")
    await asyncio.gather(*(ask(place, before) for before in range(8) for place in places))


async def test_fewer_than_two_authors_with_posts_are_422(writer: Client) -> None:
    assert (await writer.post(COMPARE, json={"text": "hello"})).status_code == 422
    await writer.add_user("only", "one author")
    assert (await writer.post(COMPARE, json={"text": "hello"})).status_code == 422


async def test_more_than_ten_thousand_authors_are_compared_only_by_name(app: Quart) -> None:
    rows = [
        {
            "username": f"author{number}",
            "username_key": f"author{number}",
            "platform": "local",
            "created_at": now(),
            "tweet_count": 1,
            "deletion_count": 0,
        }
        for number in range(10_001)
    ]
    async with app.extensions["saywho"].db.write() as session:
        await session.execute(insert(User), rows)
    answer = await Client(app, {}).post(COMPARE, json={"text": "hello"})
    assert answer.status_code == 422
    detail = (await answer.get_json())["detail"]
    assert "10000" in detail


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"text": 5},
        {"text": "a", "usernames": "sailor"},
        {"text": "a", "usernames": [1]},
        {"text": "a", "explain": 1},
        {"text": "a", "user": "b"},
    ],
    ids=str,
)
async def test_body_that_is_no_comparison_is_422(shared: Shared, body: object) -> None:
    assert (await shared.anybody.post(COMPARE, json=body)).status_code == 422


async def test_a_long_text_is_judged(pair: Client) -> None:
    text = " ".join(SAILOR * 40)[:25_000]
    result = await compare(pair, text, "sailor", "빵집")
    assert result["ranking"][0]["username"] == "sailor"


async def test_very_many_unknown_names_are_404(pair: Client) -> None:
    names = [f"u{number}" for number in range(40_000)]
    answer = await pair.post(COMPARE, json={"text": "hello", "usernames": names})
    assert answer.status_code == 404


async def test_passages_and_reasons_come_only_when_asked_for(pair: Client) -> None:
    address = "/api/v1/compare?text=The+bread+is+warm!!+Come+early.+The+west+wind+is+up."
    plain = await (await pair.get(address)).get_json()
    assert not {"passages", "nearest", "typical"} & plain.keys()
    asked = await (await pair.get(f"{address}&passages=1&reasons=1")).get_json()
    assert asked["ranking"] == plain["ranking"]
    text = asked["text"]
    for passage in asked["passages"]:
        assert passage["text"] == text[passage["start"] : passage["end"]]
        assert 0 < passage["probability"] <= 1
    assert {each["username"] for each in asked["typical"]} == {
        each["username"] for each in plain["ranking"]
    }
    for post in asked["nearest"]:
        stored = await (await pair.get(f"/api/v1/tweets/{post['id']}")).get_json()
        assert (stored["text"], stored["username"]) == (post["text"], post["username"])


async def test_layout_speaks_for_one_against_the_other(pair: Client) -> None:
    address = f"{COMPARE}?text=The+bread+is+warm!!&reasons=1"
    answer = await (await pair.get(address)).get_json()
    assert sum(each["weight"] for each in answer["layout"]) == pytest.approx(0, abs=0.01)
    silent = await (await pair.get(f"{address}&explain=0")).get_json()
    assert "layout" not in silent


async def test_a_comparison_has_no_fields_that_nobody_asked_for(pair: Client) -> None:
    fields = {"text", "verdict", "ranking", "evidence", "model"}
    assert (await compare(pair, "The bread is warm!!")).keys() == fields
    answer = await pair.get(f"{COMPARE}?text=The+bread+is+warm!!&explain=0")
    assert (await answer.get_json()).keys() == fields


async def test_a_batch_is_judged_line_by_line(pair: Client) -> None:
    texts = ["The bread is warm!!", "비가 와요"]
    lines = [json.dumps({"text": text, "id": f"n{n}"}) for n, text in enumerate(texts)]
    body = "\n".join([lines[0], "", lines[1], "{}", '{"text": "123"}']).encode()
    answer = await pair.post(
        "/api/v1/compare/batch", data=body, headers={"Content-Type": "application/x-ndjson"}
    )
    assert answer.status_code == 200
    found = [json.loads(line) for line in (await answer.get_data()).splitlines()]
    assert [each["line"] for each in found] == [1, 3, 4, 5]
    assert [each.get("id") for each in found] == ["n0", "n1", None, None]
    for text, each in zip(texts, found, strict=False):
        alone = await (await pair.post("/api/v1/compare", json={"text": text})).get_json()
        assert (each["verdict"], each["ranking"]) == (alone["verdict"], alone["ranking"])
    assert all(each["error"] and "verdict" not in each for each in found[2:])


@pytest.mark.parametrize(
    ("query", "content_type", "status"),
    [
        ("", "application/json", 415),
        ("?username=nobody&username=none", "application/x-ndjson", 404),
        ("?text=a", "application/x-ndjson", 400),
    ],
)
async def test_a_bad_batch_is_refused(
    pair: Client, query: str, content_type: str, status: int
) -> None:
    answer = await pair.post(
        f"/api/v1/compare/batch{query}", data=b"{}", headers={"Content-Type": content_type}
    )
    assert answer.status_code == status
