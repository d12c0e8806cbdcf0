"""CSV and TSV, and columns that are recognised by their names."""

import csv
import io
from datetime import UTC, datetime
from operator import attrgetter
from pathlib import Path
from typing import Any, get_args

import pytest

from app.errors import BrokenFileError, UnrecognisedFileError
from saywho.formats.post import Medium, Platform, Reactions, ReplyTarget
from saywho.formats.reading import BadRecord, Skipped
from saywho.formats.records import Item, ReadOptions, Record, read_each
from saywho.formats.registry import open_records
from saywho.formats.source.file import Source
from saywho.formats.tables import rows
from saywho.formats.tables.columns import FileColumns
from saywho.formats.tables.csv import OWN_HEADER
from tests.formats.files import read_broken, read_file_records, records_in, texts

KOREAN = (
    "작성자,내용,날짜,아무거나\n미나,안녕하세요 여러분,2020-01-02,1\n지호,잘 지내요?,2020-01-03,2\n"
)


def items(data: str | bytes) -> list[Item]:
    records, items_read = read_file_records(data.encode() if isinstance(data, str) else data)
    assert (records.format, records.unit, records.account) == ("csv", "line", None)
    return items_read


@pytest.mark.parametrize(
    "codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp949", "euc-kr"]
)
def test_encodings(codec: str) -> None:
    rows = items(KOREAN.encode(codec))
    assert texts(rows) == ["안녕하세요 여러분", "잘 지내요?"]
    assert [item.place for item in rows] == [2, 3]


def test_utf16_beyond_the_basic_plane() -> None:
    rows = "text\n" + "👩‍👩‍👧 𝒳 שלום \u2028\n" * 9000
    assert texts(items(rows.encode("utf-16"))) == ["👩‍👩‍👧 𝒳 שלום \u2028"] * 9000


def test_utf16_half_pairs_are_bad_rows_and_half_characters_break_off() -> None:
    data = "text\nfine\n\ud83d alone\nfine\n".encode("utf-16", "surrogatepass")
    assert [type(item) for item in items(data)] == [Record, BadRecord, Record]
    with pytest.raises(BrokenFileError, match="middle of a character"):
        items(data + b"a")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"], ids=["comma", "semi", "tab", "bar"])
def test_delimiters(delimiter: str) -> None:
    rows = [["user", "text", "id"], ["mina", "one, two; three | four", "5"]]
    file = io.StringIO()
    csv.writer(file, delimiter=delimiter).writerows(rows)
    assert items(file.getvalue()) == [
        Record(place=2, username="mina", text="one, two; three | four", source_id="5")
    ]


def test_quoted_newlines_quotes_and_places() -> None:
    data = 'text,user\r\n"line one\nline ""two""\r\n\r\nend",mina\r\n5" disk,ji"ho\r\n'
    data += '"a"b,c\r\nd,e\r\n'
    rows = items(data)
    assert texts(rows) == ['line one\nline "two"\r\n\r\nend', '5" disk', "d"]
    assert [item.place for item in rows] == [2, 6, 7, 8]
    assert rows[2] == BadRecord(7, "the row has a quote or a line break in the wrong place")


def test_ragged_rows_are_bad_as_broken_bytes_are_and_blank_ones_ignored() -> None:
    assert items(" \t\ntext,user\none\n\n , \ntwo,mina,extra\nthree,mina\n") == [
        BadRecord(3, "the row has 1 fields, the header 2"),
        BadRecord(6, "the row has 3 fields, the header 2"),
        Record(place=7, text="three", username="mina"),
    ]
    broken = BadRecord(2, "the text contains broken characters")
    assert items(b'text\n"\ncaf\x81\n"\nfine\n') == [broken, Record(place=5, text="fine")]


def test_a_field_over_one_megabyte_breaks_off_with_its_line() -> None:
    limit = csv.field_size_limit()
    with pytest.raises(BrokenFileError, match="line 3: the row is longer than 1 MB"):
        items('text\nfine\n"' + "long\n" * 300_000)
    with pytest.raises(BrokenFileError, match="line 2: the row is longer than 1 MB"):
        items("text,user\n" + "a" * 1_100_000 + ",mina\n")
    assert texts(items("text,user\n" + "a" * 100_000 + ",mina\n")) == ["a" * 25_000] * 4
    assert csv.field_size_limit() == limit


