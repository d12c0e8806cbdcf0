"""The lines of imports that people came to a chat or left it, or changed their names, of those who
wrote there.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import insert_rows, is_among
from app.models import RoomMove, RoomPerson
from app.services.posts.users import find_by_keys
from app.services.rooms.identity import announce_change
from saywho.formats.post import RoomReference
from saywho.formats.records import ChatMove
from saywho.text import username_key

_COLUMNS: Final = ("room_id", "user_id", "at", "has_left", "became_id", "import_id")


async def store_moves(
    session: AsyncSession,
    moves: Iterable[ChatMove],
    rooms: Mapping[RoomReference, int],
    import_id: int,
) -> None:
    """Keep these lines of an import, in the place of what it brought before."""
    meant = [
        (move, username_key(move.username), username_key(move.became))
        for move in moves
        if move.room in rooms
    ]
    authors = await find_by_keys(session, {key for _, *keys in meant for key in keys if key})
    # A joined name keeps its lines, for when it is parted again.
    ids = {key: author.names.get(key, author.id) for key, author in authors.items()}
    found = [
        (rooms[move.room], authors[key].id, (ids[key], move.at, move.has_left, ids.get(new)))
        for move, key, new in meant
        if key in ids and (new in ids or not new)
    ]
    here = select(RoomPerson.room_id, RoomPerson.user_id).where(
        is_among(session, RoomPerson.room_id, {room_id for room_id, *_ in found}),
        RoomPerson.messages > 0,
    )
    people = {(room_id, user_id) for room_id, user_id in await session.execute(here)}
    found = [each for each in found if each[:2] in people]
    await remove_moves(session, RoomMove.import_id == import_id)
    rows = [
        dict(zip(_COLUMNS, (room_id, *line, import_id), strict=True)) for room_id, _, line in found
    ]
    await insert_rows(session, RoomMove, rows)
    for room_id in sorted({room_id for room_id, *_ in found}):
        await announce_change(session, room_id)


async def remove_moves(session: AsyncSession, is_meant: ColumnElement[bool]) -> None:
    """Forget who came and left, and tell those who read these chats."""
    removed = await session.scalars(delete(RoomMove).where(is_meant).returning(RoomMove.room_id))
    for room_id in sorted({*removed}):
        await announce_change(session, room_id)
