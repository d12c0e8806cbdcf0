"""The games of a process: players join, answer, look and listen.

Requests that arrive together share a transaction; each read begins after its request.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final, NamedTuple, cast

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import is_among
from app.db.batch import Batch, Item, Result
from app.db.engine import Database
from app.lifespan import Resources, resources, running
from app.models import Game, GameAnswer, GamePlayer
from app.parts.games.documents import GameView, PlayerView, host_view, player_view
from app.parts.games.hosting import tell_if_due
from app.parts.games.hub import GameHub
from app.parts.games.players import (
    AnswerRequest,
    Joined,
    JoinRequest,
    TakenAnswer,
    answer_all,
    join_all,
    unknown_player,
)
from app.parts.games.standings import Standing, Standings
from app.parts.games.states import GameState, get_state, read_states, unknown_game
from app.runtime.clock import now_ms
from app.services.live_streams.streaming import Clients

GAMES: Final = "/games"
PLAY: Final = "/play"
"""Paths of the pages of hosts and players, and of operations below `API`."""


class PlayerKey(NamedTuple):
    game_id: int
    sha256: str


class Screen(NamedTuple):
    player_id: int
    name: str
    view: PlayerView
    state: GameState
    standing: Standing


class Games:
    def __init__(self, db: Database, clients: Clients) -> None:
        self._db = db
        self._standings = Standings()
        self.hub = GameHub(db, clients, self._standings)
        self.join: Batch[JoinRequest, Joined] = _batch(db.write, join_all)
        """Add a player. Raises NotFoundError, ConflictError, TooManyError, UnavailableError."""
        self.answer: Batch[AnswerRequest, TakenAnswer] = _batch(db.write, answer_all)
        """Store an answer. Raises UnauthorizedError, NotFoundError, ConflictError,
        InvalidInputError."""
        self.find_player: Batch[PlayerKey, int] = _batch(db.read, _find_players)
        """Return a player's id. Raises UnauthorizedError."""
        self._screen: Batch[PlayerKey, Screen] = _batch(db.read, self._read_screens)

    async def close(self) -> None:
        for batched in (self.join, self.answer, self.find_player, self._screen, self.hub):
            await batched.close()

    async def read(self, game_id: int) -> tuple[GameState, Standing]:
        """Return a game as it is now. Raises NotFoundError."""
        state, standing = await self._read(game_id)
        if state.is_due(now_ms()):
            await self._end_question(game_id)
            state, standing = await self._read(game_id)
        return state, standing

    async def _read(self, game_id: int) -> tuple[GameState, Standing]:
        async with self._db.read() as session:
            state = await get_state(session, game_id)
            return state, await self._standings.read(session, state)

    async def _end_question(self, game_id: int) -> None:
        """End a question whose time is over, even if no client follows the game."""
        async with self._db.write() as session:
            await tell_if_due(session, game_id, now_ms())

    async def host_view(self, game_id: int, *, shows_all: bool = False) -> GameView:
        return host_view(*await self.read(game_id), shows_all=shows_all)

    async def screen(self, key: PlayerKey) -> Screen:
        """Return a player's screen. Raises UnauthorizedError, NotFoundError."""
        screen = await self._screen(key)
        if screen.state.is_due(now_ms()):
            await self._end_question(key.game_id)
            screen = await self._screen(key)
        return screen

    async def _read_screens(
        self, session: AsyncSession, keys: Sequence[PlayerKey]
    ) -> list[Screen | Exception]:
        players = await _players(session, keys)
        states = await read_states(session, {key.game_id for key in keys})
        chosen = await _chosen(session, [player.id for player in players.values()])
        standings = {
            game_id: await self._standings.read(session, state) for game_id, state in states.items()
        }
        screens: list[Screen | Exception] = []
        for key in keys:
            player, state = _of(key, players), states.get(key.game_id)
            if player is None:
                screens.append(unknown_player())
            elif state is None:
                screens.append(unknown_game())
            else:
                standing, choice = standings[key.game_id], chosen.get(player.id)
                view = player_view(state, standing, player.id, choice, now_ms())
                screens.append(Screen(player.id, player.name, view, state, standing))
        return screens


def _batch(
    opened: Callable[[], AbstractAsyncContextManager[AsyncSession]],
    run: Callable[[AsyncSession, Sequence[Item]], Awaitable[Sequence[Result | Exception]]],
) -> Batch[Item, Result]:
    async def run_all(items: Sequence[Item]) -> Sequence[Result | Exception]:
        async with opened() as session:
            return await run(session, items)

    return Batch(run_all, max_size=500, max_waiting=10_000, timeout_s=30)


async def _find_players(session: AsyncSession, keys: Sequence[PlayerKey]) -> list[int | Exception]:
    players = await _players(session, keys)
    return [player.id if (player := _of(key, players)) else unknown_player() for key in keys]


async def _players(session: AsyncSession, keys: Sequence[PlayerKey]) -> dict[str, GamePlayer]:
    is_asked = is_among(session, GamePlayer.sha256, {key.sha256 for key in keys})
    return {row.sha256: row for row in await session.scalars(select(GamePlayer).where(is_asked))}


def _of(key: PlayerKey, players: Mapping[str, GamePlayer]) -> GamePlayer | None:
    player = players.get(key.sha256)
    return player if player and player.game_id == key.game_id else None


async def _chosen(session: AsyncSession, player_ids: Sequence[int]) -> dict[int, int]:
    query = (
        select(GameAnswer.player_id, GameAnswer.user_id)
        .join(Game, (Game.id == GameAnswer.game_id) & (Game.question == GameAnswer.number))
        .where(is_among(session, GameAnswer.player_id, player_ids), Game.state == "asking")
    )
    return dict((await session.execute(query)).all())


async def list_games(session: AsyncSession) -> list[GameState]:
    ids = (await session.scalars(select(Game.id).order_by(Game.id.desc()))).all()
    states = await read_states(session, ids, has_texts=False)
    return [states[game_id] for game_id in ids if game_id in states]


@asynccontextmanager
async def open_games(here: Resources) -> AsyncIterator[Games]:
    """Open the games of a process, which follow the log until closed."""
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
    return cast(Games, resources().of_parts["games"])
