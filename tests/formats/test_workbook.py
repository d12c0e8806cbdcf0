"""Workbooks of Excel: their sheets are read as tables, and what a sheet cannot say is told."""

from datetime import datetime
from io import BytesIO

import pytest

from app.errors import LimitReachedError, UnrecognisedFileError
from saywho.formats.assumptions import columns_of
from saywho.formats.records import Item, ReadOptions, Record, RecordStream
from saywho.formats.registry import open_records
from saywho.formats.settled import check_columns
from saywho.formats.source.file import Source
from tests.archives import zip_bytes
from tests.formats.files import read_file_records, records_in
from tests.workbooks import Cell, parts_of, workbook

HEADER: list[Cell] = ["id", "username", "created_at", "text"]
ROWS: list[list[Cell]] = [
    HEADER,
    [606626437228032123, "mina", datetime(2024, 1, 5, 10), '안개, "또"\nFog'],
    [606626437228032555, "jun", datetime(2024, 1, 6, 23, 59, 59), "Wind"],
]


def read(data: bytes, *columns: str) -> tuple[RecordStream, list[Item]]:
    with Source(BytesIO(data), name="posts.xlsx") as source:
        stream = open_records(source, options=ReadOptions(columns=columns_of(columns)))
        return stream, list(stream.items)


def said(items: list[Item]) -> list[tuple[str | None, str, str]]:
    return [
        (item.username, item.text, str(item.created_at)[:19])
        for item in items
        if isinstance(item, Record)
    ]


def test_sheets_of_one_header_are_read_and_others_named() -> None:
    third: list[list[Cell]] = [HEADER, ["7", "ara", datetime(2024, 2, 1), "Rain"]]
    stream, items = read(workbook([["a note"]], ROWS, third, third, hidden=4))
    assert said(items) == [
        ("mina", '안개, "또"\nFog', "2024-01-05 10:00:00"),
        ("jun", "Wind", "2024-01-06 23:59:59"),
        ("ara", "Rain", "2024-02-01 00:00:00"),
    ]
    assert [part.what for part in stream.notes.unread] == ["posts.xlsx/Sheet1", "posts.xlsx/Sheet4"]
    sheets, ids = stream.notes.assumptions
    assert (sheets.kind, sheets.value) == ("sheet", "sheet=Sheet2, Sheet3")
    assert sheets.alternatives == ("sheet=Sheet2", "sheet=Sheet3", "sheet=Sheet1")
    assert (ids.kind, ids.evidence) == ("ids", "a spreadsheet has rounded the values")
    assert [item.source_id for item in items if isinstance(item, Record)] == [None, None, "7"]


SHEETS: list[list[list[Cell]]] = [[["date", "text"], ["2024-01-05", text]] for text in "빗물"]


def test_a_sheet_is_chosen_and_sheets_named_for_people_are_by_them() -> None:
    other: list[list[Cell]] = [["작성자", "내용"], ["바다", "안개"]]
    stream, items = read(workbook(ROWS, other), "sheet=Sheet2")
    assert [name for name, *_ in said(items)] == ["바다"]
    assert [part.what for part in stream.notes.unread] == ["posts.xlsx/Sheet1"]
    assert stream.notes.assumptions == []
    with pytest.raises(UnrecognisedFileError, match="no visible sheet of that name"):
        read(workbook(ROWS, other), "sheet=Sheet3")
    people = workbook(*SHEETS, names=["tweets 미나", "tweets 준"])
    stream, items = read(people)
    assert [(name, text) for name, text, _ in said(items)] == [("미나", "빗"), ("준", "물")]
    assert [part.value for part in stream.notes.assumptions] == [
        *("sheet=tweets 미나, tweets 준", "author=sheet")
    ]
    check_columns(stream, ReadOptions(columns=columns_of(["author=sheet"])))
    stream, items = read(people, "author=none")
    assert stream.notes.unsettled == "author"


def test_workbooks_in_a_folder_are_tables_of_people() -> None:
    first, second = (workbook(sheet) for sheet in SHEETS)
    packed = zip_bytes({"posts/미나.xlsx": first, "posts/준.xlsx": second, "posts/ara.xlsx": b"PK"})
    stream, items = read(packed)
    assert [(name, text) for name, text, _ in said(items)] == [("미나", "빗"), ("준", "물")]
    assert [part.value for part in stream.notes.assumptions] == ["author=file-name"]
    assert [part.what for part in stream.notes.unread] == ["posts/ara.xlsx"]
    check_columns(stream, ReadOptions(columns=columns_of(["author=folder"])))


