"""Making a game, as the page and the API do."""

from collections.abc import Sequence
from typing import NamedTuple

from app.errors import InvalidInputError
from app.lifespan import resources
from app.services.games.drawing import draw_questions, named_cast, room_cast
from app.services.games.hosting import add_game, check_room_for_one
from app.services.rooms.room_facts import get_room
from app.views.policies import writing


class GameWish(NamedTuple):
    """What a game shall be like: of these authors, or of a room."""

    usernames: Sequence[str]
    room: int | None
    questions: int
    seconds: int


async def make_game(wish: GameWish) -> int:
    """Make a game; return its id. Raises NotFoundError, InvalidInputError, ConflictError."""
    parts = resources()
    async with parts.db.read() as session:
        await check_room_for_one(session)
        room = None if wish.room is None else await get_room(session, wish.room)
        room_id = room.id if room else None
        if room is None:
            cast = await named_cast(session, wish.usernames)
        else:
            cast = await room_cast(session, room, wish.questions)
        questions = await draw_questions(
            session, parts.models, cast, wish.questions, room_id=room_id
        )
    async with writing() as session:
        return await add_game(session, cast, questions, seconds=wish.seconds, room_id=room_id)


def number_field(text: str, least: int, most: int, name: str) -> int:
    """Return the number of a field. Raises InvalidInputError."""
    if not text.isascii() or not text.isdigit() or not least <= int(text[:20]) <= most:
        raise InvalidInputError(
            "The number must be from {least} to {most}", least=least, most=most, loc=name
        )
    return int(text)
