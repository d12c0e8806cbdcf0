"""What a chat's page says first, of chats whose truth is known, in both languages."""

import json
import random
from collections.abc import Callable
from datetime import datetime, timedelta
from html import unescape
from typing import Any, Final

import pytest

from app.views.figures.findings import CARE, Told, ranked
from tests.browsing import parts_of
from tests.chats import Said, import_chat, kakaotalk
from tests.conftest import Shared

WORDS: Final = ["밥", "먹으러", "학교에", "친구랑", "버스", "타고", "시장에", "우산을", "들고"]
ENDS: Final = {True: ("갔어요", "먹어요", "좋아요"), False: ("갔어", "먹어", "좋아")}
FIRST: Final = datetime(2024, 11, 1, 9, 0)
Polite = Callable[[str, int], float]
"""The share of polite sentences of a person, on a day."""


def talk(
    seed: int, people: str, polite: Polite, *, days: int = 240, gap: range = range(0)
) -> list[Said]:
    """Return a chat in which all write alike, but for how polite they are."""
    chance, said = random.Random(seed), list[Said]()  # noqa: S311 - invented chats
    for day in range(days):
        time = FIRST + timedelta(day)
        for _ in range(0 if day in gap else 5):
            name = chance.choice(people)
            end = chance.choice(ENDS[chance.random() < polite(name, day)])
            text = f"{' '.join(chance.sample(WORDS, 3))} {end}{chance.choice(('', 'ㅋㅋ', '~'))}"
            time += timedelta(minutes=chance.randint(1, 200))
            said.append((f"{time:%Y-%m-%d %H:%M}", name, text))
    return said


MARCH: Final = (datetime(2025, 3, 1) - FIRST).days + 1
CHATS: Final[dict[str, tuple[list[Said], str, str]]] = {
    "both drop it": (
        talk(1, "가나", lambda _, day: 0.97 if day < MARCH else 0.03),
        "The two dropped polite speech in March 2025.",
        "두 사람은 2025년 3월부터 말을 놓았어요.",
    ),
    "one drops it": (
        talk(2, "가나다", lambda name, day: 0.97 * (name == "가" and day < MARCH)),
        "가 dropped polite speech in March 2025.",
        "가는 2025년 3월부터 말을 놓았어요.",
    ),
    "one takes it up": (
        talk(3, "가나다", lambda name, day: 0.97 * (name == "나" and day >= MARCH)),
        "나 took up polite speech in March 2025.",
        "나는 2025년 3월부터 존댓말을 써요.",
    ),
    "one alone": (
        talk(4, "가나다", lambda name, _: float(name == "다")),
        "Only 다 speaks politely (100% of the sentences).",
        "다만 존댓말을 써요(문장의 100%).",
    ),
    "one plainly": (
        talk(5, "가나다", lambda name, _: float(name != "다")),
        "Only 다 speaks plainly (100% of the sentences).",
        "다만 반말을 써요(문장의 100%).",
    ),
    "one of two": (
        talk(6, "가나", lambda name, _: float(name == "가")),
        "가 speaks politely (100% of the sentences), 나 plainly (100%).",
        "가는 존댓말을 쓰고(문장의 100%), 나는 반말을 써요(100%).",
    ),
    "a silence before it": (
        talk(7, "가나다", lambda name, _: float(name == "다"), gap=range(90, 120)),
        "Nobody wrote for 30 days, Jan 30 – Feb 28, 2025.",
        "30일 동안",
    ),
}


def addressed(seed: int, call: Callable[[str, bool], str], count: int = 200) -> list[Said]:
    """Return a chat in which 김지우 speaks politely to 박하람 and plainly to 이예린; all others
    speak plainly. call: how a message calls somebody, and whether politely.
    """
    chance, said = random.Random(seed), list[Said]()  # noqa: S311 - invented chats
    for number in range(count):
        time = FIRST + timedelta(hours=5 * number)
        name = ("김지우", "박하람", "이예린")[number % 3]
        other = chance.choice([each for each in ("박하람", "이예린") if each != name])
        is_polite = name == "김지우" and other == "박하람"
        text = f"{' '.join(chance.sample(WORDS, 3))} {chance.choice(ENDS[is_polite])}"
        said.append((f"{time:%Y-%m-%d %H:%M}", name, f"{call(other, is_polite)} {text}".strip()))
    return said


