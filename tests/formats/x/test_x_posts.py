"""Single posts and notes of an X archive, and the lists that they stand in."""

import json
import tracemalloc
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.errors import BrokenFileError
from saywho.formats.reading import BadRecord, Skipped
from saywho.formats.records import Account, Item, Record
from saywho.formats.source.json import MAX_VALUE
from saywho.formats.x import archive as x_archive
from tests.archives import damaged, x_file, x_note, x_tweet, x_zip
from tests.formats.files import only_records, read_file_records, read_one, saved_folder, texts

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
        visibility="public",
    )
    early = record_of({"full_text": "hello", "id": "20"})  # Early archives have no wrapper.
    assert early == Record(
        place=1,
        text="hello",
        platform="x",
        source_id="20",
        url="https://x.com/i/status/20",
        visibility="public",
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
    assert len(record("a" + " " * 24_000 + "b https://t.co/a").text) > 24_000


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
    (unread,) = only_records(items(file_of({"full_text": "a", "id": "20", "created_at": "soon"})))
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
    ("item", "told"),
    [
        pytest.param(b"[" * 200_000, "truncated or damaged", id="deep lists"),
        pytest.param(
            b'{"a":' * 200_000, "truncated or damaged", id="deep objects", marks=pytest.mark.full
        ),
        pytest.param(
            b'{"a": "' + b"a" * 30_000_000,
            "line 1, column 51, that cannot be read: longer than 8 MB",
            id="long text",
            marks=pytest.mark.full,
        ),
    ],
)
def test_hostile_items_do_not_fill_the_memory(item: bytes, told: str) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(BrokenFileError, match=told):
            items(NAME + b"[" + GOOD + b", " + item)
        assert tracemalloc.get_traced_memory()[1] < 150_000_000
    finally:
        tracemalloc.stop()


LONG = "긴 글은 이렇게 시작해서 & 끝날 줄 모르고 계속 이어집니다. A long story begins. " * 8
SHORT = LONG[:150].replace("&", "&amp;") + "… https://t.co/more"


def note_items(folder: Path, tweets: Sequence[object], notes: Sequence[object]) -> list[Item]:
    members = {
        "tweets.js": x_file("tweets", *tweets),
        "note-tweet.js": x_file("note_tweet", *notes),
    }
    return read_file_records(saved_folder(folder, members) / "tweets.js")[1]


def test_joined_on_second_and_beginning(tmp_path: Path) -> None:
    tweets = [x_tweet(12, SHORT), x_tweet(11, "Yes."), x_tweet(11, SHORT)]
    texts_read = texts(note_items(tmp_path, tweets, [x_note(11, LONG)]))
    assert texts_read == [SHORT.replace("&amp;", "&"), "Yes.", LONG]


def test_two_notes_of_one_beginning_are_both_used(tmp_path: Path) -> None:
    notes = [x_note(11, LONG + "one"), x_note(11, LONG + "two")]
    items_read = note_items(tmp_path, [x_tweet(11, SHORT)] * 3, notes)
    assert texts(items_read) == [LONG + "one", LONG + "two", LONG + "two"]


def test_links_are_written_out_and_entities_left_alone(tmp_path: Path) -> None:
    note = x_note(11, "fish &amp; chips https://t.co/a")
    link = {"shortUrl": "https://t.co/a", "expandedUrl": "https://example.com/&copy=1"}
    note["noteTweet"]["core"]["urls"] = [link]
    (item,) = only_records(note_items(tmp_path, [], [note]))
    assert (item.text, item.source_id) == ("fish &amp; chips https://example.com/&copy=1", "900")


@pytest.mark.parametrize("item", [{}, {"noteTweet": {}}, x_note(5, ""), {"noteTweet": {"core": 5}}])
def test_unreadable_notes_are_bad_records(tmp_path: Path, item: object) -> None:
    items_read = note_items(tmp_path, [x_tweet(1, "a")], [x_note(11, LONG), item])
    assert texts(items_read) == ["a", LONG]
    assert items_read[0] == BadRecord(1, "the text is missing")


def test_too_many_to_hold_are_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(x_archive, "MAX_HELD_CHARACTERS", 10_000)
    items_read = note_items(tmp_path, [x_tweet(1, "short")], [x_note(5, "a" * 300)] * 100)
    assert texts(items_read) == ["short", *["a" * 300] * 12]
    assert items_read[0] == BadRecord(1, "the archive contains too many long posts")
    assert len(items_read) == 101


def month(name: str, *note_items: object) -> bytes:
    return f"Grailbird.data.tweets_{name} = \n ".encode() + json.dumps(note_items).encode()


CLASSIC = {
    "data/js/tweets/2012_04.js": month(
        "2012_04",
        {"id_str": "2", "text": "RT @a: b", "created_at": "2012-04-01 00:00:00 +0000"},
        {"id_str": "3", "text": "words", "retweeted_status": {"id_str": "9"}},
    ),
    "data/js/tweets/2012_03.js": month(
        "2012_03", {"id_str": "1", "text": "첫 글 &lt;3", "created_at": "2012-03-17 17:50:56 +0000"}
    ),
    "data/js/user_details.js": b"var user_details =  "
    + json.dumps({"screen_name": "mina", "full_name": "미나 🌱", "id": "77"}).encode(),
    "data/js/tweet_index.js": b"var tweet_index =  []",
    "tweets.csv": b"tweet_id,text\n1,first\n",
}


def test_an_unreadable_file_of_an_old_account_is_named(tmp_path: Path) -> None:
    name = "data/js/user_details.js"
    records, items_read = read_file_records(
        damaged(x_zip(tmp_path / "old.zip", CLASSIC), name.encode())
    )
    assert records.account == Account(None, None, "x", unread=name)
    assert len(items_read) == 3


def test_archives_up_to_2018_have_a_file_for_each_month(tmp_path: Path) -> None:
    packed = {f"12345_abc/{name}": data for name, data in CLASSIC.items()}
    for path in (x_zip(tmp_path / "old.zip", packed), saved_folder(tmp_path / "old", CLASSIC)):
        records, items_read = read_file_records(path)
        assert records.account == Account("mina", "미나 🌱", "x", "77")
        assert isinstance(items_read[0], Record)
        assert (items_read[0].text, str(items_read[0].created_at)) == (
            "첫 글 <3",
            "2012-03-17 17:50:56+00:00",
        )
        assert items_read[1:] == [Skipped(2, "repost"), Skipped(3, "repost")]
    records, items_read = read_file_records(tmp_path / "old/data/js/tweets/2012_03.js")
    assert (records.account, texts(items_read)) == (Account(None, None, "x"), ["첫 글 <3"])
