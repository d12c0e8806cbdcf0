"""The zone of a file's times: named by it, usual for its app, or one of several of a name."""

import io
import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.formats.records import ReadOptions, Record
from app.formats.registry import open_records
from app.formats.source.file import Source
from app.formats.source.times import AMBIGUOUS, named_zone
from tests.archives import zip_bytes
from tests.chats import kakaotalk

LOCAL = datetime(2024, 3, 1, 10)


def read(data: bytes, name: str, options: ReadOptions) -> tuple[list[Record], Source]:
    with Source(io.BytesIO(data), name=name) as source:
        items = list(open_records(source, options=options).items)
    return [item for item in items if isinstance(item, Record)], source


@pytest.mark.parametrize("name", sorted(AMBIGUOUS))
def test_an_abbreviation_of_several_zones_is_an_assumption_with_a_choice(name: str) -> None:
    data = f"username,text,created_at\nmina,one,{LOCAL:%a %b %d %H:%M:%S} {name} 2024\n".encode()
    (record,), source = read(data, "posts.csv", ReadOptions())
    assert record.created_at == LOCAL.replace(tzinfo=named_zone(name))
    (assumption,) = source.notes.assumptions
    first, *others = AMBIGUOUS[name]
    assert (assumption.kind, assumption.value) == ("timezone", first)
    assert list(assumption.alternatives) == others
    for other in others:
        (record,), source = read(data, "posts.csv", ReadOptions(timezone=other))
        assert record.created_at == LOCAL.replace(tzinfo=ZoneInfo(other))
        assert source.notes.assumptions == []


@given(hours=st.integers(-12, 14))
def test_telegram_names_the_zone_of_its_computer(hours: int) -> None:
    zone = "UTC" if not hours else f"Etc/GMT{-hours:+}"
    seconds = int(LOCAL.replace(tzinfo=ZoneInfo(zone)).timestamp())
    said = {"id": 1, "type": "message", "from": "Mina", "from_id": "user1", "text": "one"}
    said |= {"date": LOCAL.isoformat(), "date_unixtime": str(seconds)}
    chat = {"name": "Tea", "type": "private_group", "id": 9, "messages": [said]}
    (record,), source = read(json.dumps(chat).encode(), "result.json", ReadOptions())
    assert record.created_at == datetime.fromtimestamp(seconds, UTC)
    assert source.notes.zone == zone
    assert source.notes.assumptions == []


@pytest.mark.parametrize("chosen", [None, "America/Lima"])
def test_kakaotalk_in_korean_is_in_korea_unless_told_otherwise(chosen: str | None) -> None:
    data = kakaotalk("모임", ("2024-01-15 15:02", "하늘", "안녕"))
    (record,), source = read(data, "chat.txt", ReadOptions(timezone=chosen))
    zone = chosen or "Asia/Seoul"
    assert record.created_at == datetime(2024, 1, 15, 15, 2, tzinfo=ZoneInfo(zone))
    noted = [(part.kind, part.value) for part in source.notes.assumptions]
    assert noted == ([] if chosen else [("timezone", zone)])


def test_tables_of_one_header_in_a_zip_are_all_read() -> None:
    header = "username,text,created_at\n"
    rows = {"a/one.csv": "mina,one,2024-01-01\n", "b/two.csv": "jun,two,2024-01-02\n"}
    files = {name: (header + row).encode() for name, row in rows.items()}
    notes = {"README.md": b"# Posts", "notes.txt": b"by us"}
    records, source = read(zip_bytes(files | notes), "posts.zip", ReadOptions())
    assert [(record.username, record.text) for record in records] == [
        ("mina", "one"),
        ("jun", "two"),
    ]
    assert {part.what for part in source.notes.unread} == {*notes}
    other = files | {"c.csv": b"who,when\nmina,2024\n"}
    records, source = read(zip_bytes(other), "posts.zip", ReadOptions())
    assert [record.text for record in records] == ["one", "two"]
    assert [part.what for part in source.notes.unread] == ["c.csv"]
