"""The comparison in the API."""

import json
import math
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from quart import Quart
from sqlalchemy import insert

from app.models import User
from app.services.compare.background import BACKGROUND
from saywho.clock import now
from tests.browsing import parts_of
from tests.conftest import NDJSON, Client, Shared
from tests.waiting import settle

COMPARE = "/api/v1/compare"
POSTS = 30
SAILOR = [
    f"The ferry leaves the northern harbour at {hour}, wind permitting." for hour in range(POSTS)
]
BAKER = [f"오늘도 갓 구운 빵 {number}개가 나왔어요! 어서 오세요 🥐" for number in range(POSTS)]
OTHERS = {
    "pilot": "runway {} is closed by fog, we wait...",
    "cook": "Soup no. {} with leek!! Salt it and stir!!",
    "poet": "o moon {} o silver o night",
}


@pytest.fixture(scope="module")
async def pair(shared: Shared) -> Client:
    """Compare two who have something to say, beside others, quiet and empty."""
    await shared.writer.add_author("sailor", *SAILOR)
    await shared.writer.add_author("빵집", *BAKER)
    await shared.writer.add_user("quiet", "one post only")
    await shared.writer.add_user("empty")
    for name, text in OTHERS.items():
        await shared.writer.add_author(name, *(text.format(number) for number in range(POSTS)))
    # Answers of before and after are equal as long as they rest on one background.
    await settle(shared.app)
    return shared.writer


async def compare(client: Client, text: str, *usernames: str, **fields: Any) -> dict[str, Any]:
    body = {"text": text} | ({"usernames": list(usernames)} if usernames else {}) | fields
    answer = await client.post(COMPARE, json=body, status=200)
    result: dict[str, Any] = await answer.get_json()
    return result


async def test_author_of_such_posts_leads_with_evidence(pair: Client) -> None:
    text = "🌊 The ferry leaves the northern harbour at 31, wind permitting."
    result = await compare(pair, text, "빵집", "sailor")
    assert result["text"] == text
    assert result["verdict"] == "likely"
    assert [ranked["username"] for ranked in result["ranking"]] == ["sailor", "빵집"]
    assert [ranked["tweets"] for ranked in result["ranking"]] == [POSTS, POSTS]
    assert result["sure"] == 0.5
    assert 0 < result["none"] < 0.2
    assert result["ranking"][0]["log10_lr"] > 0 > result["ranking"][1]["log10_lr"]
    chances = [ranked["probability"] for ranked in result["ranking"]]
    assert chances == sorted(chances, reverse=True)
    assert math.isclose(sum(chances), 1)
    assert result["evidence"]
    for mark in result["evidence"]:
        assert mark["text"] == text[mark["start"] : mark["end"]]
        assert mark["username"] in {"sailor", "빵집"}


async def test_all_numbers_have_six_digits(pair: Client) -> None:
    """Later digits depend on the processor, and two servers of one database answer the same."""
    numbers: list[str] = []
    lines = "\n".join(json.dumps({"text": text}) for text in (SAILOR[0], BAKER[0]))
    batch = await pair.post(f"{COMPARE}/batch", data=lines, headers=NDJSON)
    portrait = "/api/v1/users/sailor/portrait"
    for response in (
        batch,
        await pair.get(f"{COMPARE}?text={quote(SAILOR[0])}"),
        await pair.get(portrait),
    ):
        for line in (await response.get_data()).splitlines():
            json.loads(line, parse_float=numbers.append)
    assert len(numbers) > 20
    assert [number for number in numbers if float(number) != float(f"{float(number):.6g}")] == []


async def test_how_sure_one_is_beforehand_moves_none_alone(pair: Client) -> None:
    text = "The ferry leaves tonight, they say 빵"
    doubting, sure = [await compare(pair, text, "sailor", "빵집", sure=s) for s in (0.1, 0.9)]
    assert doubting["none"] > sure["none"]
    assert doubting["ranking"] == sure["ranking"]
    names = f"username=sailor&username={quote('빵집')}"
    answer = await pair.get(f"{COMPARE}?text={quote(text)}&{names}&sure=0.9")
    assert await answer.get_json() == sure
    assert (await pair.get(f"{COMPARE}?text=a&sure=1.1")).status_code == 400


