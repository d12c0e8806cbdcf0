"""The front page, which is the archive of an author alone; the method; the site's icon."""

from datetime import date, timedelta
from importlib.metadata import version
from typing import Final
from zoneinfo import ZoneInfo

from babel.dates import format_skeleton
from msgspec import Struct
from quart import Response, current_app, g, render_template
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import now
from app.compute.judgement import KOREAN_LIKELY, LIKELY
from app.i18n import gettext
from app.lifespan import resources
from app.memo import cacheable
from app.services.compare.answering import MODEL_NAME
from app.services.compare.quiz import Solution
from app.services.posts.sole_author import most_liked, newest_pictures
from app.services.posts.tweets import Post, list_posts
from app.services.posts.users import Author, get_author
from app.views.blueprints import PageBlueprint
from app.views.filters import first_instant, parse_zone
from app.views.pages.authors import Year, year_of
from app.views.pages.evidence import read_evidence
from app.views.pages.parts import first_steps, given_names, hues_of, offered_authors, show_names
from app.views.verdicts import NOT_FOR, bars_of, heading_of, rate_of

blueprint = PageBlueprint("home")

NEWEST: Final = 3
PICTURES: Final = 12
MOST_LIKED: Final = 3
YEARS_BACK: Final = 40
YEARS_SHOWN: Final = 5
OF_EACH_YEAR: Final = 2
MEASURED_RIGHT: Final = 0.756
MEASURED_AUTHORS: Final = 32
"""How often the right one of how many authors was named (docs/attribution.md)."""


class HomeArgs(Struct):
    username: list[str] = []
    """Authors that are ticked in the form."""
    year: Year | None = None
    tz: str = "UTC"
    """Year and time zone of the calendar, in the archive of one author."""


@blueprint.page("/")
async def show_home(args: HomeArgs) -> str:
    if g.sole_author is not None:
        return await _archive(g.sole_author, args.tz, args.year)
    example = await resources().showcase.find(g.locale)
    cacheable()
    async with resources().db.read() as session:
        chosen = given_names(args.username)
        authors, author_total = await offered_authors(session, chosen)
        posts, _ = await list_posts(session, limit=NEWEST)
        await show_names(session, (post.username for post in posts))
        steps = await first_steps(session)
        shown = await _answered(session, example) if example else {}
    return await render_template(
        "home.html",
        chosen=chosen,
        authors=authors,
        author_total=author_total,
        posts=posts,
        shown=example,
        measured_right=MEASURED_RIGHT,
        measured_authors=MEASURED_AUTHORS,
        **shown,
        **steps,
    )


async def _answered(session: AsyncSession, example: Solution) -> dict[str, object]:
    """Return what the page shows of an example, as the page of an answer would."""
    comparison = example.comparison
    return {
        "answers": bars_of(comparison),
        "heading": heading_of(comparison, is_named=True),
        "rate": rate_of(comparison),
        "evident": await read_evidence(session, comparison),
        "hues": await hues_of(session, example.usernames),
    }


async def _archive(username: str, tz: str, year: int | None) -> str:
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
    years: list[list[Post]] = []
    for year in range(today.year - 1, first - 1, -1):
        try:
            day = today.replace(year=year)
        except ValueError:  # The leap day.
            continue
        since, until = first_instant(day, zone), first_instant(day + timedelta(1), zone)
        posts, _ = await list_posts(
            session, user_id=author.id, since=since, until=until, limit=OF_EACH_YEAR
        )
        years += [posts] if posts else []
        if len(years) == YEARS_SHOWN:
            break
    return [post for of_year in years for post in of_year]


@blueprint.page("/about")
async def show_about() -> str:
    embedder = resources().config.embedder
    async with resources().db.read() as session:
        posts, _ = await list_posts(session, limit=1)
    return await render_template(
        "about.html",
        likely=LIKELY,
        korean_likely=KOREAN_LIKELY,
        has_population=resources().config.population,
        model=MODEL_NAME,
        version=version("saywho"),
        not_for=gettext(NOT_FOR),
        has_card=bool(posts),
        asks_a_service=embedder.startswith("http:"),
    )


@blueprint.page("/favicon.ico", policy="open", is_cacheable=True)
async def show_icon() -> Response:
    return await current_app.send_static_file("favicon.ico")
