"""Chats of Slack and in the ChatLab format, as converters write them."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from app.errors import UnrecognisedFileError
from saywho.formats.post import ReplyTarget
from saywho.formats.reading import BadRecord, Skipped
from saywho.formats.records import FileRoom, Record
from tests.archives import zip_bytes
from tests.formats.chatlab_variants import in_lines, in_object
from tests.formats.files import only_records, read_broken, reads, records_in
from tests.formats.slack_variants import message, workspace

USERS: list[dict[str, Any]] = [
    {"id": "U01", "name": "tide", "profile": {"display_name": "Tide", "real_name": "T. I. De"}},
    {"id": "U02", "name": "kelp", "profile": {"display_name": "", "real_name": "Kelp Forest"}},
    {"id": "U03", "name": "robot", "is_bot": True, "profile": {}},
]
LISTS: dict[str, list[dict[str, Any]]] = {
    "channels": [{"id": "C01", "name": "porch", "members": ["U01", "U02"]}],
    "groups": [{"id": "G01", "name": "quiet", "members": ["U01"]}],
    "mpims": [{"id": "G02", "name": "mpdm-tide--kelp-1", "members": ["U01", "U02"]}],
    "dms": [{"id": "D01", "members": ["U01", "U02"]}],
}
TS = "1767225600.000200"


def porch(*messages: dict[str, Any], folder: str = "porch") -> bytes:
    return workspace({f"{folder}/2026-01-01": [*messages]}, USERS, lists=LISTS)


read = reads("slack", is_chat=True)


def texts(data: bytes) -> list[str]:
    return [item.text for item in records_in(read(data))]


def test_messages_have_ids_people_times_and_threads() -> None:
    parent = message("U01", "tea?", TS, thread_ts=TS, reply_count=1)
    answer = message("U02", "yes", "1767225660.000300", thread_ts=TS, edited={"user": "U02"})
    first, second = only_records(read(porch(parent, answer)))
    assert (first.username, second.display_name) == ("Tide", "Kelp Forest")
    assert first.created_at is not None
    assert first.created_at.timestamp() == 1767225600
    assert (first.source_id, first.reply_to) == (f"C01:{TS}", None)
    assert second.reply_to == ReplyTarget(f"C01:{TS}")


@pytest.mark.parametrize(
    ("folder", "name", "number"),
    [
        ("porch", "#porch", "C01"),
        ("quiet", "#quiet", "G01"),
        ("mpdm-tide--kelp-1", "Tide, Kelp Forest", "G02"),
        ("D01", "Tide, Kelp Forest", "D01"),
        ("elsewhere", "elsewhere", None),
    ],
)
def test_rooms_are_called_after_channels_or_people(
    folder: str, name: str, number: str | None
) -> None:
    (record,) = only_records(read(porch(message("U01", "hi", TS), folder=folder)))
    assert record.room == FileRoom(platform="slack", name=name, external_id=number)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<@U02> and <@U09|guest> and <@U08>", "@Kelp Forest and @guest and @U08"),
        ("<#C01> or <#C02|docs> &amp; <!here>", "#porch or #docs & @here"),
        ("<!subteam^S1|@crew> <!date^1^{date}|May 1>", "@crew May 1"),
        ("<https://a.example/x?a=1&amp;b=2>", "https://a.example/x?a=1&b=2"),
        ("<https://a.example/x|here>", "here (https://a.example/x)"),
        ("<https://a.example|a.example> <mailto:a@a.example|a@a.example>", None),
        ("a &lt;b&gt; &amp;lt; 1 < 2 > 0 :tada:", "a <b> &lt; 1 < 2 > 0 :tada:"),
    ],
)
def test_names_links_and_entities_are_written_out(text: str, shown: str | None) -> None:
    expected = shown or "https://a.example a@a.example"
    assert texts(porch(message("U01", text, TS))) == [expected]


def test_words_may_be_in_blocks_alone() -> None:
    words = [{"type": "text", "text": "one "}, {"type": "text", "text": "two"}]
    blocks = [{"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": words}]}]
    assert texts(porch(message("U01", "", TS, blocks=blocks))) == ["one two"]


def test_blocks_name_people_channels_and_links() -> None:
    words = [
        {"type": "user", "user_id": "U02"},
        {"type": "text", "text": " see "},
        {"type": "channel", "channel_id": "C01"},
        {"type": "text", "text": " "},
        {"type": "link", "url": "https://a.example/x", "text": "here"},
        {"type": "emoji", "name": "tada"},
        {"type": "broadcast", "range": "here"},
    ]
    blocks = [{"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": words}]}]
    said = texts(porch(message("U01", "", TS, blocks=blocks)))
    assert said == ["@Kelp Forest see #porch here (https://a.example/x):tada:@here"]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        *[({"subtype": kind}, "system") for kind in ("channel_join", "pinned_item", "bot_message")],
        *[
            ({"user": "U03"}, "system"),
            ({"user": "USLACKBOT"}, "system"),
            ({"bot_id": "B1"}, "system"),
        ],
        *[({"user": None}, "system"), ({"type": "huddle"}, "system"), ({"text": ""}, "media")],
        ({"subtype": "tombstone"}, "deleted"),
    ],
)
def test_what_nobody_wrote_is_left_out(fields: dict[str, Any], reason: str) -> None:
    _, skipped = read(porch(message("U01", "hi", TS), message("U01", "words", TS) | fields))
    assert isinstance(skipped, Skipped)
    assert skipped.reason == reason


def test_guests_are_called_as_their_messages_say() -> None:
    guest = message("U77", "hello", TS, user_profile={"display_name": "Guest", "name": "g"})
    nobody = message("U78", "hello", "1767225601.000200")
    people = [item.username for item in read(porch(guest, nobody)) if isinstance(item, Record)]
    assert people == ["Guest", "U78"]


def test_files_are_kept_by_their_addresses_without_the_token_that_opens_them() -> None:
    address = "https://files.example/T1/sky.png?t=xoxe-1-secret"
    files = [{"url_private": address}, {"mode": "tombstone"}]
    (record,) = only_records(read(porch(message("U01", "look", TS, files=files))))
    assert [(m.kind, m.source_url) for m in record.media] == [
        ("photo", "https://files.example/T1/sky.png")
    ]


def test_bad_messages_and_a_damaged_day_cost_no_other() -> None:
    odd: list[Any] = [
        message("U01", "a", TS),
        7,
        message("U01", "b", "1e999"),
        message("U02", "c", TS),
    ]
    kinds = [type(item) for item in read(workspace({"porch/2026-01-01": odd}, USERS, lists=LISTS))]
    assert kinds == [Record, BadRecord, Record, Record]
    files = {
        "users.json": b"[]",
        "channels.json": b"[",
        "porch/2026-01-01.json": f"[{json.dumps(message('U1', 'a', TS))}, {{".encode(),
        "porch/2026-01-02.json": json.dumps([message("U1", "b", TS)]).encode(),
    }
    items = read_broken(zip_bytes(files), "truncated or damaged")
    assert [item.text for item in records_in(items)] == ["a", "b"]


@pytest.mark.parametrize(
    "files",
    [
        {"users.json": b"[]", "channels.json": b"[]"},
        {"users.json": b"[]", "porch/2026-01-01.json": b'[{"ts": "1767225600.000200"}]'},
        {"users.json": b"[]", "dms.json": b"[]", "notes/2026-01-01.json": b'[{"a": 1}]'},
    ],
)
def test_other_zips_are_none_of_slack(files: dict[str, bytes]) -> None:
    with pytest.raises(UnrecognisedFileError):
        read(zip_bytes(files))


def test_days_without_the_lists_of_an_export_are_one_chat_with_names_and_words() -> None:
    """A channel's folder alone: each message has its author's profile (Slack's export of 2025)."""
    words, profile = "<https://a.example|tea> &amp; cups", {"display_name": "tide"}
    days = {
        f"porch/2026-01-0{day}.json": json.dumps(
            [message("U01", words, f"176722560{day}.000200", user_profile=profile)]
        ).encode()
        for day in (1, 2)
    }
    records = only_records(reads("slack-messages", is_chat=True)(zip_bytes(days)))
    said = [(record.username, record.text) for record in records]
    assert said == [("tide", "tea (https://a.example) & cups")] * 2
    assert [room.file for record in records if isinstance(room := record.room, FileRoom)] == [
        "porch",
        "porch",
    ]
    lists = {f"{name}.json": json.dumps(rows).encode() for name, rows in LISTS.items()}
    whole = zip_bytes(days | lists | {"users.json": json.dumps(USERS).encode()})
    assert len(only_records(read(whole))) == len(days)


SECONDS = 1767225601
MEMBERS = [{"platformId": "u1", "accountName": "Pine", "groupNickname": "Old Pine"}]
CHATLAB_FORMS = pytest.mark.parametrize("write", [in_lines, in_object])


def chatlab_message(number: int = 1, **fields: Any) -> dict[str, Any]:
    people = {"sender": "u2", "accountName": "Reed", "platformMessageId": f"m{number}"}
    return people | {"type": 0, "content": f"cup {number}", "timestamp": SECONDS} | fields


read_chatlab = reads("chatlab", is_chat=True)


@CHATLAB_FORMS
def test_messages_have_ids_people_times_and_replies(write: Callable[..., bytes]) -> None:
    nameless = chatlab_message(1, sender="u1", timestamp=SECONDS * 1000)
    del nameless["accountName"]
    answer = chatlab_message(2, type=25, replyToMessageId="m1")
    first, second = only_records(read_chatlab(write([nameless, answer], MEMBERS)))
    assert (first.display_name, second.display_name) == ("Old Pine", "Reed")
    assert first.created_at == second.created_at == datetime(2026, 1, 1, 0, 0, 1, tzinfo=UTC)
    assert second.reply_to == ReplyTarget(first.source_id)
    assert first.source_id == "wechat:g-9:m1"
    assert first.room == FileRoom(platform="wechat", name="Tea table", external_id="g-9")


@CHATLAB_FORMS
@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        *[({"type": kind}, "media") for kind in (1, 2, 3, 4, 5, 8, 20, 24, 27, 99, "0", None, [1])],
        *[({"type": 80}, "system"), ({"type": 22}, "system"), ({"sender": "system"}, "system")],
        *[({"type": 81}, "deleted"), ({"type": 26}, "repost"), ({"content": None}, "media")],
        *[({"type": 7, "content": "https://a.example"}, "media"), ({"content": " "}, "media")],
        ({"sender": None, "accountName": None}, "deleted"),
    ],
)
def test_what_nobody_wrote_in_chatlab_is_left_out(
    write: Callable[..., bytes], fields: dict[str, Any], reason: str
) -> None:
    _, skipped = read_chatlab(write([chatlab_message(1), chatlab_message(2, **fields)]))
    assert isinstance(skipped, Skipped)
    assert skipped.reason == reason


