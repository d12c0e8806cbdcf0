"""Chats of real shapes, in which the app's own words stand beside people's."""

from pathlib import Path
from typing import Final

import pytest

from app.formats.records import FileRoom, RecordStream
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


def iphone(*lines: str) -> bytes:
    stamps = (f"[14.08.2024, 21:{minute:02}:10] " for minute in range(len(lines)))
    return "".join(f"{stamp}{line}\n" for stamp, line in zip(stamps, lines, strict=True)).encode()


def test_a_sentence_of_the_app_that_a_person_says_of_another_stays() -> None:
    chat = ("Mina: hi", "Jun: Mina left", "Jun: Jun left", "Jun: ho")
    assert read(iphone(*chat))[1] == [("Mina", "hi"), ("Jun", "Mina left"), ("Jun", "ho")]


def test_with_marks_only_a_mark_makes_a_line_the_apps() -> None:
    chat = ("Club: \u200eMina created group “Club”", "Mina: hi", "Jun: Jun left")
    assert read(iphone(*chat))[1] == [("Mina", "hi"), ("Jun", "Jun left")]


@pytest.mark.parametrize(
    ("heading", "title"),
    [
        ("산책 모임 (3명)과 카카오톡 대화.txt", "산책 모임"),
        ("KakaoTalk Chats Walks (27)", "Walks"),
        ("KakaoTalk Chats with Walks (8)", "Walks"),
    ],
)
def test_the_number_of_people_is_no_part_of_a_title(heading: str, title: str) -> None:
    data = (
        f"{heading}\n\n2014. 1. 12. 오전 12:16, 바다 : 내일\n2014. 1. 12. 오전 12:17, 하늘 : 네\n"
    )
    items = read_file_records(data.encode())[1]
    rooms = {item.room.name for item in records_in(items) if isinstance(item.room, FileRoom)}
    assert rooms == {title}


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