def test_an_open_quote_breaks_off_after_what_came_before() -> None:
    rows = read_broken(b'text\nfine\n"never closed\nand on\n', "line 3: a quote")
    assert rows == [Record(place=2, text="fine")]


def test_the_guard_is_taken_off_only_from_own_exports() -> None:
    row = "'@mina,x,'=1+1,post,,,,,,,,\n'mina,x,'hello,post,,,,,,,,\nji,x,''tis,post,,,,,,,,\n"
    rows = items(OWN_HEADER + "\n" + row)
    assert texts(rows) == ["=1+1", "'hello", "'tis"]
    assert [item.username for item in records_in(rows)] == ["@mina", "'mina", "ji"]
    assert texts(items("text,username\n'=1+1,'@mina\n")) == ["'=1+1"]
    assert texts(items(OWN_HEADER.replace(",", ";") + "\n;;'=1;;;;;;;;;\n")) == ["'=1"]


def test_columns_hold_what_was_chosen(tmp_path: Path) -> None:
    path = tmp_path / "posts.tsv"
    header, row = "누가\t 한 마디\tContent\tdate", "미나\t안녕\t제목\t2020-01-02"
    path.write_bytes(f"{header}\n{row}\n".encode("cp949"))
    options = ReadOptions(columns={"누가": "username", "한마디": "text", "content": ""})
    with Source(path) as source:
        plain = open_records(source)
        assert [name for name, _ in plain.columns] == header.split("\t")
        assert [field for _, field in plain.columns] == ["", "", "text", "created_at"]
        records = open_records(source, options=options)
        assert [field for _, field in records.columns] == ["username", "text", "", "created_at"]
        assert next(records.items) == Record(
            place=2, username="미나", text="안녕", created_at=datetime(2020, 1, 2, tzinfo=UTC)
        )
        # What was chosen comes before what is known by its name, where it is filled.
        both = ReadOptions(columns={" 한 마디": "text", "date": ""})
        assert "".join(texts(list(open_records(source, options=both).items))) == "안녕"


def test_a_column_of_broken_bytes_may_be_chosen(tmp_path: Path) -> None:
    path = tmp_path / "posts.csv"
    path.write_bytes(b"user,caf\x81\nmina,hello\n")
    with Source(path) as source:
        chosen = open_records(source, options=ReadOptions(columns={"caf?": "text"}))
        assert (chosen.columns[1], texts(list(chosen.items))) == (("caf?", "text"), ["hello"])


def test_a_line_of_very_many_fields_is_no_header() -> None:
    fields = ["text"] * 16_385
    with pytest.raises(UnrecognisedFileError):
        read_file_records(",".join(fields).encode(), "csv")
    assert read_file_records(",".join(fields[1:]).encode(), "csv")[1] == []


ROWS = "\n".join(f"민{n % 2},안개 {n}번째,2024-01-0{n} 10:00" for n in range(1, 5))


STRANGE = [
    f"{above}\n누가,한마디,언제" for above in ("상점,바다", "상점,바다\n시간,'+9", "목록,,\n,,")
]


@pytest.mark.parametrize(
    "top", [*STRANGE, "상점,바다\n送信者名,内容,送信日", "민0,안개,2024-01-01 10:00"]
)
def test_lines_above_a_strange_header_and_none(top: str, tmp_path: Path) -> None:
    names = top.rpartition("\n")[2].split(",") if "\n" in top else ["1", "2", "3"]
    path = tmp_path / "strange.csv"
    path.write_text(f"{top}\n{ROWS}\n")
    with Source(path) as source:
        records = open_records(source)
    assert {*records.notes.asked} - {"time"} == ({"author", "text"} if "内容" not in top else {*()})
    assert [name for name, _ in records.columns] == names
    chosen = dict(zip(names, ("username", "text", "created_at"), strict=True))
    times = [item.created_at for item in records_in(read_file_records(path, columns=chosen)[1])]
    assert len(list(filter(None, times))) == (4 if "\n" in top else 5)


