"""The messages of a room as its pages show them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from app.services.posts.tweets import Post, TweetKey


@dataclass(frozen=True, slots=True)
class RoomLine:
    """A message on the page of its room."""

    post: Post
    time: datetime | None
    """In the page's time zone."""
    is_new_speaker: bool
    """Whether somebody else wrote the message above."""
    day: date | None
    """Its day; None where no time is known."""
    begins_day: bool
    goes_on: bool
    """Whether the page before has messages of the day that begins here."""


def lines_of(
    posts: Sequence[Post], zone: ZoneInfo, *, after: TweetKey | None = None
) -> list[RoomLine]:
    """Return the messages as the page shows them; `after` is the place of the one above."""
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


def day_of(time: datetime | None, zone: ZoneInfo) -> date | None:
    """Return the day of a time in a zone; None for no time."""
    return time.astimezone(zone).date() if time else None
