"""When the question that is asked ends, and how all processes are told of a change."""

from typing import Final

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import ConflictError
from app.models import Game, GameAnswer, GamePlayer, GameQuestion
from app.parts.games.states import asked_of
from app.services.deletion.games import tell_of_change

THERE_MS: Final = 25_000
"""A player is there for so long after a sign of an open screen."""


async def tell(session: AsyncSession, game: Game, time_ms: int) -> None:
    """End the question that is asked."""
    question = await present_question(session, game)
    question.over_ms = min(time_ms, asked_of(game, question).ends_ms)
    game.state = "told"
    await note_change(session, game)


async def tell_if_due(session: AsyncSession, game_id: int, time_ms: int) -> None:
    """End the question that is asked if its time is over."""
    game = await session.get(Game, game_id)
    if game is None or game.state != "asking":
        return
    question = await present_question(session, game)
    if asked_of(game, question).ends_ms <= time_ms:
        await tell(session, game, time_ms)


async def tell_if_all_answered(session: AsyncSession, game: Game, time_ms: int) -> None:
    """End the question that is asked if all who are there have answered.

    There is whoever has a screen open or answered the question before; where nobody is, everybody
    is waited for.
    """
    if game.state != "asking" or not await _has_one(session, game, _answered(game.question)):
        return
    is_there = or_(GamePlayer.seen_ms > time_ms - THERE_MS, _answered(game.question - 1))
    is_awaited = ~_answered(game.question)
    if await _has_one(session, game, is_there, is_awaited):
        return
    if await _has_one(session, game, is_there) or not await _has_one(session, game, is_awaited):
        await tell(session, game, time_ms)


async def _has_one(session: AsyncSession, game: Game, *conditions: ColumnElement[bool]) -> bool:
    """Return whether the game has a player for whom all this is true."""
    query = select(GamePlayer.id).where(GamePlayer.game_id == game.id, *conditions).limit(1)
    return await session.scalar(query) is not None


def _answered(number: int) -> ColumnElement[bool]:
    """Return the condition that a player has answered a question."""
    is_own = GameAnswer.player_id == GamePlayer.id, GameAnswer.number == number
    return exists().where(*is_own).correlate(GamePlayer)


async def note_change(session: AsyncSession, game: Game) -> None:
    """Let all who follow the game look at it again."""
    game.version += 1
    await tell_of_change(session)


async def present_question(session: AsyncSession, game: Game) -> GameQuestion:
    question = await session.get(GameQuestion, (game.id, game.question))
    if question is None:
        raise ConflictError("The game has not begun")
    return question
