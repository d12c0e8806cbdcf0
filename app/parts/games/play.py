"""The games of a process: who joins, answers, looks and listens."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.engine import Database
from app.models import Game
from app.parts.games.answering import Answering
from app.parts.games.documents import GameView, host_view
from app.parts.games.ending import tell_if_due
from app.parts.games.hub import GameHub
from app.parts.games.joining import Joining
from app.parts.games.playing import PlayerKey, Screen, Screens
from app.parts.games.standings import Standing, Standings
from app.parts.games.states import GameState, get_state, read_states
from app.runtime.clock import now_ms
from app.services.live_streams.streaming import Clients


class Games:
    """All that serves games."""

    def __init__(self, db: Database, clients: Clients) -> None:
        self._db = db
        self.standings = Standings()
        self.joining = Joining(db)
        self.answering = Answering(db)
        self.screens = Screens(db, self.standings)
        self.hub = GameHub(db, clients, self.standings)

    async def close(self) -> None:
        for batched in (self.joining, self.answering, self.screens, self.hub):
            await batched.close()

    async def settle(self, game_id: int) -> None:
        """End the question of a game if its time is over, whoever listens or not."""
        async with self._db.write() as session:
            await tell_if_due(session, game_id, now_ms())

    async def read(self, game_id: int) -> tuple[GameState, Standing]:
        """Return a game as it is now. Raises NotFoundError."""
        state, standing = await self._read(game_id)
        if state.is_due(now_ms()):
            await self.settle(game_id)
            state, standing = await self._read(game_id)
        return state, standing

    async def _read(self, game_id: int) -> tuple[GameState, Standing]:
        async with self._db.read() as session:
            state = await get_state(session, game_id)
            return state, await self.standings.read(session, state)

    async def host_view(self, game_id: int, *, shows_all: bool = False) -> GameView:
        """Return a game as its host sees it. Raises NotFoundError."""
        return host_view(*await self.read(game_id), shows_all=shows_all)

    async def screen(self, key: PlayerKey) -> Screen:
        """Return a player's screen. Raises UnauthorizedError, NotFoundError."""
        screen = await self.screens.read(key)
        if screen.state.is_due(now_ms()):
            await self.settle(key.game_id)
            screen = await self.screens.read(key)
        return screen


async def list_games(session: AsyncSession) -> list[GameState]:
    """Return all games, the newest first."""
    ids = (await session.scalars(select(Game.id).order_by(Game.id.desc()))).all()
    states = await read_states(session, ids)
    return [states[game_id] for game_id in ids if game_id in states]
