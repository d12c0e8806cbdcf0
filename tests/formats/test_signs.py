"""Reactions to the messages of chats, as each app writes them: their number by sign."""

from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from saywho.formats.chats.reactions import reactions_of
from saywho.formats.post import MOST_SIGNS, Reactions, SignCount
from tests.archives import zip_bytes
from tests.formats import discord_variants, meta_variants, slack_variants
from tests.formats.files import only_records, pretty, read_file_records
from tests.formats.signal_variants import item, lines, person
from tests.formats.test_discord import written
from tests.formats.test_slack import TS, porch

HEART, JOY, TIDE = "❤", "😂", ":tide:"


def telegram(reactions: Any) -> bytes:
    message = {"id": 1, "type": "message", "date": "2026-01-03T21:00:05", "text": "ferry at nine"}
    message |= {"from": "Mina", "from_id": "user1", "reactions": reactions}
    return pretty({"name": "Pier", "type": "private_group", "id": 5, "messages": [message]})


def messenger(reactions: Any) -> bytes:
    message = {"sender_name": "Mina", "timestamp_ms": 1767225600123, "content": "ferry at nine"}
    thread = {"participants": [{"name": "Mina"}], "title": "Pier", "thread_path": "inbox/pier_1"}
    return meta_variants.written(thread | {"messages": [message | {"reactions": reactions}]})


def encrypted(reactions: Any) -> bytes:
    message = {"senderName": "Mina", "timestamp": 1767225600123, "text": "ferry at nine"}
    thread = {"participants": ["Mina"], "threadName": "Pier_1"}
    return pretty(thread | {"messages": [message | {"reactions": reactions}]})


def discord(reactions: Any) -> bytes:
    return discord_variants.document([written(reactions=reactions)])


def signal(reactions: Any) -> bytes:
    message = item(2, 1769990000000, "ferry at nine")
    message["chatItem"]["standardMessage"]["reactions"] = reactions
    return lines(person(2, "Mina"), {"chat": {"id": "10", "recipientId": "2"}}, message)


def slack(reactions: Any) -> bytes:
    return porch(slack_variants.message("U01", "ferry at nine", TS, reactions=reactions))


def counts(data: bytes) -> Reactions | None:
    (record,) = only_records(read_file_records(data)[1])
    return record.counts


def reactions(*signs: tuple[str, int], likes: int | None = None) -> Reactions:
    total = sum(count for _, count in signs) if likes is None else likes
    return Reactions(total, signs=tuple(SignCount(*sign) for sign in signs))


def by(*signs: str) -> list[dict[str, str]]:
    """Return reactions as Meta writes them, one for each person."""
    return [{"reaction": sign, "actor": f"p{number}"} for number, sign in enumerate(signs)]


GIVEN: dict[str, tuple[bytes, Reactions]] = {
    "telegram": (
        telegram(
            [
                {"type": "emoji", "count": 1, "emoji": JOY, "recent": [{"from": "Jun"}]},
                {"type": "emoji", "count": 3, "emoji": HEART},
                {"type": "custom_emoji", "count": 2, "document_id": "stickers/1.webp"},
                {"type": "paid", "count": 5},
            ]
        ),
        reactions(("⭐", 5), (HEART, 3), (JOY, 1), likes=11),
    ),
    "messenger": (messenger(by(HEART, JOY, HEART)), reactions((HEART, 2), (JOY, 1))),
    "messenger encrypted": (encrypted(by(JOY)), reactions((JOY, 1))),
    "discord": (
        discord(
            [
                {"emoji": {"id": "", "name": JOY, "code": "joy"}, "count": 2, "users": []},
                {"emoji": {"id": "77", "name": "tide"}, "count": 4},
            ]
        ),
        reactions((TIDE, 4), (JOY, 2)),
    ),
    "signal": (
        signal([{"emoji": HEART, "authorId": "1"}, {"emoji": HEART, "authorId": "2"}]),
        reactions((HEART, 2)),
    ),
    "slack": (
        slack(
            [
                {"name": "+1::skin-tone-3", "users": ["U01"], "count": 1},
                {"name": "thumbsup", "users": ["U02"], "count": 2},
                {"name": "tide", "users": ["U02"], "count": 1},
            ]
        ),
        reactions(("👍", 3), (TIDE, 1)),
    ),
}


