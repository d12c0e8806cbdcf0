"""What apps and their exporters add to a chat is nobody's, and each chat keeps its own zone."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.errors import UnrecognisedFileError
from saywho.formats.records import FileRoom, Item, Record, RecordStream
from tests.formats.files import read_file_records

CASES = Path(__file__).parent / "cases"
Said = tuple[str | None, str, str]


def read(target: Path, zone: str | None = "UTC") -> tuple[RecordStream, list[Record]]:
    records, items = read_file_records(target, timezone=zone)
    return records, [item for item in items if isinstance(item, Record)]


def read_text(folder: Path, text: str) -> list[Record]:
    path = folder / "chat.txt"
    path.write_text(text)
    return read(path)[1]


def said(items: Sequence[Item]) -> list[Said]:
    return [
        (item.display_name, item.text, f"{item.created_at:%m-%dT%H:%M}")
        for item in items
        if isinstance(item, Record)
    ]


FERRY, PIER = "the ferry is late", "I wait at the pier"
RIGHT: dict[str, list[Said]] = {
    "wa-ar-ios-right-to-left-mark-group-becomes-a-person.txt": [
        ("+966 55 000 0001", "السفينة متأخرة", "09-21T21:47"),
        ("مينا", "أنا في الميناء", "09-21T23:00"),
    ],
    "tg-anonymous-admins-the-group-becomes-a-person.json": [
        ("Mina", FERRY, "01-13T10:01"),
        ("Jun", PIER, "01-13T10:03"),
    ],
    "imessage-link-preview-as-words.txt": [
        ("Mina Tide", "https://www.example.org/ferry-times", "05-17T17:29"),
        ("Mina Tide", "so the next one goes at six", "05-17T17:30"),
        ("Jun Pier", "that is for the ticket", "05-17T17:32"),
    ],
}


@pytest.mark.parametrize("name", RIGHT)
def test_what_an_app_adds_is_nobodys(name: str) -> None:
    _, items = read(CASES / name)
    assert said(items) == RIGHT[name]


def test_who_exported_whatsapp_as_telegram_has_no_name() -> None:
    name = "tg-json-of-whatsapp-exporter-you-is-a-person.json"
    _, items = read(CASES / name)
    assert [item.username for item in items] == ["Mina", None]


def test_each_chat_of_an_archive_has_its_own_zone() -> None:
    records, items = read(CASES / "zip-of-kakaotalk-and-whatsapp-one-zone-for-both.zip", None)
    here = datetime(2026, 1, 13, 14, 3, 12).astimezone(UTC)  # of this machine
    times = [item.created_at for item in items]
    assert times[:3] == [*(datetime(2026, 1, 13, 5, minute, tzinfo=UTC) for minute in (3, 5)), here]
    zones = [part for part in records.notes.assumptions if part.kind == "timezone"]
    assert any(part.value == "Asia/Seoul" and "Talk" in str(part.evidence) for part in zones)


def test_parts_of_one_chat_are_one_chat() -> None:
    _, items = read(CASES / "kk-ios-parts-of-one-chat-become-two-rooms.zip")
    assert len(items) == 4
    assert len({item.room for item in items}) == 1
    assert isinstance(items[0].room, FileRoom)
    assert items[0].room.file == "Talk_2026.7.14 10:21"


def test_text_of_element_is_not_whatsapp() -> None:
    with pytest.raises(UnrecognisedFileError, match=r"Element \(Matrix\)"):
        read(CASES / "element-text-quoted-words-of-others.txt")


IPHONE = "[13/01/2026, 14:0{}:00] {}: {}\n"
LINK = "joined using this group's invite link"


@pytest.mark.parametrize("mark", ["\u200e", "\\u200E", "\\u200e"])
def test_the_mark_of_an_iphone_may_be_written_as_letters(tmp_path: Path, mark: str) -> None:
    text = (
        IPHONE.format(1, "Pier", f"{mark}You created group")
        + IPHONE.format(2, "Mina", FERRY)
        + mark
        + IPHONE.format(3, "Mina", f"{mark}image omitted")
        + IPHONE.format(4, "Jun", PIER)
    )
    items = read_text(tmp_path, text)
    assert [(name, words) for name, words, _ in said(items)] == [("Mina", FERRY), ("Jun", PIER)]


def test_a_hebrew_iphone_marks_its_sentences_from_right_to_left(tmp_path: Path) -> None:
    text = (
        IPHONE.format(1, "המזח", f"\u200f{OMITTED}")
        + IPHONE.format(2, "מינה", "הספינה מאחרת")
        + IPHONE.format(3, "מינה", "\u200f<מצורף: 00000012-PHOTO-2026-01-13-14-06-00.jpg>")
    )
    items = read_text(tmp_path, text)
    assert [(name, words) for name, words, _ in said(items)] == [("מינה", "הספינה מאחרת")]


OMITTED = "התמונה הושמטה"
NOTICES = range(130)
GROUPS = {
    "kakaotalk-windows": (
        "안개방 님과 카카오톡 대화\n저장한 날짜 : 2026-01-14 10:00:00\n\n"
        "--------------- 2026년 1월 13일 화요일 ---------------\n",
        [f"바다{number}님이 들어왔습니다.\n" for number in NOTICES],
        "[Mina] [오후 2:03] the ferry is late\n[Jun] [오후 2:05] I wait at the pier\n",
    ),
    "kakaotalk-android": (
        "안개방 님과 카카오톡 대화\n저장한 날짜 : 2026년 1월 14일 오전 10:00\n\n"
        "2026년 1월 13일 화요일\n",
        [f"2026년 1월 13일 오후 1:10, 바다{number}님이 들어왔습니다.\n" for number in NOTICES],
        "2026년 1월 13일 오후 2:03, Mina : the ferry is late\n"
        "2026년 1월 13일 오후 2:05, Jun : I wait at the pier\n",
    ),
    "line": (
        "[LINE] Chat in Pier\nSaved on: 2026/01/14 10:00\n\n2026.01.13 Tuesday\n",
        [f"13:10\tMina{number} joined the chat.\n" for number in NOTICES],
        "14:03\tMina\tthe ferry is late\n14:05\tJun\tI wait at the pier\n",
    ),
    "whatsapp-android": (
        "",
        [f"13/01/2026, 1:10 pm - +44 7700 900{number:03} {LINK}\n" for number in NOTICES],
        "13/01/2026, 2:03 pm - Mina: the ferry is late\n"
        "13/01/2026, 2:05 pm - Jun: I wait at the pier\n",
    ),
    "whatsapp-iphone": (
        "",
        [
            f"[13/01/2026, 13:10:00] Pier: \u200e+44 7700 900{number:03} {LINK}\n"
            for number in NOTICES
        ],
        "[13/01/2026, 14:03:00] Mina: the ferry is late\n"
        "[13/01/2026, 14:05:00] Jun: I wait at the pier\n",
    ),
}


@pytest.mark.parametrize("app", GROUPS)
def test_hundreds_of_notices_may_stand_before_the_first_message(tmp_path: Path, app: str) -> None:
    heading, notices, messages = GROUPS[app]
    items = read_text(tmp_path, heading + "".join(notices) + messages)
    assert said(items) == [("Mina", FERRY, "01-13T14:03"), ("Jun", PIER, "01-13T14:05")]