LONG_ESSAY = "Tea,\n\n" * 400 + "and milk."


@pytest.mark.parametrize(
    ("rows", "read_texts"),
    [
        (f'Ada;"{LONG_ESSAY}"\n', [LONG_ESSAY]),
        ('Ada;"' + "a long line\n" * 250_000, None),
        ('Ada;"never closed\nMina;tea\n', None),
    ],
    ids=["800 lines", "3 MB", "open quote"],
)
def test_a_strange_table_has_a_long_second_row(
    rows: str, read_texts: list[str] | None, tmp_path: Path
) -> None:
    path = tmp_path / "essays.csv"
    path.write_text(f"Student;Essay\n{rows}")
    with Source(path) as source:
        assert open_records(source).columns == (("Student", ""), ("Essay", ""))
        chosen = open_records(source, options=ReadOptions(columns={"Essay": "text"}))
        if read_texts is None:
            with pytest.raises(BrokenFileError, match="line 2: "):
                list(chosen.items)
        else:
            assert texts(list(chosen.items)) == read_texts


def test_a_strange_table_of_a_header_alone_says_so(tmp_path: Path) -> None:
    path = tmp_path / "essays.csv"
    for text in ("Student,Essay", "\n\nStudent;Essay\r\n" + "\n" * 300):
        path.write_text(text)
        with pytest.raises(UnrecognisedFileError, match="has only one row"):
            read_file_records(path)
    # A known table without rows holds no posts, and so does one whose column somebody chose.
    for header, columns in (("author,note", {}), ("Student,Essay", {"Essay": "text"})):
        path.write_text(header)
        assert read_file_records(path, columns=columns)[1] == []


def read_row(row: dict[str, object]) -> Item:
    return next(
        read_each([(1, row)], lambda row, place: rows.read_row(FileColumns(row), row, place))
    )


def record(row: dict[str, object]) -> Record:
    item = read_row(row)
    assert isinstance(item, Record)
    return item


