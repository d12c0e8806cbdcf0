"""The page of a room: a chat as it was written, by day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo

from msgspec import Meta, Struct
from msgspec.structs import asdict
from quart import url_for
from quart.typing import ResponseReturnValue
from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import NotFoundError
from app.lifespan import resources
from app.models import MAX_ID
from app.services.posts.selection import Selection
from app.services.posts.tweets import Post, TweetKey, get_post
from app.services.rooms.messages import END, list_before, list_messages
from app.services.rooms.room_facts import RoomFacts, get_room, list_rooms, newest_first
from app.services.search.results import ResultPage, SearchQuery
from app.services.search.word_search import ResultKey
from app.views.blueprints import PageBlueprint
from app.views.cards import read_cards
from app.views.filters import parse_day, span_of_day, zone_of_page
from app.views.highlighting import FoundText, by_text
from app.views.page import FormPage, WebPage, render, render_form
from app.views.parts import see_other
from app.views.policies import own_chat
from app.views.requests import TWEET_CURSOR, cursor_of, messages_cursor
from app.views.rooms.lines import RoomLine, day_of, lines_of
from app.views.rooms.period_form import read_period
from app.views.rooms.wall import read_picture, read_wall

blueprint = PageBlueprint("rooms")

MESSAGES: Final = 100
"""Of a page."""
LED_UP: Final = 20
"""Messages before the one that an address names."""
RESULTS: Final = 20
MOST_ROOMS: Final = 200
"""Chats that are listed; the API has them all."""
AROUND: Final = 300
"""Characters of a long message that are shown on each side of a match."""


class RoomArgs(Struct):
    on: str = ""
    """A day, to which the page is limited."""
    tz: str = ""
    q: str = ""
    message: Annotated[int, Meta(ge=1, le=MAX_ID)] | None = None
    """A message, to whose place the page leads."""
    cursor: str | None = None
    before: str | None = None
    """The cursor of the page before which this one ends."""
    has: Literal["", "media"] = ""
    """Whether messages with media alone are asked for: a wall of pictures."""
    picture: Annotated[int, Meta(ge=1, le=MAX_ID)] | None = None
    """The message of the wall that is shown alone."""
    since: str = ""
    until: str = ""
    """The days to which the overview is limited: from the first until before the second."""
    view: Literal["", "newest", "first"] = ""
    """Whether the newest or the first messages are shown, and no overview."""

    @property
    def is_of_messages(self) -> bool:
        """Whether messages are asked for, not the overview."""
        place = self.cursor or self.before or self.message
        return bool(self.on or self.q.strip() or self.view or place)


@dataclass(frozen=True, slots=True)
class RoomExcerpt:
    """Some messages of a room, in order, and where the others are."""

    posts: Sequence[Post]
    earlier: TweetKey | None = None
    later: TweetKey | None = None
    after: TweetKey | None = None
    """The message above."""


class RoomPage(WebPage, frozen=True, kw_only=True):
    template = "rooms/room.html"

    args: RoomArgs
    zone: str
    room: RoomFacts
    day: date | None
    neighbours: tuple[date | None, date | None]
    """The days with messages before and after the day."""
    first_day: date | None
    newest_day: date | None
    lines: list[RoomLine]
    earlier: str | None
    later: str | None
    results: ResultPage | None
    """What a search finds."""
    next_cursor: str | None
    in_chat: bool = True

    @property
    def at_end(self) -> bool:
        """Whether the page is opened at its end, the newest message."""
        return self.args.view == "newest" and self.results is None

    @property
    def matches(self) -> list[FoundText]:
        return by_text(self.results.hits if self.results else [], around=AROUND)


class RoomsArgs(Struct):
    deleted: str = ""
    """Name of the chat that the operator has just deleted."""


class RoomsPage(WebPage, frozen=True, kw_only=True):
    template = "rooms/rooms.html"

    deleted: str
    rooms: list[RoomFacts]
    """Those with the newest messages first."""


@blueprint.page("/rooms", is_cacheable=True)
async def show_rooms(args: RoomsArgs) -> str:
    async with resources().db.read() as session:
        rooms, _ = await list_rooms(session, limit=MOST_ROOMS)
    is_here = any(room.name == args.deleted for room in rooms)
    deleted = "" if is_here else args.deleted
    return await render(RoomsPage(rooms=newest_first(rooms), deleted=deleted))


@blueprint.page("/room/<id:room_id>", cursor=messages_cursor, is_cacheable=True)
async def show_room(room_id: int, args: RoomArgs, after: Any) -> ResponseReturnValue:
    day = parse_day("on", args.on)
    results: ResultPage | None = None
    if args.q.strip():
        results = await _search(room_id, args, after)
    is_counted = not args.is_of_messages
    async with resources().read_long() if is_counted else resources().db.read() as session:
        room = await get_room(session, room_id)
        zone = zone_of_page(args.tz, room.tz)
        if room.id != room_id:
            asked = {name: value for name, value in asdict(args).items() if value}
            return see_other(url_for("rooms.show_room", room_id=room.id, **asked))
        other = await _other_page(session, room, zone, args, after)
        has_list = results is None and other is None
        passage = await _excerpt(session, room, args, after, zone) if has_list else RoomExcerpt([])
        neighbours = await _neighbours(session, room, day, zone) if day else (None, None)
    if isinstance(other, FormPage):
        return await render_form(other)
    if other is not None:
        return await render(other)
    return await render(
        RoomPage(
            args=args,
            zone=zone.key,
            room=room,
            day=day,
            neighbours=neighbours,
            first_day=day_of(room.first_message_at, zone),
            newest_day=day_of(room.newest_message_at, zone),
            lines=lines_of(passage.posts, zone, after=passage.after),
            earlier=cursor_of(passage.earlier),
            later=cursor_of(passage.later),
            results=results,
            next_cursor=cursor_of(results.next) if results else None,
            about=room.usernames,
        )
    )


async def _other_page(
    session: AsyncSession, room: RoomFacts, zone: ZoneInfo, args: RoomArgs, after: Any
) -> WebPage | None:
    """Return the wall of pictures, or what a part begins a chat with; None for the messages."""
    if args.has and args.picture:
        return await read_picture(session, room, zone, args.tz, args.picture)
    if args.has and not args.q.strip():
        return await read_wall(session, room, zone, args.tz, after)
    if args.is_of_messages:
        return None
    period = read_period(args.since, args.until)
    starts = await read_cards(session, "room_start", room, zone, args.tz, period)
    return next(iter(starts.values()), None)


async def _search(room_id: int, args: RoomArgs, after: ResultKey | None) -> ResultPage:
    """Return a page of what a search finds in the room, the newest first."""
    parts = resources()
    async with parts.db.read() as session:
        room = await get_room(session, room_id)
    selection, zone = Selection(room_id=room.id), zone_of_page(args.tz, room.tz)
    searched = SearchQuery(
        args.q, selection, sort="newest", zone=zone, knows_room_alone=own_chat() is not None
    )
    return await parts.find(searched, limit=RESULTS, after=after)


async def _excerpt(
    session: AsyncSession, room: RoomFacts, args: RoomArgs, after: TweetKey | None, zone: ZoneInfo
) -> RoomExcerpt:
    """Return the messages that the address asks for: by default the first ones."""
    whole = Selection(room_id=room.id)
    if args.view == "newest":
        posts, earlier = await list_before(session, whole, END, limit=MESSAGES)
        return RoomExcerpt(posts, earlier)
    if args.message is not None:
        return await _around(session, room, args.message)
    day = parse_day("on", args.on)
    since, until = span_of_day(day, zone)
    before = TWEET_CURSOR.decode(args.before or None)
    if before is not None:
        posts, earlier = await list_before(session, whole, before, limit=MESSAGES)
        return RoomExcerpt(posts, earlier, _key(posts[-1]) if posts else None)
    of_day = Selection(room_id=room.id, since=since, until=until)
    posts, later = await list_messages(session, of_day, after=after, limit=MESSAGES)
    earlier = _key(posts[0]) if posts and after and not day else None
    return RoomExcerpt(posts, earlier, later, after)


async def _around(session: AsyncSession, room: RoomFacts, message: int) -> RoomExcerpt:
    """Return the messages around one. Raises NotFoundError for one of another room."""
    post = await get_post(session, message)
    if post.room is None or post.room.id != room.id:
        raise NotFoundError("There is no post {tweet_id}", tweet_id=message)
    whole = Selection(room_id=room.id)
    above, earlier = await list_before(session, whole, _key(post), limit=LED_UP)
    below, later = await list_messages(
        session, whole, after=_key(post), limit=MESSAGES - LED_UP - 1
    )
    return RoomExcerpt([*above, post, *below], earlier, later)


async def _neighbours(
    session: AsyncSession, room: RoomFacts, day: date, zone: ZoneInfo
) -> tuple[date | None, date | None]:
    """Return the days with messages before and after a day."""
    start, end = span_of_day(day, zone)
    above, _ = await list_before(session, Selection(room_id=room.id), (start, 0), limit=1)
    below, _ = await list_messages(session, Selection(room_id=room.id, since=end), limit=1)
    previous = day_of(above[0].created_at, zone) if above else None
    return previous, day_of(below[0].created_at, zone) if below else None


def _key(post: Post) -> TweetKey:
    return post.created_at, post.id
