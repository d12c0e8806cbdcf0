"""Files of apps that are known and not read are refused by their names, with a way that works."""

import json
from pathlib import Path
from typing import Any

import pytest

from app.errors import UnrecognisedFileError
from saywho.formats.records import Record
from tests.archives import SMALL_FILES, zip_bytes
from tests.formats.files import read_file_records

LINES = (
    "--- Log opened Fri Jan 05 10:00:00 2024\n10:00 < mina> fog again\n10:01 <@jun> how long?\n"
    "10:02 -!- dara [d@pier] has joined #harbour\n"
)
FILES: dict[str, tuple[Any, str]] = {
    "gemini": ([{"header": "Gemini Apps", "title": "Prompted hi", "products": ["x"]}], "Gemini"),
    "evernote": ("<?xml version='1.0'?>\n<en-export><note></note></en-export>", "Evernote"),
    "weka": ("@relation posts\n\n@attribute text string\n@data\n'Fog again'\n", "Weka"),
}


def written(value: Any) -> bytes:
    return (value if isinstance(value, str) else json.dumps(value, indent=1)).encode()


@pytest.mark.parametrize("name", FILES)
def test_a_known_file_is_refused_by_its_name_also_in_an_archive(name: str) -> None:
    value, app = FILES[name]
    with pytest.raises(UnrecognisedFileError, match=app) as refused:
        read_file_records(written(value))
    assert "Rename" not in str(refused.value)
    end = "json" if not isinstance(value, str) else "arff" if name == "weka" else "xml"
    with pytest.raises(UnrecognisedFileError, match=app):
        read_file_records(zip_bytes({f"export/a.{end}": written(value), "b.html": b"<p>x"}))


def test_a_json_feed_is_refused_with_a_way_to_follow_it() -> None:
    feed = {"version": "https://jsonfeed.org/version/1.1", "items": [{"content_text": "Fog"}]}
    with pytest.raises(UnrecognisedFileError, match=r"JSON Feed, .* can be followed"):
        read_file_records(written(feed))


@pytest.mark.parametrize("words", ["<en-export", "@relation @attribute"])
def test_words_of_a_chat_may_have_the_mark_of_a_known_file(words: str) -> None:
    _, items = read_file_records(f"Jan 05, 2024  9:10:00 AM\nFox\n{words}\n\n".encode() * 2)
    assert [item.text for item in items if isinstance(item, Record)] == [words] * 2


def test_a_packed_dump_says_how_to_unpack_it() -> None:
    with pytest.raises(UnrecognisedFileError, match="zstd -d -M2048MB"):
        read_file_records(b"\x28\xb5\x2f\xfd" + bytes(range(100)))


def test_a_log_of_irc_is_no_text_of_its_folder(tmp_path: Path) -> None:
    (tmp_path / "mina").mkdir()
    (tmp_path / "jun").mkdir()
    (tmp_path / "mina" / "harbour.txt").write_text(LINES * 3)
    for number in range(3):
        (tmp_path / "jun" / f"{number}.txt").write_text(
            f"The fog came at six, on evening {number}."
        )
    records, items = read_file_records(tmp_path)
    assert len(items) == 3
    assert [part.what for part in records.notes.unread] == ["mina/harbour.txt"]


@pytest.mark.parametrize("name", SMALL_FILES)
def test_what_is_read_is_none_of_them(name: str) -> None:
    read_file_records(SMALL_FILES[name])