SAID: dict[str, list[tuple[dict[str, Any], Any]]] = {
    # The name of a person becomes a username, and that of an account has no blanks.
    "username display_name": [
        *(
            ({name: " Anna  Kim "}, ("Anna_Kim", "Anna  Kim"))
            for name in ("이름", "name", "author")
        ),
        ({"author": "mina"}, ("mina", None)),
        ({"username": "Anna Kim"}, ("Anna_Kim", "Anna Kim")),
        ({"name": "Mina Kim", "username": "mina"}, ("mina", "Mina Kim")),
    ],
    # The first filled column counts.
    "text source_id": [
        (
            {"text": "cut…", "full_text": "whole", "id": 7, "id_str": "8", "_id": "9"},
            ("whole", "8"),
        ),
        ({"text": "kept", "full_text": ""}, ("kept", None)),
        ({"_id": "9"}, ("hello", "9")),
    ],
    # Ids stay whole, or are dropped.
    "source_id": [
        ({"id": "1580661436132757506"}, "1580661436132757506"),
        ({"id": 1580661436132757506}, "1580661436132757506"),
        *(({"id": cut}, None) for cut in ("1.58E+18", "1,58E+18", "1.58066143613276e+018")),
        *(({"id": cut}, None) for cut in (1.5806614361327575e18, float("nan"), float("inf"))),
        *(({"id": none}, None) for none in (True, {"$oid": "5"}, "")),
        ({"id": 12.0}, "12"),
        ({"id": "3kabc2xyz"}, "3kabc2xyz"),
    ],
    "kind": [
        ({"is_reply": True}, "reply"),
        ({"is_reply": False}, "post"),
        ({"is_reply": "0"}, "post"),
        ({"in_reply_to_status_id": "5"}, "reply"),
        ({"in_reply_to_status_id": "nan"}, "post"),
        ({"in_reply_to_screen_name": "", "retweeted_status_id": ""}, "post"),
        ({"kind": "reply"}, "reply"),
        ({"kind": "인용"}, "quote"),
        ({"kind": "unheard of", "is_quote": "y"}, "quote"),
        ({"quoted_status_id": 6}, "quote"),
        ({"kind": "post", "is_reply": True}, "post"),
    ],
    "platform": [
        *(({"platform": name}, name) for name in get_args(Platform)),
        ({"platform": "Twitter"}, "x"),
        ({"platform": "fax"}, None),
    ],
    "created_at unread_time": [({"date": "soon"}, (None, "date"))],
    # Entities and unknown columns are left alone.
    "text username": [
        (
            {"text": "a &amp; b &lt;3 https://t.co/x", "likes": "5", "user": {"id": 1}},
            ("a &amp; b &lt;3 https://t.co/x", None),
        )
    ],
    "reply_to": [
        ({"in_reply_to_status_id": "nan"}, None),
        ({"in_reply_to_status_id": "1.5e+18"}, None),
        ({"in_reply_to_status_id": "5"}, ReplyTarget("5")),
        ({"in_reply_to_id": 5, "in_reply_to_screen_name": "jiho"}, ReplyTarget("5", "jiho")),
        ({"referenced_tweets.replied_to.id": "5"}, ReplyTarget("5")),
        ({"reply_to": {"source_id": "5", "username": "jiho"}}, ReplyTarget("5", "jiho")),
        ({"reply_to": '{"source_id": "5"}'}, ReplyTarget("5")),
        ({"reply_to": '{"source_id": '}, None),
        ({"reply_to": "5"}, ReplyTarget("5")),
        ({"reply_to": {"source_id": {}}}, None),
    ],
    "media counts": [
        ({"favorite_count": "3", "retweet_count": 2}, ((), Reactions(3, 2))),
        ({"counts": {"likes": 1}}, ((), Reactions(1))),
        ({"counts": '{"likes": 1}', "media": "[]"}, ((), Reactions(1))),
        ({"counts": {"likes": -1}, "media": 5}, ((), None)),
        (
            {"media": [{"kind": "photo", "alt": "a lamp"}]},
            ((Medium("photo", None, "a lamp"),), None),
        ),
        ({"media": '[{"kind": "gif"}]', "text": ""}, ((Medium("gif"),), None)),
        ({"media": [{"kind": "page"}]}, ((), None)),
        # Half a surrogate pair costs no post.
        *(
            ({field: value}, ((), None))
            for field in ("media", "counts")
            for value in ("\ud83d", {"\ud83d": 1}, [{"kind": "\ud83d"}], {"as_of": "\ud83d"})
        ),
    ],
}
"""Rows by the names of the fields that they say, with the values of these."""


@pytest.mark.parametrize(
    ("fields", "row", "said"), [(fields, *row) for fields, rows in SAID.items() for row in rows]
)
def test_what_a_row_says(fields: str, row: dict[str, object], said: object) -> None:
    assert attrgetter(*fields.split())(record({"text": "hello"} | row)) == said


@pytest.mark.parametrize(
    ("row", "item"),
    [
        *(
            (row | {"text": "RT @a: words"}, Skipped(1, "repost"))
            for row in (
                *(
                    {"is_retweet": True},
                    {"is_repost": "TRUE"},
                    {"isRetweet": 1},
                    {"retweet": "yes"},
                ),
                *({"리트윗": "예"}, {"kind": "repost"}, {"kind": "Retweet"}),
                {"kind": "post", "is_retweet": "1"},
                {"retweeted_status_id": "123", "in_reply_to_status_id": ""},
                {"referenced_tweets.retweeted.id": "123"},
            )
        ),
        ({"text": None}, BadRecord(1, "the text is missing")),
        ({"text": 5}, BadRecord(1, "the text is not a string")),
        ({"text": ["a"]}, BadRecord(1, "the text is not a string")),
        ({"text": ""}, Skipped(1, "empty")),
        ({"text": " \n"}, Skipped(1, "empty")),
    ],
)
def test_reposts_bad_rows_and_those_with_neither_text_nor_media_are_no_posts(
    row: dict[str, object], item: Item
) -> None:
    assert read_row(row) == item
