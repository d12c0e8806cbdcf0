"""Moves of a host: start a game, lead it, end it, and play it again.

Pages call `make_game`, `make_move` and `play_again`. Each change appends an event, so that every
process reads the game again.
"""

import hmac
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Final, NamedTuple

import msgspec
from sqlalchemy import ColumnElement, delete, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import allocate_ids, insert_rows, is_among
from app.errors import ConflictError, NotFoundError
from app.lifespan import resources
from app.models import MAX_ID, Tweet, User
from app.models.work import Game, GameAnswer, GamePlayer, GameQuestion
from app.parts.games.drawing import DrawnQuestion, draw_questions, named_cast, room_cast
from app.parts.games.states import asked_of, get_state, read_states, unknown_game
from app.security import digest
from app.services.event_log import tell_of_game
from app.services.rooms.chats import get_room
from app.views.policies import writing
from saywho.clock import now, now_ms

LETTERS: Final = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
"""Characters of codes; no two look alike."""
CODE_LENGTH: Final = 6
"""Some 890 million codes: at 100 wrong codes a minute a game of 20 is found in 8 months."""
LONGEST_CODE: Final = 4 * CODE_LENGTH
"""Characters of a typed code that are read, with blanks between them."""
SECRET_PREFIX: Final = "player_"  # noqa: S105 - no secret
MOST_GAMES: Final = 20
THERE_MS: Final = 25_000
"""Milliseconds for which a player is awaited after the last sign of an open screen."""


async def add_game(
    session: AsyncSession,
    authors: Sequence[User],
    questions: Sequence[DrawnQuestion],
    *,
    seconds: int,
    room_id: int | None = None,
) -> int:
    """Add a game that waits for players; return its id. Raises ConflictError."""
    await check_room_for_one(session)
    (game_id,) = await allocate_ids(session, Game, 1)
    session.add(
        Game(
            id=game_id,
            code=await _unused_code(session),
            state="waiting",
            questions=len(questions),
            seconds=seconds,
            user_ids=msgspec.json.encode([user.id for user in authors]).decode(),
            room_id=room_id,
            created_at=now(),
        )
    )
    await session.flush()
    session.add_all(
        GameQuestion(game_id=game_id, number=number, **asdict(question))
        for number, question in enumerate(questions, start=1)
    )
    await tell_of_game(session)
    return game_id


async def check_room_for_one(session: AsyncSession) -> None:
    """Raise ConflictError if too many games are open, without those about a deleted author, whose
    rows remain.
    """
    ids = (await session.scalars(select(Game.id).where(Game.state != "ended"))).all()
    if len(ids) < MOST_GAMES:
        return
    if len(await read_states(session, ids, has_texts=False)) >= MOST_GAMES:
        raise ConflictError(
            "{most} games are still open; end or delete a game first", most=MOST_GAMES
        )


def new_code() -> str:
    return "".join(secrets.choice(LETTERS) for _ in range(CODE_LENGTH))


def typed_code(text: str) -> str:
    """Return a code as it is stored, however it was typed."""
    letters = text[:LONGEST_CODE].upper()
    return "".join(letter for letter in letters if letter in LETTERS)[: CODE_LENGTH + 1]


async def _unused_code(session: AsyncSession) -> str:
    while True:
        code = new_code()
        if await session.scalar(select(Game.id).where(Game.code == code)) is None:
            return code


async def get_game(session: AsyncSession, game_id: int) -> Game:
    """Return a game's row. Raises NotFoundError."""
    game = await session.get(Game, game_id)
    if game is None:
        raise unknown_game()
    return game


async def go_on(session: AsyncSession, game_id: int, version: int, time_ms: int) -> None:
    """Start, show the answer, ask the next question, or end.

    Raises NotFoundError, and ConflictError for another version than the present.
    """
    game = await _open_game(session, game_id, version)
    if game.state == "asking":
        await end_question(session, game, time_ms)
    else:
        await _ask_next(session, game, time_ms)


async def skip(session: AsyncSession, game_id: int, version: int, time_ms: int) -> None:
    """Leave out the present question and its answers, and ask the next.

    Raises NotFoundError, ConflictError.
    """
    game = await _open_game(session, game_id, version)
    question = await _present_question(session, game)
    await _void(session, question)
    question.asked_ms = question.over_ms = None
    await _ask_next(session, game, time_ms)


