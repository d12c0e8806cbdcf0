"""The front page, with the archive that is the site's own; the method; the site's icon."""

from importlib.metadata import version
from typing import Final

from msgspec import Struct
from quart import Response, current_app, g, render_template
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.judgement import KOREAN_LIKELY, LIKELY, LONE_KOREAN_LIKELY
from app.i18n import gettext
from app.lifespan import resources
from app.memo import cacheable
from app.services.archive.author_archive import Memories, read_memories
from app.services.compare.answering import MODEL_NAME
from app.services.compare.quiz import Solution
from app.services.posts.own_author import find_own
from app.services.posts.tweets import list_posts
from app.services.posts.users import get_author
from app.views.blueprints import PageBlueprint
from app.views.filters import Year, zone_of_page
from app.views.names import speak_of
from app.views.pages.calendar import year_of_posting
from app.views.pages.evidence import read_evidence
from app.views.pages.parts import first_steps, given_names, hues_of, offered_authors, show_names
from app.views.verdicts import NOT_FOR, bars_of, heading_of, rate_of

blueprint = PageBlueprint("home")

NEWEST: Final = 3
MEASURED_RIGHT: Final = 0.756
MEASURED_AUTHORS: Final = 32
"""How often the right one of how many authors was named (docs/attribution.md)."""


class HomeArgs(Struct):
    username: list[str] = []
    """Authors that are ticked in the form."""
    year: Year | None = None
    tz: str = ""
    """Year and time zone of the calendar, in the site's own archive."""


@blueprint.page("/")
async def show_home(args: HomeArgs) -> str:
    example = await resources().showcase.find(g.locale)
    cacheable()
    async with resources().db.read() as session:
        chosen = given_names(args.username)
        authors, author_total = await offered_authors(session, chosen)
        posts, _ = await list_posts(session, limit=NEWEST)
        await show_names(session, (post.username for post in posts))
        steps = await first_steps(session)
        speak_of([*(example.usernames if example else ()), *(post.username for post in posts)])
        shown = await _answered(session, example) if example else {}
        archive = await _own_archive(session, args)
    return await render_template(
        "home.html",
        chosen=chosen,
        authors=authors,
        author_total=author_total,
        posts=posts,
        shown=example,
        measured_right=MEASURED_RIGHT,
        measured_authors=MEASURED_AUTHORS,
        archive=archive,
        posting=year_of_posting(archive.calendar) if archive else None,
        **shown,
        **steps,
    )


async def _own_archive(session: AsyncSession, args: HomeArgs) -> Memories | None:
    """Return the archive that is the site's own, once it has posts."""
    zone, username = zone_of_page(args.tz), await find_own(session)
    if username is None:
        return None
    author = await get_author(session, username)
    return await read_memories(session, author, zone, args.year) if author.tweets else None


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


@blueprint.page("/about")
async def show_about() -> str:
    embedder = resources().config.embedder
    async with resources().db.read() as session:
        posts, _ = await list_posts(session, limit=1)
    return await render_template(
        "about.html",
        likely=LIKELY,
        korean_likely=KOREAN_LIKELY,
        lone_korean_likely=LONE_KOREAN_LIKELY,
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
