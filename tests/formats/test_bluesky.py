"""What Bluesky answers: author feeds and records of a repository."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from app.formats.post import Medium, Reactions, ReplyTarget
from app.formats.records import Account, BadRecord, Record, Skipped
from tests.formats.files import array, lines, pretty, read_one
from tests.formats.files import read_file_records as read

DID = "did:plc:minaminaminaminaminamina"
AUTHOR = {"did": DID, "handle": "mina.example", "displayName": "미나"}
OTHER = {"did": "did:plc:other", "handle": "bo.example", "displayName": ""}
ACCOUNT = Account("mina.example", "미나", "bluesky")
TIME = datetime(2024, 5, 1, 12, tzinfo=UTC)


def record(text: str, **fields: Any) -> dict[str, Any]:
    return {
        "$type": "app.bsky.feed.post",
        "text": text,
        "createdAt": "2024-05-01T12:00:00.123Z",
        "langs": ["ko", "en"],
    } | fields


def view(key: str, text: str, author: Any = AUTHOR, **fields: Any) -> dict[str, Any]:
    uri = f"at://{author['did']}/app.bsky.feed.post/{key}"
    post = {"uri": uri, "cid": "bafy", "author": author, "record": record(text, **fields)}
    return {"post": post | {"replyCount": 0, "indexedAt": "2024-05-01T12:00:05.000Z"}}


def stored(key: str, text: str, **fields: Any) -> dict[str, Any]:
    uri = f"at://{DID}/app.bsky.feed.post/{key}"
    return {"uri": uri, "cid": "bafy", "value": record(text, **fields)}


REPOST = view("r", "not mine", OTHER) | {
    "reason": {"$type": "app.bsky.feed.defs#reasonRepost", "by": AUTHOR, "indexedAt": "2024"}
}


def feed(*items: Any) -> dict[str, Any]:
    return {"cursor": "2024", "feed": list(items)}


def records(*items: Any) -> dict[str, Any]:
    return {"records": list(items), "cursor": "3k"}


def only(text: str = "hi", **fields: Any) -> Record:
    return read_one(lines(feed(view("a", text, **fields))))


EXPECTED = Record(
    place=1,
    text="안녕 &amp; 하늘",
    username="mina.example",
    display_name="미나",
    platform="bluesky",
    created_at=TIME,
    lang="ko",
    source_id="3kabc",
    url="https://bsky.app/profile/mina.example/post/3kabc",
)


@pytest.mark.parametrize("form", [lines, array, pretty])
@pytest.mark.parametrize("is_page", [True, False])
@pytest.mark.parametrize("format_name", ["auto", "bluesky"])
def test_feeds(form: Callable[..., bytes], is_page: bool, format_name: str) -> None:
    first, second = view("3kabc", EXPECTED.text), view("3kabd", "b")
    values = (feed(first), feed(REPOST, second)) if is_page else (first, REPOST, second)
    stream, items = read(form(*values), format_name)
    assert (stream.format, stream.unit, stream.account) == ("bluesky", "record", ACCOUNT)
    assert items[:2] == [replace(EXPECTED, counts=Reactions(replies=0)), Skipped(2, "repost")]
    assert [item.place for item in items] == [1, 2, 3]


@pytest.mark.parametrize("form", [lines, array, pretty])
def test_records_of_a_repository_are_by_the_did(form: Callable[..., bytes]) -> None:
    stream, items = read(form(records(stored("3kabc", EXPECTED.text)), records(stored("b", "b"))))
    assert stream.account == Account(DID, None, "bluesky")
    url = f"https://bsky.app/profile/{DID}/post/3kabc"
    assert items[0] == replace(EXPECTED, username=DID, display_name=None, url=url)
    assert len(items) == 2


def test_without_a_handle_the_did_is_the_author() -> None:
    author = AUTHOR | {"handle": "handle.invalid"}
    assert read(lines(feed(view("a", "hi", author))))[0].account == Account(DID, "미나", "bluesky")


def test_the_account_is_known_from_its_reposts_too() -> None:
    stream, items = read(lines(feed(REPOST)))
    assert (stream.account, items) == (ACCOUNT, [Skipped(1, "repost")])


def test_an_empty_feed_needs_no_name() -> None:
    empty: dict[str, Any]
    for empty in (feed(), {"feed": []}, records()):
        stream, items = read(lines(empty))
        assert (stream.account, items) == (None, [])


def test_another_account_is_not_taken_for_the_first() -> None:
    own = {"uri": f"at://{DID}/app.bsky.feed.post/a", "value": record("a")}
    other = {"uri": f"at://{OTHER['did']}/app.bsky.feed.post/b", "value": record("b")}
    _, items = read(lines(records(*[own] * 100, other)))
    fault = f"written by {OTHER['did']}, but the file starts with posts by another author"
    assert items[-1] == BadRecord(101, fault)


@pytest.mark.parametrize("name", ["feed", "posts"])
@pytest.mark.parametrize("before", [1, 100])
def test_posts_of_several_accounts_keep_their_authors(name: str, before: int) -> None:
    items = [*(view(f"a{at}", "a") for at in range(before)), view("b", "b", OTHER)]
    posts = items if name == "feed" else [item["post"] for item in items]
    stream, found = read(lines({name: posts}))
    assert [item.username for item in found if isinstance(item, Record)] == [
        *[AUTHOR["handle"]] * before,
        "bo.example",
    ]
    assert stream.account == (None if before == 1 else ACCOUNT)


QUOTED = {"uri": f"at://{OTHER['did']}/app.bsky.feed.post/1", "cid": "bafy"}


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"embed": {"$type": "app.bsky.embed.record", "record": QUOTED}}, "quote"),
        (
            {"embed": {"$type": "app.bsky.embed.recordWithMedia", "record": {"record": QUOTED}}},
            "quote",
        ),
        ({"embed": {"record": {"uri": "at://did:plc:x/app.bsky.graph.list/1"}}}, "post"),
        ({"embed": {"$type": "app.bsky.embed.images", "images": []}}, "post"),
    ],
    ids=range(4),
)
def test_kinds(fields: dict[str, Any], kind: str) -> None:
    assert only(**fields).kind == kind


@pytest.mark.parametrize(
    ("did", "handle", "expected"),
    [
        (None, None, None),
        (DID, None, ReplyTarget("3k", "mina.example")),
        ("did:plc:jiho", None, ReplyTarget("3k", "did:plc:jiho")),
        ("did:plc:jiho", "jiho.example", ReplyTarget("3k", "jiho.example")),
        ("did:plc:jiho", "handle.invalid", ReplyTarget("3k", "did:plc:jiho")),
    ],
)
def test_the_target_of_a_reply_is_read(
    did: str | None, handle: str | None, expected: ReplyTarget | None
) -> None:
    uri = f"at://{did}/app.bsky.feed.post/3k"
    item = view("a", "hi", reply={"parent": {"uri": uri}} if did else None)
    if handle:
        item["reply"] = {"parent": {"author": {"handle": handle}}}
    record = read_one(lines(feed(item)))
    assert (record.kind, record.reply_to) == ("reply" if did else "post", expected)


def test_media_and_counts() -> None:
    shown = {"alt": "a lamp", "aspectRatio": {"width": 640, "height": 480}}
    item = view("a", "", embed={"images": [shown | {"image": {"$type": "blob"}}]})
    item["post"] |= {"likeCount": 7, "repostCount": 0}
    item["post"]["embed"] = {"images": [shown | {"fullsize": "https://pbs.example/1.jpg"}]}
    record = read_one(lines(feed(item)))
    assert record.media == (Medium("photo", "https://pbs.example/1.jpg", "a lamp", 640, 480),)
    assert (record.text, record.counts) == ("", Reactions(7, 0, 0))
    link = {"external": {"uri": "https://a.example/", "title": "A page", "description": "d"}}
    record = read_one(lines(records(stored("a", "see", embed={"media": link}))))
    assert record.media == (Medium("link", "https://a.example/", "A page"),)
    assert record.counts is None


@pytest.mark.parametrize(
    ("stated", "time"),
    [
        ("2023-01-02T03:04:05+09:00", datetime(2023, 1, 1, 18, 4, 5, tzinfo=UTC)),
        ("2999-01-01T00:00:00Z", TIME.replace(second=5)),
        ("2024-13-45", TIME.replace(second=5)),
        (None, TIME.replace(second=5)),
    ],
)
def test_a_time_in_the_future_or_none_becomes_that_of_indexing(stated: Any, time: Any) -> None:
    assert only(createdAt=stated).created_at == time


def link(start: Any, end: Any, uri: Any, kind: str = "link") -> dict[str, Any]:
    feature = {"$type": f"app.bsky.richtext.facet#{kind}", "uri": uri}
    return {"index": {"byteStart": start, "byteEnd": end}, "features": [feature]}


URI = "https://example.com/a/long/path"


@pytest.mark.parametrize(
    ("facets", "text"),
    [
        ([link(8, 26, URI)], f"하늘 {URI} 😀 끝"),
        ([link(7, 25, URI)], f"하늘 {URI} 😀 끝"),
        ([link(0, 6, URI)], f"하늘 ({URI}) example.com/a/l… 😀 끝"),
        ([link(1, 6, URI), link(0, 5, URI)], None),
        (
            [link(7, 25, URI), link(10, 12, URI), link(-5, 3, URI), link(3, 999, URI)],
            f"하늘 {URI} 😀 끝",
        ),
        ([link(7, 25, "at://x"), link(7, 25, URI, "tag"), link(True, 5, URI), 5, {}], None),
        ([link("7", 25, URI), link(None, None, URI), link(7, 25, None), link(9, 8, URI)], None),
        ("oops", None),
    ],
    ids=range(8),
)
def test_links_are_written_out_by_their_bytes(facets: Any, text: str | None) -> None:
    shown = "하늘 example.com/a/l… 😀 끝"
    if facets and isinstance(facets, list) and facets[0] == link(8, 26, URI):
        shown, text = f"하늘. {shown.partition(' ')[2]}", f"하늘. {URI} 😀 끝"
    assert only(shown, facets=facets).text == (text or shown)


@pytest.mark.parametrize(
    ("bad", "detail"),
    [
        ({"post": {"$type": "app.bsky.feed.defs#notFoundPost", "uri": "at://x/y/z"}}, "not a post"),
        (
            {"post": stored("x", "a") | {"value": record("a") | {"text": 5}}},
            "the text is not a string",
        ),
        ({"uri": f"at://{DID}/y/z", "value": {"$type": "app.bsky.graph.follow"}}, "not a post"),
        (7, "not a"),
    ],
    ids=range(4),
)
@pytest.mark.parametrize("page", [feed, records])
def test_a_bad_post_does_not_stop_the_rest(bad: Any, detail: str, page: Callable[..., Any]) -> None:
    good = view("a", "a")
    items = read(lines(page(good, bad), page(good)))[1]
    assert [type(item) for item in items] == [Record, BadRecord, Record]
    assert isinstance(items[1], BadRecord)
    assert items[1].detail.startswith(detail)


def test_likes_reposts_and_posts_without_text_are_counted() -> None:
    like = stored("a", "") | {"value": {"$type": "app.bsky.feed.like", "subject": QUOTED}}
    repost = stored("b", "") | {"value": {"$type": "app.bsky.feed.repost", "subject": QUOTED}}
    assert read(lines(records(like, repost, stored("c", " \n"))))[1] == [
        Skipped(1, "like"),
        Skipped(2, "repost"),
        Skipped(3, "empty"),
    ]
