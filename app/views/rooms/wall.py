"""The wall of a chat's pictures, and a message's page."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from functools import partial
from itertools import groupby
from zoneinfo import ZoneInfo

from quart import url_for
from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import NotFoundError
from app.runtime.clock import first_instant
from app.services.posts.selection import Selection
from app.services.posts.tweets import Post, TweetKey, get_post, neighbours_of
from app.services.rooms.messages import END, MediaCount, list_before, media_by_month
from app.services.rooms.room_facts import RoomFacts
from app.views.filters import day_of
from app.views.page import WebPage
from app.views.requests import cursor_of
from app.views.viewer import ViewerPage


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
    first_day: date | None
    newest_day: date | None
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
    selection = Selection(room_id=room.id, has="media")
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
        first_day=day_of(room.first_message_at, zone),
        newest_day=day_of(room.newest_message_at, zone),
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
        neighbours=await neighbours_of(session, Selection(room_id=room.id, has="media"), post),
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
