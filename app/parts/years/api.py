"""An author's archive, and years, in the API."""

from typing import Any

from msgspec import Struct

from app.lifespan import resources
from app.parts.years.subjects import YearOfChat, read_whole_year_of_chat
from app.parts.years.year import AuthorYear, RoomYear, read_year
from app.services.archive.author_archive import AuthorArchive, read_archive
from app.services.posts.users import get_author
from app.views.blueprints import ApiBlueprint
from app.views.filters import RoomZoneArgs, Year, ZoneArgs, parse_zone
from app.views.subjects import answer_of

blueprint = ApiBlueprint("api_years", tag="users")


class ArchiveArgs(Struct):
    tz: str = "UTC"
    """IANA time zone for days and hours."""
    year: Year | None = None
    """Year of the calendar; by default the newest."""


@blueprint.operation(
    "GET",
    "/users/<username>/archive",
    "read",
    "The archive of the author",
    is_cacheable=True,
    follows="show_user",
)
async def show_archive(username: str, args: ArchiveArgs) -> AuthorArchive:
    """Show memories, calendar and figures of an author."""
    zone = parse_zone(args.tz)
    async with resources().read_long() as session:
        author = await get_author(session, username)
        return await read_archive(session, resources().models, author, zone, args.year)


class AuthorYearArgs(ZoneArgs):
    tz: str = "UTC"
    """IANA time zone in which the year begins and ends."""


@blueprint.operation(
    "GET",
    "/users/<username>/years/<year:year>",
    "read",
    "The year",
    is_cacheable=True,
    follows="show_archive",
)
async def show_author_year(username: str, year: int, args: AuthorYearArgs) -> AuthorYear:
    """Show a year of an author (404 if the year has no posts)."""
    kept = resources()
    async with kept.read_long() as session:
        author = await get_author(session, username)
        return await read_year(session, author, year, parse_zone(args.tz), kept.of_parts["years"])


@blueprint.operation(
    "GET",
    "/rooms/<id:room_id>/years/<year:year>",
    "read",
    "The year",
    is_cacheable=True,
    follows="show_author_year",
)
async def show_year_of_room(args: RoomZoneArgs, **address: Any) -> RoomYear:
    """Show a year of a chat (404 if the year has fewer than 100 messages)."""
    return await answer_of(YearOfChat, read_whole_year_of_chat, address, args.zone_for)