@pytest.mark.parametrize(("from_1904", "number"), [(False, 45296.5), (True, 43834.5)])
def test_days_count_from_1900_or_1904(number: float, *, from_1904: bool) -> None:
    rows: list[list[Cell]] = [
        ["작성자", "작성일", "내용"],
        ["바다", datetime(2024, 1, 5, 12), "안개"],
        ["하늘", number, "비"],
    ]
    stream, items = read(workbook(rows, from_1904=from_1904))
    assert {time for *_, time in said(items)} == {"2024-01-05 12:00:00"}
    (odd,) = stream.notes.odd.items()
    assert odd[0][0] == "times"
    assert odd[1].examples == [str(number)]


DAMAGED = parts_of(ROWS)
WIDE = DAMAGED["xl/worksheets/sheet1.xml"].replace(b"<row><c ", b'<row><c r="XFD1048576" ', 1)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"xl/workbook.xml": b"<workbook"}, "the workbook is damaged"),
        ({"xl/worksheets/sheet1.xml": b"<worksheet/>"}, "no visible sheet with words"),
        pytest.param(
            {"xl/worksheets/sheet1.xml": b" " * (101 << 20)},
            "unpacks to more than 100 MB",
            marks=pytest.mark.full,
        ),
        pytest.param(
            {"xl/worksheets/sheet1.xml": WIDE}, "1024 MB of memory", marks=pytest.mark.full
        ),
    ],
    ids=["cut", "empty", "bomb", "wide"],
)
def test_a_workbook_that_cannot_be_read_is_refused(changed: dict[str, bytes], why: str) -> None:
    with pytest.raises(UnrecognisedFileError, match=why):
        read(zip_bytes(DAMAGED | changed))


def test_an_old_or_locked_workbook_names_a_way() -> None:
    with pytest.raises(UnrecognisedFileError, match=r"old Microsoft Office.*without a password"):
        read(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))


@pytest.mark.parametrize("count", [1, 2, 4])
def test_the_rows_of_all_workbooks_together_have_the_limit_of_an_import(count: int) -> None:
    limit = 150_000
    row: list[Cell] = ["mina", "word " * 2_000]
    rows: list[list[Cell]] = [["username", "text"], *[row] * 30]
    packed = workbook(rows)
    for given in (zip_bytes({f"book{number}.xlsx": packed for number in range(count)}), packed):
        with Source(BytesIO(given), limit_bytes=limit) as source:
            records = open_records(source).items
            assert sum(member.size for member in source.members.values()) <= limit + 1
            with pytest.raises(LimitReachedError, match="limit of an import"):
                list(records)


OPEN_DOCUMENT = (
    '<?xml version="1.0"?><office:document-content xmlns:office="urn:oasis:names:tc:opendocument:'
    'xmlns:office:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:text='
    '"urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>'
    '<table:table table:name="Posts">{rows}</table:table></office:spreadsheet></office:body>'
    "</office:document-content>"
)
MANIFEST = (
    '<?xml version="1.0"?><manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:'
    'manifest:1.0"><manifest:file-entry manifest:full-path="/" manifest:media-type='
    '"application/vnd.oasis.opendocument.spreadsheet"/></manifest:manifest>'
)


def open_document(*rows: tuple[str, ...], kind: str = "spreadsheet") -> bytes:
    cell = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
    written = "".join(
        f"<table:table-row>{''.join(map(cell.format, row))}</table:table-row>" for row in rows
    )
    return zip_bytes(
        {
            "mimetype": f"application/vnd.oasis.opendocument.{kind}".encode(),
            "content.xml": OPEN_DOCUMENT.format(rows=written).encode(),
            "META-INF/manifest.xml": MANIFEST.encode(),
        }
    )


def test_a_workbook_of_libreoffice_is_a_table_and_its_letters_are_none() -> None:
    rows = ("username", "text"), ("mina", "fog again"), ("jun", "how &lt; long?")
    records, items = read_file_records(open_document(*rows))
    assert records.format == "csv"
    assert [(item.username, item.text) for item in records_in(items)] == [
        ("mina", "fog again"),
        ("jun", "how < long?"),
    ]
    with pytest.raises(UnrecognisedFileError, match="OpenDocument"):
        read_file_records(open_document(*rows, kind="text"))
