"""The chats, their people, each person's main chat, and the messages with the most reactions."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date, datetime
from functools import cache
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from msgspec import Struct
from sqlalchemy import Select, Subquery, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import backend_of, chunks
from app.db.result_cache import EVERYTHING, depends_on
from app.errors import NotFoundError
from app.models import KEPT_ROOM_ID, ROOM_NAME, Room, RoomPerson, Tweet, User
from app.runtime.clock import days_between
from app.services.posts.post_content import decoded_counts
from app.services.posts.post_rooms import IS_KEPT
from app.services.posts.selection import AnySelect, Span, written_in
from app.services.posts.tweets import AnyRow, Post, find_posts
from app.services.posts.users import Author, NamedUser, all_speak_in_chats, named_users
from saywho.formats.post import Reactions
from saywho.text import username_key

MOST_PEOPLE: Final = 200
FEW_PEOPLE: Final = 10
"""Named people of a listed chat."""


class RoomSpeaker(Struct, frozen=True):
    """Somebody who writes in a room."""

    username: str
    display_name: str | None
    messages: int
    """Number of messages of the chat by this person."""


class RoomFacts(Struct, frozen=True):
    """A room as answers show it."""

    id: int
    name: str
    platform: str | None
    """The app, such as kakaotalk or line; null if unknown."""
    messages: int
    tz: str | None
    """Time zone in which the people of the chat wrote; null if unknown."""
    people: list[RoomSpeaker]
    """The people with the most messages first."""
    people_total: int
    """Number of people in the chat."""
    first_message_at: datetime | None
    newest_message_at: datetime | None
    has_media: bool
    """Whether messages have pictures, videos or sounds."""

    @property
    def usernames(self) -> list[str]:
        return [person.username for person in self.people]

    def days(self, tz: str) -> tuple[date, date] | None:
        """Return the days of the first and the newest message; None without any time."""
        return days_between(self.first_message_at, self.newest_message_at, ZoneInfo(tz))


async def list_rooms(
    session: AsyncSession, *, after: int | None = None, limit: int
) -> tuple[list[RoomFacts], int | None]:
    """Return chats in order of arrival, and the next key."""
    depends_on(EVERYTHING)
    query = _rooms().where(Room.id > (after or 0)).order_by(Room.id).limit(limit + 1)
    rows = (await session.execute(query)).all()
    rooms = await _facts(session, rows[:limit])
    return rooms, rows[limit - 1].id if len(rows) > limit else None


async def find_rooms(session: AsyncSession, ids: Collection[int]) -> list[RoomFacts]:
    """Return these chats with messages, or their joined ones."""
    if not ids:
        return []
    meant = select(KEPT_ROOM_ID).where(Room.id.in_(ids))
    query = _rooms().where(Room.id.in_(meant)).order_by(Room.id)
    return await _facts(session, (await session.execute(query)).all())


async def rooms_of(session: AsyncSession, user_id: int, *, limit: int) -> list[RoomFacts]:
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


async def messages_in_chats(session: AsyncSession, user_id: int) -> int:
    """Return how many of an author's posts are messages of chats."""
    depends_on(user_id)
    own = select(func.sum(RoomPerson.messages)).where(RoomPerson.user_id == user_id)
    return await session.scalar(own) or 0


async def newest_rooms(
    session: AsyncSession, *, limit: int, most_people: int = FEW_PEOPLE
) -> list[RoomFacts]:
    depends_on(EVERYTHING)
    newest = _times().order_by(Tweet.created_at.desc()).scalar_subquery()
    named = _people_counted()
    query = select(Room.id).join(named, named.c.room_id == Room.id)
    query = query.order_by(newest.desc().nulls_last(), Room.id.desc()).limit(limit)
    ids = list(await session.scalars(query))
    rows = (await session.execute(_rooms().where(Room.id.in_(ids)))).all() if ids else []
    rooms = await _facts(session, rows, most=most_people)
    return sorted(rooms, key=lambda room: ids.index(room.id))


def names_in(room: RoomFacts) -> list[str]:
    names = (name for person in room.people for name in (person.username, person.display_name))
    return [*filter(None, names)]


