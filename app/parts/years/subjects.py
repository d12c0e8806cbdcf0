"""A year of a chat and a year of an author as subjects, and how each is read."""

from typing import Self

from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import NotFoundError
from app.language.i18n import gettext
from app.parts.years.year import AuthorYear, RoomYear, read_room_year, read_year
from app.services.posts.users import Author
from app.services.rooms.chats import RoomFacts
from app.views.cast import in_sentence
from app.views.subjects import Address, Caches, Chat, OneAuthor, ZoneOf


class YearOfChat(Chat):
    name = "room_year"
    path = "/room/<id:room_id>/<year:year>"
    page = "room_years.show_room_year"

    def __init__(self, room: RoomFacts, year: int) -> None:
        super().__init__(room)
        self.year, self.address = year, {**self.address, "year": year}

    @classmethod
    async def find(cls, session: AsyncSession, address: Address) -> Self:
        return cls((await Chat.find(session, address)).room, address["year"])

    @property
    def whole(self) -> Chat:
        return Chat(self.room)

    def title(self, called: str = "", *, is_over: bool = True) -> str:
        if called:
            return title_of_year(called, self.year, is_over=is_over)
        # A chat of two is named after a person in it, who has a year of their own.
        text = gettext("Chat “{name}” in {year}")
        if not is_over:
            text = gettext("Chat “{name}” in {year}, so far")
        return text.format(name=in_sentence(self.room.name), year=self.year)


class YearOfAuthor(OneAuthor):
    name = "year"
    path = "/user/<username>/<year:year>"
    page = "years.show_year"

    def __init__(self, author: Author, own_zone: str | None, year: int) -> None:
        super().__init__(author, own_zone)
        self.year, self.address = year, {**self.address, "year": year}

    @classmethod
    async def find(cls, session: AsyncSession, address: Address) -> Self:
        found = await OneAuthor.find(session, address)
        return cls(found.author, found.own_zone, address["year"])

    @property
    def whole(self) -> OneAuthor:
        return OneAuthor(self.author, self.own_zone)

    def title(self, called: str = "", *, is_over: bool = True) -> str:
        return title_of_year(super().title(called), self.year, is_over=is_over)


def title_of_year(called: str, year: int, *, is_over: bool) -> str:
    text = gettext("{username} in {year}") if is_over else gettext("{username} in {year}, so far")
    return text.format(username=called, year=year)


async def read_year_of_chat(
    session: AsyncSession, _kept: Caches, subject: YearOfChat, zone_of: ZoneOf
) -> RoomYear:
    """Return a year. Raises NotFoundError below 100 messages."""
    return await read_room_year(session, subject.room, subject.year, zone_of(subject.own_zone))


async def read_year_of_author(
    session: AsyncSession, _kept: Caches, subject: YearOfAuthor, zone_of: ZoneOf
) -> AuthorYear:
    """Return a year, in UTC if it only has posts there and the address names no zone: a sent URL
    opens the same year for everyone. Raises NotFoundError if it has no posts.
    """
    author, year = subject.author, subject.year
    try:
        return await read_year(session, author, year, zone_of(subject.own_zone))
    except NotFoundError:
        return await read_year(session, author, year, zone_of("UTC"))