@pytest.mark.parametrize("name", GIVEN)
def test_reactions_are_counted_by_sign(name: str) -> None:
    data, expected = GIVEN[name]
    shown = counts(data)
    assert shown is not None
    assert replace(shown, as_of=None) == expected


WRITTEN = {
    "telegram": telegram,
    "messenger": messenger,
    "discord": discord,
    "signal": signal,
    "slack": slack,
}


@pytest.mark.parametrize(
    ("stated", "read"),
    [
        ("2026-02-01T08:00:00+09:00", datetime(2026, 1, 31, 23, tzinfo=UTC)),
        *((odd, None) for odd in ("0001-01-01T00:00:00+00:00", "soon", None, 1e300, 12)),
    ],
)
def test_reactions_are_as_of_the_export(stated: object, read: datetime | None) -> None:
    reaction = {"emoji": {"id": "", "name": JOY}, "count": 2}
    shown = counts(discord_variants.document([written(reactions=[reaction])], exportedAt=stated))
    assert shown == replace(reactions((JOY, 2)), as_of=read)


def test_reactions_of_signal_are_as_of_its_first_line() -> None:
    shown = counts(signal([{"emoji": HEART}]).replace(b'"1770000000000"', b'"1780000000000"'))
    assert shown is not None
    assert shown.as_of == datetime.fromtimestamp(1780000000, UTC)


@pytest.mark.parametrize("odd", ["❤", 7, {"❤": 2}, [None], [[]], [{"count": -3}], [{"emoji": 1}]])
@pytest.mark.parametrize("name", WRITTEN)
def test_reactions_of_a_wrong_shape_say_nothing(name: str, odd: object) -> None:
    assert counts(WRITTEN[name](odd)) is None


@pytest.mark.parametrize("given", [None, [], {}])
@pytest.mark.parametrize("name", WRITTEN)
def test_a_message_without_reactions_says_that_nobody_reacted(name: str, given: object) -> None:
    shown = counts(WRITTEN[name](given))
    assert shown is not None
    assert shown.says_nobody


def unaware(data: bytes) -> bytes:
    """Return a file of before an app had reactions, in which somebody writes of them."""
    return data.replace(b'"reactions"', b'"other"').replace(b"at nine", b'\\"reactions\\"')


@pytest.mark.parametrize("name", WRITTEN)
def test_an_export_in_which_nothing_has_reactions_says_nothing_of_them(name: str) -> None:
    is_packed = name == "slack"
    without = porch(slack_variants.message("U01", "ferry at nine", TS)) if is_packed else b""
    assert counts(without or unaware(WRITTEN[name](None))) is None


def test_of_several_files_one_that_has_reactions_tells_of_all() -> None:
    rooms = {"a/result.json": unaware(telegram([])), "b/result.json": telegram([])}
    items = read_file_records(zip_bytes(rooms))[1]
    assert [getattr(item, "counts", None) for item in items] == [Reactions(0)] * 2


def test_the_most_frequent_of_many_signs_are_kept_and_all_are_counted() -> None:
    shown = reactions_of((f"a{number}", number) for number in range(1, 10_001))
    assert shown is not None
    assert shown.likes == sum(range(1, 10_001))
    assert [sign.count for sign in shown.signs] == [*range(10_000, 10_000 - MOST_SIGNS, -1)]


@pytest.mark.parametrize(
    "sign",
    [
        "",
        " ",
        "a b",
        "a\n",
        "x" * 65,
        "\0",
        "\u202eabc",
        "\u200d",
        "\ud800",
        "\u200f",
        None,
        7,
        ["❤"],
    ],
)
def test_what_is_no_sign_counts_without_one(sign: object) -> None:
    assert reactions_of([(sign, 2)]) == Reactions(2)


@pytest.mark.parametrize("count", [-1, 0, 1.5, True, None, "x", 10**12, 10**30, [1]])
def test_a_damaged_number_counts_nothing(count: object) -> None:
    assert reactions_of([(HEART, count)]) is None


def test_signs_that_are_one_are_joined_in_nfc() -> None:
    signs = ("é", "e\u0301", "👩\u200d💻", "🏴\U000e0067\U000e0062\U000e007f", "1️⃣", "مرحبا")
    shown = reactions_of((sign, 10 - place) for place, sign in enumerate(signs))
    assert shown is not None
    assert [sign.sign for sign in shown.signs] == ["é", *signs[2:]]
    assert shown.signs[0].count == 19