async def test_texts_by_one_hand_are_one_question(pair: Client) -> None:
    texts = [
        "The ferry leaves soon",
        "The harbour is closed, wind permitting",
        "The ferry leaves soon",
    ]
    body = {"texts": texts, "usernames": ["sailor", "cook"]}
    both = await (await pair.post(COMPARE, json=body)).get_json()
    assert both["text"] == "\n\n".join(texts[:2])
    one = await compare(pair, texts[0], "sailor", "cook")
    assert both["ranking"][0]["log10_lr"] > one["ranking"][0]["log10_lr"]
    for mark in both["evidence"]:
        assert both["text"][mark["start"] : mark["end"]] == mark["text"]


async def test_reasons_say_how_often_and_where(pair: Client) -> None:
    address = f"{COMPARE}?text={quote('The ferry leaves tonight, soup is on')}&reasons=1"
    result = await (await pair.get(f"{address}&username=sailor&username=cook")).get_json()
    ferry = {mark["piece"]: mark for mark in result["evidence"]}["The ferry leaves"]
    assert (ferry["username"], ferry["own"], ferry["others"]) == ("sailor", 400, 0)
    posts = {ranked["username"]: ranked["tweets"] for ranked in result["ranking"]}
    assert ferry["own_usage"] == {"uses": posts["sailor"], "posts": posts["sailor"], "authors": 1}
    assert ferry["others_usage"] == {"uses": 0, "posts": posts["cook"], "authors": 1}
    assert set(result["weak"]) <= set(result["limits"])
    assert result["strangers"] is None or 0 <= result["strangers"] < 0.5
    assert 0.5 < result["needed"] < 1
    assert len(ferry["posts"]) == 3
    for number in ferry["posts"]:
        post = await (await pair.get(f"/api/v1/tweets/{number}")).get_json()
        assert "The ferry leaves" in post["text"]
    alone = await (await pair.get(f"{address}&username=sailor")).get_json()
    assert alone["evidence"][0]["own"] == 400
    assert alone["evidence"][0]["others"] == 0


async def test_a_word_is_counted_among_all_who_were_asked(admin: Client) -> None:
    for place in range(8):
        posts = [f"bread number {n}, oven {place}" for n in range(12)]
        await admin.add_user(f"baker{place}", *posts)
    await admin.add_user("sailor", *[f"the ferry leaves, {n} sharp" for n in range(12)])
    # The least likely of all wrote the words once.
    await admin.add_user("guest", "the ferry leaves", *[f"구름 {n}개가 떠 있다" for n in range(12)])
    names = ["sailor", "guest", *(f"baker{place}" for place in range(8))]
    body = {"texts": ["The ferry leaves tonight, bread is on"], "usernames": names, "reasons": True}
    result = await (await admin.post(COMPARE, json=body)).get_json()
    assert [ranked["username"] for ranked in result["ranking"]].index("guest") >= 4
    counted = {mark["piece"]: mark["others_usage"] for mark in result["evidence"]}
    assert counted["The ferry leaves"] == {"uses": 1, "posts": 8 * 12 + 13, "authors": 9}


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
    # What is counted of the words may have a place in the log behind it.
    assert after["model"]["as_of_event"] >= int(answer.headers["Saywho-Event"])
    tweet = await answer.get_json()
    await admin.delete(f"/api/v1/tweets/{tweet['id']}")
    again = await compare(admin, text, "a", "b")
    assert again["ranking"] == before["ranking"]
    assert again["model"]["as_of_event"] > after["model"]["as_of_event"]


async def judged(client: Client, text: str) -> dict[str, Any]:
    """Return the answer to a batch of one line about all authors."""
    line = json.dumps({"text": text}) + "\n"
    answer = await client.post("/api/v1/compare/batch", data=line, headers=NDJSON)
    result: dict[str, Any] = json.loads(await answer.get_data())
    return result


