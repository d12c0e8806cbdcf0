"""Chats' pages: list, messages by day or search, and the wall of pictures."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from itertools import groupby
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo

from msgspec import Meta, Struct
from quart import g, url_for
from quart.typing import ResponseReturnValue
from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import NotFoundError
from app.language.i18n import show_period, show_year
from app.lifespan import resources
from app.models import MAX_ID
from app.runtime.clock import first_instant
from app.services.access.rights import choose_identity
from app.services.imports.jobs import RunningImport, find_running
from app.services.posts.filters import WITH_MEDIA
from app.services.posts.selection import Selection
from app.services.posts.tweets import Neighbours, Post, TweetKey, get_post, neighbours_of
from app.services.rooms.chats import RoomFacts, get_room, list_rooms, newest_first
from app.services.rooms.messages import END, MediaCount, list_before, list_messages, media_by_month
from app.services.search.results import ResultPage, SearchQuery
from app.services.search.word_search import ResultKey
from app.services.snapshots import tell_of_counting
from app.views.answers import moved, see_other
from app.views.blueprints import Form, PageBlueprint
from app.views.filters import Days, ZoneArgs, day_of, parse_days, span_of_days, zone_of_page
from app.views.highlighting import FoundText, by_text
from app.views.page import WebPage, render
from app.views.policies import here, own_chat, writing
from app.views.requests import TWEET_CURSOR, cursor_of, messages_cursor
from app.views.rooms.overview import RoomLine, lines_of, read_page
from app.views.subjects import Chat, find_subject

blueprint = PageBlueprint("rooms", policy="read")
MESSAGES: Final = 100


class RoomArgs(Struct):
    on: str = ""
    """Whose messages are shown: a day, a month or a year."""
    tz: str = ""
    zone: str = ""
    """The time zone that an operator chose for the chat, or what no city is called."""
    q: str = ""
    message: Annotated[int, Meta(ge=1, le=MAX_ID)] | None = None
    """A message, to whose place the page leads."""
    cursor: str | None = None
    before: str | None = None
    """Cursor of the page before which this one ends."""
    has: Literal["", "media"] = ""
    """Whether to show the wall of pictures."""
    picture: Annotated[int, Meta(ge=1, le=MAX_ID)] | None = None
    """The message of the wall that is shown alone."""
    since: str = ""
    """First day of a period, in addresses of 2.0; its messages are shown."""
    view: Literal["", "newest", "first"] = ""
    """Whether to show the newest or the first messages, without an overview."""

    def __post_init__(self) -> None:
        self.on = self.on or self.since

    @property
    def is_of_messages(self) -> bool:
        """Whether the page shows messages, not the overview."""
        place = self.cursor or self.before or self.message
        return bool(self.on or self.q.strip() or self.view or place)


@dataclass(frozen=True, slots=True)
class RoomExcerpt:
    posts: Sequence[Post]
    earlier: TweetKey | None = None
    later: TweetKey | None = None
    after: TweetKey | None = None


class RoomPage(WebPage, frozen=True, kw_only=True):
    template = "rooms/room.html"

    args: RoomArgs
    zone: str
    room: RoomFacts
    days: Days | None
    neighbours: tuple[str, str]
    """The days, months or years with messages before and after the days."""
    lines: list[RoomLine]
    earlier: str | None
    later: str | None
    results: ResultPage | None
    next_cursor: str | None
    in_chat: bool = True

    @property
    def days_shown(self) -> str:
        return _name_of(self.args.on)

    @property
    def neighbours_shown(self) -> list[str]:
        return [*map(_name_of, self.neighbours)]

    @property
    def at_end(self) -> bool:
        return self.args.view == "newest" and self.results is None

    @property
    def matches(self) -> list[FoundText]:
        return by_text(self.results.hits if self.results else [], around=300)


class RoomsArgs(Struct):
    deleted: str = ""
    """Name of the chat that the operator has just deleted."""


class RoomsPage(WebPage, frozen=True, kw_only=True):
    template = "rooms/rooms.html"

    deleted: str
    rooms: list[RoomFacts]
    importing: RunningImport | None


@blueprint.get("/rooms", keep=True)
async def show_rooms(args: RoomsArgs) -> str:
    async with resources().db.read() as session:
        rooms, _ = await list_rooms(session, limit=200)  # The API lists all.
        importing = None if rooms else await find_running(session)
    is_here = any(room.name == args.deleted for room in rooms)
    deleted = "" if is_here else args.deleted
    page = RoomsPage(rooms=newest_first(rooms), deleted=deleted, importing=importing)
    return await render(page)


@blueprint.get("/room/<id:room_id>", keep=True, cursor=messages_cursor)
async def show_room(room_id: int, args: RoomArgs, after: Any) -> ResponseReturnValue:
    days = parse_days("on", args.on)
    results: ResultPage | None = None
    if args.q.strip():
        results = await _search(room_id, args, after)
    is_counted = not args.is_of_messages
    async with resources().read_long() if is_counted else here().db.read() as session:
        if is_counted:
            tell_of_counting(session)
        room = (await find_subject(session, Chat, {"room_id": room_id}, args)).room
        zone = zone_of_page(args.tz, room.tz)
        other = await _other_page(session, room, zone, args, after)
        has_list = results is None and other is None
        passage = await _excerpt(session, room, args, after, zone) if has_list else RoomExcerpt([])
        neighbours = await _neighbours(session, room, args.on, zone) if days else ("", "")
    if other is not None:
        return await render(other)
    return await render(
        RoomPage(
            args=args,
            zone=zone.key,
            room=room,
            days=days,
            neighbours=neighbours,
            lines=lines_of(passage.posts, zone, after=passage.after),
            earlier=cursor_of(passage.earlier),
            later=cursor_of(passage.later),
            results=results,
            next_cursor=cursor_of(results.next) if results else None,
            about=room.usernames,
        )
    )


@blueprint.post("/room/<id:room_id>/me", policy="account")
async def choose_me(room_id: int, form: Form) -> ResponseReturnValue:
    """Keep which person of their chat a reader says to be."""
    own = own_chat()
    if own is None:
        raise NotFoundError("Only readers of one chat choose who they are")
    async with writing() as session:
        await choose_identity(session, g.account.account_id, own, form.get("person", ""))
    if form.get("next") == "settings":
        return see_other(url_for("settings.show_settings", _anchor="me-heading"))
    return see_other(url_for("rooms.show_room", room_id=own))


@blueprint.get("/room/<id:room_id>/portrait")
async def lead_from_portrait(room_id: int, args: ZoneArgs) -> ResponseReturnValue:
    """Lead to the chat's page, which the portrait has become."""
    return moved(url_for("rooms.show_room", room_id=room_id, tz=args.tz or None))


