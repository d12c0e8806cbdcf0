"""Files as people have them: other encodings, faults in UTF-8, names in zips, misread letters."""

import struct
import zipfile
import zlib
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from saywho.formats.assumptions import Assumption
from saywho.formats.reading import BadRecord
from saywho.formats.records import Item, ReadOptions, Record
from saywho.formats.registry import open_records
from saywho.formats.source.encodings import is_misread, repaired
from saywho.formats.source.file import Source
from tests.archives import SMALL_FILES

CASES = Path(__file__).with_name("cases")
CHAT = ReadOptions(timezone="UTC")


def read(
    target: Path | bytes, options: ReadOptions = CHAT, *, name: str | None = None
) -> tuple[list[Item], list[Assumption]]:
    """Return the items of a file, and what was assumed."""
    source = BytesIO(target) if isinstance(target, bytes) else target
    with Source(source, name=name) as opened:
        records = open_records(opened, options=options)
        return list(records.items), records.notes.assumptions


def said(items: list[Item]) -> list[str]:
    return [item.text for item in items if isinstance(item, Record)]


def encodings(assumptions: list[Assumption]) -> list[str]:
    return [assumed.value for assumed in assumptions if assumed.kind == "encoding"]


@pytest.mark.parametrize(
    ("name", "encoding", "first"),
    [
        ("cp1252_english_curly_apostrophes.csv", "cp1252", "It’s foggy and I can’t see the pier."),
        ("gbk_chinese.csv", "gb18030", "又是大雾，能见度两英里。"),
        ("line-shift-jis-called-damaged-json.txt", "cp932", "綱を持ってきて"),
    ],
)
def test_other_encoding_is_read_and_assumed(name: str, encoding: str, first: str) -> None:
    items, assumptions = read(CASES / name)
    assert said(items)[0] == first
    assert not any(isinstance(item, BadRecord) for item in items)
    (assumed,) = [assumed for assumed in assumptions if assumed.kind == "encoding"]
    assert assumed.value == encoding
    assert "utf-8" in assumed.alternatives
    assert "not valid UTF-8" in assumed.evidence


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_replacement_character_in_sound_utf8_is_a_character(ending: str) -> None:
    items, assumptions = read(CASES / f"utf8_with_replacement_character.{ending}")
    assert {"Déjà vu at the café", "안개가 끼었다"} <= {*said(items)}
    assert any("\ufffd" in text for text in said(items))
    assert encodings(assumptions) == []


def test_one_word_in_another_encoding_spoils_its_message_alone() -> None:
    items, assumptions = read(CASES / "wa-fr-one-latin1-word-whole-chat-becomes-hangul.txt")
    assert [type(item) for item in items].count(BadRecord) == 1
    assert len(said(items)) == 200
    assert all("à bientôt" in text for text in said(items))
    assert encodings(assumptions) == ["utf-8"]


@pytest.mark.parametrize(
    "half", [b"\xed\xa0\xbd", "😀".encode()[:3], "한".encode()[:2]], ids=["half", "cut", "syllable"]
)
def test_short_chat_with_part_of_a_letter_stays_utf8(half: bytes) -> None:
    chat = "[2024-01-15, 09:05:01] Jörg: Grüße aus dem Süden\n" * 4
    spoiled = chat.encode() + b"[2024-01-15, 09:06:01] J\xc3\xb6rg: oh " + half + b"\n"
    items, assumptions = read(spoiled, name="_chat.txt")
    assert said(items) == ["Grüße aus dem Süden"] * 4
    assert encodings(assumptions) in ([], ["utf-8"])


def test_chosen_encoding_is_no_assumption() -> None:
    options = ReadOptions(encoding="cp949")
    items, assumptions = read("작성자,내용\n미나,안녕하세요\n".encode("cp949"), options)
    assert said(items) == ["안녕하세요"]
    assert assumptions == []


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "ascii"])
def test_encoding_that_the_file_tells_is_no_assumption(codec: str) -> None:
    text = "plain" if codec == "ascii" else "잘 지내요? Déjà vu"
    items, assumptions = read(f"username,text\nmina,{text}\n".encode(codec))
    assert said(items) == [text]
    assert assumptions == []


@pytest.mark.parametrize("codec", ["cp949", "cp1251", "cp1252", "cp932"])
def test_json_in_another_encoding_is_read(codec: str) -> None:
    text = {
        "cp949": "오늘은 비가 와서 집에 있어요",
        "cp1251": "Сегодня идёт дождь",
        "cp1252": "Il pleut, on reste à la maison",
        "cp932": "今日は雨なので家にいます",
    }[codec]
    for document in (
        f'{{"username": "mina", "text": "{text}"}}\n' * 2,
        f'[{{"username": "mina", "text": "{text}"}}]',
    ):
        items, assumptions = read(document.encode(codec))
        assert {*said(items)} == {text}
        assert encodings(assumptions) == [codec]


