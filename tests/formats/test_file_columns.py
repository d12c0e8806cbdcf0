"""Columns recognised by name, and rows of them as records."""

from typing import get_args

import pytest

from app.formats.file_columns import FileColumns
from app.formats.post import Medium, Platform, Reactions, ReplyTarget
from app.formats.records import BadRecord, Item, Record, Skipped, read_each


def read(row: dict[str, object]) -> Item:
    return next(read_each([(1, row)], FileColumns(row).read))


def record(row: dict[str, object]) -> Record:
    item = read(row)
    assert isinstance(item, Record)
    return item


KNOWN = {
    "text": ("text", "Full_Text", "tweet", "content", "body", "내용", "트윗", " Text "),
    "username": (
        *("username", "author", "user", "screen_name", "screenName", "handle", "작성자", "name"),
        *("이름", "author.username", "user.screen_name"),
    ),
    "created_at": ("created_at", "createdAt", "date", "timestamp", "time", "날짜", "작성일"),
}


@pytest.mark.parametrize(
    ("field", "name"), [(field, name) for field, names in KNOWN.items() for name in names]
)
def test_columns_are_known_by_their_names(field: str, name: str) -> None:
    assert FileColumns([name]).fields == ((name, field),)


@pytest.mark.parametrize("name", ["이름", "name", "author"])
def test_name_of_a_person_becomes_a_username(name: str) -> None:
    item = record({name: " Anna  Kim ", "text": "hi"})
    assert (item.username, item.display_name) == ("Anna_Kim", "Anna  Kim")


@pytest.mark.parametrize(
    ("row", "username", "display_name"),
    [
        ({"author": "mina"}, "mina", None),
        ({"username": "Anna Kim"}, "Anna_Kim", "Anna Kim"),
        ({"name": "Mina Kim", "username": "mina"}, "mina", "Mina Kim"),
    ],
)
def test_name_of_an_account_has_no_blanks(
    row: dict[str, object], username: str, display_name: str | None
) -> None:
    item = record(row | {"text": "hi"})
    assert (item.username, item.display_name) == (username, display_name)


def test_first_filled_column_counts() -> None:
    item = record({"text": "cut…", "full_text": "whole", "id": 7, "id_str": "8", "_id": "9"})
    assert (item.text, item.source_id) == ("whole", "8")
    assert record({"text": "kept", "full_text": ""}).text == "kept"
    assert record({"text": "x", "_id": "9"}).source_id == "9"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1580661436132757506", "1580661436132757506"),
        (1580661436132757506, "1580661436132757506"),
        ("1.58E+18", None),
        ("1,58E+18", None),
        ("1.58066143613276e+018", None),
        (1.5806614361327575e18, None),
        (12.0, "12"),
        (float("nan"), None),
        (float("inf"), None),
        ("3kabc2xyz", "3kabc2xyz"),
        (True, None),
        ({"$oid": "5"}, None),
        ("", None),
    ],
)
def test_ids_stay_whole_or_are_dropped(value: object, expected: str | None) -> None:
    assert record({"id": value, "text": "the row is kept"}).source_id == expected


@pytest.mark.parametrize(
    "row",
    [
        {"is_retweet": True},
        {"is_repost": "TRUE"},
        {"isRetweet": 1},
        {"retweet": "yes"},
        {"리트윗": "예"},
        {"kind": "repost"},
        {"kind": "Retweet"},
        {"kind": "post", "is_retweet": "1"},
        {"retweeted_status_id": "123", "in_reply_to_status_id": ""},
        {"referenced_tweets.retweeted.id": "123"},
    ],
)
def test_reposts_are_told_by_a_column(row: dict[str, object]) -> None:
    assert read({**row, "text": "RT @a: words"}) == Skipped(1, "repost")


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        ({"is_reply": True}, "reply"),
        ({"is_reply": False}, "post"),
        ({"is_reply": "0"}, "post"),
        ({"in_reply_to_status_id": "5"}, "reply"),
        ({"in_reply_to_status_id": "nan"}, "post"),
        ({"in_reply_to_screen_name": "", "retweeted_status_id": ""}, "post"),
        ({"kind": "reply"}, "reply"),
        ({"kind": "인용"}, "quote"),
        ({"kind": "unheard of", "is_quote": "y"}, "quote"),
        ({"quoted_status_id": 6}, "quote"),
        ({"kind": "post", "is_reply": True}, "post"),
    ],
)
def test_kinds(row: dict[str, object], kind: str) -> None:
    assert record({**row, "text": "hi"}).kind == kind


