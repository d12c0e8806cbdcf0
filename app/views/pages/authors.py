"""The list of authors, and the page of one author with a calendar of posts."""

from calendar import Calendar
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Final
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_skeleton
from msgspec import Meta, Struct
from quart import g, render_template
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.wording import TypicalWord
from app.lifespan import resources
from app.services.compare.answering import typical_of
from app.services.posts.samples import list_samples
from app.services.posts.selection import Selection
from app.services.posts.statistics import count_by_day, have_posts
from app.services.posts.tweets import list_posts
from app.services.posts.users import Author, get_author, get_user, list_authors
from app.views.blueprints import PageBlueprint
from app.views.filters import first_instant, parse_zone
from app.views.parsing import AUTHOR_CURSOR, TWEET_CURSOR

blueprint = PageBlueprint("authors")

AUTHORS_PER_PAGE = 50
POSTS_PER_PAGE = 20
ONE_DAY = timedelta(days=1)
DAYS_OF_YEAR = 366
MOST_YEARS = 40
LEVELS: Final = 4
"""Shades; the darkest is the busiest day's, but stands for at least as many posts."""

Year = Annotated[int, Meta(ge=1, le=9998)]


class AuthorsArgs(Struct):
    q: str = ""
    deleted: str = ""
    """The author whom the operator has just deleted."""
    cursor: str | None = None


class AuthorArgs(Struct):
    cursor: str | None = None
    year: Year | None = None
    tz: str = "UTC"


@dataclass(frozen=True, slots=True)
class CalendarDay:
    day: date
    posts: int
    level: int
    """0 for no posts, to `LEVELS`."""

    @property
    def name(self) -> str:
        """Return the day and month as the language writes them."""
        return format_skeleton("MMMMd", self.day, locale=g.locale)

    @property
    def end(self) -> date:
        """Return the day after it."""
        return self.day + ONE_DAY


@blueprint.page("/authors", is_cacheable=True)
async def show_authors(args: AuthorsArgs) -> str:
    after = AUTHOR_CURSOR.decode(args.cursor or None)
    async with resources().db.read() as session:
        authors, following = await list_authors(
            session, part=args.q.strip(), after=after, limit=AUTHORS_PER_PAGE
        )
        samples = await list_samples(session)
    return await render_template(
        "authors.html",
        authors=authors,
        samples=samples,
        q=args.q,
        deleted=args.deleted,
        is_first_page=after is None,
        next_cursor=AUTHOR_CURSOR.encode(following),
    )


@blueprint.page("/user/<username>", is_cacheable=True)
async def show_author(username: str, args: AuthorArgs) -> str:
    after, zone = TWEET_CURSOR.decode(args.cursor), parse_zone(args.tz)
    typical: list[TypicalWord] = []
    async with resources().db.read() as session:
        author = await get_author(session, username)
        posts, following = await list_posts(
            session, user_id=author.id, after=after, limit=POSTS_PER_PAGE
        )
        posting = await year_of(session, author, zone, args.year)
        if after is None:
            user = await get_user(session, username)
            typical = await typical_of(session, resources().models, user)
    return await render_template(
        "author.html",
        author=author,
        posts=posts,
        posting=posting,
        typical=typical,
        tz=args.tz,
        is_first_page=after is None,
        # Programs that read feeds cannot sign in.
        is_public=resources().openness.seems_public,
        next_cursor=TWEET_CURSOR.encode(following),
    )


async def year_of(
    session: AsyncSession, author: Author, zone: ZoneInfo, year: int | None
) -> dict[str, object] | None:
    """Return the calendar of a year of posting, by default the newest; None without dated posts."""
    if author.first_tweet_at is None or author.newest_tweet_at is None:
        return None
    first, last = (t.astimezone(zone).year for t in (author.first_tweet_at, author.newest_tweet_at))
    year = min(max(year or last, first), last)
    since, until = _span(year, zone)
    selection = Selection(usernames=(author.username,), since=since, until=until)
    cells = await count_by_day(session, selection, zone, limit=DAYS_OF_YEAR)
    counts = {day: posts for day, _, posts in cells}
    years = range(last, max(first, last - MOST_YEARS + 1) - 1, -1)
    have = await have_posts(session, author.id, [_span(other_year, zone) for other_year in years])
    return {
        "year": year,
        "years": [
            other_year
            for other_year, has in zip(years, have, strict=True)
            if has or other_year == year
        ],
        "posts": sum(counts.values()),
        "days": len(counts),
        "months": [_month(year, month, counts) for month in range(1, 13)],
    }


def _span(year: int, zone: ZoneInfo) -> tuple[datetime, datetime]:
    return first_instant(date(year, 1, 1), zone), first_instant(date(year + 1, 1, 1), zone)


def _month(year: int, month: int, counts: Mapping[date, int]) -> dict[str, object]:
    """Return a month of the calendar; None fills the weeks at both ends."""
    top = max([LEVELS, *counts.values()])
    weeks = [
        [
            CalendarDay(day, counts.get(day, 0), -(-LEVELS * counts.get(day, 0) // top))
            if day.month == month
            else None
            for day in week
        ]
        for week in Calendar().monthdatescalendar(year, month)
    ]
    locale = Locale.parse(g.locale)
    names = locale.days["stand-alone"]
    return {
        "name": format_skeleton("yMMMM", date(year, month, 1), locale=locale),
        "short_name": locale.months["stand-alone"]["abbreviated"][month],
        "posts": sum(posts for day, posts in counts.items() if day.month == month),
        "rows": [
            (names["wide"][row], names["narrow"][row], days)
            for row, days in enumerate(zip(*weeks, strict=True))
        ],
    }