def newest_first(rooms: Iterable[RoomFacts]) -> list[RoomFacts]:
    def order(room: RoomFacts) -> tuple[bool, float, int]:
        newest = room.newest_message_at
        return newest is None, -(newest.timestamp() if newest else 0), -room.id

    return sorted(rooms, key=order)


async def get_room(session: AsyncSession, room_id: int) -> RoomFacts:
    """Return the chat of that ID, or its joined one.

    Raises NotFoundError, also for a chat without messages.
    """
    depends_on(EVERYTHING)
    row = (await session.execute(_room(), {"room_id": room_id})).first()
    if row is None:
        raise NotFoundError("There is no chat {room_id}", room_id=room_id)
    (room,) = await _facts(session, [row], most=MOST_PEOPLE)
    return room


async def zone_of_room(session: AsyncSession, room_id: int) -> str | None:
    depends_on(EVERYTHING)
    return await session.scalar(select(Room.tz).where(Room.id == room_id))


async def zones_of_rooms(session: AsyncSession, room_ids: Collection[int]) -> dict[int, str]:
    if not room_ids:
        return {}
    depends_on(EVERYTHING)
    zones: dict[int, str] = {}
    for ids in chunks(list(room_ids)):
        rows = await session.execute(select(Room.id, Room.tz).where(Room.id.in_(ids)))
        zones |= {room_id: zone for room_id, zone in rows if zone}
    return zones


async def zone_of_chats(session: AsyncSession, usernames: Collection[str] = ()) -> str | None:
    """Return the only known zone of these people's or all chats; None if some write elsewhere."""
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


async def zones_of_people(session: AsyncSession, usernames: Collection[str]) -> dict[str, str]:
    """Return the only zone of the chats of each of these people who has one."""
    if not usernames:
        return {}
    depends_on(EVERYTHING)
    query = (
        select(User.username, func.min(Room.tz))
        .join(RoomPerson, RoomPerson.user_id == User.id)
        .join(Room, Room.id == RoomPerson.room_id)
        .where(User.username.in_(usernames), User.is_of_chat, RoomPerson.messages > 0)
        .where(Room.joined_to_id.is_(None), IS_KEPT)
        .group_by(User.username)
        .having(func.count() == func.count(Room.tz), func.min(Room.tz) == func.max(Room.tz))
    )
    return {name: zone for name, zone in await session.execute(query) if zone}


async def speakers_of(session: AsyncSession, room_id: int) -> list[str]:
    depends_on(EVERYTHING)
    people = await _people(session, [room_id], most=MOST_PEOPLE)
    return [person.username for person in people[room_id]]


async def name_of_room_of(session: AsyncSession, usernames: Collection[str]) -> str | None:
    """Return the name of the chat of exactly these people, or None."""
    depends_on(EVERYTHING)
    keys = {username_key(username) for username in usernames}
    spoken_in = select(RoomPerson.room_id).join(User, User.id == RoomPerson.user_id)
    spoken_in = spoken_in.where(User.username_key == min(keys), RoomPerson.messages > 0)
    named = func.count().filter(User.username_key.in_(keys))
    query = (
        select(ROOM_NAME)
        .join(RoomPerson, RoomPerson.room_id == Room.id)
        .join(User, User.id == RoomPerson.user_id)
        .where(Room.id.in_(spoken_in), RoomPerson.messages > 0, User.deleted_at.is_(None))
        .group_by(Room.id, Room.name, Room.title)
        .having(func.count() == len(keys), named == len(keys))
        .order_by(Room.id)
        .limit(1)
    )
    return await session.scalar(query)


@cache
def _room() -> AnySelect:
    meant = select(KEPT_ROOM_ID).where(Room.id == bindparam("room_id"))
    return _rooms().where(Room.id == meant.scalar_subquery())


@cache
def _rooms() -> AnySelect:
    """Return a query for facts, cached since making takes as long."""
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
    return (
        select(Room.id, ROOM_NAME.label("name"), Room.platform, Room.tz)
        .add_columns(counted.c.messages, counted.c.people)
        .add_columns(first.label("first"), newest.label("newest"), with_media.label("has_media"))
        .join(counted, counted.c.room_id == Room.id)
    )


