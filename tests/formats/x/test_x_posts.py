"""Single posts of an X archive."""

from datetime import UTC, datetime
from typing import Any

import pytest

from app.errors import RecordError
from app.formats.records import Account, Item, Record, read_each
from app.formats.x.posts import read_tweet, snowflake_time, to_record

ACCOUNT = Account("mina", "미나", "x")
ID = "1626927829363920896"


def tweet(text: str, **fields: Any) -> dict[str, Any]:
    return {
        "tweet": {
            "id": ID,
            "id_str": ID,
            "full_text": text,
            "created_at": "Sat Feb 18 12:33:11 +0000 2023",
            "display_text_range": ["0", "10"],
            "truncated": False,
            "lang": "ko",
            **fields,
        }
    }


def urls(**links: str) -> dict[str, Any]:
    return {
        "urls": [
            {"url": f"https://t.co/{short}", "expanded_url": long, "indices": ["0", "23"]}
            for short, long in links.items()
        ]
    }


def media(short: str) -> dict[str, Any]:
    return {"url": f"https://t.co/{short}", "type": "photo", "indices": ["0", "23"]}


def item_of(data: object) -> Item:
    def read(data: object, place: int) -> Item:
        return to_record(read_tweet(data), place, ACCOUNT, note_text=None)

    return next(read_each([(1, data)], read))


def record(text: str, **fields: Any) -> Record:
    item = item_of(tweet(text, **fields))
    assert isinstance(item, Record)
    return item


def test_whole_record() -> None:
    assert record("안녕 😀 מה שלומך") == Record(
        place=1,
        text="안녕 😀 מה שלומך",
        username="mina",
        display_name="미나",
        platform="x",
        created_at=datetime(2023, 2, 18, 12, 33, 11, tzinfo=UTC),
        lang="ko",
        source_id=ID,
        url=f"https://x.com/mina/status/{ID}",
    )


def test_early_items_have_no_wrapper() -> None:
    item = item_of(tweet("hello")["tweet"])
    assert isinstance(item, Record)
    assert item.text == "hello"


def test_entities_are_decoded_once() -> None:
    assert record("a &amp; b &lt;3 &amp;lt; &amp;amp;").text == "a & b <3 &lt; &amp;"


def test_links_are_written_out_by_string_whatever_stands_before_them() -> None:
    links = urls(abc="https://example.com/one", abcd="https://example.com/two")
    text = "😀&amp;&lt;👩‍👧 https://t.co/abcd https://t.co/abc입니다 https://t.co/other"
    assert record(text, entities=links).text == (
        "😀&<👩‍👧 https://example.com/two https://example.com/one입니다 https://t.co/other"
    )


def test_addresses_are_not_decoded_as_html() -> None:
    links = urls(a="https://example.com/?a=1&copy=2&section=3", b="https://example.com/?a&amp;b")
    assert record("&lt; https://t.co/a https://t.co/b", entities=links).text == (
        "< https://example.com/?a=1&copy=2&section=3 https://example.com/?a&b"
    )


def test_links_to_own_media_are_dropped() -> None:
    entities = {**urls(page="https://example.com"), "media": [media("pic")]}
    found = record(
        "look https://t.co/page  https://t.co/pic",
        entities=entities,
        extended_entities={"media": [media("pic"), media("clip")]},
    )
    assert found.text == "look https://example.com"
    assert record("https://t.co/pic look", entities={"media": [media("pic")]}).text == "look"


def test_white_space_without_end_takes_no_time() -> None:
    assert len(record("a" + " " * 1_000_000 + "b https://t.co/a").text) > 1_000_000


@pytest.mark.parametrize(
    "fields",
    [
        {"in_reply_to_status_id_str": "5"},
        {"in_reply_to_status_id": "5"},
        {"in_reply_to_user_id": "7"},
        {"in_reply_to_user_id_str": "7"},
        {"in_reply_to_screen_name": "jiho"},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_replies(fields: dict[str, str]) -> None:
    assert record("@jiho 네", **fields).kind == "reply"


def test_a_last_link_to_another_post_makes_a_quote() -> None:
    links = urls(q="https://twitter.com/jiho/status/5?s=20")
    assert record("so true https://t.co/q", entities=links).kind == "quote"
    assert record("https://t.co/q says so", entities=links).kind == "post"


@pytest.mark.parametrize("text", ["RT @jiho: words that are cut…", "RT @jiho words"])
def test_reposts_are_told_by_their_beginning(text: str) -> None:
    assert read_tweet(tweet(text)).is_repost


@pytest.mark.parametrize("value", [None, "", "soon", "Sat Foo 18 12:33:11 +0000 2023", []])
def test_time_comes_from_the_id_where_none_can_be_read(value: object) -> None:
    assert read_tweet(tweet("a", created_at=value)).created_at == snowflake_time(ID)


def test_old_ids_hold_no_time() -> None:
    assert snowflake_time("29700859247") is None
    assert snowflake_time("9" * 40) is None
    old = {"id": "20", "id_str": "20", "created_at": None}
    assert record("just setting up", **old).created_at is None
    with pytest.raises(RecordError, match="unreadable time 'soon'"):
        read_tweet(tweet("a", **{**old, "created_at": "soon"}))


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"id_str": "1626927829363920896", "id": "5"}, "1626927829363920896"),
        ({"id_str": None, "id": 1626927829363920896}, "1626927829363920896"),
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
        (5, "not a post"),
        (None, "not a post"),
        ([], "not a post"),
        ({}, "no text"),
        ({"tweet": {}}, "no text"),
        ({"tweet": {"full_text": ["a"]}}, "the text is not a string"),
    ],
)
def test_items_that_are_no_posts_say_why(item: object, reason: str) -> None:
    with pytest.raises(RecordError, match=reason):
        read_tweet(item)


@pytest.mark.parametrize(
    "entities",
    [5, [], {"urls": 5}, {"urls": [5, {}, {"url": 1}]}, {"media": {"a": 1}}, {"media": [[]]}],
)
def test_odd_entities_do_no_harm(entities: object) -> None:
    assert record("a https://t.co/a", entities=entities).text == "a https://t.co/a"
