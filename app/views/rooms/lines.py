"""Messages of a chat, one below the other, with days and speakers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from app.services.posts.tweets import Post, TweetKey
from app.views.filters import day_of


@dataclass(frozen=True, slots=True)
class RoomLine:
    post: Post
    time: datetime | None
    """In the page's time zone."""
    is_new_speaker: bool
    day: date | None
    begins_day: bool
    goes_on: bool
    """Whether the previous page has messages of this day."""


def lines_of(
    posts: Sequence[Post], zone: ZoneInfo, *, after: TweetKey | None = None
) -> list[RoomLine]:
    """Return a page's lines; `after` is the message's place above."""
    lines: list[RoomLine] = []
    above = day_of(after[0], zone) if after else None
    day_above: date | None = None
    for place, post in enumerate(posts):
        day = day_of(post.created_at, zone)
        begins_day = place == 0 or day != day_above
        lines.append(
            RoomLine(
                post,
                post.created_at and post.created_at.astimezone(zone),
                is_new_speaker=begins_day or post.username != posts[place - 1].username,
                day=day,
                begins_day=begins_day,
                goes_on=place == 0 and day is not None and day == above,
            )
        )
        day_above = day
    return lines
