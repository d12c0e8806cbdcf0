"""Exports, as they are written, and those of any age, which stay known."""

import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

import pytest
from hypothesis import example, given, settings, strategies as st
from msgspec import structs

from saywho.formats.chats.chatlab import chatlab_writer
from saywho.formats.post import (
    Medium,
    PostContent,
    Reactions,
    ReplyTarget,
    RoomReference,
    SignCount,
    headers,
)
from saywho.formats.records import ExportedPost, Record
from saywho.formats.registry import WRITERS, open_records
from saywho.formats.source.file import Source
from saywho.text import clean_text, clean_username
from tests.formats.files import read_file_records, records_in
from tests.selection import first_of

FIELDS = headers()[-1]
HEADER = ",".join(FIELDS)
PLAIN = {"username": "mina", "platform": "local", "text": "hello", "kind": "post", "media": ()}
STARTS = ("=1+1", "+8", "-5", "@mina", "'", "''=", "\t=", "'=", '"', ",", "\n", "1e+18", "{", "[")
FULL_WIDTH = ("＝1+1", "＋8", "－5", "＠mina", "＇", "'＝", "''＠")


def row(**fields: Any) -> ExportedPost:
    return ExportedPost(**(dict.fromkeys(FIELDS) | PLAIN | fields))  # type: ignore[arg-type]


def csv_of(*rows: dict[str, Any]) -> bytes:
    """Return an export in CSV with these cells, as they are."""
    lines = (",".join(cells.get(name, "") for name in FIELDS) for cells in rows)
    return "".join(f"{line}\r\n" for line in (HEADER, *lines)).encode()


def written(format_name: str, *rows: ExportedPost) -> bytes:
    form = WRITERS[format_name]
    return form.heading + form.encode(dict(enumerate(rows, 2**40)))


def read_again(format_name: str, data: bytes) -> list[ExportedPost]:
    stream, items = read_file_records(data)
    assert (stream.format, stream.account) == (format_name, None)
    assert all(isinstance(item, Record) for item in items), items
    return [row(**{name: getattr(record, name) for name in FIELDS}) for record in records_in(items)]


