"""The list of authors, and the page of an author."""

from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import Struct, structs
from sqlalchemy.ext.asyncio import AsyncSession

from app.lifespan import resources
from app.services.archive.author_archive import AuthorArchive, calendar_of, read_archive
from app.services.archive.author_portrait import AuthorTraits, read_traits
from app.services.posts.samples import list_samples
from app.services.posts.tweets import TweetKey, list_posts
from app.services.posts.users import Author, find_user, get_author, list_authors
from app.services.rooms.room_facts import (
    RoomFacts,
    list_rooms,
    main_room_id,
    newest_first,
    rooms_of,
    zone_of_chats,
)
from app.views.authors.author_page import MOST_POSTS, AuthorPage, AuthorPostsPage
from app.views.authors.calendar import year_of_posting
from app.views.authors.figures import FEWEST_DAYS
from app.views.blueprints import PageBlueprint
from app.views.filters import Year, zone_of_page
from app.views.page import WebPage, render
from app.views.requests import AUTHOR_CURSOR, TWEET_CURSOR, cursor_of

blueprint = PageBlueprint("authors")

NEW_YEAR: Final = timedelta(days=59)
"""The beginning of a year whose drawing is nearly empty: January and February."""


class AuthorsArgs(Struct):
    q: str = ""
    deleted: str = ""
    """Name of the author whom the operator has just deleted."""
    cursor: str | None = None


class AuthorArgs(Struct):
    cursor: str | None = None
    year: Year | None = None
    tz: str = ""


class AuthorsPage(WebPage, frozen=True, kw_only=True):
    template = "authors/authors.html"

    rooms: list[RoomFacts]
    authors: list[Author]
    samples: list[str]
    q: str
    deleted: str
    is_first_page: bool
    next_cursor: str | None


@blueprint.page("/authors", cursor=AUTHOR_CURSOR, is_cacheable=True)
async def show_authors(args: AuthorsArgs, after: str | None) -> str:
    async with resources().db.read() as session:
        authors, next_key = await list_authors(session, part=args.q.strip(), after=after, limit=50)
        samples = await list_samples(session)
        # The API lists all chats.
        rooms, _ = await list_rooms(session, limit=200) if after is None else ([], None)
        is_here = bool(args.deleted) and await find_user(session, args.deleted) is not None
    return await render(
        AuthorsPage(
            rooms=[] if args.q.strip() else newest_first(rooms),
            authors=authors,
            samples=samples,
            q=args.q,
            deleted="" if is_here else args.deleted,
            is_first_page=after is None,
            next_cursor=cursor_of(next_key),
            about=[author.username for author in authors],
            hued=(),
        )
    )


@blueprint.page("/user/<username>", cursor=TWEET_CURSOR, is_cacheable=True)
async def show_author(username: str, args: AuthorArgs, after: TweetKey | None) -> str:
    if after is not None:
        return await _older_posts(username, after)
    async with resources().read_long() as session:
        author = await get_author(session, username)
        own_zone = await zone_of_chats(session, [author.username])
        zone = zone_of_page(args.tz, own_zone)
        rooms = await rooms_of(session, author.id, limit=10)
        posts, next_key = await list_posts(session, user_id=author.id, limit=MOST_POSTS)
        main_id = await main_room_id(session, author) if rooms else None
        main_room = next((room for room in rooms if room.id == main_id), None)
        traits = await read_traits(session, resources().models, author, main_room)
        archive = await _archive_of(session, author, zone, args.year, traits)
    return await render(
        AuthorPage(
            author=author,
            posts=posts,
            archive=archive,
            traits=traits,
            posting=year_of_posting(archive),
            rooms=rooms,
            has_own_zone=own_zone is not None,
            is_public=resources().openness.seems_public,
            next_cursor=cursor_of(next_key),
            about=[author.username],
        )
    )


async def _archive_of(
    session: AsyncSession, author: Author, zone: ZoneInfo, year: int | None, traits: AuthorTraits
) -> AuthorArchive:
    """Return the archive, with the calendar before a year that has hardly begun."""
    first = year or _year_before_new_one(author, zone)
    archive = await read_archive(session, resources().models, author, zone, first, traits)
    calendar = archive.calendar
    if year or calendar is None or calendar.days >= FEWEST_DAYS or len(calendar.years) == 1:
        return archive
    other = calendar.years[0] if first else calendar.years[1]
    instead = await calendar_of(session, author, zone, other)
    fewest = min(calendar.days + 1, FEWEST_DAYS) if first else FEWEST_DAYS
    is_fuller = instead is not None and instead.days >= fewest
    return structs.replace(archive, calendar=instead) if is_fuller else archive


def _year_before_new_one(author: Author, zone: ZoneInfo) -> int | None:
    """Return the year before the newest post's, if the newer drawing would be nearly empty.

    None also for authors without posts of the months before it.
    """
    if author.first_tweet_at is None or author.newest_tweet_at is None:
        return None
    newest = author.newest_tweet_at.astimezone(zone)
    begin = datetime(newest.year, 1, 1, tzinfo=zone)
    has_fuller_year = author.first_tweet_at <= begin - timedelta(days=182)
    return newest.year - 1 if newest - begin < NEW_YEAR and has_fuller_year else None


async def _older_posts(username: str, after: TweetKey) -> str:
    async with resources().db.read() as session:
        author = await get_author(session, username)
        posts, next_key = await list_posts(session, user_id=author.id, after=after, limit=20)
    return await render(
        AuthorPostsPage(
            author=author, posts=posts, next_cursor=cursor_of(next_key), about=[author.username]
        )
    )
