"""Long posts of X archives, and archives up to 2018."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from app.formats.records import Account, BadRecord, Item, Record, Skipped
from app.formats.x import archive as x_archive
from tests.archives import damaged, x_file, x_note, x_tweet, x_zip
from tests.formats.files import read_file_records, saved_folder, texts

LONG = "긴 글은 이렇게 시작해서 & 끝날 줄 모르고 계속 이어집니다. A long story begins. " * 8
SHORT = LONG[:150].replace("&", "&amp;") + "… https://t.co/more"


def items(folder: Path, tweets: Sequence[object], notes: Sequence[object]) -> list[Item]:
    members = {
        "tweets.js": x_file("tweets", *tweets),
        "note-tweet.js": x_file("note_tweet", *notes),
    }
    return read_file_records(saved_folder(folder, members) / "tweets.js")[1]


def test_joined_on_second_and_beginning(tmp_path: Path) -> None:
    tweets = [x_tweet(12, SHORT), x_tweet(11, "Yes."), x_tweet(11, SHORT)]
    texts_read = texts(items(tmp_path, tweets, [x_note(11, LONG)]))
    assert texts_read == [SHORT.replace("&amp;", "&"), "Yes.", LONG]


def test_two_notes_of_one_beginning_are_both_used(tmp_path: Path) -> None:
    notes = [x_note(11, LONG + "one"), x_note(11, LONG + "two")]
    items_read = items(tmp_path, [x_tweet(11, SHORT)] * 3, notes)
    assert texts(items_read) == [LONG + "one", LONG + "two", LONG + "two"]


def test_links_are_written_out_and_entities_left_alone(tmp_path: Path) -> None:
    note = x_note(11, "fish &amp; chips https://t.co/a")
    link = {"shortUrl": "https://t.co/a", "expandedUrl": "https://example.com/&copy=1"}
    note["noteTweet"]["core"]["urls"] = [link]
    (item,) = items(tmp_path, [], [note])
    assert isinstance(item, Record)
    assert (item.text, item.source_id) == ("fish &amp; chips https://example.com/&copy=1", "900")


@pytest.mark.parametrize("item", [{}, {"noteTweet": {}}, x_note(5, ""), {"noteTweet": {"core": 5}}])
def test_unreadable_notes_are_bad_records(tmp_path: Path, item: object) -> None:
    items_read = items(tmp_path, [x_tweet(1, "a")], [x_note(11, LONG), item])
    assert texts(items_read) == ["a", LONG]
    assert items_read[0] == BadRecord(1, "the text is missing")


def test_too_many_to_hold_are_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(x_archive, "MAX_HELD_CHARACTERS", 10_000)
    items_read = items(tmp_path, [x_tweet(1, "short")], [x_note(5, "a" * 300)] * 100)
    assert texts(items_read) == ["short", *["a" * 300] * 12]
    assert items_read[0] == BadRecord(1, "the archive contains too many long posts")
    assert len(items_read) == 101


def month(name: str, *items: object) -> bytes:
    return f"Grailbird.data.tweets_{name} = \n ".encode() + json.dumps(items).encode()


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
