"""After the clock was set back, games and wrong codes last no longer than promised."""

from datetime import timedelta

import pytest
from quart import Quart

from app.models.work import Game, WrongCode
from app.parts.games import hosting, players
from app.services import maintenance
from saywho.clock import now_ms
from tests.browsing import parts_of
from tests.parts.games.test_joining import entered
from tests.services.test_clock_changes import AHEAD, move, times
from tests.waiting import maintain

pytestmark = pytest.mark.databases("sqlite", "postgresql")


@pytest.mark.parametrize("ahead", AHEAD)
async def test_games_and_wrong_codes_go_at_their_time(
    app: Quart, ahead: timedelta, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(players, "MOST_WRONG", 1)
    db = parts_of(app).db
    async with db.write() as session:
        game_id = await hosting.add_game(session, [], [], seconds=60)
        await hosting.end_game(session, game_id, now_ms())
    wrong = {"code": "AAAAAA", "name": "Mina"}
    assert (await entered(app, **wrong)).status_code == 404
    for column in (Game.created_at, Game.ended_at, WrongCode.sent_at):
        await move(app, column, ahead)
    await maintain(db)
    assert (await entered(app, **wrong)).status_code == 429
    await move(app, WrongCode.sent_at, -players.WINDOW)
    assert (await entered(app, **wrong)).status_code == 404
    await move(app, Game.ended_at, -maintenance.GAMES_KEPT_AFTER_END)
    await maintain(db)
    assert await times(app, Game.created_at) == []
