"""Subjects: what pages, answers of the API, pictures and files are about, each a value.

A subject says how it is found, at which addresses it is, in which zone its days are, what it is
called, whom it is about, and in which years it was written. An output, such as a picture, takes a
subject and adds only what it shows of it. Parts add subjects and outputs.
"""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, ClassVar, Final, Protocol, Self, TypeVar, cast
from zoneinfo import ZoneInfo

from msgspec.structs import asdict
from quart import Response, abort, request, url_for
from sqlalchemy import ColumnElement
from sqlalchemy.ext.asyncio import AsyncSession

from app.lifespan import resources
from app.models import Tweet
from app.services.archive.author_portrait import Caches as Caches
from app.services.compare.habits import Models
from app.services.compare.name_masking import NOBODY, Named, read_chat_names, read_names_around
from app.services.compare.one_chat import ChatResources
from app.services.posts.users import Author, get_author, unknown_user
from app.services.rooms.chats import RoomFacts, get_room, zone_of_chats
from app.services.rooms.timeline import FEWEST_OF_YEAR, messages_by_year
from app.services.snapshots import Snapshots
from app.views.answers import see_other
from app.views.cast import display_name
from app.views.filters import zone_of_page
from app.views.page import chat_title
from app.views.policies import OfChat, never
from saywho.people.names import ManyNames

ZoneOf = Callable[[str | None], ZoneInfo]
"""Returns the zone of an answer's days, given the subject's own, None for none."""
ZoneFor = Callable[[str, str | None], ZoneInfo]
"""Does so by the URL's zone, too: `zone_of_page` or `zone_of_picture`."""
Address = Mapping[str, Any]
"""Values of the parts of an address, such as `room_id`."""
NAMES_CHAT: Final = "room_id"


class ZoneParameters(Protocol):
    """Parameters of an address with a time zone."""

    tz: str


@dataclass(frozen=True)
class NoCaches:
    """For a single answer of a command."""

    models: Models = field(default_factory=Models)
    snapshots: Snapshots = field(default_factory=Snapshots)


class Subject(ABC):
    """Subject of an output; a value with fields that are read only."""

    name: ClassVar[str]
    """Begins the names of its outputs' endpoints."""
    path: ClassVar[str]
    """Rule of its page's address; addresses of its outputs begin with it."""
    page: ClassVar[str]
    """Endpoint of its page."""
    of_chat: ClassVar[OfChat | None] = None
    """Whether readers of one chat may see its outputs, if `path` does not name the chat."""
    in_chat: ClassVar[bool] = False

    address: Address
    own_zone: str | None
    """The known zone of the people it is about."""
    people: Sequence[Named]
    """The people it is about, most messages first."""
    posts: ColumnElement[bool]
    """Which posts it is of, in whatever year."""
    newest_at: datetime | None
    """When the newest of its posts was written."""

    @classmethod
    @abstractmethod
    async def find(cls, session: AsyncSession, address: Address) -> Self:
        """Return the subject of an address; of a joined chat's, that of the chat that has its
        messages. Raises NotFoundError.
        """

    @abstractmethod
    def title(self, called: str = "", *, is_over: bool = True) -> str:
        """Return what it is called, a chat never as a person of it, whose name it often has.

        called: takes the place of its name, where that must not be said. is_over: whether its year
        has ended.
        """

    @abstractmethod
    async def names_around(self, session: AsyncSession) -> ManyNames:
        """Return the names that a text of it must not say where its people have none."""

    @property
    def whole(self) -> "Subject":
        """The subject of all years."""
        return self

    async def years(self, _session: AsyncSession, _zone: ZoneInfo) -> list[int]:
        """Return the years among which a visitor chooses, the newest first."""
        return []

    @property
    def of_year(self) -> int | None:
        """The year that it is confined to."""
        year: int | None = self.address.get("year")
        return year

    @property
    def about(self) -> list[str]:
        return [person.username for person in self.people]

    def url(self, endpoint: str = "", *, tz: str = "", **query: Any) -> str:
        """Return the URL of an output, by default of its page."""
        return url_for(endpoint or self.page, **self.address, **query, tz=tz or None)


SubjectT = TypeVar("SubjectT", bound=Subject)
Shown = TypeVar("Shown")
Figures = Callable[[AsyncSession, Caches, SubjectT, ZoneOf], Awaitable[Shown]]
"""Reads what outputs show of a subject. Raises NotFoundError."""


async def find_subject(
    session: AsyncSession, kind: type[SubjectT], address: Address, args: ZoneParameters
) -> SubjectT:
    """Return the subject of a page's address; if its chat was joined to another, lead there."""
    subject = await kind.find(session, address)
    if subject.address.get(NAMES_CHAT) != address.get(NAMES_CHAT):
        abort(lead_on(subject, args))
    return subject