async def test_after_an_import_an_answer_says_that_it_may_change(app: Quart, admin: Client) -> None:
    posts = {"sailor": SAILOR, "빵집": BAKER}
    lines = [{"username": name, "text": text} for name, own in posts.items() for text in own]
    body = "".join(json.dumps(line) + "\n" for line in lines)
    texts = ("The ferry leaves, wind permitting.", ("sailor", "빵집")), ("다시 빵이 나왔어요!", ())
    async with parts_of(app).db.exclusive_in_turn(BACKGROUND):  # Nobody renews it meanwhile.
        await admin.post("/api/v1/tweets", data=body, headers=NDJSON)
        before = [await compare(admin, text, *names) for text, names in texts]
        page = await admin.page("/compare?text=The+ferry+leaves+the+harbour&username=sailor")
        line = await judged(admin, texts[0][0])
        assert (line["outgrown"], line["ranking"]) == (True, before[0]["ranking"])
    assert [answer["model"]["outgrown"] for answer in before] == [True, True]
    assert "the answer may change soon" in page
    await settle(app)
    after = [await compare(admin, text, *names) for text, names in texts]
    for one, other in zip(before, after, strict=True):
        assert one["ranking"] != other["ranking"]
        assert one["model"]["version"] < other["model"]["version"]
        assert "outgrown" not in other["model"]
    assert "outgrown" not in await judged(admin, texts[0][0])


@pytest.mark.parametrize(
    ("status", "text", "usernames"),
    [
        (404, "some text", ["sailor", "nobody"]),
        (422, "some text", ["sailor", "SAILOR"]),
        (422, "some text", ["sailor", "sailor", "빵집"]),
        (422, "some text", ["sailor", "empty"]),
        (422, "", ["sailor", "빵집"]),
        (422, "1234 🚢 !?", ["sailor", "빵집"]),
        (422, "a" * 25_001, ["sailor", "빵집"]),
        (422, "bad\u0000text", ["sailor", "빵집"]),
    ],
    ids=["unknown", "twice", "thrice", "no posts", "empty", "no letters", "long", "nul"],
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
        assert [error["loc"] for error in of_address["errors"]] == [place]
        assert [error["loc"] for error in problem["errors"]] == [place.replace("name", "names")]
    if text == "some text":
        culprit = {"nobody", "sailor", "SAILOR", "empty"} & set(usernames)
        assert any(name in problem["detail"] for name in culprit)


async def test_without_any_author_with_posts_there_is_no_answer(writer: Client) -> None:
    assert (await writer.post(COMPARE, json={"text": "hello"})).status_code == 422
    await writer.add_user("only", "one author")
    assert (await compare(writer, "hello"))["verdict"] == "short"


async def test_more_than_ten_thousand_authors_are_compared_only_by_name(app: Quart) -> None:
    rows = [
        {
            "username": f"author{number}",
            "username_key": f"author{number}",
            "platform": "local",
            "created_at": now(),
            "tweet_count": 1,
            "version": 0,
        }
        for number in range(10_001)
    ]
    async with app.extensions["saywho"].db.write() as session:
        await session.execute(insert(User), rows)
    answer = await Client(app, {}).post(COMPARE, json={"text": "hello"}, status=422)
    assert "10000" in (await answer.get_json())["detail"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"text": "a", "texts": ["b"]},
        {"texts": []},
        {"texts": ["a"] * 51},
        {"text": "a", "sure": 0},
    ],
    ids=str,
)
async def test_body_that_is_no_comparison_is_422(shared: Shared, body: object) -> None:
    assert (await shared.anybody.post(COMPARE, json=body)).status_code == 422


async def test_a_batch_is_judged_line_by_line(pair: Client) -> None:
    texts = ["The bread is warm!!", "비가 와요"]
    lines = [json.dumps({"text": text, "id": f"n\u2028{n}"}) for n, text in enumerate(texts)]
    deep = f'{{"text": "a", "x": {"[" * 100_000}{"]" * 100_000}}}'
    bad = ["{}", '{"text": "123"}', deep, '{"text": "a\\ud800"}', '{"text": NaN}']
    bad += ['{"text": "a", "id": ' + "9" * 5_000 + "}"]
    body = "\n".join([lines[0], "", *bad, lines[1]]).encode()
    answer = await pair.post(
        "/api/v1/compare/batch", data=body, headers={"Content-Type": "application/x-ndjson"}
    )
    assert answer.status_code == 200
    # Many clients break a text, not bytes, and also at U+2028.
    found = [json.loads(line) for line in (await answer.get_data(as_text=True)).splitlines()]
    assert [each["line"] for each in found] == [1, *range(3, 3 + len(bad) + 1)]
    assert [found[0]["id"], found[-1]["id"]] == ["n\u20280", "n\u20281"]
    for text, each in zip(texts, (found[0], found[-1]), strict=True):
        alone = await (await pair.post("/api/v1/compare", json={"text": text})).get_json()
        for field in ("verdict", "none", "ranking"):
            assert each[field] == alone[field]
    assert all(each["error"] and "verdict" not in each for each in found[1:-1])
    assert all(each["id"] is None for each in found[1:-1])


