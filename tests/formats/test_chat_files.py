"""What apps write beside people's words in a chat: names of files, days, notes in any language."""

import io
import unicodedata
from collections.abc import Mapping

import pytest

from app.formats.chats import chat_files
from app.formats.records import Record, Skipped
from app.formats.registry import open_records
from app.formats.source.file import Source
from tests.archives import zip_bytes
from tests.formats.files import read_file_records

PICTURE = "b".join(["1f"] * 22)[:64]
IOS_PICTURE = "00000012-PHOTO-2026-01-03-21-00-05.jpg"


def said(data: bytes) -> list[tuple[str | None, str]]:
    """Return who said what; assert that each other line of the file is a picture that is alone."""
    items = read_file_records(data)[1]
    assert {item.reason for item in items if isinstance(item, Skipped)} <= {"media"}
    return [(item.username, item.text) for item in items if isinstance(item, Record)]


def files(data: bytes) -> list[tuple[str | None, ...]]:
    items = read_file_records(data)[1]
    return [item.files for item in items if isinstance(item, Record)]


def kakaotalk(*lines: str) -> bytes:
    written = ("우리 반 님과 카카오톡 대화", "저장한 날짜 : 2025. 10. 20. 오후 12:15", "", *lines)
    return "\r\n".join([*written, ""]).encode()


def android(*texts: str) -> bytes:
    """Return what Mina wrote, after a first message."""
    messages = ("hi", *texts)
    return "".join(f"15/01/2024, 21:05 - Mina: {text}\n" for text in messages).encode()


def ios(*texts: str) -> bytes:
    """Return what Mina wrote, after a first message; pictures are marked twice, as the app does."""
    mark = "\u200e"
    lines = (
        f"{mark * text.startswith(mark)}[15/01/2024, 21:05:33] Mina: {text}\r\n"
        for text in ("hi", *texts)
    )
    return "".join(lines).encode()


def test_a_day_with_dots_ends_the_message_before_it() -> None:
    data = kakaotalk(
        "2025. 10. 14. 화요일",
        "2025. 10. 14. 오후 3:02, 하늘 : 첫째",
        "2025. 10. 14. 오후 3:03, 하늘 : 둘째",
        "",
        "2025. 10. 15. 수요일",
        "2025. 10. 15. 오전 9:00, mina : 2025. 10. 15. 수요일",
    )
    assert said(data) == [("하늘", "첫째"), ("하늘", "둘째"), ("mina", "2025. 10. 15. 수요일")]


def test_pictures_that_kakaotalk_names_by_digits_are_nobodys_words() -> None:
    stamp = "2024년 1월 15일 오후 3:02, 하늘 :"
    many = f"{stamp} {PICTURE}.jpg\r\n{PICTURE}.png"
    data = kakaotalk(f"{stamp} {PICTURE}.jpg", many, f"{stamp} {PICTURE}.jpg 봐")
    assert said(data) == [("하늘", f"{PICTURE}.jpg 봐")]
    assert len(read_file_records(data)[1]) == 3


@pytest.mark.parametrize(
    "words", ["file attached", "archivo adjunto", "ファイル添付", "파일 첨부됨", "súbor priložený"]
)
def test_files_of_whatsapp_are_told_in_every_language(words: str) -> None:
    data = android(
        f"IMG-20260103-WA0001.jpg ({words})",
        f"IMG-20260103-WA0002.jpg ({words})\nour dog",
        f"report.pdf ({words})",
        "see main.py (the first one)",
    )
    assert said(data) == [
        ("Mina", "hi"),
        ("Mina", "our dog"),
        ("Mina", "see main.py (the first one)"),
    ]
    assert files(data) == [(), ("IMG-20260103-WA0002.jpg",), ()]
    assert said(ios("hi", f"\u200ereport.pdf ({words})")) == 2 * [("Mina", "hi")]


@pytest.mark.parametrize(
    "note", ["<Media omitted>", "<Multimedia omitido>", "<メディアなし>", "<Médiá vynechané>"]
)
def test_media_that_whatsapp_left_out_are_told_in_every_language(note: str) -> None:
    assert said(android(note, note, f"what is {note}", note)) == [
        ("Mina", "hi"),
        ("Mina", f"what is {note}"),
    ]


def test_angle_brackets_that_people_write_stay() -> None:
    texts = ["<3", "<script>", "<script>", "<script>", "<not now>", "a <b> c"]
    assert said(android(*texts)) == [("Mina", text) for text in ("hi", *texts)]


@pytest.mark.parametrize("word", ["attached", "adjunto", "添付ファイル", "첨부"])
def test_pictures_of_iphones_go_out_of_what_is_written_to_them(word: str) -> None:
    attached = f"<{word}: {IOS_PICTURE}>"
    data = ios(
        f"\u200e{attached}",
        f"look at this \u200e{attached}",
        f"look\nat this {attached}",
        f"\u200e{attached}\nour dog",
        "2015-08-04-PHOTO-00004762.jpg \u200e<attached>",
        f"00000031-plan.pdf • \u200e3 pages \u200e<{word}: 00000031-plan.pdf>",
    )
    texts = ["hi", "look at this", "look\nat this", "our dog"]
    assert said(data) == [("Mina", text) for text in texts]
    assert files(data) == [(), *3 * [(IOS_PICTURE,)]]
    assert len(read_file_records(data)[1]) == 7


def test_what_whatsapp_notes_on_iphones_goes_in_every_language() -> None:
    data = ios(
        "see you \u200e<Tento správa bola upravená>",
        "\u200eimage omitted",
        "\u200eobrázok vynechaný",
        "our dog \u200eimage omitted",
    )
    assert said(data) == [("Mina", text) for text in ("hi", "see you", "our dog")]


@pytest.mark.parametrize("mark", ["dog.jpg (irgendwas)", "<irgendwas: dog.jpg>"])
def test_a_mark_that_names_a_file_of_the_zip_is_a_picture(mark: str) -> None:
    chat = android(mark, f"{mark}\nour dog" if mark.endswith(")") else f"our dog {mark}")
    members: Mapping[str, bytes] = {"us/chat.txt": chat, "us/dog.jpg": b"\xff\xd8\xff"}
    assert [text for _, text in said(chat)][1] == mark
    assert said(zip_bytes(dict(members))) == [("Mina", text) for text in ("hi", "", "our dog")]
    assert files(zip_bytes(dict(members))) == [(), ("us/dog.jpg",), ("us/dog.jpg",)]


def test_an_archive_may_have_any_number_of_rooms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chat_files, "MOST_OTHERS", 3)
    rooms = {f"{n}.txt": android(f"of {n}") for n in range(10)}
    others = {f"0{n}.txt": b"nothing" for n in range(2)}
    texts = {text for _, text in said(zip_bytes(rooms | others))}
    assert texts == {"hi", *(f"of {n}" for n in range(10))}
    assert len(said(zip_bytes(rooms | others | {"5a.txt": b"nothing"}))) == 12


def test_files_that_a_mac_has_named_are_found() -> None:
    """It writes Hangul by its letters, and a message by its syllables."""
    chat = ios("\u200e<첨부: 하늘.jpg>")
    names = [unicodedata.normalize("NFD", f"우리 반/{name}") for name in ("_chat.txt", "하늘.jpg")]
    data = zip_bytes(dict(zip(names, (chat, b"\xff\xd8\xff"), strict=True)))
    with Source(io.BytesIO(data)) as source:
        named = [item.files for item in open_records(source).items if isinstance(item, Record)]
        assert named == [(), ("우리 반/하늘.jpg",)]
        assert "우리 반/하늘.jpg" in source.members
