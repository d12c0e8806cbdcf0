"""The front page, the page about the method, and the site's icon."""

from importlib.metadata import version
from typing import Final

from msgspec import Struct
from quart import Response, current_app, g, render_template

from app.compute.judgement import FEWEST_JUDGED, LIKELY
from app.errors import InvalidInputError
from app.i18n import gettext
from app.lifespan import resources
from app.memo import cacheable
from app.services.compare.judging import MODEL_NAME
from app.services.posts.tweets import list_posts
from app.views.blueprints import PageBlueprint
from app.views.pages.archive import render_archive
from app.views.pages.authors import Year
from app.views.pages.parts import first_steps, given_names, offered_authors, show_names
from app.views.pages.quiz import shown_solution
from app.views.pages.verdicts import NOT_FOR, bars_of

blueprint = PageBlueprint("home")

NEWEST = 3
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
    if g.owner is not None:
        return await render_archive(g.owner, args.tz, args.year)
    trust = await _trust()
    shown = await resources().showcase.find(g.locale)
    cacheable()
    async with resources().db.read() as session:
        chosen = given_names(args.username)
        authors, author_total = await offered_authors(session, chosen)
        posts, _ = await list_posts(session, limit=NEWEST)
        await show_names(session, (post.username for post in posts))
        steps = await first_steps(session)
    return await render_template(
        "home.html",
        chosen=chosen,
        authors=authors,
        author_total=author_total,
        posts=posts,
        shown=shown,
        measured_right=MEASURED_RIGHT,
        measured_authors=MEASURED_AUTHORS,
        answers=bars_of(shown.comparison) if shown else [],
        fewest=FEWEST_JUDGED,
        **(await shown_solution(shown) if shown else {}),
        **trust,
        **steps,
    )


@blueprint.page("/about")
async def show_about() -> str:
    embedder = resources().config.embedder
    return await render_template(
        "about.html",
        likely=LIKELY,
        model=MODEL_NAME,
        version=version("saywho"),
        not_for=gettext(NOT_FOR),
        asks_a_service=embedder.startswith("http:"),
        **await _trust(),
    )


async def _trust() -> dict[str, object]:
    """Return the card of all authors that was made last, if there is one."""
    try:
        return {"card": await resources().cards.find([])}
    except InvalidInputError:  # No author has posts, or too many have.
        return {"card": None}


@blueprint.page("/favicon.ico", policy="open", is_cacheable=True)
async def show_icon() -> Response:
    return await current_app.send_static_file("favicon.ico")
