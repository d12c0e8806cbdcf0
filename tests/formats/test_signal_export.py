"""Chats of Signal as the program signal-export writes them."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from app.formats.post import SignCount
from app.formats.records import BadRecord, FileRoom, Item, Record, Skipped
from tests.archives import zip_bytes
from tests.formats.files import read_file_records, texts


def written(*messages: dict[str, Any]) -> bytes:
    usual: dict[str, Any] = {"quote": "", "sticker": None, "reactions": [], "attachments": []}
    flags = {"deleted": False, "call": False, "missed": False}
    lines = (json.dumps(usual | flags | message, ensure_ascii=False) for message in messages)
    return "".join(f"{line}\n" for line in lines).encode()


def said(sender: str, body: str, **fields: Any) -> dict[str, Any]:
    return {"date": "2026-01-31T22:04:05.678000", "sender": sender, "body": f"{body}  "} | fields


def read(data: bytes, **options: str) -> list[Item]:
    records, items = read_file_records(data, **({"timezone": "UTC"} | options))
    assert (records.format, records.is_chat) == ("signal-export", True)
    return items


def test_each_folder_is_a_chat_with_its_people() -> None:
    reactions = [["Heron", "👍"], ["Me", "👍"]]
    data = zip_bytes(
        {
            "out/Boat crew/data.json": written(
                said("Owl", "wind from the west", reactions=reactions),
                said("Me", "then we go east", quote="\n\n> wind from the west\n\n"),
            ),
            "out/Boat crew/chat.md": b"[2026-01-31 22:04:05] Owl: wind from the west  \n",
            "out/Heron/data.json": written(said("Heron", "hi")),
        }
    )
    first, second, third = (
        item
        for item in read(data, username="ann", timezone="Asia/Seoul")
        if isinstance(item, Record)
    )
    assert (first.username, first.text) == ("Owl", "wind from the west")
    assert first.created_at == datetime(2026, 1, 31, 13, 4, 5, tzinfo=UTC)
    assert first.room == FileRoom(platform="signal", name="Boat crew", file="out/Boat crew")
    assert first.counts is not None
    assert first.counts.signs == (SignCount("👍", 2),)
    assert (second.username, second.text) == ("ann", "then we go east")
    assert third.room == FileRoom(platform="signal", name="Heron", file="out/Heron")


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (said("Me", "Outgoing voice call (accepted, 3m 2s)", call=True), "system"),
        (said("Owl", "", deleted=True), "deleted"),
        (said("No-Sender", "words"), "deleted"),
        (said("Owl", "", sticker={"emoji": "🦉"}), "media"),
        (said("Owl", "", attachments=[{"name": "", "path": "", "missing_kind": "media"}]), "media"),
    ],
)
def test_what_nobody_said_is_left_out(message: dict[str, Any], reason: str) -> None:
    items = read(written(said("Owl", "hello"), message))
    assert items[1:] == [Skipped(2, reason)]  # type: ignore[arg-type]


def test_notes_to_oneself_are_no_chat() -> None:
    items = read(zip_bytes({"Note to Self/data.json": written(said("Me", "milk"))}), username="ann")
    assert items == [Skipped(1, "system")]


def test_files_lie_in_the_folder_of_the_chat() -> None:
    attached = [{"name": "a b.jpg", "path": "media/a%20b.jpg", "missing_kind": None}]
    members = {"us/data.json": written(said("Owl", "look", attachments=attached))}
    (record,) = read(zip_bytes(members | {"us/media/a b.jpg": b"x"}))
    assert isinstance(record, Record)
    assert record.files == ("us/media/a b.jpg",)


MARKDOWN = (
    "[2026-01-31 22:04:05] Owl: two\nlines  \n"
    "[2026-01-31 22:05:05] Me: \n\n> two\n> lines\n\nan answer  \n(- Owl: 👍 -)\n"
    "[2026-01-31 22:06:05] Owl:   ![a b.jpg](./media/a%20b.jpg)  \n"
    "[2026-01-31 22:07:05] Owl: (This message was deleted)\n"
    "[2026-01-31 22:08:05] Owl: see [this](https://e.org)  \n(( 🦉 ))\n"
    "[2026-01-31 22:09:05] No-Sender:   \n"
).encode()


def test_chat_md_alone_is_read_without_what_the_program_adds() -> None:
    data = zip_bytes({"Boat crew/chat.md": MARKDOWN, "Boat crew/media/a b.jpg": b"x"})
    records, items = read_file_records(data, username="ann", timezone="UTC")
    assert (records.format, texts(items)) == (
        *("signal-md", ["two\nlines", "an answer", "", "see [this](https://e.org)"]),
    )
    found = [item for item in items if isinstance(item, Record)]
    assert [item.username for item in found] == ["Owl", "ann", "Owl", "Owl"]
    assert found[2].files == ("Boat crew/media/a b.jpg",)
    assert found[0].room == FileRoom(platform="signal", name="Boat crew", file="Boat crew/chat.md")


def test_a_bad_line_costs_no_other() -> None:
    data = written(said("Owl", "a")) + b"[1]\n" + written(said("Owl", "b", date="soon"))
    items = read(data + written(said("Owl", "c")))
    assert texts(items) == ["a", "c"]
    assert [type(item) for item in items[1:3]] == [BadRecord, BadRecord]
