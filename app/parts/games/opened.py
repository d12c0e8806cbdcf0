"""The games of an app while it serves, and the addresses of their pages and operations."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, cast

from app.lifespan import Resources, resources, running
from app.parts.games.play import Games

GAMES: Final = "/games"
PLAY: Final = "/play"
"""Addresses of the pages of hosts and of players, and below `API` of games in the API."""


@asynccontextmanager
async def open_games(here: Resources) -> AsyncIterator[Games]:
    """Open the games of a process, which follow the log until they are closed."""
    games = Games(here.db, here.clients)
    here.feed.subscribe(games.hub.publish)
    here.feed.on_reset(games.hub.reset)
    here.ends.append(games.hub.end)
    try:
        async with running(games.hub.run()):
            yield games
    finally:
        games.hub.end()
        await games.close()


def games() -> Games:
    """Return the games of the app that serves the request."""
    return cast(Games, resources().of_parts["games"])
