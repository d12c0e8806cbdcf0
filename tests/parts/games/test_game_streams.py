"""The streams of games: whoever comes late has the newest document at once, and all the same."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import event, select, text

from app.models.work import GamePlayer
from app.parts.games import hosting, playing
from app.services.access.rights import revoke_token
from app.services.live_streams import streaming
from saywho import clock
from saywho.clock import now_ms
from tests.browsing import Browser, parts_of
from tests.conftest import Client, client_with
from tests.listening import Listener, listening
from tests.parts.games.playing import Host, Player, join
from tests.waiting import eventually

pytestmark = pytest.mark.databases("sqlite", "postgresql")
BROKEN = """CREATE TRIGGER broken BEFORE UPDATE OF state ON "Game" WHEN new.state = 'told'
    BEGIN SELECT RAISE(ABORT, 'no disk'); END"""
OWN = {"answer", "right", "points", "total", "place", "streak", "podium"}


class Ears:
    """Streams of a game that are open until the test ends."""

    def __init__(self, stack: AsyncExitStack, host: Host) -> None:
        self._stack = stack
        self._host = host

    async def of(self, player: Player | None = None) -> Listener:
        """Open a player's stream, or the host's."""
        client = player.client if player else self._host.client
        path = f"/api/v1/{'play' if player else 'games'}/{self._host.game}/live"
        opened = listening(client.app, headers=client.headers, path=path)
        (listener,) = await self._stack.enter_async_context(opened)
        return listener


@pytest.fixture
async def ears(host: Host) -> AsyncIterator[Ears]:
    async with AsyncExitStack() as stack:
        yield Ears(stack, host)


async def until(listener: Listener, **fields: Any) -> dict[str, Any]:
    """Return the first document that says this."""
    while True:
        ((_, kind, value),) = await listener.next()
        assert kind == "game"
        if fields.items() <= value.items():
            document: dict[str, Any] = value
            return document


def documents(listener: Listener) -> list[str]:
    """Return what was sent, without the server's clock."""
    values = [json.loads(block["data"]) for block in listener.blocks if "id" in block]
    return [json.dumps(value | {"now": None}) for value in values]


async def until_there(host: Host, count: int) -> None:
    """Wait until so many players are known to have a screen open."""

    async def there() -> int:
        is_seen = GamePlayer.seen_ms > now_ms() - hosting.THERE_MS
        is_there = GamePlayer.game_id == host.game, is_seen
        async with parts_of(host.client.app).db.read() as session:
            return len((await session.scalars(select(GamePlayer.id).where(*is_there))).all())

    await eventually(there, until=lambda seen: seen == count)


async def until_left(host: Host, listener: Listener) -> None:
    """Close a screen, and wait until that is stored."""
    listener.leave()
    await listener.answer
    await parts_of(host.client.app).of_parts["games"].hub.presence.store()


class StoppedClock:
    """A clock that goes on only by `move`, however long a test takes."""

    def __init__(self) -> None:
        self._ns, self._s = time.time_ns(), time.monotonic()

    def time_ns(self) -> int:
        return self._ns

    def monotonic(self) -> float:
        return self._s

    def move(self, seconds: int) -> None:
        self._ns += seconds * 1_000_000_000
        self._s += seconds


AWAY_S = hosting.THERE_MS // 1_000 + 1
"""After which nobody waits for a player who has left."""


@pytest.fixture
def stopped(monkeypatch: pytest.MonkeyPatch) -> StoppedClock:
    stopped = StoppedClock()
    monkeypatch.setattr(clock, "time", stopped)
    return stopped


async def test_all_players_are_sent_the_same_and_whoever_is_late_has_it_at_once(
    host: Host, ears: Ears, anybody: Client
) -> None:
    mina, jun, late = await join(anybody.app, host, "Mina", "Jun", "Late")
    first, second = await ears.of(mina), await ears.of(jun)
    assert (await until(first, state="waiting"))["players"] == 3
    view = await host.does("next")
    asked = await until(first, state="asking")
    await until(second, state="asking")
    assert asked["version"] == view["version"]
    assert asked["text"] == view["text"]
    assert asked.keys() == (await mina.see()).keys() - OWN
    third = await ears.of(late)
    assert (await until(third, state="asking"))["question"] == 1
    await until_there(host, 3)  # Else the one answer ends the question before the host does.
    await mina.chooses(1, await host.truth())
    await host.does("next")
    told = [await until(each, state="told") for each in (first, second, third)]
    assert {document["truth"] for document in told} == {(await host.see())["truth"]}
    assert documents(first) == documents(second)
    assert documents(third) == documents(first)[-2:]


