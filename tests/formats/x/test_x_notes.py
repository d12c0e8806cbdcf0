"""Long posts of an X archive."""

from datetime import UTC, datetime
from typing import Any

import pytest

from app.formats.records import Account, BadRecord, Record
from app.formats.x import notes as x_notes
from app.formats.x.notes import Notes
from app.formats.x.posts import read_tweet

ACCOUNT = Account("mina", "미나", "x")
LONG = "긴 글은 이렇게 시작해서 & 끝날 줄 모르고 계속 이어집니다. A long story begins. " * 8


def note(text: str, **fields: Any) -> dict[str, Any]:
    core = {"text": text, "urls": [], "mentions": [], "hashtags": []}
    return {
        "noteTweet": {
            "noteTweetId": "1626927829363920001",
            "createdAt": "2023-02-18T12:33:11.734Z",
            "core": core,
            **fields,
        }
    }


def shortened(text: str, created_at: str = "Sat Feb 18 12:33:11 +0000 2023") -> dict[str, Any]:
    text = text[:150].replace("&", "&amp;") + "… https://t.co/more"
    return {"tweet": {"id_str": "1626927829363920896", "full_text": text, "created_at": created_at}}


def notes_of(*items: object) -> Notes:
    notes = Notes()
    for item in items:
        notes.add(item)
    return notes


def test_joined_on_second_and_beginning() -> None:
    notes = notes_of(note(LONG))
    assert notes.join(read_tweet(shortened(LONG))) == LONG
    assert list(notes.leftovers(0, ACCOUNT)) == []


def test_not_joined_on_another_second_or_beginning() -> None:
    notes = notes_of(note(LONG))
    assert notes.join(read_tweet(shortened(LONG, "Sat Feb 18 12:33:12 +0000 2023"))) is None
    assert notes.join(read_tweet(shortened("Something else, " * 20))) is None
    assert notes.join(read_tweet({"full_text": LONG[:5], "created_at": "2023-02-18"})) is None


def test_a_short_post_of_the_same_second_keeps_its_text() -> None:
    notes = notes_of(note("Yes. " + LONG))
    short = {"full_text": "Yes.", "created_at": "Sat Feb 18 12:33:11 +0000 2023"}
    assert notes.join(read_tweet(short)) is None


def test_leftover_notes_are_posts_of_their_own() -> None:
    assert list(notes_of(note(LONG)).leftovers(7, ACCOUNT)) == [
        Record(
            place=8,
            text=LONG,
            username="mina",
            display_name="미나",
            platform="x",
            created_at=datetime(2023, 2, 18, 12, 33, 11, tzinfo=UTC),
            source_id="1626927829363920001",
        )
    ]


def test_links_are_written_out_and_entities_left_alone() -> None:
    core = {
        "text": "fish &amp; chips https://t.co/a",
        "urls": [{"shortUrl": "https://t.co/a", "expandedUrl": "https://example.com/&copy=1"}],
    }
    [found] = notes_of(note("", core=core)).leftovers(0, ACCOUNT)
    assert isinstance(found, Record)
    assert found.text == "fish &amp; chips https://example.com/&copy=1"


def test_two_notes_of_one_beginning_are_both_used() -> None:
    notes = notes_of(note(LONG + "one"), note(LONG + "two"))
    texts = [notes.join(read_tweet(shortened(LONG))) for _ in range(3)]
    assert texts == [LONG + "one", LONG + "two", LONG + "two"]


@pytest.mark.parametrize("item", [5, {}, {"noteTweet": {}}, note(""), note("a", core=5)])
def test_unreadable_notes_are_bad_records(item: object) -> None:
    notes = notes_of(note(LONG), item)
    found = list(notes.leftovers(3, ACCOUNT))
    assert found[1:] == [BadRecord(5, "a long post: no text")]


@pytest.mark.parametrize("item", [note("a" * 300), {}], ids=["good", "bad"])
def test_too_many_to_hold_are_left_out_and_reported(
    item: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(x_notes, "MAX_HELD_CHARACTERS", 10_000)
    notes = notes_of(*[item] * 100)
    assert not notes.is_whole
    found = list(notes.leftovers(0, ACCOUNT))
    assert len(found) < 30
    assert isinstance(found[-1], BadRecord)
