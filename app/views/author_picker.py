"""The people that the form of a question offers."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncSession

from app.services.posts.users import Author, count_users, list_authors, named_users
from app.services.rooms.chats import (
    MainRoom,
    RoomFacts,
    find_rooms,
    main_rooms_of,
    newest_rooms,
    speakers_of,
)
from app.views.requests import number_of
from saywho.text import MAX_USERNAME_LENGTH, username_key

MOST_TOGETHER: Final = 40
"""People of a chat for one checkbox, whose names are in the URL."""


class OfferedGroup(Struct, frozen=True):
    authors: list[Author]
    name: str = ""
    """Name of their common chat."""
    is_sample: bool = False


class OfferedChat(Struct, frozen=True):
    id: int
    name: str
    members: frozenset[str]
    """Usernames of its people; under this name the page does not look them up."""


class OfferedPeople(Struct, frozen=True):
    chosen: list[str]
    authors: list[Author]
    total: int
    groups: list[OfferedGroup]
    chats: list[OfferedChat]

    @property
    def is_typed(self) -> bool:
        return self.total > len(self.authors)

    @property
    def ticks(self) -> tuple[set[int], list[str]]:
        """The fewest ticks for the chosen people: whole chats, and the names of the others."""
        left, filled = {username_key(name): name for name in self.chosen}, set[int]()
        for chat in sorted(self.chats, key=lambda chat: -len(chat.members)):
            keys = {*map(username_key, chat.members)}
            if keys <= left.keys():
                filled.add(chat.id)
                left = {key: name for key, name in left.items() if key not in keys}
        return filled, [*left.values()]


async def offer_people(
    session: AsyncSession, chosen: Sequence[str], samples: Collection[str]
) -> OfferedPeople:
    """Return the people that a form offers; samples: those that are left out beside one's own."""
    authors, total = await offered_authors(session, chosen)
    own = total - len(samples)
    if chosen and set(samples).isdisjoint(chosen):
        authors, total = [each for each in authors if each.username not in samples], own
    groups = await grouped(session, authors, samples)
    chats = offered_chats(await read_chats(session), own)
    return OfferedPeople([*chosen], authors, total, groups, chats)


async def read_chats(session: AsyncSession) -> list[RoomFacts]:
    return await newest_rooms(session, limit=12, most_people=MOST_TOGETHER)


def offered_chats(rooms: Iterable[RoomFacts], author_total: int) -> list[OfferedChat]:
    """Return the chats of `read_chats` with several people, but not with all authors."""
    return [
        OfferedChat(room.id, room.name, frozenset(room.usernames))
        for room in rooms
        if 1 < room.people_total <= min(MOST_TOGETHER, author_total - 1)
    ]


async def grouped(
    session: AsyncSession, authors: Sequence[Author], samples: Collection[str]
) -> list[OfferedGroup]:
    """Return authors by the chats in which they write most, largest first, then other authors, then
    `samples`.

    A single group is left out.
    """
    users = await named_users(session, [author.username for author in authors])
    homes = await main_rooms_of(session, users.values())
    rooms = await find_rooms(session, {home.room_id for home in homes.values()})
    rooms.sort(key=lambda room: (-room.messages, room.id))
    elsewhere = [author for author in authors if author.id not in homes]
    invented = [author for author in elsewhere if author.username in samples]
    groups = [
        *(_of_chat(room, authors, homes) for room in rooms),
        OfferedGroup([author for author in elsewhere if author not in invented]),
        OfferedGroup(invented, is_sample=True),
    ]
    groups = [group for group in groups if group.authors]
    return groups if len(groups) > 1 else []


async def with_people(
    session: AsyncSession, names: Sequence[str], room_ids: Sequence[str]
) -> list[str]:
    ids = filter(None, map(number_of, room_ids))
    people = [name for id_ in ids for name in await speakers_of(session, id_)]
    if not people:  # A name that is given twice is refused then, as ever.
        return [*names]
    return [*{username_key(name): name for name in [*people, *names]}.values()]


def _of_chat(
    room: RoomFacts, authors: Sequence[Author], homes: Mapping[int, MainRoom]
) -> OfferedGroup:
    at_home = [author for author in authors if author.id in homes]
    people = [author for author in at_home if homes[author.id].room_id == room.id]
    people.sort(key=lambda author: homes[author.id].place)
    return OfferedGroup(people, room.name)


async def offered_authors(session: AsyncSession, chosen: Iterable[str]) -> tuple[list[Author], int]:
    """Return the offered authors, chosen ones first, and the number of all."""
    # If there are more, names are typed.
    authors, _ = await list_authors(session, limit=40)
    names = {name.casefold() for name in chosen}
    authors.sort(key=lambda author: author.username.casefold() not in names)
    return authors, await count_users(session)


def given_names(values: Iterable[str]) -> list[str]:
    """Return the names without blanks; a longer name than any author's is cut, and unknown."""
    return [name.strip()[: MAX_USERNAME_LENGTH + 1] for name in values if name.strip()]
