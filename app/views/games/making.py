"""Making a game, as the page and the API do."""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from app.errors import InvalidInputError
from app.lifespan import resources
from app.models import MAX_ID
from app.services.games.drawing import draw_questions, named_cast, room_cast
from app.services.games.hosting import add_game, check_room_for_one
from app.services.rooms.room_facts import get_room
from app.views.policies import writing


class GameForm(Struct, forbid_unknown_fields=True):
    usernames: Annotated[list[str], Meta(description="Two to six authors; or a chat.")] = []
    room: Annotated[int, Meta(ge=1, le=MAX_ID)] | UnsetType = UNSET
    questions: Annotated[int, Meta(ge=3, le=30)] = 10
    seconds: Annotated[int, Meta(ge=5, le=120, description="For each question.")] = 20


async def make_game(form: GameForm) -> int:
    """Make a game; return its id. Raises NotFoundError, InvalidInputError, ConflictError."""
    parts = resources()
    async with parts.db.read() as session:
        await check_room_for_one(session)
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
        return await add_game(session, cast, questions, seconds=form.seconds, room_id=room_id)


def number_field(text: str, least: int, most: int, name: str) -> int:
    """Return the number of a field. Raises InvalidInputError."""
    if not text.isascii() or not text.isdigit() or not least <= int(text[:20]) <= most:
        raise InvalidInputError(
            "The number must be from {least} to {most}", least=least, most=most, loc=name
        )
    return int(text)
