"""Search in the API."""

from typing import Any
from urllib.parse import quote

import pytest

from tests.conftest import Client, Shared
from tests.waiting import eventually

SEARCH = "/api/v1/search"


async def search(client: Client, q: str, extra: str = "") -> list[dict[str, Any]]:
    answer = await client.get(f"{SEARCH}?q={quote(q)}{extra}")
    assert answer.status_code == 200, await answer.get_data()
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


async def test_best_comes_first_and_pages_hold_all_once(writer: Client) -> None:
    texts = [f"lamp {'lamp ' * (number % 4)}and filler {number}" for number in range(9)]
    await writer.add_user("ann", *texts)
    whole = await search(writer, "lamp")
    scores = [hit["score"] for hit in whole]
    assert scores == sorted(scores, reverse=True)
    assert len(whole) == len(texts)

    async def pages_hold_all() -> bool:
        # Words are counted anew after the first posts, which changes the scores once.
        whole = await search(writer, "lamp")
        seen, cursor = [], ""
        while True:
            page = await (await writer.get(f"{SEARCH}?q=lamp&limit=2{cursor}")).get_json()
            seen += page["items"]
            if page["next"] is None:
                return seen == whole
            cursor = f"&cursor={page['next']}"

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
        *("limit=201", "limit=0", "page=2", "q=a&q=b", f"q={'a' * 1001}", "tz=", "tz=%00"),
    ],
)
async def test_bad_parameter_is_400(shared: Shared, query: str) -> None:
    answer = await shared.anybody.get(f"{SEARCH}?{query}")
    assert answer.status_code == 400
    (error,) = (await answer.get_json())["errors"]
    assert error["loc"] in query


async def test_unknown_author_is_404_and_an_empty_query_finds_nothing(anybody: Client) -> None:
    assert (await anybody.get(f"{SEARCH}?q=a&username=nobody")).status_code == 404
    for query in ("", "?q=", "?q=%20%20"):
        answer = await anybody.get(SEARCH + query)
        assert await answer.get_json() == {"items": [], "next": None, "method": "words"}


async def test_any_query_is_answered(writer: Client) -> None:
    await writer.add_user("ann", "me & you <3 say hello, 한국어")
    queries = [
        *("me & you", "<3", '"', "'", '"unclosed', "*", "^", "me*", "NEAR(me, you)", "text:me"),
        *("-", "--", "-me", "me -", "(", ")", "{a}:b", "OR", "AND NOT", "me OR", "\\", "%", "_"),
        *(
            "한",
            "ㅎ",
            "한국",
            "\u1112",
            "👨‍👩‍👧",
            "🏴󠁧󠁢󠁳󠁣󠁴󠁿",
            "a\u0000b",
            "\u0000",
            "\ufeff",
            "שלום",
            "\u202e",
        ),
        *(
            "a " * 499,
            "a " + "-b " * 332,
            '"" ' * 300,
            "가" * 1000,
            "🚢" * 1000,
            "\ud7b0",
            "é",
            "e\u0301",
        ),
    ]
    for query in queries:
        await search(writer, query)


async def test_a_search_sees_a_post_at_once_and_never_a_deleted_one(admin: Client) -> None:
    await admin.add_user("ann")
    tweet = await admin.add_tweet("ann", "a brief appearance")
    assert [hit["id"] for hit in await search(admin, "appearance")] == [tweet["id"]]
    await admin.delete(f"/api/v1/tweets/{tweet['id']}")
    assert await search(admin, "appearance") == []
