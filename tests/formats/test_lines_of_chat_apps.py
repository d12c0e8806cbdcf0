"""Chats of real shapes, in which the app's own words stand beside people's."""

import json
from pathlib import Path
from typing import Final

import pytest

from saywho.formats.meta.posts import repaired
from saywho.formats.records import RecordStream
from tests.archives import zip_bytes
from tests.formats.files import read_file_records, records_in

CASES: Final = Path(__file__).with_name("cases")
Said = tuple[str | None, str]


def read(data: Path | bytes) -> tuple[RecordStream, list[Said]]:
    stream, items = read_file_records(data, timezone="UTC")
    return stream, [(item.display_name, item.text) for item in records_in(items)]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "wa-ios-without-marks-en-group-becomes-a-person.txt",
            [
                *[("Mina", "hello there"), ("Jun", "hi all")],
                *[("Jun", "Mina left her rope here"), ("Mina", "bye")],
            ],
        ),
        (
            "wa-ios-without-marks-ko-group-becomes-a-person.txt",
            [("하늘", "안녕하세요"), ("바다", "반갑습니다"), ("바다", "다음에 봐요")],
        ),
        (
            "wa-ios-words-below-the-name-lost.txt",
            [
                *[("Mina", "hello"), ("Jun", "how are you"), ("Mina", "one thing\nand another")],
                *[("Jun", "fine"), ("Jun", "- milk\n- bread"), ("Mina", "ok"), ("Mina", "bye")],
            ],
        ),
        (
            "wa-android-ko-contact-name-with-a-colon.txt",
            [
                *[
                    ("DJ:Tom Kimball", "이모티콘 너무 귀엽다"),
                    ("Ida Kimball", "오늘 저녁 뭐 먹을까"),
                ],
                *[("DJ:Tom Kimball", "비빔밥"), ("Ida Kimball", "내일: 비, 모레: 눈")],
                ("DJ:Tom Kimball", "알겠어요"),
            ],
        ),
        (
            "kk-mobile-emoticons-with-names-as-words.txt",
            [
                *[("바다", "안녕하세요"), ("바다", "반갑습니다"), ("하늘", "(축하)")],
                *[("바다", "(부끄)"), ("하늘", "(이모티콘 없이) 그냥 갈게요")],
            ],
        ),
        (
            "kk-android-several-unread-pictures-as-words.txt",
            [("하늘", "예쁘다"), ("하늘", "잘 봤어요")],
        ),
        (
            "kk-poll-and-event-lines-with-titles-as-words.txt",
            [("바다", "언제 볼까요"), ("바다", "[공지] 내일 만나요")],
        ),
        (
            "kk-mac-csv-without-quotes-cut-at-a-comma.csv",
            [
                *[("바다", "안녕하세요, 반가워요"), ("하늘", "네, 저도요, 정말")],
                *[("바다", "따옴표, 있음"), ("바다", "좋아요")],
            ],
        ),
    ],
)
def test_what_the_app_wrote_is_nobodys_words(name: str, said: list[Said]) -> None:
    stream, found = read(CASES / name)
    assert found == said
    assert not stream.notes.app_lines
    assert "person" not in {part.kind for part in stream.notes.assumptions}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "imessage-reactions-as-words.txt",
            [
                *[("Mina", "see you at six"), ("Jun", "yes but bring the lamp")],
                *[("Jun", "Liked the lamp a lot"), ("Mina", "the lamp is here")],
            ],
        ),
        (
            "signal-export-2023-chat.md",
            [
                *[("Me", "hello there"), ("Mina", "hi you"), ("Mina", "two lines\nsecond line")],
                ("Mina", "fine"),
            ],
        ),
        (
            "slack-2015-shared-files-as-words",
            [*[("Mina", "who has the rope"), ("Mina", "the knots we need")], ("Mina", "thanks")],
        ),
        (
            "fb-cut-emoji-at-the-end.json",
            [("Mina", "hello"), ("Mina", "😂"), ("Mina", "please send 🙏"), ("Jun Han", "bye")],
        ),
        ("fb-gone-accounts-fr-es-become-a-person.json", [("Mina", "hello"), ("Mina", "bye")]),
    ],
)
def test_what_apps_wrote_in_other_forms_is_nobodys_words(name: str, said: list[Said]) -> None:
    stream, found = read(CASES / name)
    assert [(person or "Me", text) for person, text in found] == said
    assert not stream.notes.app_lines