@pytest.mark.parametrize(
    ("value", "platform"),
    [("Twitter", "x"), ("fax", None), *((name, name) for name in get_args(Platform))],
)
def test_platforms(value: str, platform: str | None) -> None:
    assert record({"platform": value, "text": "hi"}).platform == platform


@pytest.mark.parametrize(
    ("row", "detail"),
    [
        ({"text": None}, "the text is missing"),
        ({"text": 5}, "the text is not a string"),
        ({"text": ["a"]}, "the text is not a string"),
    ],
)
def test_bad_rows_say_why(row: dict[str, object], detail: str) -> None:
    assert read(row) == BadRecord(1, detail)


def test_an_unreadable_time_costs_no_post() -> None:
    item = record({"text": "a", "date": "soon"})
    assert (item.created_at, item.unread_time) == (None, "date")


@pytest.mark.parametrize("text", ["", " \n"])
def test_rows_with_neither_text_nor_media_are_skipped(text: str) -> None:
    assert read({"text": text}) == Skipped(1, "empty")


def test_entities_and_unknown_columns_are_left_alone() -> None:
    item = record({"text": "a &amp; b &lt;3 https://t.co/x", "likes": "5", "user": {"id": 1}})
    assert (item.text, item.username) == ("a &amp; b &lt;3 https://t.co/x", None)


@pytest.mark.parametrize("field", ["media", "counts"])
@pytest.mark.parametrize(
    "value", ["\ud83d", {"\ud83d": 1}, [{"kind": "\ud83d"}], {"as_of": "\ud83d"}]
)
def test_half_a_surrogate_pair_costs_no_post(field: str, value: object) -> None:
    item = record({"text": "hello", field: value})
    assert (item.media, item.counts) == ((), None)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"in_reply_to_status_id": "nan"}, None),
        ({"in_reply_to_status_id": "1.5e+18"}, None),
        ({"in_reply_to_status_id": "5"}, ReplyTarget("5")),
        ({"in_reply_to_id": 5, "in_reply_to_screen_name": "jiho"}, ReplyTarget("5", "jiho")),
        ({"referenced_tweets.replied_to.id": "5"}, ReplyTarget("5")),
        ({"reply_to": {"source_id": "5", "username": "jiho"}}, ReplyTarget("5", "jiho")),
        ({"reply_to": '{"source_id": "5"}'}, ReplyTarget("5")),
        ({"reply_to": '{"source_id": '}, None),
        ({"reply_to": "5"}, ReplyTarget("5")),
        ({"reply_to": {"source_id": {}}}, None),
    ],
)
def test_the_target_of_a_reply_is_read(
    fields: dict[str, object], expected: ReplyTarget | None
) -> None:
    assert record({"text": "hello", **fields}).reply_to == expected


@pytest.mark.parametrize(
    ("fields", "media", "counts"),
    [
        ({"favorite_count": "3", "retweet_count": 2}, (), Reactions(3, 2)),
        ({"counts": {"likes": 1}}, (), Reactions(1)),
        ({"counts": '{"likes": 1}', "media": "[]"}, (), Reactions(1)),
        ({"counts": {"likes": -1}, "media": 5}, (), None),
        ({"media": [{"kind": "photo", "alt": "a lamp"}]}, (Medium("photo", None, "a lamp"),), None),
        ({"media": '[{"kind": "gif"}]', "text": ""}, (Medium("gif"),), None),
        ({"media": [{"kind": "page"}]}, (), None),
    ],
)
def test_media_and_counts(
    fields: dict[str, object], media: tuple[Medium, ...], counts: Reactions | None
) -> None:
    item = record({"text": "hello"} | fields)
    assert (item.media, item.counts) == (media, counts)
