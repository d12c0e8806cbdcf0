"""The places of live streams of games: nobody takes those of others."""

import asyncio
from contextlib import AsyncExitStack
from typing import Final

import pytest
from quart import Quart

from app.services.live_streams.streaming import MOST_OF_HOLDER
from tests.browsing import signed_in
from tests.conftest import MakeConfig, app_of, client_with
from tests.listening import PATH
from tests.parts.games.playing import AUTHORS, Host, host_game, join, posts_of
from tests.views.posts.test_live_places import DEADLINE_S, Ears, cookies_of, statuses

REPLACED: Final = {"event": "bye", "data": '{"reason": "too_many_streams"}'}


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
        streams = await Ears(app, stack).of(headers, path, MOST_OF_HOLDER + 2)
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
        (unharmed,) = await ears.of(cookies_of(await signed_in(app, "ben")))
        assert not unharmed.answer.done()


async def test_one_player_keeps_nobody_from_a_stream(make_config: MakeConfig) -> None:
    async with app_of(make_config(live_clients=10)) as app, AsyncExitStack() as stack:
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
