"""Lines that state the day of a chat's messages, beside dates and headings that are words."""

from pathlib import Path
from typing import Final

import pytest

from saywho.formats.reading import BadRecord
from saywho.formats.records import Record
from tests.formats.files import read_file_records, records_in

CASES: Final = Path(__file__).with_name("cases")
Said = tuple[str | None, str, str]


def read(data: Path | bytes) -> list[Said]:
    return [
        (item.display_name, item.text, f"{item.created_at:%m-%d %H:%M}")
        for item in records_in(read_file_records(data, timezone="UTC")[1])
        if item.created_at
    ]


def windows(*lines: str, saved: str = "2024-01-20 10:00:00") -> bytes:
    heading = ("차 마시는 방 님과 카카오톡 대화", f"저장한 날짜 : {saved}", "")
    return "\n".join([*heading, *lines, ""]).encode()


def phone(*lines: str) -> bytes:
    return "\n".join(["산책 님과 카카오톡 대화", *lines, ""]).encode()


def line(*lines: str) -> bytes:
    return "\n".join(
        ["[LINE] 友達とのトーク履歴", "保存日時：2024/01/20 21:09", "", *lines, ""]
    ).encode()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "kk-windows-date-in-words-moves-the-day.txt",
            [
                (
                    "바다",
                    "모임 공지입니다\n2024년 2월 3일 토요일\n장소는 바닷가 찻집",
                    "01-15 15:02",
                ),
                ("하늘", "네 갈게요", "01-15 15:03"),
                ("바다", "좋아요", "01-15 15:04"),
                ("하늘", "좋은 아침", "01-16 09:00"),
            ],
        ),
        (
            "kk-android-date-in-words-loses-the-rest.txt",
            [
                (
                    *("바다", "모임 공지입니다\n2024년 2월 3일 오후 6:00\n장소는 바닷가 찻집"),
                    "01-15 15:02",
                ),
                ("하늘", "네 갈게요", "01-15 15:03"),
                ("바다", "잔치는\n2024년 5월 4일 토요일\n12시입니다", "01-15 15:04"),
                ("하늘", "축하해요", "01-15 15:05"),
            ],
        ),
        (
            "line-ja-unquoted-date-in-words-moves-the-day.txt",
            [
                ("花子", "集合のお知らせ\n2024/02/03(土)\n10時に港", "01-15 10:20"),
                ("太郎", "了解です", "01-15 10:23"),
                ("花子", "よろしく", "01-15 10:25"),
                ("太郎", "おはよう", "01-16 09:00"),
            ],
        ),
        (
            "kk-two-exports-in-one-file.txt",
            [
                ("바다", "안녕하세요", "01-15 15:02"),
                ("하늘", "네 안녕하세요", "01-15 15:03"),
                ("바다", "오늘은 홍차", "01-16 16:02"),
                ("하늘", "좋아요", "01-16 16:03"),
            ],
        ),
        (
            "kk-windows-open-chat-notices-joined-to-words.txt",
            [
                ("바다", "안녕하세요 처음 왔어요", "01-15 16:17"),
                ("하늘", "안녕하세요~", "01-15 16:17"),
                ("구름", "반갑습니다", "01-15 16:20"),
                ("하늘", "어서 오세요", "01-15 16:22"),
            ],
        ),
    ],
)
def test_what_somebody_wrote_is_no_line_of_the_app(name: str, said: list[Said]) -> None:
    assert read(CASES / name) == said


@pytest.mark.parametrize(
    "written", [["2024/02/03(土)"], ["2024/01/03(水)"], ["2023/12/01(金)", "2023/12/08(金)"]]
)
@pytest.mark.parametrize("has_end", [True, False])
def test_a_date_that_the_next_days_go_back_from_is_words(written: list[str], has_end: bool) -> None:
    end = ["2024/01/16(火)", "09:00\t太郎\tおはよう"] if has_end else []
    first = ["2024/01/14(日)", "08:00\t太郎\tはい", "2024/01/15(月)", "10:20\t花子\t日は"]
    said = read(line(*first, *written, "10:23\t太郎\t了解", *end))
    assert said[:3] == [
        *[("太郎", "はい", "01-14 08:00"), ("花子", "\n".join(["日は", *written]), "01-15 10:20")],
        ("太郎", "了解", "01-15 10:23"),
    ]
    assert len(said) == 3 + has_end


def test_a_second_chat_that_begins_earlier_keeps_its_days() -> None:
    def chat(days: range) -> list[str]:
        return [part for day in days for part in (f"2024/01/{day:02}(月)", f"9:00\tMori\tat {day}")]

    assert [when for _, _, when in read(line(*chat(range(10, 15)), *chat(range(1, 6))))] == [
        f"01-{day:02} 09:00" for day in (*range(10, 15), *range(1, 6))
    ]


def test_days_of_phones_are_no_words() -> None:
    stamp = "2024년 1월 {} 오후 3:02"
    first, second = stamp.format("15일"), stamp.format("16일")
    data = phone(first, f"{first}, 바다 : 하나", "", second, f"{second}, 하늘 : 둘", second)
    assert read(data) == [("바다", "하나", "01-15 15:02"), ("하늘", f"둘\n{second}", "01-16 15:02")]


def test_a_chat_between_dashes_that_was_pasted_does_not_move_days() -> None:
    day = "--------------- 2024년 1월 {} ---------------"
    pasted = day.format("3일 수요일")
    assert read(
        windows(
            day.format("15일 월요일"),
            "[바다] [오후 3:02] 봐",
            pasted,
            "[하늘] [오후 3:03] 네",
            day.format("16일 화요일"),
            "[하늘] [오전 9:00] 아침",
        )
    )[:2] == [("바다", f"봐\n{pasted}", "01-15 15:02"), ("하늘", "네", "01-15 15:03")]


@pytest.mark.parametrize(
    ("notice", "is_told"),
    [
        ("구름님이 들어왔습니다.구름님이 나갔습니다.", False),
        ("구름님이 들어왔습니다.처음 보는 안내 문구입니다. 여러 문장이에요.", True),
        ("Cloud joined this chatroom.A notice that no table has.", True),
    ],
)
def test_notices_behind_each_other_are_the_apps(notice: str, is_told: bool) -> None:
    data = windows(
        *("--------------- 2024년 1월 15일 월요일 ---------------", "[바다] [오후 3:02] 안녕"),
        *(notice, "그 아래의 안내", "[하늘] [오후 3:03] 네"),
    )
    assert [text for _, text, _ in read(data)] == ["안녕", "네"]
    assert bool(read_file_records(data)[0].notes.app_lines) == is_told


def test_words_behind_a_notice_that_somebody_wrote_stay() -> None:
    data = windows(
        *("--------------- 2024년 1월 15일 월요일 ---------------", "[바다] [오후 3:02] 봐"),
        "구름님이 들어왔습니다. 라고 적혀 있어",
    )
    assert read(data) == [("바다", "봐\n구름님이 들어왔습니다. 라고 적혀 있어", "01-15 15:02")]


def test_a_message_of_one_line_over_a_megabyte_is_rejected_and_not_forgotten() -> None:
    day = "--------------- 2024년 1월 15일 월요일 ---------------"
    long = f"[바다] [오후 3:03] {'안개 ' * 400_000}"
    items = read_file_records(windows(day, "[하늘] [오후 3:02] 안녕", long))[1]
    assert [type(item) for item in items] == [Record, BadRecord]