TO_ONE: Final = "김지우는 박하람에게만 존댓말을 써요"
ADDRESSED: Final[dict[str, tuple[list[Said], bool]]] = {
    "by given name": (addressed(1, lambda to, polite: f"{to[1:]}{'님' if polite else '아'}"), True),
    "by whole name": (addressed(2, lambda to, _: f"{to} 씨,"), True),
    "by a sign": (addressed(3, lambda to, _: f"@{to}"), True),
    "too seldom": (addressed(4, lambda to, _: f"{to}님", count=80), False),
    "by who wrote before": (addressed(5, lambda *_: ""), False),
    "within the sentence": (addressed(6, lambda to, _: f"어제 {to}님"), False),
}


@pytest.mark.parametrize("name", ADDRESSED)
async def test_to_whom_is_told_only_of_those_who_are_called(shared: Shared, name: str) -> None:
    said, is_told = ADDRESSED[name]
    await import_chat(parts_of(shared.app).db, kakaotalk(f"to {name}", *said))
    rooms = (await shared.anybody.json("/api/v1/rooms?limit=50"))["items"]
    number = next(room["id"] for room in rooms if room["name"] == f"to {name}")
    korean = {"Accept-Language": "ko"}
    told = heading(await shared.anybody.page(f"/room/{number}", headers=korean))
    assert (TO_ONE in told) is is_told, told


async def test_to_whom_is_told_by_the_answers_of_a_file(shared: Shared) -> None:
    ids, messages = {"박하람": 1, "이예린": 2, "김지우": 3}, list[dict[str, Any]]()
    for place, (when, who, text) in enumerate(addressed(7, lambda to, _: to, 240), 1):
        to, _, words = text.partition(" ")
        target = [one["id"] for one in messages if one["from"] == to]
        answer = {"reply_to_message_id": target[-1]} if target else {}
        own = {"id": place, "type": "message", "date": when.replace(" ", "T") + ":00"}
        messages.append(own | answer | {"text": words, "from": who, "from_id": f"user{ids[who]}"})
    file = {"name": "answers", "type": "private_group", "id": 9, "messages": messages}
    await import_chat(parts_of(shared.app).db, json.dumps(file).encode())
    rooms = (await shared.anybody.json("/api/v1/rooms?limit=50"))["items"]
    number = next(room["id"] for room in rooms if room["name"] == "answers")
    page = await shared.anybody.page(f"/room/{number}", headers={"Accept-Language": "ko"})
    assert TO_ONE in heading(page)


def heading(page: str) -> str:
    told = unescape(page.partition('id="finding">')[2].partition("</p>")[0])
    return " ".join(told.replace("\N{WORD JOINER}", "").split())


@pytest.mark.parametrize("name", CHATS)
async def test_the_first_sentence_is_the_story(shared: Shared, name: str) -> None:
    said, english, korean = CHATS[name]
    await import_chat(parts_of(shared.app).db, kakaotalk(name, *said))
    rooms = (await shared.anybody.json("/api/v1/rooms?limit=50"))["items"]
    (number,) = (room["id"] for room in rooms if room["name"] == name)
    for language, told in (("en", english), ("ko", korean)):
        page = await shared.anybody.page(f"/room/{number}", headers={"Accept-Language": language})
        assert told in heading(page)
        months = unescape(page.partition('aria-labelledby="months-heading"')[2])
        assert told not in months.partition("</section>")[0].replace("\N{WORD JOINER}", "")


@pytest.mark.parametrize("people", ["가나", "가나다", "가나다라마바사"])
async def test_where_nobody_differs_nobody_is_told(shared: Shared, people: str) -> None:
    """Everybody is as polite as the other, on most days or on half of them."""
    for seed, share in enumerate((0.5, 0.95, 0.05)):
        title = f"alike {seed} {people}"
        said = talk(10 * len(people) + seed, people, lambda _, day, share=share: share)  # type: ignore[misc]
        await import_chat(parts_of(shared.app).db, kakaotalk(title, *said))
        rooms = (await shared.anybody.json("/api/v1/rooms?limit=50"))["items"]
        number = next(room["id"] for room in rooms if room["name"] == title)
        told = heading(await shared.anybody.page(f"/room/{number}"))
        assert not set(people) & {*told.split()}, told
        assert "polite" not in told


def test_findings_are_in_the_order_of_care_then_of_chance() -> None:
    found = [Told(care, care, errors=errors) for care in reversed(CARE) for errors in (3, -9)]
    in_order = ranked([*found, Told("speech", "x" * 141), Told("speech", "")])
    assert [(told.care, told.errors) for told in in_order] == [
        (care, errors) for care in CARE for errors in (-9, 3)
    ]
