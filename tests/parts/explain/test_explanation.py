"""What a file is read as and what was not understood, told without a word of it."""

import json
import re
from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, strategies as st

from app.errors import Message
from app.parts.explain.explanation import (
    Explanation,
    ExplanationRequest,
    UnclearPlace,
    decoded_explanation,
    explain,
    explanation_lines,
)
from saywho.formats.masks import mask, masked_sentence, shape_of
from saywho.formats.records import NO_OPTIONS
from saywho.formats.registry import FORMATS
from tests.archives import SMALL_FILES, zip_bytes

KAKAOTALK = """KakaoTalk Chats with Hildegard
Date Saved : 2024-02-20 10:44

January 15, 2024, 3:02 PM, Gunhild : Sesame bread
and 10:30 butter
January 15, 2024 15h03 Gunhild : unread stamp 17:00
January 15, 2024, 3:04 PM, Sieglinde : <Multimedia omitido>
January 15, 2024, 3:05 PM, Sieglinde : (사진)
January 15, 2024, 3:06 PM, Sieglinde joined this chatroom.
"""
SECRETS = re.compile(r"Hildegard|Gunhild|Sieglinde|Sesame|butter|Multimedia", re.IGNORECASE)


def explained(folder: Path, data: bytes, name: str = "Hildegard.txt", **how: str) -> Explanation:
    """Explain a file as the page and the command do, through JSON."""
    path = folder / "upload"
    path.write_bytes(data)
    request = ExplanationRequest(
        path=str(path), name=name, options=NO_OPTIONS, limit_bytes=2**20, seconds=60, **how
    )
    (value,) = explain(msgspec.json.encode(request))
    text = json.dumps(value, ensure_ascii=False)
    assert not SECRETS.search(text)
    return decoded_explanation(text.encode())


def told(places: list[UnclearPlace]) -> list[tuple[int, str]]:
    return [(place.place, place.shape) for place in places]