async def test_a_host_hears_of_counts(host: Host, ears: Ears, anybody: Client) -> None:
    listener = await ears.of()
    await until(listener, players=0)
    mina, jun = await join(anybody.app, host, "Mina", "Jun")
    await until(listener, players=2)
    await host.does("next")
    await until(listener, state="asking", answers=0)
    await mina.chooses(1, "ferry")
    await until(listener, answers=1)
    await jun.chooses(1, "ferry")
    assert (await until(listener, state="told"))["tally"]["ferry"] == 2


async def test_a_question_ends_when_its_time_is_over(
    host: Host, ears: Ears, anybody: Client, stopped: StoppedClock
) -> None:
    mina, _ = await join(anybody.app, host, "Mina", "Jun")
    listener = await ears.of(mina)
    view = await host.does("next")
    await until(listener, state="asking")
    stopped.move(61)
    assert (await until(listener, state="told"))["now"] >= view["ends_at"]
    late = await mina.chooses(1, "ferry", status=409)
    assert late["detail"] == "Too late: this question is over"


async def test_a_question_ends_early_once_all_who_are_there_have_answered(
    host: Host, ears: Ears, anybody: Client, stopped: StoppedClock
) -> None:
    mina, jun, _away = await join(anybody.app, host, "Mina", "Jun", "Away")
    listener, other = await ears.of(mina), await ears.of(jun)
    await until_there(host, 2)
    await host.does("next")
    await mina.chooses(1, "ferry")
    assert (await host.see())["state"] == "asking"
    await jun.chooses(1, "ferry")
    assert (await host.see())["state"] == "told"
    await host.does("next")
    await mina.chooses(2, "ferry")
    await until_left(host, other)
    stopped.move(AWAY_S)
    # Jun answered before, and so is waited for, though only Mina listens any more.
    await until_there(host, 1)
    assert (await host.see())["state"] == "asking"
    await jun.chooses(2, "ferry")
    assert (await host.see())["state"] == "told"
    assert await until(listener, question=2, state="told")


@pytest.mark.usefixtures("stopped")
@pytest.mark.parametrize("has_script", [True, False], ids=["by script", "by page"])
@pytest.mark.parametrize("comes_first", [False, True], ids=["while it is asked", "just before"])
async def test_whoever_has_just_come_is_waited_for(
    host: Host,
    ears: Ears,
    anybody: Client,
    monkeypatch: pytest.MonkeyPatch,
    *,
    comes_first: bool,
    has_script: bool,
) -> None:
    monkeypatch.setattr(playing, "COUNT_S", 3_600.0)  # Nothing is stored by the usual looks.
    mina, jun = await join(anybody.app, host, "Mina", "Jun")
    secret = jun.client.headers["Authorization"].removeprefix("Bearer ")
    phone = Browser(anybody.app, cookies={f"saywho_player_{host.game}": secret})

    async def come() -> None:
        if has_script:
            await ears.of(jun)
        else:
            await phone.page(f"/play/{host.game}")

    await ears.of(mina)
    if comes_first:
        await come()
    await host.does("next")
    if not comes_first:
        await come()
    await mina.chooses(1, "ferry")
    assert (await host.see())["state"] == "asking"
    await jun.chooses(1, "ferry")
    assert (await host.see())["state"] == "told"


async def test_all_who_come_together_are_stored_together(
    host: Host, ears: Ears, anybody: Client
) -> None:
    players = await join(anybody.app, host, *(f"Player {number}" for number in range(12)))
    await host.does("next")
    parts, statements = parts_of(anybody.app), list[str]()

    def note(*values: Any) -> None:
        statements.append(values[2])

    event.listen(parts.db.engine.sync_engine, "before_cursor_execute", note)
    streams = await asyncio.gather(
        *[parts.of_parts["games"].hub.open(host.game, player_id=player.id) for player in players]
    )
    stored = [text for text in statements if text.startswith('UPDATE "GamePlayer"')]
    assert 0 < len(stored) <= 4, "two for each run, and of these at most one had begun before"
    await until_there(host, 12)
    for stream in streams:
        stream.close()


