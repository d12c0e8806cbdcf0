"""Of an archive of chats, a chat that is so damaged that none is seen is named."""

import pytest

from tests.archives import SMALL_FILES, zip_bytes
from tests.formats.files import read_file_records, texts

READABLE = {"us/result.json": SMALL_FILES["telegram"]}
MESSENGER = "messages/inbox/us_1/message_1.json"
BACKUP = "phone/signal-backup-2026-02-02-21-14-00"


def spoiled(archive: bytes, data: bytes) -> bytes:
    """Return an uncompressed zip, of which other bytes stand in place of a member's first ones."""
    start, rest = archive.split(data, 1)
    return start + bytes(len(data)) + rest


def notes(archive: bytes) -> list[str]:
    """Return what is said of the files that are left out, where one message is read."""
    records, items = read_file_records(archive)
    assert texts(items) == ["hi, you"]
    return [str(part.note) for part in records.left_out]


@pytest.mark.parametrize(
    ("name", "data", "fault"),
    [
        (MESSENGER, SMALL_FILES["messenger"][:40], "in line 1, column 1: a value is not closed"),
        (MESSENGER, bytes(40), "in line 1, column 1: there is something between the values"),
        (MESSENGER, b"", "is empty"),
        ("porch.json", SMALL_FILES["discord"][:30], "a value is not closed"),
        ("other/result.json", b'{"chats": {"list": [{"mess', "a value is not closed"),
        ("phone/main.jsonl", b'{"recipient": ', "a value is not closed"),
    ],
    ids=["cut", "zeros", "empty", "discord", "same-app", "signal"],
)
def test_a_damaged_chat_beside_a_readable_one_is_named(name: str, data: bytes, fault: str) -> None:
    (note,) = notes(zip_bytes(READABLE | {name: data}))
    assert note.startswith(name)
    assert note.endswith(f"{fault}; this file is left out")


@pytest.mark.parametrize("app", ["messenger", "kakaotalk"])
def test_a_member_that_cannot_be_unpacked_is_named(app: str) -> None:
    name = MESSENGER if app == "messenger" else "us/note.txt"
    archive = spoiled(zip_bytes(READABLE | {name: SMALL_FILES[app]}, method=0), SMALL_FILES[app])
    assert notes(archive) == [f"{name} is truncated or damaged; this file is left out"]


def test_an_encrypted_backup_beside_a_chat_is_named() -> None:
    files = {f"{BACKUP}/main": b"\x9a\x01", f"{BACKUP}/metadata": b"\x08"}
    for app, name in (("telegram", "result.json"), ("discord", "porch.json")):
        (note,) = notes(zip_bytes({name: SMALL_FILES[app]} | files))
        assert note.startswith(f"{BACKUP} is an encrypted backup")


def test_what_is_whole_is_not_called_damaged() -> None:
    others = {"about.json": b'{"a": [1]}', "many.jsonl": b"{}\n{}\n", "note.txt": b"", "a.jpg": b""}
    assert notes(zip_bytes(READABLE | others)) == []


def test_of_many_damaged_files_some_are_named_and_the_rest_is_told() -> None:
    many = {f"{number:02}.json": b"[" for number in range(30)}
    *named, last = notes(zip_bytes(READABLE | many))
    assert [note[:7] for note in named] == [f"{number:02}.json" for number in range(20)]
    assert last.startswith("more files may be damaged")
