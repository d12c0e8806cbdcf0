"""The chat in which an author writes most."""

from collections.abc import Collection, Iterable
from functools import cache
from typing import Final, NamedTuple

from sqlalchemy import Select, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import chunks
from app.models import RoomPerson, User
from app.result_cache import EVERYTHING, depends_on
from app.services.posts.named_users import NamedUser
from app.services.posts.users import Author
from app.services.rooms.room_facts import RoomFacts, get_room

_ROOMS: Final = (
    select(RoomPerson.user_id, RoomPerson.room_id, RoomPerson.messages)
    .where(RoomPerson.user_id.in_(bindparam("user_ids", expanding=True)), RoomPerson.messages > 0)
    .order_by(RoomPerson.user_id, RoomPerson.messages.desc(), RoomPerson.room_id)
)


class Home(NamedTuple):
    """The chat in which somebody writes most, and their place there."""

    room_id: int
    place: int
    """How many of its people have more messages there."""


async def room_of_author(session: AsyncSession, author: Author) -> RoomFacts | None:
    """Return the chat in which the author writes most; None where most is written in none."""
    room_id = await main_room_id(session, author)
    return None if room_id is None else await get_room(session, room_id)


async def homes_of(session: AsyncSession, users: Iterable[NamedUser]) -> dict[int, Home]:
    """Return the homes of these users by id; those who write most in no chat have none."""
    posts = {user.id: user.posts for user in users if user.is_of_chat}
    if not posts:
        return {}
    depends_on(EVERYTHING)
    rooms: dict[int, int] = {}
    for ids in chunks(list(posts)):
        rooms |= await _main_rooms(session, {id_: posts[id_] for id_ in ids})
    return {
        user_id: Home(room_id, place)
        for ids in chunks(list({*rooms.values()}))
        for room_id, user_id, place in await _places_in(session, ids)
        if rooms.get(user_id) == room_id
    }


async def _main_rooms(session: AsyncSession, posts: dict[int, int]) -> dict[int, int]:
    """Return the ids of the chats in which these users, of whom there are so many posts, write
    most; by theirs."""
    rooms, written = dict[int, int](), dict[int, int]()
    for user_id, room_id, messages in await session.execute(_ROOMS, {"user_ids": list(posts)}):
        rooms.setdefault(user_id, room_id)
        written[user_id] = written.get(user_id, 0) + messages
    return {id_: room_id for id_, room_id in rooms.items() if 2 * written[id_] >= posts[id_]}


async def _places_in(
    session: AsyncSession, room_ids: Collection[int]
) -> list[tuple[int, int, int]]:
    """Return the people of rooms, each as a room, a user and a place there."""
    rows = await session.execute(_places(), {"room_ids": room_ids})
    return [(room, user, int(place)) for room, user, place in rows]


@cache
def _places() -> Select[int, int, int]:
    """Return the query for the places of the people of rooms, by their messages, from 0."""
    order = (RoomPerson.messages.desc(), User.username_key)
    rank = func.row_number().over(partition_by=RoomPerson.room_id, order_by=order)
    return (
        select(RoomPerson.room_id, RoomPerson.user_id, rank - 1)
        .join(User, User.id == RoomPerson.user_id)
        .where(RoomPerson.room_id.in_(bindparam("room_ids", expanding=True)))
        .where(RoomPerson.messages > 0, User.deleted_at.is_(None))
    )


async def main_room_id(session: AsyncSession, author: Author) -> int | None:
    """Return the id of that chat."""
    query = (
        select(RoomPerson.room_id, func.sum(RoomPerson.messages).over())
        .where(RoomPerson.user_id == author.id, RoomPerson.messages > 0)
        .order_by(RoomPerson.messages.desc(), RoomPerson.room_id)
    )
    room_id, messages = (await session.execute(query.limit(1))).first() or (None, 0)
    return room_id if 2 * int(messages) >= author.tweets else None
