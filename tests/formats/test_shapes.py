"""Chats that are described as data: files as their apps write them, and damaged ones."""

import io
import json
from contextlib import suppress
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from app.errors import UnrecognisedFileError
from saywho.formats.chats.shapes import SHAPES
from saywho.formats.doubts.questions import RecordQuestions
from saywho.formats.reading import BadRecord, Skipped
from saywho.formats.records import FileRoom, ReadOptions, Record
from saywho.formats.registry import open_records
from saywho.formats.source.file import Source
from saywho.formats.source.json import values_at
from tests.archives import SMALL_FILES, zip_bytes
from tests.formats.files import fields_in, read_file_records, records_in

FOLDER = Path(__file__).parent / "cases" / "shapes"
FERRY, PIER = "the ferry is late", "I wait at the pier"
LATE = "why is the ferry late"
Expected = tuple[list[tuple[str | None, str, str]], int, str]
"""Author (None for who exported), words and minute of each message; skipped ones; the title."""
FILES: dict[str, Expected] = {
    "chatgpt.json": (
        [(None, "write a poem about the ferry", "10:00"), ("ChatGPT", "The ferry waits.", "10:00")],
        2,
        "Ferry poem",
    ),
    "claude.json": (
        [(None, "write about the ferry", "10:00"), ("Claude", "The ferry waits.", "10:00")],
        0,
        "Ferry",
    ),
    "open-webui.json": (
        [(None, LATE, "09:20"), ("Assistant", "Because of fog.", "09:20")],
        1,
        "Ferry",
    ),
    "librechat.json": ([(None, LATE, "10:00"), ("GPT-4", "Because of fog.", "10:00")], 0, "Ferry"),
    "grok.json": ([(None, LATE, "10:00"), ("Grok", "Because of fog.", "10:00")], 0, "Ferry"),
    "deepseek.json": (
        [(None, LATE, "02:00"), ("DeepSeek", "Because of fog.", "02:00")],
        0,
        "Ferry",
    ),
    "google-chat.json": ([("Mina Tide", FERRY, "10:00"), ("Jun Pier", PIER, "10:01")], 2, ""),
    "hangouts.json": ([("Mina Tide", "the ferry\nis late", "10:01")], 1, ""),
    "teams.json": ([("Mina Tide", FERRY, "10:00"), ("Jun Pier", "I wait & wait", "10:01")], 2, ""),
    "skype.json": (
        [("Jun Pier", "I wait & wait :)", "10:01"), ("live:mina", FERRY, "10:00")],
        1,
        "Jun Pier",
    ),
    "snapchat.json": (
        [
            ("tide_mina", FERRY, "10:00"),
            ("jun_pier", PIER, "10:01"),
            ("tide_mina", "it's here", "10:02"),
        ],
        1,
        "tide_mina",
    ),
    "element.json": (
        [("@mina:example.org", FERRY, "10:00"), ("@jun:example.org", PIER, "10:01")],
        2,
        "Pier",
    ),
    "mattermost.jsonl": (
        [
            ("mina", "who has the rope", "21:05"),
            ("jun", "I have it", "21:06"),
            ("jun", "good night all", "21:06"),
        ],
        0,
        "tea",
    ),
    "mattermost-posts.json": (
        [("mina", "who has the rope", "10:00"), ("jun", "I have it", "10:02")],
        2,
        "Tea",
    ),
    "rocketchat.json": ([("Mina Tide", FERRY, "10:00"), ("Jun Pier", "I wait", "10:01")], 1, ""),
    "zulip.json": (
        [("Mina Tide", FERRY, "10:00"), ("Jun Pier", "I wait & wait", "10:01")],
        0,
        "pier",
    ),
    "qq.json": ([("米娜", "船晚了", "10:01"), ("小俊", "我在码头", "10:02")], 1, "码头"),
    "twitch.json": ([("Mina", "hello fog Kappa", "10:01")], 0, "Fog"),
    "youtube-live.json": ([("@mina", "hello 🌊 fog", "10:01")], 1, ""),
    "whatsapp-exporter.json": (
        [
            ("Mina Tide", "the ferry\nis late", "10:01"),
            (None, "I wait", "10:02"),
            (None, "look", "10:02"),
        ],
        0,
        "Mina Tide",
    ),
    "sms.xml": (
        [
            ("Mina Tide", FERRY, "10:00"),
            (None, "I wait at the pier 😀", "10:01"),
            ("Mina Tide", "twenty minutes more", "10:02"),
        ],
        0,
        "Mina Tide",
    ),
    "sms-json.ndjson": (
        [("Mina Tide", FERRY, "10:00"), (None, PIER, "10:01"), ("Mina Tide", "look", "10:02")],
        2,
        "Mina Tide",
    ),
}
ANSWERS = {"element.json", "mattermost-posts.json", "rocketchat.json", "whatsapp-exporter.json"}
"""Files in which the second message answers the first one."""


def author(record: Record) -> str | None:
    return record.display_name if record.username else None


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_an_app_is_read_as_a_chat(name: str) -> None:
    expected, skipped, title = FILES[name]
    records, items = read_file_records(FOLDER / name)
    said = records_in(items)
    assert (records.format, records.is_chat) == (name.partition(".")[0], True)
    assert [(author(m), m.text, f"{m.created_at:%H:%M}") for m in said] == expected
    assert sum(isinstance(item, Skipped) for item in items) == skipped
    assert len(said) + skipped == len(items)
    assert {room.name for m in said if isinstance(room := m.room, FileRoom)} == {title}
    assert len({m.room for m in said}) == 1
    answered = [m.reply_to.source_id for m in said if m.reply_to]
    assert answered == ([said[0].source_id] if name in ANSWERS else [])


