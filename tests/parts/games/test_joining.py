"""Joining a game: codes, names, and how a browser is known again."""

import asyncio
import logging
from typing import Any

import pytest
from quart import Quart
from sqlalchemy import update

from app.models.work import GamePlayer
from app.parts.games import players
from app.parts.games.states import Standings, get_state, read_standing
from tests.browsing import Browser, missing_in, parts_of, scope_of, set_cookies
from tests.conftest import Client, MakeConfig, app_of, client_with
from tests.parts.games.playing import AUTHORS, Host, host_game, join, posts_of

pytestmark = pytest.mark.databases("sqlite", "postgresql")
WRONG = {"code": "AAAAAA", "name": "Mina"}
THERE = "198.51.100.7"
"""Address in another network."""


async def entered(app: Quart, *, address: str = "192.0.2.1", **form: str) -> Any:
    """Send the form of the entrance from a browser that plays no game yet."""
    return await Browser(app, address=address).post("/play", form=form)


async def test_a_name_that_is_taken_gets_a_number(host: Host, anybody: Client) -> None:
    players = await join(anybody.app, host, "Mina", "MINA", " mina\u200b ", "하나", "하나")
    names = sorted(player.name for player in players)
    assert names == sorted(["Mina", "MINA 2", "mina 3", "하나", "하나 2"])
    (again,) = await join(anybody.app, host, "Mina 2")
    assert again.name == "Mina 2 2"
    assert (await join(anybody.app, await host_game(host.client), "Mina"))[0].name == "Mina"


@pytest.mark.parametrize("name", ["", "  ", "\u200b", "\x00\n"])
async def test_a_name_needs_something_to_see(host: Host, anybody: Client, name: str) -> None:
    assert (await entered(anybody.app, code=host.code, name=name)).status_code == 422


@pytest.mark.parametrize("sign", ["A", "\u0301", "ß"])
async def test_the_page_reads_only_the_beginning_of_a_code_or_name(
    host: Host, anybody: Client, sign: str
) -> None:
    browser, much = Browser(anybody.app), sign * 10_000
    answer = await browser.post("/play", form={"code": much, "name": much})
    page = await answer.get_data(as_text=True)
    assert answer.status_code in {404, 422}
    assert len(page) < 50_000, "nor is it shown again"
    answer = await browser.post("/play", form={"code": host.code, "name": "Mina" + much})
    assert answer.status_code == 303
    answer = await browser.post("/play", form={"code": host.code + " " * 10_000})
    assert answer.status_code == 303, "the browser plays already"


async def test_a_code_is_read_in_any_case_and_an_ended_game_takes_nobody(
    host: Host, anybody: Client
) -> None:
    app, form = anybody.app, {"code": f" {host.code[:3].lower()} {host.code[3:]}", "name": "Mina"}
    assert (await entered(app, **form)).status_code == 303
    assert (await entered(app, **WRONG)).status_code == 404
    await host.ends()
    assert (await entered(app, **form)).status_code == 409


