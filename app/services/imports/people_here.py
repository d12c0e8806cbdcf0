"""People in a chat to be imported with the name of a stored author."""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.text import username_key
from app.db.backend import is_among
from app.formats.chats.people import as_username
from app.formats.post import RoomReference
from app.formats.preview import Preview
from app.formats.records import ReadOptions
from app.models import Room, RoomPerson, User
from app.services.posts.users import NamedUser, named_users
from app.services.rooms.identity import RoomFinder


class PersonHere(NamedTuple):
    """A stored author with posts, none of them in the file's chat."""

    platform: str
    posts: int
    messages: int
    rooms: int
    room: str | None

    @property
    def is_another(self) -> bool:
        return self.platform != "local"


async def people_here(
    session: AsyncSession, preview: Preview, options: ReadOptions
) -> dict[str | None, PersonHere]:
    """Return stored authors outside of the file's chat with a person's name, by the file's
    usernames.

    `options` has other proposed names.
    """
    names: dict[str | None, str] = {}
    for username in (speaker.username for speaker in preview.speakers):
        if name := options.rename.get(username or "", username or options.username):
            names[username] = username_key(as_username(name))
    people = await named_users(session, names.values())
    if not people:
        return {}
    rooms = await _known_rooms(session, preview, people)
    here = await _people_outside(session, rooms, [person.id for person in people.values()])
    return {username: here[key] for username, key in names.items() if key in here}


async def zone_before(session: AsyncSession, preview: Preview) -> str | None:
    names = [as_username(speaker.username) for speaker in preview.speakers if speaker.username]
    people = await named_users(session, map(username_key, names))
    rooms = await _known_rooms(session, preview, people)
    query = select(Room.tz).where(Room.id.in_(rooms), Room.tz.is_not(None)).distinct().limit(2)
    zones = list(await session.scalars(query))
    return zones[0] if len(zones) == 1 else None


async def _known_rooms(
    session: AsyncSession, preview: Preview, people: Mapping[str, NamedUser]
) -> set[int]:
    names = {person.id: person.username for person in people.values()}
    return await known_rooms(session, dict.fromkeys(preview.rooms, names))


async def known_rooms(
    session: AsyncSession, people: Mapping[RoomReference, Mapping[int, str]]
) -> set[int]:
    """Return the stored rooms that an import would recognise, by their people's names."""
    finder = RoomFinder()
    rooms = [await finder.known(session, room, names) for room, names in people.items()]
    return {room_id for room_id in rooms if room_id is not None}


async def _people_outside(
    session: AsyncSession, room_ids: Collection[int], user_ids: Collection[int]
) -> dict[str, PersonHere]:
    person_id = RoomPerson.user_id
    ranks = func.row_number().over(
        partition_by=person_id, order_by=(RoomPerson.messages.desc(), RoomPerson.room_id)
    )
    ranked = (
        select(person_id, RoomPerson.room_id, ranks.label("rank"))
        .add_columns(func.sum(RoomPerson.messages).over(partition_by=person_id).label("messages"))
        .add_columns(func.count().over(partition_by=person_id).label("rooms"))
        .where(is_among(session, person_id, user_ids), RoomPerson.messages > 0)
        .subquery()
    )
    inside = select(person_id).where(RoomPerson.room_id.in_(room_ids), RoomPerson.messages > 0)
    query = (
        select(User.username_key, User.platform, User.tweet_count)
        .add_columns(func.coalesce(ranked.c.messages, 0), func.coalesce(ranked.c.rooms, 0))
        .add_columns(func.coalesce(Room.name, Room.title))
        .outerjoin(ranked, (ranked.c.user_id == User.id) & (ranked.c.rank == 1))
        .outerjoin(Room, Room.id == ranked.c.room_id)
        .where(is_among(session, User.id, user_ids), User.tweet_count > 0, User.id.not_in(inside))
    )
    rows = await session.execute(query)
    return {row[0]: PersonHere(row[1], row[2], int(row[3]), *row[4:]) for row in rows}