async def _other_page(
    session: AsyncSession, room: RoomFacts, zone: ZoneInfo, args: RoomArgs, after: Any
) -> WebPage | None:
    if args.has and args.picture:
        return await read_picture(session, room, zone, args.tz, args.picture)
    if args.has and not args.q.strip():
        return await read_wall(session, room, zone, args.tz, after)
    if args.is_of_messages:
        return None
    return await read_page(session, room, zone, args.tz)


async def _search(room_id: int, args: RoomArgs, after: ResultKey | None) -> ResultPage:
    async with here().db.read() as session:
        room = await get_room(session, room_id)
    selection, zone = Selection(room_id=room.id), zone_of_page(args.tz, room.tz)
    searched = SearchQuery(args.q, selection, sort="newest", zone=zone)
    return await resources().find(searched, limit=20, after=after, db=here().db)


async def _excerpt(
    session: AsyncSession, room: RoomFacts, args: RoomArgs, after: TweetKey | None, zone: ZoneInfo
) -> RoomExcerpt:
    whole = Selection(room_id=room.id)
    if args.view == "newest":
        posts, earlier = await list_before(session, whole, END, limit=MESSAGES)
        return RoomExcerpt(posts, earlier)
    if args.message is not None:
        return await _around(session, room, args.message)
    days = parse_days("on", args.on)
    since, until = span_of_days(days, zone)
    before = TWEET_CURSOR.decode(args.before or None)
    if before is not None:
        posts, earlier = await list_before(session, whole, before, limit=MESSAGES)
        return RoomExcerpt(posts, earlier, _key(posts[-1]) if posts else None)
    of_days = Selection(room_id=room.id, since=since, until=until)
    posts, later = await list_messages(session, of_days, after=after, limit=MESSAGES)
    earlier = _key(posts[0]) if posts and after and not days else None
    return RoomExcerpt(posts, earlier, later, after)


