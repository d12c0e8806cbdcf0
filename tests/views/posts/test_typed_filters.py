"""Filters that are typed into a search, in the API, an export, a chat and on the page."""

import json
import re
from html import unescape
from typing import Any
from urllib.parse import quote, unquote_plus

import pytest

from app.services.posts.filters import FILTERS
from tests.browsing import body, missing_in
from tests.conftest import Client, Shared

pytestmark = pytest.mark.databases("sqlite", "postgresql")
POSTS: list[dict[str, Any]] = [
    {"username": "mina", "text": "lamp 0 #tea", "created_at": "2024-01-01T14:59:59Z"},
    {"username": "mina", "text": "lamp 1 #Teatime", "created_at": "2024-01-01T15:00:00Z"},
    {"username": "ben", "text": "lamp 2 tea", "created_at": "2024-02-01T00:00:00Z"},
    {"username": "Kim_Jun", "text": "lamp 3 (#TEA)", "created_at": "2024-03-01T00:00:00Z"},
    {"username": "mina", "text": "pier 4 #차 #tea_party", "created_at": "2024-04-01T00:00:00Z"},
    {"username": "other.jun", "text": "pier 5 #차", "created_at": "2024-05-01T00:00:00Z"},
    {"username": "mina", "text": "from:ben 6, 12:30"},
]
EXTRA: dict[int, dict[str, Any]] = {
    1: {"kind": "reply", "reply_to": {"source_id": "77", "username": "Stranger"}},
    2: {"reply_to": {"source_id": "0", "username": "mina"}, "room": {"name": "our chat"}},
    3: {"media": [{"kind": "photo", "source_url": "https://a.example/1.png"}]},
    4: {"room": {"name": "our chat"}},
    5: {"room": {"name": "2024"}, "lang": "ko"},
}


@pytest.fixture(scope="module")
async def site(shared: Shared) -> Client:
    writer = shared.writer
    for username, name in [("mina", None), ("ben", "Ben"), ("Kim_Jun", "Kim Jun")]:
        await writer.add_user(username, display_name=name)
    await writer.add_user("other.jun", display_name="Jun")
    await writer.add_user("more.jun", display_name="JUN")
    for number, post in enumerate(POSTS):
        fields = {"source_id": str(number)} | post | EXTRA.get(number, {})
        await writer.add_tweet(fields.pop("username"), fields.pop("text"), **fields)
    return writer


async def found(client: Client, q: str, extra: str = "") -> dict[str, Any]:
    answer = await client.get(f"/api/v1/search?q={quote(q)}{extra}")
    page: dict[str, Any] = await answer.get_json()
    assert answer.status_code == 200, page
    return page


def numbers(page: dict[str, Any]) -> list[int]:
    return [int(hit["source_id"]) for hit in page["items"]]


LISTED = re.compile(r'href="(?:/tweet/|/posts\?[^"]*picture=)(\d+)')
SPELLINGS: dict[str, tuple[str, str]] = {
    "from": ("from:mina", "username=mina"),
    "to": ("to:mina", ""),
    "after": ("after:2024-02-01", "since=2024-02-01"),
    "before": ("before:2024-02-01", "until=2024-02-01"),
    "has": ("has:media", "has=media"),
    "is": ("is:reply", "is=reply"),
    "in": ('in:"our chat"', "room=1"),
    "kind": ("", "kind=reply"),
    # Filters that are parameters alone.
    "lang": ("", "lang=ko"),
    "platform": ("", "platform=local"),
}
"""How each filter is typed, and is given by parameter."""


@pytest.mark.parametrize("key", sorted(SPELLINGS.keys() | {each.key for each in FILTERS}))
async def test_a_filter_selects_the_same_posts_however_it_is_spelled(
    site: Client, key: str
) -> None:
    """In search, export, counts and the page; a filter alone, and beside a word."""
    typed, given = SPELLINGS[key]
    for word in ("", "lamp"):
        asked = [f"q={quote(f'{word} {typed}')}"] if typed else []
        asked += [f"q={word}&{given}", given][: 1 if word else 2] if given else []
        answers: set[tuple[int, ...]] = set()
        for query in asked:
            page = await (await site.get(f"/api/v1/search?{query}")).get_json()
            answers.add(tuple(sorted(hit["id"] for hit in page["items"])))
            assert page["total"] == len(page["items"])
            lines = (await body(await site.get(f"/api/v1/export?{query}"))).splitlines()
            sent = [json.loads(line)["source_id"] for line in lines]
            assert sorted(sent) == sorted(hit["source_id"] for hit in page["items"])
            if "room=" not in query:
                shown = await site.get(f"/search?{query}")
                if shown.status_code == 303:
                    shown = await site.get(shown.headers["Location"])
                listed = LISTED.findall(await body(shown))
                answers.add(tuple(sorted({int(post_id) for post_id in listed})))
        if given.partition("=")[0] in {"username", "since", "until", "lang", "platform"}:
            counts = await (await site.get(f"/api/v1/stats?{given}")).get_json()
            everything = await (await site.get(f"/api/v1/search?{given}")).get_json()
            assert counts["tweets"] == everything["total"]
        assert len(answers) == 1
        (ids,) = answers
        assert ids or (word and key in {"to", "lang"})


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("from:MINA lamp", {0, 1}),
        ("lamp From\uff1a@mina", {0, 1}),
        ('from:"kim jun" lamp', {3}),
        ("lamp -from:mina -from:ben", {3}),
        ("from:ben from:Kim_Jun lamp", {2, 3}),
        ("from:ben&username=mina", set()),
        ("lamp to:stranger", {1}),
        ("to:mina", {2}),
        ("-to:mina lamp", {0, 1, 3}),
        ("lamp before:2024-02-01", {0, 1}),
        ("lamp after:2024-01-02", {2, 3}),
        ("lamp after:2024.1.2&tz=Asia/Seoul", {1, 2, 3}),
        ("after:2024-01-02 before:2024-01-03&tz=Asia/Seoul", {1}),
        ("has:media", {3}),
        ("lamp -has:media", {0, 1, 2}),
        ("is:reply lamp", {1, 2}),
        ('IN:"Our Chat"', {2, 4}),
        ("in:2024", {5}),
        ('in:2024 in:"our chat" -from:mina', {2, 5}),
        ('"from:ben"', {6}),
        ("from: ben", {6}),
        ("12:30", {6}),
        ("#tea", {0, 3}),
        ("#TEA lamp -#teatime", {0, 3}),
        ("#차 -from:mina", {5}),
        ("#차 #tea_party", {4}),
        ('"#tea" lamp', {0, 2, 3}),
        ("lamp -#tea", {1, 2}),
        ("#lamp", set()),
    ],
)
async def test_typed_filters_narrow_the_results(site: Client, q: str, expected: set[int]) -> None:
    q, _, extra = q.partition("&")
    page = await found(site, q, extra and f"&{extra}")
    assert set(numbers(page)) == expected
    assert page["total"] == len(expected)


