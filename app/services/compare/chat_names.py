"""The names of everybody in the chats that texts are from: a game shows none of them."""

from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.compute.names import ManyNames
from app.compute.text import username_key
from app.db.backend import chunks
from app.models import RoomPerson, User
from app.result_cache import EVERYTHING, depends_on
from app.services.compare.name_masking import NOBODY
from app.services.posts.user_rows import HAS_KEY, rows_by_key


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
    for part in chunks(ids):
        query = (
            select(RoomPerson.room_id, User.username, User.display_name)
            .join(User, User.id == RoomPerson.user_id)
            .where(RoomPerson.room_id.in_(part))
        )
        for room_id, username, display_name in await session.execute(query):
            people[room_id].append((username, display_name))
    return ChatNames({room_id: ManyNames(names) for room_id, names in people.items()})


async def read_names_around(session: AsyncSession, usernames: Iterable[str]) -> ManyNames:
    """Return the names of these people, and of everybody in the chats in which they write."""
    depends_on(EVERYTHING)
    keys = {username_key(username) for username in usernames}
    names = select(User.username, User.display_name).where(HAS_KEY)
    neighbour, rooms, people = aliased(User), aliased(RoomPerson), aliased(RoomPerson)
    neighbours = (
        select(neighbour.username, neighbour.display_name)
        .distinct()
        .join(people, people.user_id == neighbour.id)
        .join(rooms, rooms.room_id == people.room_id)
        .join(User, User.id == rooms.user_id)
        .where(HAS_KEY)
    )
    named = [
        *await rows_by_key(session, names, keys),
        *await rows_by_key(session, neighbours, keys),
    ]
    return ManyNames({(username, display_name) for username, display_name in named})