async def test_a_question_ends_when_the_last_one_without_an_answer_stays_away(
    host: Host, ears: Ears, anybody: Client, stopped: StoppedClock
) -> None:
    mina, jun = await join(anybody.app, host, "Mina", "Jun")
    listener, other = await ears.of(mina), await ears.of(jun)
    await until_there(host, 2)
    view = await host.does("next")
    await mina.chooses(1, "ferry")
    await until_left(host, other)
    assert (await host.see())["state"] == "asking"
    stopped.move(AWAY_S)
    told = await until(listener, question=1, state="told")
    assert told["now"] < view["ends_at"], "its time is not over"


@pytest.mark.usefixtures("stopped")
async def test_a_reload_does_not_end_the_question(host: Host, ears: Ears, anybody: Client) -> None:
    mina, jun = await join(anybody.app, host, "Mina", "Jun")
    await ears.of(mina)
    other = await ears.of(jun)
    await until_there(host, 2)
    await host.does("next")
    await mina.chooses(1, "ferry")
    await until_left(host, other)
    assert (await host.see())["state"] == "asking"
    await ears.of(jun)
    assert (await jun.chooses(1, await host.truth()))["question"] == 1
    assert (await host.see())["state"] == "told"


async def test_whoever_is_removed_and_all_of_a_deleted_game_are_told_so(
    host: Host, ears: Ears, anybody: Client
) -> None:
    mina, jun = await join(anybody.app, host, "Mina", "Jun")
    first, second, leading = await ears.of(mina), await ears.of(jun), await ears.of()
    await host.removes(mina)
    await first.answer
    assert first.blocks[-1] == {"event": "gone", "data": "{}"}
    await until(second, players=1)
    await host.presses("delete")
    for listener in (second, leading):
        await listener.answer
        assert listener.blocks[-1] == {"event": "gone", "data": "{}"}


async def test_a_silent_game_is_kept_alive_by_comments_that_are_no_events(
    ears: Ears, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "HEARTBEAT_S", 0.02)
    leading = await ears.of()

    async def comments() -> int:
        return leading.comments.count("still here")

    await eventually(comments, until=lambda count: count >= 2)
    assert {} not in leading.blocks


async def test_a_host_whose_token_is_revoked_hears_no_more(
    host: Host, anybody: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "HEARTBEAT_S", 0.1)
    other = await client_with(anybody.app, "admin")
    path = f"{host.address}/live"
    async with listening(anybody.app, headers=other.headers, path=path) as (listener,):
        secret = other.headers["Authorization"].removeprefix("Bearer ")
        token = await parts_of(anybody.app).reads.token(secret)
        assert token is not None
        async with parts_of(anybody.app).db.write() as session:
            await revoke_token(session, token.id)
        await listener.answer


async def test_a_screen_that_breaks_off_takes_no_other_one_away(
    host: Host, ears: Ears, anybody: Client
) -> None:
    (mina,) = await join(anybody.app, host, "Mina")
    await ears.of(mina)
    hub = parts_of(anybody.app).of_parts["games"].hub
    second = asyncio.create_task(hub.open(host.game, player_id=mina.id))
    await asyncio.sleep(0)
    second.cancel()
    await asyncio.wait([second])
    await hub.presence.store()
    async with parts_of(anybody.app).db.read() as session:
        assert (await session.get_one(GamePlayer, mina.id)).seen_ms is not None


@pytest.mark.full
@pytest.mark.databases("sqlite")
async def test_a_question_that_cannot_be_ended_is_tried_again_once_a_second(
    host: Host, ears: Ears, caplog: pytest.LogCaptureFixture
) -> None:
    listener = await ears.of()
    db = parts_of(host.client.app).db
    view = await host.see()
    async with db.write() as session:
        await session.execute(text('UPDATE "Game" SET seconds = 0'))
        await session.execute(text(BROKEN))
        await hosting.go_on(session, host.game, view["version"], now_ms())

    async def warnings() -> list[float]:
        return [record.created for record in caplog.records if record.name == playing.__name__]

    times = await eventually(warnings, until=lambda times: len(times) > 3)
    soon = [later - earlier for earlier, later in pairwise(times) if later - earlier < 0.9]
    assert len(soon) <= 1, "the log tells of it once, maybe after a look that only counted"
    async with db.write() as session:
        await session.execute(text("DROP TRIGGER broken"))
    assert await until(listener, state="told")
