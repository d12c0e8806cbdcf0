"""Every format is asked which kinds of assumptions it notes, and what it leaves unread."""

import io
import re
from typing import Any

import pytest

from app.errors import FileError
from saywho.formats.reading import BadRecord
from saywho.formats.records import Item, ReadOptions, Record
from saywho.formats.registry import FORMATS, open_records
from saywho.formats.source.file import Source
from tests.archives import SMALL_FILES
from tests.formats.files import records_in

ZONE = "Asia/Seoul"
LOCAL_TIMES = {
    *("telegram", "telegram-html", "telegram-channel", "chats", "signal-export", "signal-md"),
    *("imessage", "imazing", "kakaotalk", "line", "whatsapp", "band"),
}
"""Formats whose times have no zone, or had none in older files."""
APP_LINES = {"whatsapp"}
"""Formats whose small files have a line that no table of the app has."""
PACKED = {"bluesky-repo", "chats", "medium", "slack", "substack", "texts"}
KOREAN = "안녕하세요 여러분 오늘은 모두 바다에 다녀왔어요"
TIMES = re.compile(
    rb"(?<=\")\d{4}-\d\d-\d\d[T ][\d:.]+[\dZ+:]*(?=\")|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC"
    rb"|(?<=,)\d{4}-\d\d-\d\dT[\d:+]+(?=,)"
)
"""Times of small files, as strings of JSON and cells of tables."""


def read(name: str, data: bytes, **options: Any) -> tuple[list[Item], Source]:
    with Source(io.BytesIO(data), name="file") as source:
        return list(open_records(source, format=name, options=ReadOptions(**options)).items), source


@pytest.mark.parametrize("name", FORMATS)
def test_a_small_file_has_its_kinds_and_a_choice_settles_the_zone(name: str) -> None:
    _, source = read(name, SMALL_FILES[name])
    kinds = {part.kind for part in source.notes.assumptions}
    expected = {"timezone"} if name in LOCAL_TIMES else set()
    expected |= {"author"} if name == "texts" else set()
    assert kinds == expected | ({"app_lines"} if name in APP_LINES else set())
    # Some of the files have no times: nothing was there that could not be read.
    assert source.notes.unread == []
    _, source = read(name, SMALL_FILES[name], timezone=ZONE)
    assert "timezone" not in {part.kind for part in source.notes.assumptions}


SAYING_ENCODING = {
    *("wordpress", "blogger", "livejournal", "stack-exchange", "tei", "sms"),
    *("mail", "ghost", "band"),
}
"""XML and each mail name their encoding themselves; Ghost writes UTF-8, BAND Korean days."""


@pytest.mark.parametrize("name", sorted(FORMATS.keys() - PACKED - SAYING_ENCODING))
def test_letters_that_are_no_utf_8_are_an_assumption(name: str) -> None:
    data = re.sub(rb"hi, you|you(?=\")", KOREAN.encode("cp949"), SMALL_FILES[name])
    items, source = read(name, data)
    (text,) = (item.text for item in records_in(items))
    assert text.endswith(KOREAN)
    encodings = [part for part in source.notes.assumptions if part.kind == "encoding"]
    assert [part.value for part in encodings] == ["cp949"]
    assert "utf-8" in encodings[0].alternatives
    again, source = read(name, data, encoding="cp949")
    assert again == items
    assert "encoding" not in {part.kind for part in source.notes.assumptions}


WITH_WRITTEN_TIMES = [name for name in FORMATS if TIMES.search(SMALL_FILES[name])]


@pytest.mark.parametrize("name", WITH_WRITTEN_TIMES)
def test_a_time_that_cannot_be_read_is_never_silent(name: str) -> None:
    data = TIMES.sub(b"someday", SMALL_FILES[name])
    try:
        items, source = read(name, data)
    except FileError:
        return  # It is not known as that format any more.
    timeless = [item for item in items if isinstance(item, Record) and item.created_at is None]
    bad = [item for item in items if isinstance(item, BadRecord)]
    counted = sum(part.count for part in source.notes.unread if part.kind == "time")
    assert len(timeless) == counted
    assert timeless or bad


def test_most_formats_have_times_that_can_be_spoiled() -> None:
    assert len(WITH_WRITTEN_TIMES) > 6
