"""Who writes in a room and how much, kept in the transaction of each change."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Final, cast

from sqlalchemy import Select, Table, bindparam, delete, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.db.backend import insert_rows
from app.models import Room, RoomPerson, Tweet, User
from app.services.event_log import NewEvent, append_events
from app.services.posts.named_rooms import DELETED_APP, IS_KEPT

Membership = tuple[int, int]
"""A room, and somebody who writes in it."""

_PERSON: Final = cast(Table, RoomPerson.__table__)
_TWEET: Final = cast(Table, Tweet.__table__)
_PUT: Final = update(_TWEET).where(_TWEET.c.id == bindparam("changed"))


async def count_messages(
    session: AsyncSession, added: Iterable[Membership], removed: Iterable[Membership] = ()
) -> None:
    """Add messages to the counts of those who wrote them, and take others away."""
    tally = Counter(added)
    tally.subtract(removed)
    rows = [
        {"room_id": room_id, "user_id": user_id, "messages": messages}
        for (room_id, user_id), messages in sorted(tally.items())
        if messages
    ]
    await insert_rows(session, _PERSON, rows, _summed)


def _summed(statement: Any) -> Any:
    messages = _PERSON.c.messages + statement.excluded.messages
    return statement.on_conflict_do_update(
        index_elements=_PERSON.primary_key, set_={"messages": messages}
    )


async def put_into_rooms(session: AsyncSession, memberships: dict[int, Membership]) -> None:
    """Put stored posts that have no room into theirs, by the ids of the posts; announce them."""
    if not memberships:
        return
    rooms = [{"changed": post_id, "room_id": member[0]} for post_id, member in memberships.items()]
    await session.execute(_PUT, rooms)
    await count_messages(session, memberships.values())
    events = [
        NewEvent("tweet.updated", member[1], post_id) for post_id, member in memberships.items()
    ]
    await append_events(session, events)


async def remove_empty_rooms(session: AsyncSession, room_ids: Sequence[int] | None = None) -> None:
    """Remove rooms without messages, of some or of all, and those that were joined to them."""
    has_messages = exists().where(RoomPerson.room_id == Room.id, RoomPerson.messages > 0)
    empty = delete(Room).where(Room.joined_to_id.is_(None), IS_KEPT, ~has_messages)
    if room_ids is not None:
        empty = empty.where(Room.id.in_(room_ids))
    await session.execute(empty)


async def miscounted_rooms(session: AsyncSession) -> list[int]:
    """Return the ids of the rooms whose counts do not agree with their messages."""
    real = _real_counts()
    counted = select(RoomPerson.room_id, RoomPerson.user_id, RoomPerson.messages).where(
        RoomPerson.messages != 0
    )
    missing, invented = real.except_(counted).subquery(), counted.except_(real).subquery()
    # The rows of others are being removed.
    alive = select(User.id).where(User.deleted_at.is_(None))
    wrong = (
        select(missing.c.room_id)
        .where(missing.c.user_id.in_(alive))
        .union(select(invented.c.room_id).where(invented.c.user_id.in_(alive)))
    )
    return sorted(await session.scalars(wrong))


def _real_counts() -> Select[int | None, int, int]:
    """Return a query that counts the messages of each person in each room that is kept."""
    post = aliased(Tweet)
    deleted = select(Room.id).where(Room.platform == DELETED_APP)
    return (
        select(post.room_id, post.user_id, func.count().label("messages"))
        .where(post.room_id.is_not(None), post.room_id.not_in(deleted))
        .group_by(post.room_id, post.user_id)
    )