@pytest.mark.databases("sqlite", "postgresql")
async def test_a_mention_of_somebody_here_is_one_name(admin: Client) -> None:
    """Who is here is asked when a post is stored, and in a chat, of its people."""
    await admin.add_user("ann", "before @minsu.com came")
    text = "@MINSU.com's, me@minsu.com, @minsu.com. @minsu.com.au @hana.com"
    said = "ahoy @minsu.com @bo.kim"
    posts = [("ann", text), ("bo.kim", said), ("Minsu.com", "o moon")]
    posts += [("ann", post) for post in SAILOR] + [("bo", post) for post in BAKER]
    boat = {"room": {"id": 7, "name": "Boat"}}
    await admin.add_posts(
        *({"username": by, "text": each} | (boat if each == said else {}) for by, each in posts)
    )
    await settle(admin.app)
    kept = await admin.walk("/api/v1/users/ann/tweets", 100)
    kept += await admin.walk("/api/v1/users/bo.kim/tweets", 100)
    handles = [post["handles"] for post in kept if "@" in post["text"]]
    assert handles == ["MINSU.com minsu.com", None, "bo.kim"]
    assert (await compare(admin, text))["read_of"] == ["ann"]
    lines = [f"😀 @minsu{end} The ferry leaves the harbour, @hana.com" for end in ("", ".com")]
    for usernames in ([], ["ann"], ["ann", "bo"]):
        bare, whole = [await compare(admin, line, *usernames) for line in lines]
        path = f"{COMPARE}/batch?{urlencode({'username': usernames}, doseq=True)}"
        answer = await (await admin.post(path, json=[{"text": line} for line in lines])).get_data()
        judged = [json.loads(line)["ranking"] for line in answer.splitlines()[:2]]
        assert judged == [bare["ranking"]] * 2 == [whole["ranking"]] * 2
        assert (whole["words"], whole["text"]) == (bare["words"], lines[1])
        assert all(m["text"] == lines[1][m["start"] : m["end"]] for m in whole["evidence"])


async def test_a_batch_as_an_array_is_answered_as_lines_are(pair: Client) -> None:
    items = [{"text": "The ferry leaves tonight", "id": 7}, {}, {"text": "Bread", "id": "a"}]
    lines = "\n".join(map(json.dumps, items))
    answers = [
        await (await pair.post("/api/v1/compare/batch", **sent)).get_data()
        for sent in ({"data": lines, "headers": NDJSON}, {"json": items})
    ]
    assert answers[0] == answers[1]
    assert answers[0].count(b"\n") == 3


async def test_a_batch_has_at_most_1000_lines(pair: Client) -> None:
    for lines, status in ((1_000, 200), (1_001, 422)):
        body = b"\n\n" + b"{}\n\n" * lines
        answer = await pair.post("/api/v1/compare/batch", data=body, headers=NDJSON, status=status)
    assert (await answer.get_json())["errors"][0]["loc"] == "body"


