"""Who is easiest to recognise in a chat: measured by maintenance, told by its pages."""

import random
from typing import Final

from app.services.compare.held_out import has_unjudged, judge_room
from tests.browsing import parts_of
from tests.chats import Said, import_chat, kakaotalk
from tests.conftest import Shared

COMMON: Final = "the bus was late and so we went home for tea with bread after all that rain"
OWN: Final = "kettle lantern quay ferry anchor gull harbour rope tide mast keel buoy sail deck"


def talk(count: int, *, seed: int) -> list[Said]:
    """Return messages of two who write alike, and of one with words of their own."""
    chance = random.Random(seed)  # noqa: S311 - an invented chat
    words = {"una": COMMON, "duo": COMMON, "tre": OWN}
    said: list[Said] = []
    for number in range(count):
        name = ("una", "duo", "tre")[number % 3]
        text = " ".join(chance.choices(words[name].split(), k=7))
        said.append((f"2024-{1 + seed:02}-{1 + number // 60:02} 10:{number % 60:02}", name, text))
    return said


async def test_who_is_easiest_to_recognise_is_told_once_it_is_measured(shared: Shared) -> None:
    parts = parts_of(shared.app)
    await import_chat(parts.db, kakaotalk("known", *talk(480, seed=1)))
    rooms = await shared.anybody.walk("/api/v1/rooms", 100)
    (room,) = [room["id"] for room in rooms if room["name"] == "known"]
    await shared.anybody.page(f"/room/{room}")
    # Maintenance may have been faster.
    await judge_room(parts.db, parts.models)
    page = await shared.anybody.page(f"/room/{room}")
    assert 'id="finding">tre is easiest to recognise (' in page
    portrait = await shared.anybody.json(f"/api/v1/rooms/{room}/portrait")
    *_, last = portrait["traits"]
    assert (last["kind"], portrait["people"][last["person"]]["username"]) == ("recognised", "tre")
    assert last["value"] > 0.9

    async def is_due() -> bool:
        async with parts.db.read() as session:
            return await has_unjudged(session)

    assert not await is_due()
    await import_chat(parts.db, kakaotalk("known", *talk(60, seed=2)))
    assert not await is_due()
