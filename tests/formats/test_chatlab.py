"""Rooms in the ChatLab format, as others convert them."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from app.errors import UnrecognisedFileError
from app.formats.post import ReplyTarget
from app.formats.records import BadRecord, FileRoom, Item, Record, Skipped
from tests.archives import zip_bytes
from tests.formats.chatlab_variants import in_lines, in_object
from tests.formats.files import read_broken, read_file_records

SECONDS = 1767225601
MEMBERS = [{"platformId": "u1", "accountName": "Pine", "groupNickname": "Old Pine"}]
FORMS = pytest.mark.parametrize("write", [in_lines, in_object])


def message(number: int = 1, **fields: Any) -> dict[str, Any]:
    people = {"sender": "u2", "accountName": "Reed", "platformMessageId": f"m{number}"}
    return people | {"type": 0, "content": f"cup {number}", "timestamp": SECONDS} | fields


def read(data: bytes) -> list[Item]:
    records, items = read_file_records(data)
    assert (records.format, records.is_chat) == ("chatlab", True)
    return items


@FORMS
def test_messages_have_ids_people_times_and_replies(write: Callable[..., bytes]) -> None:
    nameless = message(1, sender="u1", timestamp=SECONDS * 1000)
    del nameless["accountName"]
    answer = message(2, type=25, replyToMessageId="m1")
    first, second = read(write([nameless, answer], MEMBERS))
    assert isinstance(first, Record)
    assert isinstance(second, Record)
    assert (first.display_name, second.display_name) == ("Old Pine", "Reed")
    assert first.created_at == second.created_at == datetime(2026, 1, 1, 0, 0, 1, tzinfo=UTC)
    assert second.reply_to == ReplyTarget(first.source_id)
    assert first.source_id == "wechat:g-9:m1"
    assert first.room == FileRoom(platform="wechat", name="Tea table", external_id="g-9")


@FORMS
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
def test_what_nobody_wrote_is_left_out(
    write: Callable[..., bytes], fields: dict[str, Any], reason: str
) -> None:
    _, skipped = read(write([message(1), message(2, **fields)]))
    assert isinstance(skipped, Skipped)
    assert skipped.reason == reason


@FORMS
def test_a_link_with_words_is_a_text(write: Callable[..., bytes]) -> None:
    (record,) = read(write([message(1, type=7, content="look https://a.example")]))
    assert isinstance(record, Record)
    assert record.text == "look https://a.example"


def test_members_may_be_missing_and_apps_may_have_odd_names() -> None:
    meta = {"name": "Tea", "platform": "<b>?", "type": "private"}
    data = json.dumps({"chatlab": {"version": "1"}, "meta": meta, "messages": [message(1)]})
    (record,) = read(data.encode())
    assert isinstance(record, Record)
    assert record.room == FileRoom(platform="chatlab", name="Tea")
    assert record.source_id == "chatlab:Tea:m1"


def test_several_files_are_several_rooms() -> None:
    files = {"a.jsonl": in_lines([message(1)]), "b.json": in_object([message(2)])}
    texts = [item.text for item in read(zip_bytes(files)) if isinstance(item, Record)]
    assert texts == ["cup 1", "cup 2"]


@FORMS
def test_bad_messages_cost_no_other(write: Callable[..., bytes]) -> None:
    odd: list[Any] = [message(1), message(2, timestamp="soon"), message(3)]
    unread = [getattr(item, "unread_time", "") for item in read(write(odd))]
    assert unread == [None, "time", None]
    data = in_object([message(1), message(2)]).replace(b"Reed", b"\\ud800")
    assert [type(item) for item in read(data)] == [BadRecord, BadRecord]


def test_a_bad_line_costs_no_other_and_a_cut_file_keeps_its_first() -> None:
    lines = in_lines([message(1)]) + b'\nno json\n["no object"]\n'
    assert [type(item) for item in read(lines)] == [Record, BadRecord, BadRecord]
    data = in_object(message(number) for number in range(9))
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
        read(data)


@FORMS
def test_an_author_called_system_comes_back_from_an_export(write: Callable[..., bytes]) -> None:
    data = write([message(1, sender="system", accountName="system")])
    (record,) = read(data.replace(b'"toy"', b'"saywho"'))
    assert isinstance(record, Record)
    assert record.username == "system"
