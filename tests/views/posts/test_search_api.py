"""Search in the API."""

import re
from html import unescape
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from quart import Quart
from sqlalchemy import update

from app.models import Tweet
from app.services.search import word_search
from tests.browsing import parts_of
from tests.conftest import Client, Shared
from tests.waiting import eventually

SEARCH = "/api/v1/search"


async def search(client: Client, q: str, extra: str = "") -> list[dict[str, Any]]:
    answer = await client.get(f"{SEARCH}?q={quote(q)}{extra}", status=200)
    page = await answer.get_json()
    assert page["method"] == "words"
    items: list[dict[str, Any]] = page["items"]
    return items


async def test_result_is_the_post_with_score_and_highlights(writer: Client) -> None:
    await writer.add_user("ann")
    tweet = await writer.add_tweet("ann", "🚢 a ferry, a Ferry!")
    (hit,) = await search(writer, "FERRY")
    assert hit == tweet | {"score": hit["score"], "highlights": [[4, 9], [13, 18]]}
    assert hit["score"] > 0


@pytest.mark.databases("sqlite", "postgresql")
async def test_best_comes_first_and_pages_hold_all_once(writer: Client) -> None:
    texts = [f"lamp {'lamp ' * (number % 4)}and filler {number}" for number in range(9)]
    await writer.add_user("ann", *texts)
    whole = await search(writer, "lamp")
    ranks = [(hit["score"], hit["id"]) for hit in whole]
    assert ranks == sorted(ranks, reverse=True)
    assert len({score for score, _ in ranks}) < len(ranks)
    assert len(whole) == len(texts)

    async def pages_hold_all() -> bool:
        # Words are counted anew after the first posts, which changes the scores once.
        return await writer.walk(f"{SEARCH}?q=lamp", 2) == await search(writer, "lamp")

    await eventually(pages_hold_all)


@pytest.fixture(scope="module")
async def mixed(shared: Shared) -> Client:
    """Read the posts of two authors, to which no test adds any."""
    writer = shared.writer
    for username, platform in [("ann", "x"), ("ben", "mastodon")]:
        await writer.add_user(username, platform=platform)
    for number, (username, fields) in enumerate(
        [
            ("ann", {"created_at": "2020-01-01T14:59:59Z", "lang": "en"}),
            ("ann", {"created_at": "2020-01-01T15:00:00Z", "kind": "reply"}),
            ("ben", {"created_at": "2020-01-02T15:00:00Z", "lang": "ko", "kind": "quote"}),
        ]
    ):
        await writer.add_tweet(username, f"harbour {number}", **fields)
    return writer


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ("", {0, 1, 2}),
        ("&username=ANN", {0, 1}),
        ("&platform=mastodon", {2}),
        ("&lang=ko", {2}),
        ("&kind=post", {0}),
        ("&kind=reply&username=ann", {1}),
        ("&since=2020-01-02&tz=Asia/Seoul", {1, 2}),
        ("&until=2020-01-02&tz=Asia/Seoul", {0}),
        ("&since=2020-01-02&until=2020-01-03&tz=Asia/Seoul", {1}),
        ("&since=2020-01-02", {2}),
        ("&since=2020-01-01T15:00:00Z&until=2020-01-02T15:00:00Z", {1}),
        ("&since=2020-01-02T00:00:00%2B09:00", {1, 2}),
        ("&since=2020-01-02T00:00:00+09:00", {1, 2}),
        ("&since=2021-01-01", set()),
    ],
)
async def test_filters_narrow_the_results(mixed: Client, filters: str, expected: set[int]) -> None:
    hits = await search(mixed, "harbour", filters)
    assert {int(hit["text"].split()[1]) for hit in hits} == expected


@pytest.mark.parametrize(
    "query",
    [
        *("mode=regex", "platform=myspace", "kind=repost", "since=yesterday", "tz=Mars/Base"),
        *("until=2020-02-30", "since=2020-01-01T00:00:00", "tz=../../etc/passwd", "tz=Asia"),
        *("since=0001-01-01&tz=Asia/Seoul", "cursor=x", "cursor=WzEwMDAwMV0", "cursor=WyJhIl0"),
        *("limit=201", "limit=0", "page=2", "q=a&q=b", f"q={'a' * 1001}", "tz=%00"),
        *("platform=null", "kind=NULL", "is=null", "has=Null", "platform=", "kind=", "limit="),
    ],
)
async def test_bad_parameter_is_400(shared: Shared, query: str) -> None:
    answer = await shared.anybody.get(f"{SEARCH}?{query}", status=400)
    (error,) = (await answer.get_json())["errors"]
    assert error["loc"] in query


