"""An author's archive, and years, in the API."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.parts.years.subjects import (
    YearOfAuthor,
    YearOfChat,
    read_year_of_author,
    read_year_of_chat,
)
from app.parts.years.year import AuthorYear, RoomYear
from app.services.archive.author_archive import AuthorArchive, read_archive
from app.views.blueprints import ApiBlueprint
from app.views.filters import RoomZoneArgs, Year
from app.views.subjects import Caches, OneAuthor, ZoneOf, answer_of

blueprint = ApiBlueprint("api_years", tag="users")


class ArchiveArgs(RoomZoneArgs):
    year: Year | None = None
    """Year of the calendar; by default the newest."""


@blueprint.get(
    "/users/<username>/archive",
    policy="read",
    keep=True,
    answers="The archive of the author",
    follows="show_user",
)
async def show_archive(args: ArchiveArgs, **address: Any) -> AuthorArchive:
    """Show memories, calendar and figures of an author."""

    async def read(
        session: AsyncSession, kept: Caches, subject: OneAuthor, zone_of: ZoneOf
    ) -> AuthorArchive:
        zone = zone_of(subject.own_zone)
        return await read_archive(session, kept, subject.author, zone, args.year)

    return await answer_of(OneAuthor, read, address, args.zone_for)


@blueprint.get(
    "/users/<username>/years/<year:year>",
    policy="read",
    keep=True,
    answers="The year",
    follows="show_archive",
)
async def show_author_year(args: RoomZoneArgs, **address: Any) -> AuthorYear:
    """Show a year of an author (404 if the year has no posts)."""
    return await answer_of(YearOfAuthor, read_year_of_author, address, args.zone_for)


@blueprint.get(
    "/rooms/<id:room_id>/years/<year:year>",
    policy="read",
    keep=True,
    answers="The year",
    follows="show_author_year",
)
async def show_year_of_room(args: RoomZoneArgs, **address: Any) -> RoomYear:
    """Show a year of a chat (404 if the year has fewer than 100 messages)."""
    return await answer_of(YearOfChat, read_year_of_chat, address, args.zone_for)