async def test_wrong_codes_close_a_network_for_a_minute(
    host: Host, anybody: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(players, "MOST_WRONG", 10)
    app = anybody.app
    answers = await asyncio.gather(*(entered(app, **WRONG) for _ in range(12)))
    assert sorted(answer.status_code for answer in answers) == [404] * 10 + [429] * 2
    right = {"code": host.code, "name": "Mina"}
    for form in (WRONG, right):
        answer = await entered(app, **form)
        assert answer.status_code == 429
        assert answer.headers["Retry-After"] == "60"
    assert (await entered(app, address=THERE, **right)).status_code == 303


async def test_a_full_game_says_so(
    host: Host, anybody: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(players, "MOST_PLAYERS", 2)
    await join(anybody.app, host, "Mina", "Jun")
    assert (await entered(anybody.app, code=host.code, name="Ida")).status_code == 503


async def test_a_network_has_so_many_players_and_so_many_a_minute(
    host: Host, anybody: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(players, "FREE_OF_NETWORK", 5)
    monkeypatch.setattr(players, "MOST_A_MINUTE", 3)
    monkeypatch.setattr(players, "MOST_OF_NETWORK", 10)
    app, form = anybody.app, {"code": host.code, "name": "Kim"}

    async def statuses_of(count: int) -> list[int]:
        answers = await asyncio.gather(*(entered(app, **form) for _ in range(count)))
        return sorted(answer.status_code for answer in answers)

    assert await statuses_of(12) == [303] * 8 + [429] * 4
    assert await statuses_of(1) == [429]
    assert (await entered(app, address=THERE, **form)).status_code == 303
    other = await host_game(host.client)
    assert len(await join(anybody.app, other, "Kim", "Kim")) == 2, "of another game"
    page = await entered(app, **form)
    assert (page.status_code, page.headers["Retry-After"]) == (429, "60")
    assert "Too many players have joined from your network" in await page.get_data(as_text=True)
    async with parts_of(anybody.app).db.write() as session:  # A minute later.
        await session.execute(update(GamePlayer).values(joined_ms=GamePlayer.joined_ms - 60_001))
    assert await statuses_of(5) == [303] * 2 + [429] * 3
    page = await entered(app, **form)
    sentence = "10 players from your network are already in this game; no more can join"
    assert sentence in await page.get_data(as_text=True)
    while ranking := (await host.see())["ranking"]:
        for ranked in ranking:
            await host.presses("remove", player=ranked["player"])
    assert await statuses_of(1) == [303], "who was removed does not count"


async def test_a_host_lets_nobody_else_join(host: Host, anybody: Client) -> None:
    operator, phone = host.operator, Browser(anybody.app)
    joined = await phone.post("/play", form={"code": host.code, "name": "Mina"})
    screen, body = f"/games/{host.game}", {"code": host.code, "name": "Late"}
    assert "New players cannot join" not in await operator.page(screen)
    pressed = await operator.post(f"{screen}/joining", form={"open": "0"})
    assert pressed.headers["Location"] == screen
    page = await operator.page(screen)
    assert not missing_in(page, "New players cannot join.", "Let new players join")
    assert 'class="code"' not in page, "nobody is asked to type it"
    assert 'class="qr-code"' not in page
    late = await Browser(anybody.app).post("/play", form=body, status=409)
    assert "The host has closed this game to new players" in await late.get_data(as_text=True)
    assert (await phone.post("/play", form=body)).headers["Location"] == joined.headers["Location"]
    view = await host.see()
    assert (view["open"], view["players"]) == (False, 1)
    await host.does("next")
    assert "Question 1 of 3" in await phone.page(joined.headers["Location"])
    assert "New players cannot join." in await operator.page(screen)
    await host.presses("joining", open=1)
    assert (await host.see())["open"] is True
    assert (await entered(anybody.app, **body)).status_code == 303
    await host.ends()
    assert (await host.presses("joining", open=0)).status_code == 409
    assert (await operator.post(f"{screen}/joining", form={"open": "2"})).status_code == 422


async def test_a_private_site_lets_whoever_has_the_code_play(make_config: MakeConfig) -> None:
    async with app_of(make_config(public=False)) as app:
        admin = await client_with(app, "admin")
        await admin.add_posts(*posts_of(*AUTHORS))
        host = await host_game(admin)
        phone = Browser(app)
        assert (await phone.get("/user/ferry")).status_code == 303
        assert (await phone.get("/play")).status_code == 200
        await phone.post("/play", form={"code": host.code, "name": "Mina"})
        await host.does("next")
        assert "Question 1 of 3" in await phone.page(f"/play/{host.game}")
        assert (await phone.get(f"/api/v1/play/{host.game}")).status_code == 200
        assert (await phone.get(f"/games/{host.game}")).status_code == 303


async def test_a_browser_is_known_again_by_a_cookie(host: Host, anybody: Client) -> None:
    phone = Browser(anybody.app)
    joined = await phone.post("/play", form={"code": host.code, "name": "Mina"})
    address = joined.headers["Location"]
    (cookie,) = set_cookies(joined).values()
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert "Mina" in await phone.page(address)
    again = await phone.post("/play", form={"code": host.code, "name": "Someone else"})
    assert again.headers["Location"] == address
    assert (await phone.get(f"/play?code={host.code.lower()}")).headers["Location"] == address
    assert "Continue as <bdi>Mina</bdi>" in await phone.page("/play")
    assert (await host.see())["players"] == 1
    stranger = Browser(anybody.app)
    entrance = (await stranger.get(address)).headers["Location"]
    assert "You are not in this game" in await stranger.page(entrance)
    assert "You are not in this game" not in await stranger.page("/play")
    assert (await stranger.get(f"/play?code={host.code}")).status_code == 200


async def test_a_cookie_of_an_odd_number_is_nobodys(anybody: Client) -> None:
    coming: asyncio.Queue[Any] = asyncio.Queue()
    coming.put_nowait({"type": "http.request", "body": b"", "more_body": False})
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope = scope_of("GET", "/play", {"Host": "localhost"})
    scope["headers"].append((b"cookie", b"saywho_player_\xb2=odd"))
    await anybody.app(scope, coming.get, send)
    assert sent[0]["status"] == 200


async def test_a_name_stands_in_no_log(
    host: Host, anybody: Client, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    (player,) = await join(anybody.app, host, "Xanthippe")
    await Browser(anybody.app).post("/play", form={"code": host.code, "name": "Xanthippe"})
    await host.does("next")
    await player.chooses(1, "ferry")
    export = await (await host.client.get("/api/v1/export")).get_data(as_text=True)
    assert "Xanthippe" not in export + caplog.text + "".join(capfd.readouterr())


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
    assert await seen(app, host, standings) == {mina.id, jun.id}
    await host.does("next")
    await mina.chooses(1, await host.truth())
    await jun.chooses(1, await host.wrong())
    await join(app, host, "Late")
    known = await seen(app, host, standings)
    await host.removes(jun)
    (other,) = await join(app, host, "Other")
    left = await seen(app, host, standings)
    assert left == known - {jun.id} | {other.id}
    await host.removes(other)
    assert await seen(app, host, standings) == left - {other.id}


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
