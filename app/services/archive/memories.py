"""What an author may like to see again: this day in earlier years, pictures, liked posts."""

from datetime import date, datetime, timedelta
from typing import Annotated, Final
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import backend_of
from app.db.result_cache import depends_on
from app.models import Tweet
from app.runtime.clock import first_instant
from app.services.posts.statistics import have_posts
from app.services.posts.tweets import Post, PostMedium, as_post, list_posts, select_posts
from app.services.posts.users import Author

YEARS_BACK: Final = 40
YEARS_SHOWN: Final = 5
OF_EACH_YEAR: Final = 2
UNSEEN: Final = ".heic"
"""The end of the addresses of pictures that most browsers cannot show."""
MOST_LOOKED_AT: Final = 100
"""Newest posts with media that are searched for pictures."""


class Anniversary(msgspec.Struct, frozen=True):
    """Posts of this day in an earlier year."""

    years: Annotated[int, Meta(description="How many years ago.")]
    date: Annotated[date, Meta(description="Date of that day in `tz`.")]
    items: list[Post]


class ArchivePicture(msgspec.Struct, frozen=True):
    """A picture that is kept here, and its post."""

    post: Post
    medium: PostMedium


async def on_this_day(
    session: AsyncSession, author: Author, today: date, zone: ZoneInfo
) -> list[Anniversary]:
    """Return posts of this day in up to five earlier years that have any, the last year first."""
    if author.first_tweet_at is None:
        return []
    first = max(author.first_tweet_at.year - 1, today.year - YEARS_BACK)
    days = [day for year in range(today.year - 1, first - 1, -1) if (day := _same_day(today, year))]
    spans = [(first_instant(day, zone), first_instant(day + timedelta(1), zone)) for day in days]
    have = await have_posts(session, author.id, spans) if spans else []
    with_posts = [(day, span) for day, span, has in zip(days, spans, have, strict=True) if has]
    anniversaries = []
    for day, (since, until) in with_posts[:YEARS_SHOWN]:
        posts, _ = await list_posts(
            session, user_id=author.id, since=since, until=until, limit=OF_EACH_YEAR
        )
        if posts:
            anniversaries.append(Anniversary(today.year - day.year, day, posts))
    return anniversaries


def _same_day(today: date, year: int) -> date | None:
    """Return the day of another year; None for the leap day of a year that has none."""
    try:
        return today.replace(year=year)
    except ValueError:
        return None


async def newest_pictures(
    session: AsyncSession, user_id: int, *, limit: int
) -> list[ArchivePicture]:
    """Return up to `limit` kept pictures of the author and their posts, the newest first."""
    depends_on(user_id)
    with_media = select_posts().where(
        Tweet.user_id == user_id, Tweet.media.is_not(None), Tweet.created_at.is_not(None)
    )
    newest = with_media.order_by(Tweet.created_at.desc(), Tweet.id.desc()).limit(MOST_LOOKED_AT)
    pictures = [
        ArchivePicture(post, medium)
        for post in map(as_post, await session.execute(newest))
        for medium in post.media
        if medium.kind == "photo" and medium.url and not medium.url.endswith(UNSEEN)
    ]
    return pictures[:limit]


async def most_liked(
    session: AsyncSession,
    user_id: int,
    *,
    limit: int,
    span: tuple[datetime, datetime] | None = None,
) -> list[Post]:
    """Return up to `limit` posts of the author that were liked most, of all or those of a time."""
    depends_on(user_id)
    likes = backend_of(session).likes
    liked = select_posts().where(Tweet.user_id == user_id, Tweet.counts.is_not(None), likes > 0)
    if span is not None:
        liked = liked.where(Tweet.created_at >= span[0], Tweet.created_at < span[1])
    most = liked.order_by(likes.desc(), Tweet.id.desc()).limit(limit)
    return [as_post(row) for row in await session.execute(most)]
