"""How a file is read, told without a word of it."""

import json
import re
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, strategies as st

from saywho.errors import Message
from saywho.formats.explanation import Explanation, ExplanationRequest, explain
from saywho.formats.masks import mask, masked_sentence, shape_of
from saywho.formats.records import NO_OPTIONS
from tests.archives import SMALL_FILES, zip_bytes

KAKAOTALK = """KakaoTalk Chats with Hildegard
Date Saved : 2024-02-20 10:44

January 15, 2024, 3:02 PM, Gunhild : Sesame bread
and 10:30 butter
January 15, 2024, 3:04 PM, Sieglinde : <Multimedia omitido>
January 15, 2024, 3:05 PM, Sieglinde : (사진)
January 15, 2024, 3:06 PM, Sieglinde joined this chatroom.
"""
SECRETS = re.compile(r"Hildegard|Gunhild|Sieglinde|Sesame|butter|Multimedia", re.IGNORECASE)


def explained(
    folder: Path, data: bytes, name: str = "Hildegard.txt", *, has_words: bool = False, **how: str
) -> Explanation:
    """Explain a file as the command does, through JSON."""
    path = folder / "upload"
    path.write_bytes(data)
    request = ExplanationRequest(
        path=str(path),
        name=name,
        options=NO_OPTIONS,
        limit_bytes=2**20,
        seconds=60,
        has_words=has_words,
        **how,
    )
    (value,) = explain(msgspec.json.encode(request))
    text = json.dumps(value, ensure_ascii=False)
    assert has_words or not SECRETS.search(text)
    return msgspec.convert(value, Explanation)


@pytest.mark.parametrize(("name", "data"), SMALL_FILES.items())
def test_each_format_is_explained_and_says_nothing_of_what_was_said(
    tmp_path: Path, name: str, data: bytes
) -> None:
    known = explained(tmp_path, data)
    assert (known.format, known.failure, known.broken) == (name, None, None)
    assert known.records["text"] == (2 if name == "texts" else 1)
    assert b"mina" not in msgspec.json.encode(known)
    for damaged in (data[: len(data) // 2], data.replace(b'"', b"'"), b"{" + data):
        assert not re.search(rb"mina|hi, you", msgspec.json.encode(explained(tmp_path, damaged)))


def test_records_of_a_chat_are_counted_by_what_becomes_of_them(tmp_path: Path) -> None:
    result = explained(tmp_path, KAKAOTALK.encode())
    assert result.format == "kakaotalk"
    assert result.records["text"] == 2
    assert (result.records["media"], result.records["system"]) == (1, 1)
    assert "    left out: written by the app: 1" in result.lines


def test_records_that_cannot_be_read_are_shown_in_their_shape(tmp_path: Path) -> None:
    rows = [{"text": "Sesame", "username": "butter"}, {"text": 7}, ["Sesame"]]
    data = "".join(f"{json.dumps(row)}\n" for row in rows)
    result = explained(tmp_path, data.encode(), "Sesame.jsonl")
    assert result.records["bad"] == 2
    assert result.lines[-2:] == [
        '    line 2: the text is not a string: {"xxxx": 0}',
        '    line 3: not a JSON object: ["Xxxxxx"]',
    ]


def test_the_words_are_there_for_who_asks(tmp_path: Path) -> None:
    table = b"username,created_at,text,Gunhild\nmina,2024-01-01 10:00,Sesame,butter\n"
    masked = explained(tmp_path, table, "Sesame.csv")
    assert masked.lines[0] == "Xxxxxx.csv: CSV (csv)"
    assert "    Columns not used: Xxxxxxx" in masked.lines
    assert "  everything was understood" not in masked.lines
    shown = explained(tmp_path, table, "Sesame.csv", has_words=True)
    assert shown.lines[0] == "Sesame.csv: CSV (csv)"
    assert "    Columns not used: Gunhild" in shown.lines


def test_a_guess_is_told_with_the_option_that_changes_it(tmp_path: Path) -> None:
    table = b"username,text,is_hidden\nmina,fog,no\njun,the pier,yes\n"
    told = "\n".join(explained(tmp_path, table, "a.csv").lines)
    assert "mark of posts that not everybody may read, a guess" in told
    assert "(hidden=none)" in told


def test_a_refused_file_says_how_it_begins(tmp_path: Path) -> None:
    result = explained(tmp_path, b"Dear Gunhild,\n10:30 Sesame\n")
    why = "Xxxxxxxxx.txt is not in any known format: it is text without dated lines of a chat"
    assert result.failure is not None
    assert result.failure.replace("Xxxxxxxxx.xxx", "Xxxxxxxxx.txt").startswith(why)
    assert result.lines[-2:] == ["  line 1: Xxxx Xxxxxxx,", "  line 2: 00:00 Xxxxxx"]
    files = {"Gunhild/room.json": b'[{"Sesame": "butter"}]', "Gunhild/a.jpg": b"Sesame"}
    archive = explained(tmp_path, zip_bytes(files), "Hildegard.zip")
    assert '  Xxxxxxx/xxxx.json, line 1: [{"Xxxxxx": "xxxxxx"}]' in archive.lines


def test_every_quoted_value_of_a_sentence_is_masked() -> None:
    sentence = Message("{a} {b} {name} {line}", a=["photo", 17], b=1234, name="photo_ida", line=3)
    assert masked_sentence(sentence) == "['xxxxx', 00] 0000 xxxxx_xxx 3"


@given(st.text())
def test_no_letter_and_no_digit_stays(text: str) -> None:
    shape = re.sub(r"\\(?:x..|u....|[nrt])", "", mask(text))  # What nobody sees is written out.
    letters = {c for c in shape if c.isalnum()} - set("Xx가あア漢ЖжΩωعאกअ")
    assert not [c for c in letters if not (c.isdigit() and int(c) == 0)]
    assert not SECRETS.search(shape_of(f'{{"Gunhild": "{text}"}}'))


def test_the_shape_of_a_line_stays_to_be_seen() -> None:
    assert shape_of("\u200e[24.11.26, 21:15:00] 미나: ¿Qué? 漢字 Яна 😀\u202f½") == (
        "\\u200e[00.00.00, 00:00:00] 가가: ¿Xxx? 漢漢 Жжж ☺\\u202f0"
    )
    assert shape_of("a" * 400).endswith("x…")
    long = json.dumps({"text": "a" * 400, "time": 1735689600})
    assert shape_of(long) == f'{{"xxxx": "{"x" * 40}…", "xxxx": 0000000000}}'