def _people_counted() -> Subquery:
    return (
        select(RoomPerson.room_id, func.sum(RoomPerson.messages).label("messages"))
        .add_columns(func.count().label("people"))
        .join(User, User.id == RoomPerson.user_id)
        .where(User.deleted_at.is_(None), RoomPerson.messages > 0)
        .group_by(RoomPerson.room_id)
        .subquery()
    )


def _times() -> Select[datetime | None]:
    return (
        select(Tweet.created_at)
        .join(User, User.id == Tweet.user_id)
        .where(Tweet.room_id == Room.id, Tweet.created_at.is_not(None), User.deleted_at.is_(None))
        .correlate(Room)
        .limit(1)
    )


async def _facts(
    session: AsyncSession, rows: Sequence[AnyRow], *, most: int = FEW_PEOPLE
) -> list[RoomFacts]:
    people = await _people(session, [row.id for row in rows], most=most)
    return [
        RoomFacts(
            id=row.id,
            name=row.name,
            platform=row.platform or None,
            tz=row.tz,
            messages=int(row.messages),
            people=people[row.id],
            people_total=row.people,
            first_message_at=row.first,
            newest_message_at=row.newest,
            has_media=row.has_media,
        )
        for row in rows
    ]


async def _people(
    session: AsyncSession, room_ids: Sequence[int], *, most: int
) -> dict[int, list[RoomSpeaker]]:
    people: dict[int, list[RoomSpeaker]] = defaultdict(list)
    for ids in chunks(room_ids):
        rows = await session.execute(_first_people(), {"room_ids": ids, "most": most})
        for room_id, username, display_name, messages, _ in rows:
            people[room_id].append(RoomSpeaker(username, display_name, messages))
    return people


@cache
def _first_people() -> AnySelect:
    ranked = _ranked(User.username, User.display_name, RoomPerson.messages).subquery()
    most = select(ranked).where(ranked.c.rank <= bindparam("most"))
    return most.order_by(ranked.c.room_id, ranked.c.rank)


def _ranked(*columns: Any) -> AnySelect:
    order = (RoomPerson.messages.desc(), User.username_key)
    rank = func.row_number().over(partition_by=RoomPerson.room_id, order_by=order)
    return (
        select(RoomPerson.room_id, *columns, rank.label("rank"))
        .join(User, User.id == RoomPerson.user_id)
        .where(RoomPerson.room_id.in_(bindparam("room_ids", expanding=True)))
        .where(RoomPerson.messages > 0, User.deleted_at.is_(None))
    )


_ROOMS: Final = (
    select(RoomPerson.user_id, RoomPerson.room_id, RoomPerson.messages)
    .where(RoomPerson.user_id.in_(bindparam("user_ids", expanding=True)), RoomPerson.messages > 0)
    .order_by(RoomPerson.user_id, RoomPerson.messages.desc(), RoomPerson.room_id)
)


class MainRoom(NamedTuple):
    """A person's main chat, and their place there."""

    room_id: int
    place: int
    """People with more messages there."""


async def room_of_author(session: AsyncSession, author: Author) -> RoomFacts | None:
    """Return the author's main chat; None if most posts are in none."""
    room_id = await main_room_id(session, author)
    return None if room_id is None else await get_room(session, room_id)


async def main_room_id(session: AsyncSession, author: Author) -> int | None:
    return (await _main_rooms(session, {author.id: author.tweets})).get(author.id)


async def main_rooms_of(session: AsyncSession, users: Iterable[NamedUser]) -> dict[int, MainRoom]:
    """Return main chats by user ID, for users with most posts in chats."""
    posts = {user.id: user.posts for user in users if user.is_of_chat}
    if not posts:
        return {}
    depends_on(EVERYTHING)
    rooms: dict[int, int] = {}
    for ids in chunks(list(posts)):
        rooms |= await _main_rooms(session, {id_: posts[id_] for id_ in ids})
    return {
        user_id: MainRoom(room_id, int(rank) - 1)
        for ids in chunks(list({*rooms.values()}))
        for room_id, user_id, rank in await session.execute(_ranks(), {"room_ids": ids})
        if rooms.get(user_id) == room_id
    }


