"""Refusals: what a file was seen to be, and what to do."""

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import UnrecognisedFileError
from app.formats.refusals import looks_like_json, reason_of
from app.formats.registry import open_records
from app.formats.source.file import Source


def refusal(data: bytes, name: str = "notes.txt") -> str:
    with Source(BytesIO(data), name=name) as source, pytest.raises(UnrecognisedFileError) as raised:
        open_records(source)
    return str(raised.value)


@pytest.mark.parametrize(
    "chat",
    [
        "[Moonday the 15th, 09:05:01] Ida: hi\n[Moonday the 15th, 09:06:02] Jun: ho\n",
        "<<15~01~24, 09:05>> Ida: hi\n<<15~01~24, 09:06>> Jun: ho\n",
    ],
)
def test_text_in_brackets_is_no_damaged_json(chat: str) -> None:
    assert "damaged" not in refusal(chat.encode())
    assert "truncated or damaged" not in refusal(chat.encode())


@pytest.mark.parametrize(
    "lines",
    [
        "15 Sivan 5784 kl. 09:05 > Ida: hi\n15 Sivan 5784 kl. 09:06 > Jun: ho\n",
        "09:05 of 15-01-24, Ida: hi\n09:06 of 15-01-24, Jun: ho\n",
        "[15!01!24, 09:05] Ida: hi\n2024.1.15 klo 09:06 Jun: ho\n2024.1.15 klo 09:07 Ida: oh\n",
    ],
)
def test_unknown_dates_of_a_chat_are_named_by_their_shape(lines: str) -> None:
    said = refusal(lines.encode())
    assert "looks like a chat" in said
    assert "the date format is unknown" in said
    assert "Ida" not in said
    assert "15" not in said


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"%PDF-1.7 \x00\x01", "a PDF file"),
        (b"SQLite format 3\x00" + bytes(90), "a SQLite file"),
        (b"\x00\x00\x02\x03" * 9, "no text"),
        (b"\x16\x00\x00\x00\x07_id\x00" + bytes(13), "export with mongoexport"),
        (b"<!DOCTYPE html><html><body><p>hi</p></body></html>", "HTML or XML"),
        (b'<?xml version="1.0"?><rss><channel></channel></rss>', "saywho follow add rss:URL"),
        (b'{"weather": "fog", "wind": 4}', "they are weather, wind"),
        (b"[1, 2, 3]", "contains no objects"),
        (b'{"id": {"0": 1, "1": 2}, "text": {"0": "Fog", "1": "Wind"}}', "for each column"),
        ("[{'id': 1, 'text': '안개'}, {'id': 2, 'text': 'Wind'}]".encode(), "as Python prints"),
        (b'[{"a": 1}, {"a"', "is truncated or damaged"),
    ],
)
def test_refusal_names_what_was_seen(data: bytes, words: str) -> None:
    assert words in refusal(data)


def test_guessed_encoding_is_named_in_a_refusal() -> None:
    lines = "15 Сиван 5784 в 09:05 > Ида: привет\n15 Сиван 5784 в 09:06 > Юн: привет, как дела\n"
    assert "cp1251" in refusal(lines.encode("cp1251"))


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_any_file_has_a_reason_or_none(data: bytes) -> None:
    with Source(BytesIO(data), name="x") as source:
        if not source.has_members:
            assert isinstance(reason_of(source), str | None)
            assert looks_like_json(source) in {True, False}
