"""Rooms that posts name, and the number of messages of each person there.

A name means the first room of that name in which the author writes, else the first known from posts
alone, else a new one: so rooms do not depend on the split into requests. A name alone never means a
room with guests.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, delete, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.db.backend import backend_of, insert_rows, is_among
from app.errors import ConflictError, InvalidInputError
from app.models import KEPT_ROOM_ID, Room, RoomPerson, Tweet, User
from app.services.access.accounts import has_guests
from app.services.event_log import NewEvent, append_events
from app.services.posts.users import has_rooms
from saywho.clock import now
from saywho.formats.post import RoomReference

UNKNOWN_APP: Final = ""
"""App of a room known from posts alone; a known app replaces it."""
DELETED_APP: Final = "\x01"
"""App of a deleted room with messages still to be removed; no real app has this name."""
IS_KEPT: Final = Room.platform != DELETED_APP


SourceKey = tuple[int, str | None]
"""Author and `source_id`; posts without a `source_id` are never the same."""


class RoomMention(NamedTuple):
    post: SourceKey
    reference: RoomReference

    @property
    def user_id(self) -> int:
        return self.post[0]


@dataclass(slots=True, eq=False)
class NamedRoom:
    id: int
    """Id of the room with the messages; 0 until it is stored."""
    names: set[str | None]
    is_open: bool
    """Whether only posts have named it, so that any author may join."""
    people: set[int] = field(default_factory=set)
    has_guests: bool = False


@dataclass(slots=True)
class NamedRooms:
    by_id: dict[int, NamedRoom]
    """By the id that a post may name, also of joined rooms."""
    by_name: dict[str | None, list[NamedRoom]]
    new: list[NamedRoom] = field(default_factory=list)

    def take(self, mention: RoomMention) -> tuple[NamedRoom, bool]:
        """Return a mention's room, and whether only the name means this stored room; record that
        its author writes there.
        """
        by_id = self.by_id.get(mention.reference.id or 0)
        if by_id is not None and mention.reference.name not in by_id.names:
            by_id = None
        room = by_id or self._room(mention.user_id, mention.reference)
        room.people.add(mention.user_id)
        return room, by_id is None and room.id != 0

    def _room(self, user_id: int, reference: RoomReference) -> NamedRoom:
        rooms = self.by_name[reference.name]
        own = (room for room in rooms if user_id in room.people)
        is_open = (room for room in rooms if room.is_open)
        room = next(own, None) or next(is_open, None)
        if room is None:
            room = NamedRoom(0, {reference.name}, is_open=True)
            rooms.append(room)
            self.new.append(room)
        return room


class NamedPlace(NamedTuple):
    room_id: int
    is_guess: bool
    """Whether only a name means this room, which was stored before."""
    has_guests: bool

    def check(self, name: str) -> None:
        """Raise InvalidInputError if the name is not enough."""
        if self.is_guess and self.has_guests:
            raise InvalidInputError(
                "The chat '{name}' has guests, so its name is not enough; send its `id`, {number},"
                " too, or another name",
                name=name,
                number=self.room_id,
                loc="room",
            )


async def find_named_rooms(
    session: AsyncSession, mentions: Sequence[RoomMention], stored: Iterable[SourceKey]
) -> list[NamedPlace | None]:
    """Return each mention's room, created if missing; None for stored posts, which keep theirs."""
    if not mentions:
        return []
    placed = set(stored)
    rooms = await _candidates(session, mentions)
    outcomes: list[tuple[NamedRoom, bool] | None] = []
    for mention in mentions:
        taken = None if mention.post in placed else rooms.take(mention)
        outcomes.append(taken)
        is_refused = taken is not None and taken[1] and taken[0].has_guests
        if mention.post[1] is not None and not is_refused:
            placed.add(mention.post)
    await _make(session, rooms.new)
    return [
        taken and NamedPlace(taken[0].id, is_guess=taken[1], has_guests=taken[0].has_guests)
        for taken in outcomes
    ]


def deleted_rooms() -> Select[int]:
    return select(Room.id).where(Room.platform == DELETED_APP)


def is_of_kept_room() -> ColumnElement[bool]:
    return or_(Tweet.room_id.is_(None), Tweet.room_id.not_in(deleted_rooms()))


async def announce_first_room(session: AsyncSession, user_id: int) -> None:
    """Tell every worker of the first chat before it is stored: all menus link to it.

    user_id: one of its people.
    """
    if not await has_rooms(session):
        await append_events(session, [NewEvent("room.updated", user_id)])


