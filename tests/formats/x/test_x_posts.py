"""Single posts of an X archive, and the lists that they stand in."""

import json
import tracemalloc
from datetime import UTC, datetime
from typing import Any

import pytest

from app.errors import BrokenFileError
from app.formats.records import BadRecord, Item, Record, Skipped
from app.formats.source.json import MAX_VALUE
from tests.formats.files import read_file_records, read_one, texts

ID = "1626927829363920896"
TIME = datetime(2023, 2, 18, 12, 33, 11, tzinfo=UTC)
NAME = b"window.YTD.tweets.part0 = "
GOOD = b'{"full_text": "good"}'


def items(data: bytes) -> list[Item]:
    return read_file_records(data, "x")[1]


def record(text: str, **fields: Any) -> Record:
    stated = {"id_str": ID, "created_at": "Sat Feb 18 12:33:11 +0000 2023", "lang": "ko"}
    return record_of({"tweet": {"full_text": text, "truncated": False} | stated | fields})


def record_of(data: object) -> Record:
    return read_one(file_of(data), "x")


def file_of(data: object) -> bytes:
    return NAME + json.dumps([data]).encode()


def urls(**links: str) -> dict[str, Any]:
    urls = [{"url": f"https://t.co/{at}", "expanded_url": long} for at, long in links.items()]
    return {"urls": urls}


def test_whole_record() -> None:
    assert record("안녕 😀 מה שלומך") == Record(
        place=1,
        text="안녕 😀 מה שלומך",
        platform="x",
        created_at=TIME,
        lang="ko",
        source_id=ID,
        url=f"https://x.com/i/status/{ID}",
    )
    early = record_of({"full_text": "hello", "id": "20"})  # Early archives have no wrapper.
    assert early == Record(
        place=1, text="hello", platform="x", source_id="20", url="https://x.com/i/status/20"
    )


LINKS = urls(
    abc="https://example.com/one",
    abcd="https://example.com/two",
    a="https://example.com/?a=1&copy=2&section=3",
    b="https://example.com/?a&amp;b",
)
PICTURE = {"media": [{"url": "https://t.co/pic", "type": "photo"}]}


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("a &amp; b &lt;3 &amp;lt; &amp;amp;", "a & b <3 &lt; &amp;"),
        (
            "😀&amp;&lt;👩‍👧 https://t.co/abcd https://t.co/abc입니다 https://t.co/other",
            "😀&<👩‍👧 https://example.com/two https://example.com/one입니다 https://t.co/other",
        ),
        ("&lt; https://t.co/a", "< https://example.com/?a=1&copy=2&section=3"),
        ("see https://t.co/b", "see https://example.com/?a&b"),
        ("look https://t.co/abc  https://t.co/pic", "look https://example.com/one"),
        ("https://t.co/pic look", "look"),
    ],
)
def test_links_are_written_out_and_the_rest_is_decoded_once(raw: str, text: str) -> None:
    assert record(raw, entities=LINKS, extended_entities=PICTURE).text == text


@pytest.mark.parametrize(
    "entities",
    [5, [], {"urls": 5}, {"urls": [5, {}, {"url": 1}]}, {"media": {"a": 1}}, {"media": [[]]}],
)
def test_odd_entities_do_no_harm(entities: object) -> None:
    assert record("a https://t.co/a", entities=entities).text == "a https://t.co/a"


def test_white_space_without_end_takes_no_time() -> None:
    assert len(record("a" + " " * 100_000 + "b https://t.co/a").text) > 100_000


@pytest.mark.parametrize(
    "name",
    [
        *("in_reply_to_status_id_str", "in_reply_to_status_id", "in_reply_to_user_id"),
        *("in_reply_to_user_id_str", "in_reply_to_screen_name"),
    ],
)
def test_replies(name: str) -> None:
    assert record("@jiho 네", **{name: "5"}).kind == "reply"


def test_a_last_link_to_another_post_makes_a_quote() -> None:
    links = urls(q="https://twitter.com/jiho/status/5?s=20")
    assert record("so true https://t.co/q", entities=links).kind == "quote"
    assert record("https://t.co/q says so", entities=links).kind == "post"


