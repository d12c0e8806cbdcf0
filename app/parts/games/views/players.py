"""How a player is known: by a secret, which programs send and browsers keep in a cookie."""

import contextlib
from typing import Final

from quart import Response, request

from app.errors import NotFoundError, UnauthorizedError
from app.lifespan import resources
from app.parts.games.joining import Joined, JoinRequest, player_name
from app.parts.games.opened import games
from app.parts.games.playing import PlayerKey, Screen
from app.parts.games.replaying import find_next_place
from app.parts.games.rules import typed_code
from app.security import digest
from app.services.deletion.games import KEPT
from app.views.policies import cookie_name, send_to_login, set_secret
from app.views.requests import number_of

PLAYER: Final = "player_"
"""Begins the names of the cookies of players; the game's id follows."""
PRIVATE: Final = {"Cache-Control": "no-store"}
"""Headers of what one player alone may see."""
LONGEST_SECRET: Final = 200
MOST_JOINED: Final = 5
"""Games that a browser is reminded of."""


def player_key(game_id: int) -> PlayerKey | None:
    """Return who asks about a game; None for who sends no secret at all."""
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        secret = request.cookies.get(_cookie_of(game_id), "")
    secret = secret.strip()[:LONGEST_SECRET]
    return PlayerKey(game_id, digest(secret).hex()) if secret else None


def required_key(game_id: int) -> PlayerKey:
    """Return who asks. Raises UnauthorizedError, which tells nothing of the game."""
    key = player_key(game_id)
    if key is None:
        send_to_login()
        raise AssertionError("the API sends nobody to a page")
    return key


async def screen_of(game_id: int) -> Screen:
    """Return what the player who asks sees. Raises UnauthorizedError, NotFoundError."""
    return await games().screen(required_key(game_id))


async def join(code: str, name: str) -> Joined:
    """Let whoever asks play. Raises InvalidInputError, NotFoundError and others."""
    request_ = JoinRequest(typed_code(code), player_name(name), request.remote_addr or "")
    return await games().joining.join(request_)


def remember(response: Response, joined: Joined) -> Response:
    """Let the browser know the player again."""
    set_secret(response, _cookie_of(joined.game_id), joined.secret, KEPT)
    return response


def _cookie_of(game_id: int) -> str:
    return cookie_name(f"{PLAYER}{game_id}")


async def next_place(key: PlayerKey) -> Joined | None:
    """Return the place in the next game, of the player of one that has ended; None without one."""
    parts = resources()
    async with parts.db.read() as session:
        return await find_next_place(session, key, parts.secret_keys[0])


async def joined_games() -> list[Screen]:
    """Return what this browser plays, the newest game first."""
    prefix = cookie_name(PLAYER)
    numbers = [name.removeprefix(prefix) for name in request.cookies if name.startswith(prefix)]
    ids = sorted(filter(None, map(number_of, numbers)), reverse=True)
    screens = []
    for game_id in ids[:MOST_JOINED]:
        if key := player_key(game_id):
            with contextlib.suppress(UnauthorizedError, NotFoundError):
                screens.append(await games().screen(key))
    return [screen for screen in screens if screen.view.state != "ended"]