async def test_filters_alone_list_the_newest_and_are_named(site: Client) -> None:
    page = await found(site, "from:mina -is:reply before:2025-01-01", "&facets=1")
    assert numbers(page) == [4, 0]
    assert [(hit["score"], hit["highlights"]) for hit in page["items"]] == [(None, [])] * 2
    assert page["filters"] == [
        {"key": "from", "value": "mina"},
        {"key": "-is", "value": "reply"},
        {"key": "before", "value": "2025-01-01"},
    ]
    assert page["facets"]["username"] == [["mina", 2]]
    for sort in ("newest", "likes"):
        assert numbers(await found(site, "has:media", f"&sort={sort}")) == [3]
    walked = await site.walk("/api/v1/search?q=-from:ben", 2)
    assert [int(hit["source_id"]) for hit in walked] == [6, 5, 4, 3, 1, 0]


@pytest.mark.parametrize(
    ("q", "status", "detail"),
    [
        ("from:nobody", 404, "nobody"),
        ("from:minna", 404, "mina"),
        ("-to:nobody", 404, "nobody"),
        ("in:nowhere", 404, "nowhere"),
        ("in:999", 404, "999"),
        ("from:jun", 422, "more.jun, other.jun"),
        ("before:yesterday", 422, "2026-01-31"),
        ("after:2024-02-30", 422, "2026-01-31"),
        ("has:words", 422, "media"),
        ("is:funny", 422, "reply"),
    ],
)
async def test_bad_typed_filter_is_an_error_of_the_query(
    site: Client, q: str, status: int, detail: str
) -> None:
    for address in ("/api/v1/search", "/api/v1/export", "/search", "/feed.atom"):
        answer = await site.get(f"{address}?q={quote(q)}")
        assert answer.status_code == status, address
        assert detail in unescape(await answer.get_data(as_text=True)), address


async def test_export_feed_and_chat_read_typed_filters(site: Client) -> None:
    q = quote('#tea from:mina from:"Kim Jun"')
    for query, expected in [(q, [0, 3]), ("has:media", [3])]:
        exported = await body(await site.get(f"/api/v1/export?q={query}"))
        assert [number for number, post in enumerate(POSTS) if post["text"] in exported] == expected
    feed = await body(await site.get(f"/feed.atom?q={q}"))
    assert feed.count("<entry>") == 2
    assert "/search?q=" + unquote_plus(q) in unquote_plus(feed)
    (room,) = {hit["room"]["id"] for hit in (await found(site, 'in:"our chat"'))["items"]}
    assert numbers(await found(site, "lamp", f"&room={room}")) == [2]
    assert numbers(await found(site, "lamp in:2024", f"&room={room}")) == []
    exported = await body(await site.get(f"/api/v1/export?room={room}"))
    assert [number for number, post in enumerate(POSTS) if post["text"] in exported] == [2, 4]
    assert (await site.get("/api/v1/search?q=lamp&room=999")).status_code == 404
    messages = await site.get(f"/api/v1/rooms/{room}/messages?q=from:mina")
    assert [item["source_id"] for item in (await messages.get_json())["items"]] == ["4"]
    assert "<mark>" not in (page := await body(await site.get(f"/room/{room}?q=from:mina")))
    assert "pier 4" in page


async def test_page_shows_filters_that_can_be_removed(site: Client) -> None:
    q = 'pier from:mina in:"our chat"'
    page = unquote_plus(await body(await site.get(f"/search?q={quote(q)}&sort=newest")))
    assert not missing_in(page, 'q=in:"our chat" pier&sort=newest"', "Posts with “<bdi>pier</bdi>”")
    assert f'href="/feed.atom?q={q}"' in page
    without = await body(await site.get("/search?q=-from:mina"))
    assert "pier 5" in without
    assert "pier 4" not in without