async def _main_rooms(session: AsyncSession, posts: dict[int, int]) -> dict[int, int]:
    rooms, written = dict[int, int](), dict[int, int]()
    for user_id, room_id, messages in await session.execute(_ROOMS, {"user_ids": list(posts)}):
        rooms.setdefault(user_id, room_id)
        written[user_id] = written.get(user_id, 0) + messages
    return {id_: room_id for id_, room_id in rooms.items() if 2 * written[id_] >= posts[id_]}


@cache
def _ranks() -> AnySelect:
    return _ranked(RoomPerson.user_id)


# --- The messages with the most reactions, in all and by each reaction ---

MOST_TIES: Final = 2
"""Other messages with as many reactions, beside which one is still told as the most."""
MOST_LOOKED_AT: Final = 500


class LovedMessage(Struct, frozen=True):
    """A message that got the most reactions in its room, in all or with one sign."""

    post: Post
    count: int
    sign: str | None = None
    """The reaction; null for all reactions combined."""
    ties: int = 0
    """Number of other messages with as many."""


class ReactedMessage(NamedTuple):
    id: int
    counts: Reactions


class TopMessage(NamedTuple):
    """The message with the most of one sign, or of all."""

    id: int
    times: int
    sign: str | None = None
    ties: int = 0
    """Number of other messages with as many."""


async def most_loved(
    session: AsyncSession, room_id: int, span: Span | None = None
) -> list[LovedMessage]:
    """Return the message with most reactions, then with most of up to three signs.

    Equal messages rank by reactions, then newest first. A sign is left out if its message is
    listed, or one further down could have more. Nothing is the most if more than two others are.
    """
    likes = backend_of(session).likes
    query = (
        select(Tweet.id, Tweet.counts)
        .join(User, User.id == Tweet.user_id)
        .where(Tweet.room_id == room_id, Tweet.counts.is_not(None), likes > 0)
        .where(User.deleted_at.is_(None))
        .order_by(likes.desc(), Tweet.id.desc())
        .limit(MOST_LOOKED_AT)
    )
    if span is not None:
        query = query.where(written_in(span))
    rows = await session.execute(query)
    best = list(top_messages([ReactedMessage(row.id, decoded_counts(row.counts)) for row in rows]))
    posts = await find_posts(session, [one.id for one in best])
    return [
        LovedMessage(posts[one.id], one.times, one.sign, one.ties)
        for one in best
        if one.id in posts
    ]


async def has_liked_messages(session: AsyncSession) -> bool:
    """Return whether any message has likes: those of many apps come without."""
    liked = select(Tweet.id).where(Tweet.room_id.is_not(None), Tweet.counts.is_not(None))
    return await session.scalar(liked.where(backend_of(session).likes > 0).limit(1)) is not None


def top_messages(messages: Sequence[ReactedMessage]) -> Iterator[TopMessage]:
    """Yield the best of messages, given by likes."""
    if not messages:
        return
    first = messages[0]
    ties = sum(message.counts.likes == first.counts.likes for message in messages[1:])
    if ties <= MOST_TIES:
        yield TopMessage(first.id, first.counts.likes or 0, ties=ties)
    # Messages that were not read have no more of any sign than the last one has likes.
    is_whole = len(messages) < MOST_LOOKED_AT
    fewest = 2 if is_whole else max(2, messages[-1].counts.likes or 0)
    ids = {first.id} if ties <= MOST_TIES else set[int]()
    signs = [
        best for best in _best_by_sign(messages) if best.times >= fewest and best.ties <= MOST_TIES
    ]
    for best in sorted(signs, key=lambda best: -best.times):
        if best.id not in ids and len(ids) <= 3:
            ids.add(best.id)
            yield best


def _best_by_sign(messages: Iterable[ReactedMessage]) -> Iterable[TopMessage]:
    best: dict[str, TopMessage] = {}
    for message in messages:
        for sign, count in ((one.sign, one.count) for one in message.counts.signs):
            if sign not in best or best[sign].times < count:
                best[sign] = TopMessage(message.id, count, sign)
            elif best[sign].times == count:
                best[sign] = best[sign]._replace(ties=best[sign].ties + 1)
    return best.values()
