"""How well the model knows the people of each room, measured when the room has grown.

It takes longer than a page may: maintenance does it, and the pages of a room read what it stored.
"""

from typing import Final

from sqlalchemy import ColumnElement, Select, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.portrait import MOST_PORTRAYED
from app.compute.significance import FEWEST_COMPARED
from app.db.backend import Sessions
from app.models import Room, RoomPerson, User
from app.result_cache import DERIVED
from app.services.compare.cases import Models
from app.services.compare.recognised import FEWEST_ASKED, RecognisedPosts, recognised_posts
from app.services.event_log import NewEvent, append_events
from app.services.posts.user_rows import UserRow, select_rows

GROWTH: Final = 4
"""A room is judged again when its messages have become a quarter more or fewer."""
FEWEST_MESSAGES: Final = 2 * 4 * FEWEST_ASKED
"""In a room of fewer not even two people have so many that a quarter of them can be asked about."""
_total: Final = func.sum(RoomPerson.messages)


async def has_unjudged(session: AsyncSession) -> bool:
    """Return whether a room has grown since its people were judged, or they never were."""
    return (await session.execute(_grown())).first() is not None


async def judge_room(db: Sessions, models: Models) -> None:
    """Judge the people of a room that has grown, and store how often each was recognised."""
    async with db.read() as session:
        row = (await session.execute(_grown())).first()
        if row is None:
            return
        judged = await _judged(session, models, row.id)
    async with db.write() as session:
        of_room = RoomPerson.room_id == row.id
        await session.execute(update(RoomPerson).where(of_room).values(asked=0, recognised=0))
        for user_id, posts in judged.items():
            counts = {"asked": posts.asked, "recognised": posts.right}
            person = of_room, RoomPerson.user_id == user_id
            await session.execute(update(RoomPerson).where(*person).values(counts))
        at_messages = {"judged_messages": row.messages}
        await session.execute(update(Room).where(Room.id == row.id).values(at_messages))
        await append_events(session, [NewEvent("room.judged", DERIVED, posts=0)])


def _grown() -> Select[int, int]:
    is_other: ColumnElement[bool] = _total != Room.judged_messages
    has_grown = func.abs(_total - Room.judged_messages) * GROWTH >= Room.judged_messages
    return (
        select(Room.id, _total.label("messages"))
        .join(RoomPerson, RoomPerson.room_id == Room.id)
        .group_by(Room.id)
        .having(is_other, has_grown, _total >= FEWEST_MESSAGES)
        .order_by(Room.id)
        .limit(1)
    )


async def _judged(
    session: AsyncSession, models: Models, room_id: int
) -> dict[int, RecognisedPosts]:
    """Return how well each person is told from the others, of whom enough can be asked about.

    They are those whom the pages of the room name one by one.
    """
    people = (
        select_rows(RoomPerson.room_id == room_id, RoomPerson.messages >= FEWEST_COMPARED)
        .join(RoomPerson, RoomPerson.user_id == User.id)
        .order_by(RoomPerson.messages.desc(), User.username_key)
        .limit(MOST_PORTRAYED)
    )
    rows = [UserRow(*row) for row in await session.execute(people)]
    judged: dict[int, RecognisedPosts] = {}
    for row in rows:
        rivals = [rival for rival in rows if rival is not row]
        if posts := await recognised_posts(session, models, row, rivals):
            judged[row.id] = posts
    return judged
