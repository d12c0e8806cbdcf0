"""Who is easiest to recognise in a chat: measured by maintenance, told by its pages."""

import random
from collections.abc import Sequence
from typing import Any, Final

from app.services.compare.held_out import has_unjudged, judge_room
from tests.browsing import parts_of
from tests.chats import Said, import_chat, kakaotalk
from tests.conftest import Shared

COMMON: Final = "the bus was late and so we went home for tea with bread after all that rain"
OWN: Final = "kettle lantern quay ferry anchor gull harbour rope tide mast keel buoy sail deck"


PEOPLE: Final = ("una", "duo", "tre")


def talk(
    count: int, *, seed: int, people: Sequence[str] = PEOPLE, apart: str = "tre"
) -> list[Said]:
    """Return messages of two who write alike, and of one with words of their own."""
    chance = random.Random(seed)  # noqa: S311 - an invented chat
    said: list[Said] = []
    for number in range(count):
        name = people[number % 3]
        words = OWN if name == apart else COMMON
        text = " ".join(chance.choices(words.split(), k=7))
        said.append((f"2024-{1 + seed:02}-{1 + number // 60:02} 10:{number % 60:02}", name, text))
    return said


async def is_due(shared: Shared) -> bool:
    async with parts_of(shared.app).db.read() as session:
        return await has_unjudged(session)


async def judged(shared: Shared, name: str) -> tuple[int, dict[str, Any]]:
    """Return a chat's id and portrait after everything was measured; maintenance may be faster."""
    while await is_due(shared):
        await judge_room(parts_of(shared.app).db)
    rooms = await shared.anybody.walk("/api/v1/rooms", 100)
    (room,) = [room["id"] for room in rooms if room["name"] == name]
    return room, await shared.anybody.json(f"/api/v1/rooms/{room}/portrait")


async def test_who_is_easiest_to_recognise_is_told_once_it_is_measured(shared: Shared) -> None:
    db = parts_of(shared.app).db
    await import_chat(db, kakaotalk("known", *talk(480, seed=1)))
    room, _ = await judged(shared, "known")
    page = await shared.anybody.page(f"/room/{room}")
    assert 'id="finding">tre is easiest to recognise (' in page
    portrait = await shared.anybody.json(f"/api/v1/rooms/{room}/portrait")
    *_, last = portrait["traits"]
    assert (last["kind"], portrait["people"][last["person"]]["username"]) == ("recognised", "tre")
    assert last["value"] > 0.9
    assert not await is_due(shared)
    await import_chat(db, kakaotalk("known", *talk(60, seed=2)))
    assert not await is_due(shared)


async def test_messages_elsewhere_do_not_change_who_is_recognised(shared: Shared) -> None:
    db, elsewhere = parts_of(shared.app).db, ("ana", "bea", "cleo")
    await import_chat(db, kakaotalk("alone", *talk(480, seed=3)))
    alike = talk(480, seed=3, people=elsewhere, apart="cleo")
    await import_chat(db, kakaotalk("of people with another chat", *alike), rooms=("new",))
    # There, another one has words of their own, and all write more and later.
    other = talk(900, seed=5, people=elsewhere, apart="ana")
    await import_chat(db, kakaotalk("the other chat", *other))
    portraits = [
        (await judged(shared, name))[1] for name in ("alone", "of people with another chat")
    ]
    alone, joined = (portrait["traits"][-1] for portrait in portraits)
    assert alone["kind"] == "recognised"
    assert joined == alone | {"username": "cleo", "person": joined["person"]}
    _, portrait = await judged(shared, "the other chat")
    last = portrait["traits"][-1]
    assert portrait["people"][last["person"]]["username"] == "ana"
