"""Who players are, and what they see: read in batches, by the hashes of their secrets."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import is_among
from app.db.batch import Batch
from app.db.engine import Database
from app.models import Game, GameAnswer, GamePlayer
from app.parts.games.answering import unknown_player
from app.parts.games.documents import PlayerView, player_view
from app.parts.games.standings import Standing, Standings
from app.parts.games.states import GameState, read_states, unknown_game
from app.runtime.clock import now_ms

MOST_AT_ONCE: Final = 500
MOST_WAITING: Final = 10_000
TIMEOUT_S: Final = 30


class PlayerKey(NamedTuple):
    """Who asks, and about which game."""

    game_id: int
    sha256: str


class Screen(NamedTuple):
    """What a player sees, and who the player is."""

    player_id: int
    name: str
    view: PlayerView
    state: GameState
    standing: Standing


class Screens:
    """Reads the screens of players; each read begins after its request."""

    def __init__(self, db: Database, standings: Standings) -> None:
        self._db = db
        self._standings = standings
        self.read: Batch[PlayerKey, Screen] = Batch(
            self._run, max_size=MOST_AT_ONCE, max_waiting=MOST_WAITING, timeout_s=TIMEOUT_S
        )
        """Return a player's screen. Raises UnauthorizedError, NotFoundError."""
        self.find: Batch[PlayerKey, int] = Batch(
            self._find, max_size=MOST_AT_ONCE, max_waiting=MOST_WAITING, timeout_s=TIMEOUT_S
        )
        """Return a player's id. Raises UnauthorizedError."""

    async def close(self) -> None:
        await self.read.close()
        await self.find.close()

    async def _find(self, keys: Sequence[PlayerKey]) -> list[int | Exception]:
        async with self._db.read() as session:
            players = await _players(session, keys)
        return [player.id if (player := _of(key, players)) else unknown_player() for key in keys]

    async def _run(self, keys: Sequence[PlayerKey]) -> list[Screen | Exception]:
        async with self._db.read() as session:
            players = await _players(session, keys)
            states = await read_states(session, {key.game_id for key in keys})
            chosen = await _chosen(session, [player.id for player in players.values()])
            standings = {
                game_id: await self._standings.read(session, state)
                for game_id, state in states.items()
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


async def _players(session: AsyncSession, keys: Sequence[PlayerKey]) -> dict[str, GamePlayer]:
    is_asked = is_among(session, GamePlayer.sha256, {key.sha256 for key in keys})
    return {row.sha256: row for row in await session.scalars(select(GamePlayer).where(is_asked))}


def _of(key: PlayerKey, players: Mapping[str, GamePlayer]) -> GamePlayer | None:
    """Return the player of a key, who plays this game and no other."""
    player = players.get(key.sha256)
    return player if player and player.game_id == key.game_id else None


async def _chosen(session: AsyncSession, player_ids: Sequence[int]) -> dict[int, int]:
    """Return whom players chose for the question that is asked."""
    query = (
        select(GameAnswer.player_id, GameAnswer.user_id)
        .join(Game, (Game.id == GameAnswer.game_id) & (Game.question == GameAnswer.number))
        .where(is_among(session, GameAnswer.player_id, player_ids), Game.state == "asking")
    )
    return dict((await session.execute(query)).all())
