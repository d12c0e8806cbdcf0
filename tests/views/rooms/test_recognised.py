"""Who is easiest to recognise in a chat: measured by maintenance, told by its pages."""

import random
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, Final

import msgspec
import pytest
from msgspec import structs
from sqlalchemy import select, update

from app.db.backend import Sessions
from app.db.engine import Database
from app.models import Room, Snapshot
from app.services import maintenance
from app.services.compare.background import ChatBackground, ChatFit
from app.services.compare.habits import Models
from app.services.compare.held_out import has_unjudged, judge_room
from app.services.compare.profiles import ProfileStore
from app.services.maintenance import counted, snapshots_job
from app.services.snapshots import Snapshots
from saywho.engine.case import Fitted
from tests.browsing import parts_of, signed_in
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


async def in_turn(db: Database, work: Callable[[Sessions], Awaitable[None]]) -> None:
    """Do the work as maintenance does."""
    async with db.exclusive_in_turn("work") as grant:
        await work(grant)


async def judged(shared: Shared, name: str) -> tuple[int, dict[str, Any]]:
    """Return a chat's id and portrait after everything was measured; maintenance may be faster."""
    while await is_due(shared):
        await in_turn(parts_of(shared.app).db, judge_room)
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
    operator = await signed_in(shared.app)
    assert "Their most typical message" in await operator.page("/user/tre/report")
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
    assert portrait["people"][portrait["traits"][-1]["person"]]["username"] == "ana"


async def made(db: Database) -> Fitted:
    """Return the background of the only chat, as a new process makes it."""
    async with db.read() as session:
        room = await session.scalar(select(Room.id)) or 0
    async with db.read_chat(room) as session:
        return await ChatBackground(room, ProfileStore(chat=room)).load(session)


@pytest.mark.databases("sqlite", "postgresql")
async def test_what_takes_long_to_fit_is_kept_until_the_chat_has_grown(db: Database) -> None:
    await import_chat(db, kakaotalk("known", *talk(480, seed=1)))
    before = await made(db)
    await in_turn(db, judge_room)
    after = await made(db)
    assert after.temperature == before.temperature
    assert after.population.members == before.population.members
    assert after.population.written == before.population.written
    assert after.background.to_bytes() == before.background.to_bytes()
    async with db.write() as session:
        fit = msgspec.json.decode(await session.scalar(select(Room.fit)) or b"", type=ChatFit)
        changed = msgspec.json.encode(structs.replace(fit, temperature=9.0))
        await session.execute(update(Room).values(fit=changed))
    assert (await made(db)).temperature == 9.0
    await import_chat(db, kakaotalk("known", *talk(60, seed=2)))
    grown = await made(db)
    assert grown.temperature == 9.0
    assert sum(posts for _, posts, _ in grown.population.members) == 540  # The counts are current.
    await import_chat(db, kakaotalk("known", *talk(120, seed=4)))
    assert (await made(db)).temperature != 9.0
    await in_turn(db, judge_room)
    assert (await made(db)).temperature != 9.0


@pytest.mark.databases("sqlite", "postgresql")
async def test_a_large_chat_is_counted_before_anyone_asks(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(maintenance, "LARGE", 400)
    job = snapshots_job(Snapshots(partial(counted, Models())))

    async def looked() -> tuple[bool, list[int]]:
        await in_turn(db, job.do)
        async with db.read() as session:
            stored = (await session.scalars(select(Snapshot.posts))).all()
            return bool(await job.is_due(session)), [*stored]

    await import_chat(db, kakaotalk("small", *talk(120, seed=3)))
    await import_chat(db, kakaotalk("large", *talk(480, seed=1)))
    await in_turn(db, judge_room)
    await in_turn(db, judge_room)
    assert await looked() == (True, [])
    assert await looked() == (False, [480])
    # While it grows, counts would be in vain; what was taken away may not be shown before.
    for seed, size in ((2, 660), (4, 840)):
        await import_chat(db, kakaotalk("large", *talk(180, seed=seed)))
        assert (await looked())[0], size
    assert await looked() == (False, [840])
