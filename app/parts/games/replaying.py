"""The next game with the same people: players of an ended game are in it without its code.

A player's secret of the next game is made from the hash of the old secret and the key of the site.
So no table has to say which game follows which, and who reads the database cannot play.
"""

import hmac
from collections.abc import Iterable, Sequence
from typing import NamedTuple, cast

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import allocate_ids, insert_rows, is_among
from app.errors import ConflictError
from app.models import Game, GamePlayer, GameQuestion, User
from app.parts.games.drawing import DrawnQuestion
from app.parts.games.ending import note_change
from app.parts.games.hosting import add_game, get_game
from app.parts.games.joining import SECRET_PREFIX, Joined
from app.parts.games.playing import PlayerKey
from app.parts.games.states import GameState
from app.security import digest


class Replay(NamedTuple):
    """What the next game asks: the same authors, and new questions."""

    cast: Sequence[User]
    questions: Sequence[DrawnQuestion]


def check_ended(game: Game) -> None:
    """Raise ConflictError if a game goes on."""
    if game.state != "ended":
        raise ConflictError("The game has not ended")


async def asked_posts(session: AsyncSession, state: GameState) -> set[int]:
    """Return the ids of the posts of a game."""
    query = select(GameQuestion.tweet_id).where(GameQuestion.game_id == state.game.id)
    return {*await session.scalars(query)}


async def play_again(session: AsyncSession, game_id: int, replay: Replay, key: str) -> int:
    """Add a game with the players of an ended game; return its id, or the id of the one there is.

    Raises NotFoundError, and ConflictError if the game goes on, or too many games are open.
    """
    game = await get_game(session, game_id)
    check_ended(game)
    # Whoever presses at the same moment waits here, and finds the players in the next game.
    await note_change(session, game)
    query = select(GamePlayer).where(GamePlayer.game_id == game.id).order_by(GamePlayer.id)
    players = (await session.scalars(query)).all()
    if (there := await _next_of(session, players, key)) is not None:
        return there
    new_id = await add_game(
        session, replay.cast, replay.questions, seconds=game.seconds, room_id=game.room_id
    )
    ids = await allocate_ids(session, GamePlayer, len(players))
    rows = [
        {
            "id": id_,
            "game_id": new_id,
            "name": player.name,
            "name_key": player.name_key,
            "sha256": digest(_next_secret(key, player.sha256)).hex(),
            "network": player.network,
            "joined_ms": player.joined_ms,
        }
        for id_, player in zip(ids, players, strict=True)
    ]
    await insert_rows(session, GamePlayer, rows)
    return new_id


async def find_next_place(session: AsyncSession, player: PlayerKey, key: str) -> Joined | None:
    """Return a player's place in the next game; None if there is none, or it has ended too."""
    secret = _next_secret(key, player.sha256)
    query = (
        select(GamePlayer.game_id, GamePlayer.id, GamePlayer.name)
        .join(Game, Game.id == GamePlayer.game_id)
        .where(GamePlayer.sha256 == digest(secret).hex(), Game.state != "ended")
    )
    row = (await session.execute(query)).first()
    return None if row is None else Joined(*row, secret)


async def _next_of(session: AsyncSession, players: Iterable[GamePlayer], key: str) -> int | None:
    """Return the game that players of an ended game are in already."""
    hashes = {digest(_next_secret(key, player.sha256)).hex() for player in players}
    query = select(GamePlayer.game_id).where(is_among(session, GamePlayer.sha256, hashes))
    return cast(int | None, await session.scalar(query.limit(1)))


def _next_secret(key: str, sha256: str) -> str:
    """Return the secret of a player in the next game."""
    return SECRET_PREFIX + hmac.digest(key.encode(), f"next {sha256}".encode(), "sha256").hex()
