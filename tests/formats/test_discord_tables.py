"""Channels of Discord as CSV."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.formats.post import Medium, Reactions, SignCount
from app.formats.records import BadRecord, FileRoom, Item, Record, Skipped
from app.formats.registry import open_records
from app.formats.source.file import Source
from tests.archives import zip_bytes
from tests.formats.files import read_file_records

HEADER = "AuthorID,Author,Date,Content,Attachments,Reactions\n"
AT = "2026-01-31T22:04:05.6780000+09:00"


def read(rows: str, name: str = "room.csv") -> list[Item]:
    records, items = read_file_records(zip_bytes({name: (HEADER + rows).encode()}))
    assert (records.format, records.is_chat) == ("discord-csv", True)
    return items


def test_a_case_from_the_exporter_is_a_chat() -> None:
    case = Path(__file__).parent / "cases" / "discord-exporter-csv-read-as-plain-posts.csv"
    records, items = read_file_records(case)
    said = [(item.username, item.text) for item in items if isinstance(item, Record)]
    assert (records.format, records.is_chat) == ("discord-csv", True)
    assert said == [("lark", "rain again @Fern"), ("fern", "umbrella!")]


def test_messages_have_people_times_media_and_reactions() -> None:
    row = (
        f'"7","lark","{AT}","rain, again","https://cdn.example/a.png?ex=1,b.gif","👍 (2),🎉 (1)"\n'
    )
    (item,) = read(row)
    assert isinstance(item, Record)
    assert (item.username, item.text) == ("lark", "rain, again")
    assert item.created_at == datetime(2026, 1, 31, 13, 4, 5, tzinfo=UTC)
    assert item.media == (Medium("photo", "https://cdn.example/a.png?ex=1"), Medium("gif"))
    assert item.counts == Reactions(3, signs=(SignCount("👍", 2), SignCount("🎉", 1)))


@pytest.mark.parametrize(
    ("name", "title", "external_id"),
    [
        ("The Pier - Talk - general [123].csv", "The Pier #general", "123"),
        ("The Pier - general [123] [part 2].csv", "The Pier #general", "123"),
        ("Direct Messages - fern [45].csv", "fern", "45"),
        ("some room.csv", "", None),
    ],
)
def test_the_name_of_the_file_says_the_room(name: str, title: str, external_id: str | None) -> None:
    (item,) = read(f"7,lark,{AT},rain,,\n", name)
    assert isinstance(item, Record)
    assert isinstance(item.room, FileRoom)
    assert (item.room.name, item.room.external_id) == (title, external_id)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (f"7,lark,{AT},Pinned a message.,,\n", Skipped(2, "system")),
        (f"7,lark,{AT},Added fern to the group.,,\n", Skipped(2, "system")),
        (f"7,Deleted User,{AT},rain,,\n", Skipped(2, "deleted")),
        (f"7,lark,{AT},,,\n", Skipped(2, "media")),
        ("7,lark\n", BadRecord(2, "the row has 2 fields, the header 6")),
    ],
)
def test_lines_of_the_app_and_bad_rows(row: str, expected: Item) -> None:
    assert read(row) == [expected]


def test_another_table_is_no_chat(tmp_path: Path) -> None:
    file = tmp_path / "posts.csv"
    file.write_text("Author,Date,Content\nlark,2026-01-31,rain\n")
    with Source(file) as source:
        assert open_records(source).format == "csv"


@pytest.mark.parametrize("above", ["", "sep=;\n"])
def test_a_table_that_a_spreadsheet_saved_with_semicolons_is_a_chat(above: str) -> None:
    data = above + HEADER.replace(",", ";") + f'7;lark;{AT};"rain; again, no";;\n'
    stream, (item,) = read_file_records(zip_bytes({"room.csv": data.encode()}))
    assert (stream.format, stream.is_chat) == ("discord-csv", True)
    assert isinstance(item, Record)
    assert (item.username, item.text) == ("lark", "rain; again, no")
