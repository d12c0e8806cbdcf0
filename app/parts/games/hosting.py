"""What a host does: make a game, lead it from question to question, and end it.

Each change appends an event, so that every process looks at the game again.
"""

from collections.abc import Sequence
from typing import Final

import msgspec
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import allocate_ids
from app.errors import ConflictError, NotFoundError
from app.models import Game, GameAnswer, GamePlayer, GameQuestion, Tweet, User
from app.parts.games.drawing import DrawnQuestion
from app.parts.games.ending import note_change, present_question, tell, tell_if_all_answered
from app.parts.games.rules import new_code
from app.parts.games.states import read_states, unknown_game
from app.runtime.clock import now
from app.services.deletion.games import tell_of_change

MOST_GAMES: Final = 20
"""Games that have not ended."""


async def add_game(
    session: AsyncSession,
    cast: Sequence[User],
    questions: Sequence[DrawnQuestion],
    *,
    seconds: int,
    room_id: int | None = None,
) -> int:
    """Add a game that waits for its players; return its id. Raises ConflictError."""
    await check_room_for_one(session)
    (game_id,) = await allocate_ids(session, Game, 1)
    session.add(
        Game(
            id=game_id,
            code=await _unused_code(session),
            state="waiting",
            questions=len(questions),
            seconds=seconds,
            user_ids=msgspec.json.encode([user.id for user in cast]).decode(),
            room_id=room_id,
            created_at=now(),
        )
    )
    await session.flush()
    session.add_all(
        GameQuestion(
            game_id=game_id,
            number=number,
            tweet_id=question.tweet_id,
            user_id=question.user_id,
            model_user_id=question.model_user_id,
            model_probability=question.model_probability,
        )
        for number, question in enumerate(questions, start=1)
    )
    await tell_of_change(session)
    return game_id


async def check_room_for_one(session: AsyncSession) -> None:
    """Raise ConflictError where too many games have not ended.

    Those that ask about a deleted author have, though their rows are still there.
    """
    ids = (await session.scalars(select(Game.id).where(Game.state != "ended"))).all()
    if len(ids) >= MOST_GAMES and len(await read_states(session, ids)) >= MOST_GAMES:
        raise ConflictError(
            "{most} games are still open; end or delete a game first", most=MOST_GAMES
        )


async def _unused_code(session: AsyncSession) -> str:
    while True:
        code = new_code()
        if await session.scalar(select(Game.id).where(Game.code == code)) is None:
            return code


async def get_game(session: AsyncSession, game_id: int) -> Game:
    """Return the row of a game. Raises NotFoundError."""
    game = await session.get(Game, game_id)
    if game is None:
        raise unknown_game()
    return game


async def go_on(session: AsyncSession, game_id: int, version: int, time_ms: int) -> None:
    """Start, tell, ask the next question, or end: whichever is next.

    Raises NotFoundError, and ConflictError where the version is not the present one.
    """
    game = await _at_version(session, game_id, version)
    if game.state == "asking":
        await tell(session, game, time_ms)
    else:
        await _ask_next(session, game, time_ms)


async def skip(session: AsyncSession, game_id: int, version: int, time_ms: int) -> None:
    """Leave out the present question, with all answers to it, and ask the next one.

    Raises NotFoundError, ConflictError.
    """
    game = await _at_version(session, game_id, version)
    question = await present_question(session, game)
    await _void(session, question)
    question.asked_ms = question.over_ms = None
    await _ask_next(session, game, time_ms)


async def ask_again(session: AsyncSession, game_id: int, time_ms: int) -> None:
    """Ask the current question again; its answers are deleted.

    Raises NotFoundError, ConflictError.
    """
    game = await get_game(session, game_id)
    if game.state == "ended":
        raise _ended()
    question = await present_question(session, game)
    await _void(session, question)
    await _ask(session, game, question, time_ms)


async def end_game(session: AsyncSession, game_id: int, time_ms: int) -> None:
    """End a game now; the answers so far count. Raises NotFoundError, ConflictError."""
    game = await get_game(session, game_id)
    if game.state == "ended":
        raise _ended()
    if game.state == "asking":
        await tell(session, game, time_ms)
    await _end(session, game)


async def let_join(session: AsyncSession, game_id: int, is_open: int, _time_ms: int) -> None:
    """Let others join a game (1), or no one (0). Raises NotFoundError, ConflictError."""
    game = await get_game(session, game_id)
    if game.state == "ended":
        raise _ended()
    if game.is_closed == bool(is_open):
        game.is_closed = not is_open
        await note_change(session, game)


async def remove_player(session: AsyncSession, game_id: int, player_id: int, time_ms: int) -> None:
    """Remove a player with all answers. Raises NotFoundError."""
    player = await session.get(GamePlayer, player_id)
    if player is None or player.game_id != game_id:
        raise NotFoundError("There is no such player")
    await session.delete(player)
    await session.flush()
    game = await get_game(session, game_id)
    await note_change(session, game)
    await tell_if_all_answered(session, game, time_ms)


async def delete_game(session: AsyncSession, game_id: int, _time_ms: int) -> None:
    """Delete a game with all names. Raises NotFoundError."""
    await session.delete(await get_game(session, game_id))
    await tell_of_change(session)


async def _at_version(session: AsyncSession, game_id: int, version: int) -> Game:
    """Return a game that has not ended and is at this version."""
    game = await get_game(session, game_id)
    if game.state == "ended":
        raise _ended()
    if game.version != version:
        raise ConflictError("The game has moved on; look at the screen again")
    return game


def _ended() -> ConflictError:
    return ConflictError("The game has ended")


async def _void(session: AsyncSession, question: GameQuestion) -> None:
    is_of_it = GameAnswer.game_id == question.game_id, GameAnswer.number == question.number
    await session.execute(delete(GameAnswer).where(*is_of_it))


async def _ask_next(session: AsyncSession, game: Game, time_ms: int) -> None:
    """Ask the next question whose post is still there; end after the last one."""
    query = (
        select(GameQuestion)
        .join(Tweet, Tweet.id == GameQuestion.tweet_id)
        .where(GameQuestion.game_id == game.id, GameQuestion.number > game.question)
        .order_by(GameQuestion.number)
        .limit(1)
    )
    question = await session.scalar(query)
    if question is None:
        await _end(session, game)
    else:
        await _ask(session, game, question, time_ms)


async def _ask(session: AsyncSession, game: Game, question: GameQuestion, time_ms: int) -> None:
    question.asked_ms, question.over_ms = time_ms, None
    game.state, game.question = "asking", question.number
    await note_change(session, game)


async def _end(session: AsyncSession, game: Game) -> None:
    game.state, game.ended_at = "ended", now()
    await note_change(session, game)
