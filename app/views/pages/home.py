"""The front page, and the site's icon."""

from quart import Response, current_app, render_template

from app.lifespan import resources
from app.services.compare.quiz import is_playable
from app.services.posts.tweets import list_posts
from app.views.blueprints import PageBlueprint
from app.views.pages.parts import offered_authors

blueprint = PageBlueprint("home")

NEWEST = 10


@blueprint.page("/", is_cacheable=True)
async def show_home() -> str:
    async with resources().db.read() as session:
        authors, author_total = await offered_authors(session)
        posts, _ = await list_posts(session, limit=NEWEST)
        playable = await is_playable(session)
    return await render_template(
        "home.html", authors=authors, author_total=author_total, posts=posts, is_playable=playable
    )


@blueprint.page("/favicon.ico", policy="open", is_cacheable=True)
async def show_icon() -> Response:
    return await current_app.send_static_file("favicon.ico")