async def test_an_empty_query_lists_the_newest_posts(writer: Client) -> None:
    empty: dict[str, Any] = {"items": [], "next": None, "method": "words", "total": 0}
    assert await (await writer.get(SEARCH)).get_json() == empty
    await writer.add_user("ann", "first", "second", "third")
    for query in ("", "?q=", "?q=%20%20", "?q=%E3%80%80", "?sort=newest", "?mode=meaning"):
        found = await (await writer.get(SEARCH + query)).get_json()
        assert [hit["text"] for hit in found["items"]] == ["third", "second", "first"]
        assert found["total"] == 3
    assert await (await writer.get(f"{SEARCH}?q=first&lang=%00")).get_json() == empty


async def test_a_query_that_only_leaves_words_out_is_no_zero(writer: Client) -> None:
    await writer.add_user("ann", "lamp", "pier")
    for address in (f"{SEARCH}?q=-lamp", "/api/v1/export?q=-lamp"):
        answer = await writer.get(address)
        assert (answer.status_code, (await answer.get_json())["errors"][0]["loc"]) == (422, "q")
    assert "Add a word to search for" in await writer.page("/search?q=-lamp", status=422)


async def test_signs_alone_are_not_counted(writer: Client) -> None:
    await writer.add_user("ann", "wait!!!")
    for query in ("!!!", "?!", "!!! from:ann"):
        found = await writer.json(f"{SEARCH}?q={quote(query)}")
        assert (found["items"], found["total"]) == ([], None)


async def test_unknown_author_is_404(anybody: Client) -> None:
    assert (await anybody.get(f"{SEARCH}?q=a&username=nobody")).status_code == 404


async def test_any_query_is_answered(writer: Client) -> None:
    await writer.add_user("ann", "me & you <3 say hello, 한국어")
    queries = [
        "me & you",
        "<3",
        '"',
        '"unclosed',
        "-",
        "NEAR(me, you)",
        "한",
        "ㅎ",
        "a\0b",
        "\ufeff",
    ]
    queries += ["a " + "-b " * 332, '"" ' * 300, "가" * 1000, "🚢" * 1000, "\ud7b0", "e\u0301"]
    for query in queries:
        await search(writer, query)


@pytest.mark.databases("sqlite", "postgresql")
async def test_results_by_time_and_their_pages_hold_all_once(writer: Client, app: Quart) -> None:
    await writer.add_user("ann")
    days = [17, 3, 28, 25, 11, 25, 9]
    for number, day in enumerate(days):
        time, room = f"2025-06-{day:02}T00:00:00Z", {"name": "pier"}
        await writer.add_tweet(
            "ann", f"lamp {number}", created_at=time, source_id=f"{number}", room=room
        )
    async with parts_of(app).db.write() as session:
        undated = Tweet.source_id.in_(("1", "4"))
        await session.execute(update(Tweet).where(undated).values(created_at=None))
    newest = f"{SEARCH}?q=lamp&sort=newest"
    keys = [(hit["created_at"] or "", hit["id"]) for hit in await writer.walk(newest, 2)]
    assert keys == sorted(keys, reverse=True)
    assert [time for time, _ in keys[-2:]] == ["", ""], "unknown times come last"
    assert keys[1][0] == keys[2][0], "of equal times the last stored comes first"
    assert len(keys) == len(days) == (await writer.json(newest))["total"]
    assert (await writer.get(f"{SEARCH}?q=lamp&sort=oldest")).status_code == 400
    hits = await writer.walk("/api/v1/rooms/1/messages?q=lamp", 2)
    oldest = [(hit["created_at"] or "unknown", hit["id"]) for hit in hits]
    assert oldest == sorted(oldest), "a chat's are found the oldest first, unknown times last"
    assert {post for _, post in oldest} == {post for _, post in keys}
    assert oldest[2][0] == oldest[3][0], "of equal times the first stored comes first"


