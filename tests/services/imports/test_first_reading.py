"""Times and authors of a file are judged by its first records, before any is stored."""

import gzip
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from app.errors import BrokenFileError
from app.services.imports.job_report import encode_notes
from app.services.imports.options import NO_OPTIONS, ImportOptions
from app.services.imports.storing_reading import (
    FIRST_RECORDS,
    READ_AHEAD,
    WHOLE_BYTES,
    FirstReading,
)
from saywho.errors import QuestionError
from saywho.formats.assumptions import NotesSummary, ReadNotes, Unread, decoded_notes
from saywho.formats.records import Account, Item, Record, RecordStream
from saywho.formats.registry import open_records
from saywho.formats.settled import check_order
from saywho.formats.source.file import Source
from tests.selection import first_of

NOON = datetime(2024, 5, 6, 12, tzinfo=UTC)


def read_first(records: RecordStream, options: ImportOptions) -> tuple[list[Item], bool]:
    """Return the items after the first of them were read, and whether these are all."""
    with Source(io.BytesIO(), name="posts.jsonl") as source:
        first = FirstReading(records, source, options)
        return [*first.checked().items], first.is_whole


def post(place: int, *, has_time: bool = True, name: str | None = "mina") -> Record:
    time = NOON if has_time else None
    return Record(place=place, text=f"글 {place}", username=name, created_at=time)


def stream(items: Iterator[Item], notes: ReadNotes, account: Account | None = None) -> RecordStream:
    """Return records that are counted as they leave a reader."""

    def counted() -> Iterator[Item]:
        for item in items:
            if isinstance(item, Record):
                notes.posts += 1
                notes.timeless += item.created_at is None
                notes.nameless += item.username is None
            yield item

    return RecordStream("jsonl", "line", account, counted(), notes=notes)


def timeless(notes: ReadNotes, unread: int, read: int) -> Iterator[Item]:
    for place in range(unread + read):
        if place < unread:
            notes.leave("time", "posted")
        yield post(place + 1, has_time=place >= unread)


@given(unread=st.integers(0, 30), read=st.integers(0, 30), without=st.integers(0, 30))
def test_most_unread_times_ask_and_posts_without_a_field_do_not(
    unread: int, read: int, without: int
) -> None:
    notes = ReadNotes()
    items = [*timeless(notes, unread, read), *(post(n, has_time=False) for n in range(without))]
    records = stream(iter(items), notes)
    if unread > read:
        with pytest.raises(QuestionError, match="most times cannot be read"):
            read_first(records, NO_OPTIONS)
    first, is_whole = read_first(stream(iter(items), notes), ImportOptions(accept_unread=True))
    assert is_whole
    assert first == items


def test_authors_that_lack_are_said_before_times_that_cannot_be_read() -> None:
    notes = ReadNotes(is_author_open=True, nameless=3)
    with pytest.raises(QuestionError, match="the author is missing"):
        read_first(stream(timeless(notes, 3, 0), notes), NO_OPTIONS)
    with pytest.raises(QuestionError, match="most times cannot be read"):
        read_first(stream(timeless(notes, 3, 0), notes), ImportOptions(username="mina"))


@given(times=st.lists(st.sampled_from(["read", "unread", "absent"]), max_size=40))
def test_a_time_is_unread_only_where_there_is_one(times: list[str]) -> None:
    notes = ReadNotes()

    def items() -> Iterator[Item]:
        for place, time in enumerate(times, 1):
            if time == "unread":
                notes.leave("time", "posted")
            yield post(place, has_time=time == "read")

    list(stream(items(), notes).items)
    counts = {part.what: part.count for part in notes.unread}
    assert counts.get("posted", 0) == times.count("unread")
    assert counts.keys() <= {"posted"}
    assert decoded_notes(encode_notes(notes.summary)) == notes.summary


def test_stored_notes_name_no_absent_times_as_unread() -> None:
    stored = NotesSummary(unread=(Unread("time", "", 3), Unread("time", "posted", 1)))
    assert decoded_notes(encode_notes(stored)).unread == (Unread("time", "posted", 1),)


