"""The front page where one author alone has posts: the archive, to search and to look back."""

from datetime import date, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from babel.dates import format_skeleton
from quart import g, render_template
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import now
from app.lifespan import resources
from app.services.posts.archive import most_liked, newest_pictures, posts_within
from app.services.posts.tweets import Post, list_posts
from app.services.posts.users import Author, get_author
from app.views.filters import first_instant, parse_zone
from app.views.pages.authors import year_of

NEWEST: Final = 3
PICTURES: Final = 12
MOST_LIKED: Final = 3
YEARS_BACK: Final = 40
YEARS_SHOWN: Final = 5
OF_EACH_YEAR: Final = 2


async def render_archive(username: str, tz: str, year: int | None) -> str:
    """Return the page; it is in no cache, since it looks another way tomorrow."""
    zone = parse_zone(tz)
    today = now().astimezone(zone).date()
    async with resources().db.read() as session:
        author = await get_author(session, username)
        posts, _ = await list_posts(session, user_id=author.id, limit=NEWEST)
        back = await _on_this_day(session, author, today, zone)
        posting = await year_of(session, author, zone, year)
        pictures = await newest_pictures(session, author.id, limit=PICTURES)
        liked = await most_liked(session, author.id, limit=MOST_LIKED)
    return await render_template(
        "archive.html",
        author=author,
        posts=posts,
        today=format_skeleton("MMMMd", today, locale=g.locale),
        back=back,
        posting=posting,
        pictures=pictures,
        liked=liked,
        tz=tz,
    )


async def _on_this_day(
    session: AsyncSession, author: Author, today: date, zone: ZoneInfo
) -> list[Post]:
    """Return posts of this day in earlier years, those of the last year first."""
    if author.first_tweet_at is None:
        return []
    first = max(author.first_tweet_at.year, today.year - YEARS_BACK)
    days = []
    for year in range(today.year - 1, first - 1, -1):
        try:
            days.append(today.replace(year=year))
        except ValueError:  # The leap day.
            continue
    spans = [(first_instant(day, zone), first_instant(day + timedelta(1), zone)) for day in days]
    return await posts_within(session, author.id, spans, limit=YEARS_SHOWN, each=OF_EACH_YEAR)