def lead_on(subject: Subject, args: Any) -> Response:
    """Return a redirect to the requested page of another subject."""
    query = {name: value for name, value in asdict(args).items() if value}
    here = {**(request.view_args or {}), **subject.address}
    return see_other(url_for(request.endpoint or subject.page, **here, **query))


async def read_shown(
    kind: type[SubjectT],
    figures: Figures[SubjectT, Shown],
    address: Address,
    args: ZoneParameters,
    zone_for: ZoneFor = zone_of_page,
) -> tuple[SubjectT, Shown]:
    """Return the subject of a page's or a picture's address, and what is shown of it."""
    zone_of, kept = partial(zone_for, args.tz), resources()
    if issubclass(kind, PersonOfChat):
        async with opened_person(address, args) as (session, chat, person):
            found = cast("SubjectT", person)
            return found, await figures(session, chat, found, zone_of)
    async with kept.read_long() as session:
        subject = await find_subject(session, kind, address, args)
        return subject, await figures(session, kept, subject, zone_of)


async def answer_of(
    kind: type[SubjectT], figures: Figures[SubjectT, Shown], address: Address, zone_of: ZoneOf
) -> Shown:
    """Return what the API answers about a subject, of a joined chat too."""
    kept = resources()
    async with kept.read_long() as session:
        return await figures(session, kept, await kind.find(session, address), zone_of)


class Chat(Subject):
    name = "room"
    path = "/room/<id:room_id>"
    page = "rooms.show_room"
    in_chat = True

    def __init__(self, room: RoomFacts) -> None:
        self.room = room
        self.address = {NAMES_CHAT: room.id}
        self.own_zone, self.people = room.tz, room.people
        self.posts, self.newest_at = Tweet.room_id == room.id, room.newest_message_at

    @classmethod
    async def find(cls, session: AsyncSession, address: Address) -> Self:
        return cls(await get_room(session, address[NAMES_CHAT]))

    def title(self, called: str = "", *, is_over: bool = True) -> str:
        return called or chat_title(self.room)

    async def names_around(self, session: AsyncSession) -> ManyNames:
        return (await read_chat_names(session, [self.room.id])).get(self.room.id, NOBODY)

    async def years(self, session: AsyncSession, zone: ZoneInfo) -> list[int]:
        counts = await messages_by_year(session, self.room, zone)
        return [year for year, messages in counts.items() if messages >= FEWEST_OF_YEAR]


class OneAuthor(Subject):
    name = "author"
    path = "/user/<username>"
    page = "authors.show_author"
    of_chat: ClassVar[OfChat | None] = never

    def __init__(self, author: Author, own_zone: str | None) -> None:
        self.author, self.own_zone = author, own_zone
        self.address, self.people = {"username": author.username}, [author]
        self.posts, self.newest_at = Tweet.user_id == author.id, author.newest_tweet_at

    @classmethod
    async def find(cls, session: AsyncSession, address: Address) -> Self:
        author = await get_author(session, address["username"])
        return cls(author, await zone_of_chats(session, [author.username]))

    def title(self, called: str = "", *, is_over: bool = True) -> str:
        return called or display_name(self.author.username)

    async def names_around(self, session: AsyncSession) -> ManyNames:
        return await read_names_around(session, [self.author.username])


class PersonOfChat(OneAuthor):
    """A person of a chat, as if nothing else were here; found in a session of this chat alone."""

    name = "person"
    path = "/room/<id:room_id>/person/<username>"
    page = "authors.show_person"
    of_chat = None
    in_chat = True

    @classmethod
    async def find(cls, session: AsyncSession, address: Address) -> Self:
        person = await super().find(session, address)
        if not person.author.tweets:
            raise unknown_user(address["username"])
        person.address = {**person.address, NAMES_CHAT: address[NAMES_CHAT]}
        return person


@asynccontextmanager
async def opened_person(
    address: Address, args: ZoneParameters | None = None
) -> AsyncIterator[tuple[AsyncSession, ChatResources, PersonOfChat]]:
    """Open a chat alone, and find a person of it.

    args: of a page, which leads on if the chat was joined to another.
    """
    async with resources().db.read() as session:
        find = (
            Chat.find(session, address)
            if args is None
            else find_subject(session, Chat, address, args)
        )
        room_id = (await find).room.id
    chat = resources().chats.get(room_id)
    async with chat.read_long() as session:
        yield session, chat, await PersonOfChat.find(session, {**address, NAMES_CHAT: room_id})
