"""Which rooms there are, who writes in them, and in which of them somebody writes most."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Annotated, Final, NamedTuple

from msgspec import Meta, Struct
from sqlalchemy import Select, Subquery, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.text import username_key
from app.db.backend import chunks
from app.db.result_cache import EVERYTHING, depends_on
from app.errors import NotFoundError
from app.models import Room, RoomPerson, Tweet, User
from app.services.posts.post_rooms import IS_KEPT
from app.services.posts.tweets import AnyRow, AnySelect
from app.services.posts.users import Author, NamedUser, all_speak_in_chats, named_users

MOST_PEOPLE: Final = 200
"""People who are named of one room, those with the most messages."""
FEW_PEOPLE: Final = 10
"""The same, of each room in a list."""


class RoomSpeaker(Struct, frozen=True):
    """Somebody who writes in a room."""

    username: str
    display_name: str | None
    messages: Annotated[int, Meta(description="Number of messages of the chat by this person.")]


class RoomFacts(Struct, frozen=True):
    """A room as answers show it."""

    id: int
    name: str
    platform: Annotated[
        str | None, Meta(description="The app, such as kakaotalk or line; null if unknown.")
    ]
    messages: int
    tz: Annotated[
        str | None,
        Meta(description="Time zone in which the people of the chat wrote; null if unknown."),
    ]
    people: Annotated[
        list[RoomSpeaker], Meta(description="The people with the most messages first.")
    ]
    people_total: Annotated[int, Meta(description="Number of people in the chat.")]
    first_message_at: datetime | None
    newest_message_at: datetime | None
    has_media: Annotated[
        bool, Meta(description="Whether messages have pictures, videos or sounds.")
    ]

    @property
    def usernames(self) -> list[str]:
        """Of the people who are named, those with the most messages first."""
        return [person.username for person in self.people]


async def list_rooms(
    session: AsyncSession, *, after: int | None = None, limit: int
) -> tuple[list[RoomFacts], int | None]:
    """Return up to `limit` rooms with messages, in the order in which they came, and the key of
    the next page."""
    depends_on(EVERYTHING)
    query = _rooms().where(Room.id > (after or 0)).order_by(Room.id).limit(limit + 1)
    rows = (await session.execute(query)).all()
    people = await _people(session, [row.id for row in rows[:limit]], most=FEW_PEOPLE)
    rooms = [_facts(row, people[row.id]) for row in rows[:limit]]
    return rooms, rows[limit - 1].id if len(rows) > limit else None


async def find_rooms(session: AsyncSession, ids: Collection[int]) -> list[RoomFacts]:
    """Return those of the rooms that have messages, or to which others of them were joined."""
    if not ids:
        return []
    meant = select(func.coalesce(Room.joined_to_id, Room.id)).where(Room.id.in_(ids))
    rows = (await session.execute(_rooms().where(Room.id.in_(meant)).order_by(Room.id))).all()
    people = await _people(session, [row.id for row in rows], most=FEW_PEOPLE)
    return [_facts(row, people[row.id]) for row in rows]


async def rooms_of(session: AsyncSession, user_id: int, *, limit: int) -> list[RoomFacts]:
    """Return up to `limit` rooms in which an author writes, those with most messages first."""
    own = (
        select(RoomPerson.room_id)
        .where(RoomPerson.user_id == user_id, RoomPerson.messages > 0)
        .order_by(RoomPerson.messages.desc(), RoomPerson.room_id)
        .limit(limit)
    )
    ids = list(await session.scalars(own))
    if ids:
        depends_on(EVERYTHING)
    return sorted(await find_rooms(session, ids), key=lambda room: ids.index(room.id))


async def newest_rooms(
    session: AsyncSession, *, limit: int, most_people: int = FEW_PEOPLE
) -> list[RoomFacts]:
    """Return up to `limit` rooms with messages, by their newest ones, and `most_people` of each."""
    depends_on(EVERYTHING)
    newest = _times().order_by(Tweet.created_at.desc()).scalar_subquery()
    named = _people_counted()
    query = select(Room.id).join(named, named.c.room_id == Room.id)
    query = query.order_by(newest.desc().nulls_last(), Room.id.desc()).limit(limit)
    ids = list(await session.scalars(query))
    rows = (await session.execute(_rooms().where(Room.id.in_(ids)))).all() if ids else []
    people = await _people(session, ids, most=most_people)
    rooms = [_facts(row, people[row.id]) for row in rows]
    return sorted(rooms, key=lambda room: ids.index(room.id))


def names_in(room: RoomFacts) -> list[str]:
    """Return the usernames of the people of a room, and their names as they write them."""
    names = (name for person in room.people for name in (person.username, person.display_name))
    return [*filter(None, names)]


def newest_first(rooms: Iterable[RoomFacts]) -> list[RoomFacts]:
    """Return rooms by their newest messages, those without times last."""

    def order(room: RoomFacts) -> tuple[bool, float, int]:
        newest = room.newest_message_at
        return newest is None, -(newest.timestamp() if newest else 0), -room.id

    return sorted(rooms, key=order)


async def get_room(session: AsyncSession, room_id: int) -> RoomFacts:
    """Return the room of that id, or the one that it was joined to.

    Raises NotFoundError, also for a room without messages.
    """
    depends_on(EVERYTHING)
    row = (await session.execute(_room(), {"room_id": room_id})).first()
    if row is None:
        raise NotFoundError("There is no chat {room_id}", room_id=room_id)
    people = await _people(session, [row.id], most=MOST_PEOPLE)
    return _facts(row, people[row.id])


async def zone_of_room(session: AsyncSession, room_id: int) -> str | None:
    """Return the time zone of a room; None where none is known."""
    depends_on(EVERYTHING)
    return await session.scalar(select(Room.tz).where(Room.id == room_id))


async def zones_of_rooms(session: AsyncSession, room_ids: Collection[int]) -> dict[int, str]:
    """Return the time zones of those of these rooms that have one."""
    if not room_ids:
        return {}
    depends_on(EVERYTHING)
    zones: dict[int, str] = {}
    for ids in chunks(list(room_ids)):
        rows = await session.execute(select(Room.id, Room.tz).where(Room.id.in_(ids)))
        zones |= {room_id: zone for room_id, zone in rows if zone}
    return zones


async def zone_of_chats(session: AsyncSession, usernames: Collection[str] = ()) -> str | None:
    """Return the time zone of all chats of these people, or, without names, of all who are here.

    It is None where they have several, or none is known, and where some of them write elsewhere.
    """
    depends_on(EVERYTHING)
    query = select(Room.tz).where(Room.joined_to_id.is_(None), IS_KEPT).distinct().limit(2)
    if usernames:
        people = (await named_users(session, usernames)).values()
        is_of_chats = all(person.is_of_chat for person in people)
        spoken_in = select(RoomPerson.room_id).where(
            RoomPerson.user_id.in_([person.id for person in people]), RoomPerson.messages > 0
        )
        query = query.where(Room.id.in_(spoken_in))
    else:
        is_of_chats = await all_speak_in_chats(session)
    zones = list(await session.scalars(query)) if is_of_chats else []
    return zones[0] if len(zones) == 1 else None


async def speakers_of(session: AsyncSession, room_id: int) -> list[str]:
    """Return the usernames of the people of a room, as its facts name them."""
    depends_on(EVERYTHING)
    people = await _people(session, [room_id], most=MOST_PEOPLE)
    return [person.username for person in people[room_id]]


async def name_of_room_of(session: AsyncSession, usernames: Collection[str]) -> str | None:
    """Return the name of the room whose people are exactly these; None where there is none."""
    depends_on(EVERYTHING)
    keys = {username_key(username) for username in usernames}
    spoken_in = select(RoomPerson.room_id).join(User, User.id == RoomPerson.user_id)
    spoken_in = spoken_in.where(User.username_key == min(keys), RoomPerson.messages > 0)
    named = func.count().filter(User.username_key.in_(keys))
    query = (
        select(func.coalesce(Room.name, Room.title))
        .join(RoomPerson, RoomPerson.room_id == Room.id)
        .join(User, User.id == RoomPerson.user_id)
        .where(Room.id.in_(spoken_in), RoomPerson.messages > 0, User.deleted_at.is_(None))
        .group_by(Room.id)
        .having(func.count() == len(keys), named == len(keys))
        .order_by(Room.id)
        .limit(1)
    )
    return await session.scalar(query)


@cache
def _room() -> AnySelect:
    """Return the query for the facts about one room, or about the one that it was joined to."""
    meant = select(func.coalesce(Room.joined_to_id, Room.id)).where(Room.id == bindparam("room_id"))
    return _rooms().where(Room.id == meant.scalar_subquery())


@cache
def _rooms() -> AnySelect:
    """Return a query for the facts about rooms with messages, which takes as long to make as to
    run."""
    counted, times = _people_counted(), _times()
    with_media = (
        select(Tweet.id)
        .join(User, User.id == Tweet.user_id)
        .where(Tweet.room_id == Room.id, Tweet.media.is_not(None), User.deleted_at.is_(None))
        .correlate(Room)
        .exists()
    )
    first = times.order_by(Tweet.created_at).scalar_subquery()
    newest = times.order_by(Tweet.created_at.desc()).scalar_subquery()
    name = func.coalesce(Room.name, Room.title).label("name")
    return (
        select(Room.id, name, Room.platform, Room.tz, counted.c.messages, counted.c.people)
        .add_columns(first.label("first"), newest.label("newest"), with_media.label("has_media"))
        .join(counted, counted.c.room_id == Room.id)
    )


def _people_counted() -> Subquery:
    """Return how many write in each room, and how many messages they have there."""
    return (
        select(RoomPerson.room_id, func.sum(RoomPerson.messages).label("messages"))
        .add_columns(func.count().label("people"))
        .join(User, User.id == RoomPerson.user_id)
        .where(User.deleted_at.is_(None), RoomPerson.messages > 0)
        .group_by(RoomPerson.room_id)
        .subquery()
    )


def _times() -> Select[datetime | None]:
    """Return the query for the time of one message of each room, which an order chooses."""
    return (
        select(Tweet.created_at)
        .join(User, User.id == Tweet.user_id)
        .where(Tweet.room_id == Room.id, Tweet.created_at.is_not(None), User.deleted_at.is_(None))
        .correlate(Room)
        .limit(1)
    )


def _facts(row: AnyRow, people: list[RoomSpeaker]) -> RoomFacts:
    return RoomFacts(
        id=row.id,
        name=row.name,
        platform=row.platform or None,
        tz=row.tz,
        messages=int(row.messages),
        people=people,
        people_total=row.people,
        first_message_at=row.first,
        newest_message_at=row.newest,
        has_media=row.has_media,
    )


async def _people(
    session: AsyncSession, room_ids: Sequence[int], *, most: int
) -> dict[int, list[RoomSpeaker]]:
    """Return the people of each room who wrote most."""
    people: dict[int, list[RoomSpeaker]] = defaultdict(list)
    for ids in chunks(room_ids):
        rows = await session.execute(_first_people(), {"room_ids": ids, "most": most})
        for room_id, username, display_name, messages, _ in rows:
            people[room_id].append(RoomSpeaker(username, display_name, messages))
    return people


@cache
def _first_people() -> AnySelect:
    """Return the query for the people of rooms with most messages, `most` of each."""
    order = (RoomPerson.messages.desc(), User.username_key)
    ranks = func.row_number().over(partition_by=RoomPerson.room_id, order_by=order)
    numbered = (
        select(
            RoomPerson.room_id,
            User.username,
            User.display_name,
            RoomPerson.messages,
            ranks.label("rank"),
        )
        .join(User, User.id == RoomPerson.user_id)
        .where(RoomPerson.room_id.in_(bindparam("room_ids", expanding=True)))
        .where(RoomPerson.messages > 0, User.deleted_at.is_(None))
        .subquery()
    )
    most = select(numbered).where(numbered.c.rank <= bindparam("most"))
    return most.order_by(numbered.c.room_id, numbered.c.rank)


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