@pytest.mark.parametrize(("name", "data"), SMALL_FILES.items())
def test_each_format_is_explained_and_says_nothing_of_what_was_said(
    tmp_path: Path, name: str, data: bytes
) -> None:
    known = explained(tmp_path, data)
    assert (known.format, known.failure, known.is_whole) == (name, None, True)
    assert known.records["text"] == (2 if name == "texts" else 1)
    assert b"mina" not in msgspec.json.encode(known, enc_hook=str)
    for damaged in (data[: len(data) // 2], data.replace(b'"', b"'"), b"{" + data):
        whole = msgspec.json.encode(explained(tmp_path, damaged), enc_hook=str)
        assert not re.search(rb"mina|hi, you", whole)


def test_the_lines_of_a_chat_are_counted_and_those_that_begin_nothing_are_shown(
    tmp_path: Path,
) -> None:
    result = explained(tmp_path, KAKAOTALK.encode())
    assert result.format == "kakaotalk"
    assert result.lines == {"heading": 3, "message": 3, "more": 2, "stray": 2, "note": 1}
    assert result.records["text"] == 2
    assert (result.records["media"], result.records["system"]) == (1, 1)
    assert told(result.unclear) == [
        (5, "xxx 00:00 xxxxxx"),
        (6, "Xxxxxxx 00, 0000 00x00 Xxxxxxx : xxxxxx xxxxx 00:00"),
        (7, "Xxxxxxx 00, 0000, 0:00 XX, Xxxxxxxxx : <Xxxxxxxxxx xxxxxxx>"),
    ]


def test_records_that_cannot_be_read_are_shown_in_their_shape(tmp_path: Path) -> None:
    rows = [{"text": "Sesame", "Gunhild": "butter"}, {"text": 7}, ["Sesame"]]
    data = "".join(f"{json.dumps(row)}\n" for row in rows) + '{"text": Sesame\n'
    result = explained(tmp_path, data.encode(), "Sesame.jsonl")
    assert [(str(reason), count) for reason, count in result.faults] == [
        ("the text is not a string", 1),
        ("not a JSON object", 1),
        ("not valid JSON", 1),
    ]
    assert told(result.unclear) == [(2, '{"xxxx": 0}'), (3, '["Xxxxxx"]'), (4, '{"xxxx": Xxxxxx')]
    array = explained(tmp_path, b'{"messages": [{"Gunhild": "butter"}, 5]}', format="messenger")
    assert array.tried[0].format == "messenger"
    assert array.unclear[0].shape == '{"xxxxxxxx": [{"Xxxxxxx": "xxxxxx"}, 0]}'


def test_words_of_a_message_are_masked_though_fields_are_called_so(tmp_path: Path) -> None:
    status = {"id_str": "5", "full_text": "x", "user": {"screen_name": "a"}}
    status["created_at"] = "photo poll 이름 zzzz"
    result = explained(tmp_path, json.dumps(status).encode())
    # A time that cannot be read costs the time alone, and its words are not repeated.
    assert result.faults == []
    assert [(part.kind, part.what, part.count) for part in result.notes.unread] == [
        ("time", "created_at", 1)
    ]
    assert "zzzz" not in "\n".join(explanation_lines(result))
    said = masked_sentence(Message("the time {time} cannot be read", time="'photo poll 이름 zzzz'"))
    assert said == "the time 'xxxxx xxxx 가가 xxxx' cannot be read"
    message = {"sender_name": "Gunhild", "timestamp_ms": 1735689600000}
    said_by_app = message | {"content": '[{"photo": "poll"}]'}
    chat = {"participants": [{"name": "Gunhild"}], "messages": [said_by_app], "title": "x"}
    (place,) = explained(tmp_path, json.dumps(chat).encode(), "message_1.json").unclear
    assert place.shape == '[{"xxxxx": "xxxx"}]'
    stray = KAKAOTALK.replace("and 10:30 butter", '{"photo": 10:30}')
    assert told(explained(tmp_path, stray.encode()).unclear)[0] == (5, '{"xxxxx": 00:00}')


def test_every_quoted_value_of_a_sentence_is_masked() -> None:
    sentence = Message("{a} {b} {name} {line}", a=["photo", 17], b=1234, name="photo_ida", line=3)
    assert masked_sentence(sentence) == "['xxxxx', 00] 0000 xxxxx_xxx 3"


def test_members_of_archives_are_named_with_their_records(tmp_path: Path) -> None:
    message = {"sender_name": "Gunhild", "timestamp_ms": 1735689600000, "content": "Sesame"}
    chat = {"participants": [{"name": "Gunhild"}], "messages": [message, ["butter"]], "title": "x"}
    name = "messages/inbox/gunhild_17/message_1.json"
    files = {name: json.dumps(chat).encode(), "messages/inbox/gunhild_17/photo.jpg": b"x"}
    result = explained(tmp_path, zip_bytes(files), "Hildegard.zip")
    assert (result.format, result.files) == ("messenger", {".json": 1, ".jpg": 1})
    (place,) = result.unclear
    assert (place.file, place.place) == ("xxxxxxxx/xxxxx/xxxxxxx_00/xxxxxxx_0.json", 2)
    assert (place.shape, str(place.detail)) == ('["xxxxxx"]', "not a JSON object")


def test_a_refused_file_says_what_was_looked_for_and_how_it_begins(tmp_path: Path) -> None:
    result = explained(tmp_path, b"Dear Gunhild,\n10:30 Sesame\n")
    assert (result.format, [attempt.format for attempt in result.tried]) == ("", list(FORMATS))
    told_why = "Xxxxxxxxx.xxx is not in any known format: it is text without dated lines of a chat"
    assert str(result.failure).startswith(told_why)
    assert told(result.unclear) == [(1, "Xxxx Xxxxxxx,"), (2, "00:00 Xxxxxx")]
    table = explained(tmp_path, b"Gunhild,Sesame,butter\n1,2,3\n")
    said: Mapping[str, str] = {one.format: str(one.fault) for one in table.tried if one.fault}
    assert said["csv"].startswith("Xxxxxxxxx.xxx is not in any known format. If it is a table")
    files = {"Gunhild/room.json": b'[{"Sesame": "butter"}]', "Gunhild/a.jpg": b"Sesame"}
    archive = explained(tmp_path, zip_bytes(files), "Hildegard.zip")
    assert [(place.file, place.shape) for place in archive.unclear] == [
        ("Xxxxxxx/xxxx.json", '[{"Xxxxxx": "xxxxxx"}]'),
        ("Xxxxxxx/x.jpg", ""),
    ]


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


def test_only_names_of_columns_that_programs_use_stay(tmp_path: Path) -> None:
    table = b"username,created_at,text,Gunhild\nmina,2024-01-01 10:00,Sesame,butter\n"
    result = explained(tmp_path, table, "Sesame.csv")
    assert [name for name, _ in result.columns] == ["username", "created_at", "text", "Xxxxxxx"]
    lines = "\n".join(explanation_lines(result))
    assert "columns: username = username, created_at = created_at, text = text, Xxxxxxx" in lines
