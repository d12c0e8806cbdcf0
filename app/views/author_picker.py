"""Whom the form of a question offers: the people of each chat together, and everybody else."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.text import username_key
from app.services.posts.users import Author, count_users, list_authors, named_users
from app.services.rooms.room_facts import (
    Home,
    RoomFacts,
    find_rooms,
    homes_of,
    newest_rooms,
    speakers_of,
)
from app.views.requests import number_of

MOST_OFFERED: Final = 40
"""Most authors offered as checkboxes; with more of them, names are typed."""

MOST_TOGETHER: Final = 40
"""People of a chat who can be asked about by one tick: their names stand in the address."""

MOST_CHATS: Final = 12
"""Chats of which all are asked about by one tick, those with the newest messages."""


class OfferedGroup(Struct, frozen=True):
    """Authors who are offered side by side."""

    authors: list[Author]
    name: str = ""
    """Of the chat that they share."""
    is_sample: bool = False
    """Whether they are invented, and asked about only if ticked."""


class OfferedChat(Struct, frozen=True):
    """A chat, of which one tick asks about all people."""

    id: int
    name: str
    members: frozenset[str]
    """The usernames of its people, of whom the page finds nobody by this."""


class OfferedPeople(Struct, frozen=True):
    """Whom a form offers to be asked about."""

    chosen: list[str]
    authors: list[Author]
    total: int
    groups: list[OfferedGroup]
    chats: list[OfferedChat]

    @property
    def is_typed(self) -> bool:
        """Whether the authors are too many to be ticked one by one."""
        return self.total > len(self.authors)

    @property
    def ticks(self) -> tuple[set[int], list[str]]:
        """The fewest ticks for those chosen: chats that they fill, and who is left to name."""
        left, filled = {username_key(name): name for name in self.chosen}, set[int]()
        for chat in sorted(self.chats, key=lambda chat: -len(chat.members)):
            keys = {*map(username_key, chat.members)}
            if keys <= left.keys():
                filled.add(chat.id)
                left = {key: name for key, name in left.items() if key not in keys}
        return filled, [*left.values()]


async def read_chats(session: AsyncSession) -> list[RoomFacts]:
    """Return the chats with the newest messages, with as many people as one tick asks about."""
    return await newest_rooms(session, limit=MOST_CHATS, most_people=MOST_TOGETHER)


def offered_chats(rooms: Iterable[RoomFacts], author_total: int) -> list[OfferedChat]:
    """Return those of `read_chats` of which a tick asks about several people, but not about all."""
    return [
        OfferedChat(room.id, room.name, frozenset(room.usernames))
        for room in rooms
        if 1 < room.people_total <= min(MOST_TOGETHER, author_total - 1)
    ]


async def grouped(
    session: AsyncSession, authors: Sequence[Author], samples: Collection[str]
) -> list[OfferedGroup]:
    """Return authors by the chat in which each writes most, the chats with the most messages first.

    Those who write most in none follow, and last those of them that are `samples`. Where all
    are of one kind there are no groups.
    """
    users = await named_users(session, [author.username for author in authors])
    homes = await homes_of(session, users.values())
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
    """Return the names, and the people of the chats that a form has ticked, each once."""
    ids = filter(None, map(number_of, room_ids))
    people = [name for id_ in ids for name in await speakers_of(session, id_)]
    if not people:  # A name that is given twice is refused then, as ever.
        return [*names]
    return [*{username_key(name): name for name in [*people, *names]}.values()]


def by_groups(groups: Sequence[OfferedGroup]) -> list[str]:
    """Return the usernames of all who are offered, in their order."""
    return [author.username for group in groups for author in group.authors]


def _of_chat(room: RoomFacts, authors: Sequence[Author], homes: Mapping[int, Home]) -> OfferedGroup:
    at_home = [author for author in authors if author.id in homes]
    people = [author for author in at_home if homes[author.id].room_id == room.id]
    people.sort(key=lambda author: homes[author.id].place)
    return OfferedGroup(people, room.name)


async def offered_authors(session: AsyncSession, chosen: Iterable[str]) -> tuple[list[Author], int]:
    """Return the authors that a form offers, the chosen ones first, and the number of all."""
    authors, _ = await list_authors(session, limit=MOST_OFFERED)
    names = {name.casefold() for name in chosen}
    authors.sort(key=lambda author: author.username.casefold() not in names)
    return authors, await count_users(session)


def by_number_of_posts(authors: Iterable[Author]) -> list[str]:
    """Return the usernames of authors, those with the most posts first."""
    order = sorted(authors, key=lambda author: (-author.tweets, username_key(author.username)))
    return [author.username for author in order]


def given_names(values: Iterable[str]) -> list[str]:
    """Return the names that a form or an address gives, without empty fields."""
    return [name.strip() for name in values if name.strip()]