@CHATLAB_FORMS
def test_a_link_with_words_is_a_text(write: Callable[..., bytes]) -> None:
    (record,) = only_records(
        read_chatlab(write([chatlab_message(1, type=7, content="look https://a.example")]))
    )
    assert record.text == "look https://a.example"


def test_members_may_be_missing_and_apps_may_have_odd_names() -> None:
    meta = {"name": "Tea", "platform": "<b>?", "type": "private"}
    data = json.dumps({"chatlab": {"version": "1"}, "meta": meta, "messages": [chatlab_message(1)]})
    (record,) = only_records(read_chatlab(data.encode()))
    assert record.room == FileRoom(platform="chatlab", name="Tea")
    assert record.source_id == "chatlab:Tea:m1"


def test_several_files_are_several_rooms() -> None:
    files = {"a.jsonl": in_lines([chatlab_message(1)]), "b.json": in_object([chatlab_message(2)])}
    texts = [item.text for item in read_chatlab(zip_bytes(files)) if isinstance(item, Record)]
    assert texts == ["cup 1", "cup 2"]


@CHATLAB_FORMS
def test_bad_messages_cost_no_other(write: Callable[..., bytes]) -> None:
    odd: list[Any] = [chatlab_message(1), chatlab_message(2, timestamp="soon"), chatlab_message(3)]
    unread = [getattr(item, "unread_time", "") for item in read_chatlab(write(odd))]
    assert unread == [None, "time", None]
    data = in_object([chatlab_message(1), chatlab_message(2)]).replace(b"Reed", b"\\ud800")
    assert [type(item) for item in read_chatlab(data)] == [BadRecord, BadRecord]


def test_a_bad_line_costs_no_other_and_a_cut_file_keeps_its_first() -> None:
    lines = in_lines([chatlab_message(1)]) + b'\nno json\n["no object"]\n'
    assert [type(item) for item in read_chatlab(lines)] == [Record, BadRecord, BadRecord]
    data = in_object(chatlab_message(number) for number in range(9))
    assert len(read_broken(data[: len(data) - 300], "truncated or damaged")) > 4


@pytest.mark.parametrize(
    "data",
    [
        b'{"chatlab": 1, "messages": []}',
        b'{"chatlab": {}, "meta": {}}',
        b'{"_type": "header"}\n{"_type": "message"}\n',
        b"# only a comment\n",
    ],
)
def test_other_files_are_none_of_chatlab(data: bytes) -> None:
    with pytest.raises(UnrecognisedFileError):
        read_chatlab(data)


@CHATLAB_FORMS
def test_an_author_called_system_comes_back_from_an_export(write: Callable[..., bytes]) -> None:
    data = write([chatlab_message(1, sender="system", accountName="system")])
    (record,) = only_records(read_chatlab(data.replace(b'"toy"', b'"saywho"')))
    assert record.username == "system"
