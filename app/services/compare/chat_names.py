"""The names of everybody in the chats that texts are from: a game shows none of them."""

from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.names import ManyNames
from app.db.backend import chunks
from app.memo import EVERYTHING, depends_on
from app.models import RoomPerson, User
from app.services.compare.hiding import NOBODY


class ChatNames:
    """The names of the people of some chats."""

    def __init__(self, by_room: dict[int, ManyNames]) -> None:
        self._by_room = by_room

    def of(self, room_id: int | None) -> ManyNames:
        """Return the names of a chat; a post of no chat has nobody's."""
        return NOBODY if room_id is None else self._by_room.get(room_id, NOBODY)


async def read_chat_names(session: AsyncSession, room_ids: Iterable[int | None]) -> ChatNames:
    """Return the names of everybody who writes in these chats."""
    ids = [*{room_id for room_id in room_ids if room_id is not None}]
    if ids:
        depends_on(EVERYTHING)
    people = defaultdict[int, list[tuple[str, str | None]]](list)
    for some in chunks(ids):
        query = (
            select(RoomPerson.room_id, User.username, User.display_name)
            .join(User, User.id == RoomPerson.user_id)
            .where(RoomPerson.room_id.in_(some))
        )
        for room_id, username, display_name in await session.execute(query):
            people[room_id].append((username, display_name))
    return ChatNames({room_id: ManyNames(names) for room_id, names in people.items()})
