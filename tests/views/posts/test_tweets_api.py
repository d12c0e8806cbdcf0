"""Posts in the API."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.services.access.rights import Scope
from app.services.posts.post_content import stored_fields
from tests.conftest import NDJSON, Client, Shared, client_with
from tests.uploading import jsonl

RTL = "שלום עולם, מתי יוצאת הספינה?"
EMOJI = "👩‍👩‍👧‍👦 🏴󠁧󠁢󠁳󠁣󠁴󠁿 𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𠜎𠜱"


@pytest.fixture(scope="module")
async def sharing(shared: Shared) -> Client:
    """Write as ann, who has any number of posts, or as silent, who has none and gets none."""
    await shared.writer.add_user("ann")
    await shared.writer.add_user("silent")
    return shared.writer


async def test_new_post_has_every_field_and_a_location(writer: Client, anybody: Client) -> None:
    await writer.add_user("Ann")
    fields = {
        "text": "배가 들어온다",
        "kind": "reply",
        "created_at": "2020-02-29T23:59:59.999+09:00",
        "lang": "ko-KR",
        "source_id": "12345678901234567890",
        "url": "https://example.org/p/1?a=ㄱ",
    }
    answer = await writer.post("/api/v1/users/ANN/tweets", json=fields, status=201)
    tweet = await answer.get_json()
    nothing_else = dict.fromkeys(stored_fields()) | {"media": [], "visibility": "public"}
    stored = fields | {"created_at": "2020-02-29T14:59:59Z"}
    assert tweet == {**nothing_else, **stored, "id": tweet["id"], "username": "Ann"}
    assert await (await anybody.get(answer.headers["Location"])).get_json() == tweet
    below = await writer.post(
        "/app/api/v1/users/ann/tweets", json={"text": "below"}, root_path="/app"
    )
    assert below.headers["Location"] == f"/app/api/v1/tweets/{(await below.get_json())['id']}"


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("a\r\nb\rc", "a\nb\nc"),
        ("\u1112\u1161\u11ab\u1100\u1173\u11af", "한글"),
        ("e\u0301", "é"),
        ("tab\there", "tab\there"),
        (RTL, RTL),
        (EMOJI, EMOJI),
        ("ㅋ" * 25_000, "ㅋ" * 25_000),
        (" spaces stay ", " spaces stay "),
        ("<b>&amp;</b>", "<b>&amp;</b>"),
    ],
    ids=["newlines", "jamo", "accent", "tab", "rtl", "emoji", "longest", "spaces", "markup"],
)
async def test_text_is_kept_as_the_contract_says(sharing: Client, sent: str, stored: str) -> None:
    tweet = await sharing.add_tweet("ann", sent)
    assert await sharing.json(f"/api/v1/tweets/{tweet['id']}") == tweet
    assert tweet["text"] == stored


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("오늘은 sunny", "ko"),
        ("ㅋㅋ", "ko"),
        ("hello 안 there everyone", None),
        ("1234 !!", None),
        (RTL, None),
    ],
    ids=["korean", "letters", "a syllable", "no letters", "rtl"],
)
async def test_korean_is_told_by_its_letters(sharing: Client, text: str, lang: str | None) -> None:
    assert (await sharing.add_tweet("ann", text))["lang"] == lang


@pytest.mark.parametrize("name", stored_fields())
async def test_no_field_keeps_a_nul(sharing: Client, name: str) -> None:
    answer = await sharing.post("/api/v1/users/ann/tweets", json={"text": "hi", name: "a\0b"})
    kept = answer.status_code < 300 and "\0" in str((await answer.get_json())[name])
    assert not kept, f"PostgreSQL cannot store it: give {name} a rule in `valid_post()`"


BAD_FIELDS: list[tuple[str, dict[str, Any]]] = [
    *(("text", {"text": text}) for text in ("", " \n\t ", "a\u0000b", "a\u001bb", "a\u0085b")),
    *(("text", {"text": text}) for text in ("ㅋ" * 25_001, None)),
    ("kind", {"kind": "repost"}),
    *(("created_at", {"created_at": time}) for time in ("2020-01-01T00:00:00", "yesterday", 0)),
    ("created_at", {"created_at": "0001-01-01T00:00:00+14:00"}),
    ("created_at", {"created_at": "0001-01-01T23:59:59Z"}),
    *(("lang", {"lang": lang}) for lang in ("korean!", "")),
    *(("source_id", {"source_id": value}) for value in ("", 5, "1" * 513, "1\n2")),
    *(("url", {"url": url}) for url in ("javascript:alert(1)", "ftp://example.org/", "https://")),
    *(("url", {"url": url}) for url in ("https://[bad", "https://example.org/".ljust(2049, "a"))),
    ("likes", {"likes": 5}),
    ("text", {"text": "", "media": []}),
    ("media[0].kind", {"media": [{"kind": "page"}]}),
    ("media", {"media": [{"kind": "photo", "source_url": "javascript:alert(1)"}]}),
    ("media", {"media": [{"kind": "photo", "alt": "a\u0000b"}]}),
    ("media[0].onload", {"media": [{"kind": "photo", "onload": "x"}]}),
    ("media", {"media": [{"kind": "photo"}] * 101}),
    ("counts.likes", {"counts": {"likes": -1}}),
    ("counts.as_of", {"counts": {"likes": 1, "as_of": "2024-05-01T00:00:00"}}),
    ("counts.views", {"counts": {"views": 1}}),
    *(
        (
            f"counts.signs[0].{name}",
            {"counts": {"signs": [{"sign": "❤", "count": 1} | {name: value}]}},
        )
        for name, value in (("count", -1), ("count", 2**53), ("sign", ""), ("sign", "x" * 65))
    ),
    *(
        ("counts", {"counts": {"signs": [{"sign": sign, "count": 1}]}})
        for sign in ("a b", "\u202ea")
    ),
    ("counts.signs", {"counts": {"signs": [{"sign": "❤", "count": 1}] * 51}}),
    ("reply_to", {"reply_to": "1"}),
    *(("reply_to.source_id", {"reply_to": to}) for to in ({}, {"username": "m"}, {"source_id": 1})),
    *(("reply_to", {"reply_to": {"source_id": value}}) for value in ("", "a\n")),
    ("reply_to.x", {"reply_to": {"source_id": "1", "x": 1}}),
    ("reply_to", {"reply_to": {"source_id": "1", "username": "a b"}}),
]


@pytest.mark.parametrize(("loc", "fields"), BAD_FIELDS, ids=lambda value: ascii(value)[:40])
async def test_bad_field_is_named_in_a_422(
    sharing: Client, loc: str, fields: dict[str, Any]
) -> None:
    answer = await sharing.post("/api/v1/users/silent/tweets", json={"text": "a"} | fields)
    assert answer.status_code == 422
    assert (await answer.get_json())["errors"][0]["loc"] == loc
    assert (await sharing.json("/api/v1/users/silent/tweets"))["items"] == []


async def test_all_bad_fields_are_named_at_once(sharing: Client) -> None:
    # Of each field a value of the right type that its rule refuses.
    fields = {
        "text": "",
        "created_at": "0001-01-01T00:00:00Z",
        "lang": "a language",
        "source_id": "",
        "url": "ftp://harbour.example",
        "reply_to": {"source_id": "1", "username": "a b"},
        "media": [],
        "counts": {"signs": [{"sign": "a b", "count": 1}]},
        "room": {"name": " "},
    }
    answer = await sharing.post("/api/v1/users/silent/tweets", json=fields, status=422)
    errors = (await answer.get_json())["errors"]
    assert [error["loc"] for error in errors] == [name for name in fields if name != "media"]


async def test_a_time_in_the_future_becomes_the_arrival(sharing: Client) -> None:
    tweet = await sharing.add_tweet("ann", "soon", created_at="9999-12-31T23:59:59Z")
    created_at = datetime.fromisoformat(tweet["created_at"])
    assert datetime.now(UTC) - timedelta(minutes=1) < created_at <= datetime.now(UTC)


async def test_known_source_id_answers_the_stored_post(writer: Client) -> None:
    await writer.add_user("ann")
    first = await writer.add_tweet("ann", "first wording", source_id="7")
    fields = {"text": "second wording", "source_id": "7", "kind": "quote"}
    answer = await writer.post("/api/v1/users/ann/tweets", json=fields)
    assert (answer.status_code, await answer.get_json()) == (200, first)
    assert (await writer.json("/api/v1/users/ann"))["tweets"] == 1
    # It is the author's own.
    await writer.add_user("ben")
    assert (await writer.add_tweet("ben", "mine too", source_id="7"))["id"] != first["id"]


AGAIN: dict[str, Any] = {
    "text": "second wording of @su.me",
    "kind": "reply",
    "created_at": "2001-01-01T00:00:00Z",
    "lang": "en",
    "source_id": "7",
    "url": "https://example.org/7",
    "reply_to": {"source_id": "6", "username": "villain"},
    "media": [{"kind": "link", "source_url": "https://example.org/7.png"}],
    "counts": {"likes": 5, "as_of": "2026-05-01T00:00:00Z"},
    "room": {"name": "a chat of nobody"},
    "visibility": "restricted",
    "handles": "su.me",
}
"""Another value of each field."""


@pytest.mark.databases("sqlite", "postgresql")
@pytest.mark.parametrize("is_sent_in_lines", [False, True])
@pytest.mark.parametrize(
    ("scope", "changed"),
    [
        ("write", {"counts"}),
        ("admin", {"counts", "lang", "url", "reply_to", "media", "visibility"}),
    ],
)
async def test_only_admin_fills_what_a_post_lacks_and_narrows_its_audience(
    shared: Shared, scope: Scope, changed: set[str], *, is_sent_in_lines: bool
) -> None:
    assert AGAIN.keys() == stored_fields().keys()
    name, client = f"ann_{scope}_{is_sent_in_lines}", await client_with(shared.app, scope)
    await shared.admin.add_user(name)
    first = await shared.admin.add_tweet(name, "first wording", source_id="7")
    rooms = await shared.admin.json("/api/v1/rooms")
    if is_sent_in_lines:
        data = jsonl(AGAIN | {"username": name})
        answer = await client.post("/api/v1/tweets?publish=1", data=data, headers=NDJSON)
    else:
        answer = await client.post(f"/api/v1/users/{name}/tweets?publish=1", json=AGAIN)
    assert answer.status_code == 200
    after = await client.json(f"/api/v1/tweets/{first['id']}")
    assert {field for field in AGAIN if after[field] != first[field]} == changed
    # Nor is a chat made without messages.
    assert await shared.admin.json("/api/v1/rooms") == rooms


async def test_equal_source_ids_at_once_make_one_post(writer: Client) -> None:
    await writer.add_user("ann")
    answers = await asyncio.gather(
        *(
            writer.post("/api/v1/users/ann/tweets", json={"text": "same", "source_id": "1"})
            for _ in range(6)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [201]
    assert len({(await answer.get_json())["id"] for answer in answers}) == 1


async def test_deleted_post_is_gone_and_its_id_is_not_given_out_again(admin: Client) -> None:
    await admin.add_user("ann", "the first lantern")
    tweet = await admin.add_tweet("ann", "the second lantern", source_id="2")
    path = f"/api/v1/tweets/{tweet['id']}"
    answer = await admin.delete(path)
    assert (answer.status_code, await answer.get_data()) == (204, b"")
    assert (await admin.get(path)).status_code == 404
    assert (await admin.delete(path)).status_code == 404
    results = await admin.json("/api/v1/search?q=lantern")
    assert [hit["text"] for hit in results["items"]] == ["the first lantern"]
    again = await admin.add_tweet("ann", "the second lantern again", source_id="2")
    assert again["id"] > tweet["id"]


async def test_a_single_post_sent_as_lines_names_the_right_address(sharing: Client) -> None:
    for headers, status in (
        ({"Content-Type": "application/json"}, 422),
        ({"Content-Type": "text/plain"}, 415),
    ):
        answer = await sharing.post("/api/v1/tweets", data=b'{"text": "a"}', headers=headers)
        assert answer.status_code == status
        detail = (await answer.get_json(force=True))["detail"]
        assert "application/x-ndjson" in detail
        assert "POST /api/v1/users/<username>/tweets" in detail or status == 415


STATS = "/api/v1/stats"


@pytest.mark.databases("sqlite", "postgresql")
async def test_totals_authors_and_days(writer: Client) -> None:
    await writer.add_user("ann")
    await writer.add_user("ben", "hello")
    await writer.add_tweet("ann", "one", created_at="2026-05-01T16:00:00Z", lang="en")
    await writer.add_tweet("ann", "둘", created_at="2026-05-01T14:59:59Z")
    assert await writer.json(f"{STATS}?until=2026-06-01&tz=Asia/Seoul") == {
        "users": 2,
        "tweets": 2,
        "undated": 0,
        "authors": [{"username": "ann", "tweets": 2}],
        "days": [
            {"date": f"2026-05-0{day}", "tweets": 1, "authors": [{"username": "ann", "tweets": 1}]}
            for day in (1, 2)
        ],
    }
    assert (await writer.json(f"{STATS}?lang=ko"))["tweets"] == 1
    assert (await writer.json(f"{STATS}?username=ANN&username=ben"))["tweets"] == 3
