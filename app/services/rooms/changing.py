"""Renaming chats, and joining two that are one."""

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.text import clean_title
from app.errors import InvalidInputError, NotFoundError
from app.models import Room, RoomPerson, Tweet
from app.services.access.readers import move_readers
from app.services.event_log import NewEvent, append_events
from app.services.posts.post_rooms import DELETED_APP, count_messages

MOVED_AT_ONCE = 5_000


async def rename_room(session: AsyncSession, room_id: int, name: str) -> None:
    """Set a chat's name, if empty the title. Raises NotFoundError, and InvalidInputError without a
    title.
    """
    room = await _room(session, room_id)
    cleaned = clean_title(name)
    if cleaned is None and room.title is None:
        raise InvalidInputError("The chat needs a name", loc="name")
    room.name = None if cleaned == room.title else cleaned
    await announce_change(session, room.id)


async def join_some(session: AsyncSession, room_id: int, target_id: int) -> int | None:
    """Move some messages to another chat; return its ID at the end, so that an interrupted joining
    can be repeated.

    Raises NotFoundError, InvalidInputError.
    """
    room, target = await _room(session, room_id), await _room(session, target_id)
    if room.id == target.id:
        raise InvalidInputError("Choose two different chats", loc="into")
    if await _move(session, room.id, target.id) == MOVED_AT_ONCE:
        return None
    await _close(session, room, target)
    return target.id


async def _room(session: AsyncSession, room_id: int) -> Room:
    """Return the chat of that ID, or its joined one. Raises NotFoundError."""
    room = await session.get(Room, room_id)
    if room is not None and room.joined_to_id is not None:
        room = await session.get(Room, room.joined_to_id)
    if room is None or room.platform == DELETED_APP:
        raise NotFoundError("There is no chat {room_id}", room_id=room_id)
    return room


async def _move(session: AsyncSession, room_id: int, target_id: int) -> int:
    query = select(Tweet.id, Tweet.user_id).where(Tweet.room_id == room_id)
    rows = (await session.execute(query.limit(MOVED_AT_ONCE))).all()
    moved = query.with_only_columns(Tweet.id).limit(MOVED_AT_ONCE).scalar_subquery()
    await session.execute(
        update(Tweet).where(Tweet.id.in_(moved)).values(room_id=target_id),
        execution_options={"synchronize_session": False},
    )
    await count_messages(
        session,
        [(target_id, row.user_id) for row in rows],
        [(room_id, row.user_id) for row in rows],
    )
    await announce_change(session, target_id)
    return len(rows)


async def _close(session: AsyncSession, room: Room, target: Room) -> None:
    """Let the other chat answer for this one and its joined ones."""
    target.tz = target.tz or room.tz
    target.date_order = target.date_order or room.date_order
    await session.execute(delete(RoomPerson).where(RoomPerson.room_id == room.id))
    await move_readers(session, room.id, target.id)
    is_meant = or_(Room.id == room.id, Room.joined_to_id == room.id)
    await session.execute(
        update(Room).where(is_meant).values(joined_to_id=target.id),
        execution_options={"synchronize_session": False},
    )


async def announce_change(session: AsyncSession, room_id: int) -> None:
    anybody = await session.scalar(
        select(func.min(RoomPerson.user_id)).where(RoomPerson.room_id == room_id)
    )
    await append_events(session, [NewEvent("room.updated", anybody or room_id)])