SMALL_TELEGRAM = SMALL_FILES["telegram"]


def without_mark(name: bytes, content: bytes, *, stated: str = "") -> bytes:
    """Return a zip of one file with a name that is not marked as UTF-8, and perhaps stated so."""
    plain, written = "x" * len(name), BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        info = zipfile.ZipInfo(plain)
        if stated:
            field = b"\x01" + struct.pack("<I", zlib.crc32(name)) + stated.encode()
            info.extra = struct.pack("<HH", 0x7075, len(field)) + field
        archive.writestr(info, content)
    return written.getvalue().replace(plain.encode(), name)


@pytest.mark.parametrize(
    ("encoding", "assumed"), [("utf-8", []), ("cp949", ["cp949"])], ids=["utf-8", "cp949"]
)
def test_names_in_a_zip_are_told_by_their_bytes(encoding: str, assumed: list[str]) -> None:
    archive = without_mark("수다방과 친구들/result.json".encode(encoding), SMALL_TELEGRAM)
    with Source(BytesIO(archive), name="all.zip") as source:
        records = open_records(source, options=CHAT)
        assert [*source.members] == ["수다방과 친구들/result.json"]
        assert said(list(records.items)) == ["hi, you"]
        assert encodings(records.notes.assumptions) == assumed


def test_chosen_encoding_names_the_files_of_a_zip() -> None:
    archive = without_mark("잡담.json".encode("cp949"), SMALL_TELEGRAM)
    with Source(BytesIO(archive), name="all.zip") as source:
        source.choose_encoding("cp949")
        assert [*source.members] == ["잡담.json"]
        source.choose_encoding("cp850")
        assert [*source.members] != ["잡담.json"]
        assert len(source.members) == 1


def test_name_that_a_zip_states_in_utf8_counts() -> None:
    archive = without_mark(
        "été/result.json".encode("cp850"), SMALL_TELEGRAM, stated="été/result.json"
    )
    with Source(BytesIO(archive), name="all.zip") as source:
        assert [*source.members] == ["été/result.json"]
        assert encodings(open_records(source, options=CHAT).notes.assumptions) == []


def test_channel_with_an_unmarked_name_is_found() -> None:
    items, assumptions = read(CASES / "slack-zip-korean-channel-no-utf8-flag.zip")
    rooms = {item.room.name for item in items if isinstance(item, Record) and item.room}
    assert rooms == {"#general", "#잡담"}
    assert assumptions == []


def test_misread_letters_are_counted_and_kept() -> None:
    items, assumptions = read(CASES / "mojibake_utf8_as_latin1.csv")
    assert said(items) == ["Itâ€™s foggy â€¦ ðŸ˜€ cafÃ©"]
    (assumed,) = assumptions
    assert (assumed.kind, assumed.value, assumed.alternatives) == (
        "encoding",
        "unrepaired",
        ("repair",),
    )
    assert assumed.evidence.endswith(": 1")


@pytest.mark.parametrize(
    ("choice", "text"), [("repair", "It’s foggy … 😀 café"), ("unrepaired", None)]
)
def test_misread_letters_are_put_right_only_by_choice(choice: str, text: str | None) -> None:
    items, assumptions = read(CASES / "mojibake_utf8_as_latin1.csv", ReadOptions(encoding=choice))
    assert said(items) == [text or "Itâ€™s foggy â€¦ ðŸ˜€ cafÃ©"]
    assert assumptions == []


def misread(text: str) -> str:
    """Return a text as a program writes it that takes UTF-8 for western Windows."""
    return "".join(
        chr(byte) if byte in {0x81, 0x8D, 0x8F, 0x90, 0x9D} else bytes([byte]).decode("cp1252")
        for byte in text.encode()
    )


@given(st.text(st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3), min_size=2))
def test_misread_hangul_is_put_right_whatever_it_says(text: str) -> None:
    assert not is_misread(text)
    assert repaired(misread(text)) == text
    assert repaired(misread(misread(text))) == text


@pytest.mark.parametrize(
    "text", ["“CAFÉ”…", "fermé”…", "NÃO É", "«à»", "naïve»", "Ça — là…", "20°"]
)
def test_letters_beside_quotes_are_not_misread(text: str) -> None:
    assert not is_misread(text)
    assert repaired(text) == text
