"""JSON lines, and what `mongoexport` writes."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from saywho.formats.reading import BadRecord
from saywho.formats.records import Item, Record, RecordStream
from saywho.formats.registry import open_records
from saywho.formats.source.file import Source
from tests.formats import files

OID = "5e0d9a7bd2c3f5a1b2c3d4e5"
TIME = datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)
RELAXED = {
    "_id": {"$oid": OID},
    "username": "mina",
    "text": "빵 &amp; 커피",
    "created_at": {"$date": "2020-01-02T03:04:05.678Z"},
    "n": 5,
}
CANONICAL = RELAXED | {
    "created_at": {"$date": {"$numberLong": "1577934245678"}},
    "n": {"$numberInt": "5"},
    "embedding": [{"$numberDouble": "NaN"}, {"$numberDouble": "0.5"}],
}
EXPECTED = Record(place=1, text="빵 &amp; 커피", username="mina", created_at=TIME, source_id=OID)


def read(data: bytes, format_name: str = "auto") -> tuple[RecordStream, list[Item]]:
    records, items_read = files.read_file_records(data, format_name)
    assert (records.format, records.account) == ("mongo", None)
    return records, items_read


def only(document: Any) -> Record:
    return files.read_one(files.array(document), "mongo")


@pytest.mark.parametrize("form", files.FORMS)
@pytest.mark.parametrize("document", [RELAXED, CANONICAL], ids=["relaxed", "canonical"])
@pytest.mark.parametrize("format_name", ["auto", "mongo"])
def test_all_that_mongoexport_writes(
    form: Callable[..., bytes], document: dict[str, Any], format_name: str
) -> None:
    records, items_read = read(form(document, document | {"_id": "b"}), format_name)
    assert records.unit == ("line" if form is files.lines else "record")
    assert items_read[0] == EXPECTED
    assert [(item.place, getattr(item, "source_id", None)) for item in items_read] == [
        (1, OID),
        (2, "b"),
    ]


@pytest.mark.parametrize(
    ("date", "time"),
    [
        ({"$date": "2020-01-02T03:04:05Z"}, TIME),
        ({"$date": "2020-01-02T12:04:05.1+09:00"}, TIME),
        ({"$date": 1577934245678}, TIME),
        ({"$date": {"$numberLong": "1000"}}, datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)),
        ({"$date": {"$numberLong": "-1500"}}, datetime(1969, 12, 31, 23, 59, 58, tzinfo=UTC)),
        ({"$numberLong": "1577934245678"}, TIME),
        ({"$timestamp": {"t": 1, "i": 5}}, datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)),
        (None, None),
    ],
)
def test_times(date: object, time: datetime | None) -> None:
    assert only({"_id": 1, "text": "a", "created_at": date}).created_at == time


@pytest.mark.parametrize(
    ("key", "source_id"),
    [
        ({"$oid": OID}, OID),
        ({"$uuid": "73ffd264-44b3-4c69-90e8-e7d1dfc035d4"}, "73ffd264-44b3-4c69-90e8-e7d1dfc035d4"),
        ({"$binary": {"base64": "c//SZESzTGk=", "subType": "04"}}, "c//SZESzTGk="),
        ({"$numberLong": "1580000000000000001"}, "1580000000000000001"),
        (1580000000000000001, "1580000000000000001"),
        ({"$numberDecimal": "1580000000000000001"}, "1580000000000000001"),
        ({"$numberDouble": "5.0"}, "5"),
        ({"$numberDouble": "1.58e18"}, None),
        ({"a": 1}, None),
    ],
)
def test_the_key_is_the_id_where_nothing_better_is_there(
    key: object, source_id: str | None
) -> None:
    assert only({"_id": key, "text": "a"}).source_id == source_id
    assert only({"text": "a", "_id": key, "id": None}).source_id == source_id
    assert only({"_id": key, "text": "a", "id_str": "77"}).source_id == "77"


def test_authors_in_documents_of_their_own() -> None:
    for author in ({"user": {"screen_name": "mina"}}, {"author": {"username": "mina"}}):
        assert only({"_id": 1, "text": "a"} | author).username == "mina"


@pytest.mark.parametrize(
    ("bad", "detail"),
    [
        (b'{"_id": 1, "text": 5}', "the text is not a string"),
        (b'{"_id": 1 "text": "a"}', "not valid JSON"),
        (b"7", "not a JSON object"),
    ],
    ids=range(3),
)
@pytest.mark.parametrize("form", ["lines", "array"])
def test_a_bad_document_does_not_stop_the_rest(bad: bytes, detail: str, form: str) -> None:
    good = files.lines(RELAXED)
    data = good + b"\n" + bad + b"\n" + good
    if form == "array":
        data = b"[" + data.replace(b"\n", b",") + b"]"
    records_read = read(data)[1]
    assert [type(item) for item in records_read] == [Record, BadRecord, Record]
    assert records_read[1] == BadRecord(2, detail)


@pytest.mark.parametrize("form", [files.array, files.pretty_array, files.pretty])
def test_records_before_a_break_stay(form: Callable[..., bytes]) -> None:
    records_read = files.read_broken(form(RELAXED, RELAXED, RELAXED)[:-30], "truncated or damaged")
    assert [item.place for item in records_read] == [1, 2]


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "posts.json"
    path.write_bytes(b"[" + b",".join([files.lines(RELAXED)] * 20_000) + b"]")
    with Source(path) as source:
        items = open_records(source).items
        assert next(items) == EXPECTED
        assert source.bytes_read < 500_000
        assert sum(1 for _ in items) == 19_999


GOOD = '{"username": "mina", "text": "좋은 아침 ☀️"}'.encode()


def items(data: bytes) -> list[Item]:
    records, items_read = files.read_file_records(data)
    assert (records.format, records.account) == ("jsonl", None)
    return items_read


def test_places_are_physical_lines_and_blank_ones_are_ignored() -> None:
    records_read = items(b"\n" + GOOD + b"\r\n \t\n" + GOOD)
    assert [item.place for item in records_read] == [2, 4]
    assert all(isinstance(item, Record) and item.text == "좋은 아침 ☀️" for item in records_read)


@pytest.mark.parametrize(
    ("line", "detail"),
    [
        (b'{"text": "caf\xe9"}', "the text contains broken characters"),
        (b'{"text": "\xed\xa0\xbd"}', "the text contains broken characters"),
        (b'{"text": ', "not valid JSON"),
        (b"[1, 2]", "not a JSON object"),
        (b'"text"', "not a JSON object"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"text":' * 100_000, "nested too deeply"),
        (b'{"a": ' + b"9" * 5000 + b"}", "not valid JSON"),
        (b'{"username": "mina"}', "the text is missing"),
        (b'{"text": "' + b"a" * 8_400_000 + b'"}', "longer than 8 MB"),
    ],
    ids=range(10),
)
def test_bad_lines_do_not_stop_the_rest(line: bytes, detail: str) -> None:
    records_read = items(GOOD + b"\n" + line + b"\n" + GOOD + b"\n")
    assert records_read[1] == BadRecord(2, detail)
    assert [type(item) for item in records_read] == [Record, BadRecord, Record]


@pytest.mark.parametrize("date", [b'"soon"', b"1e999", b'{"$date": "soon"}'])
def test_an_unreadable_time_costs_no_post_and_is_counted(date: bytes) -> None:
    records, items_read = files.read_file_records(
        GOOD + b'\n{"text": "a", "date": ' + date + b"}\n"
    )
    assert [getattr(item, "created_at", 0) for item in items_read[1:]] == [None]
    unread = [(left.kind, left.what, left.count) for left in records.notes.unread]
    assert ("time", "date", 1) in unread


@pytest.mark.full
def test_a_first_line_that_is_bad_or_huge_is_still_recognised() -> None:
    huge = b'{"text": "' + b"a" * 9_000_000 + b'"}\n'
    assert [item.place for item in items(b"{oops\n" + GOOD)] == [1, 2]
    assert [type(item) for item in items(huge + GOOD)] == [BadRecord, Record]


def test_lines_with_white_space_before_them_are_looked_at_too() -> None:
    assert [type(item) for item in items(b" " + GOOD + b'\n{"n": 1}\n')] == [Record, BadRecord]


def test_not_a_number_is_taken_as_nothing() -> None:
    records_read = items(b'{"text": "a", "lang": NaN, "id": NaN, "created_at": NaN}')
    assert records_read == [Record(place=1, text="a")]


@pytest.mark.parametrize("form", files.FORMS)
def test_objects_stand_on_lines_in_an_array_or_one_after_the_other(
    form: Callable[..., bytes],
) -> None:
    assert files.texts(items(form({"text": "one"}, {"text": "two"}))) == ["one", "two"]


AUTHORS = {"0": "mina", "1": "jun"}
WORDS = {"0": "The ferry waits", "1": "Nobody saw it"}


@pytest.mark.parametrize(
    ("document", "ids"),
    [
        pytest.param({"author": AUTHORS, "text": WORDS}, [None, None], id="columns"),
        pytest.param(
            {n: {"author": AUTHORS[n], "text": WORDS[n]} for n in WORDS}, [None, None], id="rows"
        ),
        pytest.param(
            {f"10{n}": {"author": AUTHORS[n], "text": WORDS[n]} for n in WORDS},
            ["100", "101"],
            id="under ids",
        ),
    ],
)
def test_objects_by_column_and_by_key_are_rows(document: object, ids: list[str | None]) -> None:
    read = items(json.dumps(document).encode())
    assert [(item.username, item.text) for item in read if isinstance(item, Record)] == [
        ("mina", "The ferry waits"),
        ("jun", "Nobody saw it"),
    ]
    assert [item.source_id for item in read if isinstance(item, Record)] == ids


def test_cells_that_the_viewer_of_a_data_set_has_cut_are_doubted() -> None:
    rows = [
        {"row_idx": 0, "row": {"author": "mina", "text": "Fog"}, "truncated_cells": []},
        {"row_idx": 1, "row": {"author": "jun", "text": "Wi"}, "truncated_cells": ["text"]},
    ]
    records, read = files.read_file_records(
        json.dumps({"features": [], "rows": rows}).encode(), "auto"
    )
    assert [item.text for item in read if isinstance(item, Record)] == ["Fog"]
    ((kind, _), cut), *_ = records.notes.odd.items()
    assert (kind, cut.count, cut.examples) == ("left_out", 1, ["text"])
