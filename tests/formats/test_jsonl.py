"""JSON objects, mostly on lines."""

from collections.abc import Callable
from pathlib import Path

import pytest

from app.errors import UnrecognisedFileError
from app.formats.records import BadRecord, Item, Record
from app.formats.registry import open_archive
from app.formats.source.file import Source
from tests.formats.reading import FORMS, texts

GOOD = '{"username": "mina", "text": "좋은 아침 ☀️"}'.encode()


def items(folder: Path, data: bytes, format_name: str = "auto") -> list[Item]:
    path = folder / "posts.bin"
    path.write_bytes(data)
    with Source(path) as source:
        archive = open_archive(source, format=format_name)
        assert (archive.format, archive.account) == ("jsonl", None)
        return list(archive.items)


def test_places_are_physical_lines_and_blank_ones_are_ignored(tmp_path: Path) -> None:
    found = items(tmp_path, b"\n" + GOOD + b"\r\n \t\n" + GOOD)
    assert [item.place for item in found] == [2, 4]
    assert all(isinstance(item, Record) and item.text == "좋은 아침 ☀️" for item in found)


@pytest.mark.parametrize(
    ("line", "detail"),
    [
        (b'{"text": "caf\xe9"}', "the text has broken characters"),
        (b'{"text": "\xed\xa0\xbd"}', "the text has broken characters"),
        (b'{"text": ', "not valid JSON"),
        (b"[1, 2]", "not a JSON object"),
        (b'"text"', "not a JSON object"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"text":' * 100_000, "nested too deeply"),
        (b'{"a": ' + b"9" * 5000 + b"}", "not valid JSON"),
        (b'{"username": "mina"}', "no text"),
        (b'{"text": "a", "date": "soon"}', "unreadable time 'soon'"),
        (b'{"text": "a", "date": 1e999}', "unreadable time 'inf'"),
        (b'{"text": "' + b"a" * 8_400_000 + b'"}', "longer than 8 MB"),
    ],
    ids=range(12),
)
def test_bad_lines_do_not_stop_the_rest(tmp_path: Path, line: bytes, detail: str) -> None:
    found = items(tmp_path, GOOD + b"\n" + line + b"\n" + GOOD + b"\n")
    assert found[1] == BadRecord(2, detail)
    assert [type(item) for item in found] == [Record, BadRecord, Record]


def test_a_first_line_that_is_bad_or_huge_is_still_recognised(tmp_path: Path) -> None:
    huge = b'{"text": "' + b"a" * 9_000_000 + b'"}\n'
    assert [item.place for item in items(tmp_path, b"{oops\n" + GOOD)] == [1, 2]
    assert [type(item) for item in items(tmp_path, huge + GOOD)] == [BadRecord, Record]


def test_not_a_number_is_taken_as_nothing(tmp_path: Path) -> None:
    found = items(tmp_path, b'{"text": "a", "lang": NaN, "id": NaN, "created_at": NaN}')
    assert found == [Record(place=1, text="a")]


@pytest.mark.parametrize("form", FORMS)
def test_objects_stand_on_lines_in_an_array_or_one_after_the_other(
    tmp_path: Path, form: Callable[..., bytes]
) -> None:
    assert texts(items(tmp_path, form({"text": "one"}, {"text": "two"}))) == ["one", "two"]


@pytest.mark.parametrize("data", [b"[]", b" [ ]\n", b"\xef\xbb\xbf[]"])
def test_an_empty_array_holds_nothing(tmp_path: Path, data: bytes) -> None:
    assert items(tmp_path, data) == []


@pytest.mark.parametrize("data", [b'{"a": 1}\n{"b": 2}\n', b"[1]\n", b"hello\n", b"\x00\x01\x02"])
def test_files_without_a_text_column_are_unrecognised(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(UnrecognisedFileError, match="not in any known format"):
        items(tmp_path, data)
