"""The chat in which an author writes most."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.models import RoomPerson
from app.services.posts.users import Author
from app.services.rooms.room_facts import RoomFacts, get_room, speakers_of


async def room_of_author(session: AsyncSession, author: Author) -> RoomFacts | None:
    """Return the chat in which the author writes most; None where most is written in none."""
    room_id = await _main_room_id(session, author)
    return None if room_id is None else await get_room(session, room_id)


async def people_beside(session: AsyncSession, author: Author) -> list[str]:
    """Return the usernames of the people of that chat, those with the most messages first; that of
    the author alone where most is written in none."""
    room_id = await _main_room_id(session, author)
    return [author.username] if room_id is None else await speakers_of(session, room_id)


async def _main_room_id(session: AsyncSession, author: Author) -> int | None:
    query = (
        select(RoomPerson.room_id, func.sum(RoomPerson.messages).over())
        .where(RoomPerson.user_id == author.id, RoomPerson.messages > 0)
        .order_by(RoomPerson.messages.desc(), RoomPerson.room_id)
    )
    room_id, said = (await session.execute(query.limit(1))).first() or (None, 0)
    return room_id if 2 * int(said) >= author.tweets else None
