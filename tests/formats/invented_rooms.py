"""Rooms of chats, invented: who says what when, and what apps put between that."""

import random
from datetime import datetime, timedelta
from typing import Final, NamedTuple

ZONE: Final = "Asia/Seoul"
NAMES: Final = (
    "하늘",
    "[운영] 하늘",
    "하늘/27/서울",
    "Anna Kim",
    "Anna_Kim",
    "mina",
    "Mina",
    "🐶",
    "O'Neil, Jr.",
)
WORDS: Final = (
    *("ㅋㅋㅋ", "사진 좋다", "그래 3:02에", "ok", "https://a.example/x?y", "회의 [오후 5:00]"),
    *("12:30에 나갔습니다", "left", "yes: no", "1/2/24", "<3", "a, b", "🎉", "2024년 1월", '"네"'),
)
PASTED: Final = "2024년 1월 15일 오후 3:02, 나라 : 붙여 넣은 말"


class Said(NamedTuple):
    """One line of a room: a message, or what is left out where `fate` says so."""

    name: str
    when: datetime
    text: str
    fate: str = ""
    answers: int | None = None
    """Place in the room of the message that this one answers."""


def invented(seed: int, *, seconds: bool) -> list[Said]:
    """Return a room of up to 60 messages over some days, with what apps put between them."""
    rng = random.Random(seed)  # noqa: S311 # no secret
    names = rng.sample(NAMES, rng.randint(2, len(NAMES)))
    when, room = datetime(2024, 1, rng.randint(13, 25), 9, 30), []
    for _ in range(rng.randint(8, 60)):
        when += timedelta(minutes=rng.choice([0, 0, 1, 7, 200, 900]))
        if seconds:
            when += timedelta(seconds=rng.randint(0, 59))
        text = "\n".join(
            " ".join(rng.choices(WORDS, k=rng.randint(1, 5))) for _ in range(rng.choice([1, 1, 3]))
        )
        fate = rng.choice(["", "", "", "", "", "system", "media", "deleted"])
        room.append(Said(rng.choice(names), when, text, fate))
    return [*room, Said(names[0], when + timedelta(days=25), "끝", "")]


def messages_in(room: list[Said], *, has_files: bool) -> list[Said]:
    """Return what is read as messages: where files came with a room, its pictures alone too."""
    return [
        said._replace(text="" if said.fate else said.text)
        for said in room
        if not said.fate or (has_files and said.fate == "media")
    ]


def stamp(form: str, when: datetime) -> str:
    """Return a time in a form: of `strftime`, with these fields, whose numbers have no zeros."""
    fields = {
        "half": "오전" if when.hour < 12 else "오후",
        "p": f"{when:%p}".lower(),
        "h": when.hour % 12 or 12,
        "hour": when.hour,
        "d": when.day,
        "m": when.month,
    }
    return when.strftime(form.format(**fields))
