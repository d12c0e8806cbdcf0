"""Standings: the newest one is what all rows say, though only newcomers are read."""

import pytest
from quart import Quart
from sqlalchemy import update

from app.models import GamePlayer
from app.parts.games.standings import Standings, read_standing
from app.parts.games.states import get_state
from tests.browsing import parts_of
from tests.conftest import Client
from tests.parts.games.playing import AUTHORS, Host, Player, host_game, join, posts_of

pytestmark = pytest.mark.databases("sqlite", pytest.param("postgresql", marks=pytest.mark.full))


@pytest.fixture
async def host(writer: Client, admin: Client) -> Host:
    await writer.add_posts(*posts_of(*AUTHORS))
    return await host_game(admin)


async def seen(app: Quart, host: Host, standings: Standings) -> set[int]:
    """Compare the newest standing with that of all rows; return its players."""
    async with parts_of(app).db.read() as session:
        state = await get_state(session, host.game)
        standing = await standings.read(session, state)
        assert standing == await read_standing(session, state)
    return {*standing.names}


async def test_a_standing_is_what_all_rows_say(host: Host, anybody: Client) -> None:
    app, standings = anybody.app, Standings()
    assert await seen(app, host, standings) == set()
    mina, jun = await join(app, host, "Mina", "Jun")
    known = await seen(app, host, standings)
    assert known == {mina.id, jun.id}
    await host.does("next")
    await mina.chooses(1, await host.truth())
    await jun.chooses(1, await host.wrong())
    await join(app, host, "Late")
    known = await seen(app, host, standings)
    await removed(host, jun)
    (other,) = await join(app, host, "Other")
    left = await seen(app, host, standings)
    assert left == known - {jun.id} | {other.id}
    await removed(host, other)
    assert await seen(app, host, standings) == left - {other.id}


async def removed(host: Host, player: Player) -> None:
    answer = await host.client.delete(f"{host.address}/players/{player.id}")
    assert answer.status_code == 204


async def test_players_who_are_known_are_not_read_again(host: Host, anybody: Client) -> None:
    app, standings = anybody.app, Standings()
    (mina,) = await join(app, host, "Mina")
    db = parts_of(app).db
    async with db.read() as session:
        await standings.read(session, await get_state(session, host.game))
    async with db.write() as session:
        await session.execute(update(GamePlayer).values(name="Read again"))
    (jun,) = await join(app, host, "Jun")
    async with db.read() as session:
        standing = await standings.read(session, await get_state(session, host.game))
    assert standing.names == {mina.id: "Mina", jun.id: "Jun"}
