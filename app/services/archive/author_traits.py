"""What sets an author apart at first sight: what the portrait counts, in fewer posts."""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Final

import msgspec
from msgspec import Meta
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.fingerprint import Measure
from app.compute.significance import FEWEST_COMPARED
from app.db.result_cache import EVERYTHING, depends_on
from app.services.archive.beside import CountedBeside, Reach, count_beside, read_beside
from app.services.compare.cases import Models
from app.services.posts.users import Author
from app.services.rooms.room_facts import RoomFacts

AT_SIGHT: Final = Reach(in_room=1_000, own=300, each=60)
"""The page is opened more often than the portrait, and its other parts take as long."""


class TypicalTerm(msgspec.Struct, frozen=True):
    """A word or sign that an author uses more than others."""

    text: str
    times: Annotated[float, Meta(description="How many times as often as the others compared.")]
    is_mark: Annotated[bool, Meta(description="Whether the term is a sign, not a word.")]
    is_only: Annotated[bool, Meta(description="Whether none of them uses the term.")]


class AuthorTraits(msgspec.Struct, frozen=True):
    """What sets an author apart from others by more than chance explains."""

    clear: list[Measure]
    """The clearest first; none where too little is compared."""
    room: RoomFacts | None
    """Whose people the others are; None for others of the site."""
    is_of_newest: bool
    """Whether there are more posts, which the portrait may look through."""
    others: int = 0
    """The number of people compared with."""
    only_other: str = ""
    """The name of the one other person; empty for several."""
    typical: list[TypicalTerm] = []
    """What they say more often than the others of the chat; nothing outside of chats."""


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
    people = room.usernames if room else read.usernames
    others = (room.people_total if room else len(people)) - 1
    return AuthorTraits(
        clear if counted.is_compared else [],
        room,
        is_of_newest=not read.is_whole,
        others=others,
        only_other=next(name for name in people if name != author.username) if others == 1 else "",
        typical=await asyncio.to_thread(_typical, counted, read.names) if room else [],
    )


def _typical(counted: CountedBeside, names: Sequence[str]) -> list[TypicalTerm]:
    """Return the phrases of an author as terms; it takes long."""
    own, beside = len(counted.own), len(counted.beside)
    return [
        TypicalTerm(
            phrase.text,
            round(phrase.messages / own * beside / max(phrase.messages_elsewhere, 1), 2),
            is_mark=False,
            is_only=not phrase.messages_elsewhere,
        )
        for phrase in counted.phrases(names) or []
    ]
