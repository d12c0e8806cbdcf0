"""A typed query's filters as conditions."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, SQLColumnExpression, false, func, not_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.compute.queries import TypedFilter
from app.compute.text import username_key
from app.db.backend import is_among
from app.errors import InvalidInputError, NotFoundError
from app.models import MAX_ID, Room, RoomPerson, Tweet, User
from app.runtime.clock import first_instant
from app.services.posts.post_rooms import IS_KEPT
from app.services.posts.selection import Conditions, Selection, field_conditions
from app.services.posts.users import ids_by_key, unknown_user

_DAY: Final = re.compile(r"(\d{4})[-./](\d{1,2})[-./](\d{1,2})\.?", re.ASCII)
_ROOM_ID: Final = re.compile(r"[0-9]{1,16}", re.ASCII)
_PEOPLE: Final = {"from", "to"}
_FIXED: Final = {("has", "media"): Selection(has="media"), ("is", "reply"): Selection(is_="reply")}


class TypedConditions(NamedTuple):
    """Conditions of a query that joins `User` and `Tweet`."""

    conditions: Conditions
    user_id: int | None
    """The only author who can meet them."""


async def typed_conditions(
    session: AsyncSession,
    filters: Sequence[TypedFilter],
    zone: ZoneInfo,
    only_room: int | None = None,
) -> TypedConditions:
    """Return the conditions of typed filters, with days of the zone; a post needs one of several
    people or chats.

    only_room: the only known chat, with its people. Raises NotFoundError, and InvalidInputError for
    an ambiguous name or bad value.
    """
    names = {each.value for each in filters if each.key in _PEOPLE}
    people = await _people(session, names, only_room)
    rooms = await _rooms(session, {each.value for each in filters if each.key == "in"}, only_room)
    conditions, wanted = Conditions(), dict[str, Conditions]()
    authors: set[int] = set()
    for each in filters:
        if each.key == "from":
            condition = Tweet.user_id == _author(each.value, people)
        elif each.key == "to":
            condition = await _answers(session, each.value, people, only_room)
        elif each.key == "in":
            condition = Tweet.room_id.in_(_known_room(each.value, rooms))
        else:
            condition = _of_post(each, zone)
        if each.is_excluded:
            # A post without the field does not match, and so stays.
            conditions.append(not_(func.coalesce(condition, false())))
        elif each.key in {*_PEOPLE, "in"}:
            wanted.setdefault(each.key, []).append(condition)
            authors |= {_author(each.value, people)} if each.key == "from" else set()
        else:
            conditions.append(condition)
    conditions += [or_(*alternatives) for alternatives in wanted.values()]
    return TypedConditions(conditions, authors.pop() if len(authors) == 1 else None)


def _of_post(typed: TypedFilter, zone: ZoneInfo) -> ColumnElement[bool]:
    key, value = typed.key, typed.value
    if key == "before":
        selection = Selection(until=_day(key, value, zone))
    elif key == "after":
        selection = Selection(since=_day(key, value, zone))
    elif (fixed := _FIXED.get((key, value.lower()))) is not None:
        selection = fixed
    else:
        raise InvalidInputError(
            "Unknown filter {filter}: use {known}, or quotes to search for the words",
            loc="q",
            filter=f"{key}:{value}",
            known="has:media" if key == "has" else "is:reply",
        )
    (condition,) = field_conditions(selection)
    return condition


def _day(key: str, value: str, zone: ZoneInfo) -> datetime:
    try:
        if (found := _DAY.fullmatch(value)) is None:
            raise ValueError(value)
        return first_instant(date(*map(int, found.groups())), zone)
    except ValueError:
        raise InvalidInputError(
            "{filter}: use a day like 2026-01-31", loc="q", filter=f"{key}:{value}"
        ) from None


async def _people(
    session: AsyncSession, names: Collection[str], only_room: int | None
) -> dict[str, list[int]]:
    """Return IDs of usernames, else of people shown by that name. Raises InvalidInputError for
    several.
    """
    keys = {name: username_key(name) for name in names}
    if not keys:
        return {}
    bare = {name: key.removeprefix("@") for name, key in keys.items()}
    ids = await ids_by_key(session, {*keys.values(), *bare.values()})
    is_known: Conditions = [User.deleted_at.is_(None)]
    if only_room is not None:
        of_room = RoomPerson.room_id == only_room, RoomPerson.messages > 0
        speakers = {*await session.scalars(select(RoomPerson.user_id).where(*of_room))}
        ids = {key: user_id for key, user_id in ids.items() if user_id in speakers}
        is_known.append(is_among(session, User.id, speakers))
    people = {
        name: [ids[key]]
        for name in names
        if (key := keys[name] if keys[name] in ids else bare[name]) in ids
    }
    unknown = {keys[name] for name in names if name not in people}
    if unknown:
        shown = select(User.id, User.username, User.display_name).where(
            *is_known, _is_named(User.display_name, unknown, names)
        )
        rows = (await session.execute(shown.order_by(User.username_key))).all()
        for name in names:
            if name not in people:
                namesakes = [row for row in rows if username_key(row[2] or "") == keys[name]]
                if len(namesakes) > 1:
                    listed = ", ".join([row.username for row in namesakes[:20]])
                    raise InvalidInputError(
                        "More than one person is called {name}: use {usernames}",
                        loc="q",
                        name=name,
                        usernames=listed + (", …" if len(namesakes) > 20 else ""),
                    )
                people[name] = [row.id for row in namesakes]
    return people


def _is_named(
    column: SQLColumnExpression[str | None], keys: Iterable[str], names: Iterable[str]
) -> ColumnElement[bool]:
    """Return the condition on one of the names; SQLite lowers only ASCII."""
    return or_(
        func.lower(column).in_([*keys]), column.in_([name.replace("\0", "\x01") for name in names])
    )


def _author(name: str, people: Mapping[str, list[int]]) -> int:
    if not people[name]:
        raise unknown_user(name)
    return people[name][0]


async def _answers(
    session: AsyncSession, name: str, people: Mapping[str, list[int]], only_room: int | None
) -> ColumnElement[bool]:
    """Return the condition that a post answers someone, even not here."""
    keys = {username_key(name), username_key(name).removeprefix("@")}
    names = {name, name.removeprefix("@")}
    if user_id := next(iter(people[name]), None):
        user = await session.get_one(User, user_id)
        keys, names = {user.username_key}, {user.username}
        parent = aliased(Tweet)
        is_parent = parent.id == Tweet.reply_to_id, parent.user_id == user_id
        return or_(
            _is_named(Tweet.reply_to_username, keys, names),
            select(parent.id).where(*is_parent).exists(),
        )
    answers = _is_named(Tweet.reply_to_username, keys, names)
    there = [] if only_room is None else [Tweet.room_id == only_room]
    if not await session.scalar(select(select(Tweet.id).where(answers, *there).exists())):
        raise unknown_user(name)
    return answers


async def _rooms(
    session: AsyncSession, names: Collection[str], only_room: int | None
) -> dict[str, list[int]]:
    """Return the chat of each ID, or else all of that name."""
    if not names:
        return {}
    ids = {int(name) for name in names if _ROOM_ID.fullmatch(name) and int(name) <= MAX_ID}
    room_id = func.coalesce(Room.joined_to_id, Room.id)
    named: ColumnElement[str | None] = func.coalesce(Room.name, Room.title)
    keys = [username_key(name) for name in names]
    query = select(Room.id, room_id, named).where(
        IS_KEPT, or_(Room.id.in_(ids), _is_named(named, keys, names))
    )
    if only_room is not None:
        query = query.where(room_id == only_room)
    rows = (await session.execute(query)).all()
    rooms: dict[str, list[int]] = {}
    for name in names:
        by_id = [room for own_id, room, _ in rows if str(own_id) == name]
        key = username_key(name)
        rooms[name] = by_id or [room for _, room, title in rows if username_key(title or "") == key]
    return rooms


def _known_room(name: str, rooms: Mapping[str, list[int]]) -> list[int]:
    if not rooms[name]:
        raise NotFoundError("There is no chat called {name}", name=name)
    return rooms[name]