@pytest.mark.parametrize(
    ("text", "is_reaction"),
    [
        ("Loved “Stoner”, a good book", False),
        ("Loved “Stoner”", True),
        ("Reacted 🎉 to “see you”", True),
        ("Removed a heart from “see you”", True),
        ("Liked an image", True),
        ("I liked an image", False),
    ],
)
def test_reactions_of_imessage_that_came_as_texts(text: str, is_reaction: bool) -> None:
    stamp = "May 17, 2022  5:{}:42 PM\n{}\n{}\n\n"
    data = stamp.format(29, "Mina", "hi") + stamp.format(30, "Jun", text)
    assert len(read(data.encode())[1]) == 2 - is_reaction


def test_comments_on_files_of_slack_are_their_authors_words() -> None:
    comment = {"user": "U2", "comment": "nice"}
    messages = [
        {"type": "message", "user": "U1", "text": "hi", "ts": "1433842701.000002"},
        {"type": "message", "subtype": "file_comment", "comment": comment, "ts": "1433842702.1"},
    ]
    files = {
        "users.json": json.dumps([{"id": "U1", "name": "mina"}, {"id": "U2", "name": "jun"}]),
        "channels.json": json.dumps([{"id": "C1", "name": "general"}]),
        "general/2015-06-09.json": json.dumps(messages),
    }
    members = {name: text.encode() for name, text in files.items()}
    assert read(zip_bytes(members))[1] == [("mina", "hi"), ("jun", "nice")]


@pytest.mark.parametrize("text", ["adeus é", "está é", "naïve à"])
def test_letters_at_the_end_that_are_no_cut_emoji_stay(text: str) -> None:
    assert repaired(text) == text


def iphone(*lines: str) -> bytes:
    stamps = (f"[14.08.2024, 21:{minute:02}:10] " for minute in range(len(lines)))
    return "".join(f"{stamp}{line}\n" for stamp, line in zip(stamps, lines, strict=True)).encode()


def test_a_sentence_of_the_app_that_a_person_says_of_another_stays() -> None:
    chat = ("Mina: hi", "Jun: Mina left", "Jun: Jun left", "Jun: ho")
    assert read(iphone(*chat))[1] == [("Mina", "hi"), ("Jun", "Mina left"), ("Jun", "ho")]


def test_with_marks_only_a_mark_makes_a_line_the_apps() -> None:
    chat = ("Club: \u200eMina created group “Club”", "Mina: hi", "Jun: Jun left")
    assert read(iphone(*chat))[1] == [("Mina", "hi"), ("Jun", "Jun left")]


def test_a_row_of_the_mac_without_a_time_makes_nobody_up() -> None:
    data = "Date,User,Message\n2024-01-15 15:02:00,mina,two lines\nthe second, with a comma\n"
    assert read(data.encode())[1] == [("mina", "two lines")]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("(이모티콘)반갑습니다", "반갑습니다"),
        ("반갑습니다 (이모티콘_달팽이)", "반갑습니다"),
        ("<Photo Unread>\n<Photo Unread>", ""),
        ("[Picnic] The poll has been deleted.", ""),
        ("카카오맵 : 찻집", ""),
        ("<Contacts Mina>", ""),
        ("사진\n봐", "사진\n봐"),
        ("[봄] 사진을 봤습니다.", "[봄] 사진을 봤습니다."),
    ],
)
def test_marks_of_kakaotalk_go_and_words_stay(text: str, words: str) -> None:
    data = f"A 님과 카카오톡 대화\n2024년 1월 15일 오후 3:02, 바다 : {text}\n"
    end = "2024년 1월 15일 오후 3:03, 바다 : 끝\n"
    assert [said for _, said in read((data + end).encode())[1]] == [*filter(None, [words]), "끝"]


def test_bots_of_the_app_are_nobody_unless_they_are_named() -> None:
    talk = """오픈채팅방 님과 카카오톡 대화
저장한 날짜 : 2024-01-16 10:00:00

--------------- 2024년 1월 15일 월요일 ---------------
[바다] [오전 9:01] 안녕하세요
[방장봇] [오전 9:02] 공지를 꼭 읽어 주세요
[하늘] [오전 9:03] 네
"""
    whatsapp = "12.03.24, 10:12 - Mina: Fog?\n12.03.24, 10:13 - Meta AI: Fog is water.\n"
    people = [("바다", "안녕하세요"), ("하늘", "네")]
    stream, said = read(talk.encode())
    assert said == people
    assert [part.value for part in stream.notes.assumptions if part.kind == "app_lines"] == ["1"]
    assert read(whatsapp.encode())[1] == [("Mina", "Fog?")]
    _, items = read_file_records(talk.encode(), timezone="UTC", rename={"방장봇": "주인"})
    assert [item.username for item in records_in(items)] == ["바다", "주인", "하늘"]