async def ask_again(session: AsyncSession, game_id: int, time_ms: int) -> None:
    """Ask the present question again; its answers are deleted.

    Raises NotFoundError, ConflictError.
    """
    game = await _open_game(session, game_id)
    question = await _present_question(session, game)
    await _void(session, question)
    await _ask(session, game, question, time_ms)


async def end_game(session: AsyncSession, game_id: int, time_ms: int) -> None:
    """End a game now; the answers so far count. Raises NotFoundError, ConflictError."""
    game = await _open_game(session, game_id)
    if game.state == "asking":
        await end_question(session, game, time_ms)
    await _end(session, game)


async def let_join(session: AsyncSession, game_id: int, is_open: int, _time_ms: int) -> None:
    """Let new players join a game (1), or not (0). Raises NotFoundError, ConflictError."""
    game = await _open_game(session, game_id)
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
    await tell_of_game(session)


async def _open_game(session: AsyncSession, game_id: int, version: int | None = None) -> Game:
    game = await get_game(session, game_id)
    if game.state == "ended":
        raise ConflictError("The game has ended")
    if version is not None and game.version != version:
        raise ConflictError("The game has moved on; look at the screen again")
    return game


async def _present_question(session: AsyncSession, game: Game) -> GameQuestion:
    question = await session.get(GameQuestion, (game.id, game.question))
    if question is None:
        raise ConflictError("The game has not begun")
    return question


async def _void(session: AsyncSession, question: GameQuestion) -> None:
    is_of_it = GameAnswer.game_id == question.game_id, GameAnswer.number == question.number
    await session.execute(delete(GameAnswer).where(*is_of_it))


async def _ask_next(session: AsyncSession, game: Game, time_ms: int) -> None:
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


async def end_question(session: AsyncSession, game: Game, time_ms: int) -> None:
    question = await _present_question(session, game)
    question.over_ms = min(time_ms, asked_of(game, question).ends_ms)
    game.state = "told"
    await note_change(session, game)


async def tell_if_due(session: AsyncSession, game_id: int, time_ms: int) -> None:
    game = await session.get(Game, game_id)
    if game is None or game.state != "asking":
        return
    question = await _present_question(session, game)
    if asked_of(game, question).ends_ms <= time_ms:
        await end_question(session, game, time_ms)


async def tell_if_all_answered(session: AsyncSession, game: Game, time_ms: int) -> None:
    """End the open question if all present players have answered.

    Present are players with a screen that is open or has closed within `THERE_MS`, or an answer to
    the question before; without any, it waits for all.
    """
    if game.state != "asking" or not await _has_one(session, game, _answered(game.question)):
        return
    is_there = or_(GamePlayer.seen_ms > time_ms - THERE_MS, _answered(game.question - 1))
    is_awaited = ~_answered(game.question)
    if await _has_one(session, game, is_there, is_awaited):
        return
    if await _has_one(session, game, is_there) or not await _has_one(session, game, is_awaited):
        await end_question(session, game, time_ms)


async def _has_one(session: AsyncSession, game: Game, *conditions: ColumnElement[bool]) -> bool:
    query = select(GamePlayer.id).where(GamePlayer.game_id == game.id, *conditions).limit(1)
    return await session.scalar(query) is not None


def _answered(number: int) -> ColumnElement[bool]:
    is_own = GameAnswer.player_id == GamePlayer.id, GameAnswer.number == number
    return exists().where(*is_own).correlate(GamePlayer)


async def note_change(session: AsyncSession, game: Game) -> None:
    game.version += 1
    await tell_of_game(session)


def check_ended(game: Game) -> None:
    if game.state != "ended":
        raise ConflictError("The game has not ended")


