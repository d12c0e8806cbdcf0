"""What hosts change by pages and API: new games, and a game's moves."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Final, NamedTuple

from msgspec import UNSET, Meta, Struct, UnsetType
from sqlalchemy import select

from app.lifespan import resources
from app.models import MAX_ID, GameQuestion
from app.parts.games import hosting
from app.parts.games.drawing import draw_questions, named_cast, room_cast
from app.parts.games.states import get_state
from app.runtime.clock import now_ms
from app.services.rooms.room_facts import get_room
from app.views.policies import writing


class GameForm(Struct, forbid_unknown_fields=True):
    usernames: Annotated[
        list[str], Meta(description="Two to six authors; omit if you give a chat.")
    ] = []
    room: Annotated[int, Meta(ge=1, le=MAX_ID)] | UnsetType = UNSET
    questions: Annotated[int, Meta(ge=3, le=30)] = 10
    seconds: Annotated[int, Meta(ge=5, le=120, description="Seconds for each question.")] = 20


async def make_game(form: GameForm) -> int:
    """Make a game; return its id. Raises NotFoundError, InvalidInputError, ConflictError."""
    parts = resources()
    async with parts.db.read() as session:
        await hosting.check_room_for_one(session)
        room = None if form.room is UNSET else await get_room(session, form.room)
        room_id = room.id if room else None
        if room is None:
            cast = await named_cast(session, form.usernames)
        else:
            cast = await room_cast(session, room, form.questions)
        questions = await draw_questions(
            session, parts.models, cast, form.questions, room_id=room_id
        )
    async with writing() as session:
        return await hosting.add_game(
            session, cast, questions, seconds=form.seconds, room_id=room_id
        )


async def play_again(game_id: int) -> int:
    """Make the next game with the players of an ended game; return its id.

    Raises NotFoundError, InvalidInputError, ConflictError.
    """
    parts = resources()
    async with parts.db.read() as session:
        state = await get_state(session, game_id)
        hosting.check_ended(state.game)
        asked = select(GameQuestion.tweet_id).where(GameQuestion.game_id == game_id)
        questions = await draw_questions(
            session,
            parts.models,
            state.cast,
            state.game.questions,
            room_id=state.game.room_id,
            asked={*await session.scalars(asked)},
        )
    async with writing() as session:
        return await hosting.play_again(
            session, game_id, state.cast, questions, parts.secret_keys[0]
        )


class NumberField(NamedTuple):
    name: str
    least: int
    most: int


class Move(NamedTuple):
    change: Callable[..., Awaitable[None]]
    """A function of `hosting`; takes session, game id, number and time."""
    number: NumberField | None = None


_VERSION: Final = NumberField("version", 1, 2**31)
MOVES: Final[Mapping[str, Move]] = {
    "next": Move(hosting.go_on, _VERSION),
    "skip": Move(hosting.skip, _VERSION),
    "again": Move(hosting.ask_again),
    "end": Move(hosting.end_game),
    "joining": Move(hosting.let_join, NumberField("open", 0, 1)),
    "remove": Move(hosting.remove_player, NumberField("player", 1, MAX_ID)),
    "delete": Move(hosting.delete_game),
}


async def make_move(name: str, game_id: int, *number: int) -> None:
    async with writing() as session:
        await MOVES[name].change(session, game_id, *number, now_ms())
