"""The portraits of an author and of a chat, in the API."""

from typing import Annotated

from msgspec import Meta

from app.lifespan import resources
from app.services.archive.author_portrait import AuthorPortrait, read_author_portrait
from app.services.posts.users import get_author
from app.services.rooms.room_facts import get_room, room_of_author
from app.services.rooms.sight import RoomPortrait, read_portrait
from app.views.blueprints import ApiBlueprint
from app.views.filters import ZoneArgs, parse_zone

blueprint = ApiBlueprint("api_author_portraits", tag="users")


room_blueprint = ApiBlueprint("api_room_portraits", tag="rooms")


class AuthorPortraitArgs(ZoneArgs):
    tz: Annotated[str, Meta(description="IANA time zone for hours.")] = "UTC"


@blueprint.operation("GET", "/users/<username>/portrait", "read", "The portrait", is_cacheable=True)
async def show_portrait_of_user(username: str, args: AuthorPortraitArgs) -> AuthorPortrait:
    """Show how an author writes, compared with others in their chat or on the site."""
    zone = parse_zone(args.tz)
    async with resources().read_long() as session:
        author = await get_author(session, username)
        room = await room_of_author(session, author)
        return await read_author_portrait(session, resources().models, author, room, zone)


class RoomPortraitArgs(ZoneArgs):
    tz: Annotated[str, Meta(description="IANA time zone for hours.")] = "UTC"


@room_blueprint.operation(
    "GET",
    "/rooms/<id:room_id>/portrait",
    "read",
    "The portrait",
    is_cacheable=True,
    follows="remove_room",
)
async def show_room_portrait(room_id: int, args: RoomPortraitArgs) -> RoomPortrait:
    """Show how people write in a chat, side by side."""
    zone = parse_zone(args.tz)
    async with resources().read_long() as session:
        room = await get_room(session, room_id)
        sight = await read_portrait(session, room, zone, resources().counted_rooms)
        return sight.portrait()