async def _candidates(session: AsyncSession, mentions: Sequence[RoomMention]) -> NamedRooms:
    names = {mention.reference.name for mention in mentions}
    ids = {mention.reference.id for mention in mentions if mention.reference.id}
    is_meant = or_(is_among(session, Room.title, names), is_among(session, Room.name, names))
    if ids:
        is_meant = or_(is_meant, is_among(session, Room.id, ids))
    is_author = is_among(session, RoomPerson.user_id, {mention.user_id for mention in mentions})
    query = (
        select(Room.id, KEPT_ROOM_ID, Room.title, Room.name, Room.platform, RoomPerson.user_id)
        .add_columns(has_guests(KEPT_ROOM_ID))
        .outerjoin(RoomPerson, and_(RoomPerson.room_id == KEPT_ROOM_ID, is_author))
        .where(is_meant, IS_KEPT)
        .order_by(KEPT_ROOM_ID, Room.id)
    )
    by_id: dict[int, NamedRoom] = {}
    people: dict[int, set[int]] = defaultdict(set)
    rows = await session.execute(query)
    for named_id, kept_id, title, name, platform, user_id, is_read_by_guests in rows:
        if named_id not in by_id:
            is_open = platform == UNKNOWN_APP
            by_id[named_id] = NamedRoom(
                kept_id, {title, name}, is_open, people[kept_id], is_read_by_guests
            )
        if user_id is not None:
            people[kept_id].add(user_id)
    by_name: dict[str | None, list[NamedRoom]] = defaultdict(list)
    for room in by_id.values():
        for called in room.names:
            by_name[called].append(room)
    return NamedRooms(by_id, by_name)


async def _make(session: AsyncSession, rooms: Sequence[NamedRoom]) -> None:
    if not rooms:
        return
    await announce_first_room(session, min(rooms[0].people))
    created_at = now()
    rows = [
        Room(platform=UNKNOWN_APP, title=title, created_at=created_at)
        for room in rooms
        for title in room.names
    ]
    session.add_all(rows)
    await session.flush()
    for room, row in zip(rooms, rows, strict=True):
        room.id = row.id


Membership = tuple[int, int]


async def count_messages(
    session: AsyncSession, added: Iterable[Membership], removed: Iterable[Membership] = ()
) -> None:
    tally = Counter(added)
    tally.subtract(removed)
    rows = [
        {"room_id": room_id, "user_id": user_id, "messages": messages}
        for (room_id, user_id), messages in sorted(tally.items())
        if messages
    ]
    await insert_rows(session, RoomPerson, rows, adds_to="messages")


async def unknown_to_guests(
    session: AsyncSession, members: Collection[Membership]
) -> set[Membership]:
    """Return authors without a message in a chat that has guests: a joined name would tell these
    its author's.
    """
    if not members:
        return set()
    listed = backend_of(session).listed(sorted(members), RoomPerson.room_id, RoomPerson.user_id)
    person = RoomPerson.room_id == listed.c.room_id, RoomPerson.user_id == listed.c.user_id
    is_known = exists().where(*person, RoomPerson.messages > 0)
    query = select(listed.c.room_id, listed.c.user_id)
    query = query.where(has_guests(listed.c.room_id), ~is_known)
    return {(room_id, user_id) for room_id, user_id in await session.execute(query)}


def joined_name_error(username: str, room_id: int) -> ConflictError:
    return ConflictError(
        "'{username}' is a joined name, and guests of chat {number} would learn its author's name,"
        " which is not in that chat; part the names, or end the guests' access",
        username=username,
        number=room_id,
    )


async def remove_empty_rooms(session: AsyncSession, room_ids: Sequence[int] | None = None) -> None:
    has_messages = exists().where(RoomPerson.room_id == Room.id, RoomPerson.messages > 0)
    empty = delete(Room).where(Room.joined_to_id.is_(None), IS_KEPT, ~has_messages)
    if room_ids is not None:
        empty = empty.where(Room.id.in_(room_ids))
    await session.execute(empty)


async def miscounted_rooms(session: AsyncSession) -> list[int]:
    post = aliased(Tweet)
    real = (
        select(post.room_id, post.user_id, func.count().label("messages"))
        .where(post.room_id.is_not(None), post.room_id.not_in(deleted_rooms()))
        .group_by(post.room_id, post.user_id)
    )
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
