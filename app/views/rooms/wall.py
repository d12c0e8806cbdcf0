"""The wall of a room: its pictures, videos and sounds, the newest first."""

from datetime import date
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from app.services.posts.selection import Selection
from app.services.posts.tweets import Post, TweetKey
from app.services.rooms.messages import END, list_before
from app.services.rooms.room_facts import RoomFacts
from app.views.cursors import cursor_of
from app.views.page import WebPage
from app.views.rooms.lines import day_of

MESSAGES_PER_WALL: Final = 24
"""As many as fill whole rows of three, four and six, where each has one picture."""


class WallPage(WebPage, frozen=True, kw_only=True):
    template = "rooms/wall.html"

    room: RoomFacts
    tz: str
    """As the address names it."""
    zone: str
    posts: list[Post]
    """Messages with media, the newest first."""
    first_day: date | None
    newest_day: date | None
    next_cursor: str | None
    in_chat: bool = True


async def read_wall(
    session: AsyncSession, room: RoomFacts, zone: ZoneInfo, tz: str, before: TweetKey | None
) -> WallPage:
    """Return a page of the messages with media before a place, by default the newest ones."""
    selection = Selection(room_id=room.id, has="media")
    posts, earlier = await list_before(session, selection, before or END, limit=MESSAGES_PER_WALL)
    return WallPage(
        room=room,
        tz=tz,
        zone=zone.key,
        posts=posts[::-1],
        first_day=day_of(room.first_message_at, zone),
        newest_day=day_of(room.newest_message_at, zone),
        next_cursor=cursor_of(earlier),
        about=room.usernames,
    )
