"""What the API of X (Twitter) answers, and what twarc saves of it."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from saywho.formats.post import Medium, Reactions, ReplyTarget
from saywho.formats.reading import BadRecord, Skipped
from saywho.formats.records import Record
from tests.formats.files import array, lines, pretty, read_file_records as read, read_one

TIME = datetime(2023, 2, 18, 12, 33, 11, tzinfo=UTC)
LONG = "긴 글은 이렇게 시작해서 끝날 줄을 모르고 계속 이어집니다. " * 12


def v1(number: int = 1626918390000000001, /, **fields: Any) -> dict[str, Any]:
    return {
        "created_at": "Sat Feb 18 12:33:11 +0000 2023",
        "id": number,
        "id_str": str(number),
        "full_text": "빵 &amp; 커피 &lt;3",
        "truncated": False,
        "user": {"id": 77, "id_str": "77", "name": "미나", "screen_name": "mina"},
        "in_reply_to_status_id": None,
        "is_quote_status": False,
        "lang": "ko",
    } | fields


def v2(number: int = 1626918390000000001, /, **fields: Any) -> dict[str, Any]:
    return {
        "id": str(number),
        "text": "빵 &amp; 커피 &lt;3",
        "author_id": "77",
        "created_at": "2023-02-18T12:33:11.000Z",
        "edit_history_tweet_ids": [str(number)],
        "lang": "ko",
        "public_metrics": {"retweet_count": 0},
    } | fields


AUTHOR = {"id": "77", "username": "mina", "name": "미나"}


def flat(number: int = 1626918390000000001, /, **fields: Any) -> dict[str, Any]:
    return v2(number, author=AUTHOR, __twarc={"version": "2.14.0"}, **fields)


def page(*statuses: Any, **fields: Any) -> dict[str, Any]:
    includes = {"users": [AUTHOR], "tweets": [v2(5, text="of others", author_id="9")]}
    return {"data": list(statuses), "includes": includes, "meta": {"result_count": 1}} | fields


EXPECTED = Record(
    place=1,
    text="빵 & 커피 <3",
    username="mina",
    author_id="77",
    display_name="미나",
    platform="x",
    created_at=TIME,
    lang="ko",
    source_id="1626918390000000001",
    url="https://x.com/mina/status/1626918390000000001",
)


def only(status: Any) -> Record:
    return read_one(lines(status))


@pytest.mark.parametrize("form", [lines, array, pretty])
@pytest.mark.parametrize(
    "status", [v1(), flat(), page(v2()), page(data=v2()), {"statuses": [v1()]}], ids=range(5)
)
@pytest.mark.parametrize("format_name", ["auto", "x-api"])
def test_all_shapes(form: Callable[..., bytes], status: Any, format_name: str) -> None:
    records, items = read(form(status, status), format_name)
    assert (records.format, records.unit, records.account) == ("x-api", "record", None)
    assert [item.place for item in items] == [1, 2]
    assert isinstance(items[0], Record)
    assert replace(items[0], counts=None) == EXPECTED


def test_several_posts_of_a_page_and_pages_of_both_shapes_in_one_file() -> None:
    items = read(lines(page(v2(1), v2(2)), flat(3), v1(4), {"statuses": [v1(5), v1(6)]}))[1]
    assert [getattr(item, "source_id", None) for item in items] == ["1", "2", "3", "4", "5", "6"]
    assert [item.place for item in items] == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    "fields",
    [
        {"referenced_tweets": [{"type": "retweeted", "id": "5"}]},
        {"referenced_posts": [{"type": "retweeted", "id": "5"}]},
        {"referenced_posts": [{"type": "reposted", "id": "5"}, {"type": "quoted", "id": "6"}]},
    ],
)
def test_reposts_of_version_2(fields: dict[str, Any]) -> None:
    assert read(lines(flat(text="RT @a: b", **fields)))[1] == [Skipped(1, "repost")]


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (v1(in_reply_to_screen_name="a", is_quote_status=True), "reply"),
        (v1(is_quote_status=True), "quote"),
        (v1(quoted_status_id_str="5"), "quote"),
        (flat(referenced_posts=[{"type": "replied_to"}, {"type": "quoted"}]), "reply"),
        (flat(referenced_tweets=[{"type": "quoted", "id": "5", "text": "theirs"}]), "quote"),
        (flat(in_reply_to_user_id="5"), "reply"),
        (flat(referenced_tweets="oops"), "post"),
    ],
    ids=range(7),
)
def test_kinds(status: dict[str, Any], kind: str) -> None:
    assert only(status).kind == kind


def test_long_posts_stand_in_fields_of_their_own() -> None:
    short = {"text": LONG[:100] + "… https://t.co/own", "full_text": None, "truncated": True}
    assert only(v1(**short, extended_tweet={"full_text": LONG})).text == LONG
    for name in ("note_tweet", "note_post"):
        assert only(flat(text=LONG[:200], **{name: {"text": LONG + "&gt;"}})).text == LONG + ">"


def test_a_text_that_was_cut_off_ends_without_the_link_to_itself() -> None:
    url = {"url": "https://t.co/own", "expanded_url": "https://twitter.com/i/web/status/7"}
    status = v1(7, text="so it goes… https://t.co/own", truncated=True, entities={"urls": [url]})
    del status["full_text"]
    assert only(status).text == "so it goes…"


def test_links_are_written_out_and_those_to_own_media_dropped() -> None:
    url = {"url": "https://t.co/a", "expanded_url": "https://e.example/?a=1&copy=2"}
    photo = {"url": "https://t.co/p", "expanded_url": "https://twitter.com/mina/status/7/photo/1"}
    text = "see https://t.co/a &amp;amp; more https://t.co/p"
    plain = "see https://e.example/?a=1&copy=2 &amp; more"
    old = v1(7, full_text=text, entities={"urls": [url], "media": [{"url": "https://t.co/p"}]})
    assert only(old).text == plain
    assert only(flat(7, text=text, entities={"urls": [url, photo]})).text == plain
    noted = {"text": text, "entities": {"urls": [url]}}
    assert only(flat(7, text="see", note_tweet=noted, entities={"urls": [photo]})).text == plain
    whole = {"full_text": text, "entities": {"urls": [url], "media": [photo]}}
    assert only(v1(7, full_text=None, text="see", extended_tweet=whole)).text == plain


@pytest.mark.parametrize(
    ("status", "username", "author_id"),
    [
        (page(v2(author_id="77")), "mina", "77"),
        (page(v2(author_id="78")), None, "78"),
        (page(v2(author_id=None)), None, None),
        (page(v2(), includes=None), None, "77"),
        (page(v2(), includes={"users": [5, {"id": "77"}]}), None, "77"),
        (v1(user={"id": 77, "id_str": "77"}), None, "77"),
        (flat(author_id=None), "mina", "77"),
    ],
    ids=range(7),
)
def test_authors(status: Any, username: str | None, author_id: str | None) -> None:
    item = only(status)
    assert (item.username, item.author_id) == (username, author_id)


def test_posts_of_protected_accounts_are_restricted() -> None:
    old = v1(user={"screen_name": "mina", "protected": True})
    for status in (old, page(v2(), includes={"users": [AUTHOR | {"protected": True}]})):
        assert read(lines(status))[1] == [Skipped(1, "restricted")]
        assert isinstance(read(lines(status), include_restricted=True)[1][0], Record)


def test_notices_of_a_stream_are_skipped() -> None:
    notices = {"delete": {"status": {"id": 1}}}, {"limit": {"track": 3}}
    assert read(lines(v1(), *notices))[1][1:] == [Skipped(2, "system"), Skipped(3, "system")]


def test_empty_pages_and_errors_hold_nothing() -> None:
    empty = {"meta": {"result_count": 0}, "__twarc": {}}
    items = read(lines(empty, {"errors": [{"title": "Not Found Error"}]}, v1()))[1]
    assert [(type(item), item.place) for item in items] == [(Record, 1)]
    assert read(lines(empty))[1] == []
    assert read(lines({"data": []} | empty))[1] == []
    assert read(b'{"statuses": []}')[1] == []


@pytest.mark.parametrize(
    ("bad", "detail"),
    [
        (v1(full_text=5), "the text is not a string"),
        ({"hello": 1}, "the text is missing"),
        (7, "not a JSON object"),
        (page(7), "not a JSON object"),
        (page({"username": "mina"}), "the text is missing"),
    ],
    ids=range(5),
)
def test_a_bad_post_does_not_stop_the_rest(bad: Any, detail: str) -> None:
    items = read(lines(v1(), bad, v1()))[1]
    assert [type(item) for item in items] == [Record, BadRecord, Record]
    assert isinstance(items[1], BadRecord)
    assert items[1].place == 2
    assert items[1].detail.startswith(detail)


def test_posts_stored_in_mongodb_are_read_like_those_of_the_api() -> None:
    stored = {"_id": {"$oid": "5e0d9a7bd2c3f5a1b2c3d4e5"}}
    old = stored | v1(id={"$numberLong": "1626918390000000001"}, retweeted_status=None)
    boost = stored | v1(retweeted_status=v1())
    for status in (old, stored | flat()):
        records, items = read(lines(status, boost))
        assert records.format == "mongo"
        assert isinstance(items[0], Record)
        assert (items[0].text, items[0].username) == ("빵 & 커피 <3", "mina")
        assert (items[0].source_id, items[0].platform) == ("1626918390000000001", "x")
        assert items[1] == Skipped(2, "repost")


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (v1(), None),
        (v1(in_reply_to_status_id_str="5"), ReplyTarget("5")),
        (v1(in_reply_to_status_id=5, in_reply_to_screen_name="jiho"), ReplyTarget("5", "jiho")),
        # The author had another name then.
        (
            v1(
                in_reply_to_status_id_str="5",
                in_reply_to_user_id_str="77",
                in_reply_to_screen_name="mina_before",
            ),
            ReplyTarget("5", "mina"),
        ),
        (v1(in_reply_to_screen_name="jiho"), ReplyTarget(None, "jiho")),
        (v1(in_reply_to_status_id="", in_reply_to_screen_name=5), None),
        (flat(referenced_tweets=[{"type": "quoted", "id": "4"}]), None),
        (v2(referenced_tweets=[{"type": "replied_to", "id": "5"}]), ReplyTarget("5")),
        (
            v2(
                referenced_posts=[{"type": "replied_to", "id": "5", "author": {"username": "jiho"}}]
            ),
            ReplyTarget("5", "jiho"),
        ),
        (
            flat(
                referenced_tweets=[{"type": "replied_to", "id": "5"}],
                in_reply_to_user_id="77",
                in_reply_to_user={"username": "mina_before"},
            ),
            ReplyTarget("5", "mina"),
        ),
        (
            page(
                v2(referenced_tweets=[{"type": "replied_to", "id": "5"}], in_reply_to_user_id="78"),
                includes={"users": [AUTHOR, {"id": "78", "username": "jiho"}]},
            ),
            ReplyTarget("5", "jiho"),
        ),
    ],
    ids=range(11),
)
def test_the_target_of_a_reply_is_read(
    status: dict[str, Any], expected: ReplyTarget | None
) -> None:
    assert only(status).reply_to == expected


PHOTO = Medium("photo", "https://pbs.example/1.jpg", "a lamp", 640, 480)


def test_media_and_counts_of_version_1() -> None:
    photo = {
        "type": "photo",
        "url": "https://t.co/pic",
        "media_url_https": PHOTO.source_url,
        "ext_alt_text": "a lamp",
        "original_info": {"width": "640", "height": 480},
    }
    counts = {"favorite_count": 12, "retweet_count": 0, "reply_count": -1}
    post = only(v1(full_text="fog https://t.co/pic", entities={"media": [photo]}, **counts))
    assert (post.text, post.media, post.counts) == ("fog", (PHOTO,), Reactions(12, 0))


def test_media_and_counts_of_version_2() -> None:
    photo = {
        "media_key": "3_1",
        "type": "photo",
        "url": PHOTO.source_url,
        "alt_text": "a lamp",
        "width": 640,
        "height": 480,
    }
    own = {"url": "https://t.co/pic", "expanded_url": "https://twitter.com/mina/status/9/photo/1"}
    status = v2(
        9,
        text="which one? https://t.co/pic",
        attachments={"media_keys": ["3_1"]},
        entities={"urls": [own]},
        public_metrics={"like_count": 4, "retweet_count": 3, "reply_count": 2, "quote_count": 1},
    )
    seen = {"retrieved_at": "2023-02-18T12:33:11+00:00"}
    post = only(page(status, includes={"media": [photo]}, __twarc=seen))
    assert (post.text, post.media) == ("which one?", (PHOTO,))
    assert post.counts == Reactions(4, 3, 2, 1, TIME)