@pytest.mark.parametrize("name", FILES)
def test_it_is_found_in_an_archive(name: str) -> None:
    alone, _ = read_file_records(FOLDER / name)
    archive = zip_bytes({f"export/{name}": (FOLDER / name).read_bytes(), "export/a.jpg": b"x"})
    records, items = read_file_records(archive)
    assert records.format == alone.format
    assert len(records_in(items)) == len(FILES[name][0])


def test_two_apps_in_one_archive_are_read_together() -> None:
    archive = zip_bytes(
        {name: (FOLDER / name).read_bytes() for name in ("chatgpt.json", "element.json")}
        | {"result.json": SMALL_FILES["telegram"]}
    )
    records, items = read_file_records(archive)
    assert set(records.apps) == {"chatgpt", "element", "telegram"}
    assert len(records_in(items)) == 5


def test_what_a_machine_only_thought_is_not_said() -> None:
    records, items = read_file_records(FOLDER / "ai-studio.json")
    assert records.format == "ai-studio"
    assert [(author(m), m.text) for m in records_in(items)] == [
        (None, LATE),
        ("Gemini", "Because of fog."),
    ]


def test_who_exported_may_have_a_name() -> None:
    assert fields_in("username", FOLDER / "chatgpt.json", username="mina") == ["mina", "ChatGPT"]


def test_messages_that_stand_by_person_are_no_doubt() -> None:
    heading, rest = (FOLDER / "sms.xml").read_text().split("<sms ", 1)
    sms = rest.partition("/>")[0]
    days = [1768298400000 + day * 86_400_000 for day in (0, 30, 60, 10, 40, 70, 20, 50)]
    written = "".join(f"<sms {sms}/>".replace("1768298400000", str(day)) for day in days)
    with Source(io.BytesIO(f"{heading}{written}</smses>".encode())) as source:
        records = open_records(source)
        questions = RecordQuestions(records, ReadOptions())
        assert len([*questions.of(records.items)]) == 8
    assert [doubt.kind for doubt in questions.doubts()] == []


@pytest.mark.parametrize("name", ["whatstk.csv", "whatsapp-chat-parser.json"])
def test_a_table_with_nothing_but_a_talk_is_a_chat(name: str) -> None:
    records, items = read_file_records(FOLDER / name)
    said = records_in(items)
    assert records.is_chat
    assert [(m.username, m.text) for m in said][:1] == [("Mina", FERRY)]
    assert {m.username for m in said} == {"Mina", "Jun"}
    assert len({m.room for m in said}) == 1


@pytest.mark.parametrize(
    "heading", ["date,username,message,likes", "date,username,text", "date,username,message,id"]
)
def test_a_table_of_posts_is_no_talk(tmp_path: Path, heading: str) -> None:
    path = tmp_path / "posts.csv"
    row = "2026-01-13 10:00:00,mina,the ferry is late,3"
    path.write_text(f"{heading}\n{row[: None if heading.count(',') > 2 else -2]}\n")
    records, items = read_file_records(path)
    assert not records.is_chat
    assert len(records_in(items)) == 1


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_values_of_other_kinds_spoil_no_other_message(shape: Any) -> None:
    """Each value of a small file is replaced, one at a time; nothing but refusals comes."""
    whole = [json.loads(line) for line in SMALL_FILES[shape.name].splitlines()]
    others: list[Any] = [None, 7, "x", [], {}, [None], {"a": []}]
    for path, other in product(paths_of(whole), others):
        lines = map(json.dumps, replaced(whole, path, other))
        with suppress(UnrecognisedFileError):
            _, items = read_file_records("\n".join(lines).encode(), shape.name)
            assert all(isinstance(item, Record | BadRecord | Skipped) for item in items)


def test_parts_of_other_kinds_spoil_no_message_of_qq() -> None:
    whole = json.loads((FOLDER / "qq.json").read_text())
    inside = paths_of(whole["messages"][0])
    assert len(inside) > 10
    for path, other in product(inside, ([None], {"a": []}, 7)):
        changed = json.dumps(replaced(whole, ("messages", 0, *path), other))
        assert "我在码头" in fields_in("text", changed.encode(), "qq")


def paths_of(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    inner = [(*path, key) for key, _ in pairs] if isinstance(value, dict | list) else []
    return inner + [
        deeper
        for at in inner
        if isinstance(value[at[-1]], dict | list)
        for deeper in paths_of(value[at[-1]], at)
    ]


def replaced(value: Any, path: tuple[Any, ...], other: Any) -> Any:
    if not path:
        return other
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(value[path[0]], path[1:], other)
    return copy


def test_a_path_leads_to_each_value() -> None:
    value = {"a": [{"b": 1}, {"b": [2]}, {}, 3], "m.x": {"y": 4}}
    assert list(values_at(value, "a/*/b")) == [1, [2]]
    assert list(values_at(value, "m.x/y")) == [4]
    assert list(values_at(value, "a/b")) == []
    assert list(values_at({"a": {"p": {"b": 1}, "q": {"b": 2}}}, "a/*/b")) == [1, 2]