async def _around(session: AsyncSession, room: RoomFacts, message: int) -> RoomExcerpt:
    post = await get_post(session, message)
    if post.room is None or post.room.id != room.id:
        raise NotFoundError("There is no post {tweet_id}", tweet_id=message)
    whole = Selection(room_id=room.id)
    above, earlier = await list_before(session, whole, _key(post), limit=20)
    below, later = await list_messages(session, whole, after=_key(post), limit=MESSAGES - 20 - 1)
    return RoomExcerpt([*above, post, *below], earlier, later)


async def _neighbours(
    session: AsyncSession, room: RoomFacts, on: str, zone: ZoneInfo
) -> tuple[str, str]:
    start, end = span_of_days(parse_days("on", on), zone)
    above, _ = await list_before(session, Selection(room_id=room.id), (start, 0), limit=1)
    below, _ = await list_messages(session, Selection(room_id=room.id, since=end), limit=1)
    days = (day_of(posts[0].created_at, zone) if posts else None for posts in (above, below))
    previous, following = (str(day)[: len(on)] if day else "" for day in days)
    return previous, following


def _name_of(on: str) -> str:
    """Return the name of a day, a month or a year; empty for none."""
    days = parse_days("on", on)
    if days is None:
        return ""
    return show_year(days[0]) if len(on) == len("2026") else show_period(*days)


def _key(post: Post) -> TweetKey:
    return post.created_at, post.id


class ViewerPage(WebPage, frozen=True, kw_only=True):
    template = "posts/picture.html"

    post: Post
    neighbours: Neighbours
    zone: str | None
    room: RoomFacts | None = None
    tz: str = ""
    wall: str
    place: str


class WallPage(WebPage, frozen=True, kw_only=True):
    template = "rooms/wall.html"

    room: RoomFacts
    tz: str
    """Time zone in the address."""
    zone: str
    posts: list[Post]
    """Messages with media, the newest first."""
    months: Mapping[date | None, MediaCount]
    """Numbers of media by month, the newest first."""
    goes_on: bool
    """Whether the page before has messages of the first month."""
    next_cursor: str | None
    in_chat: bool = True

    @property
    def by_month(self) -> list[tuple[date | None, list[Post]]]:
        zone = ZoneInfo(self.zone)
        of_month = groupby(self.posts, lambda post: _month_of(post, zone))
        return [(month, list(posts)) for month, posts in of_month]

    @property
    def ways(self) -> Iterator[tuple[date, MediaCount, str]]:
        """The known months, with their numbers of media and the cursors of their pages."""
        zone = ZoneInfo(self.zone)
        for month, media in self.months.items():
            if month is not None and month.year < date.max.year:
                after = (month + timedelta(days=31)).replace(day=1)
                yield month, media, cursor_of((first_instant(after, zone), 0)) or ""


async def read_wall(
    session: AsyncSession, room: RoomFacts, zone: ZoneInfo, tz: str, before: TweetKey | None
) -> WallPage:
    """Return messages with media before a place, by default the newest."""
    selection = Selection(room_id=room.id, chosen=WITH_MEDIA)
    # 24 pictures fill whole rows of three, four and six.
    posts, earlier = await list_before(session, selection, before or END, limit=24)
    above = day_of(before[0], zone) if before else None
    return WallPage(
        room=room,
        tz=tz,
        zone=zone.key,
        posts=posts[::-1],
        months=await media_by_month(session, room.id, zone),
        goes_on=bool(posts and above and above.replace(day=1) == _month_of(posts[-1], zone)),
        next_cursor=cursor_of(earlier),
        about=room.usernames,
    )


async def read_picture(
    session: AsyncSession, room: RoomFacts, zone: ZoneInfo, tz: str, message: int
) -> ViewerPage:
    """Return a message's page. Raises NotFoundError outside of the wall."""
    post = await get_post(session, message)
    if post.room is None or post.room.id != room.id or not post.media:
        raise NotFoundError("There is no such picture or video")
    room_page = partial(url_for, "rooms.show_room", room_id=room.id, tz=tz or None)
    return ViewerPage(
        post=post,
        neighbours=await neighbours_of(
            session, Selection(room_id=room.id, chosen=WITH_MEDIA), post
        ),
        zone=zone.key,
        room=room,
        tz=tz,
        wall=room_page(has="media"),
        place=room_page(message=post.id, _anchor=f"m{post.id}"),
        about=room.usernames,
        in_chat=True,
    )


def _month_of(post: Post, zone: ZoneInfo) -> date | None:
    day = day_of(post.created_at, zone)
    return day and day.replace(day=1)
