"""Who is on a page, and what they wrote: posts, or messages where it was said in chats.

Texts and filters ask the cast of the page that is being made: `bound` says whose that is.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.text import username_key
from app.formats.chats.people import as_username
from app.language.i18n import speaking_of
from app.services.posts.named_rooms import are_rooms_here
from app.services.posts.named_users import NamedUser, all_speak_in_chats, named_users
from app.services.rooms.room_facts import homes_of, zones_of_rooms
from app.views.hues import dealt, guests_of


class Person(NamedTuple):
    """Somebody on a page."""

    username: str
    name: str
    """As sentences call them: as people write it where the username is only its form in addresses,
    as in chats; else the username, which is exact."""
    display_name: str
    """As people write it in any case; the username where they do not."""
    hue: str
    """The class of their colour."""
    is_speaker: bool
    """Whether they speak in chats, so that they wrote messages."""


@dataclass(frozen=True, slots=True)
class Cast:
    """Who is on a page, and what they wrote."""

    people: Mapping[str, Person] = field(default_factory=dict)
    """By username."""
    is_chat: bool = False
    """Whether what the page is about are messages."""
    has_chats: bool = False
    """Whether there are any chats here, to which the menu leads then."""
    zones: Mapping[int, str] = field(default_factory=dict)
    """The time zones of the chats of its posts, by the ids of those that have one."""

    def with_names(self, names: Mapping[str, str]) -> "Cast":
        """Return the cast with other names for some, by username."""
        called = {
            username: self.people[username]._replace(name=name, display_name=name)
            for username, name in names.items()
            if username in self.people
        }
        return replace(self, people={**self.people, **called})


NOBODY: Final = Cast()
_bound: ContextVar[Cast] = ContextVar("cast", default=NOBODY)


async def cast_of(
    session: AsyncSession,
    usernames: Iterable[str],
    *,
    about: Iterable[str] | None = None,
    hued: Iterable[str] | None = None,
    in_chat: bool = False,
    platform: str = "",
    rooms: Collection[int] = (),
) -> Cast:
    """Return these people, found by one query.

    about: whose posts the page is about, by default all of them. Where all these speak in chats it
    tells of messages, as where it is of a chat itself. Names that nobody here has do not count;
    without any it is about everybody who is here, or on a platform.

    hued: who keep the colours of their chats, or get the first ones, before all others, in this
    order; by default those whom it is about (`dealt`).

    rooms: the chats of its posts.
    """
    named = list(usernames)
    subjects = named if about is None else list(about)
    users = await named_users(session, {*named, *subjects})
    homes = await homes_of(session, users.values())
    guests = guests_of(users, homes)
    hues = dealt(guests, (about or ()) if hued is None else hued)
    people = {user.username: person_of(user, hues[key]) for key, user in users.items()}
    people_here = [users[key] for key in map(username_key, subjects) if key in users]
    if not (in_chat or people_here):
        in_chat = await all_speak_in_chats(session, platform.replace("\0", "\x01"))
    is_chat = in_chat or (bool(people_here) and all(user.is_of_chat for user in people_here))
    has_chats = bool(homes) or await are_rooms_here(session)
    return Cast(people, is_chat, has_chats, await zones_of_rooms(session, rooms))


def person_of(user: NamedUser, hue: str) -> Person:
    username, display_name = user.username, user.display_name or user.username
    name = display_name if as_username(display_name) == username else username
    return Person(username, name, display_name, hue, user.is_of_chat)


@contextmanager
def bound(cast: Cast) -> Iterator[None]:
    """Let texts and filters call people, and what they wrote, as this cast does."""
    before = _bound.set(cast)
    try:
        with speaking_of(messages=cast.is_chat):
            yield
    finally:
        _bound.reset(before)


def current_cast() -> Cast:
    """Return the cast of what is being made; without one it is empty."""
    return _bound.get()
