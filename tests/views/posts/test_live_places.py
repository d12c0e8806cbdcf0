"""The places of live streams: nobody takes those of others, and an account finds one."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, Final

import pytest
from quart import Quart

from app import create_app
from app.services.live_streams import streaming
from app.services.live_streams.streaming import MOST_OF_HOLDER
from tests.browsing import Browser, signed_in
from tests.conftest import MakeConfig, client_with
from tests.listening import NONE, PATH, Listener, listening
from tests.parts.games.playing import AUTHORS, Host, host_game, join, posts_of
from tests.waiting import eventually

DEADLINE_S: Final = 60
REPLACED: Final = {"event": "bye", "data": '{"reason": "too_many_streams"}'}


@dataclass(slots=True)
class Ears:
    """Streams of an app that are open until the test ends."""

    app: Quart
    stack: AsyncExitStack

    async def of(self, headers: Any = NONE, path: str = PATH, count: int = 1) -> list[Listener]:
        """Open streams one after the other; the oldest comes first."""
        opened = [listening(self.app, headers=headers, path=path) for _ in range(count)]
        return [(await self.stack.enter_async_context(each))[0] for each in opened]


def cookies_of(browser: Browser) -> dict[str, str]:
    return {"Cookie": "; ".join(f"{name}={value}" for name, value in browser.cookies.items())}


def statuses(listeners: list[Listener]) -> list[int]:
    return [listener.messages[0]["status"] for listener in listeners]


async def host_of(app: Quart) -> Host:
    admin = await client_with(app, "admin")
    await admin.add_posts(*posts_of(*AUTHORS))
    return await host_game(admin)


@pytest.mark.parametrize("of", ["a session", "a host", "a player"])
async def test_whoever_opens_too_many_streams_gives_up_the_oldest(app: Quart, of: str) -> None:
    host = await host_of(app)
    (player,) = await join(app, host, "Mina")
    operator = cookies_of(await signed_in(app))
    headers, path = {
        "a session": (operator, PATH),
        "a host": (operator, f"{host.address}/live"),
        "a player": (player.client.headers, f"/api/v1/play/{host.game}/live"),
    }[of]
    async with AsyncExitStack() as stack:
        ears = Ears(app, stack)
        streams = await ears.of(headers, path, MOST_OF_HOLDER + 2)
        assert statuses(streams) == [200] * len(streams)
        for oldest in streams[:2]:
            # The answer comes to its end by itself, and the place was free before.
            await asyncio.wait_for(oldest.answer, DEADLINE_S)
            assert oldest.blocks[-1] == REPLACED
            assert not oldest.messages[-1]["more_body"]
        await host.client.add_user("jun")
        await join(app, host, "Jun")
        for each in streams[2:]:
            assert (await each.next())[-1][1] in {"user.created", "game"}
            assert not each.answer.done()
        assert f"saywho_live_clients {MOST_OF_HOLDER}.0" in await host.client.page("/metrics")


async def test_a_session_has_a_few_streams_of_all_kinds_together(app: Quart) -> None:
    host = await host_of(app)
    operator = cookies_of(await signed_in(app))
    async with AsyncExitStack() as stack:
        ears = Ears(app, stack)
        (oldest,) = await ears.of(operator, f"{host.address}/live")
        await ears.of(operator, count=MOST_OF_HOLDER)
        await asyncio.wait_for(oldest.answer, DEADLINE_S)
        other = cookies_of(await signed_in(app, "ben"))
        (unharmed,) = await ears.of(other)
        assert not unharmed.answer.done()


async def test_one_player_keeps_nobody_from_a_stream(make_config: MakeConfig) -> None:
    app = create_app(make_config(live_clients=10))
    async with app.test_app(), AsyncExitStack() as stack:
        host, ears = await host_of(app), Ears(app, stack)
        greedy, other = await join(app, host, "Mina", "Jun")
        path = f"/api/v1/play/{host.game}/live"
        many = await ears.of(greedy.client.headers, path, 25)
        others = [
            *await ears.of(other.client.headers, path),
            *await ears.of(host.client.headers, f"{host.address}/live"),
            *await ears.of(cookies_of(await signed_in(app))),
            *await ears.of(),
        ]
        assert statuses([*many, *others]) == [200] * 29


async def test_some_places_are_kept_for_accounts(make_config: MakeConfig) -> None:
    app = create_app(make_config(live_clients=20))
    async with app.test_app(), AsyncExitStack() as stack:
        operator, ears = cookies_of(await signed_in(app)), Ears(app, stack)
        visitors = await ears.of(count=20)
        assert statuses(visitors) == [200] * 18 + [503] * 2
        reader = await client_with(app, "read")
        assert statuses(await ears.of(reader.headers)) == [503], "a token is no account"
        assert statuses(await ears.of(operator, count=3)) == [200, 200, 503]


@pytest.mark.full
async def test_the_place_of_a_client_that_takes_nothing_is_free_at_once(
    make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "READER_TIMEOUT_S", 2.0)
    app = create_app(make_config(live_clients=MOST_OF_HOLDER))
    async with app.test_app(), AsyncExitStack() as stack:
        admin, ears = await client_with(app, "admin"), Ears(app, stack)
        operator = cookies_of(await signed_in(app))
        stuck, *_ = await ears.of(operator, count=MOST_OF_HOLDER)
        stuck.takes.clear()
        newer = await ears.of(operator)
        assert statuses(newer) == [200]

        async def is_held() -> bool:
            return stuck.is_held

        await eventually(is_held)
        assert f"saywho_live_clients {MOST_OF_HOLDER}.0" in await admin.page("/metrics")
        await asyncio.wait_for(stuck.answer, DEADLINE_S)
        assert f"saywho_live_clients {MOST_OF_HOLDER}.0" in await admin.page("/metrics")
