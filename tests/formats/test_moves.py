"""Who came to a chat and left it, by the lines of its app."""

import json
from datetime import UTC, datetime

import pytest

from tests.formats.files import read_file_records

Told = list[tuple[str, bool, str]]
LONGER = {"timezone": "UTC"}


def moves_in(content: bytes, **options: str) -> Told:
    records, _ = read_file_records(content, **LONGER, **options)
    return [(move.username, move.has_left, f"{move.at:%m-%d %H:%M}") for move in records.moves]


def whatsapp(*lines: str, start: str = "2{}/04/24, 09:15 - {}") -> bytes:
    said = ["Mina: hi there", "Tom: hello", "Kim Lee: yes"]
    return "\n".join(start.format(n, line) for n, line in enumerate([*said, *lines], 1)).encode()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Mina left", [("Mina", True)]),
        ("Tom added Mina", [("Mina", False)]),
        ("Tom added Mina and Kim Lee", [("Mina", False), ("Kim_Lee", False)]),
        ("Mina joined using this group's invite link", [("Mina", False)]),
        ("Tom removed ~ Mina", [("Mina", True)]),
        ("Mina added you", []),
        ("Nobody left", []),
        ("Tom changed the group description", []),
        ("Tom hat Mina hinzugefügt.", [("Mina", False)]),
        ("Tom님이 Mina님을 추가했습니다.", [("Mina", False)]),
        ("Mina님이 나갔습니다.", [("Mina", True)]),
        ("Mina left: and never came back", []),
    ],
)
def test_whatsapp_says_who_came_and_left(line: str, expected: list[tuple[str, bool]]) -> None:
    assert moves_in(whatsapp(line)) == [(*each, "04-24 09:15") for each in expected]


@pytest.mark.parametrize(
    ("line", "became"),
    [
        ("Mina changed to Kim Lee", "Kim_Lee"),
        ("~\u202fMina changed to \u202aKim Lee\u202c", "Kim_Lee"),
        ("Mina hat zu Kim Lee gewechselt.", "Kim_Lee"),
        ("Mina a changé pour Tom", "Tom"),
        ("Mina cambió a Tom", "Tom"),
        ("Mina mudou para Tom", "Tom"),
        ("Mina changed to Mina", None),
        ("Mina changed to Nobody", None),
        ("Nobody changed to Mina", None),
        ("Mina changed to a new number. Tap to message or add the new number.", None),
        ("Mina changed to Tom: I mean the seats", None),
    ],
)
def test_whatsapp_says_who_changed_name(line: str, became: str | None) -> None:
    records, _ = read_file_records(whatsapp(line), timezone="UTC")
    told = [(move.username, move.has_left, move.became) for move in records.moves]
    assert told == ([("Mina", False, became)] if became else [])


def test_the_exporting_person_has_their_name() -> None:
    content = whatsapp("You left", "You: I am here", "You were added")
    assert moves_in(content, username="ada") == [
        ("ada", True, "04-24 09:15"),
        ("ada", False, "04-26 09:15"),
    ]
    assert moves_in(content) == []


def test_lines_of_an_iphone_stand_below_the_chat() -> None:
    content = whatsapp("Trip: \u200eTom added Mina", start="[2{}.04.24, 09:15:00] {}")
    assert moves_in(content) == [("Mina", False, "04-24 09:15")]


WINDOWS = """저녁 모임 님과 카카오톡 대화
저장한 날짜 : 2024-05-03 10:00:00

--------------- 2024년 5월 1일 수요일 ---------------
하린님이 도윤님과 서연님을 초대했습니다.
[하린] [오전 9:05] 안녕
[도윤] [오전 9:06] 안녕하세요
[서연] [오전 9:07] 반가워요
도윤님이 나갔습니다.
--------------- 2024년 5월 2일 목요일 ---------------
서연님이 나갔습니다.
[하린] [오후 3:00] 조용하네
"""
PHONE = """저녁 모임 님과 카카오톡 대화
저장한 날짜 : 2024년 5월 3일 오전 10:00

2024년 5월 1일 오전 9:05, 하린 : 안녕
2024년 5월 1일 오전 9:06, 도윤 : 안녕하세요
2024년 5월 1일 오후 4:10, 도윤님이 나갔습니다.
2024년 5월 2일 오전 8:00, 하린님이 도윤님을 초대했습니다.
"""


def test_kakaotalk_says_who_came_and_left() -> None:
    invited = [("도윤", False, "05-01 00:00"), ("서연", False, "05-01 00:00")]
    left = [("도윤", True, "05-01 09:07"), ("서연", True, "05-02 00:00")]
    assert moves_in(WINDOWS.encode()) == invited + left
    of_phone = [("도윤", True, "05-01 16:10"), ("도윤", False, "05-02 08:00")]
    assert moves_in(PHONE.encode()) == of_phone


def test_telegram_says_who_came_and_left() -> None:
    def at(day: int) -> dict[str, str]:
        time = datetime(2024, 5, day, 12, tzinfo=UTC)
        return {"date": f"2024-05-0{day}T12:00:00", "date_unixtime": f"{time.timestamp():.0f}"}

    def said(number: int, name: str) -> dict[str, object]:
        return {
            "id": number,
            "type": "message",
            **at(1),
            "from": name,
            "from_id": f"user{name}",
            "text": f"words of {name}",
        }

    def did(number: int, action: str, *members: str) -> dict[str, object]:
        deed = {"id": number, "type": "service", **at(number), "actor": "Ann", "action": action}
        return deed | ({"members": members} if members else {}) | {"text": ""}

    messages = [
        *map(said, (10, 11, 12), ("Ann", "Ben", "Cy")),
        *(did(2, "remove_members", "Ben"), did(3, "invite_members", "Ben", "Cy", "Dee")),
        *(did(4, "join_group_by_link"), did(5, "pin_message")),
    ]
    content = {"name": "Trip", "type": "private_group", "id": 7, "messages": messages}
    assert moves_in(json.dumps(content).encode()) == [
        *(("Ben", True, "05-02 12:00"), ("Ben", False, "05-03 12:00")),
        *(("Cy", False, "05-03 12:00"), ("Ann", False, "05-04 12:00")),
    ]


def test_a_renamed_person_moves_under_the_new_name() -> None:
    records, _ = read_file_records(whatsapp("Mina left"), rename={"Mina": "Mina Park"}, **LONGER)
    assert [move.username for move in records.moves] == ["Mina_Park"]
    records, _ = read_file_records(whatsapp("Mina left"), only=("Tom",), **LONGER)
    assert [*records.moves] == []
