"""Rooms in the API: chats and their content."""

from dataclasses import replace
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field, structs

from app.db.result_cache import cacheable
from app.errors import InvalidInputError, message_of
from app.lifespan import resources
from app.services.posts.filters import WITH_MEDIA
from app.services.posts.selection import Selection
from app.services.posts.tweets import Post
from app.services.rooms.changes import change_zone
from app.services.rooms.chats import RoomFacts, get_room, list_rooms
from app.services.rooms.messages import list_messages
from app.services.search.results import SearchQuery, Spans
from app.views.access.content import delete_whole
from app.views.blueprints import ApiBlueprint
from app.views.filters import parse_days, parse_zone, span_of_days
from app.views.policies import here, writing
from app.views.requests import ID_CURSOR, Page, PageArgs, messages_cursor

blueprint = ApiBlueprint("api_rooms", tag="rooms")


class RoomMessage(Post, frozen=True):
    """A message of a room."""

    highlights: Spans = field(default_factory=list)
    """[start, end) of each match of a search, in code points."""


class MessagesArgs(PageArgs):
    on: str = ""
    """Only messages of this day, month or year, such as 2026-01 in `tz`."""
    q: Annotated[str, Meta(max_length=1000)] = ""
    """Only messages with these words, as in /search."""
    has: Literal["media"] | None = None
    """Only messages with pictures, videos or sounds."""
    tz: str = "UTC"


@blueprint.get("/rooms", policy="read", keep=True, cursor=ID_CURSOR, answers="A page of chats")
async def list_all_rooms(args: PageArgs, after: int | None) -> Page[RoomFacts]:
    """List the chats in the order of their import, each with up to ten people."""
    async with resources().db.read() as session:
        return Page(*await list_rooms(session, after=after, limit=args.limit))


@blueprint.get("/rooms/<id:room_id>", policy="read", keep=True, answers="The chat")
async def show_room_facts(room_id: int) -> RoomFacts:
    """Show a chat, or the chat that it was joined to, with up to 200 people."""
    async with resources().db.read() as session:
        return await get_room(session, room_id)


class RoomZone(Struct, forbid_unknown_fields=True):
    timezone: Annotated[str, Meta(min_length=1)]
    """IANA name of the zone of the chat's clocks."""


@blueprint.patch("/rooms/<id:room_id>", policy="admin", answers="The chat")
async def change_room(room_id: int, form: RoomZone) -> RoomFacts:
    """Read the times of a chat in another time zone; live streams end with `event: reset`."""
    try:
        async with writing() as session:
            changed = await change_zone(session, room_id, form.timezone)
    except ValueError as error:
        raise InvalidInputError(message_of(error), loc="timezone") from None
    async with resources().db.read() as session:
        return await get_room(session, changed)


@blueprint.delete("/rooms/<id:room_id>", policy="admin", answers="Deleted")
async def remove_room(room_id: int) -> None:
    """Delete a chat, all its messages, and the people who wrote nowhere else."""
    await delete_whole(room_id)


@blueprint.get(
    "/rooms/<id:room_id>/messages",
    policy="read",
    cursor=messages_cursor,
    answers="A page of messages, oldest first",
)
async def list_room_messages(room_id: int, args: MessagesArgs, after: Any) -> Page[RoomMessage]:
    """List the messages of a chat, or the messages that match a search, oldest first."""
    zone = parse_zone(args.tz or "UTC")
    since, until = span_of_days(parse_days("on", args.on), zone)
    selected = Selection(chosen=WITH_MEDIA if args.has else (), since=since, until=until)
    async with here().db.read() as session:
        room = await get_room(session, room_id)
        if not args.q.strip():
            posts, next_key = await list_messages(
                session, replace(selected, room_id=room.id), after=after, limit=args.limit
            )
            cacheable()
            messages = [RoomMessage(**structs.asdict(post)) for post in posts]
            return Page(messages, next_key)
    searched = SearchQuery(args.q, replace(selected, room_id=room.id), sort="oldest", zone=zone)
    page = await resources().find(searched, limit=args.limit, after=after, db=here().db)
    hits = [structs.asdict(hit) for hit in page.hits]
    messages = [RoomMessage(**{name: hit[name] for name in _FIELDS}) for hit in hits]
    return Page(messages, page.next)


_FIELDS = RoomMessage.__struct_fields__