def valid(check: Callable[[str], str], values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Return the values as they are stored; those that are refused are left out."""

    def stored(value: str) -> str:
        try:
            return check(value)
        except ValueError:
            return ""

    return values.map(stored).filter(bool)


starts = st.sampled_from(("", *STARTS, *FULL_WIDTH))
# Nearly all of these are valid, so that few inputs are filtered out.
name_characters = st.characters(
    exclude_categories=["Cs", "Cc", "Cf", "Zs", "Zl", "Zp"], exclude_characters="/\\?#%"
)
text_characters = st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\t\n\r")
usernames = valid(
    clean_username,
    st.builds(
        str.__add__,
        starts.filter(str.isprintable),
        st.text(name_characters, min_size=1, max_size=20),
    ),
)
texts = valid(
    clean_text, st.builds(str.__add__, starts, st.text(text_characters, min_size=1, max_size=60))
)
source_ids = st.builds(
    str.__add__,
    starts.filter(str.isprintable),
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20),
).filter(bool)
times = st.datetimes(timezones=st.just(UTC)).map(lambda time: time.replace(microsecond=0))
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "username": usernames,
    "platform": st.sampled_from(["x", "mastodon", "bluesky", "local"]),
    "text": texts,
    "kind": st.sampled_from(["post", "reply", "quote"]),
    "created_at": st.none() | times,
    "lang": st.none() | st.sampled_from(["ko", "en-GB", "nan", "null"]),
    "source_id": st.none() | source_ids,
    "url": st.none() | st.sampled_from(["https://a.example/1,\"2'", "HTTP://x/\u3000"]),
    "reply_to": st.none()
    | st.builds(ReplyTarget, source_ids, st.none() | usernames)
    | st.builds(ReplyTarget, st.none(), usernames),
    "media": st.lists(
        st.builds(
            Medium,
            st.sampled_from(["photo", "video", "gif", "audio", "link"]),
            st.none() | st.just("https://a.example/1.jpg"),
            st.none() | texts,
            st.none() | st.integers(0, 9999),
            st.none() | st.integers(0, 9999),
        ),
        max_size=2,
    ).map(tuple),
    "counts": st.none()
    | st.builds(
        Reactions,
        st.integers(0, 2**53 - 1),
        *[st.none() | st.integers(0, 9)] * 3,
        st.none() | times,
        st.just(()) | st.just((SignCount("❤", 3), SignCount("$oid", 2), SignCount(":a.b:", 1))),
    ),
    "room": st.none() | st.builds(RoomReference, id=st.integers(1, 2**53 - 1), name=texts),
    "visibility": st.sampled_from([None, "public", "restricted"]),
    "handles": st.sampled_from([None, "minsu.com", "mina.kim jay.dev"]),
}
rows = st.builds(ExportedPost, **VALUES)


def test_each_field_is_written_with_any_value() -> None:
    assert set(VALUES) == set(FIELDS)


@pytest.mark.parametrize("value", [False, 0])
def test_a_cell_of_no_or_zero_is_not_empty(value: int) -> None:
    cells = written("csv", row(counts=value)).decode().splitlines()[1].split(",")
    assert cells[FIELDS.index("counts")] == str(value).lower()


@pytest.mark.parametrize("format_name", first_of(WRITERS, "csv"))
@settings(max_examples=4 * settings().max_examples)
@given(st.lists(rows, min_size=1, max_size=5))
@example([row(source_id=" ", text="' ")])
@example([row(source_id="1.58E+18", text="'1e+5"), row(source_id="'1e+5")])
@example([row(created_at=datetime(1, 1, 1, tzinfo=UTC), text="-", source_id="0")])
def test_an_export_is_read_again(format_name: str, some: list[ExportedPost]) -> None:
    assert read_again(format_name, written(format_name, *some)) == some


@pytest.mark.parametrize("start", [*"=+-@'\t＝＋－＠＇"])
def test_no_cell_is_a_formula(start: str) -> None:
    data = written(
        "csv", row(username=f"{start.strip()}a", text=f"{start}b", source_id="=c", url=f"{start}d")
    )
    (cells,) = csv.DictReader(io.StringIO(data.decode(), newline=""))
    assert cells["text"] == f"'{start}b"
    assert cells["source_id"] == "'=c"
    assert not any(cell.startswith(tuple("=+-@\t＝＋－＠")) for cell in cells.values())


@pytest.mark.parametrize(
    "name", ["007", "1e5", "1E+05", ".5e3", "TRUE", "3-4", "2025/01/07", "10:01", "1" * 19, "'007"]
)
def test_a_name_that_a_spreadsheet_takes_for_a_number_is_guarded(name: str) -> None:
    """LibreOffice 7.4 saves 007 as 7 and 1e5 as 1.00E+05, which are other people."""
    exported = written("csv", row(username=name))
    (cells,) = csv.DictReader(io.StringIO(exported.decode(), newline=""))
    assert cells["username"] == f"'{name}"
    assert read_again("csv", exported) == [row(username=name)]


def test_an_export_in_csv_that_another_program_made_json_has_no_guards() -> None:
    """polars, DuckDB, sqlite-utils and csvjson write the cells as they are."""
    posts = [row(username="007", text="=_= so sleepy"), row(text="- a list"), row(text="'quoted'")]
    cells = csv.DictReader(io.StringIO(written("csv", *posts).decode(), newline=""))
    lines = "".join(f"{json.dumps(each)}\n" for each in cells)
    assert [(post.username, post.text) for post in read_again("jsonl", lines.encode())] == [
        (post.username, post.text) for post in posts
    ]


@given(st.lists(texts, min_size=1, max_size=3))
def test_an_export_in_json_keeps_a_quotation_mark_before_a_sign(some: list[str]) -> None:
    posts = [row(text=f"'{text}") for text in some]
    assert read_again("jsonl", written("jsonl", *posts)) == posts


@pytest.mark.parametrize("name", ["2025", "7up", "e5", "v1.2", "true story"])
def test_other_names_are_written_as_they_are(name: str) -> None:
    (cells,) = csv.DictReader(io.StringIO(written("csv", row(username=name)).decode(), newline=""))
    assert cells["username"] == name


def test_an_export_that_guards_no_full_width_is_read_as_it_is() -> None:
    # Such are those of 0.2.0: only a `'` at the beginning of a text is guarded in them.
    plain = {"username": "mina", "platform": "local", "kind": "post"}
    assert read_again(
        "csv",
        csv_of(
            plain | {"username": "＠mina", "text": "＝1+1", "source_id": "－2"},
            plain | {"text": "''＋8"},
        ),
    ) == [row(username="＠mina", text="＝1+1", source_id="－2"), row(text="'＋8")]


def test_a_csv_has_the_header_and_empty_cells_for_what_is_not_known() -> None:
    assert written("csv", row()) == csv_of(PLAIN | {"media": ""})


def test_an_id_damaged_by_a_spreadsheet_is_dropped() -> None:
    cut = csv_of(PLAIN | {"media": "", "source_id": "1.58E+18"})
    assert read_again("csv", cut)[0].source_id is None
    assert read_again("csv", written("csv", row(source_id="1.58E+18")))[0].source_id == "1.58E+18"


def test_each_damaged_id_is_counted_once() -> None:
    stream, _ = read_file_records(csv_of(*[PLAIN | {"media": "", "source_id": "1.58E+18"}] * 3))
    assert [odd.count for odd in stream.notes.odd.values()] == [3]


def test_json_lines_carry_the_fields_and_nulls() -> None:
    (line,) = written(
        "jsonl", row(text="두\n줄", created_at=datetime(2026, 1, 2, tzinfo=UTC))
    ).splitlines()
    assert json.loads(line) == {
        **dict.fromkeys(FIELDS),
        **PLAIN,
        "text": "두\n줄",
        "created_at": "2026-01-02T00:00:00Z",
        "media": [],
    }
    assert tuple(json.loads(line)) == FIELDS


BREAKS: Final = "".join(
    sign for sign in map(chr, range(0x110000)) if len(f"a{sign}a".splitlines()) > 1
)
"""Signs at which programs that read lines may break them, of which JSON must escape some alone."""


def test_each_reader_breaks_json_lines_at_their_ends_alone() -> None:
    assert "\u2028" in BREAKS
    text = f"안개{BREAKS}끝"
    posts = {1: row(text=text), 2: row(text=text)}
    for writer, words in (
        (WRITERS["jsonl"], "text"),
        (WRITERS["mongo"], "text"),
        (chatlab_writer(f"Crew{BREAKS}", None, [("mina", f"Mina{BREAKS}")]), "content"),
    ):
        lines = (writer.heading + writer.encode(posts)).decode().splitlines()
        assert [value[words] for value in map(json.loads, lines) if words in value] == [text, text]


def test_mongo_documents_have_an_id_and_dates() -> None:
    (line,) = written("mongo", row(created_at=datetime(2024, 2, 29, 12, tzinfo=UTC))).splitlines()
    document = json.loads(line)
    assert document["_id"] == 2**40
    assert document["created_at"] == {"$date": "2024-02-29T12:00:00Z"}
    assert tuple(document) == ("_id", *FIELDS)
    assert json.loads(written("mongo", row()))["created_at"] is None


# What each version had, in the words of its time: today's program may not change them.
VERSIONS = (
    "username,platform,text,kind,created_at,lang,source_id,url",
    "username,platform,text,kind,created_at,lang,source_id,url,reply_to",
    "username,platform,text,kind,created_at,lang,source_id,url,reply_to,media,counts",
    "username,platform,text,kind,created_at,lang,source_id,url,reply_to,media,counts,room",
    "username,platform,text,kind,created_at,lang,source_id,url,reply_to,media,counts,room,visibility",
    "username,platform,text,kind,created_at,lang,source_id,url,reply_to,media,counts,room,visibility"
    ",handles",
)
POST: dict[str, Any] = {
    "username": "@mina",
    "platform": "mastodon",
    "text": '=1+1, 안녕 😀 "שלום"',
    "kind": "reply",
    "created_at": "2024-05-01T12:00:00Z",
    "lang": "ko",
    "source_id": " =id 1e+18 ",
    "url": "https://a.example/1",
    "reply_to": {"source_id": "7", "username": "jun"},
    "media": [{"kind": "photo", "source_url": "https://a.example/1.jpg", "alt": "바다"}],
    "counts": {"likes": 3, "reposts": None, "replies": 0, "quotes": None, "as_of": None},
    "room": {"id": 7, "name": "우리 반, 2반"},
    "visibility": "restricted",
    "handles": "minsu.com",
}
READ: dict[str, Any] = POST | {
    "reply_to": ReplyTarget("7", "jun"),
    "media": (Medium("photo", "https://a.example/1.jpg", "바다"),),
    "counts": Reactions(3, None, 0, None),
    "room": RoomReference(id=7, name="우리 반, 2반"),
}


def test_each_header_of_an_export_stays_known() -> None:
    assert tuple(map(",".join, headers())) == VERSIONS
    assert ExportedPost.__struct_fields__ == tuple(VERSIONS[-1].split(","))


def written_as(format_name: str, names: list[str]) -> bytes:
    """Return the post as an export of a version with these fields had it."""
    fields = {name: POST[name] for name in names}
    match format_name:
        case "jsonl":
            return json.dumps(fields).encode() + b"\n"
        case "mongo":
            dated = fields | {"created_at": {"$date": POST["created_at"]}}
            return json.dumps({"_id": 5} | dated).encode() + b"\n"
    guarded = fields | {"text": f"'{POST['text']}", "username": "'@mina"}
    cells = [
        guarded[name] if isinstance(guarded[name], str) else json.dumps(guarded[name])
        for name in names
    ]
    quoted = (f'"{cell}"' for cell in (cell.replace('"', '""') for cell in cells))
    return f"{','.join(names)}\r\n{','.join(quoted)}\r\n".encode()


@pytest.mark.parametrize("format_name", sorted(WRITERS))
@pytest.mark.parametrize("header", VERSIONS)
def test_an_export_of_any_version_is_read_as_it_was(format_name: str, header: str) -> None:
    names = header.split(",")
    with Source(io.BytesIO(written_as(format_name, names))) as source:
        (record,) = open_records(source).items
    assert isinstance(record, Record)
    as_read = {
        name: getattr(record, name)
        for name in ("username", "platform", *PostContent.__struct_fields__)
    }
    time = record.created_at
    assert time is not None
    as_read["created_at"] = time.strftime("%Y-%m-%dT%H:%M:%SZ")
    fields = structs.fields(ExportedPost)
    absent = {field.name: field.default for field in fields if not field.required}
    assert as_read == absent | {name: READ[name] for name in names}
