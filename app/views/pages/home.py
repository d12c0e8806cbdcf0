"""The front page, the page about the method, and the site's icon."""

from importlib.metadata import version

from quart import Response, current_app, render_template

from app.compute.verdict import LIKELY
from app.errors import InvalidInputError
from app.i18n import translate_message
from app.lifespan import resources
from app.memo import cacheable
from app.services.compare.card_making import RETRY_AFTER_S
from app.services.compare.judging import MODEL_NAME
from app.services.posts.tweets import list_posts
from app.services.verify.sentences import NOT_FOR
from app.views.blueprints import PageBlueprint
from app.views.pages.parts import first_steps, offered_authors

blueprint = PageBlueprint("home")

NEWEST = 10


@blueprint.page("/")
async def show_home() -> str:
    trust = await _trust()
    if trust["card"] or not trust["is_measurable"]:
        cacheable()
    async with resources().db.read() as session:
        authors, author_total = await offered_authors(session)
        posts, _ = await list_posts(session, limit=NEWEST)
        steps = await first_steps(session)
    return await render_template(
        "home.html", authors=authors, author_total=author_total, posts=posts, **trust, **steps
    )


@blueprint.page("/about")
async def show_about() -> str:
    embedder = resources().config.embedder
    return await render_template(
        "about.html",
        likely=LIKELY,
        model=MODEL_NAME,
        version=version("saywho"),
        not_for=translate_message(NOT_FOR),
        asks_a_service=embedder.startswith("http:"),
        **await _trust(),
    )


async def _trust() -> dict[str, object]:
    """Return the card of all authors, None while the first is made, and whether one can be."""
    card, is_measurable = None, True
    try:
        card = await resources().cards.find_or_ask([], is_aside=True)
    except InvalidInputError:  # Fewer than two authors have posts.
        is_measurable = False
    return {"card": card, "is_measurable": is_measurable, "again_after_s": RETRY_AFTER_S}


@blueprint.page("/favicon.ico", policy="open", is_cacheable=True)
async def show_icon() -> Response:
    return await current_app.send_static_file("favicon.ico")