@pytest.mark.parametrize(
    ("query", "content_type", "status"),
    [
        ("", "application/json", 422),
        ("", "text/plain", 415),
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


STRUCK = "The ferry leaves tonight, soup is on, and the wind is up"


async def test_a_struck_piece_does_not_count_and_the_text_stays_whole(pair: Client) -> None:
    names = "&username=sailor&username=cook"
    whole = await pair.json(f"{COMPARE}?text={quote(STRUCK)}{names}&reasons=1")
    (mark,) = [each for each in whole["evidence"] if "ferry" in each["text"]]
    place = (mark["start"], mark["end"])
    address = f"{COMPARE}?text={quote(STRUCK)}{names}&without={place[0]}-{place[1]}"
    struck = await pair.json(f"{address}&reasons=1")
    assert (struck["text"], struck["without"]) == (STRUCK, [list(place)])
    assert "without" not in whole
    share = {each["username"]: each["probability"] for each in whole["ranking"]}
    for each in struck["ranking"]:
        assert (each["probability"] < share[each["username"]]) == (each["username"] == "sailor")
    for each in struck["evidence"]:
        assert each["end"] <= place[0] or each["start"] >= place[1]
    for pieces in ([list(place)], [f"{place[0]}-{place[1]}"], [[place[0], place[0] + 3], place]):
        body = {"text": STRUCK, "usernames": ["sailor", "cook"], "reasons": True, "without": pieces}
        assert await (await pair.post(COMPARE, json=body)).get_json() == struck
    everything = await pair.json(f"{COMPARE}?text={quote(STRUCK)}{names}&without=0-{len(STRUCK)}")
    assert (everything["verdict"], everything["none"]) == ("short", None)
    assert everything["evidence"] == []
    assert (await pair.json(f"{COMPARE}?text={quote(STRUCK)}&without=0-16"))["without"] == [[0, 16]]


@pytest.mark.parametrize(
    ("sent", "without", "struck"),
    [
        (["bread\r\nferry"], "7-12", ["ferry"]),
        (["e\u0301 a \u1107\u1161\u11bc"], "5-8", ["방"]),
        (["👩‍👩‍👧 ferry"], "6-11", ["ferry"]),
        (["one ferry", "two ferry"], "4-15", ["ferry", "two "]),
        (["one ferry", "one ferry", "two"], "22-25", ["two"]),
        (["one ferry", "one ferry", "two"], "11-14", []),
    ],
    ids=["newline", "composed", "emoji", "two texts", "a text twice", "of the second time"],
)
async def test_places_are_those_of_the_texts_as_they_were_sent(
    pair: Client, sent: list[str], without: str, struck: list[str]
) -> None:
    body = {"texts": sent, "usernames": ["sailor"], "without": [without]}
    answer = await (await pair.post(COMPARE, json=body)).get_json()
    pieces = [answer["text"][start:end] for start, end in answer.get("without", [])]
    assert [part for piece in pieces for part in piece.split("\n\n")] == struck


@pytest.mark.parametrize(
    ("without", "of_address", "of_body"),
    [
        ("4", 400, 422),
        ("-1-3", 400, 422),
        ("9-4", 422, 422),
        ("4-4", 422, 422),
        ("0-999", 422, 422),
    ],
)
async def test_a_gap_outside_the_text_is_refused(
    pair: Client, without: str, of_address: int, of_body: int
) -> None:
    got = await pair.get(f"{COMPARE}?text={quote(STRUCK)}&username=sailor&without={without}")
    body = {"text": STRUCK, "usernames": ["sailor"], "without": [without]}
    posted = await pair.post(COMPARE, json=body)
    assert (got.status_code, posted.status_code) == (of_address, of_body)
    for answer in (got, posted):
        (error,) = (await answer.get_json(force=True))["errors"]
        assert error["loc"].startswith("without")


async def test_at_most_a_hundred_pieces_are_struck(pair: Client) -> None:
    for count, status in ((100, 200), (101, 422)):
        body = {"text": STRUCK, "usernames": ["sailor"], "without": [[4, 9]] * count}
        assert (await pair.post(COMPARE, json=body)).status_code == status


async def test_short_says_why(writer: Client) -> None:
    for name in ("ann", "ben", "cho"):
        await writer.add_user(name, *(f"the lamp of {name} burns all night {n}" for n in range(20)))
    await writer.add_user("new", "the tide is high today", *("🌊" for _ in range(12)))
    for names, text, why in (
        (["ann", "ben"], "the lamp", "words"),
        (["ann", "new"], "the lamp burns all night", "posts"),
        (["ann", "ben"], "the lamp of ann burns all night again", None),
    ):
        query = urlencode({"text": text, "username": names}, doseq=True)
        answer = await writer.json(f"/api/v1/compare?{query}")
        assert (answer["short"], answer["verdict"] == "short") == (why, why is not None), text