@pytest.mark.parametrize("text", ["RT @jiho: words that are cut…", "RT @jiho words"])
def test_reposts_are_told_by_their_beginning(text: str) -> None:
    assert items(file_of({"tweet": {"full_text": text}})) == [Skipped(1, "repost")]


@pytest.mark.parametrize("value", [None, "", []])
def test_time_comes_from_the_id_where_none_is_stated(value: object) -> None:
    assert record("a", created_at=value).created_at == TIME.replace(minute=53, second=16)


def test_old_ids_hold_no_time() -> None:
    for old in ("20", "29700859247", "9" * 40):
        assert record("just setting up", id_str=old, created_at=None).created_at is None
    (unread,) = items(file_of({"full_text": "a", "id": "20", "created_at": "soon"}))
    assert isinstance(unread, Record)
    assert (unread.created_at, unread.unread_time) == (None, "created_at")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"id_str": ID, "id": "5"}, ID),
        ({"id_str": None, "id": int(ID)}, ID),
        ({"id_str": None, "id": 1.626927829363921e18}, None),
        ({"id_str": "abc", "id": True}, None),
    ],
    ids=["string", "whole number", "float", "neither"],
)
def test_ids_are_strings_of_digits(fields: dict[str, object], expected: str | None) -> None:
    assert record("a", **fields).source_id == expected


@pytest.mark.parametrize("lang", ["und", "zxx", "qme", "", None, 5])
def test_languages_that_name_none_are_left_out(lang: object) -> None:
    assert record("ㅋㅋㅋ", lang=lang).lang is None


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        (b"5", "not a post"),
        (b"null", "not a post"),
        (b"{}", "the text is missing"),
        (b'{"tweet": {}}', "the text is missing"),
        (b'{"tweet": {"full_text": ["a"]}}', "the text is not a string"),
        (b'{"tweet": {"full_text": "caf\x81"}}', "the text contains broken characters"),
        (b'{"b": tru}', "not valid JSON"),
        (b'{"b" "1"}', "not valid JSON"),
        (b"[" * 100_000 + b"]" * 100_000, "nested too deeply"),
        (b'{"b": "' + b"b" * MAX_VALUE + b'"}', "longer than 8 MB"),
    ],
    ids=range(10),
)
def test_a_bad_item_spoils_no_other(item: bytes, reason: str) -> None:
    items_read = items(NAME + b"[" + GOOD + b", " + item + b", " + GOOD + b"];")
    assert texts(items_read) == ["good", "good"]
    assert items_read[1] == BadRecord(2, reason)


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbfwindow.YTD.tweet.part12=[" + GOOD + b",\n" + GOOD + b"]\n;\n",
        b"Grailbird.data.tweets_2012_03 = \n [ " + GOOD + b", " + GOOD + b" ]",
        NAME + b"[" + GOOD + b"," + GOOD + b"]" + b" " * 100_000 + b";" + b"\n" * 100_000,
    ],
)
def test_wrappers(data: bytes) -> None:
    assert texts(items(data)) == ["good", "good"]


@pytest.mark.parametrize("data", [b"", b"\xef\xbb\xbf", b"\n\n", NAME + b"[ ]", NAME + b"[];\n"])
def test_empty_files_hold_nothing(data: bytes) -> None:
    assert items(data) == []


@pytest.mark.parametrize(
    "item",
    [
        pytest.param(b"[" * 200_000, id="deep lists"),
        pytest.param(b'{"a":' * 200_000, id="deep objects", marks=pytest.mark.full),
        pytest.param(b'{"a": "' + b"a" * 30_000_000, id="long text", marks=pytest.mark.full),
    ],
)
def test_hostile_items_do_not_fill_the_memory(item: bytes) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(BrokenFileError, match="truncated or damaged"):
            items(NAME + b"[" + GOOD + b", " + item)
        assert tracemalloc.get_traced_memory()[1] < 150_000_000
    finally:
        tracemalloc.stop()
