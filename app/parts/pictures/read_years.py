"""The years that pictures and cards are about: read in their time zones, and the words of them
that quote no name.
"""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple, TypeVar

from msgspec.structs import replace
from quart import Response

from app.compute.people.names import ManyNames
from app.parts.pictures.picture_page import PeopleArgs, ZoneFor, led_on
from app.parts.years.compared_years import YearWord
from app.parts.years.pages import (
    read_in_zone,
    read_room_in_zone,
    read_where_it_is,
    zone_of_own_chats,
)
from app.parts.years.year import AuthorYear, RoomYear
from app.views.filters import zone_of_page


class ReadYear(NamedTuple):
    author_year: AuthorYear
    has_own_zone: bool


async def read_author_year(
    args: PeopleArgs, zone_for: ZoneFor, username: str, year: int
) -> ReadYear:
    own_zone = await zone_of_own_chats(username)
    if zone_for is zone_of_page:
        author_year = await read_where_it_is(username, year, args.tz, own_zone)
    else:
        author_year = await read_in_zone(username, year, zone_for(args.tz, own_zone))
    return ReadYear(author_year, own_zone is not None)


async def read_room_year(
    args: PeopleArgs, zone_for: ZoneFor, room_id: int, year: int
) -> RoomYear | Response:
    shown = await read_room_in_zone(room_id, year, partial(zone_for, args.tz))
    own_id = shown.room.id
    return shown if own_id == room_id else led_on(args, room_id=own_id, year=year)


def named_first(shown: RoomYear) -> list[str | None]:
    """Return the people of a chat's year in the order in which pictures number them."""
    named = [person.username for person in shown.people]
    return named + [trait.username for trait in shown.traits]  # May be one of those taken together.


YearT = TypeVar("YearT", AuthorYear, RoomYear)


def without_words(year: YearT, names: ManyNames) -> YearT:
    def left(words: Sequence[YearWord]) -> list[YearWord]:
        return [word for word in words if not names.find(word.text)]

    came, went = year.came, year.went
    return replace(
        year,
        came=replace(came, words=left(came.words)) if came else None,
        went=replace(went, words=left(went.words)) if went else None,
        only=left(year.only),
        words=None if year.words is None else left(year.words),
    )
