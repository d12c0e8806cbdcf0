"""What sets an author apart at first sight: what the portrait counts, in fewer posts."""

import asyncio
from typing import Final

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.fingerprint import Measure
from app.compute.significance import FEWEST_COMPARED
from app.result_cache import EVERYTHING, depends_on
from app.services.archive.beside import Reach, count_beside, read_beside
from app.services.compare.cases import Models
from app.services.posts.users import Author
from app.services.rooms.room_facts import RoomFacts

AT_SIGHT: Final = Reach(in_room=1_000, own=300, each=60)
"""The page is opened more often than the portrait, and its other parts take as long."""


class AuthorTraits(msgspec.Struct, frozen=True):
    """What sets an author apart from others by more than chance explains."""

    clear: list[Measure]
    """The clearest first; none where too little is compared."""
    room: RoomFacts | None
    """Whose people the others are; None for others of the site."""
    is_of_newest: bool
    """Whether there are more posts, which the portrait may look through."""


async def read_traits(
    session: AsyncSession, models: Models, author: Author, room: RoomFacts | None
) -> AuthorTraits:
    """Return what sets an author apart: in a room from the others there, else from the site."""
    if author.tweets < FEWEST_COMPARED:
        return AuthorTraits([], room, is_of_newest=False)
    depends_on(EVERYTHING)
    read = await read_beside(session, models, author, room, AT_SIGHT)
    counted = await asyncio.to_thread(count_beside, read, author.id)
    clear = [measure for measure in counted.measures if measure.is_clear]
    return AuthorTraits(clear if counted.is_compared else [], room, is_of_newest=not read.is_whole)