async def add_next_game(
    session: AsyncSession,
    game_id: int,
    authors: Sequence[User],
    questions: Sequence[DrawnQuestion],
    key: str,
) -> int:
    """Add a game with the players of an ended game, or find it; return its id.

    No table says which game follows: players' next secrets are derived from the present secrets.
    Raises NotFoundError, and ConflictError if the game goes on, or too many are open.
    """
    game = await get_game(session, game_id)
    check_ended(game)
    # A host who presses at the same moment waits here, and finds the players in the next game.
    await note_change(session, game)
    query = select(GamePlayer).where(GamePlayer.game_id == game.id).order_by(GamePlayer.id)
    players = (await session.scalars(query)).all()
    hashes = [digest(next_secret(key, player.sha256)).hex() for player in players]
    in_next = select(GamePlayer.game_id).where(is_among(session, GamePlayer.sha256, set(hashes)))
    if (next_id := await session.scalar(in_next.limit(1))) is not None:
        return next_id
    new_id = await add_game(session, authors, questions, seconds=game.seconds, room_id=game.room_id)
    ids = await allocate_ids(session, GamePlayer, len(players))
    rows = [
        {
            "id": id_,
            "game_id": new_id,
            "name": player.name,
            "name_key": player.name_key,
            "sha256": sha256,
            "network": player.network,
            "joined_ms": player.joined_ms,
        }
        for id_, player, sha256 in zip(ids, players, hashes, strict=True)
    ]
    await insert_rows(session, GamePlayer, rows)
    return new_id


def next_secret(site_key: str, sha256: str) -> str:
    """Return a player's secret in the next game, from the hash of the present secret and the site's
    key: database readers cannot play.
    """
    return SECRET_PREFIX + hmac.digest(site_key.encode(), f"next {sha256}".encode(), "sha256").hex()


class WantedGame(NamedTuple):
    usernames: Sequence[str]
    """Two to six authors, if there is no chat."""
    room: int | None
    questions: int
    seconds: int
    """Time for each question."""


async def room_of_game(session: AsyncSession, game: Game) -> int | None:
    """Return the id under which the messages of a game's chat are kept, which may have been joined
    to another; None for a game of authors. Raises NotFoundError.
    """
    return None if game.room_id is None else (await get_room(session, game.room_id)).id


async def make_game(wanted: WantedGame) -> int:
    """Make a game; return its id. Raises NotFoundError, InvalidInputError, ConflictError."""
    parts = resources()
    async with parts.db.read() as session:
        await check_room_for_one(session)
        room = None if wanted.room is None else await get_room(session, wanted.room)
    room_id = room.id if room else None
    source = parts.of_chat(room_id)
    async with source.db.read() as session:
        if room is None:
            cast = await named_cast(session, wanted.usernames)
        else:
            cast = await room_cast(session, room, wanted.questions)
        questions = await draw_questions(session, source.models, cast, wanted.questions)
    async with writing() as session:
        return await add_game(session, cast, questions, seconds=wanted.seconds, room_id=room_id)


async def play_again(game_id: int) -> int:
    """Make the next game with the players of an ended game; return its id.

    Raises NotFoundError, InvalidInputError, ConflictError.
    """
    parts = resources()
    async with parts.db.read() as session:
        state = await get_state(session, game_id)
        check_ended(state.game)
        asked = select(GameQuestion.tweet_id).where(GameQuestion.game_id == game_id)
        asked_ids = {*await session.scalars(asked)}
        source = parts.of_chat(await room_of_game(session, state.game))
    async with source.db.read() as session:
        questions = await draw_questions(
            session, source.models, state.cast, state.game.questions, asked=asked_ids
        )
    async with writing() as session:
        return await add_next_game(session, game_id, state.cast, questions, parts.secret_keys[0])


class NumberField(NamedTuple):
    name: str
    least: int
    most: int


class Move(NamedTuple):
    change: Callable[..., Awaitable[None]]
    """Takes session, game id, number and time."""
    number: NumberField | None = None


_VERSION: Final = NumberField("version", 1, 2**31)
MOVES: Final[Mapping[str, Move]] = {
    "next": Move(go_on, _VERSION),
    "skip": Move(skip, _VERSION),
    "again": Move(ask_again),
    "end": Move(end_game),
    "joining": Move(let_join, NumberField("open", 0, 1)),
    "remove": Move(remove_player, NumberField("player", 1, MAX_ID)),
    "delete": Move(delete_game),
}


async def make_move(name: str, game_id: int, *number: int) -> None:
    async with writing() as session:
        await MOVES[name].change(session, game_id, *number, now_ms())