@pytest.mark.databases("sqlite", "postgresql")
async def test_the_most_liked_come_first_and_those_without_a_figure_last(writer: Client) -> None:
    figures = [3, None, 40, 0, 3, 12]
    await writer.add_posts(
        *(
            {"username": "ann", "text": f"lamp {number}"}
            | ({} if likes is None else {"counts": {"likes": likes}})
            for number, likes in enumerate(figures)
        )
    )
    hits = await writer.walk(f"{SEARCH}?q=lamp&sort=likes", 2)
    likes = [hit["counts"] and hit["counts"]["likes"] for hit in hits]
    assert likes == [40, 12, 3, 3, 0, None]
    assert hits[2]["id"] > hits[3]["id"]


async def test_results_are_counted_by_author_year_and_language(writer: Client) -> None:
    for name in ("ann", "ben"):
        await writer.add_user(name)
    for name, text, year in (
        ("ann", "lamp one", 2023),
        ("ann", "lamp two", 2024),
        ("ben", "lamp 등대 불빛이 보여요", 2024),
        ("ben", "a ferry", 2024),
    ):
        await writer.add_tweet(name, text, created_at=f"{year}-12-31T23:30:00Z")
    page = await (await writer.get(f"{SEARCH}?q=lamp&facets=1&limit=1")).get_json()
    assert page["total"] == 3
    assert page["facets"] == {
        "username": [["ann", 2], ["ben", 1]],
        "year": [[2024, 2], [2023, 1]],
        "lang": [["ko", 1]],
    }
    page = await (await writer.get(f"{SEARCH}?q=lamp&facets=1&username=ben")).get_json()
    assert (page["total"], page["facets"]["year"]) == (1, [[2024, 1]])
    assert "facets" not in await (await writer.get(f"{SEARCH}?q=lamp")).get_json()


async def test_a_typing_error_is_corrected_and_told(writer: Client) -> None:
    await writer.add_user("ann", "the lighthouse keeper", "a quay")

    async def corrected() -> dict[str, Any]:
        answer = await writer.get(f"{SEARCH}?q=Lighthosue+keeper")
        page: dict[str, Any] = await answer.get_json()
        return page

    # Words are counted after the posts have come.
    page = await eventually(corrected, until=lambda page: "corrections" in page)
    assert page["corrections"] == [{"typed": "lighthosue", "used": "lighthouse", "posts": 1}]
    assert "partial" not in page
    (hit,) = page["items"]
    assert hit["highlights"] == [[4, 14], [15, 21]]
    text = await (await writer.get("/search?q=Lighthosue+keeper")).get_data(as_text=True)
    assert "Near “<bdi>lighthosue</bdi>”: “<bdi>lighthouse</bdi>” (1 post)" in text
    links = re.findall(r'href="(/search[^"]+)">Search as typed', text)
    assert [parse_qs(urlsplit(unescape(link)).query)["q"] for link in links] == [
        ['"Lighthosue" keeper']
    ]
    assert "corrections" not in await (await writer.get(f"{SEARCH}?q=keeper")).get_json()
    # A file of the results has the same posts.
    lines = await (await writer.get("/api/v1/export?q=Lighthosue+keeper")).get_data(as_text=True)
    assert [line.count("the lighthouse keeper") for line in lines.splitlines()] == [1]


async def test_page_without_a_result_leads_on_where_older_posts_may_match(
    app: Quart, writer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(word_search, "CANDIDATES", 5)
    monkeypatch.setattr(word_search, "MOST_PAGES", 1)
    await writer.add_user("ann", "정말 그래", *(f"정말로 {n}" for n in range(8)))
    path = f"/search?q={quote(chr(34) + '정말' + chr(34))}"
    first = await writer.page(path)
    assert "Only the newest posts have been searched so far" in first
    assert "Nothing found" not in first
    (address,) = re.findall(r'href="([^"]*)"[^<]*>More results</a>', first)
    assert "<mark>정말</mark> 그래" in await writer.page(unescape(address))