@pytest.mark.parametrize(
    ("options", "account", "asks"),
    [
        (NO_OPTIONS, None, True),
        (ImportOptions(username="mina"), None, False),
        (ImportOptions(accept_unread=True), None, False),
        (NO_OPTIONS, Account("mina", None, "x"), False),
    ],
)
def test_a_table_that_names_no_author_asks(
    options: ImportOptions, account: Account | None, *, asks: bool
) -> None:
    notes = ReadNotes()
    notes.is_author_open = True
    records = stream(iter([post(1, name=None), post(2, name=None), post(3)]), notes, account)
    if not asks:
        read_first(records, options)
        return
    with pytest.raises(QuestionError, match="the author is missing"):
        read_first(records, options)


def test_posts_without_a_field_for_authors_do_not_ask() -> None:
    notes = ReadNotes()
    read_first(stream(iter([post(1, name=None)]), notes), NO_OPTIONS)


@pytest.mark.parametrize(
    ("size", "looked_at"),
    [
        pytest.param(1, READ_AHEAD + 2 * FIRST_RECORDS + 10, id="small"),
        pytest.param(WHOLE_BYTES + 1, READ_AHEAD, id="large"),
        pytest.param(None, READ_AHEAD, id="stream"),
    ],
)
def test_a_small_file_is_read_whole_and_nothing_is_lost(
    size: int | None, looked_at: int, tmp_path: Path
) -> None:
    target: Path | io.BytesIO = io.BytesIO()
    if size is not None:
        target = tmp_path / "posts.jsonl"
        with target.open("wb") as file:
            file.truncate(size)
    taken = 0

    def items(last: int) -> Iterator[Item]:
        nonlocal taken
        for taken in range(1, last + 1):
            yield post(taken)
        raise BrokenFileError("the file breaks off")

    last = max(looked_at, READ_AHEAD + FIRST_RECORDS)
    with Source(target, name="posts.jsonl") as source:
        first = FirstReading(stream(items(last), ReadNotes()), source)
        assert (taken, first.is_whole) == (FIRST_RECORDS, False)
        records = first.checked()
        assert taken == looked_at
        places: list[int] = []
        with pytest.raises(BrokenFileError):
            places.extend(item.place for item in records.items)
        assert places == list(range(1, last + 1))


def test_a_break_in_the_first_records_comes_behind_them() -> None:
    def items() -> Iterator[Item]:
        yield post(1)
        raise BrokenFileError("the file breaks off")

    with Source(io.BytesIO(), name="posts.jsonl") as source:
        first = FirstReading(stream(items(), ReadNotes()), source)
        read = first.checked().items
        assert first.is_whole
        assert isinstance(next(read), Record)
        with pytest.raises(BrokenFileError):
            next(read)


def test_an_order_that_a_date_disproves_is_never_accepted() -> None:
    notes = ReadNotes()
    notes.assume("dates", "day-first", alternatives=("month-first",))

    def items() -> Iterator[Item]:
        yield post(1)
        notes.is_order_disproved = True
        yield post(2)

    records = stream(items(), notes)
    with pytest.raises(QuestionError, match="choose the order"):
        read_first(records, ImportOptions(accept_unread=True))
    with pytest.raises(QuestionError):
        check_order(records)


def test_first_records_of_a_file_are_read_once(tmp_path: Path) -> None:
    path = tmp_path / "posts.csv"
    rows = "".join(f"mina,글 {n},2024-05-06\n" for n in range(FIRST_RECORDS + 5))
    path.write_text(f"username,text,created_at\n{rows}")
    with Source(path) as source:
        first = FirstReading(open_records(source), source).checked()
        assert [item.place for item in first.items] == list(range(2, FIRST_RECORDS + 7))
        assert source.bytes_read == source.bytes_total


@pytest.mark.parametrize("is_packed", first_of([False, True], True))
@pytest.mark.full
def test_an_order_is_disproved_before_anything_of_a_stream_is_stored(*, is_packed: bool) -> None:
    rows = [f"mina,글 {n},0{1 + n % 9}/03/2017" for n in range(FIRST_RECORDS + 50_000)]
    data = "\n".join(["username,text,created_at", *rows, "mina,끝,03/31/2017", ""]).encode()
    stream = io.BytesIO(gzip.compress(data, 1) if is_packed else data)
    with Source(stream, name="posts.csv") as source:
        first = FirstReading(open_records(source), source)
        first.checked()
        with pytest.raises(QuestionError, match="choose the order"):
            first.chats("auto", has_guests=False)
